"""Reading side by side: what several ask a database for at the same time goes there together.

A turn wants this and that beyond its snapshot, and each is read by a function of its own. Where a statement
takes 200 ms because the database is far away, what matters is how often anybody waits for it.
"""

from collections.abc import Callable, Coroutine, Generator, Sequence
from types import coroutine
from typing import NoReturn, TypeVar

from bot.storage.driver import Asked, Connection, Record, Statement

T = TypeVar("T")
Reader = Callable[[Connection], Coroutine[object, object, T]]
"""Reads something and awaits nothing else but the connection it is given."""


Ask = Callable[[list[Asked]], Coroutine[object, object, list[Sequence[Record]]]]


async def together(connection: Connection, readers: Sequence[Reader[T]], first: Ask | None = None) -> list[T]:
    """Run readers side by side; returns what they returned, in their order.

    Each waits for its next answer, and all of these are asked for at once: those they begin with by `first`,
    where something else is to be done with them. Where the database is near they just read, one after the
    other, and `first` is asked for nothing.
    """
    if connection.is_near:
        here: Connection = _OneByOne(connection)
        read_here = [await reader(here) for reader in readers]
        if first is not None:
            await first([])
        return read_here
    ask: Ask = first or connection.read_all
    going = {number: reader(_SIDE_BY_SIDE) for number, reader in enumerate(readers)}
    read: dict[int, T] = {}
    found: dict[int, list[Sequence[Record]]] = {}
    try:
        while True:
            asked = dict[int, Sequence[Asked]]()
            for number, running in list(going.items()):
                try:
                    asked[number] = _next(running, found.get(number))
                except StopIteration as stop:
                    read[number] = stop.value
                    del going[number]
            if not going:
                return [read[number] for number in range(len(readers))]
            answers = iter(await ask([one for many in asked.values() for one in many]))
            ask = connection.read_all
            found = {number: [next(answers) for _ in many] for number, many in asked.items()}
    finally:
        for running in going.values():
            running.close()


def _next(running: Coroutine[object, object, object], found: object) -> Sequence[Asked]:
    asked = running.send(found)
    assert isinstance(asked, list), "a reader awaited something other than its connection"
    return asked


@coroutine
def _ask(many: list[Asked]) -> Generator[list[Asked], list[Sequence[Record]], list[Sequence[Record]]]:
    return (yield many)


class _OnlyReading:
    """What no `Connection` of readers does."""

    __slots__ = ()

    async def version(self) -> int | None:
        """See `Connection.version`: readers do not ask."""
        return None

    async def run(self, *_: object) -> NoReturn:
        """Refuse: readers write nothing, here and below."""
        raise AssertionError

    async def write(self, *_: object) -> NoReturn:
        """Refuse."""
        raise AssertionError

    async def write_all(self, *_: object) -> NoReturn:
        """Refuse."""
        raise AssertionError

    async def claim(self, *_: object) -> NoReturn:
        """Refuse."""
        raise AssertionError

    async def claim_and_read(self, *_: object) -> NoReturn:
        """Refuse."""
        raise AssertionError


class _OneByOne(_OnlyReading):
    """The `Connection` of readers that need not wait."""

    __slots__ = ("read", "read_all")
    is_near = True

    def __init__(self, connection: Connection) -> None:
        """Read over an open connection."""
        self.read = connection.read
        self.read_all = connection.read_all


class _SideBySide(_OnlyReading):
    """The `Connection` of readers that wait for one another."""

    is_near = False

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """See `Connection.read`."""
        (found,) = await _ask([(statement, parameters)])
        return found

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        """See `Connection.read_all`."""
        return await _ask(list(many)) if many else []


_SIDE_BY_SIDE: Connection = _SideBySide()
