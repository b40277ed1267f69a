"""The loyalty program as its marketers write it in `flows/program.yaml`, read into exact figures.

Amounts are written in whole units of the currency (`5.00`) and read into minor units; rates are exact
rationals; periods are days or months of the calendar, never seconds.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.core.local_time import add_months, local_date, parse_clock, parse_duration
from bot.core.loyalty.lots import Grant, Terms, days_good

_DAY = timedelta(days=1)
_GRACE_MAX = timedelta(days=90)
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


Minor = Annotated[int, BeforeValidator(_read_minor), Field(gt=0)]
Days = Annotated[timedelta, BeforeValidator(_read_days), Field(ge=timedelta(0))]
Duration = Annotated[timedelta, BeforeValidator(_read_duration), Field(gt=timedelta(0))]
Rate = Annotated[Fraction, BeforeValidator(_read_rate)]
Period = Annotated[Span, BeforeValidator(_read_span)]
Text = Annotated[Mapping[str, str], BeforeValidator(_read_text), Field(min_length=1)]
"""One text, or a text for each language; the key "" stands for the program's own language."""


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Currency(_Rule):
    """ISO 4217 code and how many decimals it has (JPY 0, USD 2)."""

    code: str = Field(pattern="^[A-Z]{3}$")
    exponent: int = Field(default=_DEFAULT_EXPONENT, ge=0, le=4)


class Expiry(_Rule):
    """Until when credit is good: `after` a period, through a fixed day (`on`), or, with neither, for ever.

    The period counts from the local day on which the credit can first be spent. `round_up_to` then moves
    the day to the end of its week (Sunday), month, quarter or year.
    """

    after: Period | None = None
    on: date | None = None
    round_up_to: Literal["day", "week", "month", "quarter", "year"] = "day"

    @model_validator(mode="before")
    @classmethod
    def _never(cls, written: object) -> object:
        return {} if written == "never" else written

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.after is not None and self.on is not None:
            raise ValueError("both `after` and `on` say when credit ends; keep one of them")
        return self

    def expires_on(self, start: date) -> date | None:
        """The last day on which credit that can be spent from `start` is good; never before `start`."""
        if self.after is not None:
            end = self.after.after(start)
        elif self.on is not None:
            end = self.on
        else:
            return None
        return max(start, _round_up(end, self.round_up_to))


class Welcome(_Rule):
    """What a new member is given."""

    credit_minor: Minor = Field(alias="credit")
    expiry: Expiry | None = None


class Earning(_Rule):
    """What an order earns: `rate` of the net cash paid, spendable after `pending`."""

    rate: Rate
    pending: Days = timedelta(0)


class Notices(_Rule):
    """When members are told that credit ends: days before its last day, at a time on their own clock.

    What they are told is for the flows that start with `credit_expiring` to say.
    """

    before: tuple[Days, ...] = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
    at: Annotated[time, BeforeValidator(_read_clock)] = time(10)

    @field_validator("before")
    @classmethod
    def _longest_first(cls, before: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        return tuple(sorted(set(before), reverse=True))

    @property
    def days_before(self) -> tuple[int, ...]:
        """The days before the last day, most first."""
        return tuple(period.days for period in self.before)


class Reward(_Rule):
    """What credit is traded for."""

    id: str = Field(pattern="^[a-z0-9_]+$")
    name: Text
    cost_minor: Minor = Field(alias="cost")
    description: Text | None = None


class Reorder(_Rule):
    """How a reorder by message is paid."""

    auto_apply_credit: bool = True


class Checkout(_Rule):
    """How long credit is set aside while a checkout is open."""

    hold_for: Duration = timedelta(minutes=30)


class Program(_Rule):
    """The loyalty program of one shop."""

    name: str = Field(alias="program", min_length=1)
    language: str = "en"
    currency: Currency
    point_value_minor: Minor = Field(alias="point_value")
    welcome: Welcome | None = None
    earning: Earning
    expiry: Expiry = Expiry()
    grace: Annotated[Days, Field(le=_GRACE_MAX)] = timedelta(days=14)
    notices: Notices = Notices()
    rewards: tuple[Reward, ...] = ()
    reorder: Reorder = Reorder()
    checkout: Checkout = Checkout()

    @model_validator(mode="wrap")
    @classmethod
    def _in_its_currency(cls, written: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        token = _exponent.set(_exponent_of(written))
        try:
            return handler(written)
        finally:
            _exponent.reset(token)

    @field_validator("rewards")
    @classmethod
    def _distinct(cls, rewards: tuple[Reward, ...]) -> tuple[Reward, ...]:
        seen: set[str] = set()
        for reward in rewards:
            if reward.id in seen:
                raise ValueError(f"two rewards are called '{reward.id}'; give each its own id")
            seen.add(reward.id)
        return rewards

    def text(self, text: Mapping[str, str], language: str) -> str:
        """Return a text in the best language there is: exact, without region, the program's, the first."""
        wanted = (language, re.split("[-_]", language)[0], self.language, "")
        return next((text[key] for key in wanted if key in text), next(iter(text.values())))

    def welcome_grant(self, now: datetime, zone: str, policy: str) -> Grant | None:
        """Return what a new member in `zone` is given; `policy` is the program's revision, `id@version`."""
        if self.welcome is None:
            return None
        terms = self._terms(now, zone, self.welcome.expiry or self.expiry)
        return Grant(self.welcome.credit_minor, terms, "promotional", "welcome", policy)

    def earned_grant(self, amount_minor: int, now: datetime, zone: str, policy: str) -> Grant:
        """Return the grant of what an order earned: pending first, then good as the expiry says."""
        terms = self._terms(now + self.earning.pending, zone, self.expiry)
        return Grant(amount_minor, terms, "promotional", "earning", policy)

    def adjusted_grant(self, amount_minor: int, now: datetime, zone: str, policy: str) -> Grant:
        """Return the grant of credit given by hand: spendable at once."""
        return Grant(amount_minor, self._terms(now, zone, self.expiry), "promotional", "adjustment", policy)

    def _terms(self, active_from: datetime, zone: str, expiry: Expiry) -> Terms:
        expires_on = expiry.expires_on(local_date(active_from, zone))
        if expires_on is None:
            return Terms(active_from=active_from, zone=zone)
        return days_good(active_from, expires_on, zone, self.grace)


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint about the file, at a path of keys and positions."""

    path: tuple[str | int, ...]
    problem: str
    remedy: str


def problems(error: ValidationError) -> tuple[Problem, ...]:
    """Turn what pydantic says of a program into complaints a reader can point at with line and column."""
    found = []
    for each in error.errors(include_url=False):
        path, message = tuple(each["loc"]), each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden":
            found.append(
                Problem(path, f"'{path[-1]}' is not known here", "check its spelling, or take it out")
            )
        elif each["type"] == "missing":
            found.append(Problem(path, f"'{path[-1]}' is missing", "add it"))
        else:
            problem, _, remedy = message.partition("; ")
            found.append(Problem(path, problem, remedy or "see docs/flows.md, program.yaml"))
    return tuple(found)


def _exponent_of(written: object) -> int:
    currency = written.get("currency") if isinstance(written, Mapping) else None
    exponent = currency.get("exponent") if isinstance(currency, Mapping) else None
    return exponent if isinstance(exponent, int) else _DEFAULT_EXPONENT


def _round_up(day: date, unit: str) -> date:
    if unit == "week":
        return day + timedelta(days=6 - day.weekday())
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months is None:
        return day
    first = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return add_months(first, months) - _DAY
