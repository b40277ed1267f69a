"""`desk list|take|say|close`: a person of the shop answers from a terminal."""

import json

from bot.config import Settings
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import NUMBER, converse


async def test_whoever_waits_is_shown_taken_answered_and_given_back(
    shop: Terminal, settings: Settings
) -> None:
    await converse(settings, "LOYALTY", "Ana", "skip", "PERSON do you have decaf?", "Or mint tea?")
    page = (await run(shop, "desk", "list")).out.splitlines()
    assert page[0].startswith("1.  ")
    assert page[0].endswith("  sms, for 0 min")
    assert page[1] == "  Ana; no tier; $5.00 of credit"
    assert page[-1].endswith(" < Or mint tea?")
    early = await run(shop, "desk", "say", NUMBER, "We do.", "--as", "bo")
    assert early.code == 1
    assert "take it first" in early.err
    assert (await run(shop, "desk", "take", NUMBER, "--as", "bo")).code == 0
    assert "bo has taken it" in (await run(shop, "desk", "take", NUMBER, "--as", "cy")).err
    assert (await run(shop, "desk", "say", NUMBER, "We do.", "--as", "bo")).code == 0
    (one,) = json.loads((await run(shop, "desk", "list", "--json")).out)
    assert (one["state"], one["agent"], one["place"]) == ("taken", "bo", 0)
    assert [one["text"] for one in one["messages"]][-1] == "We do."
    assert (await run(shop, "desk", "close", NUMBER, "--as", "bo")).code == 0
    assert "Nobody is at the desk." in (await run(shop, "desk", "list")).err


async def test_who_is_not_there_cannot_be_answered(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "desk", "take", NUMBER)
    assert (ran.code, "the contact is not at the desk" in ran.err) == (1, True)
    assert "nobody with this address" in (await run(shop, "desk", "take", "+12125550999")).err
    assert (await run(shop, "desk", "say", NUMBER, " ")).code != 0
