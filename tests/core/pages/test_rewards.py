"""Rewards on the page: what can be had, why not, and where what was claimed is."""

from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.loyalty.catalogue import Reward
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Tiers
from bot.core.pages import rewards
from bot.core.turn import Turn
from tests.handlers.scene import NOW, PROGRAM, Scene
from tests.handlers.taking import Member

TIERS = Tiers.model_validate(
    {
        "per": "year",
        "levels": [
            {"id": "silver", "name": {"en": "Silver", "zh": "银卡"}, "spend": "5.00"},
            {"id": "gold", "name": {"en": "Gold", "zh": "金卡"}, "spend": "9.00"},
        ],
    }
)
WRITTEN: list[dict[str, object]] = [
    {"id": "latte", "name": {"en": "Any latte", "es": "Un latte", "zh": "拿铁一杯"}, "cost": "6.00"},
    {"id": "mug", "name": "Mug", "cost": "4.00", "stock": 1, "ready_within": "3d"},
    {"id": "pin", "name": "Pin", "cost": "1.00", "most": 1, "for": {"tier": ["silver", "gold"]}},
    {"id": "vip", "name": "For one person", "cost": "1.00", "for": {"tag": ["vip"]}},
    {"id": "old", "name": "Of last year", "cost": "1.00", "until": "2025-12-31"},
    {"id": "film", "name": "Film", "cost": "2.00", "kind": "content", "url": "https://shop.example/film"},
    {"id": "off", "name": "A dollar off", "cost": "2.00", "kind": "discount", "amount": "1.00"},
]
ALL = tuple(Reward.model_validate(one) for one in WRITTEN)


def member(*, credit_minor: int = 500, locale: str = "en", is_member: bool = True) -> Member:
    program = PROGRAM.model_copy(update={"rewards": ALL, "tiers": TIERS})
    return Member(Scene(credit_minor=credit_minor, program=program, locale=locale, is_member=is_member))


def told(someone: Member, kind: str = "rewards") -> dict[str, dict[str, JsonValue]]:
    found = someone.does(rewards.shown)[kind]
    assert isinstance(found, list)
    name = "id" if kind == "rewards" else "reward"
    return {str(one[name]): one for one in found if isinstance(one, dict)}


def claim(someone: Member, reward: str) -> dict[str, JsonValue]:
    return dict(someone.does(lambda turn: rewards.claim(turn, {"reward": reward})))


def refused(someone: Member, reward: str) -> TellMember:
    with pytest.raises(TellMember) as caught:
        claim(someone, reward)
    return caught.value


def test_cheapest_first_with_why_not_and_what_is_missing() -> None:
    found = told(member())
    assert list(found) == ["pin", "film", "off", "mug", "latte"]
    assert found["mug"]["can"] is True
    assert (found["mug"]["why_not"], found["mug"]["left"], found["mug"]["ready_on"]) == (
        None,
        1,
        "2026-11-27",
    )
    assert found["mug"]["cost"] == {"minor": 400, "text": "$4.00"}
    assert (found["latte"]["can"], found["latte"]["left"]) == (False, None)
    assert found["latte"]["missing"] == {"minor": 100, "text": "$1.00"}
    assert found["latte"]["why_not"] == "Your credit is not enough: $1.00 to go."


def test_what_a_level_would_open_is_shown_and_what_is_for_others_is_not() -> None:
    someone = member()
    assert told(someone)["pin"]["why_not"] == "For Silver and Gold members."
    someone.kept["standing", "tier"] = Standing("tier", "gold", NOW)
    assert told(someone)["pin"]["can"] is True


def test_a_stranger_sees_them_and_how_to_get_them() -> None:
    stranger = member(is_member=False, credit_minor=0)
    assert {one["why_not"] for one in told(stranger).values()} == {
        "This is for members. Joining is free and takes one tap."
    }
    assert told(stranger, "claims") == {}
    assert refused(stranger, "mug").code == "not_a_member"


def test_one_tap_claims_and_says_code_and_promise() -> None:
    someone = member()
    result = claim(someone, "mug")
    claimed = result["claim"]
    assert isinstance(claimed, dict)
    assert (claimed["state"], claimed["promised_on"]) == ("claimed", "2026-11-27")
    code = claimed["code"]
    assert result["says"] == f"It is yours: Mug. Ready on Friday. Show the code {code}."
    assert result["available"] == {"minor": 100, "text": "$1.00"}
    assert someone.units == {"stock/reward/mug": 0}
    assert told(someone, "claims")["mug"]["says"] == f"Ready on Friday. Show the code {code}."


@pytest.mark.parametrize(
    ("credit_minor", "reward", "code", "says"),
    [
        (300, "mug", "not_enough_credit", "Your credit is not enough: $1.00 to go."),
        (500, "vip", "not_for_you", "This is not for you this time."),
        (500, "old", "reward_gone", "This reward is not there any more."),
        (500, "no such", "reward_gone", "This reward is not there any more."),
        (500, "Mug", "reward_gone", "This reward is not there any more."),  # names are for texts
    ],
)
def test_a_refusal_says_why_in_words(credit_minor: int, reward: str, code: str, says: str) -> None:
    problem = refused(member(credit_minor=credit_minor), reward)
    assert (problem.code, problem.facts["says"]) == (code, says)


def test_the_last_one_and_the_own_share() -> None:
    someone = member()
    someone.units["stock/reward/mug"] = 0
    assert told(someone)["mug"]["left"] == 0
    assert told(someone)["mug"]["why_not"] == "The last one has just gone. Nothing was taken from you."
    assert refused(someone, "mug").code == "sold_out"
    someone.kept["standing", "tier"] = Standing("tier", "gold", NOW)
    claim(someone, "pin")
    assert told(someone)["pin"]["why_not"] == "You have had this as often as one may."
    assert refused(someone, "pin").code == "had_it"


def test_what_opens_by_a_link_and_what_comes_off_by_itself() -> None:
    someone = member()
    claim(someone, "off")
    claim(someone, "film")
    found = told(someone, "claims")
    code = found["off"]["code"]
    assert found["off"]["says"] == f"It comes off your next order by itself. At the till: {code}."
    assert (found["film"]["state"], found["film"]["code"]) == ("delivered", None)
    assert found["film"]["says"] == "Open it until Dec 1."

    def weeks_later(turn: Turn) -> None:
        turn.now = NOW + timedelta(days=14)

    someone.prepare = weeks_later
    assert told(someone, "claims")["film"]["says"] == "It could be opened until Dec 1."


def test_in_chinese_all_of_it_is_chinese() -> None:
    someone = member(locale="zh_Hans")
    found = told(someone)
    assert found["latte"]["title"] == "拿铁一杯"
    assert found["latte"]["why_not"] == "余额不足，还差US$1.00。"
    assert found["pin"]["why_not"] == "银卡和金卡会员专享。"
    assert str(claim(someone, "mug")["says"]).startswith("兑换成功：Mug。星期五备好，请出示兑换码")
