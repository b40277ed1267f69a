"""A spin gives what was drawn, whole or what the rules say instead, and proves itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.errors import TellMember
from bot.core.loyalty.funds import Fund
from bot.core.loyalty.wheel import Seeds, Spin, Wheel, spun, wrong_with
from bot.core.turn import Turn
from handlers.wheel import proof, spin, wheel
from tests.handlers.scene import CONTACT, NOW, PROGRAM, Scene
from tests.handlers.taking import Member

SECRET = b"secret"
TODAY = date(2026, 11, 24)
WRITTEN: dict[str, object] = {
    "enabled": True,
    "rules": {"en": "https://shop.example/rules"},
    "sponsor": "Corner Leaf",
    "entry": "free",
    "spins": {"most_per_day": 2, "most": 3},
    "until": "2026-12-31",
    "when_gone": "nothing",
    "prizes": [
        {"id": "big", "name": "Five dollars", "weight": 1, "odds": "50%", "credit": "5.00", "stock": 10},
        {"id": "nothing", "name": "Nothing", "weight": 1, "odds": "50%"},
    ],
}


def made(**changed: object) -> Wheel:
    return Wheel.model_validate({**WRITTEN, **changed})


def member(*, later: timedelta = timedelta(0), channel: str = "sms", **changed: object) -> Member:
    funds = {"games": Fund.model_validate({"limit": "20.00"})}
    program = PROGRAM.model_copy(update={"wheel": made(**changed), "funds": funds})

    def at_home(turn: Turn) -> None:
        turn.shop = replace(turn.shop, secrets=(SECRET,))
        turn.now = NOW + later
        assert turn.trigger.inbound is not None
        turn.trigger = replace(turn.trigger, inbound=replace(turn.trigger.inbound, channel=channel))

    return Member(Scene(program=program), prepare=at_home)


def drawn(number: int, day: date = TODAY) -> str:
    return spun(made(), Seeds((SECRET,)).of(day), CONTACT, day, number)[0].id


def winning() -> Callable[..., Member]:
    """Make members on a day of this scene on which the first spin wins."""
    day = next(n for n in range(20) if drawn(1, TODAY + timedelta(days=n)) == "big")
    return lambda **changed: member(later=timedelta(days=day), **changed)


def refused(someone: Member) -> str:
    with pytest.raises(TellMember) as caught:
        someone.does(spin)
    assert caught.value.code in spin.problems
    return caught.value.code


def kept(someone: Member) -> list[Spin]:
    return [one for (table, _), one in someone.kept.items() if table == "spin" and isinstance(one, Spin)]


def test_what_is_drawn_is_given_and_a_turn_decided_twice_draws_the_same() -> None:
    someone = winning()()
    result = someone.does(spin)
    assert (result["prize"], result["granted"], result["left_today"]) == ("Five dollars", 500, 1)
    (record,) = kept(someone)
    assert (record.drawn, record.given, record.credit_minor, record.policy) == (
        "big",
        "big",
        500,
        "program@1",
    )
    again = winning()()
    assert again.does(spin)["ticket"] == result["ticket"]
    assert kept(again)[0].roll == record.roll
    assert wrong_with(record, Seeds((SECRET,)).of(record.day)) is None


def test_the_weights_decide_over_many_days() -> None:
    wins = sum(drawn(1, TODAY + timedelta(days=day)) == "big" for day in range(400))
    assert 160 < wins < 240


@pytest.mark.parametrize(
    ("counter", "units", "changed"),
    [("stock/wheel/big", 0, {}), ("budget/games/all", 499, {"fund": "games"})],
)
def test_where_it_has_run_out_the_rules_say_what_is_given(
    counter: str, units: int, changed: dict[str, object]
) -> None:
    someone = winning()(**changed)
    someone.units[counter] = units
    result = someone.does(spin)
    assert (result["prize"], result["granted"]) == ("Nothing", 0)
    (record,) = kept(someone)
    assert (record.drawn, record.given, record.credit_minor) == ("big", "nothing", 0)
    assert someone.units[counter] == units, "nobody is paid half a prize"
    assert someone.units.get("stock/wheel/big", 10) in {0, 10}


def test_caps_of_the_day_and_at_all() -> None:
    someone = member()
    for _ in range(2):
        someone.does(spin)
    assert refused(someone) == "spun_today"
    tomorrow = member(later=timedelta(days=1))
    tomorrow.kept = someone.kept
    tomorrow.turns = someone.turns
    assert tomorrow.does(spin)["left_today"] == 1
    assert refused(tomorrow) == "spun_enough"
    assert [one.number for one in kept(tomorrow)] == [1, 2, 1]


def test_it_is_off_unless_switched_on_and_not_for_wechat_unless_allowed() -> None:
    assert refused(Member(Scene())) == "no_wheel"
    assert refused(member(enabled=False)) == "no_wheel"
    assert refused(member(channel="wechat")) == "not_here"
    assert member(channel="wechat", in_wechat=True).does(spin)["seal"]
    friends: dict[str, object] = {"for": {"tag": ["friends"]}}
    assert refused(winning()(**friends)) == "not_for_you"


def test_without_a_secret_nothing_is_drawn() -> None:
    someone = member()
    someone.prepare = lambda _: None
    assert refused(someone) == "no_wheel"


def test_the_odds_that_are_told_are_those_that_are_drawn() -> None:
    prizes = [
        {"id": "jackpot", "name": "Jackpot", "weight": 1, "odds": "1/30000", "credit": "50.00"},
        {"id": "nothing", "name": "Nothing", "weight": 29_999, "odds": "29999/30000"},
    ]
    result = member(prizes=prizes).does(wheel)
    assert result["prizes"] == [
        {"name": "Jackpot", "odds": "1/30000", "percent": "<0.01%", "stock": None},
        {"name": "Nothing", "odds": "29999/30000", "percent": "100%", "stock": None},
    ]
    assert (result["is_on"], result["rules"], result["most_per_day"]) == (
        True,
        "https://shop.example/rules",
        2,
    )
    assert member(enabled=False).does(wheel)["is_on"] is False


def test_the_proof_is_whole_when_the_day_is_over() -> None:
    someone = member()
    assert someone.does(proof) == {"spun": False, "is_over": False}
    sealed = someone.does(spin)["seal"]
    today = someone.does(proof)
    assert (today["seal"], today["seed"], today["is_over"]) == (sealed, None, False)
    tomorrow = member(later=timedelta(days=1))
    tomorrow.kept, tomorrow.turns = someone.kept, someone.turns
    told = tomorrow.does(proof)
    assert told["seed"] == Seeds((SECRET,)).of(TODAY).hex()
    assert told["is_over"] is True
