"""What properties and traits must be: equal, larger, containing something, a date before another."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.core.audiences.amounts import SIGNS
from bot.core.contact import JsonValue
from bot.core.local_time import end_of_day_exclusive, parse_duration, start_of_day, zone_of

_INSTANT = timedelta(microseconds=1)
_COMPARED = re.compile(r"\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)

Scalar = str | int | float | bool


class Sign(StrEnum):
    """How a value is tested; the names as they are written."""

    IS = "is"
    NOT = "not"
    MORE = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does_not_contain"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    EXISTS = "exists"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST = "within_last"
    WITHIN_NEXT = "within_next"
    BEFORE_LAST = "before_last"
    AFTER_NEXT = "after_next"


_NUMBERS = frozenset({Sign.MORE, Sign.AT_LEAST, Sign.LESS, Sign.AT_MOST})
_DATES = frozenset({Sign.BEFORE, Sign.AFTER})
MOVING = frozenset({Sign.WITHIN_LAST, Sign.WITHIN_NEXT, Sign.BEFORE_LAST, Sign.AFTER_NEXT})
"""What compares with now, so that time alone changes it."""
_DENIED = {Sign.NOT: Sign.IS, Sign.DOES_NOT_CONTAIN: Sign.CONTAINS}
_WORDS = {
    Sign.IS: "is", Sign.NOT: "is not", Sign.CONTAINS: "contains", Sign.DOES_NOT_CONTAIN: "does not contain",
    Sign.STARTS_WITH: "starts with", Sign.ENDS_WITH: "ends with", Sign.BEFORE: "before", Sign.AFTER: "after",
    Sign.WITHIN_LAST: "within the last", Sign.WITHIN_NEXT: "within the next",
    Sign.BEFORE_LAST: "before the last", Sign.AFTER_NEXT: "after the next",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Test:
    """What one value must be; any of `operands` will do. Of a list any element will do.

    Durations are operands in their text, days and instants as ISO 8601; a day is the contact's.
    """

    path: tuple[str, ...]
    sign: Sign
    operands: tuple[Scalar, ...]

    def holds(self, values: Mapping[str, JsonValue], now: datetime, zone: str = "UTC") -> bool:
        """Whether the value is as wanted; one that is missing is only `not` and `does_not_contain`."""
        found = leaves(values, self.path)
        if self.sign is Sign.EXISTS:
            return bool(found) is self.operands[0]
        if self.sign in _DENIED:
            return not self._any(_DENIED[self.sign], found, now, zone)
        return self._any(self.sign, found, now, zone)

    def changes_at(
        self, values: Mapping[str, JsonValue], now: datetime, zone: str = "UTC"
    ) -> datetime | None:
        """Return the first instant at which it may turn out otherwise with the same value; None: never."""
        if self.sign not in MOVING:
            return None
        turns = (at for leaf in leaves(values, self.path) for at in _turns(self, leaf, zone))
        return min((at for at in turns if at > now), default=None)

    def _any(self, sign: Sign, found: Sequence[JsonValue], now: datetime, zone: str) -> bool:
        fits = _FITS[sign]
        return any(fits(leaf, operand, now, zone) for leaf in found for operand in self.operands)

    @property
    def wanted(self) -> str:
        """What it must be, in words."""
        if self.sign is Sign.EXISTS:
            return "exists" if self.operands[0] else "does not exist"
        said = " or ".join(told(operand) for operand in self.operands)
        return f"{_WORDS.get(self.sign, self.sign)} {said}"

    def __str__(self) -> str:
        """In words."""
        return f"{'.'.join(self.path)} {self.wanted}"


@dataclass(frozen=True, slots=True)
class Where:
    """A filter over an event's properties: all of it must hold."""

    tests: tuple[Test, ...] = ()

    def holds(self, properties: Mapping[str, JsonValue]) -> bool:
        """Whether an event's properties fit."""
        return all(test.holds(properties, _NO_TIME) for test in self.tests)

    def __str__(self) -> str:
        """In words."""
        return " and ".join(str(test) for test in self.tests)


ANY = Where()
"""Takes every event."""
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)  # filters of events look at no clock: `where` refuses what does


def told(operand: JsonValue) -> str:
    """Return a value as YAML shows it."""
    if isinstance(operand, bool):
        return "true" if operand else "false"
    return str(operand)


# Values


def leaves(values: Mapping[str, JsonValue], path: tuple[str, ...]) -> list[JsonValue]:
    """Return what stands at a path, each element of lists on the way by itself; nothing for what is null."""
    if len(path) == 1:  # nearly always
        value = values.get(path[0])
        if not isinstance(value, (list, dict)):
            return [] if value is None else [value]
    found: list[JsonValue] = [dict(values)]
    for name in path:
        found = [each[name] for each in found if isinstance(each, dict) and name in each]
        found = [leaf for each in found for leaf in _flat(each)]
    return found


def _flat(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    elif value is not None:
        yield value


def number(value: JsonValue) -> float | None:
    """Return a number, or a text that is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else None


def _same(value: JsonValue, wanted: Scalar) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()  # 007 and 7 are two codes
    found, needed = number(value), number(wanted)
    return found is not None and found == needed


@lru_cache(maxsize=4096)
def instant(text: str, zone: str) -> datetime | None:
    """Read an instant in ISO 8601; a day is its first instant in `zone`, and a time without zone is there."""
    try:
        if _is_day(text):
            return start_of_day(date.fromisoformat(text), zone)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone_of(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_day(text: str) -> bool:
    return len(text) <= len("2026-11-30")


def _at(leaf: JsonValue, zone: str) -> datetime | None:
    return instant(leaf.strip(), zone) if isinstance(leaf, str) else None


def _dated(leaf: JsonValue, operand: Scalar, zone: str, *, is_after: bool) -> bool:
    at, text = _at(leaf, zone), str(operand)
    if at is None:
        return False
    wanted = instant(text, zone)
    assert wanted is not None, "read with it"
    if not is_after:
        return at < wanted
    if _is_day(text):
        return at >= end_of_day_exclusive(date.fromisoformat(text), zone)
    return at > wanted


def _turns(test: Test, leaf: JsonValue, zone: str) -> Iterator[datetime]:
    """The instants at which a value with a date in it begins and ends to be as wanted."""
    at = _at(leaf, zone)
    if at is None:
        return
    for operand in test.operands:
        length = parse_duration(str(operand))
        yield at
        yield from _shifted(at, length, test.sign in {Sign.WITHIN_LAST, Sign.BEFORE_LAST})


def _shifted(at: datetime, length: timedelta, is_later: bool) -> Iterator[datetime]:  # noqa: FBT001  computed
    try:
        yield at + length if is_later else at - length
    except OverflowError:  # beyond all calendars: it never comes
        return


def _age(leaf: JsonValue, zone: str, now: datetime) -> timedelta | None:
    at = _at(leaf, zone)
    return None if at is None else now - at


def _within_last(leaf: JsonValue, operand: Scalar, now: datetime, zone: str) -> bool:
    age = _age(leaf, zone, now)
    return age is not None and timedelta(0) <= age < parse_duration(str(operand))


def _within_next(leaf: JsonValue, operand: Scalar, now: datetime, zone: str) -> bool:
    age = _age(leaf, zone, now)
    return age is not None and timedelta(0) < -age <= parse_duration(str(operand))


def _before_last(leaf: JsonValue, operand: Scalar, now: datetime, zone: str) -> bool:
    age = _age(leaf, zone, now)
    return age is not None and age >= parse_duration(str(operand))


def _after_next(leaf: JsonValue, operand: Scalar, now: datetime, zone: str) -> bool:
    age = _age(leaf, zone, now)
    return age is not None and -age > parse_duration(str(operand))


def _compared(sign: Sign) -> "_Fits":
    holds = SIGNS[sign]

    def fits(leaf: JsonValue, operand: Scalar, _now: datetime, _zone: str) -> bool:
        found, wanted = number(leaf), number(operand)
        return found is not None and wanted is not None and holds(found, wanted)

    return fits


def _texts(compare: Callable[[str, str], bool]) -> "_Fits":
    def fits(leaf: JsonValue, operand: Scalar, _now: datetime, _zone: str) -> bool:
        if isinstance(leaf, dict):
            return False
        return compare(told(leaf).casefold(), told(operand).casefold())

    return fits


_Fits = Callable[[JsonValue, Scalar, datetime, str], bool]
_FITS: Mapping[Sign, _Fits] = {
    Sign.IS: lambda leaf, operand, _now, _zone: _same(leaf, operand),
    **{sign: _compared(sign) for sign in _NUMBERS},
    Sign.CONTAINS: _texts(lambda text, part: part in text),
    Sign.STARTS_WITH: _texts(str.startswith),
    Sign.ENDS_WITH: _texts(str.endswith),
    Sign.BEFORE: lambda leaf, operand, _now, zone: _dated(leaf, operand, zone, is_after=False),
    Sign.AFTER: lambda leaf, operand, _now, zone: _dated(leaf, operand, zone, is_after=True),
    Sign.WITHIN_LAST: _within_last,
    Sign.WITHIN_NEXT: _within_next,
    Sign.BEFORE_LAST: _before_last,
    Sign.AFTER_NEXT: _after_next,
}


# Reading


def where(written: Mapping[str, JsonValue]) -> Where:
    """Compile a filter of events; equal ones are equal in whatever order they are written.

    Raises:
        ValueError: with a sentence for the marketer: the problem, a semicolon, the remedy.
    """
    found = tests(written)
    for test in found:
        if test.sign in MOVING:
            raise ValueError(
                f"`{test.sign}` compares with now, and what happened does not change; "
                "use `before` or `after`, or a window beside the event"
            )
    return Where(tuple(sorted(found, key=lambda test: (test.path, test.sign, repr(test.operands)))))


def tests(written: Mapping[str, JsonValue]) -> tuple[Test, ...]:
    """Compile what several values must be, by their names; a name leads into nested values with dots.

    Raises:
        ValueError: with a sentence for the marketer: the problem, a semicolon, the remedy.
    """
    return tuple(test for name, wanted in written.items() for test in _tests(name, wanted))


def _tests(name: str, wanted: JsonValue) -> Iterator[Test]:
    path = tuple(name.split("."))
    if not all(path):
        raise ValueError(f"'{name}' is no name of a property; write one like products.category")
    if isinstance(wanted, dict):
        if not wanted:
            raise ValueError(f"{name}: nothing is there; write a value, or one of {_listed(_OPERATORS)}")
        for operator, operand in wanted.items():
            yield Test(path, _sign(name, operator), _operands(name, _sign(name, operator), operand))
        return
    compared = _COMPARED.fullmatch(wanted) if isinstance(wanted, str) else None
    if compared is None:
        yield Test(path, Sign.IS, _operands(name, Sign.IS, wanted))
        return
    sign = {"=": Sign.IS, "!=": Sign.NOT}.get(compared[1]) or Sign(compared[1])
    yield Test(path, sign, _operands(name, sign, compared[2]))


_OPERATORS = tuple(sign for sign in Sign if sign.isidentifier())


def _sign(name: str, operator: str) -> Sign:
    if operator in _OPERATORS:
        return Sign(operator)
    raise ValueError(
        f"{name}: `{operator}` tests nothing; write one of {_listed(_OPERATORS)}, "
        f"or what is nested with a dot, like {name}.{operator}"
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _operands(name: str, sign: Sign, written: JsonValue) -> tuple[Scalar, ...]:
    each = written if isinstance(written, list) else [written]
    found = tuple(_operand(name, sign, operand) for operand in each)
    if not found:
        raise ValueError(f"{name}: the list is empty; write at least one value")
    if len(found) > 1 and (sign in _NUMBERS | _DATES | MOVING or sign is Sign.EXISTS):
        raise ValueError(f"{name}: `{sign}` takes one value; write that alone")
    return found


def _operand(name: str, sign: Sign, written: JsonValue) -> Scalar:
    if written is None:
        raise ValueError(f"{name}: nothing is there; write a value, or {{exists: false}}")
    if isinstance(written, (dict, list)):
        raise ValueError(f"{name}: a single value is expected here; write text, a number, true or false")  # noqa: TRY004  a marketer's mistake
    if sign is Sign.EXISTS and not isinstance(written, bool):
        raise ValueError(f"{name}: `exists` is true or false; write one of them")
    if sign in _NUMBERS and number(written) is None:
        raise ValueError(f"{name}: {sign} needs a number, not '{told(written)}'; write digits")
    if sign in _DATES and (not isinstance(written, str) or instant(written, "UTC") is None):
        raise ValueError(f"{name}: '{told(written)}' is no day; write one like 2026-11-30")
    if sign in MOVING and (not isinstance(written, str) or parse_duration(written) < _INSTANT):
        raise ValueError(f"{name}: '{told(written)}' is no duration; write one like 30d")
    return _as_one(written if isinstance(written, bool) or sign not in _NUMBERS else number(written) or 0)


def _as_one(written: Scalar) -> Scalar:
    """Return a number as all who mean it write it, so that equal filters are equal."""
    return int(written) if isinstance(written, float) and written.is_integer() else written
