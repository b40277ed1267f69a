"""What HOW says, held against what really happens: every figure, for programs of all kinds."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import count
from math import ceil

import pytest

from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.crediting import credit_order
from bot.core.ledger.books import Books
from bot.core.ledger.entries import Cause
from bot.core.local_time import local_date
from bot.core.loyalty.gains import Tally
from bot.core.loyalty.program import Program
from bot.core.turn import NeedsMore, Turn
from handlers.how import how
from tests.handlers.scene import NOW, PROGRAM, Scene, an_order

DAY = timedelta(days=1)
REWARDS = [{"id": "latte", "name": "Any latte", "cost": "6.00"}, {"id": "bun", "name": "Bun", "cost": "4.10"}]
PROGRAMS: dict[str, dict[str, object]] = {
    "a rate at once": {"earning": {"rate": "5%"}},
    "pending, rolling": {
        "earning": {"rate": "7%", "pending": "14d"},
        "expiry": {"after": "12 months", "round_up_to": "month"},
    },
    "a fixed end": {"earning": {"rate": "1/30"}, "expiry": {"on": "2027-01-31"}},
    "inactivity": {"earning": {"rate": "2.5%"}, "expiry": {"inactive_for": "9 months"}},
    "coarse points": {"point_value": "1.00", "earning": {"rate": "3%"}},
    "one category": {"earning": {"rules": [{"id": "tea", "category": "tea", "rate": "10%"}]}},
    "a multiplier": {
        "earning": {"rate": "5%", "rules": [{"id": "twice", "multiplier": 2, "until": "2026-12-31"}]}
    },
    "a cap": {"earning": {"rate": "50%", "caps": [{"per": "order", "most": "3.00"}]}},
    "only for first orders": {
        "earning": {
            "rate": "5%",
            "rules": [{"id": "first", "credit": "9.00", "for": {"first_order": True}}],
        }
    },
    "yen": {"currency": {"code": "JPY", "exponent": 0}, "point_value": "1", "earning": {"rate": "1%"}},
}


def program(written: Mapping[str, object]) -> Program:
    rewards = REWARDS
    if written.get("point_value") == "1":
        rewards = [{"id": "bun", "name": "Bun", "cost": "410"}]
    usual = {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "rewards": rewards,
    }
    return Program.model_validate({**usual, **written})


def whole(value: JsonValue) -> int:
    assert isinstance(value, int)
    return value


def turn_of(scene: Scene, **past: object) -> Turn:
    """A turn of somebody who has ordered before."""
    scene.past = {**scene.past, **past}
    return scene.turn()


def lived(scene: Scene, spend: int, category: str) -> Turn:
    """The turn in which a member really places that order."""
    lines = (OrderLine("", "", 1, spend, category),)
    order = Order("b" * 30 + "05", "shop", NOW, lines, spend, cash_minor=spend)
    scene.orders = (an_order("TEA"),)  # it is not the first one
    past: dict[str, object] = {f"earned/order/{order.id}": ()}
    for _ in range(9):
        turn = turn_of(scene, **past)
        try:
            credit_order(turn, order)
        except NeedsMore as needs:
            past[needs.name] = _answer(needs.name)
            continue
        return turn
    raise AssertionError(past)


def _answer(name: str) -> object:
    if name.startswith("granted"):
        return Tally(0, 0)
    return () if name.startswith(("earlier", "offers", "earned")) else None


@pytest.mark.parametrize("kind", PROGRAMS)
def test_every_figure_is_what_really_happens(kind: str) -> None:
    scene = Scene(program=program(PROGRAMS[kind]))
    said = how(scene.turn())
    assert said is not None
    turn = lived(scene, whole(said["spend"]), str(said["category"] or ""))
    earned = sum(lot.granted_minor for lot in turn.books.new_lots)
    lot = turn.books.new_lots[0]
    zone = turn.contact.zone
    assert said["earned"] == earned > 0
    assert said["starts_on"] == local_date(lot.active_from, zone).isoformat()
    assert said["waits"] == (lot.active_from > NOW)
    end = lot.expires_on.isoformat() if lot.expires_on else None
    renewal = scene.program.expiry.renewal
    assert said["good_through"] == (None if renewal else end)
    if renewal:
        assert lot.expires_on == renewal.expires_on(local_date(NOW, zone))
        assert (said["inactive_months"], said["inactive_days"]) == (9, 0)
    cost, orders = whole(said["cost"]), whole(said["orders"])
    assert cost == min(reward.cost_minor for reward in scene.program.rewards)
    assert orders == ceil(cost / earned)
    assert pays(turn, earned, orders, cost)
    assert not pays(turn, earned, orders - 1, cost)


def pays(turn: Turn, earned: int, orders: int, cost: int) -> bool:
    """Whether so many such orders really pay for the reward, once all can be spent."""
    ids = count(1)
    books = Books(turn.snapshot.wallet, mint=lambda: f"{next(ids):032x}", lots_complete=True)
    for number in range(orders):
        grant = turn.program.earned_grant(earned, NOW, turn.contact.zone, "p@1")
        books.earn(grant, NOW, Cause(f"{number}", "shop"))
    return books.spendable(NOW + turn.program.earning.pending) >= cost


def test_what_is_due_once_is_not_promised_for_each_order() -> None:
    said = how(Scene(program=program(PROGRAMS["only for first orders"])).turn())
    assert said is not None
    assert said["earned"] == 100


def test_a_program_without_earning_says_so() -> None:
    said = how(Scene(program=program({"earning": {"rate": "0%"}})).turn())
    assert said is not None
    assert said["spend"] is None
    assert said["levels"] == []


def test_where_something_must_be_said_it_is() -> None:
    here = PROGRAM.model_copy()
    assert (how(Scene(program=here).turn()) or {})["disclosure"] is None
    disclosure = {"en": "Promotional.", "es": "Promo."}
    lawful = program({"earning": {"rate": "5%"}, "jurisdictions": {"US": {"disclosure": disclosure}}})
    assert (how(Scene(program=lawful, locale="es").turn()) or {})["disclosure"] == "Promo."


def test_the_day_is_the_members_own() -> None:
    said = how(Scene(program=program({"earning": {"rate": "5%", "pending": "14d"}})).turn())
    assert said is not None
    assert said["starts_on"] == date(2026, 12, 8).isoformat()
