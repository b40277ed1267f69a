"""Where a page of a list ends: opaque to whoever pages, a list of texts to us."""

import base64
import binascii
import re
from datetime import datetime

import orjson

from bot.core.ids import instant
from bot.web.rest.problems import one_field

_LARGEST = 2**63 - 1
"""Databases keep no larger number."""
_DIGITS_MAX = 19
_ID = re.compile(r"[0-9a-f]{32}")


def written(place: tuple[str, ...]) -> str:
    """A cursor that leads behind this place."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def placed(cursor: str | None, beginning: tuple[str, ...]) -> tuple[str, ...]:
    """The place that a cursor leads behind; `beginning` where there is none. Raises ApiProblem."""
    if cursor is None:
        return beginning
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _not_ours() from error
    if not isinstance(place, list) or len(place) != len(beginning):
        raise _not_ours()
    if not all(isinstance(part, str) and "\x00" not in part for part in place):
        raise _not_ours()
    return tuple(place)


def whole(part: str) -> int:
    """A number in a place. Raises ApiProblem."""
    digits = part.removeprefix("-")
    if not (part.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX and int(digits) <= _LARGEST):
        raise _not_ours()
    return int(part)


def written_wholes(numbers: tuple[int, ...]) -> str | None:
    """A cursor that leads behind these numbers; None where there are none."""
    return written((",".join(map(str, numbers)),)) if numbers else None


def wholes(part: str) -> tuple[int, ...]:
    """Numbers in a place, with commas between. Raises ApiProblem."""
    return tuple(map(whole, part.split(","))) if part else ()


def an_id(part: str) -> str:
    """An id of ours in a place, or nothing. Raises ApiProblem."""
    if part and not _ID.fullmatch(part):
        raise _not_ours()
    return part


def moment(part: str) -> datetime:
    """An instant in a place, written in microseconds. Raises ApiProblem."""
    try:
        return instant(whole(part))
    except OverflowError as error:
        raise _not_ours() from error


def _not_ours() -> Exception:
    return one_field(
        400, "wrong-parameter", "query/cursor", "is none of ours", "take it from `next` of the page before"
    )
