"""Values of a file, read: each reader says in words what is wrong with what it cannot read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import orjson

from bot.core.contact import JsonValue
from bot.core.importing.kinds import Reads
from bot.core.phone import NotAContact, to_e164
from bot.core.tracking.decoding import clean
from bot.core.tracking.reading import is_nobodys

EPOCHS = {"epoch": 1, "epoch_ms": 1_000}
"""How `dates` may say that instants are numbers: seconds or milliseconds since 1970."""
QUANTITY_MAX = 1_000_000
AMOUNT_MAX = 10**15
_CENT = 0.01  # of a minor unit: how far a binary number may be from the decimal one that was meant
_SIGNS = " \u00a0\u202f'’$€£¥"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_YES = frozenset({"true", "yes", "y", "1", "t", "on"})
_NO = frozenset({"false", "no", "n", "0", "f", "off"})


class Wrong(ValueError):
    """A value cannot be what it is to be; the text says why, and what would do."""


@dataclass(frozen=True, slots=True)
class How:
    """How a shop writes: `region` of numbers without a country, empty where none was said.

    `dates` are patterns of `strptime` that are tried after ISO 8601, or one of `EPOCHS`.
    """

    zone: ZoneInfo
    exponent: int = 2
    region: str = ""
    decimal: str = "."
    dates: tuple[str, ...] = ()


Reader = Callable[[object], object]
"""Reads one value, which is not empty; raises Wrong."""


def reader_of(reads: Reads, how: How) -> Reader:
    """Return what reads values of a kind, as that shop writes them."""
    readers: dict[Reads, Reader] = {
        Reads.TEXT: text,
        Reads.WHOM: whom,
        Reads.PHONE: lambda value: phone(value, how.region),
        Reads.EMAIL: email,
        Reads.AMOUNT: amounts(how),
        Reads.QUANTITY: quantity,
        Reads.INSTANT: lambda value: instant_at(value, how),
        Reads.DAY: lambda value: day(value, how),
        Reads.FLAG: flag,
        Reads.ANY: anything,
        Reads.OBJECT: document,
    }
    return readers[reads]


def text(value: object) -> str:
    """Return a text as it stands; of a whole number its digits."""
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # what has gaps comes as binary numbers out of many tools
    if isinstance(value, dict | list):
        raise Wrong("is no single value")
    return str(value)


def whom(value: object) -> str:
    """Return an id of somebody; empty where it is one that strangers share."""
    written = text(value)
    return "" if is_nobodys(written) else written


def phone(value: object, region: str) -> str:
    """Return a number in E.164; one without a country is of `region`."""
    written = text(value)
    plain = written.lstrip(" (").startswith(("+", "00", "\uff0b", "tel:", "sms:"))  # a wide plus too
    if not plain and not region:
        raise Wrong(f"'{written}' has no country code: say whose numbers these are with `region`, like US")
    try:
        return to_e164(written, region or "US")
    except NotAContact as error:
        raise Wrong(f"'{written}' is {error}") from error


def email(value: object) -> str:
    """Return a mailbox in lower case."""
    written = text(value).lower()
    if not _EMAIL.fullmatch(written):
        raise Wrong(f"'{written}' is no mailbox")
    return written


def amounts(how: How) -> Callable[[object], int]:
    """Return what reads minor units of what is written in whole ones; most files hold binary numbers."""
    scale = 10**how.exponent

    def amount(value: object) -> int:
        if type(value) is float:
            minor = value * scale
            nearest = round(minor) if -1 < minor < AMOUNT_MAX else -1
            if nearest < 0 or not -_CENT < minor - nearest < _CENT:
                raise _no_amount(value, how)
            return nearest
        if isinstance(value, int | Decimal):
            return _of_digits(str(value), how, ".")
        if not isinstance(value, str):
            raise _no_amount(value, how)
        return _of_digits(value, how, how.decimal)

    return amount


def _of_digits(written: str, how: How, decimal: str) -> int:
    head, dot, tail = written.partition(decimal)
    if not (head.isdecimal() and head.isascii()):
        head = _plain(head, written, how)
    if dot:
        tail = tail.rstrip(_SIGNS).rstrip("0")
        if tail and not (tail.isdecimal() and tail.isascii()):
            raise _no_amount(written, how)
    if len(tail) > how.exponent or len(head) > 13:  # noqa: PLR2004  # AMOUNT_MAX, in whole units
        raise _no_amount(written, how)
    return int(head + tail.ljust(how.exponent, "0"))


def _plain(head: str, written: str, how: How) -> str:
    """Take signs of money and of thousands out of the whole part of an amount."""
    head = head.strip(_SIGNS)
    for sign in (",", " ", "'", "’", "\u00a0", "\u202f", "."):
        first, *others = head.split(sign)
        if others and sign != how.decimal and all(len(one) == 3 for one in others):  # noqa: PLR2004  # a thousand
            head = first + "".join(others)
    if not (head.isdecimal() and head.isascii()):
        raise _no_amount(written, how)
    return head


def _no_amount(written: object, how: How) -> Wrong:
    like = "4" if not how.exponent else f"4{how.decimal}{'5'.ljust(how.exponent, '0')}"
    return Wrong(f"'{written}' is no amount of 0 or more with {how.exponent} decimals at most, like {like}")


def quantity(value: object) -> int:
    """Return a whole number, 0 or more."""
    if isinstance(value, int):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    else:
        written = text(value)
        if not (written.isdecimal() and written.isascii()):
            raise Wrong(f"'{written}' is no whole number")
        number = int(written)
    if not 0 <= number <= QUANTITY_MAX:
        raise Wrong(f"'{number}' is no number from 0 to {QUANTITY_MAX}")
    return number


def instant_at(value: object, how: How) -> datetime:
    """Return an instant in UTC; without an offset it is the shop's own time."""
    at = value if isinstance(value, datetime) else _instant(value, how)
    if at.tzinfo is None:
        at = at.replace(tzinfo=how.zone)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise Wrong(f"'{value}' is no time we can keep") from error


def _instant(value: object, how: How) -> datetime:
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=how.zone)
    written = text(value)
    if how.dates and how.dates[0] in EPOCHS:
        try:
            return datetime.fromtimestamp(float(written) / EPOCHS[how.dates[0]], UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Wrong(f"'{written}' is no number of seconds since 1970") from error
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        pass
    for pattern in how.dates:
        try:
            return datetime.strptime(written, pattern)  # noqa: DTZ007  # the shop's zone is added by the caller
        except ValueError:
            continue
    raise Wrong(f"'{written}' is no time like 2026-03-01T09:30:00Z: say how they are written with `dates`")


def day(value: object, how: How) -> date | None:
    """Return a day of the calendar; None for `never`."""
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(how.zone)).date()
    if isinstance(value, date):
        return value
    written = text(value)
    if written.lower() == "never":
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        at = _instant(value, how)
        return (at if at.tzinfo is None else at.astimezone(how.zone)).date()


def flag(value: object) -> bool:
    """Return yes or no."""
    written = text(value).lower()
    if written not in _YES | _NO:
        raise Wrong(f"'{written}' is neither yes nor no")
    return written in _YES


def anything(value: object) -> JsonValue:
    """Return what is JSON as it is, and anything else as text."""
    if isinstance(value, str | bool | int | float | list | dict):
        return clean(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value)


def document(value: object) -> dict[str, JsonValue]:
    """Return a JSON object, also where it is written as text."""
    if isinstance(value, str | bytes):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Wrong("is no JSON object") from error
    if not isinstance(value, dict):
        raise Wrong("is no JSON object")
    return {
        str(name).replace("\0", ""): anything(one) if one is not None else None for name, one in value.items()
    }
