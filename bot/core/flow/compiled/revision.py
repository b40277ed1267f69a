"""A compiled revision of a flow: its starters, its steps, and all that goes for the whole of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.flow.compiled.starters import KeywordStarter, Starter, SurveyStarter
from bot.core.flow.compiled.steps import Question, Say, Step
from bot.core.flow.reader import Mark
from bot.core.flow.translations import Message, TranslatedText
from bot.core.flow.where import Where
from bot.core.keywords import Keyword
from bot.core.messages import MessageClass
from bot.core.surveys import Survey

NEVER = timedelta.max
"""The re-entry of a flow that a contact goes through only once."""
CALENDAR = frozenset({"day", "week", "month", "year"})
"""What of the contact's calendar a flow may be entered once in."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A conversion event, counted within a time of the start."""

    event: str
    within: timedelta | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Exit:
    """An event that ends a run at once."""

    event: str
    where: Where
    mark: Mark


@dataclass(frozen=True, slots=True)
class Exchange:
    """One move of a test and what must come back (None: anything).

    `kind` is say, tap, allow, advance, event, set, or the kind of a gesture, whose value is `text`.
    """

    kind: str
    mark: Mark
    text: str = ""
    duration: timedelta = timedelta()
    event: str = ""
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    expect: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A test: moves from a new contact on, on one channel."""

    name: str
    exchanges: tuple[Exchange, ...]
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class OnPublish:
    """What becomes of runs that wait in the revision before: stay, end, or move step by step."""

    ends: bool = False
    moves: Mapping[str, str] = field(default_factory=dict)
    mark: Mark = field(default_factory=lambda: Mark(1, 1))


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled revision of a flow."""

    name: str
    revision: int
    file: str
    title: str
    language: str
    starters: tuple[Starter, ...]
    steps: tuple[Step, ...]
    by_id: Mapping[str, Step]
    first: str
    goals: tuple[Goal, ...]
    reentry: timedelta
    """How long after a start it may start again: zero always, `NEVER` never."""
    group: str | None
    thanks: TranslatedText | None
    short_links: bool | None
    """Whether links in its SMS are shortened; None: except in answers."""
    on_publish: OnPublish
    tests: tuple[Conversation, ...]
    texts: tuple[TranslatedText, ...]
    """Everything the flow may say."""
    messages: tuple[Message, ...]
    """What is to be translated of it, with notes for translators."""
    exits: tuple[Exit, ...] = ()
    message_class: MessageClass = MessageClass.SERVICE
    """What kind of messages it sends, where they do not answer the contact."""
    reentry_per: str | None = None
    """What it is entered once for: of `CALENDAR`, or a property of what starts it; None: see `reentry`."""
    entries_per_day: int | None = None
    entries_total: int | None = None

    @property
    def remembers_entries(self) -> bool:
        """Whether it matters who was in it before."""
        return bool(self.reentry) or self.reentry_per is not None

    @property
    def has_door(self) -> bool:
        """Whether anything but an operator may keep somebody out."""
        has_cap = self.entries_per_day is not None or self.entries_total is not None
        return self.remembers_entries or has_cap or self.message_class is MessageClass.MARKETING

    @property
    def keywords(self) -> tuple[Keyword, ...]:
        """The words that start it, for the router and for finding collisions."""
        return tuple(
            Keyword(
                text=word,
                target=self.name,
                language=starter.language,
                kind=starter.kind,
                place=f"{self.file}:{starter.mark.line}",
            )
            for starter in self.starters
            if isinstance(starter, KeywordStarter)
            for word in starter.words
        )

    @property
    def copies(self) -> frozenset[str]:
        """The names of the texts it says by name."""
        said = (step.delivery.copy for step in self.steps if isinstance(step, Say | Question))
        return frozenset(filter(None, said))

    @property
    def survey(self) -> Survey | None:
        """How it is shown among the surveys on our pages; None where it is none."""
        starter = next((one for one in self.starters if isinstance(one, SurveyStarter)), None)
        if starter is None:
            return None
        return Survey(self.name, starter.title, starter.members_only, is_once=self.reentry == NEVER)

    def starter_of(self, word: str) -> KeywordStarter | None:
        """Return the starter that holds a keyword, as it is written in the file."""
        for starter in self.starters:
            if isinstance(starter, KeywordStarter) and word in starter.words:
                return starter
        return None
