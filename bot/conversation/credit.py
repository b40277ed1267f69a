"""What the clock does to credit: notices before its end, and the end itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.flow.compiled import Flow
from bot.core.ledger.entries import Cause, Reason
from bot.core.ledger.recorder import SYSTEM
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.sweeping import UNNOTICED
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.local_time import local_date
from bot.core.loyalty.expiry import Activity
from bot.core.loyalty.notices import NoticeLine, due_notices, next_notice_at
from bot.core.turn import Turn

_PURCHASES = frozenset({"Order Placed", "Order Completed"})


@dataclass(frozen=True, slots=True)
class GivenNotice:
    """A notice that is due, and what its flow may name of it."""

    lines: tuple[NoticeLine, ...]
    variables: Mapping[str, JsonValue]
    wallet: str

    def is_told_by(self, flow: Flow) -> bool:
        """Whether a flow writes it in its own money: without the currency, an amount is the program's."""
        return self.wallet == MAIN_WALLET or any(
            "expiring.currency" in message.source for message in flow.messages
        )


def give_notice(turn: Turn) -> GivenNotice | None:
    """Work out which notice the member is due, record it, and say when to look again; None if none is due."""
    wallet, zone = _wallet_of(turn), turn.contact.zone
    books, policy = turn.wallet(wallet), turn.program.notices_of(wallet)
    if not books.lots_complete:
        raise NeedsMoreLots
    if policy is None:  # its currency left the program: it ends with its grace
        turn.effects.looked_at.update(dict.fromkeys(_lot_ids(turn)))
        return None
    for lot in books.lots.values():
        turn.effects.looked_at[lot.id] = next_notice_at(lot, zone, policy, turn.now)
    gone = {lot_id for lot_id in _lot_ids(turn) if lot_id not in books.lots}
    turn.effects.looked_at.update(dict.fromkeys(gone))
    notice = due_notices(books.lots.values(), turn.now, zone, policy, turn.notices_given())
    if notice is None:
        return None
    turn.effects.notices += notice.given
    by_day: dict[str, int] = {}
    for line in notice.lines:
        day = line.good_through.isoformat()
        by_day[day] = by_day.get(day, 0) + line.amount_minor
    ends: list[JsonValue] = [{"amount": amount, "expires_on": day} for day, amount in by_day.items()]
    expiring: dict[str, JsonValue] = {
        "amount": notice.total_minor,
        "currency": turn.program.currency.code if wallet == MAIN_WALLET else wallet,
        "soonest": ends[0],
        "ends": ends,
    }
    return GivenNotice(notice.lines, {"expiring": expiring}, wallet)


def mark_noticed(turn: Turn) -> None:
    """Record that a notice reached the member: its lots end as announced."""
    turn.effects.outcome = "noticed"
    turn.wallet(_wallet_of(turn)).mark_noticed(_lot_ids(turn), turn.now)


def expire(turn: Turn) -> None:
    """Move what is left of ended lots to breakage, and let flows hear of it."""
    turn.effects.outcome = "expired"
    expired_minor = 0
    wallet = _wallet_of(turn)
    books = turn.wallet(wallet)
    unknown = tuple(lot_id for lot_id in _lot_ids(turn) if lot_id not in books.lots)
    if unknown:
        raise NeedsMoreLots(unknown, wallet)
    for lot_id in _lot_ids(turn):
        noticed = books.lots[lot_id].noticed_at is not None
        entry = books.expire(lot_id, turn.now, "" if noticed else UNNOTICED)
        if entry is None:
            continue
        expired_minor += entry.total_minor
    if expired_minor and wallet == MAIN_WALLET:
        turn.track("Credit Expired", {"amount": expired_minor})
    elif expired_minor:
        turn.track("Wallet Expired", {"wallet": wallet, "units": expired_minor})


def settle_ends(turn: Turn) -> None:
    """Let what the contact did move the ends of credit, and say when notices of moved ends are due.

    Credit that was granted under a rule of inactivity keeps it, whatever the program says since. What is in
    wallets beside the main one is kept alive by what opens them.
    """
    activities = _activities(turn)
    if activities:
        _renew(turn, activities)
    for books in turn.opened_books:
        policy = turn.program.notices_of(books.wallet.id)
        if policy is None:
            continue
        for extension in (one for entry in books.entries for one in entry.extended):
            lot = books.lots[extension.lot_id]
            turn.effects.looked_at[lot.id] = next_notice_at(lot, turn.contact.zone, policy, turn.now)


def _renew(turn: Turn, activities: Collection[Activity]) -> None:
    active_on = local_date(turn.now, turn.contact.zone)
    main = turn.books
    if not main.lots_complete and (
        turn.program.expiry.renewal is not None or any(lot.renewal for lot in main.lots.values())
    ):
        raise NeedsMoreLots
    for books in turn.opened_books:
        cause = Cause(
            f"renew/{turn.trigger.key}/{books.wallet.id}",
            SYSTEM,
            source_type="activity",
            source_id="+".join(sorted(activities)),
        )
        books.renew(activities, active_on, turn.now, cause)


def _activities(turn: Turn) -> set[Activity]:
    reasons = {entry.reason for books in turn.opened_books for entry in books.entries}
    events = {event.name for event in turn.effects.events}
    if turn.trigger.event is not None:
        events.add(turn.trigger.event.name)
    found = set()
    if events & _PURCHASES:
        found.add(Activity.PURCHASE)
    if Reason.EARN in reasons:
        found.add(Activity.EARN)
    if not reasons.isdisjoint({Reason.REDEEM, Reason.CAPTURE}):
        found.add(Activity.REDEEM)
    return found


def _wallet_of(turn: Turn) -> str:
    """The wallet whose lots the trigger is about."""
    return str(turn.trigger.payload.get("wallet", MAIN_WALLET))


def _lot_ids(turn: Turn) -> list[str]:
    lots = turn.trigger.payload["lots"]
    assert isinstance(lots, list), "lots are listed"
    return [str(lot) for lot in lots]
