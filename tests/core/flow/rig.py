"""One contact whose turns are decided by the real engine and kept in memory: what tests of flows talk to."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from textwrap import dedent

from bot.core.contact import Address, Contact, Event, JsonValue, SubscriptionState
from bot.core.effects import Effects
from bot.core.flow.answers import offered, takes_only_answers
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import EventStarter, Flow, KeywordStarter, Starter
from bot.core.flow.engine import Engine
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.reader import read
from bot.core.flow.run import Run, RunStatus
from bot.core.flow.take.hearing import Heard
from bot.core.flow.translations import Translations
from bot.core.gate import Policy
from bot.core.gestures import Gesture
from bot.core.groups import plain_groups
from bot.core.handing_over import Became, tell, told_by
from bot.core.ids import new_id
from bot.core.keywords import normalise
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.program import Program
from bot.core.messages import Inbound, OutboxState, Outgoing
from bot.core.senders import MAIN, SenderPool
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop, Snapshot, Turn

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # Tuesday, noon in New York
PHONE = "+12125550101"
OPENID = "wx0123456789abcdef/oXyz-1"
SHOP = Shop(
    program_policy="program@1",
    name="Leaf",
    zone="America/New_York",
    program=Program.model_validate(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.05",
            "earning": {"rate": "5%"},
        }
    ),
    policy=Policy(zone="America/New_York"),
    groups=plain_groups(["loyalty"]),
    senders={MAIN: SenderPool(MAIN, ("+12125550100",))},
)


def flow(text: str, *, revision: int = 1, translations: Translations | None = None) -> Flow:
    """Compile a flow written inline."""
    return compile_flow(read(dedent(text), "flows/test.yaml"), revision=revision, translations=translations)


def steps(text: str, *, more: str = "") -> Flow:
    """Compile a flow of these steps that starts on GO."""
    heading = f"flow: test\nstart: [{{keyword: GO}}]\n{dedent(more)}\nsteps:\n"
    return flow(heading + "\n".join(f"  {line}" for line in dedent(text).strip("\n").splitlines()))


class Library:
    """Flows by name and revision; the highest revision is the published one."""

    def __init__(self, *flows: Flow) -> None:
        self.flows = {(each.name, each.revision): each for each in flows}

    def flow(self, name: str, revision: int | None) -> Flow | None:
        """Return a revision."""
        if revision is None:
            known = [number for (other, number) in self.flows if other == name]
            return self.flows[name, max(known)] if known else None
        return self.flows.get((name, revision))


@dataclass
class Chat:
    """Talks to flows as one contact, turn after turn; `effects` are the last turn's."""

    library: Library
    engine: Engine
    now: datetime = NOON
    contact: Contact = field(
        default_factory=lambda: Contact(
            id="0" * 32, bucket=0, locale="en", zone="America/New_York", created_at=NOON
        )
    )
    runs: dict[str, Run] = field(default_factory=dict)
    effects: Effects = field(default_factory=Effects)
    more: dict[str, object] = field(default_factory=lambda: {"entered": {}})
    counts: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[str, SubscriptionState] = field(default_factory=dict)
    channel: str = "sms"
    gesture: Gesture | None = None
    """What the next inbound is instead of a text."""
    shop: Shop = SHOP
    hands_over: bool = True
    """Whether messages are handed over at once."""

    @classmethod
    def of(cls, *flows: Flow, handlers: Mapping[str, HandlerSpec] | None = None) -> "Chat":
        """Make a chat with these flows."""
        library = Library(*flows)
        return cls(library, Engine(library, handlers or {}))

    def turn(self, trigger: Trigger) -> Turn:
        """Begin a turn."""
        return Turn(
            trigger=trigger,
            snapshot=Snapshot(
                contact=self.contact,
                addresses=(Address(self.channel, self.address),),
                subscriptions=self.subscriptions,
                runs=tuple(run for run in self.runs.values() if run.is_waiting),
                wallet=Wallet("0" * 32),
                more=self.more,
            ),
            shop=self.shop,
            now=self.now,
            mint=lambda: new_id(self.now, 0, os.urandom),
        )

    def done(self, turn: Turn) -> list[str]:
        """Keep what the turn decided; return what it said."""
        self.effects = turn.effects
        self.contact = turn.contact
        self.runs.update(turn.effects.runs)
        for figure, number in turn.effects.counts.items():
            key = f"{figure.step} {figure.what}"
            self.counts[key] = self.counts.get(key, 0) + number
        outgoing = turn.effects.outgoing
        said = [queued.message.body for queued in outgoing]
        for queued in [*outgoing] if self.hands_over else ():
            for trigger in tell(queued.message, Became.HANDED, self.now):
                if queued.state is OutboxState.QUEUED:
                    said += self.handed(trigger)
                    outgoing += self.effects.outgoing
                    self.effects = turn.effects
        return said

    def handed(self, trigger: Trigger) -> list[str]:
        """Tell a run what became of its message."""
        told, turn = told_by(trigger), self.turn(trigger)
        if told.run in turn.runs:
            self.engine.handed(turn, turn.runs[told.run], told)
        return self.done(turn)

    @property
    def address(self) -> str:
        """The contact's address on the channel."""
        return PHONE if self.channel == "sms" else OPENID

    @property
    def sent(self) -> list[Outgoing]:
        """The last turn's messages."""
        return [queued.message for queued in self.effects.outgoing]

    def inbound(self, text: str) -> Trigger:
        """Make the trigger of a text."""
        to = "+12125550100" if self.channel == "sms" else ""
        known = (self.channel, self.address, to, text, self.now)
        message = Inbound("twilio", "SM1", *known, gesture=self.gesture)
        return Trigger(key="SM1", kind=TriggerKind.INBOUND, at=self.now, inbound=message)

    def say(self, text: str, media: tuple[str, ...] = ()) -> list[str]:
        """Text something: an offered answer, else a keyword, else a free answer."""
        turn = self.turn(self.inbound(text))
        asking = self.asking
        started = self._keyword(text)
        if asking is not None and asking.wait is not None:
            facts = asking.wait.facts
            if started is None or offered(facts, text) or takes_only_answers(facts):
                self.engine.answer(turn, asking, text, media)
                return self.done(turn)
        for run in list(turn.runs.values()):
            if run.listens:
                category = started[1].category if started else None
                group = started[1].group if started else None
                self.engine.heard(turn, run, Heard(text, category, group))
        if started is not None:
            self.engine.start(turn, started[0], started[1])
        return self.done(turn)

    def event(self, name: str, properties: Mapping[str, JsonValue] | None = None) -> list[str]:
        """Let an event happen."""
        event = Event(name, self.now, properties or {})
        turn = self.turn(Trigger(key="E1", kind=TriggerKind.EVENT, at=self.now, event=event))
        for run in list(turn.runs.values()):
            self.engine.heard(turn, run, event)
        for (flow_name, _), each in self.library.flows.items():
            if self.library.flow(flow_name, None) is each:
                for starter in each.starters:
                    if isinstance(starter, EventStarter) and starter.event == name:
                        self.engine.start(turn, each, starter)
        return self.done(turn)

    def start(self, name: str, starter: Starter | None = None, **variables: JsonValue) -> list[str]:
        """Start a flow from outside."""
        turn = self.turn(Trigger(key="S1", kind=TriggerKind.START, at=self.now))
        published = self.library.flow(name, None)
        assert published is not None
        self.engine.start(turn, published, starter, variables)
        return self.done(turn)

    def advance(self, **duration: float) -> list[str]:
        """Move the clock on, and let every timer that comes due on the way strike at its time."""
        end = self.now + timedelta(**duration)
        said: list[str] = []
        while due := [
            run
            for run in self.runs.values()
            if run.is_waiting and run.wait and run.wait.until and run.wait.until <= end
        ]:
            run = min(due, key=lambda run: (run.wait.until if run.wait else None) or end)
            assert run.wait is not None
            self.now = max(run.wait.until or end, self.now)
            turn = self.turn(Trigger(key="T1", kind=TriggerKind.TIMER, at=self.now))
            assert self.engine.time_up(turn, run, run.version) is not None
            said += self.done(turn)
        self.now = end
        return said

    @property
    def asking(self) -> Run | None:
        """The run that holds the open question."""
        open_now = [run for run in self.runs.values() if run.holds_question and run.suspended_at is None]
        assert len(open_now) <= 1
        return open_now[0] if open_now else None

    @property
    def run(self) -> Run:
        """The only run there is."""
        (run,) = self.runs.values()
        return run

    @property
    def ended(self) -> list[RunStatus]:
        """What became of the runs, in order of their start."""
        return [run.status for run in self.runs.values()]

    def _keyword(self, text: str) -> tuple[Flow, KeywordStarter] | None:
        for each in self.library.flows.values():
            for word in each.keywords:
                if normalise(word.text) == normalise(text) and self.library.flow(each.name, None) is each:
                    starter = each.starter_of(word.text)
                    assert starter is not None
                    return each, starter
        return None

    def know(self, **fields: object) -> None:
        """Change what is known of the contact."""
        self.contact = replace(self.contact, **fields)  # type: ignore[arg-type]  # tests name fields of Contact

    def run_of(self, name: str) -> Run:
        """The flow's latest run."""
        return [run for run in self.runs.values() if run.flow == name][-1]
