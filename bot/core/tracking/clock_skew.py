"""When something happened, by our clock: the clients' own are often wrong, but wrong by the same at any time.

`timestamp = receivedAt - (sentAt - originalTimestamp)`, https://segment.com/docs/connections/spec/common/.
"""

import re
from datetime import UTC, datetime, timedelta

from bot.core.contact import JsonValue
from bot.core.ids import EPOCH

_UNPADDED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(.*)", re.DOTALL)
_MILLISECONDS_FROM = 10**11  # seconds of the year 5138, milliseconds of 1973
_MOMENT = timedelta()


def instant_in(written: JsonValue) -> datetime | None:
    """The instant a client wrote; None where it wrote none that can be read.

    ISO 8601, in UTC where it names no zone, or seconds or milliseconds since 1970.
    """
    try:
        match written:
            case str():
                return _utc(_iso(written))
            case bool():
                return None
            case int() | float():
                seconds = written / 1000 if abs(written) >= _MILLISECONDS_FROM else written
                return EPOCH + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        pass
    return None


def happened_at(original: datetime | None, sent_at: datetime | None, received_at: datetime) -> datetime:
    """When it happened: never after it was received, nor before 1970, which no client means."""
    if original is None:
        return received_at
    late = received_at - sent_at if sent_at is not None else _MOMENT
    try:
        at = original + late
    except OverflowError:
        return received_at
    return at if EPOCH <= at <= received_at else received_at


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # Segment's own page of the HTTP API has an example of `2015-2-02T00:30:08.276Z`.
        found = _UNPADDED.fullmatch(text)
        if found is None:
            raise
        year, month, day, rest = found.groups()
        return datetime.fromisoformat(f"{year}-{month:>02}-{day:>02}{rest}")


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
