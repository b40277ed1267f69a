"""One flow lives through what really happened, in a copy: which messages it would have sent, and to whom."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.conversation.decide import Decisions
from bot.conversation.gesture_routes import GestureRoutes
from bot.conversation.inbox import inbound_from
from bot.conversation.publication import Publication
from bot.conversation.work import Work
from bot.core.audiences.audience import Topic
from bot.core.contact import Event, JsonValue
from bot.core.deeds.figures import with_named
from bot.core.flow import compiled
from bot.core.flow.check_audiences import audiences_named
from bot.core.flow.check_flow import sources
from bot.core.flow.compiled import (
    EventStarter,
    Flow,
    KeywordStarter,
    MessageStarter,
    ScheduleStarter,
    Starter,
)
from bot.core.flow.engine import Engine
from bot.core.flow.evaluations import DOOR, EVALUATION, key_of
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.run import Run
from bot.core.keywords import KeywordIndex
from bot.core.tracking.sessions import ACTIVITIES, SESSION_STARTED
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage.copying import Happening

_HAPPENED = "rehearsed/"
_OF_NAMES = {"balance": "balances", "expiring": "balances", "tier": "levels", "member": "fields of contacts"}
_OF_TOPICS = {Topic.WALLET: "balances", Topic.TIER: "levels", Topic.CONTACT: "fields of contacts"}
_NOT_FROM_HISTORY = (compiled.CreditExpiringStarter, compiled.ApiStarter)


@dataclass(slots=True)
class Doors:
    """Who came to the flow's door and what became of it: by the trigger that brought them."""

    entered: dict[tuple[str, str], datetime] = field(default_factory=dict)
    turned_away: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def people(self) -> frozenset[str]:
        """Who went in."""
        return frozenset(contact for contact, _ in self.entered)

    @property
    def reasons(self) -> Counter[str]:
        """How often somebody was turned away, by reason."""
        return Counter(self.turned_away.values())


class Watched(Engine):
    """The engine, with somebody who writes down who comes to one flow's door."""

    def __init__(
        self, publication: Publication, handlers: Mapping[str, HandlerSpec], flow: str, doors: Doors
    ) -> None:
        """Watch the door of `flow`."""
        super().__init__(publication, handlers)
        self._flow, self._doors = flow, doors

    def start(
        self,
        turn: Turn,
        flow: Flow,
        starter: Starter | None = None,
        variables: Mapping[str, JsonValue] | None = None,
    ) -> Run | None:
        """See `Engine.start`."""
        run = super().start(turn, flow, starter, variables or {})
        if flow.name == self._flow:
            key = (turn.contact.id, turn.trigger.key)
            self._doors.entered.pop(key, None)
            if run is not None:
                self._doors.entered[key] = turn.now
                self._doors.turned_away.pop(key, None)
            else:
                kept = turn.effects.kept.get((EVALUATION, key_of(flow.name, DOOR)))
                self._doors.turned_away[key] = str(getattr(kept, "verdict", "turned away"))
        return run


class Replaying(Decisions):
    """Decides turns, and takes events that really happened as such: they earn nothing again."""

    def decide(self, turn: Turn) -> None:
        """See `Decisions.decide`."""
        if not turn.trigger.key.startswith(_HAPPENED):
            super().decide(turn)
            return
        event = turn.trigger.event
        assert event is not None, "a happening carries its event"
        turn.effects.events.append(event)
        turn.effects.credited.append(event)
        turn.effects.outcome = "happened"


def rehearsing(
    decisions: Decisions, flow: Flow, handlers: Mapping[str, HandlerSpec], doors: Doors
) -> Replaying:
    """Decide by what is in force, where nothing but this flow can be started; it may be in force or not."""
    publication = narrowed(decisions.publication, flow)
    return Replaying(publication, Watched(publication, handlers, flow.name, doors))


def narrowed(publication: Publication, flow: Flow) -> Publication:
    """The publication with the starters of one flow alone; other flows can be called."""
    starters = [(flow, starter) for starter in flow.starters]
    by_event: dict[str, list[tuple[Flow, EventStarter]]] = {}
    for _, starter in starters:
        if isinstance(starter, EventStarter):
            by_event.setdefault(starter.event, []).append((flow, starter))
    return replace(
        publication,
        shop=replace(publication.shop, halted={}),
        flows={**publication.flows, flow.name: flow},
        keywords=KeywordIndex(flow.keywords, legal_words=()),
        by_category={
            starter.category: (flow, starter)
            for _, starter in starters
            if isinstance(starter, KeywordStarter) and not starter.words and starter.category is not None
        },
        patterns=tuple(
            (flow, starter)
            for _, starter in starters
            if isinstance(starter, MessageStarter) and not starter.is_fallback
        ),
        fallback=None,
        gestures=GestureRoutes.of(starters),
        by_event={name: tuple(found) for name, found in by_event.items()},
        notices=(),
        schedules=tuple((flow, starter) for _, starter in starters if isinstance(starter, ScheduleStarter)),
        by_call={},
    )


def why_not(flow: Flow) -> str | None:
    """Say why a flow cannot be rehearsed from history; None where it can."""
    if all(isinstance(starter, _NOT_FROM_HISTORY) for starter in flow.starters):
        return "nothing that starts it is kept: it starts by a call from outside, or by credit that ends"
    return None


def as_of_today(decisions: Decisions, flow: Flow) -> list[str]:
    """What the flow goes by that nobody knows of then: a rehearsal takes it as it is today."""
    audiences = decisions.shop.figures.audiences.audiences
    named = with_named({name for name, _ in audiences_named(flow)} & audiences.keys(), audiences)
    found = {_OF_TOPICS.get(topic) for name in named for topic in audiences[name].condition.topics}
    found |= {_OF_NAMES.get(str(one.path[0])) for source, _ in sources(flow) for one in source.variables}
    return sorted(one for one in found if one is not None)


def events_wanted(decisions: Decisions, flow: Flow) -> frozenset[str]:
    """The events that may matter: to the flow, to those it may call, and to figures and audiences."""
    names = {starter.event for starter in flow.starters if isinstance(starter, EventStarter)}
    names |= {rule.event for rule in decisions.shop.figures.rules.values()}
    for one in (flow, *decisions.publication.flows.values()):
        names |= {goal.event for goal in one.goals}
        names |= {way.event for way in one.exits}
        for step in one.steps:
            if isinstance(step, compiled.WaitFor):
                names |= step.events
    return frozenset(names | set(ACTIVITIES) if SESSION_STARTED in names else names)


def hears(decisions: Decisions, text: str) -> bool:
    """Whether a message starts the flow that is rehearsed, or is about consent."""
    publication = decisions.publication
    if publication.keywords.exact(text) is not None or publication.legal_words.category(text) is not None:
        return True
    return any(starter.match(text) is not None for _, starter in publication.patterns)


def work_of(happened: Happening) -> Work:
    """The work for an event or a message that really came."""
    if happened.inbound is not None:
        inbound = inbound_from(happened.inbound, happened.at)
        payload = dict(happened.inbound)
        trigger = Trigger(happened.key, TriggerKind.INBOUND, happened.at, payload, inbound=inbound)
        return Work(trigger, contact_id=happened.contact)
    assert happened.event is not None, "changes are made by statements"
    facts = dict(happened.facts or {})
    event = Event(happened.event, happened.at, facts)
    told: dict[str, JsonValue] = {"name": event.name, "properties": facts}
    key = f"{_HAPPENED}{happened.key}"
    return Work(Trigger(key, TriggerKind.EVENT, happened.at, told, event=event), contact_id=happened.contact)
