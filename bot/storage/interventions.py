"""What an operator does to messages: cancel, hold, release, replay; never to what is in hand."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from bot.core.handing_over import Became
from bot.core.ids import BUCKETS, bucket_of, microseconds
from bot.core.messages import Lane, OutboxState, UnsendableReason
from bot.storage import told_runs
from bot.storage.driver import Connection, Database, Statement
from bot.storage.step_figures import Changing
from bot.storage.unknown import NEVER_FOUND_OUT

_NO_TIME = microseconds(datetime(9999, 1, 1, tzinfo=UTC))
_AT_ONCE = 500
"""Few enough that answers do not wait for them where one process writes."""
KNOWN_AFTER = timedelta(seconds=3)
"""Until then every process knows that a name is held back no longer; before, its gate would hold the message
again, and for a quarter of an hour."""
_HELD = UnsendableReason.HELD_BY_OPERATOR.value
_WHICH = """
    WHERE bucket = :bucket AND (CAST(:flow AS text) IS NULL OR flow = :flow)
        AND lane IN (SELECT lanes.lane FROM @each(lanes: lane integer))
        AND state IN (SELECT states.state FROM @each(states: state text))
        AND (:every_id = 1 OR id IN (SELECT chosen.id FROM @each(chosen: id text)))
"""


class Intervention(Enum):
    """What to do; none of them touches a message that is being handed over, or was and may arrive."""

    CANCEL = "cancel"  # what is queued or held never leaves
    HOLD = "hold"  # what is queued or held waits until it is released
    RELEASE = "release"  # what an operator held goes on, at its own time
    REPLAY = "replay"  # what did not leave or not arrive is tried again; the gate is asked again


TOUCHES = {
    Intervention.CANCEL: (OutboxState.QUEUED, OutboxState.HELD),
    Intervention.HOLD: (OutboxState.QUEUED, OutboxState.HELD),
    Intervention.RELEASE: (OutboxState.HELD,),
    Intervention.REPLAY: (
        OutboxState.FAILED,
        OutboxState.UNDELIVERED,
        OutboxState.REFUSED,
        OutboxState.CANCELED,
    ),
}
"""The states of the messages that an intervention changes."""

# What failed because nobody could find out whether it had left may have arrived.
_TOUCHED = {
    Intervention.CANCEL: "state IN ('queued', 'held')",
    Intervention.HOLD: f"state IN ('queued', 'held') AND due_at < {_NO_TIME}",
    Intervention.RELEASE: f"state = 'held' AND reason = '{_HELD}'",
    Intervention.REPLAY: (
        "(state IN ('undelivered', 'refused', 'canceled')"
        f" OR state = 'failed' AND COALESCE(reason, '') <> '{NEVER_FOUND_OUT}')"
    ),
}
# Held for ever, until somebody releases it: whatever waits for a time is released by the clock.
_CHANGES = {
    Intervention.CANCEL: "state = 'canceled', reason = 'canceled by an operator', explanation = NULL",
    Intervention.HOLD: f"state = 'held', reason = '{_HELD}', explanation = NULL, due_at = {_NO_TIME}",
    Intervention.RELEASE: """
        state = 'queued', reason = NULL, explanation = NULL,
        due_at = CASE WHEN wanted_at > :known_at THEN wanted_at ELSE :known_at END
    """,
    Intervention.REPLAY: """
        state = 'queued', reason = NULL, explanation = NULL, error_code = NULL, due_at = :now,
        attempts = 0, tried_since = NULL, lease_until = NULL, lookups = 0, counted_on = NULL,
        provider_id = NULL,
        earlier_ids = CASE WHEN provider_id IS NULL THEN earlier_ids
            ELSE COALESCE(earlier_ids || ' ', '') || provider_id END
    """,
}
_STATEMENTS = {
    what: Statement(f"""
        WITH meant (meant_contact, meant_id) AS MATERIALIZED (
            SELECT o.contact, o.id FROM outbox o {_WHICH} AND {_TOUCHED[what]} LIMIT :most @lock(o))
        UPDATE outbox SET {change}, state_at = :now
        FROM meant WHERE bucket = :bucket AND contact = meant_contact AND id = meant_id AND {_TOUCHED[what]}
        RETURNING {told_runs.STANDS}
    """)  # noqa: S608  # our own text
    for what, change in _CHANGES.items()
}
_MEANT = {
    what: Statement(f"SELECT o.contact, o.id FROM outbox o {_WHICH} AND {touched} LIMIT :most @lock(o)")  # noqa: S608  # as above
    for what, touched in _TOUCHED.items()
}
_PREVIEWS = {
    what: Statement(f"SELECT lane, state, COUNT(*) FROM outbox {_WHICH} AND {touched} GROUP BY lane, state")  # noqa: S608  # as above
    for what, touched in _TOUCHED.items()
}


@dataclass(frozen=True, slots=True)
class Which:
    """The messages meant: those with these ids (None: whatever their id), of this flow, lanes and states."""

    ids: Collection[str] | None = None
    flow: str | None = None
    lanes: Collection[Lane] = tuple(Lane)
    states: Collection[OutboxState] = tuple(OutboxState)

    @property
    def buckets(self) -> list[int]:
        """Where they are."""
        return sorted({bucket_of(one) for one in self.ids}) if self.ids is not None else list(range(BUCKETS))


async def preview(database: Database, what: Intervention, which: Which) -> Counter[tuple[Lane, OutboxState]]:
    """Count, by lane and state, the messages that it would change now."""
    found: Counter[tuple[Lane, OutboxState]] = Counter()
    for bucket in which.buckets:
        counted = await database.query(
            lambda c, bucket=bucket: c.read(_PREVIEWS[what], **_asked(which, bucket))  # type: ignore[misc]  # bound now
        )
        for lane, state, number in counted:
            found[Lane(lane), OutboxState(state)] += number
    return found


async def intervene(
    database: Database, what: Intervention, which: Which, now: datetime, *, at_once: int = _AT_ONCE
) -> list[str]:
    """Do it bucket by bucket, `at_once` in a transaction, so that it can be stopped; returns the ids."""
    done: list[str] = []
    for bucket in which.buckets:
        some = at_once
        while some == at_once:
            ids = await database.transact(
                lambda c, bucket=bucket: _in_bucket(c, what, which, bucket, now, at_once)  # type: ignore[misc]  # bound now
            )
            done += ids
            some = len(ids)
    return done


async def _in_bucket(
    connection: Connection, what: Intervention, which: Which, bucket: int, now: datetime, most: int
) -> list[str]:
    asked = _asked(which, bucket)
    # The same ones are changed below, and nobody else changes them meanwhile.
    meant = await connection.read(_MEANT[what], **asked, most=most)
    changing = await Changing.of(connection, [(row[0], row[1]) for row in meant])
    asked |= {"every_id": 0, "chosen": [(row[1],) for row in meant]}
    times = {"now": microseconds(now), "known_at": microseconds(now + KNOWN_AFTER)}
    found = await connection.read(_STATEMENTS[what], **asked, **times, most=most)
    if what is Intervention.CANCEL:
        await told_runs.tell(connection, found, Became.REFUSED, now)
    await changing.count(connection)
    return [row[1] for row in found]


def _asked(which: Which, bucket: int) -> dict[str, object]:
    return {
        "bucket": bucket,
        "flow": which.flow,
        "lanes": [(lane.value,) for lane in which.lanes],
        "states": [(state.value,) for state in which.states],
        "every_id": int(which.ids is None),
        "chosen": [(one,) for one in which.ids or () if bucket_of(one) == bucket],
    }
