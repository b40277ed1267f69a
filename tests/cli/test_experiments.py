"""`regulars experiments …`: what is tried, what it came to, who decided."""

import json

from bot import app
from bot.cli.database import opened
from bot.config import Settings
from bot.core.ids import microseconds
from bot.storage.driver import Connection, Statement
from tests.cli.conftest import ROOT, Terminal, run

_FILE = """\
experiments:
  delivery:
    title: Free delivery or money off
    hypothesis: Free delivery brings more second orders.
    arms: {usual: 50%, free: 50%}
    goal: {event: Order Completed, within: 7d}
    minimum_effect: 2%
    ends: 2126-12-31
    winner: {when: always_valid, else: usual}
  hour:
    hypothesis: Evenings do better.
    arms: {noon: 50%, evening: 50%}
    goal: Session Started
"""
_STATEMENTS = [
    Statement("""
        INSERT INTO contact (bucket, id, locale, zone, zone_is_known, attributes, created_at,
            consent_count, consent_hash)
        VALUES (:bucket, :id, 'en', 'UTC', FALSE, '{}', :at, 0, '')
    """),
    Statement("""
        INSERT INTO exposure (bucket, contact, experiment, arm, at, run, facts)
        VALUES (:bucket, :id, 'delivery', :arm, :at, '', '{"shares":"usual=5000,free=5000"}')
    """),
    Statement("""
        INSERT INTO exposure (bucket, contact, experiment, arm, at, run, facts)
        VALUES (:bucket, :id, 'hour', :hour, :at, '', '{"shares":"noon=5000,evening=5000"}')
    """),
]
_EVENT = Statement("""
    INSERT INTO event (bucket, contact, id, name, at, properties, source)
    VALUES (:bucket, :id, 'e', 'Order Completed', :at, '{}', '')
""")
_ANSWER = Statement("""
    INSERT INTO answer (bucket, contact, id, flow, revision, step, variant, run, kind, at, channel, language,
        choice, score, words)
    VALUES (:bucket, :id, :answer, 'taste', 1, 'stars', '', '', 'rate', :answered, 'sms', 'en', '', :stars,
        '')
""")


async def _meet(settings: Settings) -> None:
    """Three hundred met each arm; of those with free delivery half ordered, of the others a tenth."""
    people = [
        {
            "bucket": 7,
            "id": f"{number:030x}07",
            "at": microseconds(app.utc_now()),
            "arm": "free" if number % 2 else "usual",
            "hour": "noon" if number % 3 else "evening",
            "answer": f"{number:030x}a7",
            "answered": microseconds(app.utc_now())
            + 1
            - 1_000_000 * (number >= 400),  # the last before they met it
            "stars": 4 + number % 2 if number % 10 else 1,
        }
        for number in range(600)
    ]

    async def put(connection: Connection) -> None:
        for statement in _STATEMENTS:
            await connection.run(statement, people)
        ordered = [
            one for number, one in enumerate(people) if (number % 2 and number % 4 == 1) or number % 20 == 0
        ]
        await connection.run(_EVENT, ordered)
        await connection.run(_ANSWER, people)

    async with opened(settings) as database:
        await database.transact(put)


async def test_what_is_tried_is_shown_and_decided(shop: Terminal, settings: Settings) -> None:
    """Clear in one experiment, blocked in the other, and in the log for good."""
    for file in (shop.folder / "flows").rglob("*.*"):
        if file.name not in {"program.yaml", "keywords.yaml"}:
            file.unlink()  # as few as there may be: they are compiled at every command
    shop.write("flows/experiments.yaml", _FILE)
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert pushed.code == 0, pushed.err
    listed = await run(shop, "experiments", "list")
    assert (
        "delivery  until 2126-12-31  Free delivery or money off\n    usual 50%, free 50%; in no flow"
        in listed.out
    )
    await _meet(settings)
    shown = (await run(shop, "experiments", "show", "delivery")).out
    assert "  usual         300           10.00%" in shown
    assert "  free          300           50.00%" in shown
    assert "Order Completed, free against usual: +40.00 points (+400.0% of the first arm's)" in shown
    assert "clear" in shown
    assert "`free`: the always-valid interval of `Order Completed` is clear of zero." in shown
    told = json.loads((await run(shop, "experiments", "show", "delivery", "--json")).out)
    assert (told["blocked"], told["verdict"]["arm"]) == (False, "free")
    answered = (await run(shop, "feedback", "--experiment", "delivery")).out
    assert "600 answered" in answered
    # Of 400, a fifth of the even ones gave one star: 160 fours and 40 ones against 200 fives.
    assert "  usual  200 answered; mean 3.40 (3.23 to 3.57)\n" in answered
    assert "  free   200 answered; mean 5.00 (5.00 to 5.00); +1.60 against usual (+1.43 to +1.77)" in answered
    (asked,) = json.loads((await run(shop, "feedback", "--experiment", "delivery", "--json")).out)[
        "questions"
    ]
    assert [(one["arm"], one["counts"].get("4")) for one in asked["arms"]] == [("usual", 160), ("free", None)]
    assert "against usual" in (
        await run(shop, "feedback", "--experiment", "delivery", "--html", "f.html")
    ).out + (shop.folder / "f.html").read_text(encoding="utf-8")
    assert (await run(shop, "feedback", "--experiment", "hour")).code == 1
    uneven = (await run(shop, "experiments", "show", "hour")).out
    assert "BLOCKED" in uneven
    assert "against" not in uneven
    checked = await run(shop, "experiments", "check")
    assert (checked.code, "UNEVEN hour" in checked.out, "ok     delivery" in checked.out) == (1, True, True)

    assert "Nobody is held back" in (await run(shop, "experiments", "control")).out

    assert (await run(shop, "experiments", "decide", "hour")).code == 1
    wrong = await run(shop, "experiments", "decide", "delivery", "off", "--because", "x", "--yes")
    assert (wrong.code, "it has usual, free" in wrong.err) == (2, True)
    decided = await run(shop, "experiments", "decide", "delivery", "--yes")
    assert decided.code == 0, decided.err
    assert "revision 2 of flows/experiments.yaml is in force" in decided.out
    assert (await run(shop, "experiments", "log", "delivery", "--learned", "It matters.")).code == 0
    log = (await run(shop, "experiments", "log")).out
    assert "delivery: Free delivery brings more second orders.\n" in log
    assert "decision `free`: the always-valid interval" in log
    assert "learning: It matters." in log
    assert "delivery  decided: free" in (await run(shop, "experiments", "list")).out
    again = await run(shop, "flows", "push", "--skip-tests")
    assert (again.code, "published revision 2 since" in again.err) == (1, True)
    assert (await run(shop, "flows", "pull")).code == 0
    assert "    decided: free\n" in (shop.folder / "flows/experiments.yaml").read_text()
    assert (await run(shop, "flows", "push", "--skip-tests")).code == 0


_TESTED = """\
flow: hello
title: Say hello
start: [{keyword: HELLO}]
goals: [{event: Order Completed}]
steps:
  - split: greeting
    shares: {usual: 50%, question: 50%}
    arms:
      usual: [{say: Hello.}]
      question: [{say: How are you?}]
tests:
  - test: the usual
    conversation:
      - arm: {greeting: usual}
      - say: HELLO
        expect: [Hello.]
  - test: the question
    conversation:
      - arm: {greeting: question}
      - say: HELLO
        expect: [How are you?]
"""


async def test_tests_of_a_flow_say_which_arm_was_met(terminal: Terminal) -> None:
    """Otherwise they would go one way today and the other tomorrow."""
    for name in ("program", "keywords"):
        terminal.write(f"flows/{name}.yaml", (ROOT / "flows" / f"{name}.yaml").read_text())
    terminal.write("flows/hello.yaml", _TESTED)
    ran = await run(terminal, "flows", "test", "hello")
    assert ran.code == 0, ran.out
    assert "2 tests: all as written." in ran.out
