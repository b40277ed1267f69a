"""Whom a benefit is for and while which days it lasts: the same few conditions for every benefit.

A rule, an offer, a drop or a reward is a `Benefit`; what its conditions ask of a member is `MemberFacts`,
of which `Eligibility.needs` says what has to be loaded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Self

from pydantic import BaseModel, Field, model_validator

from bot.core.contact import Contact, JsonValue
from bot.core.flow.where import Where
from bot.core.local_time import local_date
from bot.core.loyalty.fields import Conditions, Day, Days, Names, Rule
from bot.core.quickly import quickly_made

TAGS = "tags"
"""The contact's attribute that holds its tags: a list, or words with commas between."""
EXPERIMENT_ARM = r"^[a-z][a-z0-9_]{0,63}/[a-z][a-z0-9_]{0,63}$"
"""How an arm of an experiment is named: `delivery/free`."""
ARM = "arm/"
"""Begins the need of a member's arm of an experiment, whose name follows."""
AUDIENCE = "audience/"
"""Begins the need of whether a member is in an audience, whose name follows."""
Path = tuple[str | int, ...]
_NO_ARMS: Mapping[str, str] = MappingProxyType({})


class Refusal(StrEnum):
    """Why a benefit is not for somebody; stored beside what was not granted, and worded by texts."""

    NOT_A_MEMBER = "not_a_member"
    NOT_YET = "not_yet"
    OVER = "over"
    TIER = "tier"
    TAG = "tag"
    ATTRIBUTES = "attributes"
    LANGUAGE = "language"
    NOT_FIRST_ORDER = "not_first_order"
    JOINED = "joined"
    EXPERIMENT = "experiment"
    AUDIENCE = "audience"


@quickly_made
@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What conditions may ask of a contact as of one instant; days are the shop's.

    `tier`, `orders_before` (orders before the one at hand, cancelled ones left out), `arms` (whose way the
    member goes, by experiment) and `audiences` (those asked about that they are in) are only right where they
    were loaded, see `Eligibility.needs`.
    """

    today: date
    joined_on: date | None
    locale: str = "en"
    attributes: Mapping[str, JsonValue] = field(default_factory=dict)
    tier: str | None = None
    orders_before: int = 0
    arms: Mapping[str, str] = field(default_factory=dict)
    audiences: frozenset[str] = frozenset()

    @property
    def tags(self) -> frozenset[str]:
        """The contact's tags, in small letters."""
        written = self.attributes.get(TAGS)
        words = written if isinstance(written, list) else str(written or "").split(",")
        return frozenset(str(word).strip().casefold() for word in words)


def facts_of(  # noqa: PLR0913  # whatever conditions may ask
    contact: Contact,
    today: date,
    shop_zone: str,
    *,
    tier: str | None = None,
    orders_before: int = 0,
    arms: Mapping[str, str] = _NO_ARMS,
    audiences: frozenset[str] = frozenset(),
) -> MemberFacts:
    """Return what conditions may ask of a contact; see `MemberFacts`."""
    return MemberFacts(
        today=today,
        joined_on=local_date(contact.enrolled_at, shop_zone) if contact.enrolled_at else None,
        locale=contact.locale,
        attributes=contact.attributes,
        tier=tier,
        orders_before=orders_before,
        arms=arms,
        audiences=audiences,
    )


class Eligibility(Rule):
    """Whom a benefit is for: all that is named must fit; of a list, any one."""

    members: bool = True
    tier: Names = ()
    tag: Names = ()
    attributes: Conditions = Where()
    language: Names = ()
    first_order: bool = False
    joined_before: Day | None = None
    joined_from: Day | None = None
    joined_within: Days | None = None
    experiment: str | None = Field(None, pattern=EXPERIMENT_ARM)
    audience: Names = ()

    @model_validator(mode="after")
    def _someone(self) -> Self:
        first, before = self.joined_from, self.joined_before
        if first is not None and before is not None and first >= before:
            raise ValueError(f"nobody joined from {first} and before {before}; exchange the days")
        if not self.members and (self.tier or first or before or self.joined_within is not None):
            raise ValueError("`members: false` lets those in who never joined; take it out")
        return self

    @cached_property
    def needs(self) -> frozenset[str]:
        """Which facts have to be loaded: `tier`, `orders`, `arm/EXPERIMENT`, `audience/NAME`."""
        asked = [("tier", self.tier), ("orders", self.first_order)]
        arm = [] if self.experiment is None else [ARM + self.experiment.partition("/")[0]]
        audiences = [AUDIENCE + name for name in self.audience]
        return frozenset([*(name for name, is_asked in asked if is_asked), *arm, *audiences])

    def refusal(self, member: MemberFacts) -> Refusal | None:
        """Return the first reason why it is not for them; None: it is."""
        return next(self._refusals(member), None)

    def admits(self, member: MemberFacts) -> bool:
        """Whether it is for them."""
        return self.refusal(member) is None

    def _refusals(self, member: MemberFacts) -> Iterator[Refusal]:
        """Every reason, found when it is asked for: most are for everybody, and one is enough."""
        if self.members and member.joined_on is None:
            yield Refusal.NOT_A_MEMBER
        if self.tier and member.tier not in self.tier:
            yield Refusal.TIER
        if self.tag and not {tag.casefold() for tag in self.tag} & member.tags:
            yield Refusal.TAG
        if not self.attributes.holds(member.attributes):
            yield Refusal.ATTRIBUTES
        if self.language and not _speaks(member.locale, self.language):
            yield Refusal.LANGUAGE
        if self.first_order and member.orders_before > 0:
            yield Refusal.NOT_FIRST_ORDER
        if not self._joined_in_time(member):
            yield Refusal.JOINED
        if self.experiment is not None:
            experiment, _, arm = self.experiment.partition("/")
            if member.arms.get(experiment) != arm:
                yield Refusal.EXPERIMENT
        if self.audience and member.audiences.isdisjoint(self.audience):
            yield Refusal.AUDIENCE

    def _joined_in_time(self, member: MemberFacts) -> bool:
        joined = member.joined_on
        if joined is None:
            return self.joined_from is None and self.joined_before is None and self.joined_within is None
        return (
            (self.joined_from is None or joined >= self.joined_from)
            and (self.joined_before is None or joined < self.joined_before)
            and (self.joined_within is None or joined > member.today - self.joined_within)
        )


class Lasting(Rule):
    """What lasts from a day through another, both in the shop's zone; for ever where they are left out."""

    from_on: Day | None = Field(None, alias="from")
    until_on: Day | None = Field(None, alias="until")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.from_on is not None and self.until_on is not None and self.from_on > self.until_on:
            raise ValueError(
                f"it ends ({self.until_on}) before it begins ({self.from_on}); exchange the days"
            )
        return self

    def lasts(self, today: date) -> bool:
        """Whether the day is one of its days."""
        return (self.from_on is None or self.from_on <= today) and (
            self.until_on is None or today <= self.until_on
        )

    def overlaps(self, other: "Lasting") -> bool:
        """Whether they share a day."""
        first = max(self.from_on or date.min, other.from_on or date.min)
        return first <= min(self.until_on or date.max, other.until_on or date.max)

    def covers(self, other: "Lasting") -> bool:
        """Whether every day of the other is one of its days."""
        return (self.from_on or date.min) <= (other.from_on or date.min) and (self.until_on or date.max) >= (
            other.until_on or date.max
        )

    def within(self, other: "Lasting") -> tuple[date | None, date | None]:
        """Return its first and last day among the days of the other."""
        first = max(self.from_on or date.min, other.from_on or date.min)
        last = min(self.until_on or date.max, other.until_on or date.max)
        return (None if first == date.min else first, None if last == date.max else last)


class Benefit(Lasting):
    """Something that is `for:` some, while it lasts."""

    whom: Eligibility = Field(Eligibility(), alias="for")

    def refusal(self, member: MemberFacts) -> Refusal | None:
        """Return the first reason why they do not get it today; None: they do."""
        if not self.lasts(member.today):
            return Refusal.NOT_YET if self.from_on and member.today < self.from_on else Refusal.OVER
        return self.whom.refusal(member)


def conditions_in(part: object, path: Path = ()) -> Iterator[tuple[Path, Eligibility]]:
    """Yield all conditions in a piece of the program, each with where it is written."""
    if isinstance(part, Eligibility):
        yield path, part
    elif isinstance(part, BaseModel):
        for name, described in type(part).model_fields.items():
            yield from conditions_in(getattr(part, name), (*path, described.alias or name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from conditions_in(value, (*path, str(key)))
    elif isinstance(part, tuple):
        for number, value in enumerate(part):
            yield from conditions_in(value, (*path, number))


def _speaks(locale: str, languages: tuple[str, ...]) -> bool:
    return any(locale == language or locale.partition("_")[0] == language for language in languages)
