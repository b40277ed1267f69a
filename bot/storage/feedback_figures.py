"""Answers counted question by question: each contact's latest in a period, and how many were asked."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.experiments.experiment import Experiment
from bot.core.feedback import OTHER
from bot.core.feedback_figures import Said
from bot.core.ids import instant, microseconds
from bot.storage.driver import Connection, Statement
from bot.storage.experiments import arm_in
from bot.storage.rows import to_json

_BUCKETS = [(number,) for number in range(256)]
# The latest of each contact counts: who answers often has one say.
_COUNTED = Statement(f"""
    SELECT latest.step, latest.kind, latest.score, latest.choice, COUNT(*) FROM (
        SELECT a.step, a.kind, a.score, a.choice, ROW_NUMBER() OVER (
            PARTITION BY a.bucket, a.contact, a.step, CASE WHEN a.kind = '{OTHER}' THEN 1 ELSE 0 END
            ORDER BY a.at DESC, a.id DESC
        ) AS place
        FROM @each(keys: bucket integer)
        JOIN answer a ON a.bucket = keys.bucket AND a.flow = :flow AND a.at >= :since AND a.at < :until
    ) latest
    WHERE latest.place = 1
    GROUP BY latest.step, latest.kind, latest.score, latest.choice
""")  # noqa: S608  # our own constant
# The same of who met an experiment before they answered, by the arm that they met under the shares of now.
_BY_ARM = Statement(f"""
    SELECT latest.arm, latest.step, latest.kind, latest.score, latest.choice, COUNT(*) FROM (
        SELECT e.arm, a.step, a.kind, a.score, a.choice, ROW_NUMBER() OVER (
            PARTITION BY a.bucket, a.contact, a.step, CASE WHEN a.kind = '{OTHER}' THEN 1 ELSE 0 END
            ORDER BY a.at DESC, a.id DESC
        ) AS place
        FROM @each(keys: bucket integer)
        JOIN answer a ON a.bucket = keys.bucket AND a.flow = :flow AND a.at >= :since AND a.at < :until
        JOIN exposure e ON e.bucket = a.bucket AND e.contact = a.contact AND e.experiment = :experiment
            AND e.facts = :facts AND e.at <= a.at
    ) latest
    WHERE latest.place = 1
    GROUP BY latest.arm, latest.step, latest.kind, latest.score, latest.choice
""")  # noqa: S608  # our own constant
_WORDS = Statement("""
    SELECT a.at, a.words, a.score, a.language, a.kind
    FROM @each(keys: bucket integer)
    JOIN answer a ON a.bucket = keys.bucket AND a.flow = :flow AND a.step = :step AND a.at >= :since
        AND a.at < :until
    WHERE a.words <> '' ORDER BY a.at DESC, a.id DESC LIMIT :most
""")
_ASKED = Statement("""
    SELECT f.step, SUM(f.times) FROM step_figure f
    WHERE f.flow = :flow AND f.what = 'entered' AND f.on_day >= :first AND f.on_day <= :last
    GROUP BY f.step
""")
_ASKED_BY_ARM = Statement("""
    SELECT f.variant, f.step, SUM(f.times) FROM step_figure f
    WHERE f.flow = :flow AND f.what = 'entered' AND f.on_day >= :first AND f.on_day <= :last
        AND f.variant <> ''
    GROUP BY f.variant, f.step
""")
_FLOWS = Statement("""
    SELECT DISTINCT a.flow FROM @each(keys: bucket integer)
    JOIN answer a ON a.bucket = keys.bucket WHERE a.kind <> 'other' ORDER BY a.flow
""")


@dataclass(slots=True)
class Counted:
    """What was answered to a question; `scores` and `choices` by how often."""

    kind: str = OTHER
    scores: dict[int, int] = field(default_factory=dict)
    choices: dict[str, int] = field(default_factory=dict)
    answered: int = 0
    others: int = 0

    def add(self, kind: str, score: int | None, choice: str, number: int) -> None:
        """Add contacts who answered alike."""
        if kind == OTHER:
            self.others += number
            return
        self.kind = kind
        self.answered += number
        if score is not None:
            self.scores[score] = self.scores.get(score, 0) + number
        if choice:
            self.choices[choice] = self.choices.get(choice, 0) + number


async def flows(connection: Connection) -> list[str]:
    """The flows that somebody answered."""
    return [str(row[0]) for row in await connection.read(_FLOWS, keys=_BUCKETS)]


async def counted(
    connection: Connection, flow: str, since: datetime, until: datetime
) -> Mapping[str, Counted]:
    """What was answered to the questions of a flow in a period, by step."""
    found: dict[str, Counted] = defaultdict(Counted)
    period = {"since": microseconds(since), "until": microseconds(until)}
    for row in await connection.read(_COUNTED, keys=_BUCKETS, flow=flow, **period):
        found[str(row[0])].add(*row[1:])
    return found


async def counted_by_arm(
    connection: Connection, flow: str, experiment: Experiment, since: datetime, until: datetime
) -> Mapping[str, Mapping[str, Counted]]:
    """The same by the arm of an experiment that contacts had met when they answered, then by step."""
    found: dict[str, dict[str, Counted]] = defaultdict(lambda: defaultdict(Counted))
    rows = await connection.read(
        _BY_ARM,
        keys=_BUCKETS,
        flow=flow,
        experiment=experiment.name,
        facts=to_json({"shares": experiment.shares}),
        since=microseconds(since),
        until=microseconds(until),
    )
    for row in rows:
        found[str(row[0])][str(row[1])].add(*row[2:])
    return found


async def words(
    connection: Connection, flow: str, step: str, since: datetime, until: datetime, most: int
) -> tuple[Said, ...]:
    """What was written to a question, newest first."""
    found = await connection.read(
        _WORDS,
        keys=_BUCKETS,
        flow=flow,
        step=step,
        since=microseconds(since),
        until=microseconds(until),
        most=most,
    )
    return tuple(Said(instant(row[0]), row[1], row[2], row[3], row[4] == OTHER) for row in found)


async def asked(connection: Connection, flow: str, first_on: str, last_on: str) -> Mapping[str, int]:
    """How often the steps of a flow were come to on the shop's days from the first to the last."""
    found = await connection.read(_ASKED, flow=flow, first=first_on, last=last_on)
    return {str(row[0]): int(row[1]) for row in found}


async def asked_by_arm(
    connection: Connection, flow: str, experiment: str, first_on: str, last_on: str
) -> Mapping[tuple[str, str], int]:
    """The same by arm and step, of runs that had met an arm of the experiment by then."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    rows = await connection.read(_ASKED_BY_ARM, flow=flow, first=first_on, last=last_on)
    for variant, step, times in rows:
        arm = arm_in(variant, experiment)
        if arm is not None:
            found[arm, str(step)] += int(times)
    return found
