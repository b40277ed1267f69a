"""What of a gain may be granted: limits of its rule, then caps on all rules together, then funds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.local_time import local_date
from bot.core.loyalty.earning import spread
from bot.core.loyalty.funds import Take, period_start
from bot.core.loyalty.gains import ORDER, Because, Gain, Limit, Past, Tally, Terms
from bot.core.loyalty.rules import EarningRule


def limited(
    gains: Sequence[Gain],
    rules: Mapping[str, EarningRule],
    terms: Terms,
    past: Past,
    take: Take,
    now: datetime,
) -> list[Gain]:
    """Cut gains to what each rule, then all of them together, then the funds allow."""
    allowed = [_within_rule(gain, rules[gain.rule], terms, past, now) for gain in gains]
    allowed = _within_caps(allowed, terms, past, now)
    return _within_funds(allowed, terms, take, now)


def _within_rule(gain: Gain, rule: EarningRule, terms: Terms, past: Past, now: datetime) -> Gain:
    for most in rule.most:
        since = period_start(most.per, now, terms.zone)
        before = Tally() if most.per == ORDER else past.granted(terms.wallet, rule.id, since)
        if most.times is not None and before.times >= most.times:
            gain = _cut(gain, 0, Because(Limit.TIMES, 0, most.per, most.times))
        elif most.credit_minor is not None and terms.is_own_currency:
            room = _points(most.credit_minor - before.granted_minor, terms)
            gain = _cut(gain, room, Because(Limit.CREDIT, 0, most.per, most.credit_minor))
    return gain


def _within_caps(gains: list[Gain], terms: Terms, past: Past, now: datetime) -> list[Gain]:
    granted = sum(gain.granted for gain in gains)
    if not granted:
        return gains
    tightest: tuple[int, Because] | None = None
    for cap in terms.caps:
        before = 0
        if cap.per != ORDER:
            before = past.granted(terms.wallet, None, period_start(cap.per, now, terms.zone)).granted_minor
        room = _points(cap.most_minor - before, terms)
        if tightest is None or room < tightest[0]:
            tightest = room, Because(Limit.CAP, 0, cap.per, cap.most_minor)
    if tightest is None or granted <= tightest[0]:
        return gains
    return _shared(gains, tightest[0], tightest[1], terms)


def _within_funds(gains: list[Gain], terms: Terms, take: Take, now: datetime) -> list[Gain]:
    for name in sorted({gain.fund for gain in gains if gain.fund and gain.granted}):
        fund = terms.funds[name]
        paying = [gain for gain in gains if gain.fund == name]
        wanted = sum(gain.granted for gain in paying)
        counter = fund.counter(name, local_date(now, terms.zone))
        got = take(counter, wanted, _points(fund.limit_minor, terms))
        if got < wanted:
            shared = _shared(paying, got, Because(Limit.FUND, 0, name, fund.limit_minor), terms)
            by_rule = {gain.rule: gain for gain in shared}
            gains = [by_rule.get(gain.rule, gain) for gain in gains]
    return gains


def _shared(gains: Sequence[Gain], room: int, because: Because, terms: Terms) -> list[Gain]:
    """Cut gains in proportion so that they sum to the room."""
    point = terms.point_minor
    parts = spread(room // point, [gain.granted // point for gain in gains])
    return [_cut(gain, part * point, because) for gain, part in zip(gains, parts, strict=True)]


def _cut(gain: Gain, room: int, because: Because) -> Gain:
    if gain.granted <= room:
        return gain
    why = replace(because, less_minor=gain.granted - room)
    return replace(gain, granted=room, because=(*gain.because, why))


def _points(minor: int, terms: Terms) -> int:
    return max(minor, 0) // terms.point_minor * terms.point_minor
