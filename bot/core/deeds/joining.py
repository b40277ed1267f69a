"""Joining in turns: what was proven to be one person's becomes one contact, with one wallet.

`identify` begins it. An address that nobody has is added to whoever proved it. Whoever has it already is
joined to the contact, or the contact to it: of the two the survivor is who was enrolled first.
"""

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.codes import Code
from bot.core.consent import ConsentChange, ConsentSource, Evidence, opt_out
from bot.core.contact import ONLY_NAMES, Address, Contact, JsonValue, SubscriptionState
from bot.core.deeds import desk_turns, inheriting
from bot.core.deeds.left import ERASED_AT, Joined, LeftBehind, LeftWallet, SetAside, WholeBooks
from bot.core.enrolling import WAITS, is_welcomed
from bot.core.flow.run import RunStatus
from bot.core.gestures import GestureKind
from bot.core.groups import split_key
from bot.core.ledger.crossing import CROSSING, as_crossed, crossed_id
from bot.core.ledger.entries import Account, Cause
from bot.core.ledger.recorder import SYSTEM
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.replay import replayed
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.messages import Inbound
from bot.core.phone import NotAContact, parse_number
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.core.wechat_address import UNIONID, WECHAT

_SMS = "sms"
IDENTIFY = "contact.identify"
"""The operation by which a platform that we trust says that an address is a contact's too."""
LEAVE = "contact.leave"
"""The operation by which a contact gives all it has to the one that it turned out to be."""
SOURCE = "joined"
"""The source of entries by which credit crosses; their source id is the other contact's."""
LINKED = "Address Linked"
JOINED = "Contact Joined"
NOT_JOINED = "Contact Not Joined"
_FIRST_WAIT, _WAIT_MAX, _TRIED_FOR = timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)


class Identified(StrEnum):
    """What came of an address that was proven to be the contact's."""

    KNOWN = "known"  # it was the contact's already
    ADDED = "added"  # it was nobody's
    JOINS = "joins"  # it is another's, who is about to be joined
    WAITS = "waits"  # the same, as soon as nothing is set aside for a purchase any more


def identify(turn: Turn, channel: str, value: str, evidence: Mapping[str, JsonValue]) -> Identified:
    """Make an address, which was proven to be the contact's, its own, whoever had it before.

    `evidence` is kept with what was joined: by which proof, or that the platform says so.
    """
    if (channel, value) in turn.addresses:
        return Identified.KNOWN
    owner = turn.needed("owner_at", f"{channel}:{value}")
    if owner is None:
        _add(turn, channel, value, evidence)
        return Identified.ADDED
    return _begin(turn, str(owner), evidence) if owner != turn.contact.id else Identified.KNOWN


def join_to(turn: Turn, contact_id: str, evidence: Mapping[str, JsonValue]) -> None:
    """Join the contact with another that was shown to be the same person, whichever of them goes on."""
    if contact_id != turn.contact.id:
        _begin(turn, contact_id, evidence)


def hear_unionid(turn: Turn, inbound: Inbound) -> None:
    """Believe the platform that a person's OpenIDs of several accounts are one person's, where it says so."""
    unionid, gesture = inbound.facts.get(UNIONID), inbound.gesture
    leaves = gesture is not None and gesture.kind is GestureKind.UNFOLLOW
    if unionid and inbound.channel == WECHAT and not leaves:
        identify(turn, UNIONID, unionid, {"way": UNIONID})


def survivor_of(one: Contact, other: Contact) -> Contact:
    """Return who of two goes on: who was enrolled first, else who is known for longer."""
    members = [contact for contact in (one, other) if contact.enrolled_at is not None]
    return min(
        members or (one, other), key=lambda it: (it.enrolled_at or it.created_at, it.created_at, it.id)
    )


def leave(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Leave everything to the contact that this one turned out to be; the survivor's turn takes it over.

    While credit or units are set aside for a purchase it waits for the end of that, and whoever asked hears
    of it.
    """
    if ERASED_AT in turn.contact.attributes:
        return
    survivor = turn.needed("contact_for_good", str(body["survivor"]))
    if not isinstance(survivor, Contact) or survivor.id == turn.contact.id:
        return
    if body["loser"] != turn.contact.id:  # it left to another meanwhile: whoever it became is to be joined
        evidence = body["evidence"]
        assert isinstance(evidence, dict), "evidence is by name"
        _begin(turn, survivor.id, evidence)
        return
    if _is_busy(turn, turn.contact.id):
        _wait(turn, body)
        return
    join = turn.trigger.key
    books = turn.needed("whole_books")
    assert isinstance(books, tuple)
    for whole in books:
        assert isinstance(whole, WholeBooks)
        _leave_wallet(turn, whole, join, survivor.id)
    runs = _leave_runs(turn, survivor)
    desk_turns.leave(turn)  # a person they waited for would look for somebody else
    turn.merge_into(survivor.id)
    payload: dict[str, JsonValue] = {
        "loser": turn.contact.id,
        "join": join,
        "evidence": body["evidence"],
        "runs": [*runs],
    }
    turn.tell(survivor.id, Trigger(f"joined/{join}", TriggerKind.JOINED, turn.now, payload))


def take_over(turn: Turn) -> None:
    """Take over what the contact left that turned out to be this one."""
    payload = turn.trigger.payload
    loser, join, evidence = str(payload["loser"]), str(payload["join"]), payload["evidence"]
    assert isinstance(evidence, dict), "evidence is by name"
    left = turn.needed("left_by", f"{loser} {join}")
    assert isinstance(left, LeftBehind), "whoever was joined has left"
    turn.effects.outcome = "joined"
    for wallet in left.wallets:
        _take_wallet(turn, wallet, left, join)
    turn.keep("joined", loser, Joined(loser, turn.now, join, evidence, runs=runs_along(turn)))
    if ERASED_AT in turn.contact.attributes:
        return  # who was erased since is nobody to write to
    _take_addresses(turn, left)
    _take_consent(turn, left)
    _take_fields(turn, left.contact)
    inheriting.take(turn, left)
    turn.track(JOINED, {"evidence": str(evidence.get("way", ""))})


def runs_along(turn: Turn) -> tuple[str, ...]:
    """Return the runs that came along with the contact which a turn takes over."""
    runs = turn.trigger.payload.get("runs", [])
    assert isinstance(runs, list), "runs are listed"
    return tuple(map(str, runs))


def _leave_runs(turn: Turn, survivor: Contact) -> tuple[str, ...]:
    """Let runs go along, the open questions being closed; what waits goes on as the survivor's own."""
    is_erased = ERASED_AT in survivor.attributes
    for run in tuple(turn.runs.values()):
        if run.is_waiting and (is_erased or run.holds_question):
            ended = replace(run, status=RunStatus.ENDED, wait=None, suspended_at=None)
            turn.put_run(replace(ended, version=run.version + 1))
    if is_erased:
        return ()
    found = turn.needed("run_ids")
    assert isinstance(found, tuple), "runs are listed"
    turn.effects.runs_along = found
    return found


def _is_busy(turn: Turn, contact_id: str) -> bool:
    """Whether anything is set aside for a purchase: it would be paid from a wallet that is empty."""
    found = turn.needed("set_aside", contact_id)
    assert isinstance(found, SetAside)
    return found.until is not None and found.until > turn.now


def _wait(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Try again, less and less often: a purchase is mostly over long before what is set aside is let go."""
    since = body.get("waits_since")
    began_at = datetime.fromisoformat(str(since)) if since is not None else turn.now
    waited = turn.now - began_at
    turn.effects.outcome = "waits_to_join"
    if since is None:
        _tell(turn, str(body["asked_by"]), "checkout")
    if waited >= _TRIED_FOR:
        turn.effects.outcome = "not_joined"
        _tell(turn, str(body["asked_by"]), "too_long")
        return
    at = turn.now + min(max(waited, _FIRST_WAIT), _WAIT_MAX)
    later: dict[str, JsonValue] = {**body, "waits_since": began_at.isoformat()}
    payload: dict[str, JsonValue] = {"operation": LEAVE, "body": later}
    key = f"{turn.trigger.key.partition('~')[0]}~{int(at.timestamp())}"
    turn.effects.later.append(Trigger(key, TriggerKind.OPERATION, at, payload))


def _tell(turn: Turn, asked_by: str, why: str) -> None:
    """Let whoever asked hear that it is not joined, or not yet."""
    if asked_by == turn.contact.id:
        turn.track(NOT_JOINED, {"why": why})
        return
    payload: dict[str, JsonValue] = {"name": NOT_JOINED, "properties": {"why": why}}
    turn.tell(asked_by, Trigger(f"not_{turn.trigger.key}", TriggerKind.EVENT, turn.now, payload))


def _leave_wallet(turn: Turn, whole: WholeBooks, join: str, survivor: str) -> None:
    books = turn.wallet(whole.wallet)
    missing = tuple(lot_id for lot_id in whole.lot_ids if lot_id not in books.lots)
    if missing or not books.lots_complete:
        raise NeedsMoreLots(missing, whole.wallet)
    books.settle(turn.now)
    for lot_id in tuple(books.lots):
        books.expire(lot_id, turn.now)
    replay = replayed((*whole.entries, *books.entries))
    places = {
        lot_id: {account: replay.lots[lot_id][account] for account in CROSSING} for lot_id in books.lots
    }
    cause = Cause(f"{join}/{whole.wallet}", SYSTEM, source_type=SOURCE, source_id=survivor)
    books.leave(places, books.wallet.debt_minor, turn.now, cause)
    if whole.wallet == MAIN_WALLET:
        turn.effects.looked_at.update(dict.fromkeys(books.lots))


def _take_wallet(turn: Turn, wallet: LeftWallet, left: LeftBehind, join: str) -> None:
    books = turn.wallet(wallet.id)
    books.settle(turn.now)
    cause = Cause(f"{join}/{wallet.id}", SYSTEM, source_type=SOURCE, source_id=left.contact.id)
    debt_minor = wallet.entry.moved_minor(target=Account.DEBT) if wallet.entry is not None else 0
    books.take_over(as_crossed(wallet.lots, wallet.entry), debt_minor, join, turn.now, cause)
    if wallet.id == MAIN_WALLET:
        turn.effects.notices += [
            (crossed_id(join, lot_id, turn.contact.id), days) for lot_id, days in left.notices
        ]


def _take_addresses(turn: Turn, left: LeftBehind) -> None:
    """Let messages from there find this contact at once; what was said there meanwhile stays said."""
    for address in left.addresses:
        if (address.channel, address.value) not in turn.addresses:
            if address.channel == _SMS:
                _guess_zone(turn, address.value)
            turn.change_address(address)
        turn.effects.renamed.append((address.channel, address.value, left.contact.id))


def _take_consent(turn: Turn, left: LeftBehind) -> None:
    """Take over what was agreed to on each channel; a No on either side stays a No."""
    for key, state in sorted(left.subscriptions.items()):
        mine = turn.subscriptions.get(key)
        if mine is not None and (mine is state or state is not SubscriptionState.UNSUBSCRIBED):
            continue
        group, channel = split_key(key)
        waits = left.pending.get(key)
        turn.change_consent(
            ConsentChange(
                group=group,
                channel=channel,
                state=state,
                words="",
                source=ConsentSource.JOINED,
                at=turn.now,
                confirm_by=waits.confirm_by if waits else None,
                waiting_flow=waits.waiting_flow if waits else None,
                because=f"it was said by {left.contact.id}",
            )
        )


def _take_fields(turn: Turn, other: Contact) -> None:
    """Take over what is known of the other and not of this one; who asked for silence still has it."""
    mine = turn.contact
    attributes = {**other.attributes, **mine.attributes}
    if WAITS in attributes and is_welcomed(turn):
        del attributes[WAITS]
    silences = [until for until in (mine.snoozed_until, other.snoozed_until) if until is not None]
    zone = (
        {"zone": other.zone, "zone_is_known": True} if other.zone_is_known and not mine.zone_is_known else {}
    )
    turn.adopt(
        first_name=mine.first_name or other.first_name,
        birthday_on=mine.birthday_on or other.birthday_on,
        enrolled_at=mine.enrolled_at or other.enrolled_at,
        preferred_hours=mine.preferred_hours or other.preferred_hours,
        snoozed_until=max(silences, default=None),
        attributes=attributes,
        **zone,
    )


def _add(turn: Turn, channel: str, value: str, evidence: Mapping[str, JsonValue]) -> None:
    """Add an address that nobody has; that its owner of before said STOP there still counts."""
    stopped_at = turn.needed("suppressed_at", f"{channel}:{','.join(_hashes(turn, value))}")
    assert stopped_at is None or isinstance(stopped_at, datetime)
    _forget_consent_of_nobody(turn, channel)
    if channel == _SMS:
        _guess_zone(turn, value)
    turn.keep("directory", f"{channel}/{value}", Code(value, channel))
    turn.change_address(Address(channel, value, stopped_at=stopped_at))
    if channel not in ONLY_NAMES:
        turn.track(LINKED, {"channel": channel, "evidence": str(evidence.get("way", ""))})


def _guess_zone(turn: Turn, number: str) -> None:
    """Guess from a first number where somebody lives of whom nothing told it: schedules go by their clock."""
    contact = turn.contact
    is_told = contact.zone_is_known or contact.zone != turn.shop.zone  # a browser told where it is
    if is_told or any(channel == _SMS for channel, _ in turn.addresses):
        return
    with suppress(NotAContact):  # a number that nobody can be rung at tells nothing
        zone = parse_number(number, shop_zone=turn.shop.zone).zone
        if zone is not None:
            turn.adopt(zone=zone)


def _forget_consent_of_nobody(turn: Turn, channel: str) -> None:
    """End what was agreed to while there was no address to write to: it was nobody's consent for this one."""
    if any(kind == channel for kind, _ in turn.addresses):
        return
    for key, state in sorted(turn.subscriptions.items()):
        group, said_on = split_key(key)
        if said_on == channel and state is not SubscriptionState.UNSUBSCRIBED:
            because = "it was said before there was an address"
            said = Evidence(group, channel, "", ConsentSource.ADDED, turn.now, because=because)
            turn.change_consent(opt_out(said))


def _hashes(turn: Turn, value: str) -> list[str]:
    return [hmac.new(secret, value.encode(), hashlib.sha256).hexdigest() for secret in turn.shop.secrets]


def _begin(turn: Turn, owner: str, evidence: Mapping[str, JsonValue]) -> Identified:
    """Ask whoever of the two is to be joined to leave what it has to the other."""
    other = turn.needed("contact", owner)
    assert isinstance(other, Contact), "who owns an address is a contact"
    survivor = survivor_of(turn.contact, other)
    loser = other if survivor is turn.contact else turn.contact
    body: dict[str, JsonValue] = {
        "survivor": survivor.id,
        "loser": loser.id,
        "asked_by": turn.contact.id,
        "evidence": dict(evidence),
    }
    payload: dict[str, JsonValue] = {"operation": LEAVE, "body": body}
    key = f"join/{loser.id}/{hashlib.sha256(turn.trigger.key.encode()).hexdigest()[:16]}"
    turn.tell(loser.id, Trigger(key, TriggerKind.OPERATION, turn.now, payload))
    return Identified.WAITS if _is_busy(turn, loser.id) else Identified.JOINS
