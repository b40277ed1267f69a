"""The types of what marketers write in the program's files: amounts, rates, periods, texts.

Amounts are written in whole units of the currency (`5.00`) and read into minor units; rates are exact
rationals; periods are days or months of the calendar, never seconds.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetPydanticSchema, WithJsonSchema
from pydantic_core.core_schema import no_info_plain_validator_function

from bot.core.contact import JsonValue
from bot.core.flow.where import Where, where
from bot.core.local_time import add_months, parse_clock, parse_duration

_DAY = timedelta(days=1)
_RATE_MAX = 10
_MONTHS = re.compile(r"(\d{1,4})\s*(mo|months?|y|years?)", re.ASCII)
_DEFAULT_EXPONENT = 2
# Amounts stand deep inside the file and mean nothing without the currency at its top.
_exponent: ContextVar[int] = ContextVar("exponent", default=_DEFAULT_EXPONENT)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of the calendar: months (a year is twelve) and days."""

    months: int = 0
    days: int = 0

    def after(self, start: date) -> date:
        """Return the day that lies this far after `start`; the month's last where it has no such day."""
        return add_months(start, self.months) + timedelta(days=self.days)


def _as_text(written: object, wanted: str) -> str:
    if isinstance(written, str):
        return written
    raise ValueError(f"{written!r} is not {wanted}")


def _read_span(written: object) -> object:
    if isinstance(written, Span):
        return written
    text = _as_text(written, "a period; write a number and a unit, like 90d or 12 months")
    months = _MONTHS.fullmatch(text.strip().lower())
    if months is not None:
        count = int(months[1]) * (12 if months[2].startswith("y") else 1)
        span = Span(months=count)
    else:
        span = Span(days=_read_days(text).days)
    if span == Span():
        raise ValueError(f"'{written}' is no time at all; leave it out, or write a period like 90d")
    return span


def _read_days(written: object) -> timedelta:
    if isinstance(written, timedelta):
        return written
    duration = parse_duration(_as_text(written, "a number of days; write it with its unit, like 14d"))
    if duration % _DAY:
        raise ValueError(f"'{written}' is not in whole days; write days or weeks, like 14d")
    return duration


def _read_duration(written: object) -> object:
    return parse_duration(_as_text(written, "a duration; write it with its unit, like 30m"))


def _read_clock(written: object) -> object:
    return parse_clock(_as_text(written, "a time of day; write it in quotes, like '10:00'"))


def _read_decimal(written: object) -> Decimal:
    try:
        # The shortest text of a float is what its author wrote; nothing is computed in floats.
        number = Decimal(str(written).strip())
    except InvalidOperation as error:
        raise ValueError(f"'{written}' is not a number; write it in digits, like 5.00") from error
    if not number.is_finite():
        raise ValueError(f"'{written}' is not an amount; write it in digits, like 5.00")
    return number


def _read_minor(written: object) -> object:
    exponent = _exponent.get()
    minor = _read_decimal(written).scaleb(exponent)
    if minor != minor.to_integral_value():
        raise ValueError(f"'{written}' is finer than the currency; write at most {exponent} decimals")
    return int(minor)


def _read_rate(written: object) -> object:
    text = str(written).strip()
    if text.endswith("%"):
        rate = Fraction(_read_decimal(text[:-1])) / 100
    elif "/" in text:
        above, _, below = text.partition("/")
        divisor = Fraction(_read_decimal(below))
        if divisor == 0:
            raise ValueError(f"'{text}' divides by nothing; write a rate like 5% or 1/20")
        rate = Fraction(_read_decimal(above)) / divisor
    else:
        rate = Fraction(_read_decimal(written))
    if not 0 <= rate <= _RATE_MAX:
        raise ValueError(f"'{text}' is outside 0 to {_RATE_MAX}; write a share of the price, like 5% or 1/20")
    return rate


def _read_text(written: object) -> object:
    return {"": written} if isinstance(written, str) else written


def _read_day(written: object) -> object:
    if isinstance(written, date):
        return written
    try:
        return date.fromisoformat(str(written))
    except ValueError as error:
        raise ValueError(f"'{written}' is not a day; write year, month and day, like 2026-11-30") from error


def _read_names(written: object) -> object:
    names = written if isinstance(written, (list, tuple)) else [written]
    for name in names:
        if not isinstance(name, (str, int, float)) or isinstance(name, bool) or not str(name).strip():
            raise ValueError(f"{name!r} is not a name; write one, or several like [tea, coffee]")
    return tuple(str(name) for name in names)


def _read_conditions(written: object) -> Where:
    if isinstance(written, Where):
        return written
    if not isinstance(written, dict):
        raise ValueError(f"{written!r} is not a condition; write names and values")  # noqa: TRY004  a mistake
    try:
        return where(written)
    except ValueError as error:
        raise ValueError(f"{error}; compare with a number, like '> 3'") from error


def written(kind: str | list[str], meaning: str, *examples: JsonValue) -> WithJsonSchema:
    """Say to editors how a field is written, which is not as it is read."""
    return WithJsonSchema({"type": kind, "description": meaning, "examples": list(examples)})


_WORD = {"type": ["string", "number"]}
_NUMBER = ["number", "string"]
Clock = Annotated[time, BeforeValidator(_read_clock), written("string", "A time of day, in quotes.", "10:00")]
Minor = Annotated[
    int,
    BeforeValidator(_read_minor),
    Field(gt=0),
    written(_NUMBER, "An amount in whole units of the currency.", 5.00),
]
Days = Annotated[
    timedelta,
    BeforeValidator(_read_days),
    Field(ge=timedelta(0)),
    written("string", "Whole days or weeks.", "14d", "2w"),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    Field(gt=timedelta(0)),
    written("string", "A duration.", "30m", "2h", "7d"),
]
Rate = Annotated[
    Fraction,
    BeforeValidator(_read_rate),
    written(_NUMBER, "A share, or how many times as much.", "5%", "1/20", 2),
]
Period = Annotated[
    Span,
    BeforeValidator(_read_span),
    written("string", "Days, or months and years of the calendar.", "90d", "12 months"),
]
Day = Annotated[
    date, BeforeValidator(_read_day), written("string", "A day on the shop's calendar.", "2026-11-30")
]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_read_names),
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": _WORD}]}),
]
"""One name, or several."""
Conditions = Annotated[
    Where,
    GetPydanticSchema(lambda _, __: no_info_plain_validator_function(_read_conditions)),
    written("object", "Names, and what each must be.", {"status": "paid", "total": "> 50"}),
]
"""Properties and what they must be: `{status: paid, total: "> 50"}`."""
Text = Annotated[
    Mapping[str, str],
    BeforeValidator(_read_text, json_schema_input_type=str | dict[str, str]),
    Field(min_length=1, description="A text, or one for each language."),
]
"""One text, or a text for each language; the key "" stands for the program's own language."""


class Rule(BaseModel):
    """Base of every section of the program: unknown keys are mistakes, what was read does not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Currency(Rule):
    """ISO 4217 code and how many decimals it has (JPY 0, USD 2)."""

    code: str = Field(pattern="^[A-Z]{3}$")
    exponent: int = Field(default=_DEFAULT_EXPONENT, ge=0, le=4)


@contextmanager
def in_currency(exponent: int) -> Iterator[None]:
    """Read amounts in a currency with that many decimals."""
    token = _exponent.set(exponent)
    try:
        yield
    finally:
        _exponent.reset(token)


def exponent_of(written: object) -> int:
    """Return how many decimals the currency of a program as written has; it is complained of elsewhere."""
    currency = written.get("currency") if isinstance(written, Mapping) else None
    exponent = currency.get("exponent") if isinstance(currency, Mapping) else None
    return exponent if isinstance(exponent, int) else _DEFAULT_EXPONENT
