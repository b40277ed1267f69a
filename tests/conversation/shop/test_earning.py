"""What orders earn by rules that look back: caps, repeats, tiers, cards; over both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.flow.reader import read
from bot.core.flow.season_file import read_seasoned_program
from bot.core.loyalty.standing import Standing
from bot.core.turn import Turn
from bot.storage.driver import Database
from tests.conversation.shop.till import Till, shop_with
from tests.storage.scripted import NOW, asked, open_at

WRITTEN = {"program": "Leaf Club", "currency": {"code": "USD"}, "point_value": "0.01", "grace": "0d"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def member(database: Database, earning: object, **sections: object) -> Till:
    return await Till.of_member(database, shop=shop_with(WRITTEN | {"earning": earning} | sections))


async def buy(till: Till, reference: str, teas: int = 1, *, minor: int = 1000) -> dict[str, int]:
    """Report a paid order of teas; returns what each rule granted for it."""
    line: JsonValue = {"sku": "TEA", "quantity": teas, "unit_minor": minor, "category": "tea"}
    told = await till.ask("order.report", {"order": reference, "status": "paid", "lines": [line]})
    assert "problem" not in told, told
    found = await asked(
        till.database,
        "SELECT e.rule, e.granted_minor FROM earned e JOIN shop_order o ON o.bucket = e.bucket AND"
        " o.contact = e.contact AND e.source = 'order/' || o.id WHERE o.reference = :reference",
        reference=reference,
    )
    return {str(rule): int(granted) for rule, granted in found}


async def test_caps_and_limits_look_back(database: Database) -> None:
    rules = [{"id": "gift", "credit": 1, "most": {"per": "member", "times": 2}}]
    till = await member(database, {"rate": "10%", "rules": rules, "caps": [{"per": "day", "most": "3.00"}]})
    assert await buy(till, "A") == {"base": 100, "gift": 100}
    assert await buy(till, "B") == {"base": 50, "gift": 50}, "a third credit today would be too much"
    assert await buy(till, "C") == {"base": 0, "gift": 0}
    till.now += timedelta(days=1)
    assert await buy(till, "D") == {"base": 100, "gift": 0}, "the gift was given twice"
    because = await asked(database, "SELECT because FROM earned WHERE rule = 'gift' ORDER BY at DESC")
    assert because[0] == ('["times member 2 -100"]',)


async def test_repeats_look_at_earlier_orders(database: Database) -> None:
    rules = [{"id": "again", "category": "tea", "multiplier": 2, "repeat": {"nth": 2, "within": "30d"}}]
    till = await member(database, {"rate": "10%", "rules": rules})
    assert await buy(till, "A") == {"base": 100}
    till.now += timedelta(days=30)
    assert await buy(till, "B") == {"again": 100, "base": 100}
    till.now += timedelta(days=31)
    assert await buy(till, "C") == {"base": 100}
    till.now += timedelta(days=1)
    await till.ask("order.cancel", {"order": "C"})
    assert await buy(till, "D") == {"base": 100}, "what was canceled was not bought"


async def test_a_first_order_is_the_first_that_was_bought(database: Database) -> None:
    rules = [{"id": "first", "credit": 2, "for": {"first_order": True}}]
    till = await member(database, {"rules": rules})
    assert await buy(till, "A") == {"first": 200}
    assert await buy(till, "B") == {}


async def test_a_tiers_multiplier_counts(database: Database) -> None:
    levels = [{"id": "gold", "name": "Gold", "spend": 9000, "multiplier": "3/2"}]
    till = await member(database, {"rate": "10%"}, tiers={"levels": levels, "per": "year"})

    def reach(turn: Turn) -> None:
        turn.keep("standing", "tier", Standing("tier", "gold", since_at=NOW))

    await till.deed(reach)
    assert await buy(till, "A") == {"base": 100, "tier/gold": 50}


async def test_a_stamp_that_became_something_is_owed_when_it_goes_back(database: Database) -> None:
    card = {"id": "tea", "name": "Tea card", "category": "tea", "buy": 3, "get": {"credit": 5}}
    till = await member(database, {"cards": [card]})
    assert await buy(till, "A", teas=4) == {"card/tea": 4}
    wallets = "SELECT id, available_minor, debt_minor FROM wallet ORDER BY id"
    assert await asked(database, wallets) == [("card/tea", 1, 0), ("main", 500, 0)]
    await till.ask("order.refund", {"order": "A", "lines": [{"sku": "TEA", "quantity": 3}]})
    assert await asked(database, wallets) == [("card/tea", 0, 2), ("main", 500, 0)]
    assert await buy(till, "B", teas=4) == {"card/tea": 4}
    assert await asked(database, wallets) == [("card/tea", 2, 0), ("main", 500, 0)], "owed came first"


async def test_a_season_is_frozen_with_what_it_gave(database: Database) -> None:
    head = "program: Leaf\ncurrency: {code: USD}\npoint_value: 0.01\nearning: {rate: 5%}\n"
    spring = (
        "season: spring\nfrom: 2026-03-01\nuntil: 2026-03-31\n"
        "earning: {rules: [{id: double, multiplier: 2}]}\n"
    )
    season = read(spring, "flows/seasons/spring.yaml")
    program = read_seasoned_program(read(head, "program.yaml"), [season], ["seasons/spring@4"])
    till = await member(database, {"rate": "5%"})
    till.shop = replace(till.shop, program=program)
    assert await buy(till, "A") == {"base": 50, "double": 50}
    policies = await asked(database, "SELECT rule, policy FROM earned ORDER BY rule")
    assert policies == [("base", "program@1"), ("double", "seasons/spring@4")]
    lots = await asked(database, "SELECT policy FROM lot ORDER BY policy")
    assert lots == [("program@1",), ("seasons/spring@4",)]
    till.now = NOW + timedelta(days=31)
    assert await buy(till, "B") == {"base": 50}
