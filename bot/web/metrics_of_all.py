"""What all processes did and what waits for them, read from the database at most every few seconds."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

import structlog
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.channels.twilio.errors import error_for_code
from bot.core.messages import Lane
from bot.core.pacing import BREAKS_AFTER
from bot.storage.figures import Figures

_KEPT_SECONDS = 5.0
_SHARE = 20
"""Figures are kept for so many times as long as reading them took: they cost a twentieth of a connection."""
_PATIENCE_SECONDS = 8.0
_logger = structlog.get_logger(__name__)

Read = Callable[[], Awaitable[Figures]]

_COUNTERS: Mapping[str, tuple[str, str]] = {
    "turn": ("regulars_turns", "Turns of all kinds by outcome"),
    "message": ("regulars_messages", "Messages by what became of them"),
    "refused": ("regulars_messages_refused", "Messages that the gate refused, by reason"),
    "prepay_failed": ("regulars_pay_prepays_failed", "Payments that WeChat Pay did not take, by remedy"),
}
"""The tallies that are shown as they are: the label's name is `_LABELS`'."""
_LABELS = {"turn": "outcome", "message": "state", "refused": "reason", "prepay_failed": "remedy"}


class OfAll(Collector):
    """The figures as Prometheus wants them; `refresh` before they are shown."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._figures: Figures | None = None
        self._now: datetime | None = None
        self._is_up = False
        self._good_until = 0.0
        self._reading = asyncio.Lock()

    async def refresh(self, read: Read, now: Callable[[], datetime]) -> None:
        """Read the figures unless they are fresh; what cannot be read is left out of what is shown."""
        async with self._reading:  # who comes meanwhile gets the same figures
            began_at = time.monotonic()
            if began_at < self._good_until:
                return
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    self._figures, self._now, self._is_up = await read(), now(), True
            except Exception as error:  # noqa: BLE001  # a database that is down must not hide all other metrics
                _logger.warning("figures_not_read", error=type(error).__name__)
                self._figures, self._is_up = None, False
            took = time.monotonic() - began_at
            self._good_until = time.monotonic() + max(_KEPT_SECONDS, _SHARE * took)

    def collect(self) -> Iterable[Metric]:
        """Everything there is to show."""
        up = GaugeMetricFamily("regulars_database_up", "Whether the figures of all processes could be read")
        up.add_metric([], float(self._is_up))
        yield up
        if self._figures is not None and self._now is not None:
            yield from _waiting(self._figures, self._now)
            yield from _of_senders(self._figures, self._now)
            yield from _tallies(self._figures)


def _waiting(figures: Figures, now: datetime) -> Iterable[Metric]:
    queued = GaugeMetricFamily("regulars_outbox_queued", "Messages that wait, by lane", labels=["lane"])
    overdue = GaugeMetricFamily(
        "regulars_outbox_overdue_seconds",
        "Since when the longest due message of a lane waits",
        labels=["lane"],
    )
    for lane in Lane:
        queued.add_metric([lane.name.lower()], figures.queued.get(lane, 0))
        since = figures.queued_since.get(lane)
        overdue.add_metric([lane.name.lower()], _seconds(since, now))
    yield queued
    yield overdue
    held = GaugeMetricFamily("regulars_outbox_held", "Messages that are held, by reason", labels=["reason"])
    for reason, number in sorted(figures.held.items()):
        held.add_metric([reason], number)
    yield held
    yield _one("regulars_outbox_sending", "Messages that are being handed over", figures.sending)
    yield _one("regulars_outbox_unknown", "Messages whose outcome is unknown", figures.unknown)
    yield _one(
        "regulars_outbox_unknown_seconds",
        "Since when the oldest unknown outcome is open",
        _seconds(figures.unknown_since, now),
    )
    yield _one("regulars_triggers_dead", "Triggers that failed for good", figures.dead)
    due = GaugeMetricFamily(
        "regulars_due_seconds", "Since when the longest due work of the clock waits", labels=["work"]
    )
    for work in ("timers", "triggers", "held", "calls", "payments", "refunds", "payouts"):
        due.add_metric([work], _seconds(figures.due_since.get(work), now))
    yield due
    what = "On how much the last day's bill of WeChat Pay and our records differ"
    yield _one("regulars_pay_differences", what, figures.pay_differences)
    what = "Since when no bill of WeChat Pay was held against our records; 0 where none ever was"
    yield _one("regulars_pay_bill_seconds", what, _seconds(figures.pay_bill_at, now))


def _of_senders(figures: Figures, now: datetime) -> Iterable[Metric]:
    rests = GaugeMetricFamily(
        "regulars_sender_rests_seconds", "How long a sender still rests; 0: it may send", labels=["sender"]
    )
    opened = GaugeMetricFamily(
        "regulars_breaker_open", "1 where a provider does not answer and is left alone", labels=["sender"]
    )
    behind = GaugeMetricFamily(
        "regulars_sender_behind_seconds", "How far ahead of its pace a sender has sent", labels=["sender"]
    )
    segments = GaugeMetricFamily(
        "regulars_sender_segments_today",
        "Segments taken today, Pacific time, where a limit counts them",
        labels=["sender"],
    )
    for state in figures.senders:
        rests.add_metric([state.name], (state.rests_until(now) - now).total_seconds())
        opened.add_metric(
            [state.name], float(state.open_until is not None and state.failures >= BREAKS_AFTER)
        )
        behind.add_metric([state.name], max(0.0, (state.next_at - now).total_seconds()))
        segments.add_metric([state.name], state.counted(now))
    yield from (rests, opened, behind, segments)


def _tallies(figures: Figures) -> Iterable[Metric]:
    for name, (metric, what) in _COUNTERS.items():
        family = CounterMetricFamily(metric, what, labels=[_LABELS[name]])
        for (of, label), times in figures.tally.items():
            if of == name:
                family.add_metric([label], times)
        yield family
    errors = CounterMetricFamily(
        "regulars_provider_errors",
        "What providers refused, by their code and our remedy",
        labels=["code", "remedy"],
    )
    by_remedy: Counter[tuple[str, str]] = Counter()
    for (of, label), times in figures.tally.items():
        if of == "provider_error":
            by_remedy[code_and_remedy(label)] += times
    for (code, remedy), times in sorted(by_remedy.items()):
        errors.add_metric([code, remedy], times)
    yield errors
    tracked = CounterMetricFamily(
        "regulars_tracked",
        "Tracked messages by what became of them: accepted, or why not",
        labels=["outcome"],
    )
    by_outcome: Counter[str] = Counter()
    for (of, label), times in figures.tally.items():
        if of == "source":
            by_outcome[label.partition(" ")[2]] += times
    for outcome, times in sorted(by_outcome.items()):
        tracked.add_metric([outcome], times)
    yield tracked
    segments = CounterMetricFamily("regulars_segments", "Segments handed over by the outbox")
    segments.add_metric([], figures.tally.get(("segments", ""), 0))
    yield segments
    seconds = CounterMetricFamily("regulars_turn_seconds", "Seconds that batches of turns took")
    seconds.add_metric([], figures.tally.get(("turn_milliseconds", ""), 0) / 1000)
    yield seconds


def code_and_remedy(counted: str) -> tuple[str, str]:
    """The code of an error, which may be missing, and its remedy; reports of a status say the code alone."""
    code, _, kind = counted.partition(" ")
    kind = kind or type(error_for_code(int(code) if code.isdecimal() else 0)).__name__
    return code, "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("_")


def _one(name: str, what: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, what)
    family.add_metric([], value)
    return family


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
