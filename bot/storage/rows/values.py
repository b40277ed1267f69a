"""What every row is made of: instants and documents as they are stored, and rows that are read late."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar, overload

import orjson

from bot.core.ids import instant, microseconds
from bot.storage.driver import Value

T = TypeVar("T")


RowValues = tuple[Value, ...]


JsonRows = Sequence[Sequence[Any]]


def to_json(value: object) -> str:
    """Compact JSON text, as documents are stored."""
    return orjson.dumps(value).decode()


def json_rows(text: str | None) -> JsonRows:
    """Rows that a statement collected with `@rows`; None is how PostgreSQL says there are none."""
    rows: JsonRows = orjson.loads(text) if text else ()
    return rows


class Unread(Sequence[T]):
    """Rows that become domain objects when somebody looks: most turns never open the books."""

    __slots__ = ("_objects", "_read", "_rows")

    def __init__(self, rows: JsonRows, read: Callable[[Sequence[Any]], T]) -> None:
        """Keep rows and how to read one."""
        self._rows = rows
        self._read = read
        self._objects: tuple[T, ...] | None = None

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        """Return one, or some."""
        return self._all()[index]

    def __iter__(self) -> Iterator[T]:
        """Give them in order."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    def _all(self) -> tuple[T, ...]:
        if self._objects is None:
            self._objects = tuple(self._read(row) for row in self._rows)
        return self._objects


def stored(at: datetime | None) -> int | None:
    """An instant as it is stored."""
    return None if at is None else microseconds(at)


def loaded(at: int | None) -> datetime | None:
    """An instant as the core knows it."""
    return None if at is None else instant(at)
