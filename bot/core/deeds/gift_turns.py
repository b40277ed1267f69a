"""Gifts in a turn: who may send what to whom, what leaves, what arrives, and what comes back.

The giver's turn takes the credit and tells the recipient; the recipient's turn takes it in, or tells the
giver to take it back. Each is claimed by the gift's id, so that a gift arrives once or comes back once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.core.contact import JsonValue
from bot.core.deeds.experimenting import arms_of
from bot.core.deeds.figures import asked_in
from bot.core.deeds.tier_turns import tier_of
from bot.core.errors import TellMember
from bot.core.ids import instant, microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause, Entry
from bot.core.ledger.lots import Lot
from bot.core.ledger.refusals import InsufficientCredit
from bot.core.local_time import local_date
from bot.core.loyalty.eligibility import facts_of
from bot.core.loyalty.gifts import GIFT, Gifts, Recipient, room, since
from bot.core.loyalty.standing import Standing
from bot.core.phone import NotAContact, parse_number
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

ARRIVES = "gift.arrives"
"""What the recipient is asked to do."""
RETURNS = "gift.returns"
"""What the giver is asked to do where the recipient cannot have it."""
LOOKED_UP = "gift_numbers"
"""The kind of standing that counts the numbers a giver had looked up: its value is the shop's day."""
LOOK_UPS_A_DAY = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """A gift that may be sent: how much to whom, and how the recipient's number is written."""

    amount_minor: int
    recipient_id: str
    number: str


def propose(turn: Turn, amount_minor: int, number: str) -> Proposal:
    """Say what would be sent; nothing is moved.

    A number is only looked up for a gift that could be sent, and not for many in a day: the answer tells
    whether it is a member's.

    Raises:
        TellMember: `not_offered`, `not_for_you`, `too_little` with `least`, `too_much` with `most` and `per`,
            `not_enough_credit`, `not_a_number`, `to_yourself`, `too_often`, or `not_a_member`.
    """
    _refuse_amount(turn, amount_minor)
    e164 = _read_number(turn, number)
    _count_look_up(turn)
    return Proposal(amount_minor, _member_at(turn, e164), e164)


def proposed(turn: Turn, amount_minor: int, number: str) -> Proposal:
    """Say again what was proposed and is confirmed now.

    Raises:
        TellMember: as `propose`, but for `too_often`.
    """
    _refuse_amount(turn, amount_minor)
    e164 = _read_number(turn, number)
    return Proposal(amount_minor, _member_at(turn, e164), e164)


def _refuse_amount(turn: Turn, amount_minor: int) -> None:
    gifts = turn.program.gifts
    if gifts is None or not gifts.enabled:
        raise TellMember("not_offered")
    today = local_date(turn.now, turn.shop.zone)
    arms, audiences = arms_of(turn, gifts.whom.needs), asked_in(turn, gifts.whom.needs)
    member = facts_of(turn.contact, today, turn.shop.zone, tier=tier_of(turn), arms=arms, audiences=audiences)
    if gifts.refusal(member) is not None:
        raise TellMember("not_for_you")
    if amount_minor < (gifts.least_minor or turn.program.point_value_minor):
        raise TellMember("too_little", least=gifts.least_minor or turn.program.point_value_minor)
    _refuse_too_much(turn, gifts, amount_minor)
    available = turn.books.spendable(turn.now)
    if amount_minor > available:
        raise InsufficientCredit(available, amount_minor)


def send(turn: Turn, proposal: Proposal) -> Entry:
    """Take what is sent out of the giver's wallet, and leave it for the recipient."""
    gift_id = turn.new_id()
    cause = Cause(f"gift/{gift_id}", f"contact/{turn.contact.id}", source_type=GIFT, source_id=gift_id)
    entry = turn.books.give(proposal.amount_minor, turn.now, cause)
    parts: list[JsonValue] = [
        _part(turn.books.lots[draw.of_lot], draw.amount_minor) for draw in entry.draws if draw.lot_id
    ]
    body: dict[str, JsonValue] = {
        "gift": gift_id,
        "giver": turn.contact.id,
        "entry": entry.id,
        "parts": parts,
    }
    _tell(turn, proposal.recipient_id, f"gift/{gift_id}/arrives", ARRIVES, body)
    turn.track("Gift Sent", {"amount": entry.total_minor, "gift": gift_id})
    return entry


def arrive(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Take in a gift, or send it back where the contact is no member or the very giver."""
    giver, gift_id = str(body["giver"]), str(body["gift"])
    parts = body["parts"]
    if not turn.contact.is_member or giver == turn.contact.id:
        back: dict[str, JsonValue] = {"gift": gift_id, "entry": body["entry"], "parts": parts}
        _tell(turn, giver, f"gift/{gift_id}/returns", RETURNS, back)
        return
    lots = _lots(turn, gift_id, parts)
    cause = Cause(f"gift/{gift_id}/received", f"contact/{giver}", source_type=GIFT, source_id=gift_id)
    entry = turn.books.receive(lots, turn.now, cause)
    ends_on = min((lot.expires_on for lot in lots if lot.expires_on), default=None)
    turn.track("Credit Granted", {"amount": entry.total_minor, "why": GIFT})
    turn.track(
        "Gift Received",
        {
            "amount": entry.total_minor,
            "until": ends_on.isoformat() if ends_on else None,
            "gift": gift_id,
        },
    )


def come_back(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Put a gift that could not arrive back into the lots it came from.

    Where the giver has become one with another contact meanwhile, those lots are in the wallet of before:
    what comes back is a gift to the survivor then.
    """
    undoing = turn.needed("undoing", str(body["entry"]))
    gift_id = str(body["gift"])
    cause = Cause(f"gift/{gift_id}/returned", "system", source_type=GIFT, source_id=gift_id)
    if isinstance(undoing, Undoing):
        entry = turn.books.get_back(undoing, turn.now, cause, turn.program.grace)
    else:
        entry = turn.books.receive(_lots(turn, gift_id, body["parts"]), turn.now, cause)
    if entry is not None:
        turn.track("Gift Returned", {"amount": entry.total_minor, "gift": gift_id})


def _read_number(turn: Turn, number: str) -> str:
    own = next((value for channel, value in turn.addresses if channel == "sms"), "")
    try:
        region = parse_number(own).region if own else "US"
        e164 = parse_number(number, region or "US").e164
    except NotAContact as error:
        raise TellMember("not_a_number") from error
    if ("sms", e164) in turn.addresses:
        raise TellMember("to_yourself")
    return e164


def _count_look_up(turn: Turn) -> None:
    """Count a number that is looked up toward those of the day."""
    day = local_date(turn.now, turn.shop.zone).isoformat()
    kept = turn.effects.kept.get(("standing", LOOKED_UP), ...)
    before = turn.needed("standing", LOOKED_UP) if kept is ... else kept
    assert before is None or isinstance(before, Standing)
    times = _whole(before.facts["times"]) if before is not None and before.value == day else 0
    if times >= LOOK_UPS_A_DAY:
        raise TellMember("too_often")
    turn.keep("standing", LOOKED_UP, Standing(LOOKED_UP, day, turn.now, facts={"times": times + 1}))


def _member_at(turn: Turn, e164: str) -> str:
    found = turn.needed("member_at", f"sms:{e164}")
    assert found is None or isinstance(found, Recipient)
    if found is not None and found.contact_id == turn.contact.id:
        raise TellMember("to_yourself")
    if found is None or not found.is_member:
        raise TellMember("not_a_member")
    return found.contact_id


def _refuse_too_much(turn: Turn, gifts: Gifts, amount_minor: int) -> None:
    zone = turn.contact.zone
    given: dict[str, int] = {}
    for cap in gifts.caps:
        if cap.per != "gift":
            found = turn.needed("given", str(microseconds(since(cap, turn.now, zone))))
            assert isinstance(found, int)
            given[cap.per] = found
    most, cap_ = room(gifts.caps, given)
    if most is not None and cap_ is not None and amount_minor > most:
        raise TellMember("too_much", most=most, per=cap_.per)


def _tell(turn: Turn, contact_id: str, key: str, operation: str, body: Mapping[str, JsonValue]) -> None:
    payload: dict[str, JsonValue] = {"operation": operation, "body": dict(body)}
    turn.tell(contact_id, Trigger(key, TriggerKind.OPERATION, turn.now, payload))


def _part(lot: Lot, amount_minor: int) -> dict[str, JsonValue]:
    """What of a lot goes along with the credit: everything but whose it is and who was told of its end."""
    return {
        "amount": amount_minor,
        "kind": lot.kind,
        "fund": lot.fund,
        "active_from": microseconds(lot.active_from),
        "expires_at": microseconds(lot.expires_at) if lot.expires_at else None,
        "grace_until": microseconds(lot.grace_until) if lot.grace_until else None,
        "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
        "zone": lot.zone,
        "priority": lot.priority,
        "policy": lot.policy,
        "had_grace": lot.parent_lot_id is not None,
        "renewal": lot.renewal,
        "notice_days": lot.notice_days,
    }


def _lots(turn: Turn, gift_id: str, parts: JsonValue) -> list[Lot]:
    assert isinstance(parts, list), "parts are listed"
    return [_lot(turn.new_id(), gift_id, part) for part in parts if isinstance(part, dict)]


def _lot(lot_id: str, gift_id: str, part: Mapping[str, JsonValue]) -> Lot:
    """Make the empty lot that takes a part in."""
    expires_on = part["expires_on"]
    lot = Lot(
        id=lot_id,
        kind=str(part["kind"]),
        fund=str(part["fund"]),
        granted_minor=_whole(part["amount"]),
        pending_minor=0,
        available_minor=0,
        held_minor=0,
        active_from=instant(_whole(part["active_from"])),
        expires_at=instant(_whole(part["expires_at"])) if part["expires_at"] else None,
        grace_until=instant(_whole(part["grace_until"])) if part["grace_until"] else None,
        noticed_at=None,
        expires_on=date.fromisoformat(str(expires_on)) if expires_on else None,
        zone=str(part["zone"]),
        priority=_whole(part["priority"]),
        policy=str(part["policy"]),
        source_type=GIFT,
        source_id=gift_id,
        parent_lot_id=None,
        renewal=str(part["renewal"]),
        notice_days=_whole(part["notice_days"]),
    )
    # Its parent is in another wallet. A lot with a parent gets no grace, and grace is given once.
    return replace(lot, parent_lot_id=lot_id) if part["had_grace"] else lot


def _whole(written: JsonValue) -> int:
    assert isinstance(written, int), "a whole number"
    return written
