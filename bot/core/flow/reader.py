"""Reads a marketer's YAML strictly and kindly: plain values, the place of each, complaints in plain words.

YAML guesses too much for people who do not think in YAML: `no` is a boolean, `12:30` a number of
seconds, `012` ten, a key given twice silently wins. Here a plain scalar is text unless it is
exactly `true`, `false`, `null` or a number (YAML 1.2 core); numbers whose spelling would get lost
(`012`, `+15551234567`) stay text; everything that reads differently from what it means is refused
with what to do about it.

The reader follows libyaml's events instead of its nodes, because anchors, tags and depth are
visible there, and nothing recurses however deep a file is nested.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from bot.core.contact import JsonValue
from bot.core.errors import FlowError

BYTES_MAX = 512 * 1024
DEPTH_MAX = 40
VALUES_MAX = 50_000
_DIGITS_MAX = 18  # more do not fit 64 bits, and are account numbers rather than quantities

Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Where each value and key of a document stands, and (`texts`) the first character of quoted text."""

    values: Mapping[Path, Mark]
    keys: Mapping[Path, Mark]
    texts: Mapping[Path, Mark]

    def of(self, path: Path) -> Mark:
        """Return the place of the value at `path`, or of the nearest thing around it."""
        return self._nearest(self.values, path)

    def key(self, path: Path) -> Mark:
        """Return the place of the key that holds the value at `path`."""
        return self.keys.get(path) or self.of(path)

    def text(self, path: Path) -> Mark:
        """Return the place of a text's first character, past quotes or the line of a `|`."""
        return self.texts.get(path) or self.of(path)

    @staticmethod
    def _nearest(marks: Mapping[Path, Mark], path: Path) -> Mark:
        for length in range(len(path), -1, -1):
            mark = marks.get(path[:length])
            if mark is not None:
                return mark
        return Mark(1, 1)


@dataclass(frozen=True, slots=True)
class Document:
    """A file read: its mapping as plain values, and the place of each."""

    file: str
    value: dict[str, JsonValue]
    marks: Marks

    def complaint(self, path: Path, problem: str, remedy: str, *, at_key: bool = False) -> FlowError:
        """Make a complaint about the value (or the key) at `path`."""
        mark = self.marks.key(path) if at_key else self.marks.of(path)
        return FlowError(self.file, mark.line, mark.column, problem, remedy)


def read(source: str | bytes, file: str) -> Document:
    """Read one YAML file whose root is a mapping.

    Raises:
        FlowError: with file, line, column, problem and remedy; further ones in `others`.
    """
    text = _decoded(source, file)
    _refuse_odd_indents(text, file)
    building = _Building(file, text.split("\n"))
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            building.take(event)
    except yaml.YAMLError as error:
        raise _explained(error, file, building.lines) from error
    if building.complaints:
        raise together(building.complaints)
    root = building.root
    if root is None:
        raise FlowError(file, 1, 1, "the file is empty", "begin with `flow:` and the flow's name")
    if not isinstance(root, dict):
        mark = building.values.get((), Mark(1, 1))
        problem = f"the file holds {_kind(root)} where `name: value` lines are expected"
        raise FlowError(file, *mark, problem, _root_remedy(building.lines, mark))
    return Document(file, root, Marks(building.values, building.keys, building.texts))


def together(complaints: list[FlowError]) -> FlowError:
    """Return the first complaint in reading order, which carries the others."""
    first, *others = sorted(
        complaints, key=lambda complaint: (complaint.file, complaint.line, complaint.column)
    )
    first.others = tuple(others)
    return first


# Scalars

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"-?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: Mapping[str, JsonValue] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def plain(text: str) -> JsonValue:
    """Return what an unquoted scalar means: YAML 1.2 core, except numbers whose spelling matters."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _DIGITS_MAX or not (text[0].isdigit() or text[0] in "-."):
        return text
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


# Building

_QUOTE_BRACES = 'put quotes around text that starts with {{ or {%, as in "{{ member.first_name }}"'
_QUOTE = 'put quotes around the whole text, as in say: "Price: 5"'


class _Open:
    """A mapping or list being filled."""

    __slots__ = ("key", "path", "value")

    def __init__(self, path: Path, value: dict[str, JsonValue] | list[JsonValue]) -> None:
        self.path = path
        self.value = value
        self.key: str | None = None


class _Building:
    """Turns parser events into values and marks, collecting complaints on the way."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.texts: dict[Path, Mark] = {}
        self.complaints: list[FlowError] = []
        self.root: JsonValue = None
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case yaml.ScalarEvent():
                self._scalar(event, mark)
            case yaml.MappingStartEvent():
                self._start(event, mark, {})
            case yaml.SequenceStartEvent():
                self._start(event, mark, [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case yaml.AliasEvent():
                raise self._refusal(
                    mark,
                    f"*{event.anchor} is read as a YAML alias, which is not supported here",
                    "write the value out; if it is text, put quotes around it",
                )
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._refusal(mark, "the file holds a second document", "remove the `---` line")
            case _:
                pass

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        self._refuse_decorations(event, mark)
        is_plain = not event.style  # the C parser says "" where the Python one says None
        if self._awaits_key():
            self._key(event.value, mark)
            return
        if is_plain:
            self._refuse_lost_comment(event)
        path = self._place(plain(event.value) if is_plain else event.value, mark)
        if not is_plain:
            self.texts[path] = self._first_character(event, mark)

    def _start(self, event: Any, mark: Mark, value: dict[str, JsonValue] | list[JsonValue]) -> None:
        self._refuse_decorations(event, mark)
        if self._awaits_key():
            braces = self._source(mark, back=1).startswith("{{")
            raise self._refusal(
                Mark(mark.line, mark.column - 1) if braces else mark,
                "unquoted {{ … }} is read as YAML, not as text"
                if braces
                else "a key must be one word or text",
                _QUOTE_BRACES if braces else "write `name: value`",
            )
        if len(self._open) >= DEPTH_MAX:
            raise self._refusal(mark, f"nested deeper than {DEPTH_MAX} levels", "split the flow with `call`")
        path = self._place(value, mark)
        self._open.append(_Open(path, value))

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _key(self, key: str, mark: Mark) -> None:
        if key == "<<":
            raise self._refusal(mark, "merge keys (`<<`) are not supported here", "write the values out")
        inside = self._open[-1]
        path = (*inside.path, key)
        first = self.keys.get(path)
        if first is not None:
            problem = f"`{key}` is given twice (first on line {first.line}); only one would count"
            self.complaints.append(FlowError(self.file, *mark, problem, "keep one of them"))
        self.keys.setdefault(path, mark)
        inside.key = key

    def _place(self, value: JsonValue, mark: Mark) -> Path:
        if len(self.values) >= VALUES_MAX:
            raise self._refusal(mark, f"more than {VALUES_MAX} values in one file", "split the file")
        if not self._open:
            self.root = value
            self.values[()] = mark
            return ()
        inside = self._open[-1]
        if isinstance(inside.value, dict):
            assert inside.key is not None
            path = (*inside.path, inside.key)
            inside.value[inside.key] = value
            inside.key = None
        else:
            path = (*inside.path, len(inside.value))
            inside.value.append(value)
        self.values[path] = mark
        return path

    def _refuse_decorations(self, event: Any, mark: Mark) -> None:
        if event.anchor is not None:
            raise self._refusal(
                mark,
                f"&{event.anchor} is read as a YAML anchor, which is not supported here",
                "write the value out; if it is text, put quotes around it",
            )
        if event.tag is not None and event.tag != "!":
            raise self._refusal(
                mark, "text that starts with ! is read as a YAML tag", "put quotes around the whole text"
            )

    def _refuse_lost_comment(self, event: yaml.ScalarEvent) -> None:
        """`say: You are #1` would lose `#1`: YAML takes it for a comment."""
        end: Any = event.end_mark
        rest = self.lines[end.line][end.column :] if end.line < len(self.lines) else ""
        if event.value and re.match(r"\s+#[^\s#!]", rest):
            column = end.column + rest.index("#") + 1
            self.complaints.append(
                FlowError(
                    self.file,
                    end.line + 1,
                    column,
                    f"everything from `{rest.strip()[:20]}` on is read as a comment and would be lost",
                    "put quotes around the whole text; for a comment, put a space after #",
                )
            )

    def _first_character(self, event: yaml.ScalarEvent, mark: Mark) -> Mark:
        if event.style in {'"', "'"}:
            return Mark(mark.line, mark.column + 1)
        for number in range(mark.line, len(self.lines)):
            line = self.lines[number]
            if line.strip():
                return Mark(number + 1, len(line) - len(line.lstrip(" ")) + 1)
        return mark

    def _source(self, mark: Mark, *, back: int = 0) -> str:
        return self.lines[mark.line - 1][max(mark.column - 1 - back, 0) :]

    def _refusal(self, mark: Mark, problem: str, remedy: str) -> FlowError:
        return FlowError(self.file, mark.line, mark.column, problem, remedy)


# Kindness

_ODD_INDENT = re.compile(r"^ *([\t\u00a0\u2000-\u200b\u202f\u3000])[^\S\n]*(?=\S)")
_BARE_BRACES = re.compile(r"^(?:[^\"'#]*?(?::|-)\s+|\s*)(\{[{%])")
_WIDE_COLON = re.compile(r"^\s*(?:- +)?[A-Za-z_]+(：)")
_SECOND_COLON = re.compile(r"^\s*(?:- +)*[\w.]+:\s+[^\"'\s|>\[{].*?(:)(?:\s|$)")
_UNQUOTED_START = re.compile(r"(?::|-)\s+([@`%])")


def _decoded(source: str | bytes, file: str) -> str:
    size = len(source)
    if size > BYTES_MAX:
        problem = f"the file is too large ({size // 1024} KB; at most {BYTES_MAX // 1024} KB)"
        raise FlowError(file, 1, 1, problem, "split it into several flows that `call` each other")
    text = source if isinstance(source, str) else _as_utf_8(source, file)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _as_utf_8(source: bytes, file: str) -> str:
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        before = source[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise FlowError(file, line, column, "the file is not UTF-8 text", "save it again as UTF-8") from error


def _refuse_odd_indents(text: str, file: str) -> None:
    block: int | None = None  # indentation of the key that opened a text block; inside, anything goes
    for number, line in enumerate(text.split("\n"), 1):
        indent = len(line) - len(line.lstrip(" "))
        if block is not None and (indent > block or not line.strip()):
            continue
        block = indent if re.search(r"(?::|-)\s+[|>][-+0-9]*\s*(?:#.*)?$", line) else None
        odd = _ODD_INDENT.match(line)
        if odd and not line.strip().startswith("#"):
            what = "a tab" if odd.group(1) == "\t" else "an unusual kind of space"
            problem = f"the line is indented with {what}"
            raise FlowError(file, number, odd.start(1) + 1, problem, "indent with ordinary spaces only")


def _explained(error: yaml.YAMLError, file: str, lines: list[str]) -> FlowError:
    """Say in plain words what libyaml stumbled over."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    if mark is None:  # the reader of characters knows no line
        return _bad_character(error, file, lines, said)
    place = Mark(mark.line + 1, mark.column + 1)
    started = getattr(error, "context_mark", None)
    for number in _suspects(place, started.line + 1 if started else place.line, lines):
        hint = _hint(file, number, lines[number - 1])
        if hint is not None:
            return hint
    if "quoted scalar" in str(getattr(error, "context", "")) and started is not None:
        begun = Mark(started.line + 1, started.column + 1)
        return FlowError(file, *begun, "a quotation mark is opened here and never closed", "close the quotes")
    if said == "found unexpected ':'":
        problem = "a colon inside { } or [ ] belongs to a name, unless the text is quoted"
        return FlowError(
            file, *place, problem, "put quotes around the text, or a space after the name's colon"
        )
    if "alphabetic or numeric" in said:
        return FlowError(file, *place, "a word after * or & is read as YAML, not as text", _QUOTE)
    return FlowError(
        file,
        *place,
        f"this is not YAML that can be read ({said})",
        "look at indentation, quotes and brackets here and on the line above",
    )


def _suspects(place: Mark, started: int, lines: list[str]) -> Iterator[int]:
    """Lines to look at, likeliest first: a parser often notices one line after the mistake."""
    seen: set[int] = set()
    for number in (place.line, place.line - 1, started):
        if 1 <= number <= len(lines) and number not in seen:
            seen.add(number)
            yield number


def _hint(file: str, number: int, line: str) -> FlowError | None:
    if found := _BARE_BRACES.match(line):
        problem = f"unquoted {found.group(1)} is read as YAML, not as text"
        return FlowError(file, number, found.start(1) + 1, problem, _QUOTE_BRACES)
    if found := _WIDE_COLON.match(line):
        return FlowError(
            file, number, found.start(1) + 1, "a full-width colon (：) follows the name", "type `:`"
        )
    if found := _UNQUOTED_START.search(line):
        problem = f"text that starts with {found.group(1)} needs quotes"
        return FlowError(file, number, found.start(1) + 1, problem, "put quotes around the whole text")
    if found := _SECOND_COLON.match(line):
        problem = "a second colon in unquoted text is read as another `name: value`"
        return FlowError(file, number, found.start(1) + 1, problem, _QUOTE)
    return None


def _bad_character(error: yaml.YAMLError, file: str, lines: list[str], said: str) -> FlowError:
    for number, line in enumerate(lines, 1):
        for column, character in enumerate(line, 1):
            if character != "\t" and not " " <= character <= "~" and not character >= "\u00a0":
                problem = f"an invisible control character (U+{ord(character):04X}) stands here"
                return FlowError(file, number, column, problem, "delete it and type the text again")
    return FlowError(file, 1, 1, f"the file cannot be read ({said or error})", "save it again as UTF-8 text")


def _kind(value: JsonValue) -> str:
    return "a list" if isinstance(value, list) else "a single text"


def _root_remedy(lines: list[str], mark: Mark) -> str:
    if _WIDE_COLON.match(lines[mark.line - 1]):
        return "type an ordinary colon `:` instead of the full-width `：`"
    return "begin with `flow:` and the flow's name"
