"""OFFERS lists what can be used now, what ends first coming first."""

from dataclasses import replace
from datetime import timedelta

from bot.core.loyalty.offers import Offer, OfferRule
from handlers.offers import offers
from tests.handlers.scene import NOW, Scene

DAY = timedelta(days=1)


def given(title: str, **written: object) -> Offer:
    rule = OfferRule.model_validate({"title": {"en": title}, "percent": "20%", **written})
    starts_at, ends_at = rule.lasts(NOW, "America/New_York")
    return Offer(title, "rule", title.upper(), rule.terms, NOW, starts_at, ends_at)


def titles(*found: Offer) -> dict[str, list[object]]:
    result = offers(Scene(past={"offers": found}).turn())
    assert result is not None
    listed: dict[str, list[object]] = {}
    for name, some in result.items():
        assert isinstance(some, list)
        listed[name] = [one["title"] for one in some if isinstance(one, dict)]
    return listed


def test_what_can_be_used_is_listed_and_nothing_else() -> None:
    good = given("good", valid="7d")
    ended = replace(given("ended"), ends_at=NOW)
    held = given("held").held("1", NOW + DAY, NOW)
    used = given("used").held("1", NOW + DAY, NOW).spent("1", NOW)
    coming = given("coming", **{"from": "2026-12-01"})
    assert titles(ended, held, good, used, coming) == {
        "offers": ["good"],
        "held": ["held"],
        "coming": ["coming"],
    }


def test_what_ends_first_comes_first_and_what_never_ends_last() -> None:
    found = (given("ever"), given("late", valid="7d"), given("soon", valid="36h"))
    assert titles(*found)["offers"] == ["soon", "late", "ever"]


def test_until_when_is_said_as_a_day_or_to_the_minute() -> None:
    result = offers(Scene(past={"offers": (given("a", valid="36h"), given("b", valid="2d"))}).turn())
    assert result is not None
    assert isinstance(result["offers"], list)
    ends = [
        (one["ends_on"], one["to_the_minute"], one["ends_at"])
        for one in result["offers"]
        if isinstance(one, dict)
    ]
    assert ends == [
        ("2026-11-26", True, "2026-11-26T08:00:00+00:00"),
        ("2026-11-26", False, "2026-11-27T04:59:59.999999+00:00"),
    ]
