"""What is unwise in a program that can be read: rules that never count, costs without an end, silence.

Each finding stands at a path of the program as it is written, with its seasons joined to it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from bot.core.loyalty.eligibility import Eligibility, Lasting
from bot.core.loyalty.program import Problem, Program
from bot.core.loyalty.prudent_offers import unwise_offers, unwise_rebates
from bot.core.loyalty.prudent_play import unwise_play
from bot.core.loyalty.rules import MULTIPLIER_MAX, Earning, EarningRule
from bot.core.loyalty.tiers import Metric, Tiers, benefits_of

_RULES = ("earning", "rules")


@dataclass(frozen=True, slots=True)
class Told:
    """What the shop's flows tell members of: whether of credit that ends, and which events they hear."""

    endings: bool
    events: frozenset[str]


def findings(program: Program, today: date, told: Told | None = None) -> tuple[Problem, ...]:
    """Return what is unwise; `told` is None where the flows are not known."""
    found = [problem for look in _LOOKS for problem in look(program, today)]
    return (*found, *(_silence(program, today, told) if told is not None else ()))


def _numbered(earning: Earning) -> Iterator[tuple[tuple[str | int, ...], EarningRule]]:
    """Rules with their paths; the one that `rate:` stands for is at its own place."""
    for number, rule in enumerate(earning.rules):
        is_short = number == len(earning.rules) - 1 and earning.rate > 0
        yield (("earning", "rate") if is_short else (*_RULES, number)), rule


# Contradictions


def _over(program: Program, today: date) -> Iterator[Problem]:
    """What has ended is only in the way."""
    benefits: list[tuple[tuple[str | int, ...], str, Lasting]] = [
        *((path, f"rule '{rule.id}'", rule) for path, rule in _numbered(program.earning)),
        *(
            (("earning", "cards", number), f"card '{card.id}'", card)
            for number, card in enumerate(program.earning.cards)
        ),
    ]
    for path, what, benefit in benefits:
        if benefit.until_on is not None and benefit.until_on < today:
            yield Problem(path, f"{what} ended on {benefit.until_on}", "take it out, or let it last longer")


def _never_counts(program: Program, _: date) -> Iterator[Problem]:
    """Rules that can never be the one that counts."""
    earning = program.earning
    rates = [rule for rule in earning.rules if rule.rate is not None]
    for path, rule in _numbered(earning):
        if rule.multiplier is not None and not any(
            rate.overlaps(rule) and _may_meet(rate, rule) for rate in rates
        ):
            yield Problem(
                path, f"rule '{rule.id}' multiplies nothing", "write a `rate` that lasts while it does"
            )
        if rule.whom.first_order and rule.repeat is not None:
            yield Problem(
                path,
                f"rule '{rule.id}' is for first orders and for repeated ones",
                "take out `first_order` or `repeat`",
            )
        unknown = _unknown_tiers(rule.whom, program.tiers)
        if unknown:
            yield Problem(path, f"no tier is called '{unknown[0]}'", "name one of `tiers:`, or take it out")
        better = next((other for _, other in _numbered(earning) if _outdoes(other, rule)), None)
        if better is not None:
            yield Problem(
                path,
                f"rule '{rule.id}' never counts: '{better.id}' of its group gives as much or more",
                "let one of them go, or put them in groups of their own",
            )


def _outdoes(other: EarningRule, rule: EarningRule) -> bool:
    """Whether the other of a group always counts instead of the rule."""
    if other is rule or rule.group is None or other.group != rule.group:
        return False
    given, less = (other.rate, rule.rate) if rule.rate is not None else (other.multiplier, rule.multiplier)
    if given is None or less is None or (given, rule.id) < (less, other.id):
        return False
    return (
        other.covers(rule)
        and other.whom in (Eligibility(), rule.whom)
        and (other.is_for_all_lines or (other.sku, other.category) == (rule.sku, rule.category))
        and not (other.source or other.repeat or other.at_least_minor)
    )


def _may_meet(one: EarningRule, other: EarningRule) -> bool:
    """Whether both may count for one line."""
    if one.is_for_all_lines or other.is_for_all_lines or one.sku or other.sku:
        return True
    return bool(set(one.category) & set(other.category))


def _unknown_tiers(whom: Eligibility, tiers: Tiers | None) -> list[str]:
    return [tier for tier in whom.tier if tiers is None or tiers.level(tier) is None]


def _unreachable_tiers(program: Program, today: date) -> Iterator[Problem]:
    """Tiers that nobody can come to."""
    tiers = program.tiers
    if tiers is None:
        return
    most = _most_points(program, tiers)
    for number, level in enumerate(tiers.levels):
        path = ("tiers", "levels", number)
        if level.until_on is not None and level.until_on < today:
            yield Problem(
                path, f"the tier '{level.id}' could be reached until {level.until_on}", "take out its `until`"
            )
        if most is not None and tiers.metric is Metric.POINTS and level.threshold > most:
            yield Problem(
                path,
                f"nobody can reach '{level.id}': caps let a member earn less than its points",
                "let the caps be higher, or its points lower",
            )


def _most_points(program: Program, tiers: Tiers) -> int | None:
    """The most points that caps let a member earn in the time that counts; None: no cap says."""
    caps = [cap.most_minor for cap in program.earning.caps if cap.per == "member"]
    if tiers.per == "year":
        caps += [cap.most_minor for cap in program.earning.caps if cap.per == "year"]
    return min(caps, default=None)


# Costs


def _unbounded(program: Program, today: date) -> Iterator[Problem]:
    """What may be earned without an end."""
    for path, rule in _numbered(program.earning):
        if rule.until_on is not None and rule.until_on < today:
            continue
        bounded = bool(rule.most) or rule.fund is not None
        if rule.event is not None and not bounded and rule.proof is None:
            yield Problem(
                path,
                f"rule '{rule.id}' may be earned without end: nothing limits '{rule.event}'",
                "add `most`, a `proof`, or a `fund`",
            )
        fixed = rule.credit_minor is not None and rule.event is None
        if fixed and not (bounded or rule.each or rule.at_least_minor or rule.per_spent_minor):
            yield Problem(
                path,
                f"rule '{rule.id}' gives the same for every order, however small",
                "add `at_least`, `per_spent`, `most` or a `fund`",
            )
        if rule.until_on is not None and rule.multiplier is not None and not bounded:
            yield Problem(
                path,
                f"nothing bounds what rule '{rule.id}' may cost",
                "let a `fund` pay for it, or add `most`",
            )
        if rule.credit_minor is not None and not rule.each and rule.event is None:
            yield from _beyond_caps(program, path, rule)


def _beyond_caps(program: Program, path: tuple[str | int, ...], rule: EarningRule) -> Iterator[Problem]:
    most = min((cap.most_minor for cap in program.earning.caps), default=None)
    if most is not None and rule.credit_minor is not None and rule.credit_minor > most:
        yield Problem(
            path,
            f"rule '{rule.id}' gives more than the caps ever let through",
            "give less, or let the caps be higher",
        )


def _too_much(program: Program, today: date) -> Iterator[Problem]:
    """Multipliers that together go beyond what anybody means, and orders that earn more than they cost."""
    earning, tiers = program.earning, program.tiers
    standing = [*(level.id for level in tiers.levels)] if tiers is not None else []
    worst: tuple[Fraction, tuple[str, ...]] = (Fraction(1), ())
    dearest = Fraction(0)
    for day in _days(earning, today):
        for tier in (None, *standing):
            for sku, category in _things(earning):
                counting = [rule for rule in _meeting(earning, day, sku, category) if _for_tier(rule, tier)]
                factor, names = _factor(counting, earning.stacking)
                boost = benefits_of(tiers, tier, day).multiplier
                if boost > 1:
                    factor = factor * boost if earning.stacking == "multiplicative" else factor + boost - 1
                    names = (*names, f"tier {tier}")
                worst = max(worst, (factor, names))
                rate = sum((rule.rate for rule in counting if rule.rate is not None), Fraction(0))
                dearest = max(dearest, rate * factor)
    if worst[0] > MULTIPLIER_MAX:
        yield Problem(
            ("earning",),
            f"{' and '.join(worst[1])} multiply to {float(worst[0]):g} times, more than {MULTIPLIER_MAX}",
            "let them exclude one another with `group`, or stack `best_of`",
        )
    if dearest >= 1:
        yield Problem(
            ("earning",),
            f"an order may earn {float(dearest * 100):g}% of what is paid for it",
            "let rates, or what multiplies them, be lower",
        )


def _factor(rules: Sequence[EarningRule], stacking: str) -> tuple[Fraction, tuple[str, ...]]:
    best: dict[str, EarningRule] = {}
    for rule in rules:
        if rule.multiplier is not None:
            key = "" if stacking == "best_of" else f"group {rule.group}" if rule.group else f"rule {rule.id}"
            if key not in best or rule.multiplier > (best[key].multiplier or 0):
                best[key] = rule
    factor = Fraction(1)
    for rule in best.values():
        multiplier = rule.multiplier or Fraction(1)
        factor = factor * multiplier if stacking == "multiplicative" else factor + multiplier - 1
    return factor, tuple(rule.id for rule in best.values())


def _days(earning: Earning, today: date) -> list[date]:
    """Days from today on of which each stretch between two changes of the rules has one."""
    starts = {rule.from_on for rule in earning.rules if rule.from_on is not None and rule.from_on > today}
    return [today, *sorted(starts)]


def _things(earning: Earning) -> list[tuple[str, str]]:
    """A product of every kind that rules tell apart, and one that none names."""
    skus = {sku for rule in earning.rules for sku in rule.sku}
    categories = {category for rule in earning.rules for category in rule.category}
    return [("", ""), *((sku, "") for sku in sorted(skus)), *(("", name) for name in sorted(categories))]


def _meeting(earning: Earning, day: date, sku: str, category: str) -> list[EarningRule]:
    return [
        rule
        for rule in earning.rules
        if rule.event is None and rule.lasts(day) and rule.counts(sku, category)
    ]


def _for_tier(rule: EarningRule, tier: str | None) -> bool:
    return not rule.whom.tier or tier in rule.whom.tier


def _unused_funds(program: Program, _: date) -> Iterator[Problem]:
    used = set(_funds_in(program.model_dump(exclude={"funds"})))
    for name in program.funds:
        if name not in used:
            problem = f"the fund '{name}' pays for nothing"
            yield Problem(("funds", name), problem, "name it where it shall pay")


def _funds_in(written: object) -> Iterator[str]:
    """Every `fund` that is named anywhere."""
    parts = written.items() if isinstance(written, dict) else ()
    for name, part in parts:
        if name == "fund" and isinstance(part, str):
            yield part
    inside = [part for _, part in parts] if isinstance(written, dict) else written
    for part in inside if isinstance(inside, (list, tuple)) else ():
        yield from _funds_in(part)


# Silence


def _silence(program: Program, today: date, told: Told) -> Iterator[Problem]:
    """Credit that ends, and cards that are full, without a word to the member."""
    expiries = [program.expiry, *(rule.expiry for rule in program.earning.rules)]
    expiries += [program.welcome.expiry] if program.welcome is not None else []
    expiries += [one.expiry for one in program.currencies]
    ends = any(expiry is not None and expiry.expires_on(today) is not None for expiry in expiries)
    told_of = [program.notices, *(one.notices for one in program.currencies if one.notices is not None)]
    if ends and not all(notices.before for notices in told_of):
        yield Problem(
            ("notices",), "credit ends and nobody is told before", "say `before`, like [30d, 7d, 1d]"
        )
    if ends and not told.endings:
        yield Problem(
            ("expiry",), "credit ends, and no flow starts on `credit_expiring`", "write one, with `say`"
        )
    if program.rebates and "Rebate Granted" not in told.events:
        yield Problem(
            ("rebates",), "nobody hears what came back of an order", "let a flow start on `Rebate Granted`"
        )
    if program.earning.cards and "Card Completed" not in told.events:
        yield Problem(
            ("earning", "cards"), "nobody hears that a card is full", "let a flow start on `Card Completed`"
        )


_Look = Callable[[Program, date], Iterator[Problem]]
_LOOKS: Sequence[_Look] = (
    _over,
    _never_counts,
    _unreachable_tiers,
    _unbounded,
    _too_much,
    unwise_offers,
    unwise_rebates,
    unwise_play,
    _unused_funds,
)
