"""Figures and funnels worked out plainly from raw events: slow, and easy to believe."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path

from hypothesis import strategies as st

from bot.core.audiences.traits import Happened, Step, TraitKind, TraitRule, Window
from bot.core.audiences.where import ANY, where
from bot.core.contact import JsonValue

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
NAMES = ("Order Completed", "Page Viewed")
LENGTHS = (DAY, 2 * DAY, 3 * DAY)

# Ages lie on the edges of windows, or a microsecond to either side; some are of the future.
ages = st.builds(
    lambda days, off: days * DAY + off * MICROSECOND,
    st.integers(min_value=-1, max_value=7),
    st.integers(min_value=-1, max_value=1),
)
numbers: st.SearchStrategy[JsonValue] = st.one_of(
    st.integers(min_value=-3, max_value=40),
    st.sampled_from([0.1, 19.99, 0.000001, "12.50", "much", None, True]),
)
products: st.SearchStrategy[JsonValue] = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "category": st.sampled_from(["tea", "coffee"]),
            "sku": st.sampled_from(["T1", "C1"]),
            "price": numbers,
            "quantity": st.integers(min_value=1, max_value=3),
        },
    ),
    max_size=3,
)
properties: st.SearchStrategy[dict[str, JsonValue]] = st.fixed_dictionaries(
    {}, optional={"revenue": numbers, "plan": st.sampled_from(["free", "pro", 7]), "products": products}
)


def _event(number: int, name: str, age: timedelta, given: Mapping[str, JsonValue]) -> Happened:
    return Happened(f"{number:02}", name, NOW - age, given)


@st.composite
def lives(draw: st.DrawFn, size: int = 7) -> list[Happened]:
    """The events of a contact, in any order, some at the same instant."""
    parts = draw(st.lists(st.tuples(st.sampled_from(NAMES), ages, properties), max_size=size))
    events = [_event(number, name, age, given) for number, (name, age, given) in enumerate(parts)]
    return draw(st.permutations(events))


windows = st.one_of(
    st.none(),
    st.sampled_from(LENGTHS).map(Window),
    st.integers(min_value=0, max_value=1).map(lambda n: Window(LENGTHS[n + 1], LENGTHS[n])),
)
filters = st.sampled_from([ANY, where({"plan": "pro"}), where({"revenue": "> 10"})])


@st.composite
def rules(draw: st.DrawFn) -> TraitRule:
    """Figures of every kind but funnels."""
    kind = draw(st.sampled_from([kind for kind in TraitKind if kind is not TraitKind.FUNNEL]))
    per = draw(st.sampled_from([None, None, "category", "sku"]))
    path = draw(
        st.sampled_from(["price", "spent", "sku"] if per else ["revenue", "plan", "products.category"])
    )
    return TraitRule("t", kind, NAMES[0], draw(filters), path, per, draw(windows))


@st.composite
def funnels(draw: st.DrawFn) -> TraitRule:
    """Funnels of two to four steps, the first of which happens."""
    steps = [
        Step(
            draw(st.sampled_from(NAMES)),
            draw(st.sampled_from([ANY, ANY, where({"plan": "pro"})])),
            draw(st.one_of(st.none(), st.sampled_from(LENGTHS))) if number else None,
            draw(st.booleans()) if number else False,
        )
        for number in range(draw(st.integers(min_value=2, max_value=4)))
    ]
    window = draw(st.one_of(st.none(), st.sampled_from(LENGTHS).map(Window)))
    return TraitRule("f", TraitKind.FUNNEL, "", window=window, steps=tuple(steps))


def counts(rule: TraitRule, events: Sequence[Happened], now: datetime) -> list[Happened]:
    """The events that a rule takes as of now, oldest first."""
    window = rule.window or Window(timedelta.max)
    return sorted(
        (
            event
            for event in events
            if event.name in rule.events
            and rule.where.holds(event.properties)
            and window.ends <= now - event.at < window.begins
        ),
        key=lambda event: (event.at, event.id),
    )


def figure(rule: TraitRule, events: Sequence[Happened], now: datetime) -> object:
    """What a figure comes to; numbers as exact fractions."""
    taken = counts(rule, events, now)
    if rule.per is None:
        return _figure(rule, [(event.at, event.properties) for event in taken], now)
    groups: dict[str, list[tuple[datetime, dict[str, JsonValue]]]] = {}
    for event in taken:
        listed = event.properties.get("products")
        for product in listed if isinstance(listed, list) else []:
            assert isinstance(product, dict)
            if rule.per in product:
                groups.setdefault(str(product[rule.per]), []).append((event.at, product))
    found = {name: (_values(rule, items), _figure(rule, items, now)) for name, items in groups.items()}
    return {name: value for name, (values, value) in found.items() if values}


def _values(rule: TraitRule, items: Sequence[tuple[datetime, object]]) -> list[object]:
    if rule.kind in {TraitKind.COUNT, TraitKind.DAYS_SINCE}:
        return list(items)
    found: list[object] = []
    for _, given in items:
        assert isinstance(given, dict)
        if rule.path == "spent":
            price, quantity = as_number(given.get("price")), as_number(given.get("quantity", 1))
            found += [] if price is None or quantity is None else [price * quantity]
        elif rule.path == "products.category":
            found += [one["category"] for one in given.get("products", []) if "category" in one]
        elif given.get(rule.path) is not None:
            found.append(given[rule.path])
    if rule.kind in {TraitKind.SUM, TraitKind.AVERAGE, TraitKind.MIN, TraitKind.MAX}:
        return [number for value in found if (number := as_number(value)) is not None]
    return found


def as_number(value: object) -> Fraction | None:
    """A number exactly as it was written."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return Fraction(str(value))
    except ValueError:
        return None


def _figure(rule: TraitRule, items: Sequence[tuple[datetime, object]], now: datetime) -> object:
    values = _values(rule, items)
    numbers = [value for value in values if isinstance(value, Fraction)]
    written = [shown(value) for value in values]
    match rule.kind:
        case TraitKind.COUNT:
            return len(items)
        case TraitKind.SUM:
            return sum(numbers, Fraction())
        case TraitKind.AVERAGE:
            return sum(numbers, Fraction()) / len(numbers) if numbers else None
        case TraitKind.MIN:
            return min(numbers, default=None)
        case TraitKind.MAX:
            return max(numbers, default=None)
        case TraitKind.FIRST:
            return values[0] if values else None
        case TraitKind.LAST:
            return values[-1] if values else None
        case TraitKind.UNIQUE_LIST:
            return sorted(set(written))
        case TraitKind.UNIQUE_COUNT:
            return len(set(written))
        case TraitKind.DAYS_SINCE:
            return max((now - at) // timedelta(days=1) * -1 for at, _ in items) * -1 if items else None
    often = Counter(written)
    most = max(often.values(), default=0)
    return min(name for name in often if often[name] == most) if most > 1 else None


def shown(value: object) -> str:
    """A value as a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return str(value.numerator if value.denominator == 1 else float(value))
    return str(value)


def passed(rule: TraitRule, events: Sequence[Happened], now: datetime) -> bool:
    """Whether somebody came through a funnel: every choice of events for its steps is tried."""
    taken = counts(rule, events, now)
    happening = [number for number, step in enumerate(rule.steps) if not step.is_absent]
    return any(
        _is_chain(rule.steps, dict(zip(happening, chain, strict=True)), taken, now)
        for chain in combinations(range(len(taken)), len(happening))
    )


def _is_chain(
    steps: Sequence[Step], chain: dict[int, int], events: Sequence[Happened], now: datetime
) -> bool:
    before = 0
    for number, step in enumerate(steps):
        if not step.is_absent:
            event = events[chain[number]]
            if not _fits(step, event):
                return False
            if number and step.within is not None and event.at - events[before].at >= step.within:
                return False
            before = chain[number]
            continue
        following = min((at for later, at in chain.items() if later > number), default=len(events))
        is_last = following == len(events)
        since = events[before].at
        if is_last and step.within is not None and now < since + step.within:
            return False
        for event in events[before + 1 : following]:
            if _fits(step, event) and (step.within is None or event.at - since < step.within):
                return False
    return True


def _fits(step: Step, event: Happened) -> bool:
    return event.name == step.event and step.where.holds(event.properties)


def mistakes(file: str) -> list[list[str]]:
    """What is written and what is said of it, from a file with a blank line between cases."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    return [case.rstrip("\n").split("\n→ ") for case in text.split("\n\n")]
