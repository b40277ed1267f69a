"""What is said of a flow file that is YAML but not yet a flow."""

import json
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow import steps
from bot.core.flow.check import check
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import EventStarter, ScheduleStarter
from bot.core.flow.definition import STARTERS, FlowFile
from bot.core.flow.parse import parse
from bot.core.flow.reader import read
from bot.core.flow.reference import reference
from bot.core.flow.schema import json_schema

OF_SAY = "id, note, advance, held, refused, failed, say"
VIP_INVITE = """\
flow: vip_invite
title: Invite high-value customers by email, thank them by SMS
start:
  - schedule: daily 12:00          # in each contact's own zone
    audience: high_value
reentry: never
goals:                             # conversion events, first is primary, up to four
  - {event: Session Started, within: 3d}
steps:
  - id: invite
    email: {subject: "Something for our best customers", template: vip_invite}
  - wait_for: {inbound: {group: loyalty, category: opt-in}, within: 7d, else: end}
  - wait: 30s                      # so that the required opt-in reply lands first
  - id: offer
    say: {channel: sms, group: loyalty, text: "Your members' offer: …"}
"""


def complaints(source: str) -> list[str]:
    with pytest.raises(FlowError) as caught:
        parse(read(dedent(source), "f.yaml"))
    errors = (caught.value, *caught.value.others)
    return [f"{each.line}:{each.column} {each.problem} ({each.remedy})" for each in errors]


def of_step(step: str) -> list[str]:
    """Complain about one step, which begins on line 3 at column 5."""
    lines = dedent(step).strip("\n").splitlines()
    return complaints("flow: x\nsteps:\n" + "\n".join(f"  {line}" for line in lines))


def test_the_designs_journey_is_a_flow() -> None:
    assert len(parse(read(VIP_INVITE, "f.yaml")).steps) == 4
    (starter,) = compile_flow(read(VIP_INVITE, "f.yaml")).starters
    assert isinstance(starter, ScheduleStarter)
    assert starter.audience == "high_value"


def test_who_enters_or_leaves_an_audience_starts_a_flow_as_any_event_does() -> None:
    text = "flow: x\nstart: [audience: {entered: vips}, audience: {left: vips}]\nsteps: [end]"
    into, out_of = compile_flow(read(text, "f.yaml")).starters
    assert isinstance(into, EventStarter)
    assert isinstance(out_of, EventStarter)
    assert (into.event, out_of.event) == ("Audience Entered", "Audience Exited")
    assert into.where.holds({"audience": "vips"})
    assert not into.where.holds({"audience": "others"})


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("- sya: hi", "3:5 `sya` is no step (did you mean `say`?)"),
        ("- say: hi\n  chanel: sms", f"4:5 `chanel` is not known here (use one of {OF_SAY})"),
        ("- say: {text: hi, chanel: sms}", "3:21 `chanel` is not known here (did you mean `channel`?)"),
        ("- say: 5", '3:10 5 is a number, not a text (put quotes around it: "5")'),
        (
            "- say: 5.10",
            '3:10 a number stands where a text is expected (put quotes around what you wrote, like "5.10")',
        ),
        ("- say: true", "3:10 true and false are no text (put quotes around the word)"),
        ("- say:", "3:9 nothing is said here (write the text after the colon)"),
        ("- say: [a, b]", "3:10 a list stands where one text is expected (write one text, in quotes)"),
        ("- ask: Hi?\n  expct: text", "4:5 `expct` is not known here (did you mean `expect`?)"),
        ("- ask: Hi?\n  expect: txt", "4:13 'txt' is not possible here (did you mean text?)"),
        (
            "- ask: Hi?\n  retries: '3'",
            "4:14 a whole number is expected here, not '3' (write digits only, without quotes)",
        ),
        (
            "- ask: Hi?\n  on_silence: end",
            "3:5 `on_silence` is never reached without `within` (add `within:`, for example 1d)",
        ),
        ("- say: hi\n  ask: ho", "4:5 `say` and `ask` stand in one step (begin a new step with `- ask:`)"),
        ("- say: hi\n  then: [end]", f"4:5 `then` is not known here (use one of {OF_SAY})"),
        ("- hello there", '3:5 a text stands where a step is expected (write `- say: "…"` to send it)'),
        ("- say", "3:5 `say` is no whole step (write `- say: …`)"),
        ("- say：hi", "3:5 a full-width colon (：) follows the name (type an ordinary colon, `:`)"),
        ("- wait: 5", "3:11 5 is not a duration (write a number and a unit, like 30s, 15m, 2h, 7d or 2w)"),
        (
            "- wait: 3 months",
            "3:11 '3 months': months and years differ in length (say it in days or weeks, like 30d)",
        ),
        ("- wait: 0s", "3:11 '0s' is no time at all (write a duration longer than zero)"),
        (
            "- id: end\n  end:",
            "3:9 'end' means something of its own and cannot be a step's id (choose another id)",
        ),
        ("- wait_for: {evnt: x}", "3:16 `evnt` is not known here (did you mean `event`?)"),
        (
            "- wait_for: {event: x, inbound: {}}",
            "3:15 `wait_for` needs one of `event`, `inbound`, `click`, `answer` and `any` (keep one of them)",
        ),
        (
            "- choose: x",
            "3:5 a choice needs `options`, or `from` with a variable, and not both (keep one of them)",
        ),
        ("- choose: x\n  options: [{lable: a}]", "4:16 `lable` is not known here (did you mean `label`?)"),
        ("- if: x\n  thn: [end]", "4:5 `thn` is not known here (did you mean `then`?)"),
        ("- ask: Hi?\n  expect: []", "4:13 nothing is there (write at least one)"),
        ("- set: {Foo: 1}", "3:16 'Foo' is not something that can be saved to"),
        ("- split: greeting\n  arm: {a: [end]}", "4:5 `arm` is not known here (did you mean `arms`?)"),
        ("- goto: Some Where", "3:11 'Some Where' is not a step's id (write something like offer)"),
    ],
)
def test_one_mistake_in_a_step_is_one_complaint(step: str, complaint: str) -> None:
    (said,) = of_step(step)
    assert said.startswith(complaint)


def test_mistakes_in_different_places_are_all_said_in_reading_order() -> None:
    said = of_step("- sya: hi\n- if: x\n  then:\n    - ask: a\n      withn: 1d\n- wait: soon")
    assert [each.split(" ")[0] for each in said] == ["3:5", "7:9", "8:11"]


@pytest.mark.parametrize(
    ("heading", "complaint"),
    [
        ("flo: x", "1:1 `flo` is not known here (did you mean `flow`?)"),
        ("flow: Win Back", "1:7 'Win Back' is not a name"),
        (
            "flow: x\nlanguage: english",
            "2:11 'english' is not a language (write something like en, es or zh_Hans)",
        ),
        ("flow: x\nstart: [{keywrd: B}]", "2:10 `keywrd` is no starter (did you mean `keyword`?)"),
        ("flow: x\nstart: [{audience: x}]", "2:20 `name: value` lines is expected here, not 'x'"),
        ("flow: x\nstart: [{audience: {}}]", "2:20 `audience` needs `entered` or `left`, and not both"),
        ("flow: x\nstart: [{audience: {entered: a, left: b}}]", "2:20 `audience` needs `entered` or"),
        (
            "flow: x\nstart: [{keyword: 5}]",
            "2:19 text is expected here, not '5' (put quotes around it: \"5\")",
        ),
        ("flow: x\nstart: [{keyword: A, category: opt-in}]", "2:9 opt-in keywords need a subscription group"),
        (
            "flow: x\nstart: [{keyword: A, category: opt-out}]",
            "2:9 keywords of the category opt-out are answered",
        ),
        ("flow: x\nstart: [{message: {}}]", "2:19 `message` needs `pattern` or `fallback: true`"),
        ("flow: x\nreentry: sometimes", "2:10 'sometimes' is not possible here"),
        (
            "flow: x\ntests: [{say: a, advance: 1d}]",
            "2:9 a test line needs exactly one of say, tap, menu, scan, follow, enter, location, allow",
        ),
        ("flow: x\ntests: [{sya: a}]", "2:10 `sya` is not known here (did you mean `say`?)"),
    ],
)
def test_a_mistake_in_the_heading(heading: str, complaint: str) -> None:
    (said,) = complaints(f"{heading}\nsteps: [end]")
    assert said.startswith(complaint)


def test_a_flow_needs_a_step() -> None:
    assert complaints("flow: x\nsteps: []") == ["2:8 nothing is there (write at least one)"]
    assert complaints("flow: x") == ["1:1 `steps` is missing (add `steps:`)"]


def test_short_forms_say_the_same_as_long_ones() -> None:
    short = parse(read("flow: x\nstart: [api]\nsteps: [{say: Hi}, {if: a, then: end}, end]\n", "f.yaml"))
    long = parse(
        read(
            "flow: x\nstart: [{api: true}]\nsteps: [{say: {text: Hi}}, {if: a, then: [end]}, {end: true}]\n",
            "f.yaml",
        )
    )
    assert short.start == long.start
    assert short.steps[0] == long.steps[0]
    assert len(short.steps) == len(long.steps) == 3


def test_every_field_is_described_for_editors_and_for_the_reference_page() -> None:
    schema = json_schema()
    json.dumps(schema)
    for name, part in {**schema["$defs"], "": schema}.items():
        for key, field in part.get("properties", {}).items():
            assert field.get("description"), f"{name}.{key}"
    page = reference()
    for kind in (*steps.KINDS, *STARTERS, *FlowFile.model_fields):
        assert f"`{kind}`" in page or kind == "message_class"


def test_editors_hear_of_bare_words_and_no_nulls() -> None:
    schema = json_schema()
    assert {"const": "end"} in schema["$defs"]["End"]["anyOf"]
    assert schema["$defs"]["Ask"]["properties"]["id"]["type"] == "string"


SCRAPS: st.SearchStrategy[JsonValue] = st.recursive(
    st.sampled_from(
        [None, True, 3, 1.5, "text", "1d", "end", "{{ x }}", "{{ x", "a == 1", "sms", "10:00", ""]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*steps.KINDS, *STARTERS, *steps.Choose.model_fields, "then", "else", "with", "text", "label"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(starters=SCRAPS, scraps=SCRAPS)
def test_whatever_stands_in_a_flow_is_compiled_or_explained(starters: JsonValue, scraps: JsonValue) -> None:
    source = json.dumps({"flow": "x", "start": starters, "steps": scraps}, ensure_ascii=False)
    refusal = None
    try:
        check([compile_flow(read(source, "f.yaml"))], handlers={})
    except FlowError as refused:
        refusal = refused
    if refusal is not None:
        assert all(each.line == 1 and each.problem and each.remedy for each in (refusal, *refusal.others))


@pytest.mark.parametrize(
    ("start", "complaint"),
    [
        ("{scan: ta*ble}", "2:9 'ta*ble' has a star inside (put it last, as in table-*)"),
        ("{follow: yes please}", "2:18 'yes please' is not possible here"),
        ("{flolow: true}", "2:10 `flolow` is no starter (did you mean `follow`?)"),
        ("{menu: []}", "2:16 nothing is there (write at least one)"),
        ("follw", "2:9 `follw` is no whole starter (write `- follow: …`)"),
    ],
)
def test_a_mistake_in_a_starter_of_a_gesture(start: str, complaint: str) -> None:
    (said,) = complaints(f"flow: x\nstart: [{start}]\nsteps: [end]")
    assert said.startswith(complaint)


@pytest.mark.parametrize("bare", ["follow", "enter", "location"])
def test_a_gesture_may_stand_alone(bare: str) -> None:
    one = parse(read(f"flow: x\nstart: [{bare}]\nsteps: [end]", "f.yaml"))
    other = parse(read(f"flow: x\nstart: [{{{bare}: , group: loyalty}}]\nsteps: [end]", "f.yaml"))
    assert type(one.start[0]) is type(other.start[0]) is STARTERS[bare]
    assert other.start[0].group == "loyalty"


@pytest.mark.parametrize(
    ("tests", "complaint"),
    [
        ("[{channel: wechat, say: a}]", "2:9 `channel` stands on a line of its own"),
        ("[{test: a, channel: fax, conversation: [{say: a}]}]", "2:28 'fax' is not possible here"),
        (
            "[{test: a, conversation: [{channel: sms}]}]",
            "2:9 a conversation has one channel (write `channel:` beside `test:`)",
        ),
        ("[{location: here}]", "2:20 'here'"),
    ],
)
def test_a_mistake_in_a_test_on_wechat(tests: str, complaint: str) -> None:
    (said,) = complaints(f"flow: x\ntests: {tests}\nsteps: [end]")
    assert said.startswith(complaint)


def test_a_card_is_looked_into() -> None:
    card = "say: {text: a, card: {titel: b, page: c}}"
    assert of_step(f"- {card}") == ["3:27 `titel` is not known here (did you mean `title`?)"]
    assert of_step("- say: {text: a, card: {title: b, page: /c}}") == [
        "3:43 '/c' is no page of a mini program (write it like pages/reorder/reorder?order=1)"
    ]
