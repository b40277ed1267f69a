"""Files to import, opened and read in bounded memory: CSV, a JSON object on each line, Parquet.

How a file is written is told, never guessed silently: what is not UTF-8 is refused with what to say, and a
delimiter is taken from the first line and shown.
"""

import csv
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final

import orjson

from bot.core.errors import FlowError
from bot.core.importing.mapping import ALL, FieldMap, Layout

UTF_8: Final = "utf-8"
DELIMITERS: Final = (",", ";", "\t", "|")
_FIELD_MAX: Final = 1_000_000  # characters; more is a quote that nobody closed
_LOOKED_AT: Final = 10_000  # objects, to see which names there are
_BATCH: Final = 8_192
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Format(StrEnum):
    """How a file holds its rows."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


FORMATS: Final = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".json": Format.NDJSON,
    ".parquet": Format.PARQUET,
}
"""What the end of a file's name says."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read at all, and why."""

    why: str
    written: str = ""


Line = tuple[int, Sequence[object] | Unread]
"""Where a row stands (the line of a text it ends on, else its number), and its values."""


@dataclass(slots=True)
class SourceFile:
    """A file that was looked at: what it holds, and how far it was read.

    `columns` are those that `rows` gives, in their order: all of a CSV, of others those that are asked for.
    """

    path: Path
    format: Format
    headers: tuple[str, ...]
    layout: Layout
    size: int
    """How much there is to read, in bytes or rows."""
    columns: tuple[str, ...] = ()
    is_grouped: bool = False
    """Whether an object may hold several rows, in `lines`."""
    read: int = 0
    """How much of that is read."""
    _tell: Callable[[], int] = field(default=lambda: 0)

    def told(self) -> str:
        """Say how it is written."""
        match self.format:
            case Format.CSV:
                between = {"\t": "tab"}.get(self.layout.delimiter, f"'{self.layout.delimiter}'")
                return f"CSV, {self.layout.encoding}, {between} between columns"
            case Format.NDJSON:
                return "a JSON object on each line"
            case Format.PARQUET:
                return f"Parquet, {self.size} rows"

    def needed(self, mapping: FieldMap) -> tuple[str, ...]:
        """Return the columns to read for a mapping: all, where they are read anyway or all are wanted."""
        wanted = {column for many in mapping.columns.values() for column in many}
        if self.format is Format.CSV or ALL in wanted:
            return self.headers
        return tuple(name for name in self.headers if name in wanted)

    def rows(self) -> Iterator[Line]:
        """Read all rows, in order.

        Raises:
            FlowError: the file cannot be read on, with its line.
        """
        match self.format:
            case Format.CSV:
                return self._csv()
            case Format.NDJSON:
                return self._objects()
            case Format.PARQUET:
                return self._parquet()

    def look(self) -> int:
        """How much is read by now, of `size`."""
        return self._tell()

    def _csv(self) -> Iterator[Line]:
        csv.field_size_limit(_FIELD_MAX)
        raw = self.path.open("rb")
        with TextIOWrapper(raw, encoding=_codec(self.layout.encoding), newline="") as file:
            self._tell = raw.tell
            reader = csv.reader(file, delimiter=self.layout.delimiter)
            width = len(self.headers)
            begun = 1
            try:
                next(reader, None)
                begun = reader.line_num + 1
                for row in reader:
                    if row:
                        yield (
                            reader.line_num,
                            row if len(row) == width else Unread(_width(len(row), width), str(row)),
                        )
                    begun = reader.line_num + 1
            except UnicodeDecodeError as error:
                raise not_in(self.path, self.layout.encoding) from error
            except csv.Error as error:
                remedy = "look for a quotation mark that is opened there and never closed"
                raise FlowError(
                    self.path.name, begun, 1, f"the row cannot be read: {error}", remedy
                ) from error
            finally:
                self._tell = lambda: self.size

    def _objects(self) -> Iterator[Line]:
        places = [(name, name.split(".")) for name in self.columns]
        with self.path.open("rb") as file:
            self._tell = file.tell
            for number, text in enumerate(_lines(file), 1):
                if not text.strip():
                    continue
                try:
                    found = orjson.loads(text)
                except orjson.JSONDecodeError as error:
                    yield number, Unread(f"this is no JSON: {error}", text.decode(errors="replace"))
                    continue
                if not isinstance(found, dict):
                    yield number, Unread("this is no object", text.decode(errors="replace"))
                    continue
                for one in self._spread(found):
                    yield number, [_at(one, name, path) for name, path in places]
        self._tell = lambda: self.size

    def _spread(self, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
        lines = found.pop("lines", None) if self.is_grouped else None
        if not isinstance(lines, list):
            yield found
            return
        for line in lines:
            yield {**found, **line} if isinstance(line, dict) else found

    def _parquet(self) -> Iterator[Line]:
        import pyarrow as pa  # noqa: PLC0415  # 60 MB that few need
        import pyarrow.parquet as pq  # noqa: PLC0415  # as above

        self.read, self._tell = 0, lambda: self.read
        with pq.ParquetFile(self.path) as file:
            number = 0
            for batch in file.iter_batches(_BATCH, columns=list(self.columns)):
                columns = [_plain(pa, batch.column(name)) for name in self.columns]
                for row in zip(*columns, strict=True):
                    number += 1
                    yield number, row
                self.read = number


def look_at(
    path: Path, layout: Layout, written_as: Format | None = None, *, grouped: bool = False
) -> SourceFile:
    """Look at a file: its columns, and how it is written as far as a layout does not say.

    Raises:
        FlowError: it cannot be read so; with what to say.
        OSError: it cannot be opened.
    """
    found = written_as or FORMATS.get(path.suffix.lower())
    if found is None:
        remedy = f"name it with {', '.join(FORMATS)}, or say what it is with --format"
        raise FlowError(path.name, 1, 1, "what kind of file this is cannot be seen from its name", remedy)
    size = path.stat().st_size
    headers: tuple[str, ...] = ()
    match found:
        case Format.CSV:
            layout = _with_encoding(path, layout)
            first = _first_line(path, layout)
            delimiter = layout.delimiter or _delimiter(first)
            layout = Layout(
                layout.encoding, delimiter, layout.decimal, layout.dates, layout.zone, layout.region
            )
            headers = tuple(_headers(path, layout))
        case Format.NDJSON:
            headers = tuple(_names(path, is_grouped=grouped))
        case Format.PARQUET:
            headers, size = _schema(path)
    if len(set(headers)) < len(headers):
        twice = next(name for name in headers if headers.count(name) > 1)
        raise FlowError(
            path.name, 1, 1, f"the column '{twice}' is there twice", "give each a name of its own"
        )
    return SourceFile(path, found, headers, layout, size, headers, grouped)


def digest_of(path: Path) -> str:
    """Return what is different where anything in the file is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def not_in(path: Path, encoding: str) -> FlowError:
    """Say where a file is not written as was said, and what to do."""
    number = 1
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(_codec(encoding))
            except UnicodeDecodeError as error:
                written = line[error.start : error.start + 1].hex()
                problem = f"this is not {encoding}: there is a byte {written} that means nothing in it"
                return FlowError(path.name, number, error.start + 1, problem, _ENCODING_REMEDY)
    return FlowError(path.name, number, 1, f"this is not {encoding}", _ENCODING_REMEDY)


_ENCODING_REMEDY: Final = (
    "say how it is written with --encoding, or `read: {encoding: …}` in the mapping: latin-1 or cp1252 for "
    "what comes from Excel in America and the west of Europe"
)


def _with_encoding(path: Path, layout: Layout) -> Layout:
    if layout.encoding:
        return layout
    with path.open("rb") as file:
        start = file.read(4)
    found = next((name for mark, name in _MARKS if start.startswith(mark)), UTF_8)
    if found != UTF_8:
        problem = f"this begins as {found} does"
        raise FlowError(path.name, 1, 1, problem, f"say so: --encoding {found}, or save it as UTF-8")
    return Layout(found, layout.delimiter, layout.decimal, layout.dates, layout.zone, layout.region)


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding


def _first_line(path: Path, layout: Layout) -> str:
    try:
        with path.open(encoding=_codec(layout.encoding), newline="") as file:
            line = file.readline(_FIELD_MAX)
    except UnicodeDecodeError as error:
        raise not_in(path, layout.encoding) from error
    if not line.strip():
        remedy = "begin with a line that names the columns"
        raise FlowError(path.name, 1, 1, "the file begins with an empty line", remedy)
    return line


def _delimiter(line: str) -> str:
    times = {one: line.count(one) for one in DELIMITERS}
    return max(DELIMITERS, key=lambda one: times[one])


def _headers(path: Path, layout: Layout) -> Iterator[str]:
    with path.open(encoding=_codec(layout.encoding), newline="") as file:
        for number, name in enumerate(next(csv.reader(file, delimiter=layout.delimiter)), 1):
            yield name.strip() or f"column {number}"


def _names(path: Path, *, is_grouped: bool) -> list[str]:
    """Return the names in the first objects of a file; of objects in them also `outer.inner`."""
    names: dict[str, None] = {}
    with path.open("rb") as file:
        for number, text in enumerate(_lines(file)):
            if number >= _LOOKED_AT:
                break
            try:
                found = orjson.loads(text)
            except orjson.JSONDecodeError:
                continue
            if isinstance(found, dict):
                _add_names(names, found, "")
                lines = found.get("lines") if is_grouped else None
                if isinstance(lines, list):
                    names.pop("lines", None)
                    for line in lines:
                        _add_names(names, line if isinstance(line, dict) else {}, "")
    return list(names)


def _add_names(names: dict[str, None], found: dict[str, Any], prefix: str) -> None:
    for name, value in found.items():
        names.setdefault(f"{prefix}{name}")
        if isinstance(value, dict) and not prefix:
            _add_names(names, value, f"{name}.")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(_FIELD_MAX * 32):
        yield line


def _at(found: dict[str, Any], name: str, path: Sequence[str]) -> object:
    if name in found:
        return found[name]
    value: object = found
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _schema(path: Path) -> tuple[tuple[str, ...], int]:
    try:
        import pyarrow as pa  # noqa: PLC0415  # as above
        import pyarrow.parquet as pq  # noqa: PLC0415  # as above
    except ImportError as error:
        remedy = "install it: pip install 'regulars[parquet]'; or write the file as CSV"
        raise FlowError(path.name, 1, 1, "Parquet needs pyarrow, which is not installed", remedy) from error
    try:
        with pq.ParquetFile(path) as file:
            return tuple(file.schema_arrow.names), int(file.metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise FlowError(path.name, 1, 1, f"this is no Parquet file: {reason}", "write it again") from error


def _plain(pa: Any, column: Any) -> list[object]:  # noqa: ANN401  # pyarrow has no types
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)  # Python knows no nanoseconds
    values: list[object] = column.to_pylist()
    return values


def _width(has: int, wanted: int) -> str:
    return f"there are {has} columns where the first line has {wanted}"


def is_private(path: Path) -> None:
    """Let a file that holds personal data be read by its owner alone."""
    path.touch(mode=0o600)
    os.chmod(path, 0o600)  # noqa: PTH101  # also where it was there before
