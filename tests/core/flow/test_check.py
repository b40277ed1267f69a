"""What is said of flows before they are published."""

from textwrap import dedent

import pytest

from bot.core.errors import TellMember
from bot.core.flow.check import Complaint, check, handlers_gone
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Flow
from bot.core.flow.handler import HandlerSpec, by_name, handler
from bot.core.flow.policy_file import read_policy
from bot.core.flow.reader import read
from bot.core.flow.translations import Translation, Translations
from bot.core.turn import Turn
from tests.core.flow.rig import flow, steps


@handler(arguments=("reward",), returns=("name",), problems=("not_enough_credit",))
def redeem(turn: Turn) -> None:
    """Stand for a handler."""
    raise TellMember("not_enough_credit")


HANDLERS = by_name([redeem])


def said(
    *flows: Flow,
    translations: Translations | None = None,
    handlers: dict[str, HandlerSpec] | None = None,
    policy: str | None = None,
) -> list[str]:
    """What is said, without the file."""
    complaints = check(
        flows,
        handlers=HANDLERS if handlers is None else handlers,
        translations=translations,
        policy=None if policy is None else read_policy(read(policy, "flows/policy.yaml")),
    )
    return [str(each).removeprefix("flows/").removeprefix("test.yaml:") for each in complaints]


def named(name: str, start: str, body: str = "[{say: Hi}]") -> Flow:
    text = f"flow: {name}\nstart: {start}\nsteps: {body}\n"
    return compile_flow(read(dedent(text), f"flows/{name}.yaml"))


def test_a_good_flow_has_nothing_said_of_it() -> None:
    good = steps("""
        - do: redeem
          with: {reward: "{{ member.first_name }}"}
          as: got
          else: [{say: "{{ problem.code }}"}, end]
        - ask: How is {{ got.name }}, {{ member.anything }}?
          save: opinion
          skip: false
        - say: "{{ opinion }}"
        - id: more
          ask: More?
          expect: yes_no
          save: more
          else: end
        - if: more
          then: [{goto: more}]
    """)
    assert said(good) == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (
            "- end\n- say: never\n- say: nor this",
            "6:5: nothing leads to step '2' (remove it, or `goto` it)",
        ),
        (
            "- id: a\n  say: x\n- goto: a",
            (
                "7:5: the steps a, 2 lead in a circle without ever waiting "
                "(put a `wait`, an `ask` or an `end` into the circle)"
            ),
        ),
        (
            "- id: a\n  set: {n: 1}\n- if: n == 2\n  then: end\n- goto: a",
            (
                "9:5: the steps a, 2, 3 lead in a circle without ever waiting "
                "(put a `wait`, an `ask` or an `end` into the circle) [warning]"
            ),
        ),
        ("- do: redem", "5:5: there is no handler 'redem' (did you mean 'redeem'?)"),
        (
            "- do: redeem\n  with: {rewrd: x}",
            "5:5: the handler 'redeem' takes no 'rewrd' (did you mean 'reward'?)",
        ),
        (
            "- say: '{{ opinon }}'\n- set: {opinion: x}",
            "5:14: nothing here is called 'opinon' (did you mean 'opinion'?)",
        ),
        (
            "- do: redeem\n  as: got\n- say: '{{ got.nam }}'",
            "7:14: nothing here is called 'got.nam' (did you mean 'name'?)",
        ),
        (
            "- if: membr.first_name\n  then: end",
            "5:9: nothing here is called 'membr.first_name' (did you mean 'member'?)",
        ),
        (
            "- choose: Which?\n  from: catalog\n  label: '{{ option.name }}'",
            "5:5: nothing here is called 'catalog' (let a handler give it with `as:`)",
        ),
        (
            "- choose: Sure?\n  options: [Yes, Cancel]",
            (
                "5:5: 'Cancel' means opt-out on SMS and would never reach this question "
                "(offer another word, like BACK or NO THANKS)"
            ),
        ),
        (
            "- ask: Sure?\n  expect: [go on, quit]",
            (
                "5:5: 'quit' means opt-out on SMS and would never reach this question "
                "(offer another word, like BACK or NO THANKS)"
            ),
        ),
        (
            "- ask: Code?\n  only_answers: true",
            (
                "5:5: other keywords do not work while this question is open, and it is open for ever "
                "(add `within:`, for example 15m) [warning]"
            ),
        ),
        (
            "- wait: 1d\n- say: Still there?",
            (
                "6:5: this may be said after a wait, when it is no answer any more, and names no group "
                "(add `group:` at the top of the flow, or it may not leave) [warning]"
            ),
        ),
        ("- call: nobody", "5:5: there is no flow 'nobody' (write that flow, or remove the call)"),
        (
            "- call: test",
            "5:5: calling 'test' leads back into 'test': flows would pile up (use `goto` inside it instead)",
        ),
        (
            f"- say: ¿Qué más? {'x' * 100}",
            (
                "5:16: á (LATIN SMALL LETTER A WITH ACUTE) makes this 2 SMS segments instead of 1, "
                "$16.60 a thousand instead of $8.30 (write a, or accept the cost) [warning]"
            ),
        ),
        (
            f"- say: {'x' * 480}",
            "5:10: this takes 4 SMS segments, $33.20 a thousand (make it shorter) [warning]",
        ),
    ],
)
def test_each_mistake_is_said_once_with_its_place_and_remedy(source: str, complaint: str) -> None:
    assert said(steps(source)) == [complaint]


def test_a_text_in_chinese_is_not_called_dear() -> None:
    assert said(steps(f"- say: {'欢迎光临' * 20}")) == []


def test_a_journey_needs_a_group_for_its_messages() -> None:
    journey = "{flow: test, start: [{event: Order Completed}], steps: [{say: Hi}]}"
    assert said(flow(journey)) == [
        (
            "1:57: the flow does not answer a message here, and names no subscription group to ask "
            "(add `group:` at the top of the flow, for example loyalty)"
        )
    ]
    assert said(flow(journey.replace("start", "group: loyalty, start"))) == []


def test_keywords_of_two_flows_collide_and_legal_words_are_taken() -> None:
    first = named("first", "[{keyword: [Rewards, Points]}]")
    second = named("second", "[{keyword: [POINTS!, Stop, yes]}]")
    assert said(first, second) == [
        "second.yaml:2:1: 'Stop' means opt-out and is answered before any flow (choose another word)",
        "second.yaml:2:1: 'yes' means yes and is answered before any flow (choose another word)",
        (
            "second.yaml:2:1: 'POINTS!' already starts 'first' "
            "(keep one of them; the other is at flows/first.yaml:2)"
        ),
    ]


def test_there_is_one_fallback_and_each_name_once() -> None:
    first = named("first", "[{message: {fallback: true}}]")
    second = named("second", "[{message: {fallback: true}}]")
    assert said(first, second) == [
        "second.yaml:2:9: 'first' is the fallback already (flows/first.yaml) (keep one of them)"
    ]
    assert said(first, named("first", "[]")) == [
        "first.yaml:1:1: the flow 'first' is also in flows/first.yaml (give one of them another name)"
    ]


def test_what_is_started_from_outside_has_each_name_once() -> None:
    first = named("first", "[{api: [size], called: [first, 9e3b-55], group: loyalty}]")
    second = named("second", "[{api: true, called: [9e3b-55, first], group: loyalty}]")
    assert said(first) == []
    assert said(first, second) == [
        "second.yaml:2:9: '9e3b-55' starts the flow 'first' already (keep the name in one of them)",
        "second.yaml:2:9: 'first' starts the flow 'first' already (keep the name in one of them)",
    ]


def test_an_answer_that_is_another_flows_keyword_is_pointed_out() -> None:
    other = named("rewards", "[{keyword: REWARDS}]")
    assert said(steps("- choose: What?\n  options: [Rewards, Points]"), other) == [
        (
            "5:5: 'REWARDS' also starts 'rewards'; here it is an answer first "
            "(choose another word if that surprises people) [warning]"
        )
    ]


def test_flows_that_call_each_other_share_their_names() -> None:
    inner = named("inner", "[]", "[{set: {size: L}}, {say: '{{ wish }}'}]")
    outer = named("outer", "[{keyword: GO}]", "[{call: inner, with: {wish: x}}, {say: '{{ size }}'}]")
    found = said(inner, outer)
    assert not [each for each in found if "nothing here" in each]
    assert any("nothing here is called 'wish'" in each for each in said(inner))


def test_missing_and_broken_translations_are_said() -> None:
    text = '{flow: test, start: [{keyword: GO}], steps: [{say: "Hello {{ shop.name }}"}, {say: Bye}]}'
    spanish = {"Hello {{ shop.name }}": Translation("Hola {{ shop.name", "locales/es.po", 7)}
    translations = Translations({"es": spanish, "en": {}})
    found = said(flow(text, translations=translations), translations=translations)
    assert found[0].startswith("locales/es.po:7:")
    assert (
        found[1]
        == "1:1: not translated into es: 'Bye' (run `regulars flows messages` and translate it) [warning]"
    )
    assert len(found) == 2


def test_a_handler_that_waiting_runs_need_and_that_is_gone() -> None:
    old = steps("- ask: Well?\n- do: redeem\n  with: {reward: x}")
    assert handlers_gone([old], HANDLERS) == []
    assert [str(error) for error in handlers_gone([old], {})] == [
        "flows/test.yaml:6:5: there is no handler 'redeem' (there are )"
    ]


def test_errors_come_before_warnings() -> None:
    complaints = check([steps("- say: " + "x" * 480 + "\n- do: nothing")], handlers=HANDLERS)
    assert [each.is_warning for each in complaints] == [False, True]
    assert isinstance(complaints[0], Complaint)


# With the policy


def test_a_group_must_be_one_that_the_policy_describes() -> None:
    flow = named("news", "[{event: News, group: loyalti}]", "[{say: {text: Hi, group: vip}}]")
    first, second = said(flow, policy="groups: {loyalty: {}}\n")
    assert "describes no subscription group 'loyalti' (did you mean 'loyalty'?)" in first
    assert "describes no subscription group 'vip'" in second
    assert said(flow, policy="caps: [{most: 1, per: 1d}]\n") == [], "a policy without groups leaves them free"


def test_a_cap_on_a_tag_that_no_step_gives_is_pointed_out() -> None:
    flow = named("news", "[{event: News, group: loyalty}]", "[{say: {text: Hi, tag: sales}}]")
    (warning,) = said(flow, policy="caps: [{tag: sale, most: 1, per: 1d}]\n")
    assert warning == (
        "policy.yaml:1:1: a cap counts messages tagged 'sale', and no step gives that tag"
        " (did you mean 'sales'?) [warning]"
    )


def test_marketing_that_answers_is_a_reply_and_the_file_is_told_so() -> None:
    answer = named("offer", "[{keyword: OFFER}]", "[{say: {text: Hi, class: marketing, group: loyalty}}]")
    (warning,) = said(answer)
    assert "leaves as a reply: `class: marketing` says nothing" in warning
    later = named(
        "offer", "[{keyword: OFFER}]", "[{wait: 1d}, {say: {text: Hi, class: marketing, group: loyalty}}]"
    )
    assert said(later) == []
