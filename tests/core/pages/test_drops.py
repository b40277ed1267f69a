"""Drops on the page: when, to whom earlier, how many are left, and what is kept for the shopper."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.contact import JsonValue, Product
from bot.core.errors import TellMember
from bot.core.loyalty.drops import Drop
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Tiers
from bot.core.pages import drops
from bot.core.turn import Turn
from tests.handlers.scene import NOW, PRODUCTS, PROGRAM, Scene
from tests.handlers.taking import Member

ID = "roast.2026-11-27"
FRIDAY = timedelta(days=2, hours=19)  # Friday, ten in the morning in New York
ROAST = Product("ROAST", "Friday roast", "beans", 1600)
TIERS = Tiers.model_validate(
    {
        "per": "year",
        "levels": [
            {"id": "silver", "name": {"en": "Silver", "zh": "银卡"}, "spend": "5.00"},
            {"id": "gold", "name": {"en": "Gold", "zh": "金卡"}, "spend": "9.00", "early_access": "24h"},
        ],
    }
)


def member(
    *,
    later: timedelta = FRIDAY,
    credit_minor: int = 0,
    locale: str = "en",
    is_member: bool = True,
    tier: str = "",
    whom: dict[str, object] | None = None,
    **changed: Any,  # noqa: ANN401  # as it is written in YAML
) -> Member:
    written = {
        "id": "roast",
        "name": {"en": "Friday roast", "es": "Tueste del viernes", "zh": "周五烘焙"},
        "sku": "ROAST",
        "units": 100,
        "every": "fri 10:00",
        "per_member": 2,
        "for": whom or {},
        **changed,
    }
    program = PROGRAM.model_copy(update={"drops": (Drop.model_validate(written),), "tiers": TIERS})
    scene = Scene(
        credit_minor=credit_minor,
        program=program,
        products={**PRODUCTS, "ROAST": ROAST},
        locale=locale,
        is_member=is_member,
    )
    someone = Member(scene)
    if tier:
        someone.kept["standing", "tier"] = Standing("tier", tier, NOW)
    at(someone, later)
    return someone


def at(someone: Member, later: timedelta) -> None:
    def then(turn: Turn) -> None:
        turn.now = NOW + later

    someone.prepare = then


def told(someone: Member) -> Any:  # noqa: ANN401  # as JSON is read
    found = someone.does(drops.shown)["drops"]
    assert isinstance(found, list)
    (one,) = found
    return one


def take(someone: Member, **body: JsonValue) -> Any:  # noqa: ANN401  # as JSON is read
    return someone.does(lambda turn: drops.take(turn, {"drop": ID, **body}))


def refused(someone: Member, **body: JsonValue) -> tuple[str, str]:
    with pytest.raises(TellMember) as caught:
        take(someone, **body)
    return caught.value.code, str(caught.value.facts["says"])


def test_before_it_opens_the_day_and_who_comes_earlier() -> None:
    one = told(member(later=timedelta(0)))
    assert (one["id"], one["title"], one["left"], one["yours"]) == (ID, "Friday roast", 100, 2)
    assert (one["is_on"], one["can"], one["early"], one["mine"]) == (False, False, False, None)
    assert one["opens_at"] == "2026-11-27T15:00:00Z"
    assert one["price"] == {"minor": 1600, "text": "$16.00"}
    assert one["windows"] == [
        {
            "tier": "gold",
            "title": "Gold",
            "opens_at": "2026-11-26T15:00:00Z",
            "at": "on Thursday at 10:00 AM",
        }
    ]
    assert one["says"] == "Opens on Friday at 10:00 AM. Earlier: Gold on Thursday at 10:00 AM."


def test_a_stranger_is_told_when_it_opens_and_that_it_is_for_members() -> None:
    before = told(member(later=timedelta(0), is_member=False))
    members = "This is for members. Joining is free and takes one tap."
    assert before["says"] == f"Opens on Friday at 10:00 AM. {members}"
    assert told(member(is_member=False))["says"] == members
    in_chinese = told(member(later=timedelta(0), is_member=False, locale="zh"))["says"]
    assert in_chinese == "星期五10:00开抢。这是会员专享，入会免费，一点即可。"


def test_a_level_is_let_in_early_and_the_others_are_not() -> None:
    before = FRIDAY - timedelta(hours=1)
    one = told(member(later=before, tier="gold"))
    assert (one["is_on"], one["can"], one["early"]) == (True, True, True)
    assert one["says"] == "Open for you already, for everybody today at 10:00 AM. 100 left."
    assert told(member(later=before, tier="silver"))["can"] is False
    assert told(member(tier="gold"))["early"] is False, "now it is open to everybody"
    code, says = refused(member(later=before, tier="silver"))
    assert (code, says) == ("not_open", "It opens today at 10:00 AM.")


def test_one_tap_reserves_it_until_an_instant() -> None:
    someone = member(credit_minor=600)
    result = take(someone, to_pay_at_most_minor=1000)
    mine = result["drop"]["mine"]
    assert (mine["state"], mine["until"], mine["to_pay"]) == (
        "reserved",
        "2026-11-27T15:15:00Z",
        {"minor": 1000, "text": "$10.00"},
    )
    number = mine["number"]
    assert result["says"] == (f"Reserved for you until 10:15 AM: $10.00 to pay. Your number is {number}.")
    assert (result["drop"]["left"], result["drop"]["yours"]) == (99, 1)
    assert told(someone)["mine"] == mine


def test_what_credit_pays_wholly_is_theirs_at_once() -> None:
    someone = member(credit_minor=2000)
    result = take(someone)
    assert (result["drop"]["mine"]["state"], result["drop"]["mine"]["until"]) == ("taken", None)
    assert "all paid with your credit" in result["says"]
    assert result["available"] == {"minor": 400, "text": "$4.00"}


def test_what_is_given_up_is_free_for_others() -> None:
    someone = member()
    take(someone)
    result: Any = someone.does(lambda turn: drops.give_up(turn, {"drop": ID}))
    assert (result["drop"]["left"], result["drop"]["mine"]) == (100, None)
    assert result["says"] == "All right, it goes back. Nothing was taken from you."
    with pytest.raises(TellMember, match="not_reserved"):
        someone.does(lambda turn: drops.give_up(turn, {"drop": ID}))


def test_what_is_reserved_stays_in_sight_when_the_drop_has_closed() -> None:
    someone = member(later=FRIDAY + timedelta(hours=23, minutes=55))
    take(someone)
    at(someone, FRIDAY + timedelta(days=1, minutes=5))
    found: Any = someone.does(drops.shown)["drops"]
    assert [(one["id"], one["is_on"], one["mine"] is not None) for one in found] == [
        ("roast.2026-12-04", False, False),
        (ID, False, True),
    ]
    at(someone, FRIDAY + timedelta(days=1, minutes=11))
    assert told(someone)["id"] == "roast.2026-12-04"


@pytest.mark.parametrize(
    ("changed", "body", "code"),
    [
        ({}, {"quantity": 3}, "had_yours"),
        ({}, {"to_pay_at_most_minor": 1599}, "price_changed"),
        ({}, {"drop": "roast.2026-11-20"}, "drop_over"),
        ({"later": FRIDAY + timedelta(days=1)}, {}, "drop_over"),
        ({"whom": {"tier": ["gold"]}}, {}, "drop_over"),
        ({"is_member": False}, {}, "not_a_member"),
    ],
)
def test_a_refusal_says_why_and_takes_nothing(
    changed: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    someone = member(**changed)
    assert refused(someone, **body)[0] == code
    assert someone.units.get("drop/roast/2026-11-27") is None


def test_when_it_is_gone_it_says_so() -> None:
    someone = member()
    someone.units["drop/roast/2026-11-27"] = 0
    one = told(someone)
    assert (one["left"], one["can"]) == (0, False)
    assert one["says"].startswith("Gone for this time.")
    assert refused(someone)[0] == "sold_out"


def test_who_may_not_have_it_sees_who_may() -> None:
    assert told(member(whom={"tier": ["gold"]}))["says"] == "For Gold members."
    stranger = told(member(is_member=False))
    assert (stranger["can"], stranger["says"]) == (
        False,
        "This is for members. Joining is free and takes one tap.",
    )
    assert member(whom={"tag": ["vip"]}).does(drops.shown)["drops"] == []


def test_in_chinese() -> None:
    someone = member(later=timedelta(0), locale="zh_Hans")
    one = told(someone)
    assert one["title"] == "周五烘焙"
    assert one["says"] == "星期五10:00开抢。提前开抢：金卡 星期四10:00。"
