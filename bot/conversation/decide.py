"""Decides a turn: what a trigger means under the publication in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from bot.conversation import clarifying, following, joining, legal, strikes
from bot.conversation.apology import apologise
from bot.conversation.credit import expire, give_notice, mark_noticed, settle_ends
from bot.conversation.falling_back import fall_back
from bot.conversation.grants import hear_grants
from bot.conversation.operations import operate
from bot.conversation.publication import Publication
from bot.conversation.routing import (
    Answers,
    Categorised,
    Nobody,
    Route,
    Starts,
    as_meant,
    is_of_older_question,
    is_offered,
    is_sure,
    is_tapped_keyword,
    is_tapped_option,
    is_understood,
    route,
)
from bot.core.contact import Address, Event, SubscriptionState
from bot.core.deeds import desk_turns, inviting, proving
from bot.core.deeds.crediting import credit_event
from bot.core.deeds.goals import PASSED, goal_events, hear_goals, note_runs
from bot.core.deeds.inbox_turns import open_inbox
from bot.core.deeds.joining import hear_unionid, runs_along, take_over
from bot.core.deeds.referring import come_with
from bot.core.email.mailbox import EMAIL
from bot.core.flow.compiled import Flow, KeywordStarter, Starter
from bot.core.flow.engine import Engine
from bot.core.flow.halts import Halt
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.run import Run, RunStatus, WaitKind
from bot.core.flow.take.hearing import Heard
from bot.core.flow.translations import is_language
from bot.core.gestures import Gesture, GestureKind
from bot.core.groups import Group
from bot.core.handing_over import told_by, trigger_of
from bot.core.hearing import Hearing, Said, hear
from bot.core.ids import microseconds
from bot.core.in_app import APP
from bot.core.keywords import How
from bot.core.messages import Inbound, MessageClass
from bot.core.pages.letters import leaves
from bot.core.replies import RequiredReply
from bot.core.tracking.sessions import SESSION_STARTED
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop, Turn
from bot.core.wechat_address import WECHAT

_OPT_IN = "opt-in"

PROOF_HEARD_FLOW = "link_texted"
"""The flow that answers a number which texted the code it was shown elsewhere."""

DESK_LEFT_FLOW = "desk_left"
"""The flow that says that the bot is back, after a visit to the desk that the contact did not end itself."""
_OF_THE_DESK = frozenset({"person", "back"})
"""Flows that can be started at the desk: they tell the place in the queue, and go back to the bot."""

_PAUSED_FOR = timedelta(minutes=5)
"""How often a run of a paused flow is told again what it stands at its message for."""

WAITING_RUNS_MAX = 50
"""How many runs of one contact may wait; the oldest ends when another begins."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decides turns under one publication; see `bot.conversation.batch.Decider`."""

    publication: Publication
    engine: Engine
    goal_events: frozenset[str] = frozenset()
    """Events that are goals of some flow."""
    _replies: dict[tuple[RequiredReply, str, str], str] = field(default_factory=dict)

    @classmethod
    def under(cls, publication: Publication, handlers: Mapping[str, HandlerSpec]) -> "Decisions":
        """Decide under this publication."""
        return cls(publication, Engine(publication, handlers), goal_events(publication.flows.values()))

    @property
    def shop(self) -> Shop:
        """What turns know of the shop."""
        return self.publication.shop

    @property
    def generation(self) -> str:
        """What tells this publication from those before and after."""
        return self.publication.generation

    def required_reply(self, kind: RequiredReply, language: str, channel: str) -> str:
        """Return what law and carriers ask us to say, as it reads on that channel."""
        reply = self._replies.get((kind, language, channel))
        if reply is None:
            reply = self.publication.keywords_file.reply(kind, language, self.shop.name, channel)
            self._replies[kind, language, channel] = reply
        return reply

    def replies_on(self, channel: str) -> legal.Replies:
        """Return what gives the required replies of a channel."""
        return partial(self.required_reply, channel=channel)

    def heard(self, turn: Turn, inbound: Inbound) -> Hearing:
        """Return what a message says about consent."""
        publication = self.publication
        address = legal.address_of(turn, inbound)
        chooses = len(legal.joined(turn, inbound.channel)) > 1
        words, groups = publication.legal_words, publication.group_words
        return hear(inbound, address, words, groups, turn.now, chooses=chooses)

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:
        """Take the contact out if that is what it says, or does; see `legal.revoke`."""
        replies, gesture = self.replies_on(inbound.channel), inbound.gesture
        if gesture is not None and gesture.kind is GestureKind.UNFOLLOW:
            following.unfollowed(turn, inbound, replies)
            return True
        inbound = _as_texted(inbound)
        return legal.revoke(turn, inbound, self.heard(turn, inbound), replies, silently=silently)

    def says_stop(self, inbound: Inbound) -> bool:
        """Whether a message is a revocation whoever sends it: no limit holds it up."""
        return self._revocation(_as_texted(inbound)) is not None

    def _revocation(self, inbound: Inbound) -> Hearing | None:
        """The revocation that a message is by its own words, whatever was asked before; None: it is none."""
        address, publication = Address(inbound.channel, inbound.address), self.publication
        heard = hear(inbound, address, publication.legal_words, publication.group_words, inbound.received_at)
        return heard if heard.said in {Said.STOP, Said.LEAVE} else None

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

    # By kind of trigger

    def inbound(self, turn: Turn) -> None:
        """Answer a message: legal words first, then whoever it is for."""
        inbound = turn.trigger.inbound
        assert inbound is not None, "an inbound trigger carries its message"
        _meet(turn, inbound)
        question = _may_answer(turn, inbound)
        if inbound.gesture is not None:
            said = self._gesture(turn, inbound, inbound.gesture)
            if said is None:
                return
            inbound = said
        is_older = is_of_older_question(inbound, question)
        said, inbound = inbound, as_meant(inbound, question)
        heard = self.heard(turn, inbound)
        if self._tapped_stop(turn, said) or self._heard_first(
            turn, inbound, heard, question, is_older=is_older
        ):
            return
        if legal.is_stopped(turn, inbound):
            turn.effects.outcome = "stopped"  # kept, but nothing is said: only START brings a contact back
            return
        if self._proves(turn, inbound):
            return
        found = route(inbound, None if is_older else question, turn.contact.locale, self.publication)
        if is_older and question is not None and not is_understood(found):
            turn.effects.outcome = "older_option"
            self.engine.ask_again(turn, question)
            return
        if heard.said is Said.UNCLEAR and not is_sure(found):
            if clarifying.ask(turn, inbound, heard, self.replies_on(inbound.channel)):
                return
        elif is_understood(found):
            clarifying.close(turn, inbound)
        if self.publication.broken is not None:
            raise self.publication.broken  # the message is kept, and can be replayed once it is mended
        self._go_on(turn, inbound, found)

    def _gesture(self, turn: Turn, inbound: Inbound, gesture: Gesture) -> Inbound | None:
        """Let the flow begin that hears a gesture; return what is heard as if it was texted, if anything.

        Nobody who listens for a message hears a gesture, and no open question takes it for an answer.
        """
        turn.effects.outcome = gesture.kind.value
        if gesture.kind is GestureKind.UNFOLLOW:
            following.unfollowed(turn, inbound, self.replies_on(inbound.channel))
            return None
        if gesture.kind is GestureKind.FOLLOW:
            following.followed(turn, inbound)
        elif desk_turns.is_at(turn, inbound.channel):
            # What a button says is for the person, too; a place is what they may have asked for.
            said = _as_texted(inbound)
            if said is not inbound:
                return said
            is_place = gesture.kind is GestureKind.LOCATION
            if is_place and desk_turns.hears(turn, inbound, text=f"({gesture.kind.value}: {gesture.value})"):
                return None
        said = _as_texted(inbound)
        started = self.publication.gestures.find(gesture)
        # No flow takes STOP from the menu, whatever was published before that was checked.
        if started is None or self._revocation(said) is not None:
            return None if said is inbound else said
        if legal.is_stopped(turn, inbound):
            turn.effects.outcome = "stopped"
            return None
        if self.publication.broken is not None:
            raise self.publication.broken
        survey = started.flow.survey
        if survey is not None and survey.members_only and not turn.contact.is_member:
            return None
        run = self.engine.start(turn, started.flow, started.starter, started.variables)
        _apologise_for_failures(turn)
        if run is None and gesture.kind is GestureKind.MENU:
            self._nobody(turn, inbound)
        return None

    def _go_on(self, turn: Turn, inbound: Inbound, found: Route) -> None:
        """Let whoever the message is for have it, and those hear it who listen."""
        listening = _listening(turn)
        heard, is_let_in = Heard(inbound.text), True
        if isinstance(found, Answers):
            turn.effects.outcome = "answer"
            self.engine.answer(turn, found.run, inbound.text, inbound.media)
        elif isinstance(found, Starts):
            turn.effects.outcome = found.how
            _speak_as_written(turn, found)
            heard = self._keyword_heard(turn, inbound, found)
            if turn.effects.outcome == joining.PROMPTED:
                come_with(turn, str(found.variables.get("rest", "")))  # a friend's code is kept until then
                self._brings(turn, inbound, found)
                return  # nothing else leaves, and nobody hears of it, before the YES
            if self._brings(turn, inbound, found):
                turn.effects.outcome = "invited"
                return  # it goes on as the profile that was written to
            is_let_in = self.engine.start(turn, found.flow, found.starter, found.variables) is not None
        elif isinstance(found, Categorised):
            turn.effects.outcome = found.how
            self._say_of_category(turn, found.category)
            heard = Heard(inbound.text, category=found.category)
        elif isinstance(found, Nobody):
            self._nobody(turn, inbound)
        for run in listening:
            self.engine.heard(turn, turn.runs[run.id], heard)
        _apologise_for_failures(turn)
        if not is_let_in and not turn.effects.outgoing:
            self._nobody(turn, inbound)  # silence would look as if the number was dead

    def _brings(self, turn: Turn, inbound: Inbound, found: Starts) -> bool:
        """Join whoever opts in with a personal code to the profile that was written to; see `inviting`."""
        starter = found.starter
        if not isinstance(starter, KeywordStarter) or starter.category != _OPT_IN or starter.group is None:
            return False
        return inviting.bring(turn, inbound, group=starter.group, flow=found.flow.name)

    def joined(self, turn: Turn) -> None:
        """Take over what another contact left, and go on with what it asked for by a personal code."""
        take_over(turn)
        along = frozenset(runs_along(turn))
        self._end_twins(turn, along)
        group, name = inviting.brought(turn) or ("", None)
        if turn.subscriptions.get(group) is not SubscriptionState.SUBSCRIBED:
            return
        heard = Heard("", category=_OPT_IN, group=group)
        if name is None:  # it was the contact's own text, which its own runs have heard
            for run in _listening(turn):
                if run.id in along:
                    self.engine.heard(turn, run, heard)
            return
        flow = self.publication.flows.get(name)
        if flow is not None:
            self._let_hear(turn, heard)
            self.engine.start(turn, flow, _opt_in_starter(flow, group))

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
        if run is not None and _stands_still(turn, run):
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
        if _stands_still(turn, run):
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
            if not _waits(run, WaitKind.EVENT):
                continue
            if _stands_still(turn, run):
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
        starter: Starter | None = _starter_for(flow, turn.trigger.kind)
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

    # Below: how

    def _end_oldest_runs(self, turn: Turn) -> None:
        """Bound what one contact can make us remember: every turn loads all its waiting runs."""
        waiting = [run for run in turn.runs.values() if run.is_waiting]
        if len(waiting) > WAITING_RUNS_MAX:
            waiting.sort(key=lambda run: run.started_at)
            for run in waiting[: len(waiting) - WAITING_RUNS_MAX]:
                self.engine.stop(turn, run)

    def _legal(self, turn: Turn, inbound: Inbound, heard: Hearing) -> bool:
        """Do what the law asks for; nothing else happens then."""
        if legal.revoke(turn, inbound, heard, self.replies_on(inbound.channel)):
            return True
        if heard.said is Said.START:
            for group in joining.start(turn, inbound, self.replies_on(inbound.channel)):
                self._let_hear(turn, Heard(inbound.text, category=_OPT_IN, group=group))
        elif heard.said is Said.HELP:
            legal.help_(turn, inbound, self.replies_on(inbound.channel))
        elif heard.said is Said.KEEP:
            clarifying.keep(turn, inbound, self.replies_on(inbound.channel))
        else:
            return False
        return True

    def _tapped_stop(self, turn: Turn, inbound: Inbound) -> bool:
        """Let an option that says STOP stop, whatever its key is and whichever question it was of."""
        heard = self._revocation(inbound) if is_tapped_option(inbound) else None
        return heard is not None and legal.revoke(turn, inbound, heard, self.replies_on(inbound.channel))

    def _heard_first(
        self, turn: Turn, inbound: Inbound, heard: Hearing, question: Run | None, *, is_older: bool
    ) -> bool:
        """Let the law, a person of the shop and a double opt-in have a message before any flow."""
        # YES to what was asked before is no START, and confirms nothing; STOP was heard already.
        if not is_older and self._legal(turn, inbound, heard):
            return True
        if self._desk_hears(turn, inbound, heard):
            return True
        return not is_older and self._confirms(turn, inbound, heard, question)

    def _desk_hears(self, turn: Turn, inbound: Inbound, heard: Hearing) -> bool:
        """Keep a message for the person of the shop it is for, unless it asks about the queue; else False."""
        if legal.is_stopped(turn, inbound) or not desk_turns.is_at(turn, inbound.channel):
            return False
        match = self.publication.keywords.exact(inbound.text)
        if match is not None and match.how is How.EXACT and match.keyword.target in _OF_THE_DESK:
            return False
        return desk_turns.hears(turn, inbound, may_be_stop=heard.said is Said.UNCLEAR)

    def desk(self, turn: Turn) -> None:
        """Hear what happened at the desk; the bot says that it is back where a visit has ended."""
        because = desk_turns.happens(turn)
        flow = self.publication.flows.get(DESK_LEFT_FLOW)
        if because is not None and flow is not None:
            self.engine.start(turn, flow, _starter_for(flow, TriggerKind.START), {"because": because.value})

    def _proves(self, turn: Turn, inbound: Inbound) -> bool:
        """Hear a code that shows whose an address is; False where the message is none."""
        tried = proving.hear(turn, inbound)
        flow = self.publication.flows.get(PROOF_HEARD_FLOW)
        if tried is None or flow is None:
            return False
        turn.effects.outcome = "proof"
        self.engine.start(turn, flow, _starter_for(flow, TriggerKind.START), {"state": tried.value})
        return True

    def _confirms(self, turn: Turn, inbound: Inbound, heard: Hearing, question: Run | None) -> bool:
        """Finish a double opt-in with a YES, and start the flow that waited for it.

        An open question that does not offer this answer does not have it either: nobody is called YES.
        """
        if not turn.pending:
            return False
        named = self.publication.group_words.confirmed(inbound.text)
        if question is not None and not is_offered(question, inbound.text):
            question = None
        waited = joining.waiting(turn, inbound, question, named=named, says_yes=heard.said is Said.YES)
        if not waited:
            return False
        for group, name in joining.confirmed(turn, inbound, waited, self.replies_on(inbound.channel)).items():
            self._let_hear(turn, Heard(inbound.text, category=_OPT_IN, group=group))
            flow = self.publication.flows.get(name or "")
            if flow is not None:
                self.engine.start(turn, flow, _opt_in_starter(flow, group))
        return True

    def _nobody(self, turn: Turn, inbound: Inbound) -> None:
        """Answer what nobody is there for."""
        turn.effects.outcome = "nobody"
        reply = self.replies_on(inbound.channel)(RequiredReply.HELP, turn.contact.locale)
        turn.say(reply, flow="", step="help", message_class=MessageClass.REPLY)

    def _let_hear(self, turn: Turn, heard: Heard) -> None:
        for run in _listening(turn):
            self.engine.heard(turn, run, heard)

    def _keyword_heard(self, turn: Turn, inbound: Inbound, found: Starts) -> Heard:
        """Record the consent that an opt-in keyword gives; its required reply goes out first."""
        starter = found.starter
        if not isinstance(starter, KeywordStarter):
            return Heard(inbound.text)
        # A typo is no consent: who is only nearly understood is not subscribed.
        if starter.category == _OPT_IN and found.how != "near" and starter.group is not None:
            group = turn.shop.groups.get(starter.group, Group(starter.group))
            joining.join(turn, inbound, group, found.flow.name, self.replies_on(inbound.channel))
        elif starter.category is not None:
            self._say_of_category(turn, starter.category)
        return Heard(inbound.text, category=starter.category, group=starter.group)

    def _say_of_category(self, turn: Turn, category: str) -> None:
        """Say what `keywords.yaml` answers words of the category with, if anything."""
        reply = self.publication.keywords_file.category_reply(category, turn.contact.locale, self.shop.name)
        if reply is not None:
            turn.say(reply, flow="", step=category, message_class=MessageClass.REPLY)


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
    TriggerKind.OPERATION: lambda _, turn: operate(turn),
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
    return trigger.kind in _WITHOUT_PROGRAM or leaves(trigger)


def _meet(turn: Turn, inbound: Inbound) -> None:
    """Learn from where a message comes how its contact can be reached, and who they are."""
    if inbound.channel == APP:
        open_inbox(turn)
    inviting.accept(turn, inbound)
    address = turn.addresses.get((inbound.channel, inbound.address))
    if address is not None and address.unusable_reason is not None:
        turn.change_address(replace(address, unusable_reason=None))  # whoever writes can be reached
    hear_unionid(turn, inbound)


def _as_texted(inbound: Inbound) -> Inbound:
    """A button of the menu is heard as if its key was texted."""
    gesture = inbound.gesture
    if gesture is None or gesture.kind is not GestureKind.MENU:
        return inbound
    return replace(inbound, text=gesture.value, gesture=None)


def _apologise_for_failures(turn: Turn) -> None:
    failed = any(run.status is RunStatus.FAILED for run in turn.effects.runs.values())
    if failed and not turn.effects.outgoing:
        apologise(turn)


def _listening(turn: Turn) -> list[Run]:
    return [
        run for run in turn.runs.values() if _waits(run, WaitKind.INBOUND) and not _stands_still(turn, run)
    ]


def _stands_still(turn: Turn, run: Run) -> bool:
    """Whether an operator paused the flow of a run."""
    return turn.shop.halted.get(run.flow) is Halt.PAUSED


def _again(trigger: Trigger, now: datetime) -> Trigger:
    """Return a trigger for later, when its flow may go on."""
    key = f"{trigger.key.partition('~')[0]}~{microseconds(now)}"
    return replace(trigger, key=key, at=now + _PAUSED_FOR)


def _speak_as_written(turn: Turn, found: Starts) -> None:
    """Take the language of a newcomer's first word: it says more than the number's country.

    On WeChat nothing says where somebody is from, and the first thing done there is to follow: the first word
    comes later, and any keyword of who has not joined counts.
    """
    starter, contact, inbound = found.starter, turn.contact, turn.trigger.inbound
    if contact.is_member or not isinstance(starter, KeywordStarter) or found.how == "near":
        return
    if inbound is not None and inbound.channel == WECHAT:
        is_other = inbound.gesture is None and not is_language(contact.locale, starter.language)
    else:
        is_other = contact.created_at == turn.now and starter.language != found.flow.language
    if is_other:
        turn.set_field("locale", starter.language)


def _may_answer(turn: Turn, inbound: Inbound) -> Run | None:
    """The run whose question a message may answer: none for gestures, and keywords that are tapped."""
    if inbound.gesture is not None or is_tapped_keyword(inbound):
        return None
    return _open_question(turn, inbound.channel)


def _open_question(turn: Turn, channel: str) -> Run | None:
    """The run whose question the contact would answer now: the newest that is open on the channel."""
    asking = [
        run
        for run in turn.runs.values()
        if run.holds_question
        and run.channel == channel
        and run.suspended_at is None
        and not _stands_still(turn, run)
    ]
    return max(asking, key=lambda run: run.asked_at or run.started_at, default=None)


def _waits(run: Run, kind: WaitKind) -> bool:
    """Whether it listens to messages, or may hear an event: the engine knows which."""
    return run.listens if kind is WaitKind.INBOUND else run.is_waiting


def _opt_in_starter(flow: Flow, group: str) -> Starter | None:
    return next(
        (
            starter
            for starter in flow.starters
            if isinstance(starter, KeywordStarter) and starter.category == _OPT_IN and starter.group == group
        ),
        None,
    )


def _starter_for(flow: Flow, kind: TriggerKind) -> Starter | None:
    wanted = "ScheduleStarter" if kind is TriggerKind.SCHEDULE else "ApiStarter"
    return next((starter for starter in flow.starters if type(starter).__name__ == wanted), None)


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
