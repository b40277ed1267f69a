"""Texts and conditions: what they say, what is refused with its place, and what cannot run away."""

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest

from bot.core.errors import FlowError
from bot.core.flow.filters import HERE, STANDARD, Here
from bot.core.flow.template import Condition, TemplateFailed, Text, Variable, compile_condition, compile_text

HERE_NOW = Here(datetime(2026, 11, 24, 15, tzinfo=UTC), "America/New_York", "USD", 2, point_minor=5)
VALUES: dict[str, object] = {
    HERE: HERE_NOW,
    "member": {"first_name": "Ana", "drinks": 3},
    "balance": {"available": 2400, "soonest": {"amount": 500, "expires_on": "2026-11-27"}},
    "items": [{"name": "Latte", "price": 450}, {"name": "Mocha", "price": 525}],
    "long": "x" * 4_999,
    "many": 10**9,
    "nothing": None,
    "milks": ["oat", None],
}


MATHS = {"at_least", "at_most", "divided_by", "minus", "modulo", "plus", "times"}
NEEDS_ONE = MATHS | {"append", "prepend", "remove", "split", "map", "where"}


def text(source: str, line: int = 1, column: int = 1) -> Text:
    return compile_text(source, file="flows/a.yaml", line=line, column=column)


def condition(source: str) -> Condition:
    return compile_condition(source, file="flows/a.yaml", line=4, column=9)


def say(source: str, locale: str = "en") -> str:
    return text(source).render(VALUES, locale)


def refusal(source: str, line: int = 1, column: int = 1) -> FlowError:
    with pytest.raises(FlowError) as caught:
        text(source, line, column)
    return caught.value


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("No braces, 50% off {once}!".replace("{once}", "once"), "No braces, 50% off once!"),
        (
            "Hi {{ member.first_name }}, you have {{ balance.available | money }}.",
            "Hi Ana, you have $24.00.",
        ),
        ("{{ member.nick | default: 'friend' }}", "friend"),
        ("{{ balance.available | points }} points", "480 points"),
        ("{{ 1234567 | number }}", "1,234,567"),
        ("{{ balance.soonest.expires_on | date: 'relative' }}", "Friday"),
        ("{{ balance.soonest.expires_on | date }}", "Nov 27"),
        ("{{ balance.soonest.expires_on | date: '%d/%m' }}", "27/11"),
        ("{{ 'now' | date: 'time' }}", "10:00 AM"),
        ("{{ nobody | money }}{{ nobody | date: 'long' }}", ""),
        ("{{ member.drinks | plural: one: '# drink', other: '# drinks' }}", "3 drinks"),
        ("{% if member.drinks > 2 %}Many{% else %}Few{% endif %}", "Many"),
        (
            "{% for item in items %}{{ forloop.index }}. {{ item.name }}\n{% endfor %}",
            "1. Latte\n2. Mocha",
        ),
        ("A block\nof lines\n", "A block\nof lines"),
    ],
)
def test_what_a_text_says(source: str, said: str) -> None:
    assert say(source) == said


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("-3 | abs", "3"),
        ("'a' | append: 'b'", "ab"),
        ("3 | at_least: 5", "5"),
        ("3 | at_most: 2", "2"),
        ("'ana' | capitalize", "Ana"),
        ("1.2 | ceil", "2"),
        ("milks | compact | size", "1"),
        ("nobody | default: 'x'", "x"),
        ("7 | divided_by: 2", "3"),
        ("'ANA' | downcase", "ana"),
        ("items | map: 'name' | first", "Latte"),
        ("1.7 | floor", "1"),
        ("items | map: 'name' | join: ', '", "Latte, Mocha"),
        ("items | map: 'name' | last", "Mocha"),
        ("5 | minus: 3", "2"),
        ("5 | modulo: 3", "2"),
        ("5 | plus: 3", "8"),
        ("'b' | prepend: 'a'", "ab"),
        ("'abc' | remove: 'b'", "ac"),
        ("'abc' | replace: 'b', 'x'", "axc"),
        ("items | map: 'name' | reverse | join: ','", "Mocha,Latte"),
        ("1.6 | round", "2"),
        ("'abcd' | slice: 1, 2", "bc"),
        ("items | map: 'price' | sort | join: ','", "450,525"),
        ("'a,b' | split: ',' | size", "2"),
        ("'  a   b ' | squish", "a b"),
        ("' a ' | strip", "a"),
        ("items | map: 'price' | sum", "975"),
        ("5 | times: 3", "15"),
        ("'abcdefgh' | truncate: 5", "ab..."),
        ("'a b c' | truncatewords: 2", "a b..."),
        ("'a,a' | split: ',' | uniq | size", "1"),
        ("'ana' | upcase", "ANA"),
        ("'a b' | url_encode", "a+b"),
        ("items | where: 'name', 'Mocha' | map: 'price' | join: ','", "525"),
    ],
)
def test_what_liquids_own_filters_do(filters: str, said: str) -> None:
    assert say(f"{{{{ {filters} }}}}") == said


def test_every_filter_is_shown_above() -> None:
    shown = Path(__file__).read_text(encoding="utf-8")
    assert not {name for name in STANDARD if f"| {name}" not in shown}


@pytest.mark.parametrize("name", sorted(STANDARD))
def test_a_variable_that_is_not_set_fails_no_filter(name: str) -> None:
    arguments = {"replace": ": 'a', 'b'", "slice": ": 0"}.get(name)
    if arguments is None and name in NEEDS_ONE:
        arguments = ": 1" if name in MATHS else ": 'a'"
    say(f"{{{{ nobody | {name}{arguments or ''} }}}}{{{{ nothing | {name}{arguments or ''} }}}}")


def test_money_and_dates_follow_the_locale() -> None:
    assert say("{{ balance.available | money }}", "de") == "24,00 $"
    assert say("{{ balance.soonest.expires_on | date: 'weekday' }}", "es") == "viernes"
    assert say("{{ balance.soonest.expires_on | date: 'long' }}", "zh_Hans") == "2026年11月27日"


def test_plurals_take_the_forms_of_the_locale() -> None:
    polish = "{{ n | plural: one: '# kawa', few: '# kawy', many: '# kaw', other: '# kawy' }}"
    said = [text(polish).render({"n": n, HERE: HERE_NOW}, "pl") for n in (1, 2, 5, 22)]
    assert said == ["1 kawa", "2 kawy", "5 kaw", "22 kawy"]


def test_a_lone_variable_keeps_its_type() -> None:
    assert text("{{ balance.available }}").value(VALUES, "en") == 2400
    assert text("{{ balance.available | plus: 1 }}").value(VALUES, "en") == 2401
    assert text("{{ nobody }}").value(VALUES, "en") is None
    assert text("{{ items }}").value(VALUES, "en") == VALUES["items"]
    assert text("it is {{ balance.available }}").value(VALUES, "en") == "it is 2400"
    assert text("plain").value(VALUES, "en") == "plain"


def test_pythons_own_attributes_are_out_of_reach() -> None:
    assert say("{{ member.__class__ }}{{ member.keys }}{{ member.first_name.upper }}") == ""


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("member.first_name", True),
        ("member.nick", False),
        ("balance.available >= 2400", True),
        ("balance.available > 2400", False),
        ("member.first_name == 'Ana' and member.drinks < 5", True),
        ("member.nick or member.drinks == 3", True),
        ("member.first_name contains 'na'", True),
        ("nobody.at.all == nil", True),
        ("items.size == 2", True),
        ("items == empty", False),
    ],
)
def test_what_a_condition_means(source: str, holds: bool) -> None:  # noqa: FBT001
    assert condition(source).holds(VALUES) is holds


def test_a_text_names_its_variables_with_their_places() -> None:
    found = text("Hi {{ member.first_name }},\n{% for i in items %}{{ i.name }}{% endfor %}", 10, 5).variables
    assert found == (Variable(("member", "first_name"), 10, 11), Variable(("items",), 11, 17))
    assert condition("balance.available > 1").variables == (Variable(("balance", "available"), 4, 9),)


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("{{ a | mony }}", (10, 12), "did you mean 'money'?"),
        ("ok\n  {{ a | upcas }}", (11, 14), "did you mean 'upcase'?"),
        ("{{ a | date: 'wekday' }}", (10, 12), "no date style 'wekday'"),
        ("{{ a | plural: one: 'x' }}", (10, 12), "`other` among them"),
        ("{{ a | plural: single: 'x', other: 'y' }}", (10, 12), "`plural` needs the forms"),
        ("Hi {{ name", (10, 8), "not valid Liquid"),
        ("Hi {name}!", (10, 8), "'{name}' would be sent as it stands"),
        ("Hi %first_name%!", (10, 8), "a variable is written {{ first_name }}"),
        ("Hi }}", (10, 8), "would be sent as it stands"),
        ("{{ a }} and {b}", (10, 17), "'{b}' would be sent as it stands"),
        ("{% include 'x' %}", (10, 8), "no tag 'include'"),
        ("{% render 'x' %}", (10, 8), "no tag 'render'"),
        ("{% tablerow i in x %}{% endtablerow %}", (10, 8), "no tag 'tablerow'"),
        ("{% if a %}", (10, 5), "not valid Liquid"),
        ("{{ (1..9) | join }}", (10, 8), "a range stands outside a `for`"),
        ("{% assign a = (1..9) %}", (10, 19), "a range stands outside a `for`"),
        ("{% if (1..999999999) contains 5.5 %}x{% endif %}", (10, 11), "a range stands outside"),
        ("{% for i in (1..1001) %}x{% endfor %}", (10, 17), "a range of more than 1000"),
        ("{{ a" + " | append: 'b'" * 7 + " }}", (10, 96), "more than 6 filters"),
        ("{{ a" + "[a" * 1200 + "]" * 1200 + " }}", (10, 5), "not valid Liquid"),
        ("x" * 5001 + "{{ a }}", (10, 5), "longer than 5000"),
    ],
)
def test_what_is_refused_and_where(source: str, place: tuple[int, int], words: str) -> None:
    error = refusal(source, 10, 5)
    assert words in str(error)
    assert (error.line, error.column) == place


def test_every_complaint_about_a_text_is_told_at_once() -> None:
    error = refusal("{{ a | mony }} {{ b | upcas }}")
    assert [other.column for other in error.others] == [23]


@pytest.mark.parametrize("source", ["{{ a }}", "a %}", "a ==", "a === b", "(1..9) contains a"])
def test_what_is_no_condition_is_refused_at_its_place(source: str) -> None:
    with pytest.raises(FlowError) as caught:
        condition(source)
    assert caught.value.line == 4


@pytest.mark.parametrize(
    "source",
    [
        "{% assign a = long %}{% for i in (1..1000) %}{% assign a = a | append: a %}{% endfor %}",
        "{{ long" + " | append: long" * 6 + " }}",
        "{{ long | replace: 'x', long | size }}",
        "{% for i in (1..many) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..900) %}{{ long }}{% endfor %}",
        "{{ many | times: many | times: many }}",
        "{{ long | split: '' | join: long }}",
        "{{ 1 | divided_by: 0 }}",
        "{{ 'soon' | money }}",
        "{{ 'soon' | date: 'long' }}",
        "{{ 'a' | date: member.first_name }}",
        "{{ items | sort: 'price' | sum }}{{ items | money }}",
    ],
)
def test_what_runs_away_or_fails_stops_with_a_record_and_soon(source: str) -> None:
    compiled = text(source, line=7)
    started = perf_counter()
    with pytest.raises(TemplateFailed) as caught:
        compiled.render(VALUES, "en")
    assert perf_counter() - started < 1
    assert str(caught.value).startswith("flows/a.yaml:7: ")


def test_liquids_clock_is_not_read() -> None:
    assert say("{{ now }}{{ today }}") == ""
