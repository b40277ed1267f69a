"""What flows and wechat.yaml say of each other."""

from textwrap import dedent

import pytest

from bot.core.flow.check import check
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read
from bot.core.flow.wechat_file import read_wechat
from bot.core.keywords import Keyword

WECHAT = """
menu:
  - {name: 余额, keyword: 余额}
  - {name: 停, keyword: STOP}
  - name: 更多
    buttons: [{name: 下单, keyword: ORDER}, {name: 规则, keyword: 规则}]
templates:
  shipped: {id: t1, fields: {thing1: "Order {{ number }}"}}
cards:
  order: {title: "Order {{ number }}", page: "pages/order?n={{ number }}"}
"""
HEARD = """
start: [keyword: 余额, menu: ORDER, message: ^规]
steps: [say: Hi]
"""
NUMBER = "start: [keyword: A]\nsteps: [{set: {number: 7}}, {say: {text: Hi, card: order, notice: shipped}}]"


def said(wechat: str, **flows: str) -> list[str]:
    compiled = [
        compile_flow(read(f"flow: {name}\n{dedent(text).strip()}\n", f"flows/{name}.yaml"))
        for name, text in flows.items()
    ]
    forms = read_wechat(read(dedent(wechat).strip() + "\n", "flows/wechat.yaml"))
    categories = (Keyword("CARE", target="care", language="en", place="flows/keywords.yaml:1"),)
    return [str(each) for each in check(compiled, handlers={}, wechat=forms, categories=categories)]


def test_all_is_well_where_every_button_is_heard_and_every_form_is_there() -> None:
    assert said(WECHAT, heard=HEARD, number=NUMBER) == []


def test_a_button_that_nobody_hears() -> None:
    menu = "menu:\n  - {name: A, keyword: NOBODY}\n  - {name: B, keyword: CARE}\n  - {name: C, keyword: yes}"
    (complaint,) = said(menu, heard="start: [keyword: A]\nsteps: [say: Hi]")
    assert complaint.startswith("flows/wechat.yaml:2:5: no flow hears the button 'A', which says 'NOBODY'")
    assert "let a flow start on `menu: NOBODY`" in complaint


def test_taps_that_nobody_hears() -> None:
    heard = "start: [keyword: TEA]\nsteps: [{say: {text: Reply TEA or CAKE., taps: [TEA, CAKE]}}]"
    (complaint,) = said("cards: {}", heard=heard)
    assert complaint.startswith("flows/heard.yaml:3:")
    assert "no flow hears 'CAKE', which can be tapped" in complaint
    asks = "start: [keyword: TEA]\nsteps: [{ask: {text: Which?, taps: [TEA]}, save: what}]"
    assert any("a question has answers to tap" in one for one in said("cards: {}", heard=asks))


@pytest.mark.parametrize("key", ["STOP", "退订", "stop texting me"])
def test_no_flow_starts_on_a_button_that_stops(key: str) -> None:
    (complaint,) = said("cards: {}", heard=f"start: [menu: [ORDER, {key}]]\nsteps: [say: Hi]")
    assert complaint.startswith(f"flows/heard.yaml:2:9: '{key}' says that we shall stop")


def test_a_starter_that_is_on_no_menu_is_warned_of() -> None:
    (complaint,) = said(WECHAT, heard=HEARD, other="start: [menu: ODER]\nsteps: [say: Hi]")
    assert complaint.startswith("flows/other.yaml:2:9: no button of the menu says 'ODER'")
    assert "did you mean 'ORDER'?" in complaint
    assert complaint.endswith("[warning]")
    assert said("cards: {}", other="start: [menu: ODER]\nsteps: [say: Hi]") == [], "where there is no menu"


@pytest.mark.parametrize(
    ("start", "what"),
    [
        ("menu: ORDER", "menu 'ORDER'"),
        ("scan: table-*", "scan 'table-*'"),
        ("follow", "follow"),
        ("enter", "enter"),
    ],
)
def test_two_flows_cannot_start_on_the_same(start: str, what: str) -> None:
    both = dict.fromkeys(("one", "two"), f"start: [{start}]\nsteps: [say: Hi]")
    (complaint,) = said("cards: {}", **both)
    assert complaint.startswith(f"flows/two.yaml:2:9: 'one' starts on the {what} already")
    assert "keep one; the other is in flows/one.yaml" in complaint


def test_forms_that_are_not_there() -> None:
    a = "start: [keyword: A]\nsteps: [{say: {text: Hi, card: oder, notice: other}}]"
    assert said(WECHAT, heard=HEARD, a=a) == [
        "flows/a.yaml:3:9: wechat.yaml has no card 'oder' (did you mean 'order'?)",
        "flows/a.yaml:3:9: wechat.yaml has no notice 'other' (describe it there under `templates:`)",
    ]


def test_forms_that_name_what_the_flow_does_not_give() -> None:
    a = "start: [keyword: A]\nsteps: [{say: {text: Hi, card: order, notice: shipped}}]"
    lacks = "takes what this flow does not give: nothing here is called 'number' (did you mean 'member'?)"
    assert said(WECHAT, heard=HEARD, a=a) == [
        f"flows/a.yaml:3:9: the card {lacks}",
        f"flows/a.yaml:3:9: the notice 'shipped' {lacks}",
    ]


def test_a_card_written_in_the_flow_is_looked_at_too() -> None:
    card = "{title: 'A {{ nope }}', page: 'pages/{{ neither }}'}"
    found = said("cards: {}", a=f"steps: [{{say: {{text: Hi, card: {card}}}}}]\nstart: [keyword: A]")
    assert any("'nope'" in each for each in found)
    assert any("'neither'" in each for each in found)


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("thing1: From your order at our shop", "t in en: thing1 is cut to 'From your order at…'"),
        (
            "phrase1: on its way",
            "t in en: phrase1: 'on its way' does not fit; it takes up to 5",
        ),
        ("date1: \"{{ now | date: 'long' }}\"", "t in en: date1: "),
        ('number1: "{{ balance.available | points }}"', "(where a value is long)"),
    ],
)
def test_fields_that_do_not_fit_are_warned_of(field: str, complaint: str) -> None:
    (found,) = said(f"templates:\n  t: {{id: t1, fields: {{{field}}}}}")
    assert complaint in found
    assert found.endswith("[warning]")
    assert found.startswith("flows/wechat.yaml:2:")


@pytest.mark.parametrize(
    "field",
    [
        'thing1: "{{ member.first_name }}"',  # long names are cut
        'amount1: "{{ balance.available | money }}"',
        "date1: \"{{ now | date: '%Y-%m-%d' }}\"",
        'number1: "{{ 12 }}"',
    ],
)
def test_fields_that_fit(field: str) -> None:
    assert said(f"templates:\n  t: {{id: t1, fields: {{{field}}}}}") == []


def test_names_of_buttons_that_are_cut() -> None:
    menu = "menu:\n  - name: 会员中心吧\n    buttons: [{name: 一二三四五六七八九, keyword: STOP}]"
    assert [each.partition(": ")[2].partition(" (")[0] for each in said(menu)] == [
        "the button's name '会员中心吧' is too long to be shown whole",
        "the button's name '一二三四五六七八九' is too long to be shown whole",
    ]


@pytest.mark.parametrize(
    ("start", "steps", "count"),
    [
        ("menu: A", "[say: a, say: b, {choose: c, options: [x]}]", 0),
        ("menu: A", "[say: a, say: b, say: c, {choose: d, options: [x]}, say: e]", 4),
        ("menu: A", "[say: a, say: b, say: c, say: d]", 0),  # one answer
        ("follow", "[{say: {text: a, card: {title: t, page: p}}}, say: b, say: c]", 4),
        ("enter", "[say: a, say: b]", 0),
        ("enter", "[say: a, say: b, say: c]", 3),
        ("scan: a", "[{if: member.is_member, then: [say: a, say: b, say: c]}, {ask: d, expect: [y]}]", 4),
        ("keyword: A", "[say: a, say: b, say: c, {choose: d, options: [x]}]", 0),
    ],
)
def test_more_than_wechat_takes_at_once_is_warned_of(start: str, steps: str, count: int) -> None:
    found = said("cards: {}", a=f"start: [{start}]\nsteps: {steps}")
    complaints = [each for each in found if "at once" in each]
    assert bool(complaints) is bool(count)
    if count:
        assert f"with {count} messages at once" in complaints[0]
        assert complaints[0].endswith("[warning]")


def test_a_hundred_ways_are_looked_at_once() -> None:
    ways = ", ".join(
        f"{{if: member.is_member, then: [say: a{number}], else: [say: b]}}" for number in range(100)
    )
    found = said("cards: {}", a=f"start: [menu: A]\nsteps: [{ways}, {{choose: c, options: [x]}}]")
    assert any("with 101 messages at once" in each for each in found)
