"""When members buy again: the law of the next purchase, and what it is drawn towards."""

import math
import random
import statistics
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.core.loyalty.pace import (
    USUAL,
    Law,
    Pace,
    Purchase,
    Sums,
    law_of,
    paces_of,
    sums_of,
)

MONDAY = date(2026, 3, 2)
WEEKLY = Pace(math.log(7), 0.2)


def bought(*gaps: int, quantity: int = 1) -> tuple[Purchase, ...]:
    days = [MONDAY]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return tuple(Purchase(day, quantity) for day in days)


def drawn(law: Law, count: int) -> list[float]:
    chance = random.Random(4)
    return sorted(chance.lognormvariate(law.location, law.spread) for _ in range(count))


def median_error(gaps: Sequence[float], foretold: float) -> float:
    return statistics.median(abs(gap - foretold) for gap in gaps)


class TestTheLaw:
    LAW = Law(math.log(20), 0.9)

    def test_days_are_what_chance_says(self) -> None:
        gaps = drawn(self.LAW, 20_000)
        for probability in (0.1, 0.35, 0.5, 0.9):
            share = sum(gap <= self.LAW.days(probability) for gap in gaps) / len(gaps)
            assert share == pytest.approx(probability, abs=0.01)

    def test_days_passed_without_a_purchase_rule_out_what_is_shorter(self) -> None:
        gaps = [gap for gap in drawn(self.LAW, 40_000) if gap > 30]
        for probability in (0.1, 0.5, 0.9):
            share = sum(gap <= self.LAW.days(probability, elapsed=30) for gap in gaps) / len(gaps)
            assert share == pytest.approx(probability, abs=0.015)

    def test_no_other_day_is_as_often_near(self) -> None:
        for elapsed in (0.0, 12.0):
            gaps = [gap for gap in drawn(self.LAW, 20_000) if gap > elapsed]
            likely = self.LAW.likely_days(elapsed)
            least = min(median_error(gaps, day) for day in range(1, 80))
            assert median_error(gaps, likely) == pytest.approx(least, rel=0.03)
            assert likely < self.LAW.days(0.5, elapsed)  # the law is skew

    def test_it_is_never_over(self) -> None:
        assert self.LAW.days(0.5, elapsed=1e9) >= 1e9
        assert self.LAW.likely_days(elapsed=1e9) >= 1e9


class TestAMember:
    def test_of_whom_nothing_is_known_buys_as_all_do(self) -> None:
        law = law_of(bought(), WEEKLY)
        assert law.days(0.5) == pytest.approx(7)

    def test_who_always_comes_after_thirty_days_is_believed_slowly(self) -> None:
        after = [law_of(bought(*[30] * gaps), WEEKLY).days(0.5) for gaps in range(20)]
        assert after == sorted(after)
        assert after[0] == pytest.approx(7)
        assert 20 < after[19] < 30

    def test_who_is_regular_gets_a_narrower_window(self) -> None:
        regular, not_regular = bought(10, 10, 10, 10), bought(3, 33, 3, 33)
        windows = []
        for purchases in (regular, not_regular):
            law = law_of(purchases, WEEKLY)
            windows.append(law.days(0.9) / law.days(0.1))
        assert windows[0] < windows[1]

    def test_who_bought_more_comes_later(self) -> None:
        history = bought(14, 14)
        more = (*history[:-1], Purchase(history[-1].bought_on, 4))
        twice_twice = law_of(more, USUAL).days(0.5) / law_of(history, USUAL).days(0.5)
        assert twice_twice == pytest.approx(4**USUAL.power)

    def test_recent_gaps_count_for_more(self) -> None:
        slower, faster = bought(5, 5, 5, 20, 20, 20), bought(20, 20, 20, 5, 5, 5)
        assert law_of(slower, WEEKLY).days(0.5) > law_of(faster, WEEKLY).days(0.5)


class TestThePaceOfAll:
    def test_many_orders_say_what_nobody_has_to(self) -> None:
        chance = random.Random(11)
        histories = []
        for _ in range(400):
            own = chance.gauss(math.log(21), 0.4)
            gaps = [max(1, round(math.exp(chance.gauss(own, 0.5)))) for _ in range(6)]
            histories.append(("beans", bought(*gaps)))
        paces = paces_of(sums_of(histories))
        assert math.exp(paces.of("beans").mean) == pytest.approx(21, rel=0.06)
        assert paces.of("beans").variance == pytest.approx(0.25, rel=0.15)
        assert paces.of("tea") == paces.usual

    def test_how_much_longer_more_lasts_is_learnt(self) -> None:
        chance = random.Random(5)
        sums = Sums()
        for _ in range(200):
            day, purchases = MONDAY, []
            for _ in range(8):
                quantity = chance.choice((1, 2, 4))
                purchases.append(Purchase(day, quantity))
                day += timedelta(days=max(1, round(20 * quantity**0.8 * chance.lognormvariate(0, 0.3))))
            sums.add(purchases)
        assert sums.pace().power == pytest.approx(0.8, abs=0.05)

    def test_parts_of_the_members_add_up(self) -> None:
        histories = [bought(4, 6), bought(9), bought(), bought(2, 30, 5, quantity=3)]
        whole, parts = Sums(), Sums()
        for history in histories:
            whole.add(history)
        for half in (histories[:2], histories[2:]):
            part = Sums()
            for history in half:
                part.add(history)
            parts.merge(part)
        assert parts.pace() == whole.pace()

    def test_what_the_shop_says_holds_until_orders_say_more(self) -> None:
        said = {"beans": 90.0, "tea": 60.0}
        few, many = ([("beans", bought(*[10] * gaps))] for gaps in (2, 200))
        assert math.exp(paces_of({}, said).of("beans", 90).mean) == pytest.approx(90)
        assert 60 < math.exp(paces_of(sums_of(few), said).of("beans").mean) < 90
        assert math.exp(paces_of(sums_of(many), said).of("beans").mean) < 15

    def test_few_orders_say_little(self) -> None:
        sums = Sums()
        sums.add(bought(300))
        assert math.exp(sums.pace().mean) < 40
