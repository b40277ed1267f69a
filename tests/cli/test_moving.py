"""`contact move`: a contact has another number, and whoever gets the old one is a stranger."""

import json
from dataclasses import replace

import pytest

from bot import app
from bot.config import Settings
from bot.conversation.inbox import inbound_work
from bot.storage.driver import Statement
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import NUMBER, converse, inbound

NEW = "+12025550188"


async def said(settings: Settings, number: str, text: str) -> list[str]:
    """Let a number text; returns what it was answered."""
    message = replace(inbound(text), address=number)
    async with app.running(settings, role="web") as running:
        work = inbound_work(
            type(message)("twilio", message.provider_id, "sms", number, "", text, app.utc_now())
        )
        result = await running.dispatcher.submit(work)
        running.dispatcher.written(result)
        return [reply.body for reply in result.replies]


async def test_all_that_is_the_contact_s_comes_along(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana")
    ran = await run(shop, "contact", "move", "(202) 555-0123", NEW, "--yes", "--note", "asked by phone")
    assert ran.code == 0, ran.err
    assert ran.out.strip() == f"{NUMBER} is now {NEW}."
    shown = json.loads((await run(shop, "contact", "show", NEW, "--json")).out)
    assert shown["member"] is True
    assert shown["subscriptions"]["loyalty"] == "subscribed"
    assert (await run(shop, "contact", "show", NUMBER)).code == 1
    proof = json.loads((await run(shop, "consent", "proof", NEW, "--json")).out)
    assert NEW in json.dumps(proof)
    assert "moved from" in json.dumps(proof)
    assert (await run(shop, "consent", "proof", NEW)).code == 0
    assert (await said(settings, NEW, "BALANCE"))[0].count("$")


async def test_whoever_has_the_old_number_now_is_a_stranger(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "Ana", "skip")
    assert (await run(shop, "contact", "move", NUMBER, NEW, "--yes")).code == 0
    assert (await said(settings, NUMBER, "LOYALTY"))[0].startswith("You're in")
    assert "Ana" in (await said(settings, NEW, "LOYALTY"))[0]


async def test_stop_comes_along(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "STOP")
    assert (await run(shop, "contact", "move", NUMBER, NEW, "--yes")).code == 0
    assert await said(settings, NEW, "BALANCE") == []
    assert (await said(settings, NUMBER, "HELP")) != []


async def test_what_waits_goes_to_the_new_number(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    database = await app.open_database(settings)
    await database.transact(
        lambda connection: connection.run(
            Statement("UPDATE outbox SET state = 'held' WHERE message_class = :kind"), [{"kind": "reply"}]
        )
    )
    assert (await run(shop, "contact", "move", NUMBER, NEW, "--yes")).code == 0
    found = await database.query(
        lambda c: c.read(Statement("SELECT DISTINCT o.state, o.address FROM outbox o"))
    )
    assert ("held", NEW) in [tuple(row) for row in found]
    assert ("held", NUMBER) not in [tuple(row) for row in found]
    await database.close()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("+12025550199", NEW, "nobody with this number"),
        (NUMBER, NUMBER, "is known already"),
        (NUMBER, "plork", "no phone number"),
    ],
)
async def test_what_cannot_be_is_said(
    shop: Terminal, settings: Settings, old: str, new: str, why: str
) -> None:
    await converse(settings, "LOYALTY")
    ran = await run(shop, "contact", "move", old, new, "--yes")
    assert ran.code != 0
    assert why in ran.err
