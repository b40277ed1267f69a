"""Computed traits equal what raw events say, in whatever order and parts they come, at every instant."""

from datetime import timedelta
from fractions import Fraction

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.audiences.funnel import MARKS_MAX
from bot.core.audiences.traits import (
    NOTHING,
    VALUES_MAX,
    Happened,
    Step,
    TraitKind,
    TraitRule,
    TraitState,
    Window,
    amount,
    folded,
    merged,
    value,
)
from bot.core.contact import JsonValue
from tests.core.audiences.raw import (
    DAY,
    MICROSECOND,
    NAMES,
    NOW,
    figure,
    funnels,
    lives,
    passed,
    rules,
)

ALL = st.one_of(rules(), funnels())
LATER = st.integers(min_value=0, max_value=5 * 86400 * 10**6).map(lambda count: count * MICROSECOND)


def parts(events: list[Happened], cuts: list[int]) -> list[list[Happened]]:
    """The events in as many parts as there are numbers."""
    found: list[list[Happened]] = [[] for _ in range(max(cuts, default=0) + 1)]
    for number, event in enumerate(events):
        found[cuts[number % len(cuts)] if cuts else 0].append(event)
    return found


def like(found: JsonValue, wanted: object) -> bool:
    """Whether a value is the figure: numbers are exact fractions there."""
    if isinstance(wanted, Fraction):
        return isinstance(found, (int, float)) and float(wanted) == found
    if isinstance(wanted, dict):
        assert isinstance(found, dict)
        return found.keys() == wanted.keys() and all(like(found[name], one) for name, one in wanted.items())
    return found == wanted and isinstance(found, bool) is isinstance(wanted, bool)


@given(rules(), lives(), LATER)
@settings(max_examples=200, deadline=None)
def test_figures_are_what_the_raw_events_say(
    rule: TraitRule, events: list[Happened], later: timedelta
) -> None:
    now = NOW + later
    found = value(rule, folded(rule, events, now), now)
    assert like(found, figure(rule, events, now)), (found, figure(rule, events, now))


@given(funnels(), lives(), LATER)
@settings(max_examples=300, deadline=None)
def test_funnels_are_what_the_raw_events_say(
    rule: TraitRule, events: list[Happened], later: timedelta
) -> None:
    now = NOW + later
    assert value(rule, folded(rule, events, now), now) is passed(rule, events, now)


@given(ALL, lives(), st.lists(st.integers(min_value=0, max_value=3), max_size=7))
@settings(max_examples=200, deadline=None)
def test_parts_add_up_in_every_order(rule: TraitRule, events: list[Happened], cuts: list[int]) -> None:
    state = NOTHING
    for part in parts(events, cuts):
        state = merged(rule, state, folded(rule, part, NOW))
    assert state == folded(rule, events, NOW)


@given(ALL, lives(), lives(3), LATER)
@settings(max_examples=300, deadline=None)
def test_a_state_is_good_until_it_says_so(
    rule: TraitRule, events: list[Happened], more: list[Happened], later: timedelta
) -> None:
    now, state = NOW + later, folded(rule, events, NOW)
    if state.good_until is not None and now >= state.good_until:
        now = state.good_until - MICROSECOND
    assert folded(rule, events, now) == state
    new = [Happened(f"new {event.id}", event.name, event.at, event.properties) for event in more]
    assert merged(rule, state, folded(rule, new, now)) == folded(rule, [*events, *new], now)


@given(ALL, lives())
@settings(deadline=None)
def test_states_can_be_kept_as_text(rule: TraitRule, events: list[Happened]) -> None:
    state = folded(rule, events, NOW)
    facts = orjson.loads(orjson.dumps(state.facts))
    kept = TraitState(state.n, state.total, state.first_at, state.last_at, facts, state.good_until)
    assert kept == state
    assert merged(rule, kept, NOTHING) == state


def order(number: int, age: timedelta, **given: JsonValue) -> Happened:
    return Happened(f"{number:03}", NAMES[0], NOW - age, given)


def test_windows_end_to_the_microsecond() -> None:
    rule = TraitRule("t", TraitKind.COUNT, NAMES[0], window=Window(2 * DAY))
    event = order(1, timedelta(0))
    ends = NOW + 2 * DAY
    assert folded(rule, [event], NOW).good_until == ends
    assert value(rule, folded(rule, [event], ends - MICROSECOND), NOW) == 1
    assert value(rule, folded(rule, [event], ends), NOW) == 0


def test_a_window_that_begins_some_time_ago_lets_events_in() -> None:
    rule = TraitRule("t", TraitKind.COUNT, NAMES[0], window=Window(3 * DAY, 2 * DAY))
    event = order(1, timedelta(0))
    comes = NOW + 2 * DAY
    state = folded(rule, [event], NOW)
    assert (state.n, state.good_until) == (0, comes)
    assert folded(rule, [event], comes).n == 1
    assert folded(rule, [event], comes).good_until == NOW + 3 * DAY
    assert folded(rule, [event], NOW + 3 * DAY) == NOTHING


def test_sums_are_exact_in_every_order() -> None:
    rule = TraitRule("t", TraitKind.SUM, NAMES[0], path="revenue")
    events = [order(number, timedelta(0), revenue=0.1) for number in range(10)]
    assert sum([0.1] * 10) != 1
    assert value(rule, folded(rule, events, NOW), NOW) == 1
    assert amount(rule.kind, folded(rule, events, NOW), NOW) == (1_000_000, 1)


def test_only_numbers_are_added() -> None:
    rule = TraitRule("t", TraitKind.SUM, NAMES[0], path="revenue")
    odd: list[JsonValue] = ["12.50", "much", True, None, [2, 3], {"x": 1}, 10**30, float("1e300")]
    events = [order(number, timedelta(0), revenue=one) for number, one in enumerate(odd)]
    state = folded(rule, events, NOW)
    assert (state.n, value(rule, state, NOW)) == (3, 17.5)


def test_what_is_most_frequent_has_happened_twice_and_comes_first_in_the_alphabet() -> None:
    rule = TraitRule("t", TraitKind.MOST_FREQUENT, NAMES[0], path="plan")
    once = [order(number, timedelta(0), plan=plan) for number, plan in enumerate(["tea", "coffee"])]
    assert value(rule, folded(rule, once, NOW), NOW) is None
    twice = [
        *once,
        *(order(number + 5, timedelta(0), plan=plan) for number, plan in enumerate(["tea", "coffee"])),
    ]
    assert value(rule, folded(rule, twice, NOW), NOW) == "coffee"


def test_what_was_spent_is_price_times_quantity_for_each_category() -> None:
    rule = TraitRule("t", TraitKind.SUM, NAMES[0], path="spent", per="category")
    products: list[JsonValue] = [
        {"category": "tea", "price": 4.5, "quantity": 2},
        {"category": "coffee", "price": 3},
        {"category": "tea", "price": 1, "spent": 0.5},
        {"price": 99},
    ]
    state = folded(rule, [order(1, timedelta(0), products=products)], NOW)
    assert value(rule, state, NOW) == {"tea": 9.5, "coffee": 3}


def test_what_has_no_sku_has_an_id() -> None:
    rule = TraitRule("t", TraitKind.COUNT, NAMES[0], per="sku")
    state = folded(rule, [order(1, timedelta(0), products=[{"product_id": "P7"}, {"sku": "S1"}])], NOW)
    assert value(rule, state, NOW) == {"P7": 1, "S1": 1}


def test_as_many_values_are_kept_as_fit_in_whatever_parts_they_come() -> None:
    rule = TraitRule("t", TraitKind.UNIQUE_LIST, NAMES[0], path="plan")
    events = [order(number, timedelta(0), plan=f"{number:05}") for number in range(VALUES_MAX + 50)]
    half = len(events) // 2
    backwards = merged(rule, folded(rule, events[half:], NOW), folded(rule, events[:half], NOW))
    kept = value(rule, backwards, NOW)
    assert isinstance(kept, list)
    assert (len(kept), kept[-1]) == (VALUES_MAX, f"{VALUES_MAX - 1:05}")
    assert kept == value(rule, folded(rule, events, NOW), NOW)


def test_funnels_look_at_the_latest_events_in_whatever_parts_they_come() -> None:
    steps = (Step(NAMES[0]), Step(NAMES[1]))
    rule = TraitRule("f", TraitKind.FUNNEL, "", steps=steps, window=Window(timedelta(days=9)))
    events = [order(number, timedelta(minutes=number)) for number in range(MARKS_MAX + 40)]
    odd, even = folded(rule, events[1::2], NOW), folded(rule, events[::2], NOW)
    assert merged(rule, odd, even) == merged(rule, even, odd) == folded(rule, events, NOW)
    assert folded(rule, events, NOW).n == MARKS_MAX


def test_equal_definitions_have_one_digest_whatever_they_are_called() -> None:
    one = TraitRule("a", TraitKind.COUNT, NAMES[0], window=Window(DAY), name="a")
    assert one.digest == TraitRule("b", TraitKind.COUNT, NAMES[0], window=Window(DAY)).digest
    assert one.digest != TraitRule("a", TraitKind.COUNT, NAMES[0], window=Window(2 * DAY)).digest
    assert one.digest != TraitRule("a", TraitKind.COUNT, NAMES[1], window=Window(DAY)).digest


def test_a_step_comes_before_its_time_is_over() -> None:
    steps = (Step(NAMES[0]), Step(NAMES[1], within=DAY))
    rule = TraitRule("f", TraitKind.FUNNEL, "", steps=steps)
    first = order(1, 2 * DAY)
    for late, is_through in ((-MICROSECOND, True), (timedelta(0), False)):
        second = Happened("2", NAMES[1], first.at + DAY + late, {})
        assert value(rule, folded(rule, [second, first], NOW), NOW) is is_through
