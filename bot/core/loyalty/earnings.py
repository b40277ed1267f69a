"""What an order or an event earns: by rule and by line, what it would have been, and why it is less.

Exact: rates are rationals, an order is floored once to whole points, parts are spread by largest
remainder, and the order in which rules stand in their file is moot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor, lcm

from bot.core.contact import Event, JsonValue
from bot.core.loyalty.earning import spread
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.funds import Take, period_start
from bot.core.loyalty.gains import MAIN, Because, Bought, Earnings, Gain, Limit, Past, Sale, SoldLine, Terms
from bot.core.loyalty.limits import limited
from bot.core.loyalty.rules import Base, EarningRule, Repeat
from bot.core.loyalty.stamps import Card, stamped


def paid_minor(line: SoldLine, base: Base) -> int:
    """Return what of a line counts as paid, as the program's switches say."""
    excluded = line.sku in base.except_sku or line.category in base.except_category
    switched = {"tax": base.tax, "shipping": base.shipping, "gift_card": base.gift_cards}
    if not line.earns or excluded or not switched.get(line.kind, True):
        return 0
    counted = line.gross_minor - (0 if base.tax or line.kind == "tax" else line.tax_minor)
    less = (0 if base.discounts else line.discount_minor) + (0 if base.credit else line.credit_minor)
    return max(counted - less, 0)


def earn_for_order(
    terms: Terms, sale: Sale, member: MemberFacts, past: Past, take: Take, now: datetime
) -> Earnings:
    """Return what an order earns by the rules and cards that last today.

    `take` takes from the counters of funds. Nothing is taken that is not granted.
    """
    paid = [paid_minor(line, terms.earning.base) for line in sale.lines]
    left_out: dict[str, str] = {}
    rules = []
    for rule in sorted(terms.earning.rules, key=lambda rule: rule.id):
        if rule.event is None:
            reason = _why_not(rule, terms, sale, paid, member)
            if reason is None:
                rules.append(rule)
            elif reason:
                left_out[rule.id] = reason
    exact = _exact(rules, terms, sale, paid, past, now)
    desired = _whole([sum(parts, Fraction(0)) for parts in exact.values()], terms.point_minor)
    gains = [
        Gain(rule.id, terms.wallet, amount, amount, fund=rule.fund or "", policy=rule.policy)
        for rule, amount in zip(rules, desired, strict=True)
        if amount
    ]
    by_id = {rule.id: rule for rule in rules}
    gains = limited(gains, by_id, terms, past, take, now)
    spread_out = [replace(gain, by_line=_by_line(gain.granted, exact[gain.rule])) for gain in gains]
    stamps = _stamps(terms, sale, paid, member, past, now) if terms.is_own_currency else []
    return Earnings((*spread_out, *stamps), sum(paid), left_out)


def earn_for_event(
    terms: Terms, event: Event, member: MemberFacts, past: Past, take: Take, now: datetime
) -> Earnings:
    """Return what an event earns; a rule that asks for a proof gives once for each, and never without one."""
    left_out: dict[str, str] = {}
    by_id: dict[str, EarningRule] = {}
    gains = []
    for rule in sorted(terms.earning.rules, key=lambda rule: rule.id):
        if rule.event != event.name or not rule.where.holds(event.properties):
            continue
        refusal = rule.refusal(member)
        proof = _proof(rule, event)
        if refusal is not None or proof is None:
            left_out[rule.id] = refusal.value if refusal is not None else Limit.PROOF.value
            continue
        if proof and past.is_proven(rule.id, proof):
            left_out[rule.id] = "proven_before"
            continue
        assert rule.credit_minor is not None, "an event earns a fixed amount"
        by_id[rule.id] = rule
        amount = rule.credit_minor // terms.point_minor * terms.point_minor
        gains.append(
            Gain(
                rule.id,
                MAIN,
                amount,
                amount,
                fund=rule.fund or "",
                policy=rule.policy,
                proof=proof,
            )
        )
    return Earnings(tuple(limited(gains, by_id, terms, past, take, now)), left_out=left_out)


# What it would be


def _why_not(
    rule: EarningRule, terms: Terms, sale: Sale, paid: Sequence[int], member: MemberFacts
) -> str | None:
    """Why a rule gives nothing for the order: None, it gives; empty, there is nothing to say about it."""
    if not rule.lasts(member.today):
        return ""
    counted = sum(
        amount for line, amount in zip(sale.lines, paid, strict=True) if rule.counts(line.sku, line.category)
    )
    if not counted:
        return ""
    refusal = rule.whom.refusal(member)
    if refusal is not None:
        return refusal.value
    if rule.source and sale.source not in rule.source:
        return "source"
    if not terms.is_own_currency and (
        rule.credit_minor is not None or rule.fund is not None or rule.at_least_minor is not None
    ):
        return "currency"
    if rule.at_least_minor is not None and counted < rule.at_least_minor:
        return "at_least"
    return None


def _exact(
    rules: Sequence[EarningRule],
    terms: Terms,
    sale: Sale,
    paid: Sequence[int],
    past: Past,
    now: datetime,
) -> dict[str, list[Fraction]]:
    """What each rule gives for each line, before anything is floored."""
    counted = {rule.id: _counted(rule, sale, paid, past, now) for rule in rules}
    exact: dict[str, list[Fraction]] = {}
    rates = [rule for rule in rules if rule.rate is not None]
    multipliers = [rule for rule in rules if rule.multiplier is not None]
    for rule in rules:
        if rule.rate is not None:
            exact[rule.id] = [rule.rate * amount for amount in counted[rule.id]]
        elif rule.credit_minor is not None:
            exact[rule.id] = _fixed(rule, sale, counted[rule.id])
        else:
            exact[rule.id] = [Fraction(0)] * len(sale.lines)
    for index in range(len(sale.lines)):
        _keep_best_of_groups(rates, exact, index)
        given = sum((exact[rule.id][index] for rule in rates), Fraction(0))
        applying = [rule for rule in multipliers if given and counted[rule.id][index]]
        for rule_id, factor in _factors(applying, terms.earning.stacking).items():
            exact[rule_id][index] = given * factor
    return exact


def _counted(
    rule: EarningRule, sale: Sale, paid: Sequence[int], past: Past, now: datetime
) -> tuple[int, ...]:
    """What of each line counts for the rule."""
    counted = tuple(
        amount if rule.counts(line.sku, line.category) else 0
        for line, amount in zip(sale.lines, paid, strict=True)
    )
    if rule.repeat is None:
        return counted
    earlier = _earlier(rule.repeat, sale, past, now)
    return tuple(
        amount if amount and rule.repeat.fits(1 + _times(rule, line, earlier)) else 0
        for line, amount in zip(sale.lines, counted, strict=True)
    )


def _earlier(repeat: Repeat, sale: Sale, past: Past, now: datetime) -> list[Bought]:
    since = sale.placed_at - repeat.within
    # A day early, so that what is asked for does not change with the minute of the turn.
    found = past.bought(min(since, now - repeat.within).date() - timedelta(days=1))
    return [each for each in found if each.order_id != sale.id and since <= each.at <= sale.placed_at]


def _times(rule: EarningRule, line: SoldLine, earlier: Sequence[Bought]) -> int:
    """How many earlier orders had the same: what the rule names, or else the line's category."""
    skus, categories = set(rule.sku), set(rule.category)
    if rule.is_for_all_lines:
        categories = {line.category}
    return sum(1 for each in earlier if each.skus & skus or each.categories & categories)


def _fixed(rule: EarningRule, sale: Sale, counted: Sequence[int]) -> list[Fraction]:
    assert rule.credit_minor is not None, "a fixed credit"
    if rule.each:
        return [
            Fraction(rule.credit_minor * line.quantity if amount else 0)
            for line, amount in zip(sale.lines, counted, strict=True)
        ]
    whole = sum(counted)
    if not whole:
        return [Fraction(0)] * len(counted)
    times = whole // rule.per_spent_minor if rule.per_spent_minor is not None else 1
    return [Fraction(rule.credit_minor * times * amount, whole) for amount in counted]


def _keep_best_of_groups(
    rates: Sequence[EarningRule], exact: Mapping[str, list[Fraction]], index: int
) -> None:
    best: dict[str, EarningRule] = {}
    for rule in rates:
        if rule.group is not None:
            other = best.get(rule.group)
            if other is None or exact[rule.id][index] > exact[other.id][index]:
                best[rule.group] = rule
    for rule in rates:
        if rule.group is not None and best[rule.group] is not rule:
            exact[rule.id][index] = Fraction(0)


def _factors(applying: Sequence[EarningRule], stacking: str) -> dict[str, Fraction]:
    """What each multiplier adds to one of what the rates give."""
    best: dict[str, EarningRule] = {}
    for rule in applying:
        key = "" if stacking == "best_of" else f"group {rule.group}" if rule.group else f"rule {rule.id}"
        assert rule.multiplier is not None, "a multiplier"
        if key not in best or rule.multiplier > (best[key].multiplier or 0):
            best[key] = rule
    factors: dict[str, Fraction] = {}
    product = Fraction(1)
    for rule in sorted(best.values(), key=lambda rule: rule.id):
        assert rule.multiplier is not None, "a multiplier"
        factors[rule.id] = product * (rule.multiplier - 1)
        if stacking == "multiplicative":
            product *= rule.multiplier
    return factors


def _whole(exact: Sequence[Fraction], point_minor: int) -> list[int]:
    """Floor the sum to whole points, and give each its floor; what is left goes by largest remainder."""
    points = [amount / point_minor for amount in exact]
    whole = [floor(amount) for amount in points]
    left = floor(sum(points, Fraction(0))) - sum(whole)
    by_remainder = sorted(range(len(points)), key=lambda index: (whole[index] - points[index], index))
    for index in by_remainder[:left]:
        whole[index] += 1
    return [amount * point_minor for amount in whole]


def _by_line(granted: int, exact: Sequence[Fraction]) -> tuple[int, ...]:
    denominator = lcm(*(part.denominator for part in exact))
    return spread(granted, [int(part * denominator) for part in exact])


# Stamps and proofs


def _stamps(
    terms: Terms, sale: Sale, paid: Sequence[int], member: MemberFacts, past: Past, now: datetime
) -> list[Gain]:
    found = []
    for card in sorted(terms.earning.cards, key=lambda card: card.id):
        if card.refusal(member) is not None:
            continue
        items = [
            line.quantity if amount and line.kind == "product" and card.counts(line.sku, line.category) else 0
            for line, amount in zip(sale.lines, paid, strict=True)
        ]
        gain = _stamps_of(card, items, terms, past, now)
        if gain.desired:
            found.append(gain)
    return found


def _stamps_of(card: Card, items: Sequence[int], terms: Terms, past: Past, now: datetime) -> Gain:
    desired = sum(stamped(card, items))
    room: int | None = None
    because: tuple[Because, ...] = ()
    if card.most_a_day is not None and desired:
        before = past.granted(card.wallet, card.wallet, period_start("day", now, terms.zone)).granted_minor
        room = max(card.most_a_day - before, 0)
        if room < desired:
            because = (Because(Limit.TIMES, desired - room, "day", card.most_a_day),)
    by_line = stamped(card, items, room)
    granted = sum(by_line)
    return Gain(card.wallet, card.wallet, desired, granted, by_line, because, policy=card.policy)


def _proof(rule: EarningRule, event: Event) -> str | None:
    """What the event proves; empty for a rule that asks for none, None where it is missing."""
    if rule.proof is None:
        return ""
    value: JsonValue = dict(event.properties)
    for name in rule.proof.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return None if value is None or value == "" or isinstance(value, (dict, list)) else str(value)
