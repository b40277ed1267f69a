"""What a message is beyond its text on WeChat, and that its text is all of it everywhere."""

from dataclasses import replace

import pytest

from bot.core.contact import SubscriptionState
from bot.core.flow.answers import tapped
from bot.core.flow.compiled import Flow
from bot.core.flow.handler import handler
from bot.core.flow.reader import read
from bot.core.flow.run import RunStatus
from bot.core.flow.translations import Translation, Translations
from bot.core.flow.wechat_file import read_wechat
from bot.core.forms import Card, Form, Notice
from bot.core.gestures import Gesture, GestureKind
from bot.core.messages import MessageClass, UnsendableReason
from bot.core.turn import Turn
from tests.core.flow.rig import SHOP, Chat, flow, steps

WECHAT_YAML = """\
templates:
  shipped: {id: t1, page: pages/order, fields: {thing1: "Order {{ number }}", date2: "{{ day }}"}}
cards:
  order: {title: "Order {{ number }}", page: "pages/order?n={{ number }}"}
"""
SHOP_ON_WECHAT = replace(SHOP, wechat=read_wechat(read(WECHAT_YAML, "flows/wechat.yaml")))
CHOICE = """
    - choose: What would you like?
      options: [Tea, {label: Coffee, then: [{say: Hot}]}]
      save: drink
    - say: "{{ drink }} it is."
"""


def on_wechat(*flows: Flow) -> Chat:
    chat = Chat.of(*flows)
    chat.channel, chat.shop = "wechat", SHOP_ON_WECHAT
    return chat


def form_of(chat: Chat) -> Form:
    (message,) = chat.sent
    assert message.form is not None
    return message.form


def keys(form: Form) -> list[str]:
    return [option.key.partition("@")[0] for option in form.options]


def test_options_can_be_tapped_and_the_text_lists_them_all_the_same() -> None:
    chat = on_wechat(steps(CHOICE))
    assert chat.say("GO") == ["What would you like?\n1 Tea\n2 Coffee"]
    form = form_of(chat)
    assert form.head == "What would you like?"
    assert [option.label for option in form.options] == ["Tea", "Coffee"]
    assert keys(form) == ["1", "2"]
    assert chat.say("2") == ["Hot", "Coffee it is."]


def test_a_text_message_has_no_form() -> None:
    chat = Chat.of(steps(CHOICE))
    chat.say("GO")
    assert chat.sent[0].form is None
    assert chat.run.wait is not None
    assert "asked" not in chat.run.wait.facts


def test_a_tap_says_its_option_to_its_own_question_and_to_no_other() -> None:
    chat = on_wechat(steps(CHOICE))
    chat.say("GO")
    tap = form_of(chat).options[1].key
    assert chat.run.wait is not None
    assert tapped(chat.run.wait.facts, tap) == "2"
    other = on_wechat(steps(CHOICE))
    other.say("GO")
    assert other.run.wait is not None
    assert tapped(other.run.wait.facts, tap) is None
    assert tapped(other.run.wait.facts, "2@") is None


def test_yes_and_no_can_be_tapped_in_the_contacts_language() -> None:
    spanish = Translations({"es": {"Yes": Translation("Sí", "es", 1), "No": Translation("No", "es", 1)}})
    asks = flow(
        """
        flow: test
        start: [keyword: GO]
        steps:
          - ask: Order it?
            expect: yes_no
            save: ok
          - say: "{{ ok }}"
        """,
        translations=spanish,
    )
    chat = on_wechat(asks)
    chat.know(locale="es_MX")
    assert chat.say("GO") == ["Order it?"]
    form = form_of(chat)
    assert [(key, option.label) for key, option in zip(keys(form), form.options, strict=True)] == [
        ("yes", "Sí"),
        ("no", "No"),
    ]
    assert chat.run.wait is not None
    assert tapped(chat.run.wait.facts, form.options[0].key) == "yes"


def test_the_words_of_an_answer_can_be_tapped() -> None:
    chat = on_wechat(steps("- {ask: Which size?, expect: [Small, Large], save: size}\n- say: '{{ size }}'"))
    chat.say("GO")
    form = form_of(chat)
    assert (form.head, [option.label for option in form.options]) == ("Which size?", ["Small", "Large"])
    assert chat.run.wait is not None
    assert tapped(chat.run.wait.facts, form.options[1].key) == "large"


def test_a_question_asked_again_takes_taps_on_the_first() -> None:
    chat = on_wechat(steps(CHOICE))
    chat.say("GO")
    first = form_of(chat).options
    chat.say("what?")
    form = form_of(chat)
    assert form.options == first
    assert form.head == "Please reply with one of the answers.\nWhat would you like?"


def test_a_list_that_the_author_wrote_is_tapped_too() -> None:
    chat = on_wechat(steps("- {choose: A or B?, options: [A, B], numbered: false}"))
    assert chat.say("GO") == ["A or B?"]
    assert [option.label for option in form_of(chat).options] == ["A", "B"]


def test_a_card_and_a_notice_are_written_for_the_contact() -> None:
    chat = on_wechat(
        steps("""
            - set: {number: 7K2P, day: "2026-12-24"}
            - say: {text: "Order {{ number }} is on its way.", card: order, notice: shipped}
        """)
    )
    assert chat.say("GO") == ["Order 7K2P is on its way."]
    form = form_of(chat)
    assert form.card == Card("Order 7K2P", "pages/order?n=7K2P")
    assert form.notice == Notice(
        "shipped", "t1", {"thing1": "Order 7K2P", "date2": "2026-12-24"}, "pages/order"
    )
    assert (form.head, form.options) == ("", ())


def test_what_wechat_yaml_has_no_more_is_left_out() -> None:
    chat = on_wechat(steps("- say: {text: Hi, card: gone, notice: gone}"))
    assert chat.say("GO") == ["Hi"]
    assert chat.sent[0].form is None


@pytest.mark.parametrize(
    ("kind", "message_class"),
    [
        (GestureKind.ENTER, MessageClass.MARKETING),
        (GestureKind.FOLLOW, MessageClass.MARKETING),
        (GestureKind.SCAN, MessageClass.REPLY),
        (None, MessageClass.REPLY),
    ],
)
def test_nothing_is_sold_to_who_only_opened_the_window(
    kind: GestureKind | None, message_class: MessageClass
) -> None:
    chat = on_wechat(steps("- say: {text: Buy!, class: marketing, group: loyalty}"))
    chat.gesture = Gesture(kind) if kind is not None else None
    chat.say("GO")
    (queued,) = chat.effects.outgoing
    assert queued.message.message_class is message_class
    is_refused = message_class is MessageClass.MARKETING
    assert queued.reason == (UnsendableReason.UNSUBSCRIBED if is_refused else None)


@handler()
def enroll(turn: Turn) -> None:
    """Join, with a welcome gift."""
    turn.enroll()


@pytest.mark.parametrize("kind", [GestureKind.FOLLOW, GestureKind.SCAN, None])
def test_nothing_is_given_for_following(kind: GestureKind | None) -> None:
    chat = Chat.of(steps("- do: enroll"), handlers={"enroll": enroll})
    chat.channel, chat.gesture = "wechat", Gesture(kind) if kind is not None else None
    chat.say("GO")
    is_refused = kind is GestureKind.FOLLOW
    assert chat.run.status is (RunStatus.FAILED if is_refused else RunStatus.DONE)
    assert chat.contact.is_member is not is_refused
    if is_refused:
        assert "platform rule 5.21" in (chat.run.failure or "")
        assert "https://developers.weixin.qq.com/miniprogram/product/" in (chat.run.failure or "")


def test_what_a_follower_answers_may_be_rewarded() -> None:
    chat = Chat.of(steps("- {ask: Join?, expect: yes_no}\n- do: enroll"), handlers={"enroll": enroll})
    chat.channel, chat.gesture = "wechat", Gesture(GestureKind.FOLLOW)
    chat.subscriptions["loyalty"] = SubscriptionState.SUBSCRIBED
    chat.say("GO")
    chat.gesture = None
    chat.say("yes")
    assert chat.contact.is_member


def test_keywords_can_be_tapped_below_a_text_that_says_them_too() -> None:
    heard = flow("flow: tea\nstart: [keyword: TEA]\nsteps: [{say: Tea it is.}]")
    asks = steps("- {say: {text: Reply TEA or CAKE., taps: [TEA, CAKE]}}\n- {ask: Milk?, expect: yes_no}")
    chat = on_wechat(asks, heard)
    assert chat.say("GO") == ["Reply TEA or CAKE.", "Milk?"]
    form = chat.sent[0].form
    assert form is not None
    assert (form.head, [option.label for option in form.options]) == ("Reply TEA or CAKE.", ["TEA", "CAKE"])
    assert tapped({"asked": "other", "expect": "yes_no"}, form.options[0].key) is None, "no question's answer"
    texted = Chat.of(asks, heard)
    assert texted.say("GO")[0] == "Reply TEA or CAKE."
    assert texted.sent[0].form is None
