"""Rebates in a turn: what an order earns back is granted as credit of its own, recorded by rule and told."""

from bot.core.contact import Order
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Cause
from bot.core.local_time import local_date
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.gains import MAIN, Limit, SoldLine
from bot.core.loyalty.rebates import Due, Rebate, rebates_due
from bot.core.turn import Turn

REBATE_GRANTED = "Rebate Granted"
_RULE = "rebate/"
"""Begins the name under which what a rebate granted is recorded, beside what earning rules granted."""


def grant_rebates(
    turn: Turn, order: Order, lines: tuple[SoldLine, ...], member: MemberFacts
) -> tuple[EarnRecord, ...]:
    """Grant what an order earns back; once for each order and rebate, however often the order is told.

    `member` holds what the conditions of `needs(turn)` ask. Nothing for whoever is no member.
    """
    if not turn.program.rebates or not turn.contact.is_member:
        return ()
    source = f"order/{order.id}"
    before = _granted_before(turn, source)
    due = [one for one in _due(turn, lines, member) if f"{_RULE}{one.rebate.id}" not in before]
    return tuple(_grant(turn, order, source, _within_budget(turn, one)) for one in due)


def foreseen_rebates_minor(turn: Turn, lines: tuple[SoldLine, ...], member: MemberFacts) -> int:
    """What an order would earn back if it were placed now; nothing is granted, and no budget is asked."""
    if not turn.contact.is_member:
        return 0
    return sum(due.amount_minor for due in _due(turn, lines, member))


def needs(turn: Turn) -> frozenset[str]:
    """Which facts of the member the program's rebates ask for: `tier`, `orders`."""
    return frozenset(name for rebate in turn.program.rebates for name in rebate.whom.needs)


def _due(turn: Turn, lines: tuple[SoldLine, ...], member: MemberFacts) -> tuple[Due, ...]:
    program = turn.program
    return rebates_due(program.rebates, program.earning.base, lines, member, program.point_value_minor)


def _granted_before(turn: Turn, source: str) -> frozenset[str]:
    before = turn.needed("earned", source)
    assert isinstance(before, tuple)
    return frozenset(record.rule for record in before if isinstance(record, EarnRecord))


def _within_budget(turn: Turn, due: Due) -> Due:
    fund = turn.program.funds.get(due.rebate.fund or "")
    if fund is None:
        return due
    counter = fund.counter(due.rebate.fund or "", local_date(turn.now, turn.shop.zone))
    got = turn.take(counter, due.amount_minor, of=fund.limit_minor, partial=True)
    point = turn.program.point_value_minor
    if got % point:
        turn.give_back(counter, got % point)
    return due.limited(got // point * point)


def _grant(turn: Turn, order: Order, source: str, due: Due) -> EarnRecord:
    rebate = due.rebate
    policy = turn.shop.program_policy
    grant = turn.program.rebate_grant(due, turn.now, turn.contact.zone, policy) if due.amount_minor else None
    entry = None
    if grant is not None:
        cause = Cause(
            f"earn/{source}/{_RULE}{rebate.id}",
            actor=f"contact/{turn.contact.id}",
            source_type="order",
            source_id=order.id,
            rule=policy,
        )
        entry = turn.books.earn(grant, turn.now, cause)
    record = EarnRecord(
        source=source,
        rule=f"{_RULE}{rebate.id}",
        wallet=MAIN,
        entry_id=entry.id if entry is not None else "",
        lot_id=entry.draws[0].of_lot if entry is not None else "",
        desired_minor=due.desired_minor,
        granted_minor=due.amount_minor,
        by_line_minor=due.by_line_minor,
        because=_because(turn, rebate, due),
        policy=policy,
        at=turn.now,
    )
    turn.keep("earned", f"{source}/{record.rule}", record)
    if grant is not None:
        starts_at = max(grant.terms.active_from, turn.now)
        turn.track(
            REBATE_GRANTED,
            {
                "rebate": rebate.id,
                "title": turn.program.text(rebate.title, turn.contact.locale) if rebate.title else None,
                "amount": due.amount_minor,
                "desired": due.desired_minor,
                "order_id": order.id,
                "reference": order.reference,
                "spendable_from": starts_at.isoformat(),
                "is_pending": starts_at > turn.now,
                "expires_on": grant.terms.expires_on.isoformat() if grant.terms.expires_on else None,
            },
        )
    return record


def _because(turn: Turn, rebate: Rebate, due: Due) -> tuple[str, ...]:
    """Why it is less than desired, written as for earning rules (`gains.Because`)."""
    most = rebate.most_minor
    allowed = due.desired_minor if most is None else min(due.desired_minor, most)
    less = [(Limit.CREDIT, "order", most, due.desired_minor - allowed)] if most is not None else []
    fund = turn.program.funds.get(rebate.fund or "")
    if fund is not None:
        less.append((Limit.FUND, rebate.fund or "", fund.limit_minor, allowed - due.amount_minor))
    return tuple(f"{limit.value} {of} {most} -{missing}" for limit, of, most, missing in less if missing > 0)
