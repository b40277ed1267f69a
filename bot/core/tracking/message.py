"""A tracked message: what a client tells of a contact, whichever system's client it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.quickly import quickly_made

PAGE_VIEWED = "Page Viewed"
SCREEN_VIEWED = "Screen Viewed"
GROUP_JOINED = "Group Joined"
"""The events that page, screen and group are, as Segment names them."""

Json = Mapping[str, JsonValue]


class Kind(StrEnum):
    """What a message does, by Segment's words: https://segment.com/docs/connections/spec/."""

    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


@quickly_made
@dataclass(frozen=True, slots=True)
class Tracked:
    """A tracked message, understood and whole: it has a `user_id`, an `anonymous_id` or both.

    `message_id` (1 to 100 characters) makes it happen once, whichever source it came from. `event` is the
    name of the event that it is, also of pages, screens and groups; None for identify and alias. `traits` are
    the contact's for identify and the group's for group. `at` is when it happened by our clock, never after
    `received_at`. `source_id` is the id of the source that sent it. `previous_id` is alias's, `group_id`
    group's. `options` are Segment's `integrations`. What `is_history` was imported: it starts no flow.
    """

    kind: Kind
    message_id: str
    user_id: str | None
    anonymous_id: str | None
    event: str | None
    properties: Json
    traits: Json
    context: Json
    at: datetime
    received_at: datetime
    source_id: str
    previous_id: str | None = None
    group_id: str | None = None
    options: Json = field(default_factory=dict)
    is_history: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of messages that were handed in, after their commit.

    `accepted` counts those that are in the books by now, also where they were there before (a retry).
    `refused` counts the others by reason; `placed` says of those that were refused at once which
    they were, by their place among those handed in.
    """

    accepted: int
    refused: Mapping[str, int] = field(default_factory=dict)
    placed: Mapping[int, str] = field(default_factory=dict)
