"""Insights put into words, tables and charts: the same sections for a terminal and for a page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.core.contact import Product
from bot.core.experiments.intervals import FEWEST, Interval
from bot.core.loyalty.fields import Currency
from bot.core.money import money
from bot.insights.charts import COLOURS, Line, Mark, curves, intervals
from bot.insights.control import Control
from bot.insights.report import UPLIFT_DAYS, WATCHED_MIN, Insights
from bot.insights.survival import Curve, Quantile
from bot.insights.worth import Compared, Uplift, Value

_PAIRS_SHOWN = 15
_TOO_FEW = "too few to say"
_TOO_FEW_NOTE = f"Too few to say: fewer than {FEWEST} in a group, or hardly anybody who did it."


@dataclass(frozen=True, slots=True)
class Section:
    """An insight: what it is, of which time, its figures, and its chart (empty: none) as SVG."""

    title: str
    definition: str
    period: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    chart: str = ""


def sections(found: Insights, products: Mapping[str, Product], currency: Currency) -> list[Section]:
    """All sections, in the order in which they are read."""
    cash = in_cash(currency)
    since, until = found.period.since, found.period.until
    period = f"{since:%Y-%m-%d} to {until:%Y-%m-%d} ({(until - since).days} days)"
    return [
        _again(found, period),
        _pairs(found, products, period),
        _value(found.value, period, cash),
        _uplift(found.uplifts, period, cash),
        of_control(found.control, cash),
    ]


def in_cash(currency: Currency) -> Callable[[float], str]:
    """What writes minor units down."""
    return lambda minor: money(round(minor), currency.code, currency.exponent, "en")


def _again(found: Insights, period: str) -> Section:
    shown = found.again[: len(COLOURS)]
    end = max((one.steps[-1].day for _, one in shown if one.steps), default=1)
    lines = [
        Line(name, [(s.day, 1 - s.share, 1 - s.high, 1 - s.low) for s in one.steps]) for name, one in shown
    ]
    notes = []
    if found.too_few:
        notes.append(f"Fewer than {WATCHED_MIN} buyers, left out: {', '.join(found.too_few)}.")
    if len(found.again) > len(shown):
        notes.append(f"The chart shows the {len(shown)} categories with the most buyers.")
    return Section(
        title="Time between purchases, by category",
        definition=(
            "Days from a buyer's first purchase of a category in the period to the next of the same category."
            " Who has not bought again yet counts for as long as was watched (Kaplan-Meier). One gap for each"
            " buyer; purchases on one day are one. Intervals are of 95 %."
        ),
        period=period,
        headings=("category", "buyers", "bought again", "half of them by", "between", "again in 30 days"),
        rows=tuple(_again_row(name, one) for name, one in found.again),
        notes=tuple(notes),
        chart=curves(lines, end, title="Share who bought again, by days since", across="days since")
        if shown
        else "",
    )


def _again_row(name: str, one: Curve) -> tuple[str, ...]:
    median, month = one.median, one.by(30)
    return (
        name,
        str(one.watched),
        str(one.happened),
        _days(median.day),
        _between(median),
        f"{1 - month.share:.0%} ({1 - month.high:.0%} to {1 - month.low:.0%})",
    )


def _days(day: int | None) -> str:
    return "not yet" if day is None else f"{day} days"


def _between(median: Quantile) -> str:
    high = "later" if median.high is None else str(median.high)
    return f"{median.low} to {high} days" if median.low is not None else "later"


def _pairs(found: Insights, products: Mapping[str, Product], period: str) -> Section:
    def name(sku: str) -> str:
        return products[sku].name if sku in products else sku

    shown = found.pairs[:_PAIRS_SHOWN]
    marks = [
        Mark(
            f"{name(one.one)} + {name(one.other)}", one.lift, one.lift_low, one.lift, f"{one.lift:.1f} times"
        )
        for one in shown
    ]
    notes = [f"{len(found.doubts)} more pairs are bought together, but something else explains it."]
    return Section(
        title="Products that belong together",
        definition=(
            "How many times oftener two products are in one basket than if they had nothing to do with each"
            " other; at least: in nineteen of twenty samples. The same basket of one buyer counts once. Big"
            " baskets, habits, chance (at most 5 % of all pairs are false) and last summer explain none."
        ),
        period=period,
        headings=("pair", "times", "oftener", "at least", "buys the other too"),
        rows=tuple(
            (
                f"{name(one.one)} + {name(one.other)}",
                str(one.together),
                f"{one.lift:.1f}",
                f"{one.lift_low:.1f}",
                f"{one.with_one:.0%}, {one.with_other:.0%}",
            )
            for one in shown
        ),
        notes=tuple(notes) if found.doubts else (),
        chart=intervals(marks, title="How many times oftener than by chance", zero=1.0) if marks else "",
    )


def _value(value: Value, period: str, cash: Callable[[float], str]) -> Section:
    one, other = value.cash, value.orders
    notes = ["Members chose to be members: this says what they are worth, not what joining made of them."]
    if value.too_new:
        notes.append(f"{value.too_new} buyers whose {value.days} days are not over are left out.")
    notes += _too_few([one, other])
    return Section(
        title="What members are worth beside others",
        definition=(
            f"Cash paid less cash given back, in the {value.days} days from a buyer's first order of the"
            " period, that order included. A member is who was one before that order. Intervals of the"
            " difference are of 95 % (Welch)."
        ),
        period=period,
        headings=("", "members", "others", "difference", "between"),
        rows=(
            _counts("buyers", one),
            _row("cash each", one, cash),
            _row("orders each", other, lambda at: f"{at:.2f}"),
        ),
        notes=tuple(notes),
        chart=_both("Cash for each buyer", one, ("members", "others"), cash),
    )


def _uplift(found: tuple[Uplift, ...], period: str, cash: Callable[[float], str]) -> Section:
    rows: list[tuple[str, ...]] = []
    marks: list[Mark] = []
    for one in found:
        rows += [
            (one.experiment, *_counts("people", one.redeemed)),
            (
                "",
                *_row("redeemed credit", one.redeemed, lambda at: f"{at:.1%}", apart=lambda at: f"{at:+.1%}"),
            ),
            ("", *_row("cash each", one.cash, cash)),
        ]
        apart = one.redeemed.difference
        if apart is not None:
            marks.append(
                Mark(one.experiment, apart.estimate, apart.low, apart.high, f"{apart.estimate:+.1%}")
            )
    notes = []
    if not found:
        notes.append(
            "Nobody was kept out of an experiment in this time: one with a holdout does that"
            " (experiments.md)."
        )
    notes += _too_few([each for one in found for each in (one.redeemed, one.cash)])
    return Section(
        title="What people redeem who were not kept out",
        definition=(
            "Of contacts who met an experiment that keeps some out (a holdout): how many redeemed credit, and"
            f" what they paid, in the {found[0].days if found else UPLIFT_DAYS} days from then; beside those"
            " who were kept out by lot. Intervals are of 95 % (Agresti-Caffo, Welch), right when looked at"
            " once."
        ),
        period=period,
        headings=("experiment", "", "met it", "kept out", "difference", "between"),
        rows=tuple(rows),
        notes=tuple(notes),
        chart=intervals(marks, title="How many more redeemed credit", zero=0.0) if marks else "",
    )


def of_control(found: Control | None, cash: Callable[[float], str]) -> Section:
    """What marketing brings: who is not held back from it beside who is."""
    title = "What marketing brings, beside the control group"
    definition = (
        "Of all contacts known before the period: those whom policy.yaml's `control_group` holds back from"
        " every journey of marketing, beside as many who are not, both by lot. Intervals are of 95 %"
        " (Agresti-Caffo for shares, Welch for the rest), right when looked at once."
    )
    if found is None:
        nobody = "Nobody is held back: write `control_group: {share: 5%}` into policy.yaml (entry.md)."
        return Section(title, definition, "", (), (), (nobody,))
    since, until = found.period.since, found.period.until
    shares = (
        ("ordered", found.ordered),
        ("redeemed credit", found.redeemed),
        ("opted out", found.opted_out),
    )
    rows = (
        _counts("people", found.ordered),
        *(_row(label, both, lambda at: f"{at:.1%}", apart=lambda at: f"{at:+.1%}") for label, both in shares),
        _row("orders each", found.orders, lambda at: f"{at:.3f}", apart=lambda at: f"{at:+.3f}"),
        _row("cash each", found.cash, cash),
    )
    notes = _too_few([both for _, both in shares] + [found.orders, found.cash])
    marks = [
        Mark(label, apart.estimate, apart.low, apart.high, f"{apart.estimate:+.1%}")
        for label, both in shares
        if (apart := both.difference) is not None
    ]
    if found.is_blocked:
        lost = "Nothing can be compared: people are lost on one side (both should be as many)."
        rows, notes, marks = tuple((*row[:3], "", "") for row in rows), [lost], []
    return Section(
        title=title,
        definition=definition,
        period=f"{since:%Y-%m-%d} to {until:%Y-%m-%d} ({(until - since).days} days)",
        headings=("", "not held back", "held back", "difference", "between"),
        rows=rows,
        notes=tuple(notes),
        chart=intervals(marks, title="How many more did, of who is not held back", zero=0.0) if marks else "",
    )


def _too_few(compared: Iterable[Compared]) -> list[str]:
    return [_TOO_FEW_NOTE] if any(one.difference is None for one in compared) else []


def _counts(label: str, both: Compared) -> tuple[str, ...]:
    return label, f"{both.one.contacts:,}", f"{both.other.contacts:,}", "", ""


def _row(
    label: str,
    both: Compared,
    write: Callable[[float], str],
    *,
    apart: Callable[[float], str] | None = None,
) -> tuple[str, ...]:
    said = _apart(both.difference, apart or write)
    one, other = (write(group.mean) if group.contacts else "" for group in (both.one, both.other))
    return label, one, other, *said


def _apart(difference: Interval | None, write: Callable[[float], str]) -> tuple[str, str]:
    if difference is None:
        return "", _TOO_FEW
    return write(difference.estimate), f"{write(difference.low)} to {write(difference.high)}"


def _both(title: str, both: Compared, names: tuple[str, str], write: Callable[[float], str]) -> str:
    """Each mean with its own interval; that of the difference is in the table."""
    marks = []
    for name, group in zip(names, (both.one, both.other), strict=True):
        if group.contacts >= FEWEST:
            error = 1.96 * (group.variance / group.contacts) ** 0.5
            marks.append(Mark(name, group.mean, group.mean - error, group.mean + error, write(group.mean)))
    return intervals(marks, title=title) if len(marks) > 1 else ""  # one alone is beside nothing
