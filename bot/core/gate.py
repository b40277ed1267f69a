"""The gate: every message passes `may_leave`, when it is queued and again when it is claimed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bot.core.caps import COUNTED_CLASSES, Cap, Counted
from bot.core.contact import SubscriptionState
from bot.core.control_group import ControlGroup
from bot.core.email.mailbox import EMAIL
from bot.core.groups import state_in, subscription_key
from bot.core.in_app import APP
from bot.core.local_time import local_date, start_of_day, zone_of
from bot.core.messages import MessageClass, Outgoing, UnsendableReason
from bot.core.quickly import quickly_made
from bot.core.quiet_hours import NIGHT, PREFERRED_HOURS, Late, Pause, QuietHours, days_lost, pause
from bot.core.ways import WayKind

HOLD_MAX = timedelta(days=15)
"""How long a message is held, counted from the time until which the contact asked for silence, if it did."""
LETTER_MAX = 20_000
"""How many characters the text of an email has at most."""
OPERATOR_AGAIN_AFTER = timedelta(minutes=15)
"""How soon a message that the operator holds back is looked at again."""

# ------------------------------------------------------------------------------------------ the verdict


@dataclass(frozen=True, slots=True)
class Cleared:
    """The message may leave now: what channels take, and nothing but the gate makes.

    `way` is how it goes where its channel has several, chosen when it is claimed.
    """

    message: Outgoing
    way: WayKind | None = None


@dataclass(frozen=True, slots=True)
class HoldUntil:
    """The message may leave at `at`, if the gate still agrees then; `explanation` as of `Refuse`."""

    at: datetime
    reason: UnsendableReason
    explanation: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The message must not leave; `explanation` tells an operator why, without personal data."""

    reason: UnsendableReason
    explanation: str


Verdict = Cleared | HoldUntil | Refuse


# ------------------------------------------------------------------------------------------ what it asks

_QUIET_BY_DEFAULT = MappingProxyType({MessageClass.SERVICE: NIGHT, MessageClass.MARKETING: NIGHT})


@dataclass(frozen=True, slots=True)
class Policy:
    """What the shop allows beyond consent. `zone` is the shop's: used for contacts whose own is unknown.

    `held` names flows, subscription groups and message classes that the operator holds back for now.
    """

    zone: str = "UTC"
    quiet: Mapping[MessageClass, QuietHours] = field(default_factory=lambda: _QUIET_BY_DEFAULT)
    caps: tuple[Cap, ...] = ()
    held: frozenset[str] = frozenset()
    control: ControlGroup | None = None
    """Who enters no marketing journey; None: everybody may."""
    body_max: int = 1600  # https://www.twilio.com/docs/api/errors/21617

    def caps_on(self, message: Outgoing) -> bool:
        """Whether a cap speaks of the message, so that the gate has to know the contact's counts."""
        return any(cap.covers(message) for cap in self.caps)

    def counts_since(self, now: datetime) -> date:
        """The first day, on anybody's calendar, that a cap may still count."""
        return now.date() - timedelta(days=max((cap.days for cap in self.caps), default=0) + 1)


USUAL_POLICY = Policy()


@quickly_made
@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """All the gate may look at beside the message.

    `subscriptions` are by subscription key (see `bot.core.groups`).
    `zones`: the contact's own zone alone where it is known, otherwise every zone its number may be in, best
    guess first. `counts`: what it was sent on its latest days; needed where `Policy.caps_on` the message.
    """

    stopped_at: datetime | None = None
    unusable_reason: str | None = None
    suppressed: bool = False
    subscriptions: Mapping[str, SubscriptionState] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    policy: Policy = USUAL_POLICY
    snoozed_until: datetime | None = None
    clarify_by: datetime | None = None
    preferred_hours: str | None = None
    counts: Collection[Counted] = ()

    @property
    def zone(self) -> str:
        """The zone of the contact's own calendar, as far as it is known."""
        return self.zones[0] if self.zones else self.policy.zone


# ------------------------------------------------------------------------------------------ what forbids it

Rule = Callable[[Outgoing, ConsentFacts, datetime], Refuse | None]
"""One reason never to send: None where it has nothing against the message."""


def _has_something_to_send(message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if not message.address:
        return Refuse(UnsendableReason.NO_ADDRESS, f"the contact has no address on {message.channel}")
    if not message.media and not message.body.strip():
        return Refuse(UnsendableReason.EMPTY, "the text came out empty")
    most = LETTER_MAX if message.channel == EMAIL else facts.policy.body_max
    if len(message.body) > most:
        length = len(message.body)
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
        return Refuse(UnsendableReason.STOPPED, f"the address said STOP on {_written(facts.stopped_at)}")
    return None


def _has_usable_address(_message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if facts.unusable_reason is not None:
        return Refuse(UnsendableReason.UNUSABLE_ADDRESS, f"the address is unusable: {facts.unusable_reason}")
    return None


def _is_subscribed(message: Outgoing, facts: ConsentFacts, _now: datetime) -> Refuse | None:
    if message.group is None:
        what = f"a {message.message_class} message needs a subscription group, it names none"
        return Refuse(UnsendableReason.UNSUBSCRIBED, what)
    key = subscription_key(message.group, message.channel)
    state = state_in(facts.subscriptions, message.group, message.channel)
    if state is SubscriptionState.SUBSCRIBED:
        return None
    group = message.group if key == message.group else f"{message.group} on {message.channel}"
    if state is SubscriptionState.PENDING:
        return Refuse(UnsendableReason.UNCONFIRMED, f"the opt-in to {group} is not confirmed yet")
    how = "opted out of" if state is SubscriptionState.UNSUBSCRIBED else "never opted in to"
    return Refuse(UnsendableReason.UNSUBSCRIBED, f"the contact {how} {group}")


# Asked in this order; the first refusal wins. New rules join here, not at call sites.
_OF_EVERY_MESSAGE: tuple[Rule, ...] = (_has_something_to_send, _is_still_worth_sending)
_OF_A_REPLY: tuple[Rule, ...] = (
    *_OF_EVERY_MESSAGE,
    _is_not_suppressed,
    _is_not_stopped,
    _has_usable_address,
)
_OF_OUR_OWN: tuple[Rule, ...] = (*_OF_A_REPLY, _is_subscribed)

RULES: Mapping[MessageClass, tuple[Rule, ...]] = MappingProxyType(
    {
        MessageClass.REQUIRED: _OF_EVERY_MESSAGE,
        MessageClass.REPLY: _OF_A_REPLY,
        MessageClass.SERVICE: _OF_OUR_OWN,
        MessageClass.MARKETING: _OF_OUR_OWN,
    }
)


# ------------------------------------------------------------------------------------------ what delays it


@dataclass(frozen=True, slots=True)
class _Wait:
    """Until then one rule is against it; `because` tells an operator."""

    until: datetime
    reason: UnsendableReason
    because: str


WaitRule = Callable[[Outgoing, ConsentFacts, datetime], _Wait | None]
"""One reason to send later: the first instant after the one it is asked about at which it has none left."""


def _is_not_snoozed(_message: Outgoing, facts: ConsentFacts, at: datetime) -> _Wait | None:
    until = facts.snoozed_until
    if until is None or at >= until:
        return None
    return _Wait(until, UnsendableReason.SNOOZED, f"the contact asked for silence until {_written(until)}")


def _is_not_clarifying(_message: Outgoing, facts: ConsentFacts, at: datetime) -> _Wait | None:
    until = facts.clarify_by
    if until is None or at >= until:
        return None
    because = f"the contact may be about to opt out and was asked what it means, until {_written(until)}"
    return _Wait(until, UnsendableReason.CLARIFYING, because)


def _is_not_quiet(message: Outgoing, facts: ConsentFacts, at: datetime) -> _Wait | None:
    quiet = facts.policy.quiet.get(message.message_class)
    if quiet is None:
        return None
    found = pause(quiet, facts.zones or (facts.policy.zone,), at)
    return None if found is None else _Wait(found.until, UnsendableReason.QUIET_HOURS, _quiet(quiet, found))


def _quiet(quiet: QuietHours, found: Pause) -> str:
    if found.holiday is not None:
        awake = found.until.astimezone(zone_of(found.zone))
        until = f"{awake:%a} {awake.hour}:{awake:%M}"
        return f"a holiday ({found.holiday}), and quiet until {until} in {found.zone}"
    return f"quiet hours until {quiet.ends.hour}:{quiet.ends.minute:02} in {found.zone}"


def _is_preferred(_message: Outgoing, facts: ConsentFacts, at: datetime) -> _Wait | None:
    hours = PREFERRED_HOURS.get(facts.preferred_hours or "")
    if hours is None:
        return None
    found = pause(hours, (facts.zone,), at)
    if found is None:
        return None
    because = f"the contact asked for {facts.preferred_hours}"
    return _Wait(found.until, UnsendableReason.PREFERRED_HOURS, because)


def _is_not_capped(message: Outgoing, facts: ConsentFacts, at: datetime) -> _Wait | None:
    wait: _Wait | None = None
    today = None
    for cap in facts.policy.caps:
        if not cap.covers(message):
            continue
        if today is None:
            today = local_date(at, facts.zone)
        day = cap.free_on(facts.counts, today)
        if day > today:
            until = start_of_day(day, facts.zone)
            if wait is None or until > wait.until:
                wait = _Wait(until, UnsendableReason.CAPPED, f"{cap}")
    return wait


# Asked again and again until none has anything left against the message.
_DELAYS: tuple[WaitRule, ...] = (_is_not_snoozed, _is_not_clarifying, _is_not_quiet, _is_not_capped)
_WISHES: tuple[WaitRule, ...] = (*_DELAYS, _is_preferred)
_DELAYS_IN_APP: tuple[WaitRule, ...] = (_is_not_clarifying, _is_not_capped)
"""What rings nowhere disturbs nobody: the inbox on our pages has no quiet hours and no silence."""


# ------------------------------------------------------------------------------------------ the decision


def may_leave(message: Outgoing, facts: ConsentFacts, now: datetime) -> Verdict:
    """Decide whether a message may leave now: asked when it is queued and again when it is claimed."""
    for rule in RULES[message.message_class]:
        objection = rule(message, facts, now)
        if objection is not None:
            return objection
    if message.message_class not in COUNTED_CLASSES:
        return Cleared(message)
    if facts.policy.held and (held := _held_by_operator(message, facts, now)) is not None:
        return _too_late(message, facts, [held]) or _hold([held], now)
    if facts.clarify_by is not None and now >= facts.clarify_by:
        return _hold([_unexplained(now)], now)
    rings = message.channel != APP
    waits = _waits(message, facts, now, _DELAYS if rings else _DELAYS_IN_APP)
    if waits and (refusal := _too_late(message, facts, waits) or _too_long(facts, now, waits)) is not None:
        return refusal
    if facts.preferred_hours is not None and rings:
        waits = _as_wished(message, facts, now, waits)
    return _hold(waits, now) if waits else Cleared(message)


def _unexplained(now: datetime) -> _Wait:
    """Silence is about to be recorded as STOP; where that takes longer, nothing leaves meanwhile either."""
    because = "the contact did not say what it meant; that counts as STOP"
    return _Wait(now + OPERATOR_AGAIN_AFTER, UnsendableReason.CLARIFYING, because)


def _held_by_operator(message: Outgoing, facts: ConsentFacts, now: datetime) -> _Wait | None:
    for name in (message.flow, message.group, message.message_class.value):
        if name in facts.policy.held:
            until = now + OPERATOR_AGAIN_AFTER
            return _Wait(until, UnsendableReason.HELD_BY_OPERATOR, f"the operator holds back {name}")
    return None


def _waits(message: Outgoing, facts: ConsentFacts, now: datetime, rules: Sequence[WaitRule]) -> list[_Wait]:
    """What delays it, one after the other, until nothing does or it has been too long."""
    waits: list[_Wait] = []
    at, last = now, None
    while True:
        for rule in rules:
            wait = rule(message, facts, at)
            if wait is not None:
                break
        else:
            return waits
        waits.append(wait)
        at = wait.until
        last = last or _silent_until(facts, now) + HOLD_MAX
        if at > last:
            return waits


def _as_wished(message: Outgoing, facts: ConsentFacts, now: datetime, waits: list[_Wait]) -> list[_Wait]:
    """Wait for the hours the contact prefers as well, unless it would then not be sent at all."""
    wished = _waits(message, facts, now, _WISHES)
    if not wished or wished[-1].until > _silent_until(facts, now) + HOLD_MAX:
        return waits
    if message.valid_until is not None and wished[-1].until >= message.valid_until:
        return waits
    return wished


def _too_late(message: Outgoing, facts: ConsentFacts, waits: list[_Wait]) -> Refuse | None:
    """Refuse what would not be worth sending any more, or what the policy would rather skip."""
    at = waits[-1].until
    if message.valid_until is not None and at >= message.valid_until:
        capped = UnsendableReason.CAPPED in _to_blame(waits, message.valid_until)
        reason = UnsendableReason.CAPPED if capped else UnsendableReason.EXPIRED
        return Refuse(reason, f"{_because(waits)}; worth sending until {_written(message.valid_until)}")
    quiet = facts.policy.quiet.get(message.message_class)
    if quiet is None or quiet.late is Late.SEND or waits[-1].reason is UnsendableReason.HELD_BY_OPERATOR:
        return None
    # Whoever asked for silence gets afterwards what came meanwhile: lateness begins when it ends.
    since = _silent_until(facts, message.due_at)
    last = since + quiet.within + days_lost(quiet, facts.zones or (facts.policy.zone,), since, at)
    if at <= last:
        return None
    reasons = _to_blame(waits, last)
    reason = UnsendableReason.CAPPED if UnsendableReason.CAPPED in reasons else UnsendableReason.QUIET_HOURS
    return Refuse(reason, f"{_because(waits)}; it would go {_written(at)}, and late ones are skipped")


def _too_long(facts: ConsentFacts, now: datetime, waits: list[_Wait]) -> Refuse | None:
    last = _silent_until(facts, now) + HOLD_MAX
    if waits[-1].until <= last:
        return None
    reasons = _to_blame(waits, last)
    reason = UnsendableReason.CAPPED if UnsendableReason.CAPPED in reasons else UnsendableReason.QUIET_HOURS
    return Refuse(reason, f"{_because(waits)}; nothing is held for more than {HOLD_MAX.days} days")


def _silent_until(facts: ConsentFacts, since: datetime) -> datetime:
    """Until when the contact asked for silence; `since`, where it did not."""
    return max(since, facts.snoozed_until or since, facts.clarify_by or since)


def _to_blame(waits: list[_Wait], last: datetime) -> set[UnsendableReason]:
    """The reasons of all waits up to the one that ends after `last`."""
    reasons = set()
    for wait in waits:
        reasons.add(wait.reason)
        if wait.until > last:
            break
    return reasons


def _hold(waits: list[_Wait], now: datetime) -> HoldUntil:
    """Hold it until the last wait ends, for the reason of the longest."""
    begins = [now, *[wait.until for wait in waits]]
    longest = max(range(len(waits)), key=lambda number: begins[number + 1] - begins[number])
    at = waits[-1].until
    return HoldUntil(at, waits[longest].reason, f"{_because(waits)}; goes {_written(at)}")


def _because(waits: list[_Wait]) -> str:
    return ", then ".join(dict.fromkeys(wait.because for wait in waits))


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
