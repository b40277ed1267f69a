"""A member's tier in a turn: what it is now, how an order moves it, what the clock does to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.contact import JsonValue, Order
from bot.core.ids import microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.local_time import local_date
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import (
    Benefits,
    Change,
    Level,
    Metric,
    Progress,
    Step,
    Tiers,
    TierStanding,
    Window,
    benefits_of,
    decides_at,
    looks_at,
    progress,
    rise,
    settle,
    to_reach,
    warn,
    windows,
)
from bot.core.turn import Turn

TIER = "tier"
"""The kind of standing that a tier is kept as, and the source type of its gifts."""

LOOK = "tier.look"
"""What a job asks for when a standing is due."""

NOT_COUNTED = frozenset({"canceled", "cancelled", "rejected"})
"""States of an order that counts for nothing."""
PLACED = "placed"
"""The state of an order that nobody paid yet: it counts where it earned all the same, as one by text does."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one order counts, by each metric; what it earned is not known from the order itself."""

    spend: int = 0
    orders: int = 0
    points: int = 0
    currency: str = ""

    def of(self, metric: Metric, currency: str) -> int:
        """Return what it counts for one metric; what was spent in another currency is not compared."""
        spend = self.spend if self.currency in {"", currency} else 0
        return {Metric.SPEND: spend, Metric.ORDERS: self.orders, Metric.POINTS: self.points}[metric]


def counted(order: Order | None, points_minor: int = 0) -> Counted:
    """Return what an order counts; `points_minor` is what it earned and was not taken back."""
    if order is None or order.status in NOT_COUNTED or (order.status == PLACED and not points_minor):
        return Counted(points=points_minor)
    given_back = order.refunded_minor + order.returned_credit_minor
    is_left = given_back < order.cash_minor + order.credit_minor
    spend = max(0, order.cash_minor - order.refunded_minor)
    return Counted(spend, int(is_left), points_minor, order.currency)


def tier_of(turn: Turn) -> str | None:
    """Return the id of the tier the contact has now, whether or not a job has looked; None: none."""
    tiers = turn.program.tiers
    if tiers is None or not turn.contact.is_member:
        return None
    standing = _kept(turn)
    end = decides_at(tiers, standing)
    if tiers.level(standing.tier) is not None and (end is None or end > turn.now):
        return standing.tier
    if standing == TierStanding():
        return None  # nothing was reached so far: only an order, or a new program, can change that
    return _settled(turn, tiers)[0].tier


def benefits_in(turn: Turn) -> Benefits:
    """Return what the contact's tier is good for now."""
    return benefits_of(turn.program.tiers, tier_of(turn), local_date(turn.now, turn.contact.zone))


def standing_in(turn: Turn) -> Progress | None:
    """Return how far the contact is, and what is missing; None: there are no tiers."""
    tiers = turn.program.tiers
    if tiers is None:
        return None
    if not turn.contact.is_member:
        return progress(tiers, TierStanding(), turn.contact.zone, turn.now, _Nothing())
    kept, zone, now = _kept(turn), turn.contact.zone, turn.now
    totals = _totals(turn, tiers, kept)
    standing, _ = settle(tiers, kept, zone, now, totals)
    if standing is not kept:
        totals = _totals(turn, tiers, standing)
    return progress(tiers, standing, zone, now, totals)


def look(turn: Turn) -> None:
    """Do what the clock has made due: end a period, raise to what is earned, warn who may lose a tier."""
    tiers = turn.program.tiers
    if tiers is None or not turn.contact.is_member:
        _forget(turn)
        return
    standing, steps = _settled(turn, tiers)
    totals = _totals(turn, tiers, standing)
    standing, warned = warn(tiers, standing, turn.now, totals, clock=turn.program.notices.at)
    _record(turn, tiers, standing, (*steps, *warned))


def order_changed(turn: Turn, placed_at: datetime, before: Counted, after: Counted) -> None:
    """Follow an order that this turn records or changes: a tier is reached at once, and never lost here.

    Ask before the order's own credit is granted where the tier of before shall count for it.
    """
    tiers = turn.program.tiers
    if tiers is None or not turn.contact.is_member:
        return
    standing, steps = _settled(turn, tiers)
    zone, window = turn.contact.zone, to_reach(tiers, turn.contact.zone, turn.now)
    was = _totals(turn, tiers, standing)[window]
    metric, currency = tiers.metric, turn.program.currency.code
    more = after.of(metric, currency) - before.of(metric, currency)
    total = was + (more if placed_at in window else 0)
    standing, risen = rise(tiers, standing, zone, turn.now, total)
    standing = _without_undeserved_gifts(turn, tiers, standing, was, total)
    _record(turn, tiers, standing, (*steps, *risen))


def needs_of(turn: Turn) -> tuple[str, ...]:
    """Return what `order_changed` will ask for, as far as it is known by now; see `Turn.need`."""
    tiers = turn.program.tiers
    if tiers is None or not turn.contact.is_member:
        return ()
    if f"standing/{TIER}" not in turn.snapshot.more:
        return (f"standing/{TIER}",)
    return (f"bought/{_asked(turn, tiers, windows(tiers, _kept(turn), turn.contact.zone, turn.now))}",)


def tier_values(turn: Turn) -> dict[str, object]:
    """Give the contact's tier the names that texts use; amounts are in minor units, or orders."""
    told = standing_in(turn)
    if told is None:
        return dict.fromkeys(NAMES)
    benefits = benefits_in(turn)
    return {
        "id": told.level.id if told.level else None,
        "name": _name(turn, told.level),
        "next": _name(turn, told.next_level),
        "to_next": told.to_next,
        "total": told.total,
        "counts": turn.program.tiers.metric.value if turn.program.tiers else None,
        "to_keep": told.to_keep,
        "keep_by": told.keep_by,
        "until": told.secure_until,
        "multiplier": _plainly(float(benefits.multiplier)),
        "early_hours": int(benefits.early_access.total_seconds() // 3600),
    }


NAMES = frozenset(
    {
        "id",
        "name",
        "next",
        "to_next",
        "total",
        "counts",
        "to_keep",
        "keep_by",
        "until",
        "multiplier",
        "early_hours",
    }
)
"""What texts may name of `tier`."""


class _Nothing(dict[Window, int]):
    """Totals of somebody who bought nothing that counts."""

    def __missing__(self, window: Window) -> int:
        return 0


def _kept(turn: Turn) -> TierStanding:
    """Return the tier as this turn or an earlier one left it."""
    kept = turn.effects.kept.get(("standing", TIER), ...)
    standing = turn.needed("standing", TIER) if kept is ... else kept
    assert standing is None or isinstance(standing, Standing)
    return _read(standing)


def _settled(turn: Turn, tiers: Tiers) -> tuple[TierStanding, tuple[Step, ...]]:
    standing = _kept(turn)
    return settle(tiers, standing, turn.contact.zone, turn.now, _totals(turn, tiers, standing))


def _totals(turn: Turn, tiers: Tiers, standing: TierStanding) -> Mapping[Window, int]:
    """Read what was bought in each window that is asked for, as it was before this turn."""
    asked = windows(tiers, standing, turn.contact.zone, turn.now)
    found = turn.needed("bought", _asked(turn, tiers, asked))
    assert isinstance(found, tuple)
    return dict(zip(asked, found, strict=True))


def _asked(turn: Turn, tiers: Tiers, asked: Iterable[Window]) -> str:
    written = ",".join(f"{microseconds(one.since_at)}-{microseconds(one.until_at)}" for one in asked)
    return f"{tiers.metric}/{turn.program.currency.code}:{written}"


def _record(turn: Turn, tiers: Tiers, standing: TierStanding, steps: tuple[Step, ...]) -> None:
    """Keep a standing that has changed, let flows hear of it, and give what reaching a tier gives."""
    for step in steps:
        facts = _facts(turn, tiers, step)
        if step.change is Change.REACHED:
            standing, gift_minor = _with_gift(turn, tiers, standing, step)
            turn.track("Tier Reached", {**facts, "gift": gift_minor})
        elif step.change is Change.LOST:
            turn.track("Tier Lost", facts)
        elif step.change is Change.AT_RISK:
            turn.track("Tier At Risk", facts)
        else:
            turn.track("Tier Kept", facts)
    look_at = looks_at(tiers, standing, turn.program.notices.at)
    before = turn.needed("standing", TIER)
    if standing != _kept(turn) or (isinstance(before, Standing) and before.look_at != look_at):
        turn.keep("standing", TIER, _written(standing, turn.now, look_at))


def _facts(turn: Turn, tiers: Tiers, step: Step) -> dict[str, JsonValue]:
    """What flows may name of a change as `event.…`."""
    after, before = tiers.level(step.after), tiers.level(step.before)
    benefits = benefits_of(tiers, step.after, local_date(turn.now, turn.contact.zone))
    return {
        "tier": step.after,
        "tier_name": _name(turn, after),
        "before": step.before,
        "before_name": _name(turn, before),
        "missing": step.missing,
        "keep_by": step.keep_by.isoformat() if step.keep_by else None,
        "multiplier": _plainly(float(benefits.multiplier)),
        "early_hours": int(benefits.early_access.total_seconds() // 3600),
    }


def _with_gift(turn: Turn, tiers: Tiers, standing: TierStanding, step: Step) -> tuple[TierStanding, int]:
    """Give a tier's gift, once in a life: pending as long as what reached it can be returned."""
    level = tiers.level(step.after)
    if level is None or level.gift_minor is None or level.id in standing.gifts:
        return standing, 0
    program, zone = turn.program, turn.contact.zone
    terms = program.played_terms(turn.now + program.earning.pending, zone, None)
    grant = Grant(level.gift_minor, terms, "promotional", TIER, turn.shop.program_policy)
    key = f"tier/{level.id}/{microseconds(turn.now)}"
    entry = turn.books.earn(grant, turn.now, Cause(key, "system", source_type=TIER, source_id=level.id))
    turn.track("Credit Granted", {"amount": level.gift_minor, "why": TIER})
    return replace(standing, gifts={**standing.gifts, level.id: entry.id}), level.gift_minor


def _without_undeserved_gifts(
    turn: Turn, tiers: Tiers, standing: TierStanding, was: int, total: int
) -> TierStanding:
    """Take back gifts that are still pending where giving an order back undid what reached their tier."""
    gifts = dict(standing.gifts)
    for tier, entry_id in standing.gifts.items():
        level = tiers.level(tier)
        if level is None or not total < level.threshold <= was:
            continue
        undoing = turn.needed("undoing", entry_id)
        if not isinstance(undoing, Undoing):
            continue
        lot_id = undoing.entry.draws[0].of_lot
        if lot_id not in turn.books.lots:
            raise NeedsMoreLots((lot_id,))
        lot = turn.books.lots[lot_id]
        if lot.active_from > turn.now and lot.pending_minor:
            cause = Cause(f"tier/back/{entry_id}", "system", source_type=TIER, source_id=tier)
            turn.books.claw_back(undoing, turn.now, cause)
            del gifts[tier]
    return replace(standing, gifts=gifts)


def _forget(turn: Turn) -> None:
    """Let no job look again where there are no tiers any more."""
    standing = turn.needed("standing", TIER)
    if isinstance(standing, Standing) and standing.look_at is not None:
        turn.keep("standing", TIER, replace(standing, look_at=None))


def _name(turn: Turn, level: Level | None) -> str | None:
    return turn.program.text(level.name, turn.contact.locale) if level else None


def _plainly(number: float) -> JsonValue:
    """A multiplier as it is said: 2, not 2.0."""
    return int(number) if number == int(number) else number


def _written(standing: TierStanding, now: datetime, look_at: datetime | None) -> Standing:
    return Standing(
        kind=TIER,
        value=standing.tier or "",
        since_at=standing.since_at or now,
        look_at=look_at,
        facts={
            "from": standing.from_on.isoformat() if standing.from_on else None,
            "until": standing.until_on.isoformat() if standing.until_on else None,
            "zone": standing.zone,
            "warned": standing.is_warned,
            "gifts": dict(standing.gifts),
        },
    )


def _read(standing: Standing | None) -> TierStanding:
    if standing is None:
        return TierStanding()
    facts = standing.facts
    gifts = facts.get("gifts")
    return TierStanding(
        tier=standing.value or None,
        since_at=standing.since_at if standing.value else None,
        from_on=_day(facts.get("from")),
        until_on=_day(facts.get("until")),
        zone=str(facts.get("zone") or "UTC"),
        is_warned=bool(facts.get("warned")),
        gifts={str(tier): str(entry) for tier, entry in gifts.items()} if isinstance(gifts, dict) else {},
    )


def _day(written: JsonValue) -> date | None:
    return date.fromisoformat(str(written)) if written else None
