"""Consent: the one gate every message passes, and the transitions and proof of who agreed to what."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.core.contact import SubscriptionState
from bot.core.local_time import next_at, zone_of
from bot.core.messages import MessageClass, Outgoing, UnsendableReason

# ------------------------------------------------------------------------------------------ the verdict


@dataclass(frozen=True, slots=True)
class Send:
    """The message may leave now."""


@dataclass(frozen=True, slots=True)
class HoldUntil:
    """The message may leave at `at`, if the gate still agrees then."""

    at: datetime
    reason: UnsendableReason


@dataclass(frozen=True, slots=True)
class Refuse:
    """The message must not leave; `explanation` tells an operator why, without personal data."""

    reason: UnsendableReason
    explanation: str


Verdict = Send | HoldUntil | Refuse
_SEND = Send()


# ------------------------------------------------------------------------------------------ what it asks


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When not to write, on the contact's clock: from `starts` (inclusive) to `ends` (exclusive)."""

    starts: time
    ends: time

    def contain(self, clock: time) -> bool:
        """Whether it is quiet at that time of day; the window may span midnight, an empty one never is."""
        if self.starts <= self.ends:
            return self.starts <= clock < self.ends
        return clock >= self.starts or clock < self.ends


# 47 CFR 64.1200(c)(1) says 21:00 to 8:00 where the called party is; some states start at 9:00 only.
# https://www.ecfr.gov/current/title-47/section-64.1200
NIGHT = QuietHours(starts=time(21), ends=time(9))
_QUIET_BY_DEFAULT = MappingProxyType({MessageClass.SERVICE: NIGHT, MessageClass.MARKETING: NIGHT})


@dataclass(frozen=True, slots=True)
class Policy:
    """What the shop allows beyond consent. `zone` is the shop's: used for contacts whose own is unknown."""

    zone: str = "UTC"
    quiet: Mapping[MessageClass, QuietHours] = field(default_factory=lambda: _QUIET_BY_DEFAULT)
    body_max: int = 1600  # https://www.twilio.com/docs/api/errors/21617


USUAL_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """All the gate may look at beside the message.

    `zones`: the contact's own zone alone where it is known, otherwise every zone its number may be in, best
    guess first.
    """

    stopped_at: datetime | None = None
    unusable_reason: str | None = None
    suppressed: bool = False
    subscriptions: Mapping[str, SubscriptionState] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    policy: Policy = USUAL_POLICY


# ------------------------------------------------------------------------------------------ the rules

Rule = Callable[[Outgoing, ConsentFacts, datetime], HoldUntil | Refuse | None]
"""One reason not to send: None where it has nothing against the message."""


def _has_something_to_send(message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if not message.address:
        return Refuse(UnsendableReason.NO_ADDRESS, f"the contact has no address on {message.channel}")
    if not message.media and not message.body.strip():
        return Refuse(UnsendableReason.EMPTY, "the text came out empty")
    if len(message.body) > facts.policy.body_max:
        length, most = len(message.body), facts.policy.body_max
        return Refuse(UnsendableReason.TOO_LONG, f"the text has {length} characters, {most} is the most")
    return None


def _is_still_worth_sending(message: Outgoing, _facts: ConsentFacts, now: datetime) -> Refuse | None:
    if message.valid_until is not None and now >= message.valid_until:
        return Refuse(UnsendableReason.EXPIRED, "its time had passed before it could leave")
    return None


def _is_not_suppressed(_message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if facts.suppressed:
        return Refuse(
            UnsendableReason.SUPPRESSED, "someone at this address once said STOP; only START lifts it"
        )
    return None


def _is_not_stopped(_message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if facts.stopped_at is not None:
        since = f"{facts.stopped_at:%Y-%m-%d %H:%M} UTC"
        return Refuse(UnsendableReason.STOPPED, f"the address said STOP on {since}")
    return None


def _has_usable_address(_message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if facts.unusable_reason is not None:
        return Refuse(UnsendableReason.UNUSABLE_ADDRESS, f"the address is unusable: {facts.unusable_reason}")
    return None


def _is_subscribed(message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    state = facts.subscriptions.get(message.group) if message.group else None
    if state is SubscriptionState.SUBSCRIBED:
        return None
    if message.group is None:
        what = f"a {message.message_class} message needs a subscription group, it names none"
        return Refuse(UnsendableReason.UNSUBSCRIBED, what)
    if state is SubscriptionState.PENDING:
        return Refuse(UnsendableReason.UNCONFIRMED, f"the opt-in to {message.group} is not confirmed yet")
    how = "opted out of" if state is SubscriptionState.UNSUBSCRIBED else "never opted in to"
    return Refuse(UnsendableReason.UNSUBSCRIBED, f"the contact {how} {message.group}")


def _is_not_quiet(message: Outgoing, facts: ConsentFacts, now: datetime) -> HoldUntil | None:
    quiet = facts.policy.quiet.get(message.message_class)
    if quiet is None:
        return None
    at = end_of_quiet(quiet, facts.zones or (facts.policy.zone,), now)
    return None if at == now else HoldUntil(at, UnsendableReason.QUIET_HOURS)


# Asked in this order; the first refusal wins, else the latest hold. New rules join here, not at call sites.
_OF_EVERY_MESSAGE: tuple[Rule, ...] = (_has_something_to_send,)
_OF_A_REPLY: tuple[Rule, ...] = (
    *_OF_EVERY_MESSAGE,
    _is_still_worth_sending,
    _is_not_suppressed,
    _is_not_stopped,
    _has_usable_address,
)
_OF_OUR_OWN: tuple[Rule, ...] = (*_OF_A_REPLY, _is_subscribed, _is_not_quiet)

RULES: Mapping[MessageClass, tuple[Rule, ...]] = MappingProxyType(
    {
        MessageClass.REQUIRED: _OF_EVERY_MESSAGE,
        MessageClass.REPLY: _OF_A_REPLY,
        MessageClass.SERVICE: _OF_OUR_OWN,
        MessageClass.MARKETING: _OF_OUR_OWN,
    }
)


def may_leave(message: Outgoing, facts: ConsentFacts, now: datetime) -> Verdict:
    """Decide whether a message may leave now: asked when it is queued and again when it is claimed."""
    hold: HoldUntil | None = None
    for rule in RULES[message.message_class]:
        objection = rule(message, facts, now)
        if isinstance(objection, Refuse):
            return objection
        if objection is not None and (hold is None or objection.at > hold.at):
            hold = objection
    if hold is None:
        return _SEND
    if message.valid_until is not None and hold.at >= message.valid_until:
        return Refuse(UnsendableReason.EXPIRED, f"held for {hold.reason} until after it was worth sending")
    return hold


def end_of_quiet(quiet: QuietHours, zones: tuple[str, ...], now: datetime) -> datetime:
    """Return the first instant from `now` on when it is quiet in none of the zones.

    Zones so far apart that it is always quiet somewhere (a toll-free number's) leave only the first to ask.
    """
    at = now
    for _ in range(2 * len(zones) + 2):
        loud = at
        for zone in zones:
            if quiet.contain(loud.astimezone(zone_of(zone)).time()):
                loud = next_at(quiet.ends, zone, loud)
        if loud == at:
            return at
        at = loud
    return end_of_quiet(quiet, zones[:1], now)


# ------------------------------------------------------------------------------------------ transitions

CONFIRM_WITHIN = timedelta(days=30)
"""How long a double opt-in waits for its YES; later it starts over."""


class ConsentSource(StrEnum):
    """Where a change of consent came from."""

    KEYWORD = "keyword"
    PROVIDER = "provider"  # learnt from it: Twilio's OptOutType or error 21610, WeChat's unsubscribe
    API = "api"
    IMPORT = "import"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who said what, where and when: `words` are the contact's own, `provider_id` the message's.

    `address` is the one they came from; None where consent was not given by a message.
    """

    group: str
    channel: str
    words: str
    source: ConsentSource
    at: datetime
    provider_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One line of the append-only consent log: the evidence and the state it led to.

    `confirm_by` is set while `pending`: a YES counts until then (inclusive), and `waiting_flow` starts then.
    """

    group: str
    channel: str
    state: SubscriptionState
    words: str
    source: ConsentSource
    at: datetime
    provider_id: str | None = None
    confirm_by: datetime | None = None
    address: str | None = None
    waiting_flow: str | None = None


def opt_in(evidence: Evidence) -> ConsentChange:
    """Subscribe at once; said again, it is recorded again as fresh evidence."""
    return _change(evidence, SubscriptionState.SUBSCRIBED)


def opt_out(evidence: Evidence) -> ConsentChange:
    """Unsubscribe at once, from whatever state."""
    return _change(evidence, SubscriptionState.UNSUBSCRIBED)


def pending(evidence: Evidence, current: SubscriptionState | None = None) -> ConsentChange:
    """Begin a double opt-in, or begin it again; who is subscribed already stays so."""
    if current is SubscriptionState.SUBSCRIBED:
        return opt_in(evidence)
    return _change(evidence, SubscriptionState.PENDING, confirm_by=evidence.at + CONFIRM_WITHIN)


def confirm(
    evidence: Evidence, current: SubscriptionState | None, asked_at: datetime
) -> ConsentChange | None:
    """Finish the double opt-in begun at `asked_at`; None where nothing waits or the answer came too late."""
    if current is not SubscriptionState.PENDING or evidence.at > asked_at + CONFIRM_WITHIN:
        return None
    return _change(evidence, SubscriptionState.SUBSCRIBED)


def _change(
    evidence: Evidence, state: SubscriptionState, *, confirm_by: datetime | None = None
) -> ConsentChange:
    return ConsentChange(
        group=evidence.group,
        channel=evidence.channel,
        state=state,
        words=evidence.words,
        source=evidence.source,
        at=evidence.at,
        provider_id=evidence.provider_id,
        confirm_by=confirm_by,
        address=evidence.address,
    )


# ------------------------------------------------------------------------------------------ the proof

GENESIS = ""
"""The hash before the first line of a contact's consent log."""

_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One line of the log as the chain sees it; `salt` and `personal` are None once erased."""

    public: Mapping[str, str | int | None]
    personal_hash: str
    hash: str
    salt: str | None = None
    personal: Mapping[str, str | int | None] | None = None


def personal_hash(salt: str, personal_fields: Mapping[str, str | int | None]) -> str:
    """HMAC of the personal fields under the row's salt: kept when both are erased, and tells nothing then."""
    return hmac.new(salt.encode(), _canonical(dict(personal_fields)).encode(), hashlib.sha256).hexdigest()


def chain_hash(previous: str, personal: str, public_fields: Mapping[str, str | int | None]) -> str:
    """Hash of a line: over the hash before it, its `personal_hash` and its public fields."""
    return hashlib.sha256(_canonical([previous, personal, dict(public_fields)]).encode()).hexdigest()


def first_break(links: Iterable[ChainLink], last_hash: str | None = None) -> int | None:
    """Return the position (from 0) of the first line that was altered, dropped or moved; None if all holds.

    `last_hash` is the contact's own note of where its log ends: given, it also shows lines cut off the end.
    """
    previous, position = GENESIS, 0
    for position, link in enumerate(links):
        if link.hash != chain_hash(previous, link.personal_hash, link.public) or not _words_hold(link):
            return position
        previous = link.hash
    return None if last_hash is None or previous == last_hash else position + (previous != GENESIS)


def _words_hold(link: ChainLink) -> bool:
    if link.salt is None or link.personal is None:
        return True  # erased; the line's hash still covers their HMAC
    return hmac.compare_digest(link.personal_hash, personal_hash(link.salt, link.personal))
