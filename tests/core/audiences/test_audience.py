"""Audiences judge as the raw events say, and what they say of time to come is never too late."""

import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.audiences.audience import Audiences, Credit, Explained, Known, Topic, Verdict, explained, judged
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.traits import Happened, TraitKind, TraitRule, Window, folded
from bot.core.audiences.where import where
from bot.core.contact import Contact, JsonValue, Pending, SubscriptionState
from bot.core.flow.reader import read
from bot.core.local_time import parse_duration
from tests.core.audiences.raw import (
    DAY,
    MICROSECOND,
    NAMES,
    NOW,
    ages,
    as_number,
    figure,
    lives,
    passed,
)

Condition = dict[str, JsonValue]
SIGNS = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
CATEGORY_DAYS = TraitRule(
    "category_days", TraitKind.DAYS_SINCE, NAMES[0], per="category", name="category_days"
)


@dataclass(frozen=True, slots=True)
class Life:
    """All there is to know of a contact, raw."""

    events: list[Happened]
    signed_up: datetime
    plan: str | None
    confirm_by: datetime
    tier: str | None
    available_minor: int


lifes = st.builds(
    Life,
    events=lives(6),
    signed_up=ages.map(lambda age: NOW - age),
    plan=st.sampled_from([None, "free", "pro"]),
    confirm_by=ages.map(lambda age: NOW - age),
    tier=st.sampled_from([None, "gold"]),
    available_minor=st.integers(min_value=0, max_value=600),
)

lengths = st.sampled_from(["1d", "2d", "3d"])
windows: st.SearchStrategy[Condition] = st.one_of(
    st.just({}),
    lengths.map(lambda length: {"within": length}),
    st.sampled_from([{"between": ["2d", "1d"]}, {"between": ["3d", "1d"]}]),
)
compared = st.builds(
    lambda sign, wanted: f"{sign} {wanted}", st.sampled_from([*SIGNS]), st.integers(min_value=0, max_value=4)
)
filters = st.sampled_from([{}, {"where": {"plan": "pro"}}])


def both(one: Condition, *others: Condition) -> Condition:
    return {name: value for each in (one, *others) for name, value in each.items()}


happened = st.builds(
    lambda name, count, window, given: both({"event": name, "count": count}, window, given),
    st.sampled_from(NAMES), compared, windows, filters,
)  # fmt: skip
measured = st.builds(
    lambda kind, wanted, window: both(
        {kind: {"event": NAMES[0], "property": "revenue"}, "is": wanted}, window
    ),
    st.sampled_from(["sum", "average", "min", "max", "unique_count"]), compared, windows,
)  # fmt: skip
days = st.builds(
    lambda wanted, window: both({"days_since": NAMES[0], "is": wanted}, window), compared, windows
)
valued = st.builds(
    lambda kind, plan, window: both({kind: {"event": NAMES[0], "property": "plan"}, "is": plan}, window),
    st.sampled_from(["first", "last", "most_frequent", "unique_list"]),
    st.sampled_from(["free", "pro", ["pro", "7"]]),
    windows,
)
steps = st.builds(
    lambda is_absent, name, given, window: both({"without" if is_absent else "event": name}, given, window),
    st.booleans(), st.sampled_from(NAMES), filters,
    st.one_of(st.just({}), lengths.map(lambda one: {"within": one})),
)  # fmt: skip
funnels = st.builds(
    lambda first, more, window: both({"funnel": [{"event": first}, *more]}, window),
    st.sampled_from(NAMES),
    st.lists(steps, min_size=1, max_size=3),
    st.one_of(st.just({}), lengths.map(lambda one: {"within": one})),
)
facts = st.one_of(
    st.builds(
        lambda sign, length: {"trait": {"signed_up": {sign: length}}},
        st.sampled_from(["within_last", "within_next", "before_last", "after_next"]),
        lengths,
    ),
    st.sampled_from([{"trait": {"plan": "pro"}}, {"trait": {"plan": "!= pro"}}, {"member": False}]),
    st.sampled_from([{"tier": "gold"}, {"tier": "none"}]),
    compared.map(lambda wanted: {"wallet": {"available": wanted}}),
    st.sampled_from(["pending", "unsubscribed"]).map(lambda one: {"consent": {"group": "news", "is": one}}),
    compared.map(lambda wanted: {"computed": {"category_days.tea": wanted}}),
    st.just({"computed": {"category_days.tea": {"exists": True}}}),
)
leaves = st.one_of(happened, happened, measured, days, valued, funnels, facts)
conditions = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda group, parts: {group: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)


def audiences_of(written: Mapping[str, JsonValue]) -> Audiences:
    document = read(json.dumps(written), "flows/audiences.yaml")
    around = Around(traits={"category_days": CATEGORY_DAYS}, exponent=2)
    return Audiences(read_audiences(document, around), [CATEGORY_DAYS])


def known_of(audiences: Audiences, life: Life, now: datetime) -> Known:
    """What a condition sees as of an instant."""
    attributes: dict[str, JsonValue] = {"signed_up": life.signed_up.isoformat()}
    if life.plan is not None:
        attributes["plan"] = life.plan
    return Known(
        contact=Contact("c", 0, "en", "UTC", NOW, attributes=attributes),
        now=now,
        traits={key: folded(rule, life.events, now) for key, rule in audiences.traits.items()},
        subscriptions={"news": SubscriptionState.PENDING},
        pending={"news": Pending(life.confirm_by)},
        tier=life.tier,
        credit=Credit(available_minor=life.available_minor),
    )


# The same once more, plainly


def compares(found: object, wanted: JsonValue) -> bool:
    sign, number = str(wanted).split()
    if found is None:
        return sign == "!="
    assert isinstance(found, (int, Fraction))
    return bool(SIGNS[sign](found, int(number)))


def window_in(condition: Condition) -> Window | None:
    between, within = condition.get("between"), condition.get("within")
    if isinstance(between, list):
        return Window(parse_duration(str(between[0])), parse_duration(str(between[1])))
    return Window(parse_duration(str(within))) if within is not None else None


def is_so(condition: Condition, life: Life, now: datetime) -> bool:
    """Whether a condition holds, from raw events."""
    ((kind, value),) = [(key, each) for key, each in condition.items() if key not in {
        "count", "is", "within", "between", "where"}]  # fmt: skip
    match kind, value:
        case "all" | "any" | "none", list():
            each = [is_so(part, life, now) for part in value if isinstance(part, dict)]
            return {"all": all(each), "any": any(each), "none": not any(each)}[kind]
        case "event", str():
            given = condition.get("where") or {}
            assert isinstance(given, dict)
            rule = TraitRule("", TraitKind.COUNT, value, where(given), window=window_in(condition))
            return compares(figure(rule, life.events, now), condition["count"])
        case "funnel", list():
            return passed(funnel_of(condition), life.events, now)
        case (("first" | "last" | "most_frequent" | "unique_list"), dict()):
            rule = TraitRule("", TraitKind(kind), NAMES[0], path="plan", window=window_in(condition))
            return is_one_of(figure(rule, life.events, now), condition["is"])
        case (("sum" | "average" | "min" | "max" | "unique_count"), dict()):
            rule = TraitRule("", TraitKind(kind), NAMES[0], path="revenue", window=window_in(condition))
            return compares(figure(rule, life.events, now), condition["is"])
        case "days_since", str():
            rule = TraitRule("", TraitKind.DAYS_SINCE, value, window=window_in(condition))
            return compares(figure(rule, life.events, now), condition["is"])
    return is_told(kind, value, life, now)


def funnel_of(condition: Condition) -> TraitRule:
    document = read(json.dumps({"f": condition}), "f")
    (audience,) = read_audiences(document, Around())
    return audience.condition.rules[0]


def is_one_of(found: object, wanted: JsonValue) -> bool:
    values = found if isinstance(found, list) else [found]
    names = wanted if isinstance(wanted, list) else [wanted]
    return any(str(value).casefold() == str(name) for value in values if value is not None for name in names)


def is_told(kind: str, value: JsonValue, life: Life, now: datetime) -> bool:
    match kind, value:
        case "trait", {"signed_up": dict(test)}:
            ((sign, length),) = test.items()
            age, bound = now - life.signed_up, parse_duration(str(length))
            return {
                "within_last": timedelta() <= age < bound,
                "within_next": timedelta() < -age <= bound,
                "before_last": age >= bound,
                "after_next": -age > bound,
            }[sign]
        case "trait", {"plan": str(wanted)}:
            return (life.plan != "pro") if wanted.startswith("!=") else life.plan == "pro"
        case "member", _:
            return True
        case "tier", _:
            return (life.tier or "none") == value
        case "wallet", {"available": wanted}:
            return compares(Fraction(life.available_minor, 100), wanted)
        case "consent", {"is": state}:
            return state == ("pending" if now <= life.confirm_by else "unsubscribed")
        case "computed", {"category_days.tea": wanted}:
            found = figure(CATEGORY_DAYS, life.events, now)
            assert isinstance(found, dict)
            return "tea" in found if isinstance(wanted, dict) else compares(found.get("tea"), wanted)
    raise AssertionError(kind)


@given(conditions, lifes, st.lists(st.floats(min_value=0, max_value=1), max_size=3))
@settings(max_examples=600, deadline=None)
def test_a_verdict_is_what_raw_events_say_until_it_wants_to_be_looked_at(
    condition: Condition, life: Life, between: list[float]
) -> None:
    audiences = audiences_of({"a": condition})
    now, looks = NOW, 0
    while looks < 60:
        known = known_of(audiences, life, now)
        verdict = judged(audiences.audiences["a"], known)
        assert verdict.is_in is is_so(condition, life, now)
        until = verdict.look_at
        assert until is None or until > now
        last = NOW + 20 * DAY if until is None else until - MICROSECOND
        for instant in [*(now + part * (last - now) for part in between), last]:
            assert is_so(condition, life, max(instant, now)) is verdict.is_in, (now, until, instant)
        if until is None:
            return
        now, looks = until, looks + 1
    raise AssertionError("it is looked at again and again")


@given(conditions, lifes)
@settings(max_examples=200, deadline=None)
def test_what_is_explained_is_what_was_judged(condition: Condition, life: Life) -> None:
    audiences = audiences_of({"a": condition})
    known = known_of(audiences, life, NOW)
    audience = audiences.audiences["a"]
    found, verdict = explained(audience, known), judged(audience, known)
    assert Verdict(found.holds, found.look_at) == verdict
    for group in ("all", "any", "none"):
        if found.text == group:
            parts = [part.holds for part in found.parts]
            assert found.holds is {"all": all(parts), "any": any(parts), "none": not any(parts)}[group]


def order(number: int, age: timedelta, **given: JsonValue) -> Happened:
    return Happened(f"{number:03}", NAMES[0], NOW - age, given)


SEED: Condition = {
    "all": [
        {"event": "Order Completed", "count": "> 2", "within": "90d"},
        {"sum": {"event": "Order Completed", "property": "revenue"}, "is": "> 300"},
    ]
}


def life_of(*events: Happened) -> Life:
    return Life([*events], NOW, None, NOW, None, 0)


def test_the_recipes_audience() -> None:
    audiences = audiences_of({"high_value": SEED})
    seed = audiences.audiences["high_value"]
    orders = [order(number, number * 10 * DAY, revenue=100.5) for number in range(1, 4)]
    assert judged(seed, known_of(audiences, life_of(*orders), NOW)) == Verdict(
        is_in=True, look_at=NOW - 30 * DAY + 90 * DAY
    )
    assert judged(seed, known_of(audiences, life_of(*orders[1:]), NOW)) == Verdict(is_in=False)
    cheap = [order(number, DAY, revenue=100) for number in range(3)]
    assert judged(seed, known_of(audiences, life_of(*cheap), NOW)) == Verdict(is_in=False)


def test_who_did_something_lately_is_looked_at_when_the_latest_time_is_over() -> None:
    audiences = audiences_of({"active": {"event": "Order Completed", "within": "90d"}})
    life = life_of(*(order(number, number * DAY) for number in range(1, 80)))
    verdict = judged(audiences.audiences["active"], known_of(audiences, life, NOW))
    assert verdict == Verdict(is_in=True, look_at=NOW - DAY + 90 * DAY)


def test_audiences_come_after_those_they_name_and_see_what_became_of_them() -> None:
    audiences = audiences_of(
        {
            "both": {"all": [{"audience": "buyers"}, {"audience": "pros"}]},
            "others": {"none": {"audience": "both"}},
            "buyers": {"event": "Order Completed"},
            "pros": {"trait": {"plan": "pro"}},
        }
    )
    assert [*audiences.audiences] == ["buyers", "pros", "both", "others"]
    life = replace(life_of(order(1, DAY)), plan="pro")
    known = replace(known_of(audiences, life, NOW), audiences=frozenset({"others"}))
    found = audiences.judged([*audiences.audiences], known)
    assert {name: verdict.is_in for name, verdict in found.items()} == {
        "buyers": True, "pros": True, "both": True, "others": False,
    }  # fmt: skip
    assert audiences.judged(["both"], replace(known, audiences=frozenset({"pros"})))["both"].is_in is False


def test_an_index_says_what_concerns_whom() -> None:
    audiences = audiences_of(
        {
            "buyers": {"event": "Order Completed"},
            "gold_buyers": {"all": [{"audience": "buyers"}, {"tier": "gold"}]},
            "rich": {"wallet": {"available": "> 5"}},
            "left_carts": {"funnel": [{"event": "Checkout Started"}, {"without": "Order Completed"}]},
        }
    )
    (buying,) = audiences.traits_of(["buyers"])
    rules = {rule.key for rule in audiences.rules_by_event("Order Completed")}
    assert rules == {buying, *audiences.traits_of(["left_carts"]), "category_days"}
    assert audiences.rules_by_event("Never") == ()
    assert audiences.concerned_by_traits([buying]) == ("buyers", "gold_buyers")
    assert audiences.concerned_by([Topic.TIER]) == ("gold_buyers",)
    assert audiences.concerned_by([Topic.WALLET, Topic.CONSENT]) == ("rich",)
    assert audiences.topics_of(["gold_buyers", "rich"]) == {Topic.TIER, Topic.WALLET}


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_days_of_traits_are_days_of_the_contact(zone: str) -> None:
    audiences = audiences_of({"a": {"trait": {"trial_ends": {"within_next": "1d"}}}})
    contact = Contact("c", 0, "en", zone, NOW, attributes={"trial_ends": "2026-11-25"})
    begins = {"UTC": 0, "Pacific/Kiritimati": -14, "America/Los_Angeles": 8}[zone]
    day = datetime(2026, 11, 25, tzinfo=UTC) + timedelta(hours=begins)
    audience = audiences.audiences["a"]
    assert judged(audience, Known(contact, day - DAY - MICROSECOND)) == Verdict(
        is_in=False, look_at=day - DAY
    )
    assert judged(audience, Known(contact, day - DAY)) == Verdict(is_in=True, look_at=day)
    assert judged(audience, Known(contact, day)) == Verdict(is_in=False)


def test_numbers_are_compared_exactly() -> None:
    assert as_number(0.1) == Fraction(1, 10)
    audiences = audiences_of({"a": {"sum": {"event": NAMES[0], "property": "revenue"}, "is": "= 0.3"}})
    life = life_of(*(order(number, DAY, revenue=0.1) for number in range(3)))
    assert sum([0.1] * 3) != 0.3
    assert judged(audiences.audiences["a"], known_of(audiences, life, NOW)).is_in


def verdict_of(condition: Condition, *events: Happened, now: datetime = NOW) -> Verdict:
    audiences = audiences_of({"a": condition})
    return judged(audiences.audiences["a"], known_of(audiences, life_of(*events), now))


ONE, TWO = order(1, DAY), order(2, 2 * DAY)
"""Orders of a day and of two days ago."""


@pytest.mark.parametrize(
    ("count", "is_in", "look_at"),
    [
        ("> 1", True, TWO.at + 9 * DAY),  # until the older one leaves
        ("> 0", True, ONE.at + 9 * DAY),  # until all have left
        ("> 2", False, None),  # time takes orders away, and brings none
        ("< 3", True, None),
        ("< 2", False, TWO.at + 9 * DAY),
        ("< 1", False, ONE.at + 9 * DAY),
        ("= 2", True, TWO.at + 9 * DAY),
        ("= 1", False, TWO.at + 9 * DAY),
        ("= 0", False, ONE.at + 9 * DAY),
        ("= 3", False, None),
        ("!= 1", True, TWO.at + 9 * DAY),
    ],
)
def test_a_count_is_looked_at_when_it_may_cross_what_is_wanted(
    count: str,
    is_in: bool,  # noqa: FBT001  # a parameter
    look_at: datetime | None,
) -> None:
    found = verdict_of({"event": NAMES[0], "count": count, "within": "9d"}, ONE, TWO)
    assert found == Verdict(is_in, look_at)


def test_a_count_of_times_ago_is_looked_at_when_something_comes_in() -> None:
    ago: Condition = {"event": NAMES[0], "between": ["9d", "3d"]}
    assert verdict_of(ago, ONE, TWO) == Verdict(is_in=False, look_at=TWO.at + 3 * DAY)
    came = TWO.at + 3 * DAY
    assert verdict_of(ago, ONE, TWO, now=came) == Verdict(is_in=True, look_at=TWO.at + 9 * DAY)


def test_while_one_that_must_hold_fails_the_others_are_not_looked_at() -> None:
    lately: Condition = {"event": NAMES[0], "count": "0", "within": "9d"}
    longer: Condition = {"event": NAMES[0], "count": "0", "within": "20d"}
    assert verdict_of({"all": [lately, longer]}, ONE).look_at == ONE.at + 20 * DAY
    assert verdict_of({"all": [lately, {"tier": "gold"}]}, ONE).look_at is None
    assert verdict_of({"any": [lately, longer]}, ONE).look_at == ONE.at + 9 * DAY


def test_a_cart_is_left_once_the_time_to_order_is_over() -> None:
    left: Condition = {
        "funnel": [{"event": "Checkout Started"}, {"without": NAMES[0], "within": "1d"}], "within": "7d",
    }  # fmt: skip
    started = Happened("9", "Checkout Started", NOW - timedelta(hours=3), {})
    assert verdict_of(left, started) == Verdict(is_in=False, look_at=started.at + DAY)
    assert verdict_of(left, started, now=started.at + DAY) == Verdict(
        is_in=True, look_at=started.at + 7 * DAY
    )
    assert verdict_of(left, started, order(1, timedelta(hours=1))) == Verdict(is_in=False)


FILE = """\
high_value:
  title: Best customers
  all:
    - {event: Order Completed, count: "> 2", within: 90d}
    - {sum: {event: Order Completed, property: revenue}, is: "> 300"}
    - any:
        - {trait: {plan: [pro, team]}}
        - {wallet: {available: "> 5.00"}}
        - funnel:
            - {event: Checkout Started}
            - {event: Order Completed, within: 1d}
"""


def told(found: Explained, depth: int = 0) -> list[tuple[int, str, int, bool, JsonValue, str]]:
    here = (depth, found.text, found.line, found.holds, found.seen, found.wanted)
    return [here, *(line for part in found.parts for line in told(part, depth + 1))]


def test_every_clause_says_what_it_saw_and_where_it_stands() -> None:
    audiences = Audiences(read_audiences(read(FILE, "flows/audiences.yaml"), Around()), ())
    orders = [order(number, age * DAY, revenue=120.5) for number, age in enumerate((5, 40, 100))]
    life = replace(life_of(*orders), plan="free", available_minor=640)
    audience = audiences.audiences["high_value"]
    funnel = "funnel: [{event: Checkout Started}, {event: Order Completed, within: 1d}]"
    assert audience.file == "flows/audiences.yaml"
    assert told(explained(audience, known_of(audiences, life, NOW))) == [
        (0, "all", 3, False, None, ""),
        (1, "event: Order Completed, count: > 2, within: 90d", 4, False, 2, "> 2"),
        (1, "sum: {event: Order Completed, property: revenue}, is: > 300", 5, True, 361.5, "> 300"),
        (1, "any", 6, True, None, ""),
        (2, "plan: [pro, team]", 7, False, "free", "is pro or team"),
        (2, "available: > 5.00", 8, True, 6.4, "> 5"),
        (2, funnel, 9, False, "0 of 2 steps", "2 of 2 steps"),
    ]
