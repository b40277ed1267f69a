"""Hears what contacts write and do: the law first, then a person of the shop, then flows."""

from dataclasses import dataclass, field, replace
from functools import partial

from bot.conversation import clarifying, following, joining, legal
from bot.conversation.apology import apologise
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
    is_tapped_option,
    is_understood,
    route,
)
from bot.conversation.standing import listening, may_answer
from bot.core.contact import Address
from bot.core.deeds import desk_turns, inviting, proving
from bot.core.deeds.inbox_turns import open_inbox
from bot.core.deeds.joining import hear_unionid
from bot.core.deeds.referring import come_with
from bot.core.enrolling import hear_from
from bot.core.flow.compiled import Flow, KeywordStarter, Starter
from bot.core.flow.engine import Engine
from bot.core.flow.run import Run, RunStatus
from bot.core.flow.take.hearing import Heard
from bot.core.gestures import Gesture, GestureKind
from bot.core.groups import Group
from bot.core.hearing import Hearing, Said, hear
from bot.core.in_app import APP
from bot.core.keywords import How
from bot.core.languages import is_language
from bot.core.messages import Inbound, MessageClass
from bot.core.replies import RequiredReply
from bot.core.triggers import TriggerKind
from bot.core.turn import Shop, Turn
from bot.core.wechat_address import WECHAT

OPT_IN = "opt-in"

PROOF_HEARD_FLOW = "link_texted"
"""The flow that answers a number which texted the code it was shown elsewhere."""

_OF_THE_DESK = frozenset({"person", "back"})
"""Flows that can be started at the desk: they tell the place in the queue, and go back to the bot."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Hears messages and gestures under one publication."""

    publication: Publication
    engine: Engine
    _replies: dict[tuple[RequiredReply, str, str], str] = field(default_factory=dict, kw_only=True)

    @property
    def shop(self) -> Shop:
        """What turns know of the shop."""
        return self.publication.shop

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
        # Asked only where a clarification is open, as it costs more than all else that is asked here.
        chooses = address.clarify_by is not None and len(legal.joined(turn, inbound.channel)) > 1
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

    def inbound(self, turn: Turn) -> None:
        """Answer a message: legal words first, then whoever it is for."""
        inbound = turn.trigger.inbound
        assert inbound is not None, "an inbound trigger carries its message"
        _meet(turn, inbound)
        question = may_answer(turn, inbound)
        if inbound.gesture is not None:
            said = self._gesture(turn, inbound, inbound.gesture)
            if said is None:
                return
            inbound = said
        is_older = is_of_older_question(inbound, question)
        said, inbound = inbound, as_meant(inbound, question)
        heard = self.heard(turn, inbound)
        if heard.said not in {Said.STOP, Said.LEAVE} and not legal.is_stopped(turn, inbound):
            hear_from(turn, inbound)
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

    # Below: how

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
        listeners = listening(turn)
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
        for run in listeners:
            self.engine.heard(turn, turn.runs[run.id], heard)
        _apologise_for_failures(turn)
        if not is_let_in and not turn.effects.outgoing:
            self._nobody(turn, inbound)  # silence would look as if the number was dead

    def _brings(self, turn: Turn, inbound: Inbound, found: Starts) -> bool:
        """Join whoever opts in with a personal code to the profile that was written to; see `inviting`."""
        starter = found.starter
        if not isinstance(starter, KeywordStarter) or starter.category != OPT_IN or starter.group is None:
            return False
        return inviting.bring(turn, inbound, group=starter.group, flow=found.flow.name)

    def _legal(self, turn: Turn, inbound: Inbound, heard: Hearing) -> bool:
        """Do what the law asks for; nothing else happens then."""
        if legal.revoke(turn, inbound, heard, self.replies_on(inbound.channel)):
            return True
        if heard.said is Said.START:
            for group in joining.start(turn, inbound, self.replies_on(inbound.channel)):
                self._let_hear(turn, Heard(inbound.text, category=OPT_IN, group=group))
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

    def _proves(self, turn: Turn, inbound: Inbound) -> bool:
        """Hear a code that shows whose an address is; False where the message is none."""
        tried = proving.hear(turn, inbound)
        flow = self.publication.flows.get(PROOF_HEARD_FLOW)
        if tried is None or flow is None:
            return False
        turn.effects.outcome = "proof"
        self.engine.start(turn, flow, starter_for(flow, TriggerKind.START), {"state": tried.value})
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
            self._let_hear(turn, Heard(inbound.text, category=OPT_IN, group=group))
            flow = self.publication.flows.get(name or "")
            if flow is not None:
                self.engine.start(turn, flow, opt_in_starter(flow, group))
        return True

    def _nobody(self, turn: Turn, inbound: Inbound) -> None:
        """Answer what nobody is there for."""
        turn.effects.outcome = "nobody"
        reply = self.replies_on(inbound.channel)(RequiredReply.HELP, turn.contact.locale)
        turn.say(reply, flow="", step="help", message_class=MessageClass.REPLY)

    def _let_hear(self, turn: Turn, heard: Heard) -> None:
        for run in listening(turn):
            self.engine.heard(turn, run, heard)

    def _keyword_heard(self, turn: Turn, inbound: Inbound, found: Starts) -> Heard:
        """Record the consent that an opt-in keyword gives; its required reply goes out first."""
        starter = found.starter
        if not isinstance(starter, KeywordStarter):
            return Heard(inbound.text)
        # A typo is no consent: who is only nearly understood is not subscribed.
        if starter.category == OPT_IN and found.how != "near" and starter.group is not None:
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


def opt_in_starter(flow: Flow, group: str) -> Starter | None:
    """Return by which words of the flow one opts in to a group."""
    return next(
        (
            starter
            for starter in flow.starters
            if isinstance(starter, KeywordStarter) and starter.category == OPT_IN and starter.group == group
        ),
        None,
    )


def starter_for(flow: Flow, kind: TriggerKind) -> Starter | None:
    """Return the starter of a flow that a schedule, or else the shop, starts."""
    wanted = "ScheduleStarter" if kind is TriggerKind.SCHEDULE else "ApiStarter"
    return next((starter for starter in flow.starters if type(starter).__name__ == wanted), None)


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
