"""What belongs together is told from what only seems to: one member's habit, big baskets, sizes, the past."""

import random
from collections.abc import Collection, Iterator, Sequence

from bot.core.contact import Product
from bot.insights.pairs import Baskets, Doubt, Pair, doubted, is_variant, pairs_of

PRODUCTS = {
    sku: Product(sku, name, category, 400)
    for sku, name, category in (
        ("FLT", "Flat White", "coffee"),
        ("CRO", "Butter Croissant", "bakery"),
        ("SEN", "Sencha", "tea"),
        ("HB2", "House Beans 250 g", "beans"),
        ("HB1", "House Beans 1 kg", "beans"),
        ("OX2", "Oaxaca Beans 250 g", "beans"),
    )
}
OTHERS = [f"X{number}" for number in range(30)]
Member = Sequence[tuple[Collection[str], bool]]


def counted(*members: Member) -> Baskets:
    baskets = Baskets({*PRODUCTS, *OTHERS})
    for member in members:
        baskets.add(member)
    return baskets


def shop(chance: random.Random, members: int = 600) -> Iterator[Member]:
    """A flat white makes a croissant likely; sencha makes nothing likely."""
    for number in range(members):
        drink = chance.choice(("FLT", "SEN", *OTHERS[:4]))
        food = ["CRO"] if chance.random() < (0.6 if drink == "FLT" else 0.2) else []
        yield [({drink, *food, OTHERS[10 + number % 20]}, number % 3 == 0)]


def suggested(baskets: Baskets, **more: Collection[frozenset[str]]) -> tuple[list[Pair], list[Doubt]]:
    return doubted(pairs_of(baskets), PRODUCTS, **more)


def why(doubts: list[Doubt], *skus: str) -> str | None:
    return next((doubt.why for doubt in doubts if {doubt.pair.one, doubt.pair.other} == {*skus}), None)


def test_what_is_bought_together_oftener_than_by_accident_is_suggested() -> None:
    pairs, doubts = suggested(counted(*shop(random.Random(3))))
    assert [{pair.one, pair.other} for pair in pairs] == [{"FLT", "CRO"}]
    (pair,) = pairs
    assert pair.together >= 20
    assert 1 < pair.lift_low < pair.lift
    assert pair.support == pair.together / 600
    assert pair.with_one == pair.together / pair.of_one
    assert pair.false_rate < 0.001
    assert why(doubts, "SEN", "CRO") == "may be chance"


def test_seldom_together_is_not_even_tested() -> None:
    few = [[({"FLT", "CRO"}, False)] for _ in range(19)]
    many = [[({"SEN", "OX2"}, False)] for _ in range(20)]
    nothing = [[({OTHERS[0]}, False)] for _ in range(500)]
    pairs = pairs_of(counted(*few, *many, *nothing))
    assert [{pair.one, pair.other} for pair in pairs] == [{"SEN", "OX2"}]


def test_the_habit_of_one_member_is_not_the_shops() -> None:
    regular: Member = [({"SEN", "CRO"}, number % 3 == 0) for number in range(300)]
    baskets = counted(regular, *shop(random.Random(3)))
    assert baskets.count == 602
    pairs, _ = suggested(baskets)
    assert [{pair.one, pair.other} for pair in pairs] == [{"FLT", "CRO"}]


def test_big_baskets_are_no_reason() -> None:
    chance = random.Random(8)
    big: list[Member] = [
        [({"SEN", "OX2", *chance.sample(OTHERS, 28)} - {chance.choice(["SEN", "OX2", "", ""])}, n % 3 == 0)]
        for n in range(60)
    ]
    small: list[Member] = [[({chance.choice([*OTHERS, "FLT"])}, n % 3 == 0)] for n in range(900)]
    baskets = counted(*big, *small)
    pair = next(pair for pair in pairs_of(baskets) if {pair.one, pair.other} == {"OX2", "SEN"})
    assert pair.lift_low > 5  # as if they belonged together
    _, doubts = suggested(baskets)
    assert why(doubts, "SEN", "OX2") == "no oftener than big baskets explain"


def test_what_was_together_only_once_upon_a_time_is_not_suggested() -> None:
    chance = random.Random(5)
    members = [
        [({"SEN", *(["OX2"] if chance.random() < (0.1 if is_late else 0.8) else [OTHERS[0]])}, is_late)]
        for is_late in (False, False, True)
        for _ in range(100)
    ]
    others: list[Member] = [
        [({"FLT", *(["OX2"] if chance.random() < 0.2 else [OTHERS[1]])}, n % 3 == 0)] for n in range(600)
    ]
    _, doubts = suggested(counted(*members, *others))
    assert why(doubts, "SEN", "OX2") == "not lately"


def test_bundles_sizes_and_what_is_gone_are_left_out() -> None:
    members: list[Member] = [[({one, other}, n % 3 == 0)] for n in range(40) for one, other in (
        ("FLT", "CRO"), ("HB2", "HB1"), ("SEN", "X9"),
    )]  # fmt: skip
    nothing: list[Member] = [[({OTHERS[0]}, n % 3 == 0)] for n in range(900)]
    pairs, doubts = suggested(counted(*members, *nothing), bundles=[frozenset({"FLT", "CRO", "SEN"})])
    assert pairs == []
    assert why(doubts, "FLT", "CRO") == "sold as a bundle already"
    assert why(doubts, "HB2", "HB1") == "the same in another size"
    assert why(doubts, "SEN", "X9") == "not sold any more"


def test_variants_differ_in_size_alone() -> None:
    assert is_variant(PRODUCTS["HB1"], PRODUCTS["HB2"])
    assert not is_variant(PRODUCTS["HB2"], PRODUCTS["OX2"])


def test_members_can_be_counted_in_any_order() -> None:
    members = list(shop(random.Random(3)))
    assert pairs_of(counted(*members)) == pairs_of(counted(*reversed(members)))
