"""What answers come to; the intervals hold as often as they say, worked out over every possible outcome."""

from math import factorial

import pytest

from bot.core.feedback_figures import Question, mean, nps, share


def test_the_net_promoter_score() -> None:
    found = nps({10: 5, 9: 2, 8: 2, 7: 1, 6: 1, 0: 1})
    assert found is not None
    assert (found.promoters, found.passives, found.detractors) == (7, 3, 2)
    assert found.points.value == pytest.approx(100 * 5 / 12)
    assert found.points.low < found.points.value < found.points.high
    assert nps({}) is None


def test_of_very_few_answers_it_is_hardly_sure_of_anything() -> None:
    found = nps({10: 1})
    assert found is not None
    assert found.points.value == 100
    assert found.points.low < 0


@pytest.mark.parametrize("truth", [(0.5, 0.3, 0.2), (0.7, 0.2, 0.1), (0.34, 0.33, 0.33), (0.85, 0.1, 0.05)])
@pytest.mark.parametrize("size", [10, 25, 40])
def test_its_interval_holds_in_95_of_100_cases(truth: tuple[float, float, float], size: int) -> None:
    wanted, covered = 100 * (truth[0] - truth[2]), 0.0
    for promoters in range(size + 1):
        for passives in range(size + 1 - promoters):
            detractors = size - promoters - passives
            ways = factorial(size) // (factorial(promoters) * factorial(passives) * factorial(detractors))
            chance = ways * truth[0] ** promoters * truth[1] ** passives * truth[2] ** detractors
            found = nps({10: promoters, 8: passives, 3: detractors})
            assert found is not None
            covered += chance * (found.points.low <= wanted <= found.points.high)
    assert 0.925 <= covered <= 0.99


def test_shares_and_means_by_hand() -> None:
    # Wilson's interval of 8 of 10: https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm
    assert share(8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    found = mean({5: 6, 4: 2, 1: 2}, 1, 5)
    assert found is not None
    assert found.value == pytest.approx(4.0)
    assert found.low == pytest.approx(4 - 1.95996 * (1.63299 / 10**0.5), abs=1e-4)
    assert found.high == 5
    assert mean({5: 1}, 1, 5) is None


def test_bars_stand_from_the_best_and_show_what_nobody_chose() -> None:
    rate = Question("f", "s", "rate", "", 3, {5: 2}, {}, 2, 0, (), ("1", "2", "3", "4", "5"))
    assert rate.bars == (("5", 2), ("4", 0), ("3", 0), ("2", 0), ("1", 0))
    poll = Question("f", "s", "poll", "", 3, {}, {"Gone": 1, "Tea": 1}, 2, 0, (), ("Tea", "Coffee"))
    assert poll.bars == (("Tea", 1), ("Coffee", 0), ("Gone", 1))
