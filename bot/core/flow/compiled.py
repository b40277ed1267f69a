"""A compiled flow: immutable, everything resolved that can be, so that a turn only walks and renders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from bot.core.banners import Banner
from bot.core.contact import JsonValue
from bot.core.experiments.experiment import Experiment
from bot.core.flow.reader import Mark
from bot.core.flow.schedule import Schedule
from bot.core.flow.scores import drawn
from bot.core.flow.template import Condition, Text
from bot.core.flow.translations import Message, TranslatedText
from bot.core.flow.wechat_forms import CardText
from bot.core.flow.where import Where
from bot.core.gestures import GestureKind
from bot.core.keywords import Keyword, KeywordKind
from bot.core.messages import MessageClass
from bot.core.surveys import Survey

NEVER = timedelta.max
"""The re-entry of a flow that a contact goes through only once."""
CALENDAR = frozenset({"day", "week", "month", "year"})
"""What of the contact's calendar a flow may be entered once in."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a step's messages are sent; None leaves it to the turn."""

    channel: str | None
    group: str | None
    message_class: MessageClass
    media: tuple[Text, ...] = ()
    tag: str | None = None
    valid: timedelta | None = None
    card: CardText | str | None = None
    """The card to show on WeChat, or the name `wechat.yaml` gives it."""
    notice: str | None = None
    """The template of `wechat.yaml` that says it as a subscribe message."""
    taps: tuple[TranslatedText, ...] = ()
    """Keywords to tap on WeChat."""
    inbox: bool = False
    """Whether it is kept in the inbox on our pages where it may go nowhere else."""
    copy: str = ""
    """The name of its text, where it has one."""
    banner: Banner | None = None
    """How long it stands on top of our pages, where it does."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value is kept: with the member, or among the run's variables."""

    name: str
    of_member: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the flow gives it: a constant, or Liquid that makes it."""

    constant: JsonValue
    text: Text | None = None

    def of(self, context: Mapping[str, object], locale: str) -> JsonValue:
        """Return the value for a context."""
        return self.constant if self.text is None else self.text.value(context, locale)


# Steps


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `next` is the step that follows (None: the flow is over), `path` its place in the file."""

    id: str
    path: tuple[str | int, ...]
    mark: Mark
    next: str | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """When a run goes on after a message that answers nobody, and where to.

    `is_awaited`: it stands there until the message was handed over. `waits_held`: also while it is held; else
    it goes on at `on_held`. `is_declared`: the file says where to, so that it waits though nothing follows.
    """

    is_awaited: bool
    waits_held: bool
    on_held: str | None
    on_refused: str | None
    on_failed: str | None
    is_declared: bool

    @property
    def ways(self) -> tuple[str | None, ...]:
        """Where it may lead beside the step that follows."""
        return (self.on_held, self.on_refused, self.on_failed)


@dataclass(frozen=True, slots=True)
class Sends(Step):
    """What every step has that says something and goes on."""

    leaving: Leaving


@dataclass(frozen=True, slots=True)
class Say(Sends):
    """Sends a message."""

    wording: TranslatedText
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Email(Sends):
    """Sends a letter; `wording` None: its text is the template's own, `template` empty: the usual one."""

    wording: TranslatedText | None
    delivery: Delivery
    subject: TranslatedText
    template: str
    preheader: TranslatedText | None
    button: tuple[TranslatedText, Text] | None
    """What the button says, and where it leads."""
    picture: Text | None


@dataclass(frozen=True, slots=True)
class Question(Step):
    """What every question has: what is asked, how long for, and where silence or nonsense lead."""

    wording: TranslatedText
    delivery: Delivery
    save: Target | None
    within: timedelta | None
    on_silence: str | None
    on_other: str | None
    retries: int
    retry: TranslatedText
    repeats: bool
    """Whether the question follows the retry text: an author's own says it all."""
    again: TranslatedText
    """How it is put once more after something came between; names `question`."""
    only_answers: bool
    kind: str
    """The kind of step it was written as: ask, choose, rate, nps, poll."""
    feedback: bool
    """Whether its answers are kept to be read out."""


@dataclass(frozen=True, slots=True)
class Ask(Question):
    """Asks for something; `choices` are the words one of which is meant, `skip` those that leave it out."""

    expect: str
    choices: tuple[str, ...]
    skip: tuple[str, ...]
    labels: tuple[TranslatedText, ...] = ()
    """What YES and NO are called where they can be tapped."""
    quotes: str | None = None
    """The question whose answer may be quoted after a YES."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; `value` is what is saved, `then` the first step when it is chosen."""

    key: str
    label: TranslatedText
    words: tuple[str, ...]
    value: JsonValue
    then: str | None


@dataclass(frozen=True, slots=True)
class Choose(Question):
    """Lets choose among options, or (`source`) among the things in a variable."""

    options: tuple[Option, ...]
    source: tuple[str, ...]
    label: TranslatedText | None
    then: str | None
    numbered: bool


@dataclass(frozen=True, slots=True)
class Rate(Question):
    """Asks for a whole number from `low` to `high`: stars, or how likely they recommend us (`kind`)."""

    low: int
    high: int
    hint: TranslatedText | None
    """What stands below it where nothing can be tapped."""

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Key and label of what can be tapped: the best first where it is stars."""
        values = range(self.low, self.high + 1)
        if self.kind == "rate":
            return tuple((str(value), drawn(value, self.high)) for value in reversed(values))
        return tuple((str(value), str(value)) for value in values)


@dataclass(frozen=True, slots=True)
class Do(Step):
    """Calls a handler; `on_problem` is where a TellMember leads (`handles_problem`)."""

    handler: str
    arguments: tuple[tuple[str, Value], ...]
    save_as: str | None
    handles_problem: bool
    on_problem: str | None


@dataclass(frozen=True, slots=True)
class Offer(Step):
    """Gives the member an offer; `on_problem` is where a TellMember leads (`handles_problem`)."""

    offer: str
    save_as: str | None
    handles_problem: bool
    on_problem: str | None


@dataclass(frozen=True, slots=True)
class If(Step):
    """Goes one way or the other."""

    condition: Condition
    then: str | None
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Split(Step):
    """Goes the way of an arm of an experiment; `ways` by arm, the baseline's first.

    `inline` is the experiment where the flow itself declares it.
    """

    experiment: str
    ways: tuple[tuple[str, str | None], ...]
    inline: Experiment | None = None

    def way(self, arm: str) -> str | None:
        """Return the first step of an arm; one that has no steps goes straight on."""
        return dict(self.ways).get(arm, self.next)


@dataclass(frozen=True, slots=True)
class Set(Step):
    """Keeps values."""

    values: tuple[tuple[Target, Value], ...]


@dataclass(frozen=True, slots=True)
class Wait(Step):
    """Waits for a time."""

    duration: timedelta


@dataclass(frozen=True, slots=True)
class WaitUntil(Step):
    """Waits for `clock` of the next day, of `weekday` (Monday 0) or of `day`; or for what `text` says."""

    clock: time | None
    weekday: int | None
    day: date | None
    text: Text | None


@dataclass(frozen=True, slots=True)
class WaitUntilDate(Step):
    """Waits for `clock` on a day of the contact's, so much after it or (negative) before it.

    `past` is what is done where that has passed: now, skip, end.
    """

    source: tuple[str, ...]
    clock: time
    offset: timedelta
    past: str


@dataclass(frozen=True, slots=True)
class WaitForBestTime(Step):
    """Waits for the hour at which the contact is usually there; `fallback` for whom it is not known of."""

    fallback: time


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that may happen: an event, or (`event` None) an inbound message; `then` is where it leads."""

    event: str | None
    where: Where
    group: str | None
    category: str | None
    keywords: frozenset[str]
    save_as: str | None
    then: str | None


@dataclass(frozen=True, slots=True)
class WaitFor(Step):
    """Waits for one of several things: what comes first, or (`is_best`) what stands first of what came."""

    wanted: tuple[Wanted, ...]
    is_best: bool
    within: timedelta | None
    on_silence: str | None

    @property
    def events(self) -> frozenset[str]:
        """The names of the events it waits for."""
        return frozenset(one.event for one in self.wanted if one.event is not None)

    @property
    def listens(self) -> bool:
        """Whether it waits for messages."""
        return any(one.event is None for one in self.wanted)


@dataclass(frozen=True, slots=True)
class Paths(Step):
    """Goes the way of the first audience (`ways`: name and first step) that the contact is in."""

    ways: tuple[tuple[str, str | None], ...]
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Call(Step):
    """Goes through another flow."""

    flow: str
    arguments: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Goto(Step):
    """Goes on elsewhere: at `next`."""


@dataclass(frozen=True, slots=True)
class End(Step):
    """Ends the flow."""


WAITS = (Wait, WaitUntil, WaitUntilDate, WaitForBestTime, WaitFor)
"""Steps at which a run stands that asked nothing."""
WAITING = (Ask, Choose, Rate, *WAITS)
"""Steps at which a run may stand."""


# Starters


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


# The flow


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
