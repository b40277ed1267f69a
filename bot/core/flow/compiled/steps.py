"""The steps of a compiled flow: one class for each kind."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from bot.core.contact import JsonValue
from bot.core.experiments.experiment import Experiment
from bot.core.flow.compiled.values import Delivery, Target, Value
from bot.core.flow.reader import Mark
from bot.core.flow.scores import drawn
from bot.core.flow.template import Condition, Text
from bot.core.flow.translations import TranslatedText
from bot.core.flow.where import Where


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
