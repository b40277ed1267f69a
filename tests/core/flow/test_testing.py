"""Conversations written inside flows, run on a clock that only they move."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.contact import JsonValue, SubscriptionState
from bot.core.flow.compiled import Flow
from bot.core.flow.testing import Outcome, option_of, run_conversation, run_tests
from bot.core.forms import Form, MenuOption
from bot.core.gestures import Gesture
from tests.core.flow.rig import Chat, flow

FLOW = """
    flow: test
    group: loyalty
    start: [{keyword: GO}, {event: Order Completed}]
    steps:
      - ask: Your name?
        within: 1d
        save: member.first_name
        on_silence: [{say: Hello anyway.}, end]
      - say: Hello {{ member.first_name }}.
    tests:
"""


class Talk:
    """The rig's chat behind the protocol of `tests:`; `refused` is what it says did not leave, once."""

    def __init__(self, chat: Chat, refused: str = "") -> None:
        self.chat, self.refused = chat, refused

    async def say(self, text: str) -> list[str]:
        return self.chat.say(text)

    async def tap(self, option: str) -> list[str]:
        form = self.chat.sent[-1].form
        assert form is not None
        tapped = option_of(form, option)
        assert tapped is not None
        return self.chat.say(tapped.label)

    async def gesture(self, gesture: Gesture) -> list[str]:
        return [f"{gesture.kind}: {gesture.value}"]

    async def allow(self, template: str) -> list[str]:
        return [f"allowed {template}"]

    async def advance(self, duration: timedelta) -> list[str]:
        return self.chat.advance(seconds=duration.total_seconds())

    async def event(self, name: str, properties: Mapping[str, JsonValue]) -> list[str]:
        return self.chat.event(name, properties)

    async def set(self, fields: Mapping[str, JsonValue]) -> list[str]:
        self.chat.know(**{name.removeprefix("member."): value for name, value in fields.items()})
        return []

    async def unsent(self) -> list[str]:
        told, self.refused = [self.refused] if self.refused else [], ""
        return told


async def new_chat(tested: Flow, channel: str) -> Talk:
    chat = Chat.of(tested)
    chat.channel = channel
    chat.subscriptions["loyalty"] = SubscriptionState.SUBSCRIBED
    return Talk(chat)


async def outcomes(tests: str) -> list[Outcome]:
    indented = "\n".join(f"      {line}" for line in tests.strip("\n").splitlines())
    return await run_tests(flow(FLOW + indented), new_chat)


async def test_a_conversation_that_goes_as_written_has_no_error() -> None:
    (alone, silent) = await outcomes(
        """
- say: GO
  expect: name
- say: Ana
  expect: ["hello ana"]
- test: Silence
  conversation:
    - event: Order Completed
      expect: [name]
    - advance: 2h
      expect: []
    - advance: 1d
      expect: [Hello anyway.]
"""
    )
    assert (alone.error, silent.error) == (None, None)
    assert [turned.answers for turned in silent.turns] == [("Your name?",), (), ("Hello anyway.",)]


async def test_a_conversation_stops_at_the_first_surprise_and_says_where() -> None:
    (outcome,) = await outcomes("- say: GO\n  expect: [Who are you?]\n- say: Ana")
    assert len(outcome.turns) == 1
    assert str(outcome.error) == (
        "flows/test.yaml:12:5: after 'GO' expected 'Who are you?', but 'Your name?' came "
        "(change the flow, or what is expected)"
    )


async def test_messages_too_few_and_too_many_are_surprises() -> None:
    (few,) = await outcomes("- say: GO\n  expect: [name, more]")
    assert few.error is not None
    assert few.error.problem == "after 'GO' expected 'more', but only 1 came"
    (many,) = await outcomes("- say: GO\n  expect: []")
    assert many.error is not None
    assert many.error.problem == "after 'GO' 'Your name?' came, which was not expected"


async def test_a_surprise_says_what_was_not_sent_and_why() -> None:
    tested = flow(FLOW + "      - say: What\n        expect: [Hi]\n")
    talk = Talk(Chat.of(tested), refused="`offer` (sms) was refused")
    outcome = await run_conversation(tested, tested.tests[0], talk)
    assert outcome.error is not None
    assert outcome.error.problem == (
        "after 'What' expected 'Hi', but nothing came: `offer` (sms) was refused"
    )


async def test_what_is_known_of_the_member_can_be_set() -> None:
    (outcome,) = await outcomes(
        "- set: {member.first_name: Bo}\n- say: GO\n- say: skip\n  expect: [Hello Bo.]"
    )
    assert outcome.error is None


async def test_gestures_and_taps_are_moves_on_wechat() -> None:
    (outcome,) = await outcomes(
        """
- channel: wechat
- follow: poster
  expect: "follow: poster"
- menu: 余额
  expect: "menu: 余额"
- allow: shipped
  expect: allowed shipped
- location: 31.2,121.5
  expect: "nowhere"
"""
    )
    assert outcome.conversation == "conversation (wechat)"
    assert [turned.exchange.kind for turned in outcome.turns] == ["follow", "menu", "allow", "location"]
    assert outcome.error is not None
    assert outcome.error.problem == (
        "after the location '31.2,121.5' expected 'nowhere', but 'location: 31.2,121.5' came"
    )


def test_an_option_is_tapped_by_number_or_label() -> None:
    form = Form("Which?", (MenuOption("1@ab", "Oat latte"), MenuOption("2@ab", "绿茶")))
    assert option_of(form, "2") is option_of(form, "绿茶") is form.options[1]
    assert option_of(form, "oat LATTE") is form.options[0]
    assert option_of(form, "3") is None
