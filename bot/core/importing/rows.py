"""Rows of a file, read by a mapping: what each tells, or why it cannot be taken."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.importing.kinds import CHANNELS, Reads
from bot.core.importing.mapping import ALL, FieldMap, not_taken
from bot.core.importing.values import How, Reader, Wrong, amounts, reader_of
from bot.core.tracking.told_traits import ToldTraits

Name = tuple[str, str]
"""Channel and address, as the directory knows somebody."""
_NAME_MAX = 300


class Rejected(Exception):
    """A row that cannot be taken: `what` says in a word what of it, `why` in a sentence."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row asks for of one contact: `names` are all it is named by, `key` makes it happen once."""

    names: tuple[Name, ...]
    key: str
    body: Mapping[str, JsonValue]
    told: ToldTraits | None = None
    """The attributes that it tells, and of when they are."""


class RowReader:
    """Reads rows of one file: what is not there is missing in what is found."""

    def __init__(
        self, mapping: FieldMap, headers: Sequence[str], how: How, only: Collection[str] | None = None
    ) -> None:
        """Read the fields of a mapping, or `only` some, from rows that have these columns.

        Raises:
            Wrong: what is the same in every row cannot be read.
        """
        places = {header: place for place, header in enumerate(headers)}
        fields = mapping.kind.fields
        self._rest = f"{mapping.kind.rest}." if mapping.kind.rest else ""
        self._one: list[tuple[str, int, Reader, Mapping[str, str] | None]] = []
        self._sums: list[tuple[str, tuple[int, ...], Callable[[object], int]]] = []
        self._fixed: dict[str, object] = {}
        self._choices = {name: one.one_of for name, one in fields.items() if one.one_of}
        for name, columns in _spread(mapping, headers).items():
            if only is not None and name.partition(".")[0] not in only:
                continue
            reads = fields[name].reads if name in fields else Reads.ANY
            read = self._checked(name, reader_of(reads, how))
            if len(columns) > 1:
                self._sums.append((name, tuple(places[column] for column in columns), amounts(how)))
            else:
                self._one.append((name, places[columns[0]], read, mapping.translate.get(name)))
        for name, value in mapping.values.items():
            if only is None or name.partition(".")[0] in only:
                reads = fields[name].reads if name in fields else Reads.ANY
                try:
                    self._fixed[name] = self._checked(name, reader_of(reads, how))(value)
                except Wrong as wrong:
                    raise Wrong(f"`values`: `{name}` {wrong}") from wrong
        self._needed = [name for name, one in fields.items() if one.needed and (only is None or name in only)]

    def read(self, row: Sequence[object]) -> dict[str, object]:
        """Return what a row tells, by field. Raises Rejected."""
        found = dict(self._fixed)
        name = ""
        try:
            for name, place, read, words in self._one:
                value = row[place]
                if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN is none
                    continue
                if words is not None:
                    value = words.get(str(value).strip(), value)
                found[name] = read(value)
            for name, places, add in self._sums:
                total = 0
                for place in places:
                    value = row[place]
                    if not (value is None or value == "" or value != value):  # noqa: PLR0124  # as above
                        total += add(value)
                found[name] = total
        except Wrong as wrong:
            raise Rejected(name, str(wrong)) from wrong
        for name in self._needed:
            if name not in found:
                raise Rejected(name, "is empty")
        return found

    def rest_of(self, found: Mapping[str, object]) -> dict[str, JsonValue]:
        """Return what is kept by a name of its own: the object first, then single columns."""
        whole = found.get(self._rest[:-1])
        rest: dict[str, JsonValue] = dict(whole) if isinstance(whole, dict) else {}
        for name, value in found.items():
            if name.startswith(self._rest) and self._rest:
                rest[name.removeprefix(self._rest)] = value  # type: ignore[assignment]  # read as JSON
        return rest

    def _checked(self, name: str, read: Reader) -> Reader:
        choices = self._choices.get(name)
        if choices is None:
            return read

        def one_of(value: object) -> object:
            chosen = str(read(value)).lower()
            if chosen not in choices:
                raise Wrong(f"'{value}' is none of {', '.join(choices)}: say what it means under `translate`")
            return chosen

        return one_of


def _spread(mapping: FieldMap, headers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Every field with its columns, those that stand for all others by their names."""
    columns = dict(mapping.columns)
    for name, many in mapping.columns.items():
        if many == (ALL,):
            taken = {column for each in mapping.columns.values() for column in each}
            del columns[name]
            columns |= {f"{name}.{header}": (header,) for header in not_taken(headers, taken)}
    return columns


def names_of(found: Mapping[str, object]) -> tuple[Name, ...]:
    """Return all by which a row names somebody, what the shop knows people by first. Raises Rejected."""
    names = tuple((channel, str(found[field])) for field, channel in CHANNELS.items() if found.get(field))
    if not names:
        raise Rejected("whom", "nobody is named: all columns that say who it is are empty")
    for _, value in names:
        if len(value) > _NAME_MAX:
            raise Rejected("whom", f"'{value[:20]}…' is longer than {_NAME_MAX} characters")
    return names


def at_of(found: Mapping[str, object], name: str, now: datetime) -> datetime:
    """Return an instant that a row tells, which cannot be to come. Raises Rejected."""
    at = found[name]
    assert isinstance(at, datetime), "it is read so"
    if at > now:
        raise Rejected(name, f"'{at.isoformat()}' is still to come")
    return at
