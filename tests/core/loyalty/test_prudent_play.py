"""What is unwise about play and rewards is said with a place and a remedy, and nothing of what is wise."""

from datetime import date
from pathlib import Path

import pytest

from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.loyalty.program import Program
from bot.core.loyalty.prudent_play import unwise_play

TODAY = date(2026, 11, 24)
GOLD = {"per": "year", "levels": [{"id": "gold", "name": "Gold", "spend": 100}]}
WHEEL = {
    "enabled": True,
    "rules": "https://shop.example/rules",
    "sponsor": "Leaf",
    "entry": "free",
    "until": "2026-12-31",
    "spins": {"most_per_day": 1},
    "when_gone": "nothing",
    "prizes": [
        {"id": "five", "name": "5", "weight": 1, "odds": "1/2", "credit": 5, "stock": 9},
        {"id": "nothing", "name": "0", "weight": 1, "odds": "1/2"},
    ],
}


def found(**sections: object) -> list[tuple[tuple[str | int, ...], str]]:
    written = {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
    }
    program = Program.model_validate(written | {"tiers": GOLD} | sections)
    return [(one.path, one.problem) for one in unwise_play(program, TODAY)]


def test_what_we_ship_is_wise() -> None:
    shipped = Path(__file__).parents[3] / "flows/program.yaml"
    assert not list(unwise_play(read_program(read(shipped.read_text(), "flows/program.yaml")), TODAY))


@pytest.mark.parametrize(
    ("section", "written", "path", "problem"),
    [
        (
            "rewards",
            [{"id": "a", "name": "A", "cost": 1, "until": "2026-11-23"}],
            ("rewards", 0),
            "reward 'a' ended on 2026-11-23",
        ),
        (
            "rewards",
            [{"id": "a", "name": "A", "cost": 1, "for": {"tier": "golden"}}],
            ("rewards", 0),
            "no tier is called 'golden'",
        ),
        (
            "drops",
            [{"id": "a", "name": "A", "sku": "A", "units": 9, "at": "2026-11-22 10:00"}],
            ("drops", 0),
            "drop 'a' ended on 2026-11-23",
        ),
        (
            "drops",
            [
                {
                    "id": "a",
                    "name": "A",
                    "sku": "A",
                    "units": 9,
                    "every": "fri 10:00",
                    "early": {"silver": "1h"},
                }
            ],
            ("drops", 0),
            "no tier is called 'silver'",
        ),
        (
            "bundles",
            [{"id": "a", "name": "A", "items": ["A", "B"], "less": 1, "until": "2026-11-01"}],
            ("bundles", 0),
            "bundle 'a' ended on 2026-11-01",
        ),
        ("checkin", {"rewards": [1]}, ("checkin",), "nothing bounds what check-ins may cost"),
        ("wheel", WHEEL | {"until": "2026-11-23"}, ("wheel",), "the wheel ended on 2026-11-23"),
        (
            "wheel",
            WHEEL | {"prizes": [{**WHEEL["prizes"][0], "stock": None}, WHEEL["prizes"][1]]},  # type: ignore[index]  # above
            ("wheel",),
            "nothing bounds how often prize 'five' is given",
        ),
    ],
)
def test_what_is_unwise_is_found(
    section: str, written: object, path: tuple[str | int, ...], problem: str
) -> None:
    assert found(**{section: written}) == [(path, problem)]


@pytest.mark.parametrize(
    ("section", "written"),
    [
        ("rewards", [{"id": "a", "name": "A", "cost": 1, "until": "2026-11-24", "for": {"tier": "gold"}}]),
        ("drops", [{"id": "a", "name": "A", "sku": "A", "units": 9, "at": "2026-11-24 10:00"}]),
        ("checkin", {"rewards": [1], "most_per_day": 9}),
        ("wheel", WHEEL),
        ("wheel", WHEEL | {"enabled": False, "until": "2026-11-01"}),
    ],
)
def test_what_is_wise_is_left_alone(section: str, written: object) -> None:
    assert found(**{section: written}) == []
