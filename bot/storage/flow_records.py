"""What is on record of a contact and a flow: runs, messages, verdicts, and what could have started it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import orjson

from bot.core.contact import Contact, JsonValue
from bot.core.flow.evaluations import Evaluation
from bot.core.flow.records import Record, Walked, Written, as_of
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.messages import OutboxState
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.families import family

_MOST = 50
_TEXTS = 200
_EVALUATED = 500
_FOR_EVER = 2**62
# What is newest is bounded by `:until` here: the newest of later would leave no room for what is asked about.
_RUNS = Statement("""
    SELECT r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure,
        r.goals_until, r.changed_at
    FROM run r WHERE r.bucket = :bucket AND r.contact = :contact AND r.flow = :flow
        AND r.started_at <= :until
    ORDER BY r.started_at DESC, r.id DESC LIMIT :most
""")
_MESSAGES = Statement("""
    SELECT o.id, o.step, o.channel, o.state, o.reason, o.explanation, o.created_at, o.due_at, o.handed_at,
        o.state_at, o.run, o.variant
    FROM outbox o WHERE o.bucket = :bucket AND o.contact = :contact AND o.flow = :flow
        AND o.created_at <= :until
    ORDER BY o.id DESC LIMIT :most
""")
_OF_STEP = Statement("""
    SELECT o.id, o.step, o.channel, o.state, o.reason, o.explanation, o.created_at, o.due_at, o.handed_at,
        o.state_at, o.run, o.variant
    FROM outbox o WHERE o.bucket = :bucket AND o.contact = :contact AND o.flow = :flow AND o.step = :step
        AND o.created_at <= :until
    ORDER BY o.id DESC LIMIT :most
""")
_EVALUATIONS = Statement("""
    SELECT e.step, e.at, e.last_at, e.verdict, e.facts FROM evaluation e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.flow = :flow AND e.at <= :until
    ORDER BY e.last_at DESC LIMIT :most
""")
_EVENT = Statement("""
    SELECT e.at, e.properties FROM event e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.name = :name AND e.at <= :until
    ORDER BY e.at DESC LIMIT 1
""")
_TEXTED = Statement("""
    SELECT t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.kind = 'inbound' AND t.at <= :until
    ORDER BY t.at DESC LIMIT :most
""")
_IN_FORCE = Statement("SELECT MAX(revision) FROM revision WHERE flow = :flow AND state = 'published'")


async def in_force(connection: Connection, flow: str) -> int | None:
    """The published revision of a flow; None where there is none."""
    ((number,),) = await connection.read(_IN_FORCE, flow=flow)
    return None if number is None else int(number)


async def record(
    connection: Connection,
    contact: Contact,
    flow: str,
    events: Collection[str],
    step: str | None = None,
    *,
    at: datetime | None = None,
) -> Record:
    """Everything of a contact and of those joined to it; messages of one step alone where it is named.

    `at`: as it was then.
    """
    until = microseconds(at) if at is not None else _FOR_EVER
    runs: list[Walked] = []
    messages: list[Written] = []
    evaluations: list[Evaluation] = []
    last: dict[str, tuple[datetime, Mapping[str, JsonValue]]] = {}
    texts: list[tuple[datetime, str]] = []
    for member in await family(connection, contact.id):
        own: dict[str, object] = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        of_flow: dict[str, object] = {**own, "flow": flow, "until": until}
        found = await connection.read(_RUNS, **of_flow, most=_MOST)
        runs += [Walked(rows.run_from(row[:9]), instant(row[9])) for row in found]
        if step is not None:
            found = await connection.read(_OF_STEP, **of_flow, step=step, most=_MOST)
            messages += [_written(row) for row in found]
        found = await connection.read(_MESSAGES, **of_flow, most=_MOST)
        messages += [_written(row) for row in found if row[1] != step]
        found = await connection.read(_EVALUATIONS, **of_flow, most=_EVALUATED)
        evaluations += [
            Evaluation(flow, row[0], instant(row[1]), row[3], orjson.loads(row[4]), instant(row[2]))
            for row in found
        ]
        for name in sorted(events):
            for happened_at, properties in await connection.read(_EVENT, **own, name=name, until=until):
                happened = (instant(happened_at), orjson.loads(properties))
                last[name] = max(last.get(name, happened), happened, key=lambda one: one[0])
        found = await connection.read(_TEXTED, **own, most=_TEXTS, until=until)
        texts += [(instant(row[0]), str(orjson.loads(row[1]).get("text", ""))) for row in found]
    found_so = Record(
        contact=contact,
        runs=tuple(sorted(runs, key=lambda one: (one.run.is_waiting, one.run.started_at), reverse=True)),
        messages=tuple(sorted(messages, key=lambda one: one.id[:-2], reverse=True)),
        evaluations=tuple(sorted(evaluations, key=lambda one: one.seen_at, reverse=True)),
        events=last,
        texts=tuple(sorted(texts, reverse=True)),
    )
    return as_of(found_so, at) if at is not None else found_so


def _written(row: Sequence[object]) -> Written:
    message, step, channel, state, reason, explanation, created, due, handed, changed, run, variant = row
    return Written(
        id=str(message),
        step=str(step),
        channel=str(channel),
        state=OutboxState(str(state)),
        reason=None if reason is None else str(reason),
        explanation=None if explanation is None else str(explanation),
        created_at=_instant(created),
        due_at=_instant(due),
        handed_at=None if handed is None else _instant(handed),
        state_at=_instant(changed),
        run=str(run),
        variant=str(variant),
    )


def _instant(value: object) -> datetime:
    assert isinstance(value, int), "instants are stored in microseconds"
    return instant(value)
