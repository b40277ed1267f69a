"""What starts a compiled flow: one class for each kind."""

import re
from dataclasses import dataclass
from datetime import timedelta

from bot.core.flow.reader import Mark
from bot.core.flow.schedule import Schedule
from bot.core.flow.translations import TranslatedText
from bot.core.flow.where import Where
from bot.core.gestures import GestureKind
from bot.core.keywords import KeywordKind


@dataclass(frozen=True, slots=True)
class Starter:
    """What starts a flow; `group` is the subscription group of the messages of runs it starts."""

    group: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class KeywordStarter(Starter):
    """Starts on words; `category` is what they mean (`opt-in` or the shop's own).

    Without words it starts on those that `keywords.yaml` gives its category.
    """

    words: tuple[str, ...]
    category: str | None
    language: str
    kind: KeywordKind


@dataclass(frozen=True, slots=True)
class MessageStarter(Starter):
    """Starts on messages that match, or (`pattern` None) on those nothing else answered."""

    pattern: re.Pattern[str] | None

    @property
    def is_fallback(self) -> bool:
        """Whether it takes what nothing else answered."""
        return self.pattern is None

    def match(self, text: str) -> dict[str, str] | None:
        """Return the pattern's named groups if the message matches (searched in its first 500 characters)."""
        found = self.pattern.search(text[:500]) if self.pattern is not None else None
        if found is None:
            return None
        return {name: value or "" for name, value in found.groupdict().items()}


@dataclass(frozen=True, slots=True)
class EventStarter(Starter):
    """Starts on an event whose properties fit."""

    event: str
    where: Where


@dataclass(frozen=True, slots=True)
class ScheduleStarter(Starter):
    """Starts by the clock, for every member, or for everybody in an audience.

    With `by_shop_clock` for all at once in the shop's zone, otherwise in each one's own.
    """

    schedule: Schedule
    audience: str | None = None
    by_shop_clock: bool = False

    @property
    def name(self) -> str:
        """What tells it from the flow's others."""
        where = " in shop" if self.by_shop_clock else ""
        return f"{self.schedule}{where}" + (f":{self.audience}" if self.audience else "")


@dataclass(frozen=True, slots=True)
class CreditExpiringStarter(Starter):
    """Starts when credit is about to expire; `before` None: at every notice of the program."""

    before: tuple[timedelta, ...] | None


@dataclass(frozen=True, slots=True)
class MenuStarter(Starter):
    """Starts when a button of the menu is tapped, by the buttons' keywords."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScanStarter(Starter):
    """Starts when a QR code is scanned; a scene that ends with a star stands for all that begin so."""

    scenes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GestureStarter(Starter):
    """Starts on a gesture of this kind, whatever its value."""

    kind: GestureKind


@dataclass(frozen=True, slots=True)
class SurveyStarter(Starter):
    """Starts when it is chosen among the surveys on our pages; `members_only`: only they see it there."""

    title: TranslatedText
    members_only: bool


@dataclass(frozen=True, slots=True)
class ApiStarter(Starter):
    """Starts when the shop asks; `variables` are those the caller may set, `called` its names outside."""

    variables: frozenset[str]
    called: tuple[str, ...] = ()


TALKING = (KeywordStarter, MessageStarter, MenuStarter, ScanStarter, GestureStarter, SurveyStarter)
"""Starters of flows that answer the contact: it has just written or made a gesture."""
