"""`flows check` and `flows test` as a marketer meets them."""

import pytest

from tests.cli.conftest import Terminal

PROGRAM = """\
program: Shop
currency: {code: USD, exponent: 2}
point_value: 0.01
earning: {rate: 5%}
expiry: {after: 12 months}
"""
JOURNEY = """\
flow: second_pot
title: The second pot
start:
  - keyword: [SECONDPOT]
group: loyalty
class: marketing
steps:
  - id: letter
    email: {subject: A second pot, text: It is on us.}
  - wait: 2d
  - id: other
    say: Two days left.
tests:
  - say: secondpot
    expect: []
  - advance: 2d
    expect: [Two days left]
"""
HELLO = """\
flow: hello
title: Greet
start:
  - keyword: [HI]
steps:
  - say: Hello there!
tests:
  - say: hi
    expect: ["Hello there"]
"""


def test_the_shipped_files_are_well(shop: Terminal) -> None:
    ran = shop("flows", "check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("files checked: all is well.\n")


def test_the_flows_of_the_folder_one_works_in_are_meant(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGULARS_FLOWS")
    assert int(terminal("flows", "check").err.split()[0]) > 50, "there are none: those that we ship"
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO.replace("say: Hello", "sayy: Hello"))
    by_name = terminal("flows", "check", "hello")
    assert (by_name.code, by_name.err.partition(" checked")[0]) == (1, "1 file")
    assert terminal("flows", "check").out == by_name.out


def test_the_conversations_of_the_shipped_flows_go_as_written(shop: Terminal) -> None:
    ran = shop("flows", "test")
    assert ran.code == 0, ran.out
    assert ran.out.rstrip().endswith("all as written.")
    assert "FAIL" not in ran.out


def test_a_typo_is_one_complaint_with_place_and_remedy(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO.replace("say: Hello", "sayy: Hello"))
    ran = terminal("flows", "check")
    assert ran.code == 1
    (line,) = ran.out.splitlines()
    assert line.startswith("flows/hello.yaml:6:5: ")
    assert "`say`" in line or "'say'" in line
    assert ran.err == "2 files checked: 1 error, 0 warnings.\n"


def test_all_flows_are_looked_at_together(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO)
    terminal.write(
        "flows/other.yaml", HELLO.replace("flow: hello", "flow: other").replace("[HI]", "[Hi!, STOP]")
    )
    terminal.write(
        "flows/third.yaml",
        HELLO.replace("flow: hello", "flow: third")
        .replace("[HI]", "[X]")
        .replace("say: Hello there!", "call: helo"),
    )
    ran = terminal("flows", "check")
    assert ran.code == 1
    assert "flows/other.yaml:4:" in ran.out
    assert "flows/hello.yaml:4" in ran.out
    assert "did you mean 'hello'?" in ran.out
    assert "answered before any flow" in ran.out


def test_only_the_named_file_is_complained_about(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO)
    terminal.write("flows/bad.yaml", "flow: [")
    assert terminal("flows", "check", "flows/hello.yaml").code == 0
    assert terminal("flows", "check", "flows/bad.yaml").code == 1


def test_program_and_keywords_are_checked_too(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM.replace("5%", "lots"))
    terminal.write("flows/keywords.yaml", "programme: Shop\n")
    ran = terminal("flows", "check")
    assert ran.code == 1
    assert "flows/program.yaml:4:" in ran.out
    assert "flows/keywords.yaml:1:1: " in ran.out


def test_a_folder_without_program_is_told_so(terminal: Terminal) -> None:
    terminal.write("flows/hello.yaml", HELLO)
    ran = terminal("flows", "check")
    assert ran.code == 1
    assert ran.out.startswith("flows/program.yaml:1:1: there is no such file")


def test_a_warning_is_marked_and_stops_nothing(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/greeting.yaml", HELLO)
    ran = terminal("flows", "check")
    assert ran.code == 0
    assert ran.out.rstrip().endswith("[warning]")
    assert "0 errors, 1 warning" in ran.err


def test_an_event_that_nobody_tells_is_warned_of(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    goals = "goals: [{event: Ordr Completed, within: 3d}]\nsteps:"
    terminal.write("flows/hello.yaml", HELLO.replace("steps:", goals))
    ran = terminal("flows", "check")
    assert (ran.code, "did you mean 'Order Completed'?" in ran.out) == (0, True)
    assert "0 errors, 1 warning" in ran.err


def test_costs_of_every_message_are_shown_at_the_operators_price(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO)
    terminal.write(".env", "REGULARS_SEGMENT_PRICE=0.01 EUR\n")
    ran = terminal("flows", "check", "--costs")
    assert ran.code == 0
    (line,) = [line.split() for line in ran.out.splitlines() if line.lstrip().startswith("hello 1")]
    assert line == ["hello", "1", "en", "GSM-7", "1", "1", "1", "€10.00", "€10.00"]
    assert "0.01 EUR" in ran.out


def test_what_is_not_there_is_wrong_use(terminal: Terminal) -> None:
    ran = terminal("flows", "check", "nowhere.yaml")
    assert (ran.code, ran.err) == (2, "nowhere.yaml: there is no such file or folder\n")


def test_checking_leaves_no_file_behind(shop: Terminal) -> None:
    before = sorted(shop.folder.rglob("*"))
    shop("flows", "check")
    shop("flows", "test", "hello")
    assert sorted(shop.folder.rglob("*")) == before


def test_what_a_journey_could_not_send_is_told_until_the_contact_agrees(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/second_pot.yaml", JOURNEY)
    ran = terminal("flows", "test", "second_pot", "--verbose")
    assert ran.code == 1
    assert "> (2d later)" in ran.out
    told = [line.strip() for line in ran.out.splitlines()]
    letter = "`second_pot.letter` (email) was refused: no_address: the contact has no address on email"
    refused = "`second_pot.other` (sms) was refused: unsubscribed: the contact never opted in to loyalty"
    assert f"! not sent: {letter}" in told
    assert f"expected 'Two days left', but nothing came: {refused}" in ran.out
    agreed = JOURNEY.replace("tests:\n", "tests:\n  - agree: [sms, email]\n")
    terminal.write("flows/second_pot.yaml", agreed.replace("expect: []", 'expect: ["[email] A second pot"]'))
    ran = terminal("flows", "test", "second_pot")
    assert (ran.code, "not sent" in ran.out) == (0, False), ran.out


def test_a_surprise_is_shown_with_its_place_and_the_conversation(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/hello.yaml", HELLO.replace('expect: ["Hello there"]', 'expect: ["Good day"]'))
    ran = terminal("flows", "test")
    assert ran.code == 1
    assert "  FAIL conversation\n       > hi\n       < Hello there!\n" in ran.out
    assert "flows/hello.yaml:8:5: after 'hi' expected 'Good day', but 'Hello there!' came" in ran.out
    assert ran.out.rstrip().endswith("1 flow, 1 test: 1 surprise.")


def test_time_passes_for_waits_reminders_and_quiet_hours(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write(
        "flows/hello.yaml",
        """\
flow: hello
title: Greet, and greet again
start:
  - keyword: [HI]
    category: opt-in
    group: news
steps:
  - say: Hello!
  - wait: 2h
  - say: Still here?
  - say: We are.
  - wait: 9h
  - say: Good night.
tests:
  - say: hi
    expect: ["HELP", "Hello!"]
  - advance: 1h
    expect: []
  - advance: 1h
    expect: ["Still here?", "We are."]
  - advance: 10h
    expect: []
  - advance: 10h
    expect: ["Good night."]
""",
    )
    ran = terminal("flows", "test", "--verbose")
    assert ran.code == 0, ran.out
    assert "       > (1h later)\n" in ran.out


def test_an_event_starts_a_flow_and_what_is_known_is_said(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write(
        "flows/hello.yaml",
        HELLO.replace("[HI]", "[HI]\n    category: opt-in\n    group: news").replace(
            'expect: ["Hello there"]', 'expect: ["HELP", "Hello there"]'
        ),
    )
    terminal.write(
        "flows/thanks.yaml",
        """\
flow: thanks
title: Thank for an order
group: news
start:
  - event: Order Completed
    where: {total: "> 10"}
steps:
  - say: "Thanks{% if member.first_name %}, {{ member.first_name }}{% endif %}, for {{ event.total }}!"
tests:
  - say: hi
  - event: {name: Order Completed, properties: {total: 5}}
    expect: []
  - set: {member.first_name: Ana}
  - event: {name: Order Completed, properties: {total: 20}}
    expect: ["Thanks, Ana, for 20!"]
""",
    )
    ran = terminal("flows", "test", "thanks")
    assert ran.code == 0, ran.out


def test_a_test_says_yes_to_the_prompt_of_a_double_opt_in(terminal: Terminal) -> None:
    """Whether an opt-in has to be confirmed is the policy's, and changes no flow's tests."""
    terminal.write("flows/program.yaml", PROGRAM)
    opts_in = HELLO.replace("keyword: [HI]", "{keyword: [HI], category: opt-in, group: news}")
    terminal.write("flows/hello.yaml", opts_in.replace('["Hello there"]', '["You\'re in", "Hello there"]'))
    assert terminal("flows", "test").code == 0
    terminal.write("flows/policy.yaml", "groups: {news: {title: {en: News}, double_opt_in: true}}")
    ran = terminal("flows", "test")
    assert (ran.code, "1 test: all as written." in ran.out) == (0, True), ran.out


def test_each_test_meets_a_stranger(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write(
        "flows/name.yaml",
        """\
flow: name
title: Ask for a name
start:
  - keyword: [NAME]
steps:
  - say: "{{ member.first_name | default: 'nobody' }}"
  - set: {member.first_name: Ana}
tests:
  - test: first
    conversation: [{say: name, expect: [nobody]}, {say: name, expect: [Ana]}]
  - test: second
    conversation: [{say: name, expect: [nobody]}]
""",
    )
    ran = terminal("flows", "test")
    assert ran.code == 0, ran.out


def test_a_turn_that_fails_is_a_surprise_even_where_nothing_was_expected(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    circle = """\
flow: circle
title: Go round and round
start:
  - keyword: [GO]
steps:
  - id: top
    set: {round: "x"}
  - if: round == 'y'
    then:
      - end
  - goto: top
tests:
  - say: go
"""
    terminal.write("flows/circle.yaml", circle)
    ran = terminal("flows", "test")
    assert ran.code == 1
    assert "flows/circle.yaml:13:5: a turn failed: " in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_an_unknown_flow_is_wrong_use(shop: Terminal) -> None:
    ran = shop("flows", "test", "loyalti")
    assert ran.code == 2
    assert ran.err == "loyalti: there is no such flow; did you mean loyalty?\n"


ON_WECHAT = """\
flow: talk
start:
  - keyword: TALK
  - menu: MONEY
  - follow
  - scan: table-*
steps:
  - say: {text: "Hello{% if scene %} {{ scene }}{% endif %}", card: order}
  - choose: Tea or coffee?
    options: [Tea, Coffee]
    save: drink
    else: end
  - say: "{{ drink }} it is"
tests:
  - channel: wechat
  - follow: poster
    expect: ["Hello poster", "1 Tea"]
  - tap: Coffee
    expect: Coffee it is
  - test: By word, on both
    channel: [sms, wechat]
    conversation:
      - say: TALK
        expect: ["Hello", "Tea or coffee?"]
      - say: "1"
        expect: Tea it is
  - test: At a table, and then the menu
    channel: wechat
    conversation:
      - scan: table-7
        expect: ["Hello table-7", "1 Tea"]
      - menu: MONEY
        expect: ["[card] Order again: pages/reorder", "Tea or coffee?"]
      - tap: "1"
        expect: Tea it is
"""
WECHAT = """\
menu:
  - {name: 余额, keyword: MONEY}
cards:
  order: {title: Order again, page: pages/reorder}
"""


def on_wechat(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/wechat.yaml", WECHAT)
    terminal.write("flows/talk.yaml", ON_WECHAT)


def test_a_flow_is_rehearsed_by_sms_and_on_wechat(terminal: Terminal) -> None:
    on_wechat(terminal)
    ran = terminal("flows", "test", "--verbose")
    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[-1] == "1 flow, 4 tests: all as written."
    for line in ("  ok   By word, on both (wechat)", "       > (scan table-7)", "       > [Coffee]"):
        assert line in ran.out.splitlines()


def test_what_cannot_be_tapped_is_a_surprise(terminal: Terminal) -> None:
    on_wechat(terminal)
    file = terminal.folder / "flows" / "talk.yaml"
    file.write_text(file.read_text().replace("- tap: Coffee", "- tap: Cocoa"))
    ran = terminal("flows", "test")
    assert ran.code == 1
    assert "'(nothing to tap is called Cocoa)' came" in ran.out


def test_both_faces_of_every_message_are_shown(terminal: Terminal) -> None:
    on_wechat(terminal)
    ran = terminal("flows", "check", "--faces")
    assert ran.code == 0, ran.out
    shown = ran.out.split("talk 2 [en]\n")
    assert "  WeChat  text, 18 bytes\n            [ Order again ] opens pages/reorder\n" in shown[0]
    assert shown[1].startswith(
        "  SMS     1 segment, GSM-7, 29 characters\n"
        "            | Tea or coffee?\n            | 1 Tea\n            | 2 Coffee\n"
        "  WeChat  menu message, 23 bytes\n"
        "            | Tea or coffee?\n            ( Tea )\n            ( Coffee )\n"
    )


def test_wechat_yaml_is_published_and_its_mistakes_are_told(terminal: Terminal) -> None:
    on_wechat(terminal)
    terminal.write("flows/wechat.yaml", WECHAT.replace("keyword: MONEY", "keyword: NOBODY"))
    ran = terminal("flows", "check")
    assert ran.code == 1
    assert ran.out.startswith("flows/wechat.yaml:2:5: no flow hears the button '余额', which says 'NOBODY'")
    terminal.write("flows/wechat.yaml", WECHAT.replace("cards:", "crads:"))
    assert (
        "flows/wechat.yaml:3:1: `crads` is not known here (did you mean `cards`?)"
        in terminal("flows", "check").out
    )


def test_shop_yaml_is_checked_in_the_currency_of_the_program(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/shop.yaml", "delivery: {fee: 4.00}\npay: [pickup]\n")
    assert terminal("flows", "check").code == 0
    terminal.write("flows/shop.yaml", "delivery: {fee: 4.005}\npay: [pickup, cash]\n")
    ran = terminal("flows", "check")
    assert ran.code == 1
    assert "flows/shop.yaml:1:17: '4.005' is finer than the currency (write at most 2 decimals)" in ran.out
    assert "flows/shop.yaml:2:15: 'cash' is not possible here (write one of wechat, pickup)" in ran.out


NOTICED = """\
flow: noticed
group: loyalty
start:
  - event: Order Shipped
steps:
  - say: {text: Your order is on its way., notice: shipped}
tests:
  - test: In time, by customer service
    channel: wechat
    conversation:
      - say: JOIN
      - event: Order Shipped
        expect: Your order is on its way.
  - test: Later, as a subscribe message that was allowed, and once
    channel: wechat
    conversation:
      - say: JOIN
      - allow: shipped
      - advance: 3d
      - event: {name: Order Shipped, properties: {number: 7K2P}}
        expect: "[shipped] thing1: Order 7K2P"
      - event: {name: Order Shipped, properties: {number: 7K2Q}}
        expect: []
"""
JOINED = """\
flow: joined
start:
  - {keyword: JOIN, category: opt-in, group: loyalty}
steps:
  - say: Welcome!
"""


def test_a_notice_is_rehearsed_with_the_right_to_send_it(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", PROGRAM)
    terminal.write("flows/joined.yaml", JOINED)
    terminal.write("flows/noticed.yaml", NOTICED)
    terminal.write(
        "flows/wechat.yaml",
        "templates:\n  shipped: {id: t1, fields: {thing1: 'Order {{ event.number }}'}}\n",
    )
    ran = terminal("flows", "test", "noticed", "--verbose")
    assert ran.code == 0, ran.out
    assert "       > (allows shipped)" in ran.out.splitlines()
