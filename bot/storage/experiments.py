"""What experiments came to, bucket by bucket: who met which arm and what they did since; and notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from bot.core.experiments.experiment import Experiment
from bot.core.experiments.intervals import Moments, share_of
from bot.core.ids import BUCKETS, bucket_of, instant, microseconds
from bot.core.message_figures import SEGMENTS
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.families import kin
from bot.storage.rows import to_json

# Who was joined to another is counted with that one, or not at all: never twice.
_THOSE = """
    exposure e JOIN contact k ON k.bucket = e.bucket AND k.id = e.contact AND k.merged_into IS NULL
"""
_OF_IT = "e.bucket = :bucket AND e.experiment = :experiment AND e.facts = :facts"
_HAS_KIN = """EXISTS (SELECT 1 FROM joined j
    WHERE j.bucket = e.bucket AND j.contact = e.contact AND j.undone_at IS NULL)"""
_MET = Statement(f"""
    SELECT e.arm, COUNT(*), MIN(e.at), MAX(e.at) FROM {_THOSE} WHERE {_OF_IT} GROUP BY e.arm
""")  # noqa: S608  # our own text
_MET_OTHERWISE = Statement("""
    SELECT COUNT(*) FROM exposure e
    WHERE e.bucket = :bucket AND e.experiment = :experiment AND e.facts <> :facts
""")
_DID = Statement(f"""
    SELECT e.arm, COUNT(*) FROM {_THOSE}
    WHERE {_OF_IT} AND NOT {_HAS_KIN} AND EXISTS (
        SELECT 1 FROM event v WHERE v.bucket = e.bucket AND v.contact = e.contact AND v.name = :event
            AND v.at >= e.at AND v.at <= e.at + :within)
    GROUP BY e.arm
""")  # noqa: S608  # as above
# What was cancelled brought nothing, and what came back is taken off.
_STANDS = "o.status NOT IN ('canceled', 'cancelled', 'rejected')"
_NET = """SUM(CASE WHEN o.refunded_minor > o.cash_minor THEN 0
    ELSE o.cash_minor - o.refunded_minor END)"""
_SPENT = Statement(f"""
    SELECT e.arm, e.contact, {_NET}
    FROM {_THOSE} JOIN shop_order o ON o.bucket = e.bucket AND o.contact = e.contact
        AND o.placed_at >= e.at AND o.placed_at <= e.at + :within
    WHERE {_OF_IT} AND NOT {_HAS_KIN} AND {_STANDS}
    GROUP BY e.arm, e.contact
""")  # noqa: S608  # as above
# Rows stay with whoever they happened to: what was done before a joining is read of both.
_WITH_KIN = Statement(f"SELECT e.contact, e.arm, e.at FROM {_THOSE} WHERE {_OF_IT} AND {_HAS_KIN}")  # noqa: S608  # as above
_EACH = "@each(keys: bucket integer, contact text, whose text, at bigint)"
_KIN_DID = Statement(f"""
    SELECT DISTINCT keys.whose FROM {_EACH}
    JOIN event v ON v.bucket = keys.bucket AND v.contact = keys.contact AND v.name = :event
        AND v.at >= keys.at AND v.at <= keys.at + :within
""")  # noqa: S608  # as above
_KIN_SPENT = Statement(f"""
    SELECT keys.whose, {_NET} FROM {_EACH}
    JOIN shop_order o ON o.bucket = keys.bucket AND o.contact = keys.contact
        AND o.placed_at >= keys.at AND o.placed_at <= keys.at + :within
    WHERE {_STANDS} GROUP BY keys.whose
""")  # noqa: S608  # as above
_CONVERTED = Statement(f"""
    SELECT e.arm, e.contact, v.flow, v.goal, v.variant, v.revenue_minor
    FROM {_THOSE} JOIN conversion v ON v.bucket = e.bucket AND v.contact = e.contact AND v.at >= e.at
    WHERE {_OF_IT} AND v.variant <> ''
""")  # noqa: S608  # as above
_OPTED_OUT = Statement(f"""
    SELECT e.arm, COUNT(*) FROM {_THOSE}
    WHERE {_OF_IT} AND EXISTS (
        SELECT 1 FROM consent c WHERE c.bucket = e.bucket AND c.contact = e.contact
            AND c.state = 'unsubscribed' AND c.at >= e.at)
    GROUP BY e.arm
""")  # noqa: S608  # as above
_SEGMENTS = Statement(f"""
    SELECT f.variant, SUM(f.amount) FROM step_figure f
    WHERE f.what = '{SEGMENTS}' AND f.variant <> '' GROUP BY f.variant
""")  # noqa: S608  # our own word
_NOTES = Statement("""
    SELECT n.id, n.experiment, n.kind, n.at, n.actor, n.words, n.facts FROM experiment_note n
    WHERE (CAST(:experiment AS text) = '' OR n.experiment = :experiment) ORDER BY n.id
""")
_NOTE = Rows(tables.Row.metadata.tables["experiment_note"], Present.FAIL)


@dataclass(slots=True)
class Seen:
    """What was seen of an arm's contacts, as it is added up."""

    contacts: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    did: dict[str, int] = field(default_factory=dict)
    """How many reached each goal."""
    opted_out: int = 0
    revenue: float = 0.0
    revenue_squared: float = 0.0
    """Of what each contact brought, in minor units."""
    segments: int = 0

    def moments(self, goal: str) -> Moments:
        """Who reached a goal, as a share."""
        return share_of(self.contacts, self.did.get(goal, 0))

    def spend(self, minor: float) -> None:
        """Add what one contact brought."""
        self.revenue += minor
        self.revenue_squared += minor * minor


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote of an experiment: `kind` is hypothesis, decision or learning."""

    id: str
    experiment: str
    kind: str
    at: datetime
    actor: str
    words: str
    facts: Mapping[str, str]


async def seen(
    connection: Connection, experiment: Experiment, goals: Mapping[tuple[str, int], str]
) -> tuple[dict[str, Seen], int]:
    """What each arm's contacts did since they met it, and how many met it under other shares than now.

    By the experiment's own goals, events within a time of the exposure; where it has none, by the conversions
    of its flows: `goals` says how (flow, goal's number) is called.
    """
    found: dict[str, Seen] = {}
    otherwise = 0
    for bucket in range(BUCKETS):
        own: dict[str, object] = {
            "bucket": bucket,
            "experiment": experiment.name,
            "facts": to_json({"shares": experiment.shares}),
        }
        ((others,),) = await connection.read(_MET_OTHERWISE, **own)
        otherwise += int(others)
        met = await connection.read(_MET, **own)
        if not met:
            continue
        for arm, contacts, first, last in met:
            _add_met(found.setdefault(arm, Seen()), int(contacts), instant(first), instant(last))
        if experiment.goals:
            await _by_events(connection, experiment, own, found)
        else:
            await _by_conversions(connection, experiment, own, found, goals)
        for arm, contacts in await connection.read(_OPTED_OUT, **own):
            found[arm].opted_out += int(contacts)
    for variant, segments in await connection.read(_SEGMENTS):
        arm = arm_in(variant, experiment.name)
        if arm is not None and arm in found:
            found[arm].segments += int(segments)
    return found, otherwise


def arm_in(variant: str, experiment: str) -> str | None:
    """The arm of an experiment that a run's variant names (`Run.variant`); None where it names none."""
    arms = dict(one.partition("=")[::2] for one in variant.split(",") if one)
    return arms.get(experiment)


async def write(connection: Connection, one: Note) -> None:
    """Write a note down."""
    row = (one.id, one.experiment, one.kind, microseconds(one.at), one.actor, one.words)
    await connection.write(_NOTE, [(*row, to_json(dict(one.facts)))])


async def notes(connection: Connection, experiment: str = "") -> list[Note]:
    """All notes of an experiment (empty: of all), oldest first."""
    return [
        Note(row[0], row[1], row[2], instant(row[3]), row[4], row[5], orjson.loads(row[6]))
        for row in await connection.read(_NOTES, experiment=experiment)
    ]


def _add_met(seen_of: Seen, contacts: int, first: datetime, last: datetime) -> None:
    seen_of.contacts += contacts
    seen_of.first_at = min(first, seen_of.first_at or first)
    seen_of.last_at = max(last, seen_of.last_at or last)


async def _by_events(
    connection: Connection, experiment: Experiment, own: Mapping[str, object], found: Mapping[str, Seen]
) -> None:
    for goal in experiment.goals:
        within = goal.within // timedelta(microseconds=1)
        for arm, contacts in await connection.read(_DID, **own, event=goal.event, within=within):
            found[arm].did[goal.event] = found[arm].did.get(goal.event, 0) + int(contacts)
    within = experiment.goals[0].within // timedelta(microseconds=1)
    for arm, _, minor in await connection.read(_SPENT, **own, within=within):
        found[arm].spend(float(minor))
    await _by_events_of_kin(connection, experiment, own, found)


async def _by_events_of_kin(
    connection: Connection, experiment: Experiment, own: Mapping[str, object], found: Mapping[str, Seen]
) -> None:
    """The same of those to whom others were joined: each of them once, by what they all did."""
    met = {contact: (arm, at) for contact, arm, at in await connection.read(_WITH_KIN, **own)}
    if not met:
        return
    whose = {**{contact: contact for contact in met}, **await kin(connection, met)}
    keys = [(bucket_of(one), one, owner, met[owner][1]) for one, owner in whose.items()]
    for goal in experiment.goals:
        within = goal.within // timedelta(microseconds=1)
        for (owner,) in await connection.read(_KIN_DID, keys=keys, event=goal.event, within=within):
            did = found[met[owner][0]].did
            did[goal.event] = did.get(goal.event, 0) + 1
    within = experiment.goals[0].within // timedelta(microseconds=1)
    for owner, minor in await connection.read(_KIN_SPENT, keys=keys, within=within):
        found[met[owner][0]].spend(float(minor))


async def _by_conversions(
    connection: Connection,
    experiment: Experiment,
    own: Mapping[str, object],
    found: Mapping[str, Seen],
    goals: Mapping[tuple[str, int], str],
) -> None:
    did: set[tuple[str, str, str]] = set()
    spent: dict[tuple[str, str], int] = {}
    for arm, contact, flow, goal, variant, minor in await connection.read(_CONVERTED, **own):
        name = goals.get((flow, int(goal)))
        if name is None or arm_in(variant, experiment.name) != arm:
            continue
        did.add((arm, contact, name))
        if int(goal) == 0:
            spent[arm, contact] = spent.get((arm, contact), 0) + int(minor)
    for arm, _, name in did:
        found[arm].did[name] = found[arm].did.get(name, 0) + 1
    for (arm, _), minor in spent.items():
        found[arm].spend(float(minor))
