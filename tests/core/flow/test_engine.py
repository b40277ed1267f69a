"""Runs: what a flow says and does, turn by turn."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.contact import JsonValue, SubscriptionState
from bot.core.errors import TellMember
from bot.core.flow.handler import by_name, handler
from bot.core.flow.run import RunStatus, WaitKind
from bot.core.flow.take.hearing import Heard
from bot.core.flow.translations import Translation, Translations
from bot.core.messages import MessageClass
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, Turn
from tests.core.flow.rig import Chat, flow, steps

LOYALTY = """
    flow: loyalty
    title: Join by texting LOYALTY
    language: en
    start:
      - keyword: [LOYALTY, JOIN, 会员]
        category: opt-in               # of subscription group `loyalty`; its required reply goes out first
        group: loyalty
    steps:
      - do: enroll
        as: enrolled
      - if: enrolled.already
        then:
          - say: "Welcome back, {{ member.first_name | default: 'friend' }}! You have {{ balance.available | money }}."
          - end
      - say: |
          Welcome! We put {{ enrolled.granted | money }} in your wallet. It's yours until {{ enrolled.expires_at | date: 'long' }}.
      - ask: What shall we call you? Reply with a first name, or SKIP.
        expect: text
        save: member.first_name
        within: 1d                     # silence: the run goes on
"""  # noqa: E501  # the design's example, as it stands there
ASK = "What shall we call you? Reply with a first name, or SKIP."


@handler(returns=("already", "granted", "expires_at"))
def enroll(turn: Turn) -> Mapping[str, JsonValue]:
    """Enroll, as a shop's handler would."""
    new = turn.enroll()
    return {"already": not new, "granted": 500, "expires_at": "2026-12-24"}


@handler(arguments=("reward",), returns=("name",), problems=("not_enough_credit",))
def redeem(turn: Turn) -> Mapping[str, JsonValue]:
    """Redeem, or tell the member that the credit does not suffice."""
    if turn.arguments["reward"] == "cake":
        raise TellMember("not_enough_credit", missing=300)
    return {"name": turn.arguments["reward"], "sort": type(turn.arguments["reward"]).__name__}


HANDLERS = by_name([enroll, redeem])


def loyalty() -> Chat:
    return Chat.of(flow(LOYALTY), handlers=HANDLERS)


# The example of the design


def test_a_keyword_joins_and_a_name_is_thanked_for() -> None:
    chat = loyalty()
    welcome = "Welcome! We put $5.00 in your wallet. It's yours until December 24, 2026."
    assert chat.say("LOYALTY") == [welcome, ASK]
    assert chat.say("Ana") == ["Thanks, Ana!"]
    assert chat.contact.first_name == "Ana"
    assert chat.run.status is RunStatus.DONE
    assert chat.say("会员") == ["Welcome back, Ana! You have $0.00."]


def test_skip_and_silence_both_let_the_run_go_on() -> None:
    chat = loyalty()
    chat.say("JOIN")
    assert chat.say("skip!") == ["Thanks!"]
    assert chat.counts["4 skipped"] == 1
    assert chat.contact.first_name is None

    chat = loyalty()
    chat.say("JOIN")
    assert chat.advance(hours=23) == []
    assert chat.run.is_waiting
    assert chat.advance(hours=2) == []
    assert chat.run.status is RunStatus.DONE
    assert chat.counts["4 expired"] == 1


def test_messages_of_a_conversation_are_replies_and_of_a_journey_are_not() -> None:
    chat = loyalty()
    chat.say("LOYALTY")
    assert {message.message_class for message in chat.sent} == {MessageClass.REPLY}
    assert {message.group for message in chat.sent} == {"loyalty"}

    journey = steps("- say: {text: Hi, class: marketing, group: news}\n- say: Ho", more="group: loyalty")
    chat = Chat.of(journey)
    chat.start("test")
    assert [message.message_class for message in chat.sent] == [MessageClass.MARKETING, MessageClass.SERVICE]
    assert [message.group for message in chat.sent] == ["news", "loyalty"]


# Questions


def test_a_message_has_the_class_tag_and_validity_its_step_says() -> None:
    journey = flow("""
        flow: journey
        start: [{event: Order Completed, group: loyalty}]
        steps:
          - say: {text: Half price, class: marketing, tag: sale, valid: 2h}
          - ask: {text: Which size?, tag: question, valid: 30m}
            within: 1h
    """)
    chat = Chat.of(journey)
    assert chat.event("Order Completed") == ["Half price", "Which size?"]
    sale, question = chat.sent
    assert (sale.message_class, sale.tag) == (MessageClass.MARKETING, "sale")
    assert sale.valid_until == chat.now + timedelta(hours=2)
    assert (question.message_class, question.tag) == (MessageClass.SERVICE, "question")
    assert question.valid_until == chat.now + timedelta(minutes=30)


def test_an_unusable_answer_is_asked_again_then_goes_where_the_author_says() -> None:
    chat = Chat.of(
        steps("""
            - ask: How many?
              expect: number
              retries: 1
              save: many
              else: [{say: Never mind.}, end]
            - say: "{{ many }} it is."
        """)
    )
    assert chat.say("go") == ["How many?"]
    assert chat.say("lots") == ["Please reply with a number.\nHow many?"]
    assert chat.say("many") == ["Never mind."]
    assert chat.counts["1 other"] == 2
    assert chat.counts["1 gave_up"] == 1

    chat.say("go")
    chat.say("lots")
    assert chat.say("two or 12?") == ["12 it is."]


def test_an_authors_own_retry_stands_alone() -> None:
    chat = Chat.of(steps("- ask: How many?\n  expect: number\n  retry: A number, please."))
    chat.say("go")
    assert chat.say("x") == ["A number, please."]


def test_silence_may_lead_elsewhere_than_nonsense() -> None:
    source = """
        - ask: Email?
          expect: email
          within: 1h
          retries: 0
          else: [{say: No address then.}]
          on_silence: [{say: Are you there?}]
        - say: Bye.
    """
    chat = Chat.of(steps(source))
    chat.say("go")
    assert chat.say("nope@nope") == ["No address then.", "Bye."]
    chat.say("go")
    assert chat.advance(hours=1) == ["Are you there?", "Bye."]
    chat.say("go")
    assert chat.say("It is Ana@Example.com.") == ["Bye."]


@pytest.mark.parametrize(
    ("expect", "said", "kept"),
    [
        ("yes_no", "Sí!", "true"),
        ("yes_no", "nope", "false"),
        ("date", "May 21, 1990", "1990-05-21"),
        ("birthday", "5/21", "1904-05-21"),
        ("number", "1,250.5", "1250.5"),
        ("any", "  anything at all ", "anything at all"),
        ("[red, green]", "I'd like gren", "nothing"),
        ("[red, green]", "gren", "green"),
    ],
)
def test_answers_are_understood_by_what_is_expected(expect: str, said: str, kept: str) -> None:
    chat = Chat.of(
        steps(f"""
            - ask: Well?
              expect: {expect}
              retries: 0
              save: answer
            - say: "{{{{ answer | default: 'nothing', allow_false: true }}}}"
        """)
    )
    chat.say("go")
    assert chat.say(said) == [kept]


def test_a_picture_alone_answers_what_expects_anything() -> None:
    chat = Chat.of(steps('- ask: Show me.\n  save: shown\n- say: "{{ shown }}"'))
    chat.say("go")
    assert chat.say("", media=("https://example.com/1.jpg",)) == ["https://example.com/1.jpg"]


def test_options_are_chosen_by_number_word_and_near_word() -> None:
    source = """
        - choose: Which size?
          save: size
          options:
            - label: Small
              then: [{say: Tiny!}]
            - {label: Large, words: [big, grande], value: L}
        - say: "{{ size }}"
    """
    for said, answers in {
        "1": ["Tiny!", "Small"],
        "small please": ["Tiny!", "Small"],
        "GRANDE": ["L"],
        "2.": ["L"],
        "lrage": ["L"],
        "the big one": ["L"],
    }.items():
        chat = Chat.of(steps(source))
        assert chat.say("go") == ["Which size?\n1 Small\n2 Large"]
        assert chat.say(said) == answers
    chat = Chat.of(steps(source))
    chat.say("go")
    assert chat.say("medium") == ["Please reply with one of the answers.\nWhich size?\n1 Small\n2 Large"]
    assert chat.say("2") == ["L"]
    assert chat.counts["1 option 2"] == 1


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("one", "A"),
        ("the first", "A"),
        ("First one please", "A"),
        ("#2", "B"),
        ("number two", "B"),
        ("the second one", "B"),
        ("I'll take the 2nd", "B"),
        ("2)", "B"),
        ("el primero", "A"),
        ("la segunda, por favor", "B"),
        ("tercera", "C"),
        ("第一个", "A"),
        ("我要第二个", "B"),
        ("选3", "C"),
        ("三", "C"),
        ("the fourth", None),
        ("one or two", None),
        ("not the first", None),
    ],
)
def test_an_option_is_chosen_by_its_place(said: str, chosen: str | None) -> None:
    source = "- choose: Which?\n  save: x\n  options: [A, B, C]\n  else: end\n- say: '{{ x }}'"
    chat = Chat.of(steps(source))
    chat.say("go")
    again = "Please reply with one of the answers.\nWhich?\n1 A\n2 B\n3 C"
    assert chat.say(said) == [chosen or again]


def test_words_to_choose_among_have_no_places_because_they_may_be_numbers() -> None:
    source = "- ask: How many?\n  expect: ['5', '2']\n  save: x\n  skip: false\n  else: end\n- say: '{{ x }}'"
    chat = Chat.of(steps(source))
    chat.say("go")
    assert chat.say("first") == ["Please reply with one of the answers.\nHow many?"]
    assert chat.say("2") == ["2"]


def test_yes_means_the_only_option_and_none_of_several() -> None:
    source = "- choose: Which?\n  save: x\n  options: [{}]\n  else: end\n- say: '{{{{ x }}}}'"
    for said in ("YES", "ok!", "sí", "好的"):
        chat = Chat.of(steps(source.format("Tea")))
        chat.say("go")
        assert chat.say(said) == ["Tea"]
    chat = Chat.of(steps(source.format("Tea, Coffee")))
    chat.say("go")
    assert chat.say("yes")[0].startswith("Please reply with one of the answers.")


def test_a_first_name_is_told_from_a_sentence() -> None:
    chat = Chat.of(
        steps("- ask: Name?\n  expect: name\n  save: member.first_name\n  else: end\n- say: Done.")
    )
    chat.say("go")
    assert chat.say("why do you want to know?") == ["Please reply with a first name alone, like Ana.\nName?"]
    assert chat.say("I'm Ana 🌸") == ["Done."]
    assert chat.contact.first_name == "Ana"


def test_an_answer_that_means_two_options_is_asked_about() -> None:
    source = """
        - choose: Which?
          numbered: false
          options: [Green tea, Black tea, Greek tea]
          retry: Which one?
        - say: Fine.
    """
    for said in ("green tea or black tea", "Greeg tea"):
        chat = Chat.of(steps(source))
        assert chat.say("go") == ["Which?"]
        assert chat.say(said) == ["Which one?"]


def test_a_choice_among_the_things_in_a_variable() -> None:
    chat = Chat.of(
        steps(
            """
            - choose: Which reward?
              from: catalogue.rewards
              label: "{{ option.name }} ({{ option.cost | money }})"
              save: reward
              then:
                - say: "{{ reward.id }} for {{ reward.cost | money }}"
        """,
            more="group: loyalty",
        )
    )
    rewards: list[JsonValue] = [
        {"id": "c", "name": "Coffee", "cost": 400},
        {"id": "t", "name": "Tea", "cost": 300},
    ]
    chat.start("test", catalogue={"rewards": rewards})
    assert chat.say("2") == []  # who did not agree to hear from us was not asked
    chat.subscriptions["loyalty"] = SubscriptionState.SUBSCRIBED
    chat.start("test", catalogue={"rewards": rewards})
    assert chat.sent[0].body == "Which reward?\n1 Coffee ($4.00)\n2 Tea ($3.00)"
    assert chat.say("2") == ["t for $3.00"]
    chat.start("test", catalogue={"rewards": []})
    failure = list(chat.runs.values())[-1].failure
    assert failure == "flows/test.yaml:5: step '1': there is nothing to choose from in catalogue.rewards"


# Suspension


def test_a_keyword_suspends_the_open_question_and_it_is_asked_again() -> None:
    chat = Chat.of(flow(LOYALTY), steps("- say: You have nothing."), handlers=HANDLERS)
    chat.say("LOYALTY")
    assert chat.say("go") == ["You have nothing.", f"Still open: {ASK}"]
    assert chat.asking is not None
    assert chat.say("Ana") == ["Thanks, Ana!"]


def test_of_two_questions_the_newer_is_answered_first() -> None:
    other = flow("""
        flow: other
        start: [{keyword: OTHER}]
        steps: [{ask: Sure?, expect: yes_no}, {say: Fine.}]
    """)
    chat = Chat.of(flow(LOYALTY), other, handlers=HANDLERS)
    chat.say("LOYALTY")
    chat.say("OTHER")
    assert [run.suspended_at is None for run in chat.runs.values()] == [False, True]
    assert chat.say("yes") == ["Fine.", f"Still open: {ASK}"]
    assert chat.say("Ana") == ["Thanks, Ana!"]
    assert chat.ended == [RunStatus.DONE, RunStatus.DONE]


def test_a_question_asked_again_says_so_in_the_contacts_language() -> None:
    still = "Still open: {{ question }}"
    spanish = {still: Translation("Sigue pendiente: {{ question }}", "es.po", 1)}
    asking = flow(
        "{flow: asking, start: [{keyword: ASK}], steps: [{choose: Which?, options: [Tea, Milk]}]}",
        translations=Translations({"es": spanish}),
    )
    chat = Chat.of(asking, steps("- say: Hi."))
    chat.say("ask")
    assert chat.say("go") == ["Hi.", "Still open: Which?\n1 Tea\n2 Milk"]
    chat.know(locale="es_MX")
    assert chat.say("go") == ["Hi.", "Sigue pendiente: Which?\n1 Tea\n2 Milk"]


def test_a_question_is_not_asked_again_past_its_time_and_not_for_ever() -> None:
    chat = Chat.of(flow(LOYALTY), steps("- say: Hi."), handlers=HANDLERS)
    chat.say("LOYALTY")
    assert chat.say("go") == ["Hi.", f"Still open: {ASK}"]
    assert chat.say("go") == ["Hi.", f"Still open: {ASK}"]
    assert chat.say("go") == ["Hi."]
    assert chat.run_of("loyalty").holds_question  # still open, only not repeated
    chat.advance(days=1)
    assert not chat.run_of("loyalty").holds_question
    assert chat.say("go") == ["Hi."]


def test_a_question_whose_time_is_over_is_not_asked_again_before_its_timer_strikes() -> None:
    chat = Chat.of(flow(LOYALTY), steps("- say: Hi."), handlers=HANDLERS)
    chat.say("LOYALTY")
    chat.now += timedelta(days=1)
    assert chat.say("go") == ["Hi."]


def test_a_flow_started_anew_ends_its_own_open_question() -> None:
    chat = Chat.of(flow(LOYALTY), handlers=HANDLERS)
    chat.say("LOYALTY")
    chat.know(enrolled_at=None)
    chat.say("JOIN")
    assert chat.ended == [RunStatus.ENDED, RunStatus.WAITING]
    assert chat.say("Ana") == ["Thanks, Ana!"]


def test_an_event_never_interrupts_a_question_without_asking_one() -> None:
    told = flow("{flow: told, start: [{event: Order Completed}], steps: [{say: Thank you for your order.}]}")
    chat = Chat.of(flow(LOYALTY), told, handlers=HANDLERS)
    chat.say("LOYALTY")
    assert chat.event("Order Completed") == ["Thank you for your order."]
    assert chat.say("Ana") == ["Thanks, Ana!"]


def test_only_answers_takes_keywords_for_answers() -> None:
    chat = Chat.of(steps("- ask: Your word?\n  save: word\n  only_answers: true\n- say: '{{ word }}'"))
    chat.say("go")
    assert chat.say("GO") == ["GO"]


# Waits


def test_waiting_for_a_time_of_the_contacts_day() -> None:
    chat = Chat.of(
        steps("""
            - wait: 30s
            - say: half a minute
            - wait_until: "10:00"
            - say: ten
            - wait_until: fri 18:30
            - say: friday
            - wait_until: 2026-12-24 10:00
            - say: eve
            - wait_until: 2026-12-01 10:00
            - say: long gone
            - wait_until: "{{ later }}"
            - say: later
        """)
    )
    chat.start("test", later="2026-12-25T10:00")
    assert chat.advance(seconds=29) == []
    assert chat.advance(seconds=1) == ["half a minute"]
    assert chat.advance(days=1) == ["ten"]
    assert chat.advance(days=2, hours=6) == []
    assert chat.advance(hours=1) == ["friday"]
    chat.advance(days=40)
    assert chat.run.status is RunStatus.DONE
    assert chat.counts["10 entered"] == chat.counts["12 entered"] == 1


def test_the_instants_of_waits_are_civil_times() -> None:
    chat = Chat.of(steps('- wait_until: "10:00"\n- wait_until: fri 10:00'))
    chat.start("test")
    assert chat.run.wait is not None
    assert chat.run.wait.until == datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def test_a_timer_is_void_once_the_run_has_moved_on() -> None:
    chat = Chat.of(steps("- ask: One?\n  within: 1h\n- ask: Two?\n  within: 1h"))
    chat.say("go")
    timed = chat.run
    chat.say("one")
    chat.now += timedelta(days=2)
    turn = chat.turn(Trigger(key="T", kind=TriggerKind.TIMER, at=chat.now))
    assert chat.engine.time_up(turn, chat.run, timed.version) is None
    assert not turn.effects.runs
    assert chat.engine.time_up(turn, chat.run, chat.run.version) is not None


def test_a_timer_that_strikes_early_does_nothing() -> None:
    chat = loyalty()
    chat.say("LOYALTY")
    turn = chat.turn(Trigger(key="T", kind=TriggerKind.TIMER, at=chat.now))
    assert chat.engine.time_up(turn, chat.run, chat.run.version) is None


def test_waiting_for_an_event_with_the_right_properties() -> None:
    source = """
        - wait_for:
            event: Order Completed
            where: {total: "> 50", status: [paid, shipped]}
            within: 7d
            save: order
            else: [{say: No order.}, end]
        - say: "{{ order.total }} {{ event.name }}"
    """
    chat = Chat.of(steps(source))
    chat.say("go")
    assert chat.event("Order Completed", {"total": 20, "status": "paid"}) == []
    assert chat.event("Order Completed", {"total": 60, "status": "open"}) == []
    assert chat.event("Order Completed", {"total": 60, "status": "Paid"}) == ["60 Order Completed"]
    chat.say("go")
    assert chat.advance(days=7) == ["No order."]


def test_several_runs_hear_one_message_without_consuming_it() -> None:
    invite = """
        - wait_for: {inbound: {group: loyalty, category: opt-in}, within: 7d, else: end}
        - wait: 30s
        - say: Thank you for joining.
    """
    chat = Chat.of(steps(invite), flow(LOYALTY), handlers=HANDLERS)
    chat.start("test")
    chat.start("test")
    assert chat.say("JOIN")[-1] == ASK
    assert chat.advance(seconds=30) == ["Thank you for joining."] * 2


def test_an_inbound_that_is_something_else_is_not_heard() -> None:
    chat = Chat.of(steps("- wait_for: {inbound: {keyword: [Yes please]}}\n- say: Heard."))
    chat.start("test")
    turn = chat.turn(chat.inbound("no"))
    assert chat.engine.heard(turn, chat.run, Heard("no")) is None
    assert chat.engine.heard(turn, chat.run, Heard("YES, please!")) is not None


# Calls, handlers, conditions


def test_a_called_flow_comes_back_even_after_a_wait() -> None:
    inner = flow(
        "{flow: inner, steps: [{ask: Your name?, save: name}, {if: name == 'x', then: end}, {say: Hm.}]}"
    )
    chat = Chat.of(steps('- call: inner\n- say: "Hello {{ name }}"'), inner)
    assert chat.say("go") == ["Your name?"]
    assert [frame.flow for frame in chat.run.frames] == ["test", "inner"]
    assert chat.say("Ana") == ["Hm.", "Hello Ana"]
    chat.say("go")
    assert chat.say("x") == ["Hello x"]
    assert len(chat.run_of("test").frames) == 1


def test_flows_called_by_called_flows_come_back_one_by_one() -> None:
    innermost = flow("{flow: innermost, steps: [{ask: Deep?}, {say: C}]}")
    inner = flow("{flow: inner, steps: [{call: innermost}, {say: B}]}")
    chat = Chat.of(steps("- call: inner\n- say: A"), inner, innermost)
    assert chat.say("go") == ["Deep?"]
    assert chat.say("yes") == ["C", "B", "A"]


def test_a_handler_is_told_values_and_may_refuse() -> None:
    chat = Chat.of(
        steps("""
            - ask: Which?
              save: wish
            - do: redeem
              with: {reward: "{{ wish }}"}
              as: got
              else:
                - say: "{{ problem.code }}: {{ problem.missing | money }}"
                - end
            - say: "{{ got.name }}"
        """),
        handlers=HANDLERS,
    )
    chat.say("go")
    assert chat.say("tea") == ["tea"]
    chat.say("go")
    assert chat.say("cake") == ["not_enough_credit: $3.00"]


def test_a_lone_variable_is_passed_as_it_is() -> None:
    chat = Chat.of(
        steps('- do: redeem\n  with: {reward: "{{ n }}"}\n  as: got\n- say: "{{ got.sort }}"'),
        handlers=HANDLERS,
    )
    chat.start("test", n=3)
    assert chat.sent[0].body == "int"


def test_a_refusal_nobody_handles_leaves_the_turn() -> None:
    chat = Chat.of(steps("- do: redeem\n  with: {reward: cake}"), handlers=HANDLERS)
    with pytest.raises(TellMember):
        chat.say("go")


def test_values_are_set_for_the_run_and_for_the_member() -> None:
    chat = Chat.of(
        steps("""
            - set: {member.city: Berlin, twice: "{{ n | times: 2 }}", flag: true}
            - if: twice == 6 and flag and member.city == 'Berlin'
              then: [{say: right}]
              else: [{say: wrong}]
        """)
    )
    chat.start("test", n=3)
    assert chat.sent[0].body == "right"
    assert chat.contact.attributes["city"] == "Berlin"


def test_a_text_is_written_in_the_contacts_language() -> None:
    spanish = {"Hello {{ member.first_name }}!": Translation("¡Hola, {{ member.first_name }}!", "es.po", 1)}
    greeting = flow(
        '{flow: greeting, start: [{keyword: HI}], steps: [{say: "Hello {{ member.first_name }}!"}]}',
        translations=Translations({"es": spanish}),
    )
    chat = Chat.of(greeting)
    chat.know(first_name="Ana", locale="es_MX")
    assert chat.say("hi") == ["¡Hola, Ana!"]
    chat.know(locale="fr")
    assert chat.say("hi") == ["Hello Ana!"]


# Who may enter


def test_reentry_never_and_after_a_time() -> None:
    chat = Chat.of(steps("- say: once", more="reentry: 30d"))
    assert chat.say("go") == ["once"]
    chat.more = {"entered": {"test": chat.now}}
    chat.now += timedelta(days=29)
    assert chat.say("go") == []
    chat.now += timedelta(days=1)
    assert chat.say("go") == ["once"]

    never = Chat.of(steps("- say: once", more="reentry: never"))
    never.more = {}
    with pytest.raises(NeedsMore, match="entered"):
        never.say("go")
    never.more = {"entered": {"test": datetime(2000, 1, 1, tzinfo=UTC)}}
    assert never.say("go") == []


def test_a_flow_that_is_entered_once_is_not_entered_while_it_waits() -> None:
    chat = Chat.of(steps("- ask: Well?", more="reentry: never"))
    assert chat.say("go") == ["Well?"]
    assert chat.start("test") == []
    assert len(chat.runs) == 1


# Bounds and failures


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("- id: a\n  set: {n: 1}\n- goto: a", "more than 250 steps in one turn"),
        ("- id: a\n  say: again\n- goto: a", "more than 10 messages in one turn"),
        (
            "- set: {x: 0123456789}\n" + "- set: {x: '{{ x }}{{ x }}'}\n" * 12,
            "more than 10000 characters",
        ),
        ("- call: test", "more than 10 flows call each other"),
        ("- call: nobody", "there is no flow 'nobody' to call"),
        ("- do: nothing", "there is no handler 'nothing'"),
        ("- set: {member.birthday: soon}", "'soon' cannot be kept as member.birthday"),
        ("- set: {member.zone: Lunar/Tranquility}", "'Lunar/Tranquility' cannot be kept as member.zone"),
        ("- wait_until: '{{ when }}'", "'' is no instant to wait for"),
        (
            '- say: \'{{ member.first_name | times: 2 | money }} {{ "x" | date: "short" }}\'',
            "flows/test.yaml",
        ),
    ],
)
def test_what_cannot_go_on_fails_with_a_readable_record(source: str, why: str) -> None:
    chat = Chat.of(steps(source))
    chat.say("go")
    assert chat.run.status is RunStatus.FAILED
    assert chat.run.failure is not None
    assert why in chat.run.failure
    assert chat.run.failure.startswith("flows/test.yaml:")


def test_a_run_whose_revision_or_step_is_gone_fails_with_a_record() -> None:
    chat = Chat.of(steps("- ask: Well?"))
    chat.say("go")
    chat.library.flows.clear()
    chat.say("hm")
    assert chat.run.failure == "revision 1 of the flow test is gone"

    chat = Chat.of(steps("- id: one\n  ask: Well?"))
    chat.say("go")
    chat.library.flows["test", 1] = steps("- id: two\n  ask: Well?")
    chat.say("hm")
    assert chat.run.failure == "flows/test.yaml: step 'one': the flow test has no step 'one' any more"


def test_every_change_raises_the_version() -> None:
    chat = Chat.of(steps("- ask: One?\n- ask: Two?\n- say: Done."))
    chat.say("go")
    seen = [chat.run.version]
    for word in ("a", "b"):
        chat.say(word)
        seen.append(chat.run.version)
    assert seen == [0, 1, 2]


# Whatever happens


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["GO", "LOYALTY", "yes", "1", "Ana", "skip", "", "+1h", "+2d", "!"]), max_size=14
    )
)
def test_whatever_is_said_one_question_is_open_and_nothing_raises(moves: list[str]) -> None:
    menu = steps("""
        - choose: Which?
          within: 1h
          options: [Tea, {label: Coffee, then: [{goto: more}]}]
        - wait: 30m
        - id: more
          ask: More?
          expect: yes_no
          within: 1d
          else: [{wait_for: {event: Order Completed, within: 1d}}]
    """)
    chat = Chat.of(menu, flow(LOYALTY), handlers=HANDLERS)
    for move in moves:
        if move.startswith("+"):
            chat.advance(**({"hours": 1} if move == "+1h" else {"days": 2}))
        elif move == "!":
            chat.event("Order Completed")
        else:
            chat.say(move)
        waiting = [run for run in chat.runs.values() if run.is_waiting]
        questions = [run for run in waiting if run.holds_question]
        open_now = [run for run in questions if run.suspended_at is None]
        assert len(open_now) == (1 if questions else 0) or any(
            run.wait is not None and run.wait.until is not None and run.wait.until <= chat.now
            for run in questions
        )
        assert all(run.wait is not None and run.wait.kind in WaitKind for run in waiting)
        assert RunStatus.FAILED not in chat.ended
    assert dedent(LOYALTY)
