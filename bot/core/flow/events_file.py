"""`flows/events.yaml`: the tracking plan, which events are known, personal, kept how long, and blocked."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from bot.core.errors import FlowError
from bot.core.flow.fields import Part, wrong
from bot.core.flow.parse import validated
from bot.core.flow.reader import Document, Path, together
from bot.core.local_time import parse_duration
from bot.core.tracking.plan import JsonKind, Plan, PlannedEvent, PlannedProperty, is_of_orders

FOR_GOOD: Literal["forever"] = "forever"
_KEEP_MIN, _KEEP_MAX = timedelta(days=1), timedelta(days=3660)
_KEEP_HOW = "write how long, like 90d or 400d, or forever"
_NAME_LENGTH = 2  # `events`, a name: what stands below is the event's
_PROPERTY_LENGTH = 4  # `events`, a name, `properties`, a name


def _keep(value: object) -> object:
    if value == FOR_GOOD or isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise wrong(f"{'nothing' if value is None else value} is not a duration", _KEEP_HOW)
    try:
        found = parse_duration(value)
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise wrong(problem, remedy or _KEEP_HOW) from error
    if not _KEEP_MIN <= found <= _KEEP_MAX:
        raise wrong(f"'{value}' is less than a day, or more than ten years", _KEEP_HOW)
    return found


def _bare(value: object) -> object:
    """Take a name without more for something of which nothing is said."""
    return {} if value is None else value


def _property(value: object) -> object:
    """Take a kind alone for a property without more."""
    return {"type": value} if isinstance(value, str) else _bare(value)


Keep = Annotated[
    timedelta | Literal["forever"],
    BeforeValidator(_keep, json_schema_input_type=str),
    Field(examples=["90d", "400d", FOR_GOOD]),
]
Kind = Literal["text", "number", "boolean", "list", "object"]
Named = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(max_length=500)]


class PropertyPart(Part):
    """A property of an event."""

    type: Kind | None = Field(
        None, description="What it is; left out, anything. `events list` shows what comes otherwise."
    )
    description: Words | None = Field(None, description="What it tells.")
    personal: bool = Field(
        default=False,
        description="It tells of a person: erasing removes it even where it is a number, which else stays "
        "for the sums.",
    )
    block: bool = Field(default=False, description="It is dropped from every event that comes.")


class EventPart(Part):
    """An event that sources tell."""

    description: Words | None = Field(None, description="When it happens.")
    properties: dict[
        Named,
        Annotated[
            PropertyPart, BeforeValidator(_property, json_schema_input_type=PropertyPart | Kind | None)
        ],
    ] = Field(
        {},
        description="Its properties by name: `{type, description, personal, block}`, or the type alone. What "
        "is inside of an object, or of each item of a list, by its path: `products.price`. Of an event "
        "without any, none is unknown.",
    )
    keep: Keep | None = Field(None, description="How long it is kept; left out, as all others.")
    block: bool = Field(
        default=False, description="It is not taken, whoever tells it, and counted as refused."
    )


class EventsFile(Part):
    """The whole file."""

    keep: Keep = Field(
        FOR_GOOD,
        description="How long events of sources are kept that say nothing of it themselves; left out, for "
        "good.",
    )
    unknown: Literal["accept", "block"] = Field(
        "accept",
        description="What becomes of events that are not named here, and of properties that are not named "
        "where others of the same event are.",
    )
    events: dict[
        Named, Annotated[EventPart, BeforeValidator(_bare, json_schema_input_type=EventPart | None)]
    ] = Field({}, max_length=2000, description="The events by name.")

    def compiled(self) -> Plan:
        """Return it as messages are held against it."""
        return Plan(
            {name: _planned(part) for name, part in self.events.items()},
            keep=_length(self.keep),
            blocks_unknown=self.unknown == "block",
        )


def _planned(part: EventPart) -> PlannedEvent:
    return PlannedEvent(
        part.description or "",
        {
            name: PlannedProperty(
                JsonKind(one.type) if one.type is not None else None,
                one.description or "",
                is_personal=one.personal,
                is_blocked=one.block,
            )
            for name, one in part.properties.items()
        },
        keep=_length(part.keep),
        is_for_good=part.keep == FOR_GOOD,
        is_blocked=part.block,
    )


def _length(keep: timedelta | str | None) -> timedelta | None:
    return keep if isinstance(keep, timedelta) else None


def read_events(document: Document) -> EventsFile:
    """Return the tracking plan that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = validated(EventsFile, document, _keys_at)
    wrong_ones = list(_of_orders(document, file))
    if wrong_ones:
        raise together(wrong_ones)
    return file


def _keys_at(path: Path) -> list[str]:
    model: type[BaseModel] = EventsFile
    if len(path) >= _PROPERTY_LENGTH:
        model = PropertyPart
    elif len(path) >= _NAME_LENGTH:
        model = EventPart
    return list(model.model_fields)


def _of_orders(document: Document, file: EventsFile) -> Iterator[FlowError]:
    """Complain of what would keep orders out of the books, or take them out again."""
    remedy = "leave it out: orders, credit and refunds are reckoned by it"
    for name, event in file.events.items():
        if not is_of_orders(name):
            continue
        if event.block:
            yield document.complaint(
                ("events", name, "block"), f"`{name}` cannot be blocked", remedy, at_key=True
            )
        if isinstance(event.keep, timedelta):
            yield document.complaint(
                ("events", name, "keep"), f"`{name}` is kept for good", remedy, at_key=True
            )
        for each, one in event.properties.items():
            if one.block:
                path: Path = ("events", name, "properties", each, "block")
                yield document.complaint(path, f"nothing of `{name}` is blocked", remedy, at_key=True)
