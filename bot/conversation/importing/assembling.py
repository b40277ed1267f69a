"""Rows of a file, put together into chunks: read, mapped, and those of one order kept side by side."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation.batch import Conversation
from bot.conversation.importing.by_turns import ByTurns, Wanted
from bot.conversation.importing.chunks import Chunk, Place, Refusal
from bot.conversation.importing.deeds import REPORT
from bot.conversation.importing.files import Line, SourceFile, Unread
from bot.conversation.importing.past import PastEvents, PastOrders, PastRows
from bot.conversation.tracking.handed import Handed, Told
from bot.conversation.tracking.keeping import KeepCurrent
from bot.conversation.tracking.telling import Telling
from bot.core.importing.asking import ASKED_OF, Row
from bot.core.importing.events import tracked_of
from bot.core.importing.mapping import FieldMap
from bot.core.importing.orders import OF_LINE, OF_ORDER, order_of, told_as_report
from bot.core.importing.rows import Asked, Rejected, RowReader
from bot.core.importing.values import How
from bot.core.sources import Source
from bot.storage.import_runs import ImportRun

_TURNS = 128
_EVENTS = 1_000
_LINES = 4_000
"""How many rows are taken together: on SQLite so long everybody else waits for the writer."""

Leaves = frozenset[int]
"""Numbers of rows to leave out, since what they asked for broke off."""


@dataclass(slots=True)
class Assembly:
    """What chunks of one import are made with."""

    conversation: Conversation
    keep_current: KeepCurrent
    telling: Telling
    source: Source
    run: ImportRun
    file: SourceFile
    mapping: FieldMap
    how: How
    earns: bool = False
    """Whether orders earn as if they were told now."""
    broken: dict[int, Rejected] = field(default_factory=dict)
    """Rows whose turns broke off."""

    def chunks(self, done: int) -> Iterator[Chunk]:
        """Make chunks of all rows but the first `done`, in their order."""
        places = _places(self.file.rows(), done)
        kind = self.mapping.kind.name
        if kind == "orders":
            return self._orders(places)
        return self._events(places) if kind == "events" else self._asked(places, kind)

    def _asked(self, places: Iterable[Place | Refusal], kind: str) -> Iterator[Chunk]:
        reader = RowReader(self.mapping, self.file.columns, self.how)
        operation, asked_of = ASKED_OF[kind]
        wanted: list[Wanted] = []
        rejected: list[Refusal] = []

        def read(place: Place, now: datetime) -> None:
            row = Row(
                self.run.id, self.run.file, self.run.started_at, place.number, reader.read(place.values)
            )
            wanted.append(((place,), asked_of(row, reader, now)))

        def whole() -> Chunk:
            made = ByTurns(
                self.conversation, self.keep_current, operation, tuple(wanted), tuple(rejected), self._now()
            )
            wanted.clear()
            rejected.clear()
            return made

        yield from self._each(places, read, rejected, whole, lambda: len(wanted) + len(rejected) >= _TURNS)

    def _events(self, places: Iterable[Place | Refusal]) -> Iterator[Chunk]:
        reader = RowReader(self.mapping, self.file.columns, self.how)
        loop = asyncio.get_running_loop()
        events: list[tuple[Place, Handed]] = []
        rejected: list[Refusal] = []

        def read(place: Place, now: datetime) -> None:
            found = reader.read(place.values)
            message = tracked_of(found, reader, f"{self.run.id}/{place.number}", now, self.source.id)
            handed = Handed([Told(message, self.source)], loop.create_future(), Counter())
            events.append((place, handed))

        def whole() -> Chunk:
            made = PastEvents(
                self.conversation, self.telling, self.keep_current, tuple(events), tuple(rejected)
            )
            events.clear()
            rejected.clear()
            return made

        yield from self._each(places, read, rejected, whole, lambda: len(events) + len(rejected) >= _EVENTS)

    def _each(
        self,
        places: Iterable[Place | Refusal],
        read: Callable[[Place, datetime], None],
        rejected: list[Refusal],
        whole: Callable[[], Chunk],
        is_full: Callable[[], bool],
    ) -> Iterator[Chunk]:
        now = self._now()
        for place in places:
            if isinstance(place, tuple):
                rejected.append(place)
            else:
                try:
                    read(place, now)
                except Rejected as refusal:
                    rejected.append((place, refusal))
            if is_full():
                yield whole()
                now = self._now()
        yield whole()

    def _orders(self, places: Iterable[Place | Refusal]) -> Iterator[Chunk]:
        of_order = RowReader(self.mapping, self.file.columns, self.how, OF_ORDER)
        of_line = RowReader(self.mapping, self.file.columns, self.how, OF_LINE)
        now = self._now()
        orders: list[PastRows] = []
        rejected: list[Refusal] = []
        rows = 0
        for group in _side_by_side(places, self.mapping, self.file.columns):
            rows += len(group)
            if isinstance(group[0], tuple):
                rejected += [one for one in group if isinstance(one, tuple)]
            else:
                members = tuple(one for one in group if isinstance(one, Place))
                try:
                    lines = _lines(members, of_line)
                    order = order_of(of_order.read(members[0].values), of_order, lines, now)
                except _LineRejected as refusal:
                    rejected += _whole_order(members, refusal.place, refusal.because)
                except Rejected as refusal:
                    rejected += [(place, refusal) for place in members]
                else:
                    orders.append((members, order))
            if rows >= _LINES or (self.earns and len(orders) >= _TURNS):
                yield self._of_orders(orders, rejected, now)
                orders, rejected, rows, now = [], [], 0, self._now()
        yield self._of_orders(orders, rejected, now)

    def _of_orders(self, orders: list[PastRows], rejected: list[Refusal], now: datetime) -> Chunk:
        if not self.earns:
            return PastOrders(self.conversation, self.keep_current, orders, rejected, now)
        wanted = [
            (places, Asked(order.names, f"import/order/{order.reference}", told_as_report(order)))
            for places, order in orders
        ]
        return ByTurns(self.conversation, self.keep_current, REPORT, wanted, rejected, now)

    def _now(self) -> datetime:
        return self.conversation.clock()


class _LineRejected(Exception):
    def __init__(self, place: Place, because: Rejected) -> None:
        super().__init__(str(because))
        self.place = place
        self.because = because


def _lines(members: Iterable[Place], reader: RowReader) -> list[dict[str, object]]:
    found = []
    for place in members:
        try:
            found.append(reader.read(place.values))
        except Rejected as rejected:
            raise _LineRejected(place, rejected) from rejected
    return found


def _whole_order(members: Iterable[Place], bad: Place, because: Rejected) -> Iterator[Refusal]:
    """Reject an order of which one row cannot be taken: without it, it would be another order."""
    for place in members:
        if place is bad:
            yield place, because
        else:
            yield place, Rejected("order", f"row {bad.number} of the same order cannot be taken")


def _places(lines: Iterable[Line], done: int) -> Iterator[Place | Refusal]:
    for number, (line, values) in enumerate(lines, 1):
        if number <= done:
            continue
        if isinstance(values, Unread):
            yield Place(number, line, (values.written,)), Rejected("row", values.why)
        else:
            yield Place(number, line, values)


def _side_by_side(
    places: Iterable[Place | Refusal], mapping: FieldMap, columns: tuple[str, ...]
) -> Iterator[list[Place | Refusal]]:
    """Group rows side by side that are one thing; a row that could not be read stands for itself."""
    grouped_by = mapping.kind.grouped_by
    assert grouped_by is not None, "these are grouped"
    place_of = columns.index(mapping.columns[grouped_by][0])
    group: list[Place | Refusal] = []
    current: object = None
    for place in places:
        value = None if isinstance(place, tuple) else place.values[place_of]
        if group and (value is None or value == "" or value != current):
            yield group
            group = []
        group.append(place)
        current = value
    if group:
        yield group
