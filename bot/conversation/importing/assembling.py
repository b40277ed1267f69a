"""Rows of a file, put together into chunks: read, mapped, and those of one order kept side by side."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.conversation.conversation import Conversation
from bot.conversation.decide import Decisions
from bot.conversation.importing.by_turns import ByTurns, Wanted
from bot.conversation.importing.chunks import Chunk, Place, Refusal
from bot.conversation.importing.deeds import REPORT
from bot.conversation.importing.files import Line, SourceFile, Unread
from bot.conversation.importing.past import PastEvents, PastOrders, PastRows
from bot.conversation.tracking.handed import Handed, Told
from bot.conversation.tracking.telling import Telling
from bot.core.importing.asking import ASKED_OF, Row
from bot.core.importing.events import tracked_of
from bot.core.importing.mapping import FieldMap
from bot.core.importing.orders import OF_LINE, OF_ORDER, PastLine, line_of, order_of, told_as_report
from bot.core.importing.rows import Asked, Rejected, RowReader
from bot.core.importing.values import How
from bot.core.sources import Source, SourceKind, SourceScope
from bot.storage import past_orders
from bot.storage.import_runs import ImportRun

_TURNS = 128
_EVENTS = 500
_LINES = 2_000
"""How many rows are taken together: on SQLite so long everybody else waits for the writer."""


@dataclass(slots=True)
class Assembly:
    """What chunks of one import are made with."""

    conversation: Conversation
    telling: Telling
    source: Source
    run: ImportRun
    file: SourceFile
    mapping: FieldMap
    how: How
    earns: bool = False
    """Whether orders earn as if they were told now."""

    @classmethod
    def of(
        cls,
        conversation: Conversation,
        run: ImportRun,
        file: SourceFile,
        mapping: FieldMap,
        how: How,
        *,
        earns: bool = False,
    ) -> "Assembly":
        """Make one under the publication in force; what is imported moves no credit."""
        decisions = conversation.decider
        assert isinstance(decisions, Decisions), "an import is under a publication"
        scopes = frozenset({SourceScope.TRACK, SourceScope.IMPORT})
        source = Source(past_orders.SOURCE, run.file, SourceKind.SERVER, scopes, "", run.started_at)
        telling = Telling.under(decisions)
        return cls(conversation, telling, source, run, file, mapping, how, earns=earns)

    def chunks(self, done: int) -> Iterator[Chunk]:
        """Make chunks of all rows but the first `done`, in their order."""
        places = _places(self.file.rows(), done)
        kind = self.mapping.kind.name
        if kind == "orders":
            return self._orders(places)
        return self._events(places) if kind == "events" else self._asked(places, kind)

    def _asked(self, places: Iterable[Place], kind: str) -> Iterator[Chunk]:
        reader = RowReader(self.mapping, self.file.columns, self.how)
        operation, asked_of = ASKED_OF[kind]
        run = self.run
        for some in _by(places, _TURNS):
            now, wanted, rejected = self._now(), list[Wanted](), list[Refusal]()
            for place in some:
                try:
                    found = reader.read(_readable(place))
                    row = Row(run.id, run.file, run.started_at, place.number, found)
                    wanted.append(((place,), asked_of(row, reader, now)))
                except Rejected as refusal:
                    rejected.append((place, refusal))
            yield ByTurns(self.conversation, operation, wanted, rejected, now)

    def _events(self, places: Iterable[Place]) -> Iterator[Chunk]:
        reader = RowReader(self.mapping, self.file.columns, self.how)
        loop = asyncio.get_running_loop()
        for some in _by(places, _EVENTS):
            now, events, rejected = self._now(), list[tuple[Place, Handed]](), list[Refusal]()
            for place in some:
                try:
                    found = reader.read(_readable(place))
                    usual_id = f"{self.run.id}/{place.number}"
                    message = tracked_of(found, reader, usual_id, now, self.source.id)
                    handed = Handed([Told(message, self.source)], loop.create_future(), Counter())
                    events.append((place, handed))
                except Rejected as refusal:
                    rejected.append((place, refusal))
            yield PastEvents(self.conversation, self.telling, events, rejected)

    def _orders(self, places: Iterable[Place]) -> Iterator[Chunk]:
        of_order = RowReader(self.mapping, self.file.columns, self.how, OF_ORDER)
        of_line = RowReader(self.mapping, self.file.columns, self.how, OF_LINE)
        now, orders, rejected, rows = self._now(), list[PastRows](), list[Refusal](), 0
        for group in _side_by_side(places, self.mapping, self.file.columns):
            rows += len(group)
            place = group[0]
            try:
                lines = list[PastLine]()
                for place in group:
                    lines.append(line_of(of_line.read(_readable(place))))  # where it broke off is told
                first = place = group[0]
                orders.append((tuple(group), order_of(of_order.read(first.values), of_order, lines, now)))
            except Rejected as refusal:
                rejected += _whole_order(group, place, refusal)
            if rows >= _LINES or (self.earns and len(orders) >= _TURNS):
                yield self._of_orders(orders, rejected, now)
                now, orders, rejected, rows = self._now(), [], [], 0
        yield self._of_orders(orders, rejected, now)

    def _of_orders(self, orders: list[PastRows], rejected: list[Refusal], now: datetime) -> Chunk:
        if not self.earns:
            return PastOrders(self.conversation, orders, rejected, now)
        wanted = [
            (places, Asked(order.names, f"import/order/{order.reference}", told_as_report(order)))
            for places, order in orders
        ]
        return ByTurns(self.conversation, REPORT, wanted, rejected, now)

    def _now(self) -> datetime:
        return self.conversation.clock()


def _readable(place: Place) -> Sequence[object]:
    if place.unread:
        raise Rejected("row", place.unread)
    return place.values


def _whole_order(group: Iterable[Place], bad: Place, because: Rejected) -> Iterator[Refusal]:
    """Reject an order of which one row cannot be taken: without it, it would be another order."""
    for place in group:
        if place is bad:
            yield place, because
        else:
            yield place, Rejected("order", f"row {bad.number} of the same order cannot be taken")


def _places(lines: Iterable[Line], done: int) -> Iterator[Place]:
    for number, (line, values) in enumerate(lines, 1):
        if number <= done:
            continue
        if isinstance(values, Unread):
            yield Place(number, line, (values.written,), values.why)
        else:
            yield Place(number, line, values)


def _by(places: Iterable[Place], many: int) -> Iterator[list[Place]]:
    places = iter(places)
    while some := list(islice(places, many)):
        yield some


def _side_by_side(
    places: Iterable[Place], mapping: FieldMap, columns: tuple[str, ...]
) -> Iterator[list[Place]]:
    """Group rows side by side that are one thing; what has no name, or could not be read, stands alone."""
    grouped_by = mapping.kind.grouped_by
    assert grouped_by is not None, "these are grouped"
    at = columns.index(mapping.columns[grouped_by][0])
    group: list[Place] = []
    current: object = None
    for place in places:
        value = None if place.unread else place.values[at]
        if value != current or value is None or value == "":
            if group:
                yield group
            group = []
            current = value
        group.append(place)
    if group:
        yield group
