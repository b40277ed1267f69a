"""Rewards are listed by what the credit covers, to whom they are for, while there are any."""

from bot.core.loyalty.catalogue import Reward
from handlers.rewards import rewards
from tests.handlers.scene import PROGRAM, Scene
from tests.handlers.taking import Member


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


def test_only_what_can_be_had_is_offered() -> None:
    written: list[dict[str, object]] = [
        {"id": "gone", "stock": 3},
        {"id": "last", "stock": 3},
        {"id": "new", "stock": 3},
        {"id": "later", "from": "2026-12-01"},
        {"id": "spanish", "for": {"language": ["es"]}},
    ]
    made = tuple(Reward.model_validate({"name": one["id"], "cost": "1.00", **one}) for one in written)
    program = PROGRAM.model_copy(update={"rewards": made})
    someone = Member(
        Scene(credit_minor=100, program=program), {"stock/reward/gone": 0, "stock/reward/last": 1}
    )
    result = someone.does(rewards)
    assert isinstance(result["affordable"], list)
    assert [one["id"] for one in result["affordable"] if isinstance(one, dict)] == ["last", "new"]
    assert result["count"] == 2
    assert someone.units == {"stock/reward/gone": 0, "stock/reward/last": 1}, "looking takes nothing"
