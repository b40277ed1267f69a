"""A member hears of drops, takes one at the price it confirmed, and may give it up."""

from datetime import timedelta

import pytest

from bot.core.contact import Product
from bot.core.errors import TellMember
from bot.core.loyalty.drops import Drop
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Tiers
from bot.core.turn import Turn
from handlers.drop import drops, give_up_drop, take_drop
from tests.handlers.scene import NOW, PRODUCTS, PROGRAM, Scene
from tests.handlers.taking import Member

KEY = "roast/2026-11-27"
FRIDAY = timedelta(days=2, hours=19)  # Friday, ten in the morning in New York
ROAST = Product("ROAST", "Friday roast", "beans", 1600)


def member(*, later: timedelta = FRIDAY, credit_minor: int = 0, **changed: object) -> Member:
    written = {
        "id": "roast",
        "name": {"en": "Friday roast", "es": "Tueste del viernes"},
        "sku": "ROAST",
        "units": 100,
        "every": "fri 10:00",
        "per_member": 2,
        "early": {"gold": "2h"},
        **changed,
    }
    tiers = Tiers.model_validate({"per": "year", "levels": [{"id": "gold", "name": "Gold", "spend": "9.00"}]})
    program = PROGRAM.model_copy(update={"drops": (Drop.model_validate(written),), "tiers": tiers})

    def then(turn: Turn) -> None:
        turn.now = NOW + later

    scene = Scene(credit_minor=credit_minor, program=program, products={**PRODUCTS, "ROAST": ROAST})
    return Member(scene, prepare=then)


def told(someone: Member) -> dict[str, object]:
    found = someone.does(drops)["drops"]
    assert isinstance(found, list)
    (one,) = found
    assert isinstance(one, dict)
    return dict(one)


def test_it_is_told_before_it_opens_and_when_it_is_on() -> None:
    soon = told(member(later=timedelta(0)))
    opens_at = (NOW + FRIDAY).isoformat()
    assert (soon["is_on"], soon["opens_at"], soon["price"], soon["left"]) == (False, opens_at, 1600, 100)
    assert told(member())["is_on"] is True
    assert member().does(drops)["on"] is not None
    assert member(later=timedelta(0)).does(drops)["on"] is None


def test_a_tier_hears_its_own_time() -> None:
    someone = member(later=FRIDAY - timedelta(hours=1))
    assert told(someone)["is_on"] is False
    someone.kept["standing", "tier"] = Standing("tier", "gold", NOW)
    assert told(someone)["is_on"] is True


def test_what_is_left_is_told_and_what_of_it_may_be_ones_own() -> None:
    someone = member(price="14.00")
    someone.does(take_drop, drop=KEY, to_pay=1400)
    one = told(someone)
    assert (one["left"], one["yours"], one["price"]) == (99, 1, 1400)
    someone.units[f"drop/{KEY}"] = 0
    assert told(someone)["yours"] == 0


def test_one_is_taken_at_the_price_that_was_confirmed() -> None:
    someone = member(credit_minor=600)
    one = told(someone)
    assert (one["credit"], one["to_pay"]) == (600, 1000)
    result = someone.does(take_drop, drop=KEY, to_pay=one["to_pay"])  # type: ignore[arg-type]  # as told
    assert (result["state"], result["to_pay"], result["quantity"]) == ("reserved", 1000, 1)
    (call,) = someone.last.effects.calls
    assert (call.kind, call.payload["to_pay"]) == ("drop.reserved", 1000)
    (later,) = someone.last.effects.later
    assert later.at.isoformat() == result["until"]


@pytest.mark.parametrize(
    ("changed", "arguments", "code"),
    [
        ({}, {"drop": "roast/2026-11-20"}, "drop_over"),
        ({}, {"drop": KEY, "quantity": 3}, "had_yours"),
        ({}, {"drop": KEY, "to_pay": 1599}, "price_changed"),
        ({"later": FRIDAY - timedelta(seconds=1)}, {"drop": KEY}, "not_open"),
        ({"later": FRIDAY + timedelta(days=1)}, {"drop": KEY}, "drop_over"),
        ({"for": {"tier": ["gold"]}}, {"drop": KEY}, "drop_over"),
        ({"sku": "GONE"}, {"drop": KEY}, "drop_over"),
    ],
)
def test_what_cannot_be_is_told(changed: dict[str, object], arguments: dict[str, object], code: str) -> None:
    someone = member(**changed)  # type: ignore[arg-type]  # what a case changes
    with pytest.raises(TellMember) as caught:
        someone.does(take_drop, **arguments)  # type: ignore[arg-type]  # what a case says
    assert caught.value.code == code
    assert code in take_drop.problems
    assert someone.units.get(f"drop/{KEY}") is None


def test_what_is_given_up_is_free_for_others() -> None:
    someone = member()
    assert someone.does(give_up_drop) == {"given_up": False, "name": None}
    someone.does(take_drop, drop=KEY)
    assert someone.units[f"drop/{KEY}"] == 99
    assert someone.does(give_up_drop) == {"given_up": True, "name": "Friday roast"}
    assert someone.units[f"drop/{KEY}"] == 100
