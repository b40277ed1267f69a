"""A run: one contact's way through one revision of one flow, and the wait it stands at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.quickly import quickly_made


class RunStatus(StrEnum):
    """Where a run stands; every status but `waiting` is final."""

    WAITING = "waiting"
    DONE = "done"
    ENDED = "ended"  # stopped from outside: STOP, a newer revision, an operator
    FAILED = "failed"


class WaitKind(StrEnum):
    """What a waiting run waits for."""

    REPLY = "reply"  # the contact's answer: the open question
    EVENT = "event"
    INBOUND = "inbound"  # listens to inbound messages without consuming them
    TIME = "time"
    ANY = "any"  # one of several events and messages
    HANDED = "handed"  # a message of its own is handed over, refused or failed


@dataclass(frozen=True, slots=True)
class Wait:
    """Where a run stops.

    `facts` says what would end the wait (the event's name and filter, the offered answers); it is
    plain JSON because it is stored beside the run and looked at without the flow at hand.
    """

    kind: WaitKind
    step: str
    until: datetime | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


HEARS, LISTENS = "hears", "listens"
"""Facts of waits of any kind: the names of events that end the wait or the run; that messages may."""


def events_of(kind: str, facts: Mapping[str, JsonValue]) -> frozenset[str] | None:
    """Return the names of the events that a wait hears; None: of any."""
    hears = facts.get(HEARS)
    names = {str(name) for name in hears} if isinstance(hears, list) else set()
    if kind == WaitKind.EVENT:
        if "event" not in facts:
            return None
        names.add(str(facts["event"]))
    return frozenset(names)


def hearing(wait: Wait, events: Collection[str]) -> Wait:
    """Return a wait that hears these events besides what it waits for."""
    known = wait.facts.get(HEARS)
    names = {*events, *(map(str, known) if isinstance(known, list) else ())}
    return replace(wait, facts={**wait.facts, HEARS: [*sorted(names)]}) if names else wait


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a flow: the step to go on with; a run has one frame for each flow it is inside."""

    flow: str
    revision: int
    step: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Run:
    """One contact's way through a flow.

    `version` rises with every change, so that a timer set for an earlier state does nothing.
    `frames` holds the place in the flow itself and in the flows it called, innermost last.
    `suspended_at` is set while a newer run holds the open question; `asked_at` says since when
    the question is open (the newest of several open questions is the one that is answered).
    `arms` are those of the experiments it met, by experiment. `goals_until` is until when what the contact
    does counts for the flow's goals, also when the run is over.
    """

    id: str
    flow: str
    revision: int
    status: RunStatus
    started_at: datetime
    channel: str
    frames: tuple[Frame, ...]
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    wait: Wait | None = None
    version: int = 0
    asked_at: datetime | None = None
    suspended_at: datetime | None = None
    failure: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)
    goals_until: datetime | None = None

    @property
    def variant(self) -> str:
        """Its arms as statistics name them; empty where it met no experiment."""
        if not self.arms:  # as in nearly every run, and asked for with whatever is counted
            return ""
        return ",".join(f"{experiment}={arm}" for experiment, arm in sorted(self.arms.items()))

    @property
    def is_waiting(self) -> bool:
        """Whether the run can still go on."""
        return self.status is RunStatus.WAITING

    def hears(self, event: str) -> bool:
        """Whether an event of this name may move it on or end it."""
        if not self.is_waiting or self.wait is None:
            return False
        names = events_of(self.wait.kind, self.wait.facts)
        return names is None or event in names

    @property
    def listens(self) -> bool:
        """Whether it hears messages without consuming them."""
        wait = self.wait
        if not self.is_waiting or wait is None:
            return False
        return wait.kind is WaitKind.INBOUND or bool(wait.facts.get(LISTENS))

    @property
    def holds_question(self) -> bool:
        """Whether the contact's next message may answer this run."""
        return self.is_waiting and self.wait is not None and self.wait.kind is WaitKind.REPLY
