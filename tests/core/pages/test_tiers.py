"""Levels on the page: the milestone that is near, how much of the way is done, what each is good for."""

from typing import Any

from bot.core.contact import JsonValue
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Tiers
from bot.core.pages import tiers
from bot.core.turn import NeedsMore
from tests.handlers.scene import NOW, PROGRAM, Scene

LEVELS = [
    {"id": "silver", "name": {"en": "Silver", "zh": "银卡"}, "spend": "100.00", "multiplier": 1.25},
    {
        "id": "gold",
        "name": {"en": "Gold", "es": "Oro", "zh": "金卡"},
        "spend": "200.00",
        "multiplier": 2,
        "early_access": "24h",
        "gift": "5.00",
    },
]
TIERS = Tiers.model_validate({"per": "year", "levels": LEVELS})
BY_ORDERS = Tiers.model_validate({"per": "year", "levels": [{"id": "gold", "name": "Gold", "orders": 3}]})


def shown(
    total: int, *, tier: str = "", rules: Tiers | None = TIERS, locale: str = "en", is_member: bool = True
) -> Any:  # noqa: ANN401  # as JSON is read
    """What the page shows to whom bought so much this year."""
    facts: dict[str, JsonValue] = {"from": "2026-01-01", "until": "2026-12-31", "zone": "America/New_York"}
    past: dict[str, object] = {"standing/tier": Standing("tier", tier, NOW, facts=facts) if tier else None}
    program = PROGRAM.model_copy(update={"tiers": rules})
    while True:
        scene = Scene(program=program, past=past, locale=locale, is_member=is_member)
        try:
            return tiers.shown(scene.turn())
        except NeedsMore as needs:
            asked = [one.split("-") for one in needs.name.rpartition(":")[2].split(",")]
            past[needs.name] = tuple(total if since < until else 0 for since, until in asked)


def test_the_next_milestone_is_in_sight() -> None:
    told = shown(4_200)
    assert told["tier"] is None
    assert told["progress"] == {
        "share": 0.42,
        "missing": {"minor": 5_800, "text": "$58.00"},
        "says": "$58.00 to Silver",
    }
    assert told["says"] == "You have no level yet."
    silver, gold = told["levels"]
    assert (silver["reached"], silver["says"], silver["perks"]) == (
        False,
        "$58.00 to Silver",
        ["1.25 times the credit of every order"],
    )
    assert gold["perks"] == [
        "2 times the credit of every order",
        "Members-only drops open 24 hours early",
        "$5.00 when you first reach it",
    ]


def test_who_has_bought_enough_is_there_before_any_job_looked() -> None:
    told = shown(20_000)
    assert told["tier"] == {"id": "gold", "name": "Gold", "until": "2027-12-31"}
    assert told["progress"] == {"share": 1.0, "missing": None, "says": "You have reached the highest level."}
    assert [one["reached"] for one in told["levels"]] == [True, True]


def test_what_is_missing_to_keep_it_is_told_with_its_day() -> None:
    told = shown(15_000, tier="gold")
    assert told["keep"] == {"missing": {"minor": 5_000, "text": "$50.00"}, "by": "2026-12-31"}
    assert told["says"] == "You have Gold. $50.00 more by December 31, 2026 and you keep it."


def test_nothing_is_full_before_it_is() -> None:
    assert shown(9_999)["progress"]["share"] == 0.999


def test_levels_that_count_orders_are_told_in_orders() -> None:
    told = shown(2, rules=BY_ORDERS)
    assert told["progress"] == {"share": 0.666, "missing": None, "says": "1 more order to Gold"}
    assert shown(1, rules=BY_ORDERS)["progress"]["says"] == "2 more orders to Gold"


def test_a_stranger_sees_how_far_it_is_and_a_shop_without_levels_says_so() -> None:
    assert shown(0, is_member=False)["progress"]["says"] == "$100.00 to Silver"
    none = shown(0, rules=None)
    assert (none["levels"], none["says"]) == ([], "All our members have the same benefits.")


def test_in_chinese_and_spanish() -> None:
    assert shown(14_200, locale="zh_Hans")["progress"]["says"] == "还差US$58.00升级金卡"
    assert shown(14_200, locale="es")["progress"]["says"] == "58,00 US$ para Oro"
