"""Which column is what: a mapping as a file says it, or as the headers let one see.

```yaml
import: orders
columns:            # what it is here: the column there
  external: Kunde
  order: Bestellnummer
  discount: [Rabatt, Gutschein]    # amounts of several columns are added
  facts.shop: Filiale              # anything else, by a name of its own
values: {currency: EUR}            # the same in every row
translate: {status: {bezahlt: paid, storniert: canceled}}
read: {delimiter: ";", encoding: latin-1, decimal: ",", dates: "%d.%m.%Y", zone: Europe/Berlin, region: DE}
```
"""

import codecs
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.reader import Document, Path, together
from bot.core.importing.kinds import KINDS, WHO, Kind, Reads
from bot.core.local_time import zone_of

ALL = "*"
"""The column that stands for all that nothing else takes, and that is not ours."""
ROW, LINE, WHY, WRITTEN = "_row", "_line", "_why", "_written"
OURS = frozenset({ROW, LINE, WHY, WRITTEN})
"""The columns that we add to rejected rows: they are about a row, and no part of it."""
_TOP = ("import", "columns", "values", "translate", "read")
_LAYOUT = ("encoding", "delimiter", "decimal", "dates", "zone", "region")
_REGION_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written; what is empty was not said."""

    encoding: str = ""
    delimiter: str = ""
    decimal: str = "."
    dates: tuple[str, ...] = ()
    zone: str = ""
    region: str = ""

    def under(self, other: "Layout") -> "Layout":
        """Return what another says, and where it says nothing, this."""
        return Layout(
            other.encoding or self.encoding,
            other.delimiter or self.delimiter,
            other.decimal if other.decimal != "." else self.decimal,
            other.dates or self.dates,
            other.zone or self.zone,
            other.region or self.region,
        )


@dataclass(frozen=True, slots=True)
class FieldMap:
    """What every field is read from: columns (several amounts are added), or a value of every row."""

    kind: Kind
    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, str] = field(default_factory=dict)
    translate: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    left_out: tuple[str, ...] = ()
    """Columns that nothing is read from."""

    @property
    def digest(self) -> str:
        """What is different where anything is read otherwise."""
        told = [
            self.kind.name,
            sorted((name, list(columns)) for name, columns in self.columns.items()),
            sorted(self.values.items()),
            sorted((name, sorted(words.items())) for name, words in self.translate.items()),
            [self.layout.encoding, self.layout.delimiter, self.layout.decimal, list(self.layout.dates)],
            [self.layout.zone, self.layout.region],
        ]
        return hashlib.sha256(orjson.dumps(told)).hexdigest()

    def told(self) -> Iterator[str]:
        """Say field by field what is read from where."""
        for name, columns in self.columns.items():
            yield f"{name}: {' + '.join(columns) if columns != (ALL,) else 'every other column, by its name'}"
        for name, value in self.values.items():
            yield f"{name}: always '{value}'"


# As a file says it


def mapping_of(document: Document, kind: Kind, headers: Sequence[str]) -> FieldMap:
    """Read a mapping for a file with these columns.

    Raises:
        FlowError: with file, line, column and remedy; further ones in `others`.
    """
    reading = _Reading(document, kind, headers)
    mapping = reading.whole()
    if reading.complaints:
        raise together(reading.complaints)
    return mapping


def layout_of(document: Document) -> Layout:
    """Read of a mapping how its file is written; raises as `mapping_of`."""
    reading = _Reading(document, KINDS["contacts"], ())
    layout = reading.layout()
    if reading.complaints:
        raise together(reading.complaints)
    return layout


class _Reading:
    """A mapping being read, with its complaints."""

    def __init__(self, document: Document, kind: Kind, headers: Sequence[str]) -> None:
        self.document = document
        self.kind = kind
        self.headers = tuple(headers)
        self.complaints: list[FlowError] = []

    def whole(self) -> FieldMap:
        """Read all of it."""
        for name in self.document.value:
            if name not in _TOP:
                self._complain((name,), f"`{name}` is not known here", f"there may be {_listed(_TOP)}")
        said = self.document.value.get("import", self.kind.name)
        if said != self.kind.name:
            remedy = f"give a mapping for {self.kind.name}"
            if str(said) in KINDS:
                remedy += f", or call `regulars import {said}`"
            self._complain(("import",), f"this mapping is for {said}", remedy)
        columns = {
            name: self._columns(name, value)
            for name, value in self._mapping(("columns",)).items()
            if self._is_field(("columns", name), name)
        }
        values = {
            name: str(value)
            for name, value in self._mapping(("values",)).items()
            if self._is_field(("values", name), name)
        }
        for name in values.keys() & columns.keys():
            self._complain(("values", name), f"`{name}` is read from a column too", "keep one of them")
        if self.kind.grouped_by in values:
            problem = f"`{self.kind.grouped_by}` is of every row another"
            self._complain(("values", self.kind.grouped_by), problem, "name its column under `columns`")
        translate = {
            name: {str(word): str(meant) for word, meant in self._mapping(("translate", name)).items()}
            for name in self._mapping(("translate",))
            if self._is_field(("translate", name), name)
        }
        taken = {column for many in columns.values() for column in many}
        for problem, remedy in missing(self.kind, {*columns, *values}):
            self._complain(("columns",), problem, remedy)
        return FieldMap(self.kind, columns, values, translate, self.layout(), self._left_out(taken))

    def _left_out(self, taken: set[str]) -> tuple[str, ...]:
        return () if ALL in taken else _others(self.headers, taken)

    def _is_field(self, path: Path, name: str) -> bool:
        whole, _, rest = name.partition(".")
        if name in self.kind.fields or (whole == self.kind.rest and rest):
            return True
        more = f", or {self.kind.rest}.NAME for what has no field" if self.kind.rest else ""
        remedy = f"there may be {_listed(self.kind.fields)}{more}"
        self._complain(path, f"{self.kind.name} have no `{name}`", remedy)
        return False

    def _columns(self, name: str, value: JsonValue) -> tuple[str, ...]:
        path: Path = ("columns", name)
        many = value if isinstance(value, list) else [value]
        columns = tuple(str(one) for one in many)
        reads = self.kind.fields[name].reads if name in self.kind.fields else Reads.ANY
        if not columns or None in many:
            self._complain(path, "no column is named", f"name one of {_listed(self.headers)}")
        if len(columns) > 1 and reads is not Reads.AMOUNT:
            self._complain(path, "only amounts of several columns can be added", "name one column")
        for number, column in enumerate(columns):
            at: Path = (*path, number) if isinstance(value, list) else path
            if column == ALL:
                if name != self.kind.rest:
                    self._complain(
                        at, f"`{ALL}` stands for all other columns", f"use it for {self.kind.rest}"
                    )
            elif column not in self.headers:
                self._complain(at, f"the file has no column '{column}'", f"it has {_listed(self.headers)}")
        return columns

    def layout(self) -> Layout:
        """Read how the file is written."""
        said = self._mapping(("read",))
        for name in said:
            if name not in _LAYOUT:
                self._complain(
                    ("read", name), f"`{name}` is not known here", f"there may be {_listed(_LAYOUT)}"
                )
        dates = said.get("dates") or []
        layout = Layout(
            encoding=str(said.get("encoding") or ""),
            delimiter=str(said.get("delimiter") or ""),
            decimal=str(said.get("decimal") or "."),
            dates=tuple(map(str, dates if isinstance(dates, list) else [dates])),
            zone=str(said.get("zone") or ""),
            region=str(said.get("region") or "").upper(),
        )
        for name, problem, remedy in problems_of(layout):
            self._complain(("read", name), problem, remedy)
        return layout

    def _mapping(self, path: Path) -> dict[str, JsonValue]:
        value: JsonValue = self.document.value
        for step in path:
            value = value.get(str(step)) if isinstance(value, dict) else None
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._complain(path, "`name: value` lines are expected", "write one for each field")
            return {}
        return value

    def _complain(self, path: Path, problem: str, remedy: str) -> None:
        known = path if path in self.document.marks.values else path[:-1]
        self.complaints.append(self.document.complaint(known, problem, remedy))


def problems_of(layout: Layout) -> Iterator[tuple[str, str, str]]:
    """Say what of a layout cannot be: its name, the problem, the remedy."""
    if layout.encoding and not _is_encoding(layout.encoding):
        yield "encoding", f"there is no encoding '{layout.encoding}'", "say utf-8, latin-1, cp1252 or utf-16"
    if len(layout.delimiter) > 1:
        yield "delimiter", "a delimiter is one character", 'write one, like ";" or "\\t"'
    if layout.decimal not in {".", ","}:
        yield "decimal", "decimals begin with a point or a comma", 'write "." or ","'
    if layout.region and not (len(layout.region) == _REGION_LENGTH and layout.region.isalpha()):
        yield "region", f"'{layout.region}' is no country", "write two letters, like US"
    if layout.zone:
        try:
            zone_of(layout.zone)
        except ValueError as error:
            yield "zone", str(error), "write it like Europe/Berlin"


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001  # Python asks no other way
    except LookupError:
        return False


def missing(kind: Kind, known: set[str]) -> Iterator[tuple[str, str]]:
    """Say which fields are missing that must be there: the problem and the remedy."""
    who = [name for name in WHO if name in kind.fields]
    if not known & set(who):
        yield "nothing says whom a row is about", f"name the column of one of {_listed(who)}"
    for name, one in kind.fields.items():
        if one.needed and name not in known:
            yield f"nothing says `{name}`: {one.means}", "name its column, or give it under `values`"
    prices = {"price", "unit_price", "paid"}
    if kind.name == "orders" and not known & prices:
        yield "nothing says what a row cost", f"name the column of one of {_listed(sorted(prices))}"


# As the headers let one see


def guessed(kind: Kind, headers: Sequence[str], layout: Layout | None = None) -> FieldMap:
    """Return what is plain from the headers: a column of a field's own name, or of one it goes by.

    Where two columns could be one field, the one whose name stands first among those it goes by is it.
    """
    by_name: dict[str, str] = {}
    for header in headers:
        by_name.setdefault(_folded(header), header)
    columns: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for name, one in kind.fields.items():
        for spelled in (name, *one.also):
            found = by_name.get(_folded(spelled))
            if found is not None and found not in taken:
                columns[name] = (found,)
                taken.add(found)
                break
    prefix = f"{kind.rest}." if kind.rest and kind.rest not in columns else "\0"
    for header in headers:
        if header.startswith(prefix) and header not in taken:
            columns[header] = (header,)
            taken.add(header)
    return FieldMap(kind, columns, layout=layout or Layout(), left_out=_others(headers, taken))


def _others(headers: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    """Return the columns that are not taken, nor part of an object that is."""
    return tuple(one for one in not_taken(headers, taken) if one.partition(".")[0] not in taken)


def not_taken(headers: Iterable[str], taken: Collection[str]) -> Iterator[str]:
    """The columns that nothing takes: all but those of a file of rejected rows that are ours."""
    return (one for one in headers if one not in taken and one not in OURS)


def _folded(header: str) -> str:
    return "".join(character for character in header.casefold() if character.isalnum())


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    names = list(names)
    return ", ".join(names) if names else "none"
