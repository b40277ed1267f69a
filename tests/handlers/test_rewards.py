"""Rewards are listed by what the credit covers."""

from handlers.rewards import rewards
from tests.handlers.scene import PROGRAM, Scene


def test_what_the_credit_covers_and_what_comes_next() -> None:
    assert rewards(Scene(credit_minor=700, locale="es_MX").turn()) == {
        "affordable": [
            {"id": "cookie", "name": "Cookie", "cost": 300},
            {"id": "latte", "name": "Un latte", "cost": 600},
        ],
        "next": {"id": "beans", "name": "Bag of beans", "cost": 1500, "missing": 800},
        "count": 3,
    }


def test_without_credit_the_cheapest_comes_next() -> None:
    result = rewards(Scene().turn())
    assert result is not None
    assert result["affordable"] == []
    assert result["next"] == {"id": "cookie", "name": "Cookie", "cost": 300, "missing": 300}


def test_with_plenty_nothing_comes_next() -> None:
    result = rewards(Scene(credit_minor=10_000).turn())
    assert result is not None
    assert result["next"] is None


def test_a_program_may_have_no_rewards() -> None:
    program = PROGRAM.model_copy(update={"rewards": ()})
    assert rewards(Scene(credit_minor=700, program=program).turn()) == {
        "affordable": [],
        "next": None,
        "count": 0,
    }
