"""The wheel on the page: odds before, proof after, and nothing of it where it is not played."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.loyalty.wheel import Wheel, roll_of
from bot.core.pages import wheel
from bot.core.turn import Turn
from tests.handlers.scene import NOW, PROGRAM, Scene
from tests.handlers.taking import Member

WRITTEN: dict[str, object] = {
    "enabled": True,
    "rules": {"en": "Rules: shop.example/rules", "zh": "规则见门店"},
    "sponsor": "Corner Leaf",
    "entry": "free",
    "spins": {"most_per_day": 2, "most": 3},
    "until": "2026-12-31",
    "when_gone": "nothing",
    "prizes": [
        {
            "id": "big",
            "name": {"en": "Five dollars", "zh": "五美元"},
            "weight": 1,
            "odds": "25%",
            "credit": "5.00",
        },
        {"id": "nothing", "name": {"en": "nothing this time", "zh": "谢谢参与"}, "weight": 3, "odds": "75%"},
    ],
}


def member(*, days: int = 0, locale: str = "en", is_member: bool = True, **changed: object) -> Member:
    program = PROGRAM.model_copy(update={"wheel": Wheel.model_validate({**WRITTEN, **changed})})

    def at_home(turn: Turn) -> None:
        turn.shop = replace(turn.shop, secrets=(b"secret",))
        turn.now = NOW + timedelta(days=days)

    return Member(Scene(program=program, locale=locale, is_member=is_member), prepare=at_home)


def shown(someone: Member, channel: str = "sms") -> dict[str, JsonValue]:
    return dict(someone.does(lambda turn: wheel.shown(turn, channel)))


def spin(someone: Member, channel: str = "sms") -> dict[str, JsonValue]:
    return dict(someone.does(lambda turn: wheel.spin(turn, {"channel": channel})))


def refused(someone: Member, channel: str = "sms") -> str:
    with pytest.raises(TellMember) as caught:
        spin(someone, channel)
    assert caught.value.facts["says"]
    return caught.value.code


def test_odds_rules_and_what_is_left_are_read_before() -> None:
    told = shown(member())
    assert told["enabled"] is True
    prizes = told["prizes"]
    assert isinstance(prizes, list)
    assert prizes[0] == {"id": "big", "title": "Five dollars", "odds": "1/4", "percent": "25%"}
    assert (told["spins_left"], told["rules"], told["sponsor"], told["until"], told["last"]) == (
        2,
        "Rules: shop.example/rules",
        "Corner Leaf",
        "2026-12-31",
        None,
    )
    assert told["says"] == "You may spin 2 more today, for free."


def test_a_spin_says_what_it_gave_and_proves_itself_when_the_day_is_over() -> None:
    someone = member()
    result = spin(someone)
    prize, proof = result["prize"], result["proof"]
    assert isinstance(prize, dict)
    assert isinstance(proof, dict)
    assert prize["id"] == proof["given"]
    assert result["spins_left"] == 1
    assert proof["seed"] is None
    prepared = someone.prepare

    def tomorrow(turn: Turn) -> None:
        prepared(turn)
        turn.now = NOW + timedelta(days=1)

    someone.prepare = tomorrow
    last = shown(someone)["last"]
    assert isinstance(last, dict)
    assert last["says"] == "With the seed, anyone can check this draw."
    assert roll_of(bytes.fromhex(str(last["seed"])), str(last["ticket"]), 4) == last["roll"]


def test_what_is_won_is_said_with_its_end() -> None:
    for days in range(30):
        someone = member(days=days, expiry={"after": "30d"})
        result = spin(someone)
        if result["prize"]["id"] == "big":  # type: ignore[call-overload,index]  # an object
            assert str(result["says"]).startswith("You won Five dollars, good through ")
            assert result["available"] == {"minor": 500, "text": "$5.00"}
            return
        assert result["says"] == "The wheel says: nothing this time."
    pytest.fail("a quarter of all days win")


def test_no_more_than_the_caps() -> None:
    someone = member()
    spin(someone)
    spin(someone)
    assert refused(someone) == "spun_today"
    told = shown(someone)
    assert (told["spins_left"], told["says"]) == (0, "You have had your spin today.")


def test_where_it_is_not_played_nothing_of_it_is_shown() -> None:
    for someone, channel in (
        (member(), "wechat"),
        (member(enabled=False), "sms"),
        (member(is_member=False), "sms"),
    ):
        told = shown(someone, channel)
        assert (told["enabled"], told["prizes"], told["rules"]) == (False, [], "")
    assert refused(member(), "wechat") == "not_here"
    assert refused(member(is_member=False)) == "not_a_member"
    assert shown(member(in_wechat=True), "wechat")["enabled"] is True


def test_in_chinese() -> None:
    told = shown(member(locale="zh_Hans"))
    assert (told["says"], told["rules"]) == ("今天还可免费转2次。", "规则见门店")
