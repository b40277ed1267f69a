"""The loyalty program as its marketers write it in `flows/program.yaml`, read into exact figures.

Each subject's section is a model of its own module; what a program's fields may hold is in `fields.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.core.local_time import local_date
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import (
    Clock,
    Currency,
    Days,
    Duration,
    Minor,
    Rate,
    Rule,
    Text,
    exponent_of,
    in_currency,
)
from bot.core.loyalty.lots import Grant, Terms, days_good

_GRACE_MAX = timedelta(days=90)


class Welcome(Rule):
    """What a new member is given."""

    credit_minor: Minor = Field(alias="credit")
    expiry: Expiry | None = None


class Earning(Rule):
    """What an order earns: `rate` of the net cash paid, spendable after `pending`."""

    rate: Rate
    pending: Days = timedelta(0)


class Notices(Rule):
    """When members are told that credit ends: days before its last day, at a time on their own clock.

    What they are told is for the flows that start with `credit_expiring` to say.
    """

    before: tuple[Days, ...] = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
    at: Clock = time(10)

    @field_validator("before")
    @classmethod
    def _longest_first(cls, before: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        return tuple(sorted(set(before), reverse=True))

    @property
    def days_before(self) -> tuple[int, ...]:
        """The days before the last day, most first."""
        return tuple(period.days for period in self.before)


class Reward(Rule):
    """What credit is traded for."""

    id: str = Field(pattern="^[a-z0-9_]+$")
    name: Text
    cost_minor: Minor = Field(alias="cost")
    description: Text | None = None


class Reorder(Rule):
    """How a reorder by message is paid."""

    auto_apply_credit: bool = True


class Checkout(Rule):
    """How long credit is set aside while a checkout is open."""

    hold_for: Duration = timedelta(minutes=30)


class Program(Rule):
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
        with in_currency(exponent_of(written)):
            return handler(written)

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
