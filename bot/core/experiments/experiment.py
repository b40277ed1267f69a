"""An experiment and its arms: who takes part, and which arm they meet, by a hash that never changes.

Nothing is drawn and nothing is looked up: the same contact meets the same arm in whatever process asks.
What a contact has met is kept beside (`exposure`) and goes before the hash, so that changed shares move
nobody from one arm to another.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PARTS = 10_000
"""How finely people are divided: as finely as Braze divides its random buckets. Shares are told in these."""
HOLDOUT = "holdout"
"""The arm of who is kept out to compare with: they go the first arm's way."""
_ALL = (0, PARTS)


def place(salt: str, who: str) -> int:
    """Where somebody stands among the parts, always the same for a salt: 0 up to `PARTS`."""
    digest = hashlib.sha256(f"{salt}/{who}".encode()).digest()
    return int.from_bytes(digest[:8]) % PARTS


def place_among(shares: Sequence[int], salt: str, who: str) -> int | None:
    """Return which of some shares somebody falls into; None where they fall behind the last."""
    here, until = place(salt, who), 0
    for number, share in enumerate(shares):
        until += share
        if here < until:
            return number
    return None


class When(StrEnum):
    """When a winner may be told without a person."""

    ALWAYS_VALID = "always_valid"
    """As soon as the interval that may be looked at every day leaves zero."""
    AT_END = "at_end"
    """Once, when it ends, by the interval of a fixed horizon."""


@dataclass(frozen=True, slots=True)
class Winner:
    """How an experiment is decided by itself; `otherwise` is the arm where nothing is clear at its end."""

    when: When
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of an experiment; `share` in `PARTS`."""

    name: str
    share: int


@dataclass(frozen=True, slots=True)
class ExperimentGoal:
    """An event that counts when it comes within a time of the exposure."""

    event: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Experiment:
    """Arms that are tried against the first of them, which is what everybody had before."""

    name: str
    arms: tuple[Arm, ...]
    title: str = ""
    hypothesis: str = ""
    audience: str | None = None
    """Who takes part; None: everyone."""
    share: int = PARTS
    """How many of them do: raised step by step, it keeps who is in."""
    layer: str | None = None
    """Experiments of one layer never meet the same contact."""
    part_of_layer: tuple[int, int] = _ALL
    """From where to where in its layer."""
    holdout: int = 0
    """How many are kept out to compare with: of a layer, the same ones in each experiment."""
    goals: tuple[ExperimentGoal, ...] = ()
    """What counts, the first decides; none: the goals of the flows it is in."""
    minimum_effect: float | None = None
    """The smallest difference of the first goal that would matter, as a share of contacts: 0.02."""
    planned: int | None = None
    """How many contacts are expected to take part: what the always-valid interval is narrowest for."""
    ends_at: datetime | None = None
    """When it is over: who has not met it by then meets the first arm, and is not counted."""
    winner: Winner | None = None
    decided: str | None = None
    """The arm that everybody goes now."""
    flow: str | None = None
    """The flow that declares it, where it stands in one."""
    flows_count_for: timedelta = timedelta()
    """How long the goals of its flows count, where it has none of its own."""

    @property
    def baseline(self) -> str:
        """The arm that the others are compared with."""
        return self.arms[0].name

    @property
    def shares(self) -> str:
        """Its arms with their shares in a line: exposures under others are not compared with those."""
        return ",".join(f"{arm.name}={arm.share}" for arm in self.arms)

    def has(self, arm: str) -> bool:
        """Whether it has an arm, the holdout being none."""
        return any(one.name == arm for one in self.arms)

    def arm_of(self, who: str, *, now: datetime | None = None, is_in_audience: bool = True) -> str | None:
        """Return the arm somebody meets, `HOLDOUT` who is kept out, None who takes no part.

        `who` is the contact's id, or whatever else tells people apart.
        """
        if self.decided is not None or not is_in_audience or self.is_over(now):
            return None
        salt = self.name if self.layer is None else f"layer {self.layer}"
        first, until = self.part_of_layer
        if self.part_of_layer != _ALL and not first <= place(salt, who) < until:
            return None
        if self.holdout and place(f"{salt}/holdout", who) < self.holdout:
            return HOLDOUT
        if self.share < PARTS and place(f"{self.name}/share", who) >= self.share:
            return None
        number = place_among([arm.share for arm in self.arms], self.name, who)
        return None if number is None else self.arms[number].name

    def is_over(self, now: datetime | None) -> bool:
        """Whether nobody new takes part any more."""
        return self.ends_at is not None and now is not None and now >= self.ends_at

    def is_settled(self, now: datetime) -> bool:
        """Whether it is over, and the time in which goals count also for who met it last."""
        longest = max((goal.within for goal in self.goals), default=self.flows_count_for)
        return self.is_over(now - longest)

    def way_of(self, arm: str | None) -> str:
        """Return the arm whose way somebody goes who is in this arm, or (None) takes no part."""
        if self.decided is not None:
            return self.decided
        return arm if arm is not None and self.has(arm) else self.baseline
