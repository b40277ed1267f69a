"""Proposes for `flows/events.yaml` what came and is not named there, and writes it in beside the rest."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.flow.reader import Document, plain, read
from bot.core.tracking.plan import OURS, JsonKind, Plan, is_of_orders

Came = Mapping[str, Mapping[str, Collection[JsonKind]]]
"""Events, their properties, and the kinds each came as."""
NEW_FILE = "# The tracking plan: which events may be told, what is in them, and how long they are kept.\n"
_STEP = 2
_PERSONAL = re.compile(
    r"phone|mobile|e-?mail|(first|last|full|user) ?name|birth|gender|\bage\b|address|street|\bzip\b|postal"
    r"|\bip\b|\b(lat|latitude|lng|lon|longitude)\b|\burl\b|referrer",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*")
_WORDS = frozenset(
    {"yes", "no", "on", "off", "y", "n", "true", "false", "null"}
)  # YAML 1.1 reads other things


class NotWritten(Exception):
    """The file is written in a way that nothing can be put into it without writing it anew."""


@dataclass(frozen=True, slots=True)
class ProposedProperty:
    """A property as it would stand in the plan."""

    name: str
    kinds: tuple[JsonKind, ...]
    """What it came as, beside null."""

    @property
    def is_personal(self) -> bool:
        """Whether it is called as what tells of a person is."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", self.name)
        return _PERSONAL.search(words) is not None

    @property
    def value(self) -> JsonValue:
        """What would be read of it."""
        kind = self.kinds[0].value if len(self.kinds) == 1 else None
        if not self.is_personal:
            return kind
        return {"type": kind, "personal": True} if kind is not None else {"personal": True}

    @property
    def line(self) -> str:
        """How it would be written."""
        kind = self.kinds[0].value if len(self.kinds) == 1 else None
        said = f" {kind}" if kind is not None else ""
        if self.is_personal:
            said = f" {{type: {kind}, personal: true}}" if kind is not None else " {personal: true}"
        many = f"  # came as {', '.join(self.kinds)}" if len(self.kinds) > 1 else ""
        return f"{_scalar(self.name)}:{said}{many}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An event with what the plan does not name of it; all of it, where the plan does not name the event."""

    event: str
    properties: tuple[ProposedProperty, ...]
    is_new: bool


def proposals(plan: Plan, came: Came) -> list[Proposal]:
    """Return what a plan lacks; of an event of which it names no property, none is lacking."""
    found = []
    for event, properties in sorted(came.items()):
        planned = plan.events.get(event)
        if event in OURS or (planned is None and is_of_orders(event)):
            continue
        if planned is not None and (planned.is_blocked or not planned.properties):
            continue
        lacking = tuple(
            ProposedProperty(
                name, tuple(kind for kind in JsonKind if kind in kinds and kind != JsonKind.NOTHING)
            )
            for name, kinds in sorted(properties.items())
            if planned is None or not planned.names(name)
        )
        if planned is None or lacking:
            found.append(Proposal(event, lacking, is_new=planned is None))
    return found


def shown(found: Iterable[Proposal]) -> str:
    """Write proposals as they would stand in the file."""
    return "\n".join(("events:", *_events(found, _STEP, _STEP)))


def written(text: str, file: str, found: Iterable[Proposal]) -> str:
    """Return a file's text with proposals in it; all that stands there stays as it is.

    Raises:
        NotWritten: it cannot be done without writing other lines anew.
        FlowError: the file cannot be read.
    """
    found = list(found)
    document = read(text, file) if text.strip() else None
    lines = text.rstrip("\n").split("\n") if text.strip() else NEW_FILE.rstrip("\n").split("\n")
    new = [one for one in found if one.is_new]
    places: list[tuple[int, list[str]]] = []
    if document is None or "events" not in document.value:
        places.append((len(lines), ["events:", *_events(new, _STEP, _STEP)]))
    else:
        step, at = _inside(document, lines, ("events",))
        places.append((at, [*_events(new, step, _STEP)]))
        for one in found:
            if not one.is_new:
                step, at = _inside(document, lines, ("events", one.event, "properties"))
                places.append((at, [" " * step + each.line for each in one.properties]))
    for at, more in sorted(places, key=lambda place: place[0], reverse=True):
        lines[at:at] = more
    result = "\n".join(lines) + "\n"
    if read(result, file).value != _expected(document, found):
        raise NotWritten
    return result


def _events(found: Iterable[Proposal], indent: int, step: int) -> Iterator[str]:
    for one in found:
        yield " " * indent + f"{_scalar(one.event)}:"
        if one.properties:
            yield " " * (indent + step) + "properties:"
            yield from (" " * (indent + 2 * step) + each.line for each in one.properties)


def _inside(document: Document, lines: list[str], path: tuple[str, ...]) -> tuple[int, int]:
    """Return how far what is below a key is indented, and before which line more of it goes."""
    key = document.marks.keys[path]
    below = [mark for each, mark in document.marks.keys.items() if each[:-1] == path]
    if any(mark.line == key.line for mark in below):
        raise NotWritten  # {all: in, one: line}
    column = below[0].column if below else key.column + _STEP
    last = key.line
    for number in range(key.line, len(lines)):
        line = lines[number].strip()
        if not line or line.startswith("#"):
            continue
        if _indent(lines[number]) < key.column:
            break
        last = number + 1
    return column - 1, last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _expected(document: Document | None, found: Iterable[Proposal]) -> dict[str, JsonValue]:
    whole = dict(document.value) if document is not None else {}
    before = whole.get("events")
    events: dict[str, JsonValue] = dict(before) if isinstance(before, dict) else {}
    for one in found:
        more: dict[str, JsonValue] = {each.name: each.value for each in one.properties}
        if one.is_new:
            events[one.event] = {"properties": more} if more else None
            continue
        known = events[one.event]
        assert isinstance(known, dict), "it names properties"
        properties = known["properties"]
        assert isinstance(properties, dict), "it names properties"
        events[one.event] = {**known, "properties": {**properties, **more}}
    whole["events"] = events
    return whole


def _scalar(name: str) -> str:
    if _PLAIN.fullmatch(name) and name.lower() not in _WORDS and plain(name) == name:
        return name
    return json.dumps(name, ensure_ascii=not name.isprintable())
