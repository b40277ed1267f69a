"""Messages as clients tell them, made up for tests."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.conversation.tracking.tracker import Tracker
from bot.core.contact import JsonValue
from bot.core.sources import USUAL_SCOPES, Source, SourceKind
from bot.core.tracking.message import GROUP_JOINED, PAGE_VIEWED, SCREEN_VIEWED, Kind, Tracked
from tests.conversation.chat import NOON, Chat


def source(kind: SourceKind) -> Source:
    """A source as `regulars source add` makes it."""
    return Source(f"{kind.value:0<30}07", kind.value, kind, USUAL_SCOPES[kind], "", NOON)


SERVER, BROWSER = source(SourceKind.SERVER), source(SourceKind.BROWSER)
_KINDS = {PAGE_VIEWED: Kind.PAGE, SCREEN_VIEWED: Kind.SCREEN, GROUP_JOINED: Kind.GROUP}


def message(  # noqa: PLR0913  # what a test says of it
    message_id: str,
    *,
    user: str | None = None,
    anonymous: str | None = None,
    event: str | None = None,
    properties: Mapping[str, JsonValue] | None = None,
    traits: Mapping[str, JsonValue] | None = None,
    ago: timedelta = timedelta(0),
    now: datetime = NOON,
    previous: str | None = None,
) -> Tracked:
    """A message that arrives `now` of what was done some time `ago`; without an event it is an identify."""
    kind = _KINDS.get(event or "", Kind.TRACK) if event is not None else Kind.IDENTIFY
    return Tracked(
        kind=Kind.ALIAS if previous is not None else kind,
        message_id=message_id,
        user_id=user,
        anonymous_id=anonymous,
        event=event,
        properties=properties or {},
        traits=traits or {},
        context={},
        at=now - ago,
        received_at=now,
        source_id="",
        previous_id=previous,
    )


def tracker_of(chat: Chat) -> Tracker:
    """The Tracker of a running application."""
    tracker = chat.app.tracker
    assert isinstance(tracker, Tracker)
    return tracker
