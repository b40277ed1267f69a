"""Decides a turn: what a trigger means under the publication in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.conversation import clarifying, legal, strikes
from bot.conversation.credit import expire, give_notice, mark_noticed, settle_ends
from bot.conversation.falling_back import fall_back
from bot.conversation.grants import hear_grants
from bot.conversation.messages import OPT_IN, Messages, opt_in_starter, starter_for
from bot.conversation.operations import operate
from bot.conversation.publication import Publication
from bot.conversation.standing import listening, stands_still, waits
from bot.core.contact import Event, SubscriptionState
from bot.core.deeds import desk_turns, inviting
from bot.core.deeds.crediting import credit_event
from bot.core.deeds.goals import PASSED, goal_events, hear_goals, note_runs
from bot.core.deeds.joining import runs_along, take_over
from bot.core.email.mailbox import EMAIL
from bot.core.flow.compiled import Starter
from bot.core.flow.engine import Engine
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.run import RunStatus, WaitKind
from bot.core.flow.take.hearing import Heard
from bot.core.handing_over import told_by, trigger_of
from bot.core.ids import microseconds
from bot.core.messages import Inbound
from bot.core.pages import consents, letters
from bot.core.tracking.sessions import SESSION_STARTED
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

DESK_LEFT_FLOW = "desk_left"
"""The flow that says that the bot is back, after a visit to the desk that the contact did not end itself."""

_OPT_INS = frozenset({letters.CONFIRM, consents.CHANGE})
"""Operations by which contacts opt in themselves: the button of a letter's page, a Yes on our pages."""

_PAUSED_FOR = timedelta(minutes=5)
"""When a run of a paused flow is told again what it stands at its message for, unless that was put aside."""

WAITING_RUNS_MAX = 50
"""How many runs of one contact may wait; the oldest ends when another begins."""


@dataclass(frozen=True, slots=True)
class Decisions(Messages):
    """Decides turns under one publication; see `bot.conversation.conversation.Decider`."""

    goal_events: frozenset[str] = frozenset()
    """Events that are goals of some flow."""

    @classmethod
    def under(cls, publication: Publication, handlers: Mapping[str, HandlerSpec]) -> "Decisions":
        """Decide under this publication."""
        return cls(publication, Engine(publication, handlers), goal_events(publication.flows.values()))

    @property
    def generation(self) -> str:
        """What tells this publication from those before and after."""
        return self.publication.generation

    def starts_on(self, event: Event) -> bool:
        """Whether a flow starts on the event, or it earns credit, whoever it happens to."""
        flows = self.publication.by_event.get(event.name, ())
        return (
            any(starter.where.holds(event.properties) for _, starter in flows)
            or event.name in self.goal_events
            or self.shop.program.earning.hears(event.name)
        )

    def hears(self, turn: Turn, event_name: str) -> bool:
        """Whether a flow starts on the event, a run of the contact waits for it, or it earns credit."""
        if event_name in self.publication.by_event or self.shop.program.earning.hears(event_name):
            return True
        # Sessions are found after the turn; whatever else it tracks has reached its goals in it.
        if event_name == SESSION_STARTED and event_name in self.goal_events:
            return True
        return any(run.hears(event_name) for run in turn.runs.values())

    def decide(self, turn: Turn) -> None:
        """Decide a turn by recording effects in it."""
        if self.publication.broken is not None and not _needs_no_program(turn.trigger):
            raise self.publication.broken
        _BY_KIND[turn.trigger.kind](self, turn)
        settle_ends(turn)
        strikes.follow_zone(turn, self.publication.schedules)
        self._end_oldest_runs(turn)
        note_runs(turn, self.publication)
        hear_goals(turn, self.publication, self.goal_events)
        _forget_passing_runs(turn, self.publication)

    def joined(self, turn: Turn) -> None:
        """Take over what another contact left, and go on with what it asked for by a personal code."""
        take_over(turn)
        along = frozenset(runs_along(turn))
        self._end_twins(turn, along)
        group, name = inviting.brought(turn) or ("", None)
        if turn.subscriptions.get(group) is not SubscriptionState.SUBSCRIBED:
            return
        heard = Heard("", category=OPT_IN, group=group, is_text=False)
        if name is None:  # it was the contact's own text, which its own runs have heard
            for run in listening(turn):
                if run.id in along:
                    self.engine.heard(turn, run, heard)
            return
        flow = self.publication.flows.get(name)
        if flow is not None:
            self._let_hear(turn, heard)
            self.engine.start(turn, flow, opt_in_starter(flow, group))

    def operation(self, turn: Turn) -> None:
        """Do what the shop, a page or a job asks for; runs that wait for an opt-in hear it if it is one."""
        before = turn.snapshot.subscriptions
        operate(turn)
        if turn.trigger.payload["operation"] not in _OPT_INS:
            return
        for change in turn.effects.consent:
            if change.state is SubscriptionState.SUBSCRIBED and before.get(change.key) is not change.state:
                self._let_hear(turn, Heard("", category=OPT_IN, group=change.group, is_text=False))

    def _end_twins(self, turn: Turn, along: frozenset[str]) -> None:
        """End runs that came along of flows in which the contact is already, where nobody is in one twice."""
        own = {run.flow for run in turn.runs.values() if run.is_waiting and run.id not in along}
        for run in tuple(turn.runs.values()):
            flow = self.publication.flows.get(run.flow)
            if run.id not in along or not run.is_waiting or run.flow not in own or flow is None:
                continue
            if flow.reentry and flow.reentry_per is None:
                self.engine.stop(turn, run)

    def timer(self, turn: Turn) -> None:
        """Move on a run whose time has come, if it still stands where the timer was set."""
        payload = turn.trigger.payload
        run, version = turn.runs.get(str(payload["run"])), payload["version"]
        assert isinstance(version, int), "a timer names the version it was set for"
        moved = self.engine.time_up(turn, run, version) if run is not None else None
        turn.effects.outcome = "timer" if moved is not None else "void"

    def handed(self, turn: Turn) -> None:
        """Move on a run that stands at a message of its own, by what became of that."""
        told = told_by(turn.trigger)
        run = turn.runs.get(told.run)
        if run is not None and stands_still(turn, run):
            turn.effects.outcome = "paused"
            turn.effects.later.append(_again(turn.trigger, turn.now))
            return
        moved = self.engine.handed(turn, run, told) if run is not None else None
        turn.effects.outcome = "handed" if moved is not None else "void"

    def fallback(self, turn: Turn) -> None:
        """Say on another channel what had no way left; the run that stands at it goes on where none has."""
        told = fall_back(turn, self.publication)
        run = turn.runs.get(told.run) if told is not None else None
        if told is None or run is None:
            return
        if stands_still(turn, run):
            turn.effects.later.append(_again(trigger_of(told), turn.now))
        else:
            self.engine.handed(turn, run, told)

    def event(self, turn: Turn) -> None:
        """Grant what an event earns, let flows start on it and runs go on that waited for it."""
        event = turn.trigger.event
        assert event is not None, "an event trigger carries its event"
        turn.effects.outcome = "event"
        if not turn.trigger.payload.get("credited"):
            credit_event(turn, event, turn.trigger.key)
        for run in tuple(turn.runs.values()):
            if not waits(run, WaitKind.EVENT):
                continue
            if stands_still(turn, run):
                self.engine.exited(turn, run, event)  # who has what it is for is not written to after a pause
            else:
                self.engine.heard(turn, run, event)
        for flow, starter in self.publication.by_event.get(event.name, ()):
            if starter.where.holds(event.properties):
                self.engine.start(turn, flow, starter)

    def start(self, turn: Turn) -> None:
        """Start a flow that a schedule, the shop or an operator asked for."""
        payload = turn.trigger.payload
        flow = self.publication.flows.get(str(payload["flow"]))
        turn.effects.outcome = "start" if flow is not None else "void"
        if flow is None:
            return
        variables = payload.get("variables", {})
        assert isinstance(variables, dict), "variables are by name"
        starter: Starter | None = starter_for(flow, turn.trigger.kind)
        if turn.trigger.kind is TriggerKind.SCHEDULE:
            starter = strikes.starter_of(flow, payload.get("starter"))
        self.engine.start(turn, flow, starter, variables)

    def credit_expiring(self, turn: Turn) -> None:
        """Tell the member what ends soon."""
        turn.effects.outcome = "notice"
        notice = give_notice(turn)
        if notice is None:
            return
        for flow, starter in self.publication.notices:
            if not notice.is_told_by(flow):
                continue
            if starter.before is None or any(
                line.days_before in {period.days for period in starter.before} for line in notice.lines
            ):
                self.engine.start(turn, flow, starter, notice.variables)

    def address_report(self, turn: Turn) -> None:
        """Hear from a provider that an address has stopped or cannot be reached."""
        payload = turn.trigger.payload
        turn.effects.outcome = "address_report"
        address = turn.addresses.get((str(payload["channel"]), str(payload["address"])))
        if address is None:
            return
        if payload.get("stopped"):
            inbound = Inbound(
                provider=str(payload["provider"]),
                provider_id=str(payload["id"]),
                channel=address.channel,
                address=address.value,
                to="",
                text=str(payload["reason"]),
                received_at=turn.now,
                opt_out_type="STOP",
            )
            # Who calls our letters spam is not written to once more.
            silently = address.channel == EMAIL
            legal.stop(turn, inbound, self.replies_on(address.channel), silently=silently)
        else:
            turn.change_address(replace(address, unusable_reason=str(payload["reason"])))

    def silence(self, turn: Turn) -> None:
        """Stop everything where nobody said what an unclear revocation meant."""
        clarifying.silence(turn, self.replies_on(str(turn.trigger.payload["channel"])))

    def _end_oldest_runs(self, turn: Turn) -> None:
        """Bound what one contact can make us remember: every turn loads all its waiting runs."""
        waiting = [run for run in turn.runs.values() if run.is_waiting]
        if len(waiting) > WAITING_RUNS_MAX:
            waiting.sort(key=lambda run: run.started_at)
            for run in waiting[: len(waiting) - WAITING_RUNS_MAX]:
                self.engine.stop(turn, run)

    def desk(self, turn: Turn) -> None:
        """Hear what happened at the desk; the bot says that it is back where a visit has ended."""
        because = desk_turns.happens(turn)
        flow = self.publication.flows.get(DESK_LEFT_FLOW)
        if because is not None and flow is not None:
            self.engine.start(turn, flow, starter_for(flow, TriggerKind.START), {"because": because.value})


_BY_KIND: Mapping[TriggerKind, Callable[[Decisions, Turn], None]] = {
    TriggerKind.INBOUND: Decisions.inbound,
    TriggerKind.TIMER: Decisions.timer,
    TriggerKind.HANDED: Decisions.handed,
    TriggerKind.EVENT: Decisions.event,
    TriggerKind.SCHEDULE: Decisions.start,
    TriggerKind.START: Decisions.start,
    TriggerKind.CREDIT_EXPIRING: Decisions.credit_expiring,
    TriggerKind.NOTICED: lambda _, turn: mark_noticed(turn),
    TriggerKind.EXPIRY: lambda _, turn: expire(turn),
    TriggerKind.OPERATION: Decisions.operation,
    TriggerKind.SILENCE: Decisions.silence,
    TriggerKind.ADDRESS_REPORT: Decisions.address_report,
    TriggerKind.GRANT: lambda _, turn: hear_grants(turn),
    TriggerKind.DESK: Decisions.desk,
    TriggerKind.JOINED: Decisions.joined,
    TriggerKind.FALLBACK: Decisions.fallback,
}


_WITHOUT_PROGRAM = frozenset(
    {TriggerKind.INBOUND, TriggerKind.SILENCE, TriggerKind.ADDRESS_REPORT, TriggerKind.GRANT}
)
"""What is decided while the stored program is broken: who wants to hear nothing more, or by which right."""


def _needs_no_program(trigger: Trigger) -> bool:
    return trigger.kind in _WITHOUT_PROGRAM or letters.leaves(trigger)


def _again(trigger: Trigger, now: datetime) -> Trigger:
    """Return a trigger for later, when its flow may go on."""
    key = f"{trigger.key.partition('~')[0]}~{microseconds(now)}"
    return replace(trigger, key=key, at=now + _PAUSED_FOR)


def _forget_passing_runs(turn: Turn, publication: Publication) -> None:
    """Drop runs that began and ended in this turn, unless the flow wants to know who was in it before."""
    known = {run.id for run in turn.snapshot.runs}
    for run in tuple(turn.effects.runs.values()):
        if run.goals_until is not None:
            continue
        flow = publication.flows.get(run.flow)
        if (
            run.status is RunStatus.DONE
            and run.id not in known
            and flow is not None
            and not flow.remembers_entries
        ):
            turn.count(run.flow, run.revision, "", PASSED)
            del turn.effects.runs[run.id]
