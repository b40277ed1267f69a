"""A program that counts its money otherwise is not published while anybody has some of it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.conversation.kinds import PROGRAM
from bot.conversation.publishing import Folder, SourceFile, compile_folder, publish
from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.translations import Translations
from bot.storage.driver import Database
from tests.conversation.shop.till import WRITTEN, Till, Told, shop_with
from tests.storage.scripted import NOW, open_at

OURS = """program: Leaf Club
currency: {code: USD}
point_value: 0.01
earning: {rate: 5%}
"""
WITH_EUROS = f"{OURS}currencies:\n  - {{code: EUR, point_value: 0.01}}\n"
EUROS = shop_with({**WRITTEN, "currencies": [{"code": "EUR", "point_value": "0.01"}]})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def put(database: Database, written: str) -> None:
    folder = Folder((SourceFile("program", PROGRAM, "program.yaml", written),), Translations())
    files = compile_folder(folder, NOW)
    await database.transact(lambda c: publish(c, files, written[-32:]))


async def member_with_credit(database: Database) -> Till:
    """Somebody with 9.00 dollars of credit and 2.50 euros, under a program that is published."""
    till = await Till.of_member(database, credit=900, shop=EUROS)
    body: Told = {"amount_minor": 250, "currency": "EUR", "reason": "a test", "by": "till"}
    assert "problem" not in await till.ask("credit.adjust", body)
    await put(database, WITH_EUROS)
    return till


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (OURS, "EUR is gone, and there is €2.50 of credit in it (contacts: 1)"),
        (
            WITH_EUROS.replace("{code: EUR,", "{code: EUR, exponent: 0,").replace("0.01}\n", "1}\n"),
            "EUR has another exponent, and there is €2.50 of credit in it (contacts: 1)",
        ),
        (
            WITH_EUROS.replace("USD}", "GBP}"),
            "USD is gone, and there is $9.00 of credit in it (contacts: 1)",
        ),
        (
            WITH_EUROS.replace("USD}", "USD, exponent: 3}"),
            "USD has another exponent, and there is $9.00 of credit in it (contacts: 1)",
        ),
    ],
)
async def test_money_that_somebody_has_goes_on_to_be_what_it_is(
    database: Database, written: str, said: str
) -> None:
    await member_with_credit(database)
    with pytest.raises(FlowError) as caught:
        await put(database, written)
    assert said in str(caught.value)
    assert "leave it as it is until nothing of it is left" in str(caught.value)


async def test_a_currency_leaves_when_nothing_of_it_is_left(database: Database) -> None:
    till = await member_with_credit(database)
    tea: JsonValue = {"sku": "TEA", "quantity": 1, "unit_minor": 250}
    await till.ask("checkout.hold", {"lines": [tea], "currency": "EUR", "order": "E1"})
    with pytest.raises(FlowError, match="EUR is gone"):  # what is held is somebody's, too
        await put(database, OURS)
    await till.ask("checkout.capture", {"order": "E1"})
    till.wait(timedelta(days=1))
    await put(database, OURS)
    await put(database, WITH_EUROS)


async def test_what_else_changes_in_a_program_is_nothing_to_credit(database: Database) -> None:
    await member_with_credit(database)
    await put(database, WITH_EUROS.replace("5%", "6%"))
    await put(database, f"{WITH_EUROS}  - {{code: JPY, exponent: 0, point_value: 1}}\n")
    await put(database, WITH_EUROS)
