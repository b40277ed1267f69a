"""What there is to be earned, as the contact is told."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.loyalty.program import Program
from handlers.earn import earn
from tests.handlers.scene import PROGRAM, Scene

RULES = [
    {"id": "tea", "name": {"en": "Tea", "es": "Té"}, "category": "tea", "multiplier": "5/2"},
    {"id": "review", "name": "Review", "event": "Product Reviewed", "credit": 1, "until": "2026-12-01"},
    {"id": "quiet", "rate": "1%"},
    {"id": "cake", "name": "Cake", "rate": "2.5%", "category": "bakery"},
    {"id": "over", "name": "Over", "rate": "1%", "until": "2026-11-01"},
]


def asked(locale: str = "en", **earning: object) -> Mapping[str, JsonValue]:
    written = PROGRAM.model_dump(by_alias=True, include={"name", "currency"}) | {
        "point_value": "0.01",
        "earning": earning,
    }
    return earn(Scene(program=Program.model_validate(written), locale=locale).turn()) or {}


def test_it_tells_the_rate_and_the_rules_that_have_a_name() -> None:
    found = asked("es", rate="5%", pending="14d", rules=RULES)
    assert (found["rate"], found["days"]) == (5, 14)
    assert found["rules"] == [
        {"name": "Té", "percent": 0, "times": 2.5, "credit": 0, "until": None},
        {"name": "Review", "percent": 0, "times": 0, "credit": 100, "until": "2026-12-01"},
        {"name": "Cake", "percent": 2.5, "times": 0, "credit": 0, "until": None},
    ]


def test_a_program_may_have_no_rate() -> None:
    assert asked(rules=[{"id": "tea", "rate": "1%"}]) == {"rate": 0, "days": 0, "rules": []}
