"""Which events and properties come, of which types: counted in memory, added to the database now and then.

So no message waits for a row that all share. Names come from whoever has a public key: how many are learnt
is bounded. A process that is killed takes the last seconds with it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.ids import instant, microseconds
from bot.core.tracking.plan import KINDS, JsonKind
from bot.storage.driver import Connection, Database, Statement

EVENTS_MAX = 1_000
PROPERTIES_MAX = 100
"""Of one event."""
NAME_MAX = 200
_SHAPES_MAX = 5_000
"""How many messages of different kinds are told apart between two flushes."""
_BITS = {kind: 1 << number for number, kind in enumerate(JsonKind)}
_BIT_OF = {python: _BITS[kind] for python, kind in KINDS.items()}

_ADD = Statement("""
    INSERT INTO learnt (event, property, kinds, seen, first_at, last_at)
    VALUES (:event, :property, :kinds, :seen, :at, :at)
    ON CONFLICT (event, property) DO UPDATE SET
        kinds = learnt.kinds | excluded.kinds,
        seen = learnt.seen + excluded.seen,
        last_at = CASE WHEN excluded.last_at > learnt.last_at THEN excluded.last_at ELSE learnt.last_at END
""")
_OF = Statement("""
    SELECT l.event, l.property FROM @each(names: event text) JOIN learnt l ON l.event = names.event
""")
_EVENTS = Statement("SELECT COUNT(*) FROM learnt l WHERE l.property = ''")
_READ = Statement("""
    SELECT l.event, l.property, l.kinds, l.seen, l.first_at, l.last_at FROM learnt l
    ORDER BY l.event, l.property
""")
_FORGET = Statement("DELETE FROM learnt WHERE last_at < :before")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """How often something came, as what, and when first and last; to a few seconds."""

    times: int
    kinds: frozenset[JsonKind]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event as it came, with its properties by name."""

    name: str
    seen: Seen
    properties: Mapping[str, Seen]


class Learnt:
    """What this process saw since the last `flush`."""

    __slots__ = ("_known", "_shapes")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._shapes: Counter[tuple[object, ...]] = Counter()
        self._known: set[Key] = set()

    def saw(self, event: str, properties: Mapping[str, JsonValue]) -> None:
        """Count an event by its shape, which a thousand others have; what that is made of is told later."""
        shape = (event, *properties, *map(type, properties.values()))
        if shape in self._shapes or len(self._shapes) < _SHAPES_MAX:
            self._shapes[shape] += 1

    async def flush(self, database: Database, now: datetime) -> int:
        """Add it to the database's; what cannot be written now is kept for the next time. Returns 0."""
        shapes, self._shapes = self._shapes, Counter()
        if not shapes:
            return 0
        seen, kinds = _parts(shapes)
        try:
            await database.transact(lambda c: self._write(c, seen, kinds, now))
        except BaseException:
            self._shapes.update(shapes)
            raise
        return 0

    async def _write(
        self, connection: Connection, seen: Counter[Key], kinds: Mapping[Key, int], now: datetime
    ) -> None:
        unknown = seen.keys() - self._known
        if unknown:
            self._known = await _known(connection, unknown, self._known)
        at = microseconds(now)
        many = [
            {"event": key[0], "property": key[1], "kinds": kinds.get(key, 0), "seen": seen[key], "at": at}
            for key in sorted(seen)  # in one order, so that two processes never wait for each other in a ring
            if key in self._known
        ]
        await connection.run(_ADD, many)


def _parts(shapes: Counter[tuple[object, ...]]) -> tuple[Counter[Key], dict[Key, int]]:
    """Return how often each event and property came, and as which kinds."""
    seen, kinds = Counter[Key](), dict[Key, int]()
    for (event, *rest), times in shapes.items():
        seen[str(event), ""] += times
        half = len(rest) // 2
        for name, python in zip(rest[:half], rest[half:], strict=True):
            if not name or len(str(name)) > NAME_MAX:
                continue
            key = str(event), str(name)
            seen[key] += times
            assert isinstance(python, type), "the second half are types"
            kinds[key] = kinds.get(key, 0) | _BIT_OF[python]
    return seen, kinds


async def _known(connection: Connection, unknown: set[Key], known: set[Key]) -> set[Key]:
    """Return what is learnt by now: what is there, and of the rest as much as there is room for."""
    names = sorted({event for event, _ in unknown})
    there = {(row[0], row[1]) for row in await connection.read(_OF, names=[(name,) for name in names])}
    known, added = known | there, sorted(unknown - there)
    if added:
        room = EVENTS_MAX - int((await connection.read(_EVENTS))[0][0])
        of_each = Counter(event for event, name in there if name)
        for event, name in added:
            if not name and room > 0:
                room -= 1
                known.add((event, name))
            elif name and (event, "") in known and of_each[event] < PROPERTIES_MAX:
                of_each[event] += 1
                known.add((event, name))
    return known


async def read(connection: Connection) -> list[SeenEvent]:
    """Everything that was learnt, by name."""
    events: dict[str, Seen] = {}
    properties: dict[str, dict[str, Seen]] = {}
    for event, name, bits, times, first_at, last_at in await connection.read(_READ):
        kinds = frozenset(kind for kind, bit in _BITS.items() if bits & bit)
        seen = Seen(times, kinds, instant(first_at), instant(last_at))
        if name:
            properties.setdefault(event, {})[name] = seen
        else:
            events[event] = seen
    return [SeenEvent(name, seen, properties.get(name, {})) for name, seen in events.items()]


async def forget(connection: Connection, before: datetime) -> None:
    """Forget what has not come since then: there is room for others."""
    await connection.run(_FORGET, [{"before": microseconds(before)}])
