"""`flows push`, `pull`, `diff`, `messages`: between the folder and what is in force."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from bot import app
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.conversation.publishing import compile_folder, publish, read_folder
from bot.core.ids import new_id
from bot.core.messages import Inbound
from tests.cli.conftest import Ran, Terminal, run

NUMBER = "+12025550123"
SURVEY = """\
flow: survey
title: Ask two things
start:
  - keyword: [SURVEY]
steps:
  - id: first
    ask: How was it?
    expect: text
  - id: second
    ask: And the tea?
    expect: text
  - say: Thank you.
"""
_numbers = count()


async def push(terminal: Terminal, *options: str) -> Ran:
    """Publish without holding the shipped flows' tests, which take seconds."""
    return await run(terminal, "flows", "push", "--skip-tests", *options)


def without_tests(shop: Terminal) -> None:
    """Take the conversations out of the shipped flows: to hold them all takes long."""
    for file in (shop.folder / "flows").glob("*.yaml"):
        file.write_text(file.read_text().partition("\ntests:\n")[0] + "\n")


async def say(settings: Settings, text: str) -> list[str]:
    """Text something; returns what comes back."""
    async with app.running(settings, role="web") as running:
        inbound = Inbound("twilio", f"SM{next(_numbers)}", "sms", NUMBER, "", text, datetime.now(UTC))
        result = await running.dispatcher.submit(inbound_work(inbound))
        running.dispatcher.written(result)
        return [reply.body for reply in result.replies]


async def waiting_runs(terminal: Terminal) -> list[tuple[str, int, str, str | None]]:
    """The number's runs of the survey."""
    shown = json.loads((await run(terminal, "contact", "show", NUMBER, "--json")).out)
    return [(one["flow"], one["revision"], one["status"], one["step"]) for one in shown["runs"]]


async def test_pushing_publishes_what_has_changed_and_nothing_twice(
    shop: Terminal, settings: Settings
) -> None:
    first = await push(shop)
    assert first.code == 0, first.err
    assert "published loyalty: revision 1, new\n" in first.out
    assert (await push(shop)).out == "Nothing has changed since the last push.\n"
    assert (await run(shop, "flows", "diff")).err == "The folder is what is in force.\n"
    hello = shop.folder / "flows" / "hello.yaml"
    shop.write("flows/hello.yaml", hello.read_text().replace("Greet, and say", "Greet and say"))
    changed = await run(shop, "flows", "diff")
    assert "-title: Greet, and say" in changed.out
    assert "+title: Greet and say" in changed.out


async def test_flows_that_are_gone_are_withdrawn_only_when_that_was_meant(
    shop: Terminal, settings: Settings
) -> None:
    shop.write("flows/survey.yaml", SURVEY)
    await push(shop)
    await say(settings, "survey")
    (shop.folder / "flows" / "survey.yaml").unlink()
    asked = await push(shop)
    assert asked.code == 1
    assert asked.out == ("flows/survey.yaml is gone: survey would be withdrawn; 1 run inside it goes on\n")
    assert "Give --yes to withdraw" in asked.err
    assert (await run(shop, "flows", "pull")).out.startswith("flows/survey.yaml: revision 1 of ")
    (shop.folder / "flows" / "survey.yaml").unlink()
    agreed = await push(shop, "--yes")
    assert agreed.code == 0, agreed.err
    assert agreed.out == "withdrawn survey: its file is gone; runs inside it go on\n"


async def test_flows_whose_tests_go_otherwise_are_not_published(shop: Terminal, settings: Settings) -> None:
    tested = SURVEY + 'tests:\n  - say: survey\n    expect: ["How is it?"]\n'
    without_tests(shop)  # those are held in test_flows
    shop.write("flows/survey.yaml", tested)
    refused = await run(shop, "flows", "push")
    assert refused.code == 1
    assert "> survey\n< How was it?\n" in refused.out
    assert "flows/survey.yaml:14:5: after 'survey' expected 'How is it?'" in refused.out
    assert refused.err == (
        "1 test went otherwise than written.\nNothing was published; `--skip-tests` publishes all the same.\n"
    )
    assert "survey" in (await run(shop, "flows", "diff")).out
    assert "published survey: revision 1, new\n" in (await push(shop)).out
    shop.write("flows/survey.yaml", tested.replace("How is it?", "How was it?"))
    assert "published survey: revision 2" in (await run(shop, "flows", "push")).out


async def test_warnings_take_a_line_for_each_file(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/survey.yaml", SURVEY)
    ran = await push(shop)
    (line,) = [line for line in ran.out.splitlines() if not line.startswith("published ")]
    assert line.startswith("flows/survey.yaml:7:1: not translated into es, zh_Hans: 'How was it?'")
    assert line.endswith("[warning]; 2 more warnings in `regulars flows check`")


async def test_what_is_wrong_is_not_published(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/survey.yaml", SURVEY.replace("ask: How", "aks: How"))
    ran = await push(shop)
    assert ran.code == 1
    assert "did you mean `ask`?" in ran.out
    assert ran.err.endswith("1 error: nothing was published.\n")


async def test_runs_move_where_the_author_says_and_are_counted_before(
    shop: Terminal, settings: Settings
) -> None:
    shop.write("flows/survey.yaml", SURVEY)
    await push(shop)
    assert await say(settings, "survey") == ["How was it?"]
    moved = SURVEY.replace("id: first", "id: opening").replace(
        "title: Ask two things", "title: Ask\non_publish: {move: {first: opening}}"
    )
    shop.write("flows/survey.yaml", moved)
    ran = await push(shop)
    assert ran.out.endswith(
        "survey, revision 1: 1 run at step first moves to step opening\n"
        "published survey: revision 2, revision 1 before\n"
        "survey, revision 1: 1 run moved or ended\n"
    )
    assert await waiting_runs(shop) == [("survey", 2, "waiting", "opening")]
    assert await say(settings, "good") == ["And the tea?"]


async def test_runs_stay_where_nothing_is_declared_and_end_where_that_is(
    shop: Terminal, settings: Settings
) -> None:
    shop.write("flows/survey.yaml", SURVEY)
    await push(shop)
    await say(settings, "survey")
    shop.write("flows/survey.yaml", SURVEY.replace("How was it", "How did you like it"))
    ran = await push(shop)
    assert "survey, revision 1: 1 run at step first stays in its revision\n" in ran.out
    assert await waiting_runs(shop) == [("survey", 1, "waiting", "first")]
    shop.write("flows/survey.yaml", SURVEY.replace("start:", "on_publish: end\nstart:"))
    ran = await push(shop)
    assert "survey, revision 1: 1 run at step first ends\n" in ran.out
    assert await waiting_runs(shop) == [("survey", 1, "ended", None)]


async def test_what_an_interrupted_push_left_behind_is_done_by_the_next(
    shop: Terminal, settings: Settings
) -> None:
    shop.write("flows/survey.yaml", SURVEY)
    await push(shop)
    await say(settings, "survey")
    shop.write("flows/survey.yaml", SURVEY.replace("start:", "on_publish: end\nstart:"))
    database = await app.open_database(settings)
    await app.push(database, settings, app.utc_now)  # published, and the runs not yet looked at
    await database.close()
    assert await waiting_runs(shop) == [("survey", 1, "waiting", "first")]
    await push(shop)
    assert await waiting_runs(shop) == [("survey", 1, "ended", None)]


async def test_a_move_to_nowhere_is_refused(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/survey.yaml", SURVEY)
    await push(shop)
    await say(settings, "survey")
    shop.write("flows/survey.yaml", SURVEY.replace("start:", "on_publish: {move: {first: secnd}}\nstart:"))
    ran = await push(shop)
    assert ran.code == 1
    assert "did you mean 'second'?" in ran.out
    assert (await run(shop, "flows", "diff")).out != ""


async def test_what_somebody_else_published_is_neither_lost_nor_overwritten(
    shop: Terminal, settings: Settings
) -> None:
    await push(shop)
    theirs = shop.folder / "flows" / "hello.yaml"
    ours = theirs.read_text()
    theirs.write_text(ours.replace("title: Greet", "title: Welcome"))
    now = app.utc_now()
    files = [
        replace(one, published_by="studio")
        for one in compile_folder(read_folder(settings.flows, settings.locales), now)
    ]
    database = await app.open_database(settings)
    await database.transact(lambda c: publish(c, files, new_id(now, 0, bytes)))
    await database.close()
    theirs.write_text(ours)
    refused = await push(shop)
    assert refused.code == 1
    assert "studio published revision 2 since" in refused.err
    fetched = await run(shop, "flows", "pull")
    assert fetched.code == 0
    assert fetched.out.startswith("flows/hello.yaml: revision 2 of ")
    assert theirs.read_text().startswith("flow: hello\ntitle: Welcome")


async def test_changes_that_were_never_published_are_kept(shop: Terminal, settings: Settings) -> None:
    await push(shop)
    mine = shop.folder / "flows" / "hello.yaml"
    published = mine.read_text()
    mine.write_text(published + "# mine\n")
    ran = await run(shop, "flows", "pull")
    assert ran.code == 1
    assert ran.out.startswith("flows/hello.yaml: kept")
    assert mine.read_text().endswith("# mine\n")
    assert (await run(shop, "flows", "pull", "--force")).code == 0
    assert mine.read_text() == published


async def test_a_run_that_names_a_handler_that_is_gone_stops_the_push(
    shop: Terminal, settings: Settings
) -> None:
    gone = SURVEY.replace("  - say: Thank you.", "  - do: enrol\n  - say: Thank you.")
    shop.write("flows/survey.yaml", gone)
    database = await app.open_database(settings)
    await app.publish_folder(database, settings, app.utc_now)  # by a version that had such a handler
    await database.close()
    await say(settings, "survey")
    shop.write("flows/survey.yaml", SURVEY)
    ran = await push(shop)
    assert ran.code == 1
    assert "there is no handler 'enrol'" in ran.out


def test_messages_are_collected_and_a_language_is_added(shop: Terminal) -> None:
    ran = shop("flows", "messages", "--locale", "fr")
    assert ran.code == 0
    assert "locales/fr/LC_MESSAGES/messages.po: " in ran.out
    template = (shop.folder / "locales" / "messages.pot").read_text(encoding="utf-8")
    assert "What shall we call you?" in template
    assert "flows/loyalty.yaml:" in template
    ran = shop("flows", "messages")
    assert "locales/es/LC_MESSAGES/messages.po: complete\n" in ran.out
    assert shop("flows", "check").code == 0


def test_a_language_that_does_not_exist(shop: Terminal) -> None:
    assert shop("flows", "messages", "--locale", "klingon").code == 2
    assert not (shop.folder / "locales" / "messages.pot").exists()
