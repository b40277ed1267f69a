"""What answers come to: the net promoter score, means and shares, each with the interval that it is sure of.

The net promoter score is the share of promoters (9 and 10) less that of detractors (0 to 6), in points. Its
interval is the adjusted Wald interval: three answers are added to those that there are, three quarters of a
promoter, one and a half passives, three quarters of a detractor, so that it holds for few answers too
(B. Rocks, Interval Estimation for the "Net Promoter Score", The American Statistician 70, 2016). Shares have
Wilson's interval, means the usual one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from bot.core.experiments import intervals
from bot.core.experiments.intervals import Moments

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
_PROMOTER, _DETRACTOR = 9, 6
_ADDED_ENDS, _ADDED_MIDDLE = 0.75, 1.5


class Interval(NamedTuple):
    """An estimate, and between what the truth is in 95 of 100 such cases."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Nps:
    """A net promoter score in points, from -100 to 100."""

    points: Interval
    promoters: int
    passives: int
    detractors: int


def nps(counts: Mapping[int, int]) -> Nps | None:
    """Return the net promoter score of answers from 0 to 10, by how often each was given; None of none."""
    promoters = sum(number for score, number in counts.items() if score >= _PROMOTER)
    detractors = sum(number for score, number in counts.items() if score <= _DETRACTOR)
    total = sum(counts.values())
    if not total:
        return None
    value = (promoters - detractors) / total
    size = total + 2 * _ADDED_ENDS + _ADDED_MIDDLE
    centre = (promoters - detractors) / size
    spread = (promoters + detractors + 2 * _ADDED_ENDS) / size - centre**2
    reach = _Z * sqrt(spread / size)
    points = Interval(100 * value, 100 * max(-1.0, centre - reach), 100 * min(1.0, centre + reach))
    return Nps(points, promoters, total - promoters - detractors, detractors)


def share(number: int, total: int) -> Interval:
    """Return a share with Wilson's interval; `total` is not 0."""
    value, square = number / total, _Z**2
    centre = (value + square / (2 * total)) / (1 + square / total)
    reach = _Z / (1 + square / total) * sqrt(value * (1 - value) / total + square / (4 * total**2))
    return Interval(value, max(0.0, centre - reach), min(1.0, centre + reach))


def mean(counts: Mapping[int, int], lowest: int, highest: int) -> Interval | None:
    """Return the mean of scores by how often each was given; None where there are fewer than two."""
    total = sum(counts.values())
    if total < 2:  # noqa: PLR2004  one answer says nothing of how they differ
        return None
    value = sum(score * number for score, number in counts.items()) / total
    spread = sum(number * (score - value) ** 2 for score, number in counts.items()) / (total - 1)
    reach = _Z * sqrt(spread / total)
    return Interval(value, max(lowest, value - reach), min(highest, value + reach))


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote; `is_other`: it was no usable answer."""

    at: datetime
    words: str
    score: int | None
    language: str
    is_other: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What the answers to one question come to: each contact's latest in the period."""

    flow: str
    step: str
    kind: str
    text: str
    asked: int
    scores: Mapping[int, int]
    choices: Mapping[str, int]
    answered: int
    others: int
    words: Sequence[Said]
    labels: Sequence[str] = ()
    """What could be chosen or scored, in order, also what nobody chose."""

    @property
    def nps(self) -> Nps | None:
        """The score, of a question for it."""
        return nps(self.scores) if self.kind == "nps" else None

    @property
    def mean(self) -> Interval | None:
        """The mean of a rating."""
        if self.kind != "rate" or not self.scores:
            return None
        return mean(self.scores, 1, max([*self.scores, *(int(one) for one in self.labels)]))

    @property
    def bars(self) -> tuple[tuple[str, int], ...]:
        """What was answered how often: scores from the best, choices as they stand in the flow."""
        if self.scores and self.kind in {"rate", "nps"}:
            known = {*self.scores, *(int(one) for one in self.labels)}
            return tuple((str(one), self.scores.get(one, 0)) for one in sorted(known, reverse=True))
        named = [*self.labels, *sorted(set(self.choices) - set(self.labels))]
        return tuple((one, self.choices.get(one, 0)) for one in named) if self.choices else ()


@dataclass(frozen=True, slots=True)
class OfArm:
    """What the contacts of an arm of an experiment answered to a question, since they met it."""

    arm: str
    question: Question
    difference: intervals.Interval | None = None
    """How much more its score is than the first arm's (points, or stars); None where too few answered."""


def by_arm(questions: Mapping[str, Question]) -> tuple[OfArm, ...]:
    """Compare what arms answered to a question; the first is what the others are compared with."""
    moments = {arm: _moments(question) for arm, question in questions.items()}
    usual, alpha = next(iter(moments.values())), intervals.ALPHA / max(1, len(questions) - 1)
    return tuple(
        OfArm(
            arm,
            question,
            intervals.fixed(moments[arm], usual, alpha=alpha) if number else None,
        )
        for number, (arm, question) in enumerate(questions.items())
    )


def _moments(question: Question) -> Moments:
    """The moments of a score: stars, or points of the net promoter score; of nothing where there is none."""
    if question.kind not in {"rate", "nps"}:
        return Moments(0, 0, 0)
    values = [
        (_points(score) if question.kind == "nps" else score, n) for score, n in question.scores.items()
    ]
    return Moments(
        sum(n for _, n in values),
        sum(value * n for value, n in values),
        sum(value * value * n for value, n in values),
    )


def _points(score: int) -> int:
    return 100 if score >= _PROMOTER else -100 if score <= _DETRACTOR else 0


def total(questions: Iterable[Question]) -> int:
    """How many answers there are."""
    return sum(one.answered for one in questions)
