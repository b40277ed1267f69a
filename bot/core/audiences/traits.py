"""Computed traits: figures of one contact made of their events, right whatever order the events come in.

A state is made of events (`folded`) and states are added up (`merged`); all orders and groupings give the
same, so late events are as good as punctual ones. A window makes a state right only for a time: `good_until`
is when the oldest event in it leaves, or the next one comes in; from then on it has to be folded anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar, cast

from bot.core.audiences import funnel
from bot.core.audiences.amounts import MILLION, added, millionths, plain
from bot.core.audiences.rule import (
    NOTHING,
    NUMERIC,
    Happened,
    Step,
    TraitKind,
    TraitRule,
    TraitState,
    Window,
)
from bot.core.audiences.where import Scalar, leaves, told
from bot.core.contact import JsonValue

__all__ = [
    "COUNTS",
    "NOTHING",
    "NUMERIC",
    "WITH_COUNTS",
    "Happened",
    "Step",
    "TraitKind",
    "TraitRule",
    "TraitState",
    "Window",
    "amount",
    "cell_of",
    "comes_at",
    "first_of",
    "folded",
    "merged",
    "scalars",
    "value",
    "value_of",
]

VALUES_MAX = 1000
"""How many values, or values of `per`, one figure keeps apart: the first of the alphabet."""
TEXT_MAX = 500
"""What is longer is cut."""
SPENT = "spent"
"""A product's price times its quantity, where it says nothing of the name itself."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_TWICE = 2
_T = TypeVar("_T")

_Facts = Mapping[str, JsonValue]
COUNTS = "counts"
"""Under which name a state keeps how often there was each value."""
_COMES, _PER = "comes", "per"
WITH_COUNTS = frozenset({TraitKind.MOST_FREQUENT, TraitKind.UNIQUE_LIST, TraitKind.UNIQUE_COUNT})
_WITH_NUMBERS = frozenset({TraitKind.SUM, TraitKind.AVERAGE, TraitKind.MIN, TraitKind.MAX})
_WITH_ONE = frozenset({TraitKind.FIRST, TraitKind.LAST})


def folded(rule: TraitRule, events: Iterable[Happened], now: datetime) -> TraitState:
    """Make the state as of `now` from a contact's events, each once, in any order; others are passed over."""
    if rule.kind is TraitKind.FUNNEL:
        wanted = [event for event in events if funnel.mask(rule.steps, event)]
        inside, comes = _inside(rule.window, wanted, now)
        return _timed(rule, funnel.state(rule.steps, inside), comes)
    taken = [event for event in events if event.name == rule.event and rule.where.holds(event.properties)]
    inside, comes = _inside(rule.window, taken, now)
    state = _state(rule, inside) if rule.per is None else _state_per(rule, rule.per, inside)
    return _timed(rule, state, comes)


def merged(rule: TraitRule, one: TraitState, other: TraitState) -> TraitState:
    """Add up two states of different events; right while now is before `good_until` of both."""
    if not other.n and not other.facts:
        return one
    if not one.n and not one.facts:
        return other
    comes = _earlier(comes_at(one), comes_at(other))
    if rule.kind is TraitKind.FUNNEL:
        return _timed(rule, funnel.joined(one, other), comes)
    return _timed(rule, _joined(rule, one, other), comes)


def value(rule: TraitRule, state: TraitState, now: datetime) -> JsonValue:
    """Return the figure as texts and conditions see it; None where there is none."""
    if rule.kind is TraitKind.FUNNEL:
        return funnel.judged(rule, state, now, comes_at(state)).is_through
    if rule.per is not None:
        cells = cast("dict[str, list[JsonValue]]", state.facts.get(_PER, {}))
        return {name: value_of(rule.kind, _state_of(cell), now) for name, cell in cells.items()}
    return value_of(rule.kind, state, now)


def value_of(kind: TraitKind, state: TraitState, now: datetime) -> JsonValue:
    """Return what one figure comes to, be it alone or one of those kept apart; None where there is none."""
    match kind:
        case TraitKind.COUNT:
            return state.n
        case TraitKind.SUM:
            return plain(state.total)
        case TraitKind.AVERAGE:
            return plain(state.total, state.n) if state.n else None
        case TraitKind.MIN | TraitKind.MAX:
            return plain(cast("int", state.facts["value"])) if state.n else None
        case TraitKind.FIRST | TraitKind.LAST:
            return state.facts.get("value")
        case TraitKind.DAYS_SINCE:
            return None if state.last_at is None else (now - state.last_at) // _DAY
    counts = cast("dict[str, int]", state.facts.get(COUNTS, {}))
    if kind is TraitKind.UNIQUE_COUNT:
        return len(counts)
    if kind is TraitKind.UNIQUE_LIST:
        return list[JsonValue](sorted(counts))
    often = max(counts.values(), default=0)
    return min(name for name, count in counts.items() if count == often) if often >= _TWICE else None


def amount(kind: TraitKind, state: TraitState, now: datetime) -> tuple[int, int] | None:
    """Return a number exactly, in millionths and what to divide them by; None where there is none."""
    match kind:
        case TraitKind.COUNT:
            return state.n * MILLION, 1
        case TraitKind.SUM:
            return state.total, 1
        case TraitKind.AVERAGE:
            return (state.total, state.n) if state.n else None
        case _:
            found = millionths(value_of(kind, state, now))
            return None if found is None else (found, 1)


def cell_of(state: TraitState, name: str) -> TraitState:
    """Return one of the figures that are kept apart, like that of a category; good as long as all are."""
    cells = cast("dict[str, list[JsonValue]]", state.facts.get(_PER, {}))
    cell = _state_of(cells[name]) if name in cells else NOTHING
    comes = state.facts.get(_COMES)
    facts = cell.facts if comes is None else {**cell.facts, _COMES: comes}
    return TraitState(cell.n, cell.total, cell.first_at, cell.last_at, facts, state.good_until)


def comes_at(state: TraitState) -> datetime | None:
    """Return when the next event comes into a window that begins some time ago; None where none does."""
    comes = state.facts.get(_COMES)
    return _EPOCH + comes * _MICROSECOND if isinstance(comes, int) else None


# Making states


class _Item(NamedTuple):
    """What is counted: an event, or a product of one."""

    at: datetime
    id: str
    properties: Mapping[str, JsonValue]


def _inside(
    window: Window | None, events: Sequence[Happened], now: datetime
) -> tuple[list[Happened], datetime | None]:
    """Return the events whose age is right, and when the first of those comes that are too young."""
    ends = window.ends if window is not None else timedelta(0)
    inside: list[Happened] = []
    comes: datetime | None = None
    for event in events:
        age = now - event.at
        if age < ends:
            comes = _earlier(comes, event.at + ends)
        elif window is None or age < window.begins:
            inside.append(event)
    return inside, comes


def _timed(rule: TraitRule, state: TraitState, comes: datetime | None) -> TraitState:
    """Say until when a state is good, and when something comes in."""
    leaves_at = state.first_at + rule.window.begins if rule.window and state.first_at else None
    if leaves_at is None and comes is None:
        return state
    facts = state.facts if comes is None else {**state.facts, _COMES: _micros(comes)}
    good_until = _earlier(leaves_at, comes)
    return TraitState(state.n, state.total, state.first_at, state.last_at, facts, good_until)


def _state(rule: TraitRule, items: "Sequence[Happened | _Item]") -> TraitState:
    """Make the state of items, all of which count."""
    if not items:
        return NOTHING
    if rule.kind in _WITH_NUMBERS:
        return _of_numbers(rule, items)
    if rule.kind in _WITH_ONE:
        return _of_one(rule, items)
    if rule.kind in WITH_COUNTS:
        return _of_counts(rule, items)
    times = [item.at for item in items]
    return TraitState(len(items), 0, min(times), max(times))


def _of_numbers(rule: TraitRule, items: "Sequence[Happened | _Item]") -> TraitState:
    numbers, times = [], []
    for item in items:
        for leaf in _leaves(rule.path, item.properties):
            number = millionths(leaf)
            if number is not None:
                numbers.append(number)
                times.append(item.at)
    if not numbers:
        return NOTHING
    if rule.kind is TraitKind.MIN:
        return TraitState(len(numbers), 0, min(times), max(times), {"value": min(numbers)})
    if rule.kind is TraitKind.MAX:
        return TraitState(len(numbers), 0, min(times), max(times), {"value": max(numbers)})
    return TraitState(len(numbers), added(sum(numbers), 0), min(times), max(times))


def _of_one(rule: TraitRule, items: "Sequence[Happened | _Item]") -> TraitState:
    found = [
        (item.at, item.id, number, leaf)
        for item in items
        for number, leaf in enumerate(scalars(rule.path, item.properties))
    ]
    if not found:
        return NOTHING
    found.sort(key=lambda each: each[:3])
    at, event, _, leaf = found[0 if rule.kind is TraitKind.FIRST else -1]
    facts: _Facts = {"at": _micros(at), "id": event, "value": leaf}
    return TraitState(len(found), 0, found[0][0], found[-1][0], facts)


def _of_counts(rule: TraitRule, items: "Sequence[Happened | _Item]") -> TraitState:
    counts: dict[str, int] = {}
    times = []
    for item in items:
        for leaf in scalars(rule.path, item.properties):
            text = told(leaf)
            counts[text] = counts.get(text, 0) + 1
            times.append(item.at)
    if not times:
        return NOTHING
    n = sum(counts.values())
    return TraitState(n, 0, min(times), max(times), {COUNTS: dict(first_of(counts))})


def _state_per(rule: TraitRule, per: str, events: Sequence[Happened]) -> TraitState:
    groups: dict[str, list[_Item]] = {}
    for event in events:
        for product in _products(event.properties):
            for name in _named(per, product):
                groups.setdefault(name, []).append(_Item(event.at, event.id, product))
    whole = NOTHING
    cells: dict[str, JsonValue] = {}
    for name, items in groups.items():
        state = _state(rule, items)
        if state.n:
            cells[name] = _cell(state)
            whole = _spanned(whole, state)
    if not cells:
        return NOTHING
    return TraitState(whole.n, whole.total, whole.first_at, whole.last_at, {_PER: dict(first_of(cells))})


def _products(properties: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    products = properties.get("products")
    return [each for each in products if isinstance(each, dict)] if isinstance(products, list) else []


def _named(per: str, product: Mapping[str, JsonValue]) -> list[str]:
    """The values of a product that a figure is kept apart by; what has no SKU has an id in other systems."""
    names = scalars(per, product) or (scalars("product_id", product) if per == "sku" else [])
    return [told(name) for name in names]


def _leaves(path: str, properties: Mapping[str, JsonValue]) -> list[JsonValue]:
    if "." not in path:
        found = leaves(properties, (path,))
        return found if found or path != SPENT else _spent(properties)
    whole = tuple(path.split("."))
    if whole[-1] != SPENT:
        return leaves(properties, whole)
    each = [one for one in leaves(properties, whole[:-1]) if isinstance(one, dict)]
    return [leaf for product in each for leaf in _leaves(SPENT, product)]


def _spent(product: Mapping[str, JsonValue]) -> list[JsonValue]:
    price, quantity = millionths(product.get("price")), millionths(product.get("quantity", 1))
    return [] if price is None or quantity is None else [plain(price * quantity, MILLION)]


def scalars(path: str, properties: Mapping[str, JsonValue]) -> list[Scalar]:
    """Return the values that properties have at a path, those of lists each; what is too long is cut."""
    found = [leaf for leaf in _leaves(path, properties) if isinstance(leaf, (str, int, float))]
    return [leaf[:TEXT_MAX] if isinstance(leaf, str) else leaf for leaf in found]


# Adding them up


def _joined(rule: TraitRule, one: TraitState, other: TraitState) -> TraitState:
    both = _spanned(one, other)
    if rule.per is not None:
        cells = dict(cast("dict[str, list[JsonValue]]", one.facts.get(_PER, {})))
        for name, cell in cast("dict[str, list[JsonValue]]", other.facts.get(_PER, {})).items():
            there = cells.get(name)
            cells[name] = (
                cell if there is None else _cell(_joined_one(rule.kind, _state_of(there), _state_of(cell)))
            )
        return _with_facts(both, {_PER: dict(first_of(cells))} if cells else NOTHING.facts)
    return _joined_one(rule.kind, one, other)


def _joined_one(kind: TraitKind, one: TraitState, other: TraitState) -> TraitState:
    both = _spanned(one, other)
    if not both.n:
        return both
    if kind in WITH_COUNTS:
        counts = dict(cast("dict[str, int]", one.facts.get(COUNTS, {})))
        for name, count in cast("dict[str, int]", other.facts.get(COUNTS, {})).items():
            counts[name] = counts.get(name, 0) + count
        return _with_facts(both, {COUNTS: dict(first_of(counts))})
    if not one.n or not other.n:
        return _with_facts(both, _own(one.facts if one.n else other.facts))
    if kind in {TraitKind.MIN, TraitKind.MAX}:
        choose = min if kind is TraitKind.MIN else max
        found = choose(cast("int", one.facts["value"]), cast("int", other.facts["value"]))
        return _with_facts(both, {"value": found})
    if kind in _WITH_ONE:
        choose_one = min if kind is TraitKind.FIRST else max
        return _with_facts(both, _own(choose_one(one.facts, other.facts, key=_order)))
    return both


def _own(facts: _Facts) -> _Facts:
    return {name: fact for name, fact in facts.items() if name != _COMES}


def _order(facts: _Facts) -> tuple[int, str]:
    return cast("int", facts["at"]), cast("str", facts["id"])


def _spanned(one: TraitState, other: TraitState) -> TraitState:
    """Add up what all kinds have."""
    return TraitState(
        one.n + other.n,
        added(one.total, other.total),
        _earlier(one.first_at, other.first_at),
        one.last_at
        if other.last_at is None or (one.last_at or other.last_at) > other.last_at
        else other.last_at,
    )


def _with_facts(state: TraitState, facts: _Facts) -> TraitState:
    return TraitState(state.n, state.total, state.first_at, state.last_at, facts)


def first_of(values: "Mapping[str, _T]") -> "Iterable[tuple[str, _T]]":
    """The first of the alphabet: what falls out of a part falls out of the whole, in every order."""
    return values.items() if len(values) <= VALUES_MAX else sorted(values.items())[:VALUES_MAX]


def _cell(state: TraitState) -> list[JsonValue]:
    assert state.first_at is not None
    assert state.last_at is not None
    facts = dict(state.facts)
    return [state.n, state.total, _micros(state.first_at), _micros(state.last_at), facts]


def _state_of(cell: Sequence[JsonValue]) -> TraitState:
    n, total, first, last, facts = cell
    return TraitState(
        cast("int", n),
        cast("int", total),
        _EPOCH + cast("int", first) * _MICROSECOND,
        _EPOCH + cast("int", last) * _MICROSECOND,
        cast("_Facts", facts),
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
