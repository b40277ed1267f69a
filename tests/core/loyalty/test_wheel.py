"""The wheel draws as its weights say, the same for the same ticket, and everybody can check it afterwards."""

import hashlib
import hmac
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.loyalty.wheel import Seeds, Spin, Wheel, drawn, roll_of, seal_of, spun, ticket_of, wrong_with

DAY = date(2026, 11, 24)
CONTACT = "0197" + "0" * 26 + "05"
SEEDS = Seeds((b"a secret of the server",))
LAWFUL: dict[str, object] = {
    "enabled": True,
    "rules": "https://cornerleaf.example/wheel-rules",
    "sponsor": "Corner Leaf, 1 Main St, hello@cornerleaf.example",
    "entry": "free",
    "spins": {"most_per_day": 1},
    "until": "2026-12-31",
    "when_gone": "nothing",
    "prizes": [
        {"id": "big", "name": "$20", "weight": 1, "odds": "1%", "credit": "20.00", "stock": 5},
        {"id": "small", "name": "50 cents", "weight": 29, "odds": "29/100", "credit": "0.50"},
        {"id": "nothing", "name": "Better luck tomorrow", "weight": 70, "odds": "70%"},
    ],
}


def a_wheel(**changed: object) -> Wheel:
    written = {**LAWFUL, **changed}
    return Wheel.model_validate({name: value for name, value in written.items() if value is not None})


def a_spin(number: int = 1) -> Spin:
    wheel = a_wheel()
    prize, roll = spun(wheel, SEEDS.of(DAY), CONTACT, DAY, number)
    return Spin(
        id="f" * 30 + "05",
        day=DAY,
        number=number,
        at=datetime(2026, 11, 24, 20, tzinfo=UTC),
        ticket=ticket_of(CONTACT, DAY, number),
        seal=seal_of(SEEDS.of(DAY)),
        roll=roll,
        weights=tuple((one.id, one.weight) for one in wheel.prizes),
        drawn=prize.id,
        given=prize.id,
        credit_minor=prize.credit_minor or 0,
        policy="program@1",
    )


def test_it_is_off_unless_switched_on_and_then_asks_for_nothing() -> None:
    assert not Wheel.model_validate({"prizes": LAWFUL["prizes"]}).enabled


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"rules": None}, "write `rules:`"),
        ({"sponsor": None}, "write `sponsor:`"),
        ({"entry": None}, "write `entry: free`"),
        ({"entry": "purchase"}, "free"),
        ({"spins": None}, "most_per_day"),
        ({"until": None}, "write `until:`"),
        ({"when_gone": None}, "write `when_gone:`"),
        ({"when_gone": "medium"}, "name one of the prizes"),
        ({"when_gone": "small"}, "without `stock` and `credit`"),
        ({"when_gone": "big"}, "without `stock` and `credit`"),
        (
            {"prizes": [{"id": "a", "name": "A", "weight": 1}, {"id": "nothing", "name": "B", "weight": 3}]},
            "write odds: 1/4 beside 'a'",
        ),
        (
            {
                "prizes": [
                    {"id": "a", "name": "A", "weight": 1, "odds": "1/3"},
                    {"id": "b", "name": "B", "weight": 3},
                ]
            },
            "write odds: 1/4",
        ),
        (
            {"prizes": [{"id": "a", "name": "A", "weight": 1}, {"id": "a", "name": "B", "weight": 3}]},
            "its own id",
        ),
        (
            {"prizes": [{"id": "a", "name": "A", "weight": 0}, {"id": "b", "name": "B", "weight": 1}]},
            "weight",
        ),
    ],
)
def test_a_wheel_without_what_law_asks_for_is_refused_with_a_remedy(
    changed: dict[str, object], remedy: str
) -> None:
    with pytest.raises(ValidationError, match=remedy):
        a_wheel(**changed)


def test_where_the_law_sets_a_highest_prize_it_is_kept() -> None:
    top = {"id": "big", "name": "x", "weight": 1, "odds": "1/71", "credit": "50000.01"}
    wheel = a_wheel(prizes=[top, {"id": "nothing", "name": "y", "weight": 70, "odds": "70/71"}])
    with pytest.raises(ValueError, match="make it smaller"):
        wheel.lawful_in("CNY")
    wheel.lawful_in("USD")
    a_wheel().lawful_in("CNY")


def test_odds_are_exact_and_so_is_what_it_costs() -> None:
    wheel = a_wheel()
    assert sum(wheel.odds(prize) for prize in wheel.prizes) == 1
    assert wheel.cost_minor(1000) == 1000 * (Fraction(1, 100) * 2000 + Fraction(29, 100) * 50)


def test_the_same_ticket_draws_the_same_and_another_another() -> None:
    wheel, seed = a_wheel(), SEEDS.of(DAY)
    assert spun(wheel, seed, CONTACT, DAY, 1) == spun(wheel, seed, CONTACT, DAY, 1)
    rolls = {roll_of(seed, ticket_of(CONTACT, DAY, number), 10**9) for number in range(100)}
    assert len(rolls) == 100
    assert SEEDS.of(DAY) != SEEDS.of(date(2026, 11, 25))
    assert Seeds((b"another",)).of(DAY) != SEEDS.of(DAY)


def test_the_weights_are_what_is_drawn() -> None:
    """Ten thousand members on one day: each prize within four standard deviations of its odds."""
    wheel, seed, members = a_wheel(), SEEDS.of(DAY), 10_000
    counted = Counter(spun(wheel, seed, f"{number:032x}", DAY, 1)[0].id for number in range(members))
    for prize in wheel.prizes:
        odds = float(wheel.odds(prize))
        deviation = (members * odds * (1 - odds)) ** 0.5
        assert abs(counted[prize.id] - members * odds) < 4 * deviation, prize.id


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_every_roll_falls_on_one_field_as_wide_as_its_weight(weights: list[int]) -> None:
    fallen = Counter(drawn(weights, roll) for roll in range(sum(weights)))
    assert [fallen[position] for position in range(len(weights))] == weights


def test_a_spin_proves_itself_once_the_seed_is_told() -> None:
    spin, seed = a_spin(), SEEDS.of(DAY)
    assert wrong_with(spin, seed) is None
    assert wrong_with(spin, SEEDS.of(date(2026, 11, 25))) == "the seed is not the one that was sealed"
    other = next(name for name, _ in spin.weights if name != spin.drawn)
    for forged, problem in (
        (replace(spin, drawn=other), "does not fall on this prize"),
        (replace(spin, roll=(spin.roll + 1) % 100), "not what the seed draws"),
        (replace(spin, ticket=ticket_of(CONTACT, DAY, 2)), "not what the seed draws"),
        (replace(spin, weights=(*spin.weights[:-1], ("nothing", 71))), "not what the seed draws"),
    ):
        assert problem in (wrong_with(forged, seed) or "")


def test_the_seed_is_told_when_the_day_is_over_and_also_after_secrets_changed() -> None:
    spin, tomorrow = a_spin(), date(2026, 11, 25)
    assert SEEDS.revealed(spin, DAY) is None
    assert SEEDS.revealed(spin, tomorrow) == SEEDS.of(DAY)
    assert Seeds((b"newer", *SEEDS.secrets)).revealed(spin, tomorrow) == SEEDS.of(DAY)
    assert Seeds((b"newer",)).revealed(spin, tomorrow) is None


def test_anyone_can_draw_it_again_without_our_code() -> None:
    """As docs/loyalty/delight.md says it, with nothing but SHA-256."""
    facts = a_spin().facts(SEEDS.of(DAY))
    seed = bytes.fromhex(str(facts["seed"]))
    assert hashlib.sha256(seed).hexdigest() == facts["seal"]
    digest = hmac.new(seed, str(facts["ticket"]).encode(), hashlib.sha256).hexdigest()
    assert int(digest, 16) % int(str(facts["total"])) == facts["roll"]
    assert a_spin().facts(None)["seed"] is None
