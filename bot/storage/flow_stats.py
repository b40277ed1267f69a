"""Figures of one flow, for whoever asks; what waits and what is held is counted when it is asked."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.core.flow.compiled import Flow
from bot.core.flow_stats import FlowStats, Prices, StepStats, together
from bot.core.ids import BUCKETS
from bot.storage.driver import Connection, Statement

_FIGURES = Statement("""
    SELECT f.step, f.variant, f.on_day, f.what, SUM(f.times), SUM(f.amount) FROM step_figure f
    WHERE f.flow = :flow AND f.on_day >= :since AND (:every = 1 OR f.revision = :revision)
    GROUP BY f.step, f.variant, f.on_day, f.what
""")
# Of what waits now, whenever it began to.
_WAITING = Statement("""
    SELECT r.step, COUNT(*) FROM @each(keys: bucket integer)
    JOIN run r @indexed(ix_run_waiting) ON r.bucket = keys.bucket
    WHERE r.status = 'waiting' AND r.flow = :flow AND (:every = 1 OR r.revision = :revision)
    GROUP BY r.step
""")
_HELD = Statement("""
    SELECT o.step, o.reason, COUNT(*) FROM @each(keys: bucket integer)
    JOIN outbox o @indexed(ix_outbox_held) ON o.bucket = keys.bucket
    WHERE o.state = 'held' AND o.flow = :flow AND (:every = 1 OR o.revision = :revision)
    GROUP BY o.step, o.reason
""")
_ALL_BUCKETS = [(bucket,) for bucket in range(BUCKETS)]


async def of_flow(
    connection: Connection, flow: Flow, revision: int | None, since: date | None, prices: Prices
) -> FlowStats:
    """Return the figures of a revision (None: of all) since a day; what was sent costs what it did then."""
    which = {"flow": flow.name, "every": int(revision is None), "revision": revision or 0}
    found = await connection.read(_FIGURES, **which, since=str(since) if since is not None else "")
    stand = await connection.read(_WAITING, **which, keys=_ALL_BUCKETS)
    waiting = {row[0]: int(row[1]) for row in stand}
    held: dict[str, dict[str, int]] = {}
    for step, reason, messages in await connection.read(_HELD, **which, keys=_ALL_BUCKETS):
        held.setdefault(step, {})[reason or "other"] = int(messages)
    figures = _by(0, found, prices)
    steps = {
        step: StepStats(
            figures[step].figures if step in figures else {}, waiting.get(step, 0), held.get(step, {})
        )
        for step in sorted({*waiting, *held, *figures})
    }
    arms = sorted({row[1] for row in found if row[1]})
    return FlowStats(
        flow,
        revision,
        since,
        steps,
        {arm: _by(0, [row for row in found if row[1] == arm], prices) for arm in arms},
        {day: one for day, one in _by(2, found, prices).items() if day},
    )


def _by(column: int, found: Sequence[Sequence[Any]], prices: Prices) -> dict[str, StepStats]:
    names = sorted({row[column] for row in found})
    return {name: _summed([row for row in found if row[column] == name], prices) for name in names}


def _summed(found: Sequence[Sequence[Any]], prices: Prices) -> StepStats:
    return together(
        StepStats(prices.costs({row[3]: (int(row[4]), int(row[5]))}, str(row[2]))) for row in found
    )
