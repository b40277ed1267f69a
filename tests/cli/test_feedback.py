"""`regulars feedback` and `regulars quotes`: what was answered, and which words may be shown."""

import json

import pytest

from bot import app
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.core.quoting import is_excerpt
from bot.storage import contacts, erasing
from bot.storage.driver import Connection, Statement
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import NUMBER, converse, inbound

LIKED = "The oolong, and how kind everybody is"
_GENERATION = Statement("SELECT s.value FROM setting s WHERE s.name = 'publication'")
SHOWN = "flow: shown\nstart: [{keyword: SHOWN}]\nsteps:\n  - if: quotes.latest\n    then:\n      - say: "
SHOWN += '"{{ quotes.latest.words }} / {{ quotes.latest.by }}"\n    else:\n      - say: Nothing yet\n'


async def answer_to(settings: Settings, text: str) -> str:
    """What a text is answered with."""
    async with app.running(settings, role="web") as running:
        result = await running.dispatcher.submit(inbound_work(inbound(text)))
        running.dispatcher.written(result)
    return " | ".join(reply.body for reply in result.replies)


async def generation(settings: Settings) -> str:
    """What tells what is in force from what was."""
    database = await app.open_database(settings)
    try:
        ((value,),) = await database.query(lambda c: c.read(_GENERATION))
    finally:
        await database.close()
    return str(value)


async def test_answers_are_read_out_and_words_shown_once_approved(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/shown.yaml", SHOWN)
    await converse(settings, "LOYALTY", "Ana", "skip", "FEEDBACK", "perhaps", "9 - love it", LIKED, "YES")
    ran = await run(shop, "feedback", "feedback")
    assert ran.code == 0, ran.err
    assert "feedback/likely  nps" in ran.out
    assert "1 answered of 1 times it was asked (100%); 1 wrote what was no answer" in ran.out
    assert "NPS +100  (95 %:" in ran.out
    assert "9: love it" in ran.out
    assert "? perhaps" in ran.out
    told = json.loads((await run(shop, "feedback", "--json")).out)
    by_step = {one["step"]: one for one in told["questions"]}
    assert by_step["likely"]["counts"]["9"] == 1
    assert by_step["liked"]["words"][0]["words"] == LIKED
    assert (await run(shop, "feedback", "--html", "feedback.html")).code == 0
    page = (shop.folder / "feedback.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert LIKED in page
    assert (await run(shop, "feedback", "nowhere")).code == 2

    (quote,) = json.loads((await run(shop, "quotes", "review", "--json")).out)["quotes"]
    assert (quote["words"], quote["state"]) == (LIKED, "allowed")
    assert await answer_to(settings, "SHOWN") == "Nothing yet"
    refused = await run(shop, "quotes", "approve", quote["id"], "--words", "The best oolong")
    assert (refused.code, refused.err.startswith("this is not what was written")) == (1, True)
    approved = await run(shop, "quotes", "approve", quote["id"], "--words", "The oolong… how kind")
    assert approved.code == 0, approved.err
    assert await answer_to(settings, "SHOWN") == "The oolong... how kind / Ana"  # GSM-7 has no ellipsis
    assert "quotes.approved" in (await run(shop, "audit", "--action", "quotes")).out
    before = await generation(settings)
    assert await answer_to(settings, "UNQUOTE") == (
        "Done. We show your words to nobody any more. Texts that were sent before stay as they are."
    )
    assert await generation(settings) != before, "every process loads anew what texts may show"
    assert await answer_to(settings, "SHOWN") == "Nothing yet"
    assert (await run(shop, "quotes", "withdraw", quote["id"])).code == 1, "it is, already"
    assert (await run(shop, "quotes", "approve", quote["id"])).code == 1

    database = await app.open_database(settings)

    async def erase(connection: Connection) -> None:
        found = await contacts.find(connection, "sms", NUMBER)
        assert found is not None
        await erasing.erase(connection, found, app.utc_now(), lambda value: (f"hash of {value}",))

    await database.transact(erase)
    await database.close()
    told = json.loads((await run(shop, "feedback", "--json")).out)
    by_step = {one["step"]: one for one in told["questions"]}
    assert by_step["likely"]["counts"]["9"] == 1
    assert by_step["liked"]["words"] == []
    withdrawn = await run(shop, "quotes", "list", "--state", "withdrawn")
    assert withdrawn.out == ""


@pytest.mark.parametrize(
    ("excerpt", "is_one"),
    [
        ("Best tea in town", True),
        ("best tea", True),
        ("Best … town", True),
        ("… in town", True),
        ("Best tea... town", True),
        ("town … Best", False),
        ("Best coffee in town", False),
    ],
)
def test_an_excerpt_leaves_out_and_changes_nothing(excerpt: str, is_one: bool) -> None:  # noqa: FBT001  # a parameter
    assert is_excerpt(excerpt, "Best  tea\nin town") is is_one
