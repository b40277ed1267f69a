"""Orders in a turn: one road for what the shop reports and what is ordered by text.

What an order has come to by now decides where its credit has to be. `settle` brings it there, from wherever
it is: what came late, twice or out of order ends like what came in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from bot.core.contact import JsonValue, Order
from bot.core.deeds import order_told
from bot.core.deeds.crediting import credit_order
from bot.core.deeds.offering import offers_come_back
from bot.core.deeds.on_record import InWallet, OnRecord
from bot.core.deeds.order_told import Settled, names_of
from bot.core.deeds.paying_back import let_cash_follow
from bot.core.deeds.stocking import put_back
from bot.core.deeds.unclaiming import unclaim
from bot.core.errors import TellMember
from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Account, Cause, Entry, Reason
from bot.core.ledger.lots import has_ended
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.local_time import local_date
from bot.core.loyalty.captured import with_captured
from bot.core.loyalty.checkouts import Checkout
from bot.core.loyalty.notices import next_notice_at
from bot.core.loyalty.orders import (
    CANCELED,
    PAID,
    REFUNDED,
    is_at_least,
    net_minor,
    paid_with,
    with_credit_by_line,
)
from bot.core.loyalty.quotes import LineKind
from bot.core.loyalty.returns import reckoned, share_of_credit, share_of_earned
from bot.core.loyalty.sales import wallet_of
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

UNTOLD = "_untold"
"""The fact of an order that was canceled before the shop told of it: all we know is what it paid for."""
NOTHING = OnRecord()
"""What is on record of an order that is made in this turn."""
SETTLE = "order.settle"
"""The operation that settles an order again when its checkout is over."""
_WAITS = "_waits"
"""The fact of an order that is paid while its credit is still set aside: it has not earned yet."""
_CREDIT_TOLD = "_credit_told_minor"
"""The fact of an order in which stands how much credit shall pay it, while other credit is set aside."""
_SPENDING = frozenset({Reason.REDEEM, Reason.CAPTURE})


def on_record(turn: Turn, reference: str) -> OnRecord:
    """Return what is on record of an order, by the shop's own id of it or ours."""
    if f"on_record/{reference}" not in turn.snapshot.more:
        turn.need(f"on_record/{reference}", *order_told.needs_of(turn, {}))
    found = turn.needed("on_record", reference)
    assert isinstance(found, OnRecord)
    return _as_captured(found)


def own_record(turn: Turn, reference: str) -> OnRecord:
    """Return what is on record of an order that this contact is said to have bought.

    Raises:
        TellMember: `another_members`: somebody else was said to have, at the same moment or before.
    """
    if f"order_owner/{reference}" not in turn.snapshot.more:
        needs = order_told.needs_of(turn, {})
        turn.need(f"order_owner/{reference}", f"on_record/{reference}", *needs)
    refuse_anothers(turn, reference)
    return on_record(turn, reference)


def _as_captured(record: OnRecord) -> OnRecord:
    """Let what the checkout took off be off the order, where it was not sold before that was known."""
    order, checkout = record.order, record.checkout
    if order is None or checkout is None or (is_at_least(order.status, PAID) and _WAITS not in order.facts):
        return record
    return replace(record, order=with_captured(order, checkout.captured))


def refuse_anothers(turn: Turn, reference: str) -> None:
    """Let an order that is another contact's alone.

    Raises:
        TellMember: `another_members`.
    """
    if turn.needed("order_owner", reference) not in {None, turn.contact.id}:
        raise TellMember("another_members", order=reference)


def settle(
    turn: Turn, order: Order, record: OnRecord = NOTHING, *, earns_when_placed: bool = False
) -> Settled:
    """Bring credit to where an order says it is, keep the order, and let flows and the program hear of it.

    Credit that pays it is spent, what it earns is granted once, when it is paid; what came back of it is
    restored and what it earned is taken back, each up to what the order has come to.

    Raises:
        InsufficientCredit: more credit was to pay it than can be spent.
    """
    before, held_by = record.order, _held_by(turn, order, record)
    waits = held_by is not None
    order = _paid(turn, order, record, waits=waits)
    order_told.tell_of_sale(turn, before, order, is_sold=_is_sold(order))
    is_sold = _is_sold(order) or earns_when_placed
    was_sold = before is not None and _is_sold(before) and _WAITS not in before.facts
    earns = is_sold and not was_sold and not record.earned
    needs = [f"earned/order/{order.id}"] if earns and not waits else []
    turn.need(*needs, *order_told.needs_of(turn, order.facts))
    credited = credit_order(turn, order).records if earns and not waits else ()
    facts = {name: fact for name, fact in order.facts.items() if name != _WAITS}
    order = reckoned(replace(order, facts={**facts, _WAITS: True} if earns and waits else facts))
    restored, lost = _give_back(turn, order, record)
    taken = _Taken()
    for earned, found in _granted(turn, order, record):
        taken += _take_back(turn, order, earned, found)
    if record.checkout is not None and is_at_least(order.status, REFUNDED):
        offers_come_back(turn, record.checkout)
    if order.status == CANCELED and before is not None and before.status != CANCELED:
        put_back(turn, before)
    turn.place_order(_with_gaps(before, order))
    let_cash_follow(turn, order)
    if held_by is not None:
        _look_again(turn, order, held_by.expires_at)
    wallet = _wallet_name(turn, order)
    granted = sum(one.granted_minor for one in credited if one.wallet == wallet)
    settled = Settled(
        order,
        granted,
        restored,
        lost,
        taken.taken_minor,
        taken.owed_minor,
        taken.lapsed_minor,
        taken.stamps,
        taken.rewards,
    )
    order_told.tell_of_return(turn, settled, before)
    order_told.let_program_hear(turn, record, settled, is_sold=is_sold)
    return settled


def _is_sold(order: Order) -> bool:
    """Whether it was paid and not all of it came back since."""
    return is_at_least(order.status, PAID) and not is_at_least(order.status, REFUNDED)


def _look_again(turn: Turn, order: Order, at: datetime) -> None:
    """Settle it again when nothing can be set aside for it any more: captured, given up or timed out."""
    body: dict[str, JsonValue] = {"order": order.id}
    payload: dict[str, JsonValue] = {"operation": SETTLE, "body": body}
    key = f"settle/{order.id}/{int(at.timestamp())}"
    turn.effects.later.append(Trigger(key, TriggerKind.OPERATION, at, payload))


# What pays


def _held_by(turn: Turn, order: Order, record: OnRecord) -> Checkout | None:
    """The checkout that still sets credit aside for it, so that nobody knows yet what pays."""
    checkout = turn.effects.kept.get(("checkout", order.id), record.checkout)
    return checkout if isinstance(checkout, Checkout) and checkout.is_open(turn.now) else None


def _paid(turn: Turn, order: Order, record: OnRecord, *, waits: bool) -> Order:
    """Spend credit on an order up to what shall pay it; return it with what does, by line.

    What a wallet of another currency paid pays nothing of it, and is not asked for a second time.
    """
    wallet = _wallet_name(turn, order)
    in_all = sum(_spent_minor(one.undoing.entry) for one in record.paid)
    spent = sum(_spent_minor(one.undoing.entry) for one in record.paid if one.wallet == wallet)
    told = order.facts.get(_CREDIT_TOLD, 0)
    assert isinstance(told, int), "we wrote it ourselves"
    wanted = max(order.credit_minor, told)
    if waits:
        facts = {**order.facts, _CREDIT_TOLD: wanted} if wanted else order.facts
        return paid_with(replace(order, facts=facts), min(spent, order.total_minor))
    missing = wanted - in_all
    if missing > 0 and is_at_least(order.status, REFUNDED):
        return paid_with(order, min(wanted, order.total_minor))  # it came and went before we heard of it
    if missing > 0:
        number = sum(one.undoing.entry.reason is Reason.REDEEM for one in record.paid)
        key = f"order/{order.id}/{number}" if number else f"order/{order.id}"
        _books(turn, order).redeem(missing, turn.now, _cause(turn, key, order))
        spent += missing
    return _with_credit(order, spent, record.checkout)


def without_told_credit(order: Order) -> Order:
    """Return an order that is paid with what credit was spent on it, and no more."""
    facts = {name: fact for name, fact in order.facts.items() if name != _CREDIT_TOLD}
    return replace(order, facts=facts, credit_minor=0)


def _with_credit(order: Order, spent_minor: int, checkout: Checkout | None) -> Order:
    """Let credit pay the lines as the checkout said, where these are its lines, else in proportion."""
    spent_minor = min(spent_minor, order.total_minor)
    quoted = checkout.captured if checkout is not None else None
    if quoted is not None and quoted.credit_minor == spent_minor:
        goods = [one for one in quoted.lines if one.line.kind in {LineKind.PRODUCT, LineKind.GIFT_CARD}]
        asked = [(one.line.sku, one.line.quantity) for one in goods]
        by_line = [one.credit_minor for one in goods]
        if asked == [(line.sku, line.quantity) for line in order.lines] and all(
            share <= net_minor(line) for share, line in zip(by_line, order.lines, strict=True)
        ):
            return with_credit_by_line(order, spent_minor, by_line)
    return paid_with(order, spent_minor)


def _spent_minor(entry: Entry) -> int:
    return entry.moved_minor(target=Account.SPENT)


# What comes back to the member


def _give_back(turn: Turn, order: Order, record: OnRecord) -> tuple[int, int]:
    """Restore credit by the cumulative law, floored once; what was spent last comes back first.

    What a wallet of another currency paid comes back with the whole order.
    """
    wallet = _wallet_name(turn, order)
    paid = [*record.paid, *_in_this_turn(turn, order, _SPENDING, record)]
    own = sum(_spent_minor(one.undoing.entry) for one in paid if one.wallet == wallet)
    left = int(share_of_credit(order) * own)
    restored = lost = 0
    for one in sorted(paid, key=lambda each: -each.undoing.entry.number):
        spent = _spent_minor(one.undoing.entry)
        if one.wallet == wallet:
            share, left = Fraction(min(left, spent), spent), left - min(left, spent)
        else:
            share = Fraction(is_at_least(order.status, REFUNDED))
        undoing = replace(one.undoing, share=share)
        if undoing.left_minor(Account.SPENT) <= 0:
            continue
        books = turn.wallet(one.wallet)
        cause = _cause(turn, f"restore/{undoing.entry.id}/{len(undoing.earlier)}", order)
        entry = books.restore(undoing, turn.now, cause, turn.program.grace)
        assert entry is not None, "something is left to restore"
        restored += entry.moved_minor(target=Account.AVAILABLE)
        lost += entry.moved_minor(target=Account.BREAKAGE)
        _look_at_notices(turn, books, entry, undoing.entry.effective_at)
    if restored or lost:
        turn.track(
            "Credit Restored",
            {
                "amount": restored,
                "lost": lost,
                **names_of(order),
                "wallet": _wallet_name(turn, order),
                "currency": order.currency or turn.program.currency.code,
            },
        )
    return restored, lost


def _look_at_notices(turn: Turn, books: Books, entry: Entry, since: datetime) -> None:
    """Look at what was missed: while a lot was empty nobody would have told of its end."""
    policy = turn.program.notices_of(books.wallet.id)
    if policy is None:
        return
    for draw in entry.draws:
        lot = books.lots[draw.of_lot]
        if draw.target is Account.AVAILABLE and draw.child_lot_id is None:
            at = next_notice_at(lot, turn.contact.zone, policy, since)
            turn.effects.looked_at[lot.id] = None if at is None else max(at, turn.now)


# What the shop gets back


@dataclass(frozen=True, slots=True)
class _Taken:
    taken_minor: int = 0
    owed_minor: int = 0
    lapsed_minor: int = 0
    stamps: int = 0
    rewards: tuple[str, ...] = ()

    def __add__(self, other: "_Taken") -> "_Taken":
        return _Taken(
            self.taken_minor + other.taken_minor,
            self.owed_minor + other.owed_minor,
            self.lapsed_minor + other.lapsed_minor,
            self.stamps + other.stamps,
            self.rewards + other.rewards,
        )


def _granted(turn: Turn, order: Order, record: OnRecord) -> list[tuple[EarnRecord, InWallet]]:
    """What the order earned before this turn and in it, with the entries that granted it."""
    source = f"order/{order.id}"
    here = [
        kept
        for (table, _), kept in turn.effects.kept.items()
        if table == "earned" and isinstance(kept, EarnRecord) and kept.source == source
    ]
    entries = {
        entry.id: InWallet(books.wallet.id, Undoing(entry))
        for books in turn.opened_books
        for entry in books.entries
    }
    found = {**record.granted, **entries}
    return [(earned, found[earned.entry_id]) for earned in (*record.earned, *here) if earned.granted_minor]


def _take_back(turn: Turn, order: Order, earned: EarnRecord, found: InWallet) -> _Taken:
    """Take back of one grant what its frozen record says, whatever the rules say by now."""
    undoing = replace(found.undoing, share=share_of_earned(order, earned.by_line_minor))
    if undoing.left_minor(Account.CLAWBACK) <= 0:
        return _Taken()
    books = turn.wallet(found.wallet)
    undoing = replace(undoing, lapsed_minor=_lapsed_minor(turn, books, earned.lot_id, undoing))
    is_stamps = found.wallet != _wallet_name(turn, order)
    rewards = _unclaimed(turn, books, earned.lot_id, undoing, order) if is_stamps else ()
    cause = _cause(turn, f"claw_back/{undoing.entry.id}/{len(undoing.earlier)}", order)
    entry = books.claw_back(undoing, turn.now, replace(cause, rule=undoing.entry.rule))
    assert entry is not None, "something is left to take back"
    amount = entry.moved_minor(target=Account.CLAWBACK)
    _return_to_fund(turn, books, earned, amount)
    if is_stamps:
        turn.track("Stamps Taken Back", {"card": found.wallet, "stamps": amount, **names_of(order)})
        return _Taken(stamps=amount, rewards=rewards)
    owed = entry.moved_minor(source=Account.DEBT)
    lapsed = entry.moved_minor(source=Account.BREAKAGE)
    return _Taken(amount, owed, lapsed)


def _unclaimed(turn: Turn, books: Books, lot_id: str, undoing: Undoing, order: Order) -> tuple[str, ...]:
    """Cancel what cards became, as far as stamps are missing that are not just pending or ended unused."""
    lot = books.lots[lot_id]
    pending = 0 if has_ended(lot, turn.now) else lot.pending_minor
    needed = undoing.left_minor(Account.CLAWBACK) - undoing.lapsed_minor - pending
    return unclaim(turn, books.wallet.id, needed, order)


def _lapsed_minor(turn: Turn, books: Books, lot_id: str, undoing: Undoing) -> int:
    """What of a lot ended unused: who never had the use of it does not give it back a second time."""
    if lot_id not in books.lots:
        raise NeedsMoreLots((lot_id,), books.wallet.id)
    if not has_ended(books.lots[lot_id], turn.now):
        return 0
    expired = books.expire(lot_id, turn.now)
    before = turn.needed("lapsed", lot_id)
    assert isinstance(before, int), "it is a sum"
    counted = sum(entry.moved_minor(source=Account.BREAKAGE) for entry in undoing.earlier)
    return before + (expired.total_minor if expired else 0) - counted


def _return_to_fund(turn: Turn, books: Books, earned: EarnRecord, amount: int) -> None:
    """Let a fund have back what it did not cost in the end, in the period it was for."""
    name = books.lots[earned.lot_id].fund
    fund = turn.program.funds.get(name)
    if fund is not None:
        turn.give_back(fund.counter(name, local_date(earned.at, turn.shop.zone)), amount)


# Below: how


def _with_gaps(before: Order | None, order: Order) -> Order:
    """Add an empty line for each that the order has no more: rows are written over, never deleted."""
    gone = before.lines[len(order.lines) :] if before is not None else ()
    return replace(order, lines=(*order.lines, *(replace(line, quantity=0) for line in gone)))


def _in_this_turn(turn: Turn, order: Order, reasons: Iterable[Reason], record: OnRecord) -> list[InWallet]:
    known = {one.undoing.entry.id for one in record.paid}
    hold_id = record.checkout.hold_id if record.checkout is not None else None
    return [
        InWallet(books.wallet.id, Undoing(entry))
        for books in turn.opened_books
        for entry in books.entries
        if entry.reason in reasons and entry.id not in known and entry.source_id in {order.id, hold_id}
    ]


def _books(turn: Turn, order: Order) -> Books:
    return turn.wallet(_wallet_name(turn, order))


def _wallet_name(turn: Turn, order: Order) -> str:
    return wallet_of(turn.program, order.currency)


def _cause(turn: Turn, key: str, order: Order) -> Cause:
    return Cause(key, actor=f"contact/{turn.contact.id}", source_type="order", source_id=order.id)
