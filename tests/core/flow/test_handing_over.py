"""A run stands at what it says until that was handed over; windows count from there; nothing stalls it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.contact import SubscriptionState
from bot.core.flow.run import RunStatus, WaitKind
from bot.core.flow.take.early import KEPT_MAX
from bot.core.handing_over import Became, Told, tell, told_by, trigger_of
from bot.core.messages import OutboxState
from tests.core.flow.rig import NOON, Chat, flow

HEAD = "flow: test\ngroup: loyalty\nclass: marketing\nstart: [api]\n"
JOURNEY = """
steps:
  - id: invite
    say: Come in!
    refused: [{set: {way: refused}}]
    failed: [{set: {way: failed}}]
  - id: window
    wait_for: {event: Session Started, within: 3d, else: [{say: Nobody came.}]}
  - say: There you are.
"""
HOUR = timedelta(hours=1)


def chat_of(text: str, *, at_once: bool = False) -> Chat:
    chat = Chat.of(flow(HEAD + text))
    chat.hands_over = at_once
    chat.subscriptions = {"loyalty": SubscriptionState.SUBSCRIBED}
    return chat


def told(
    chat: Chat, became: Became, *, at: datetime | None = None, until: datetime | None = None
) -> list[str]:
    """Tell the run what became of the message at which it stands."""
    wait = chat.run.wait
    assert wait is not None
    message = str(wait.facts["message"])
    return chat.handed(trigger_of(Told(chat.run.id, message, became, at or chat.now, until)))


def test_it_stands_at_what_it_says_until_that_was_handed_over() -> None:
    chat = chat_of(JOURNEY)
    assert chat.start("test") == ["Come in!"]
    assert chat.run.wait is not None
    assert (chat.run.wait.kind, chat.run.wait.step) == (WaitKind.HANDED, "invite")
    assert chat.event("Session Started") == [], "not before they got it"
    chat.now += HOUR
    told(chat, Became.HANDED)
    assert chat.run.wait.step == "window"
    assert chat.event("Session Started") == ["There you are."]


def test_a_window_counts_from_the_hand_over_however_late_we_hear_of_it() -> None:
    chat = chat_of(JOURNEY)
    chat.start("test")
    handed_at = chat.now + 5 * HOUR
    chat.now += 6 * HOUR
    told(chat, Became.HANDED, at=handed_at)
    assert chat.run.wait is not None
    assert chat.run.wait.until == handed_at + timedelta(days=3)


def chat_that_has_it(text: str) -> tuple[Chat, datetime]:
    """A chat that has its message by now, of which its run is not told yet; and since when."""
    chat = chat_of(text)
    chat.start("test")
    chat.now += HOUR
    handed_at = chat.now
    chat.now += timedelta(minutes=1)
    return chat, handed_at


SEVERAL = """
steps:
  - say: Come in!
    refused: []
  - set: {a: 1}
  - if: a == 1
    then: [{set: {b: 1}}]
    else: [{say: No.}]
  - id: window
    wait_for:
      any:
        - {event: Order Placed, save: order, then: [{say: "Bought {{ order.sku }}."}]}
        - {inbound: {keyword: [TEA]}, then: [{say: Tea.}]}
        - {event: Link Clicked, then: [{say: Seen.}]}
      take: TAKE
      within: 3d
      else: [{say: Nobody came.}]
  - wait: 1d
  - say: The end.
"""


def test_what_comes_before_the_run_is_told_is_heard_when_it_is() -> None:
    first = SEVERAL.replace("TAKE", "first")
    chat, handed_at = chat_that_has_it(first)
    assert chat.run.hears("Order Placed")
    assert chat.event("Order Placed", {"sku": "jade"}) == [], "whether they have it we do not know yet"
    chat.now += timedelta(minutes=1)
    assert told(chat, Became.HANDED, at=handed_at) == ["Bought jade."]
    chat, handed_at = chat_that_has_it(first)
    assert chat.run.listens
    chat.say("tea")
    chat.event("Order Placed", {"sku": "jade"})
    said_at = chat.now
    chat.now += 2 * HOUR
    assert told(chat, Became.HANDED, at=handed_at) == ["Tea."]
    chat.handed(trigger_of(Told(chat.run.id, str(message_of(chat)), Became.HANDED, said_at)))
    assert chat.run.wait is not None
    assert chat.run.wait.kind is WaitKind.TIME


def message_of(chat: Chat) -> object:
    """The message at which the run stands."""
    assert chat.run.wait is not None
    return chat.run.wait.facts.get("message")


def test_of_what_comes_early_the_best_is_taken_too() -> None:
    chat, handed_at = chat_that_has_it(SEVERAL.replace("TAKE", "best"))
    for sku in ("jade", "oolong"):
        chat.event("Link Clicked")
        chat.event("Order Placed", {"sku": sku})
    assert told(chat, Became.HANDED, at=handed_at) == []
    assert chat.run.wait is not None
    assert chat.run.wait.step == "window"
    assert chat.run.wait.until == handed_at + timedelta(days=3)
    assert chat.advance(days=3) == ["Bought jade."]


def test_little_is_kept_of_what_comes_early_and_nothing_that_nobody_waits_for() -> None:
    chat, handed_at = chat_that_has_it(SEVERAL.replace("TAKE", "first"))
    version = chat.run.version
    chat.event("Order Refunded")
    chat.say("coffee")
    assert chat.run.version == version
    for number in range(50):
        chat.event("Order Placed", {"sku": str(number)})
    assert chat.run.wait is not None
    kept = chat.run.wait.facts["early"]
    assert isinstance(kept, list)
    assert len(kept) == KEPT_MAX
    assert told(chat, Became.HANDED, at=handed_at) == ["Bought 45."]


@pytest.mark.parametrize("became", [Became.REFUSED, Became.FAILED])
def test_what_comes_early_is_no_answer_to_what_never_came(became: Became) -> None:
    chat, handed_at = chat_that_has_it(SEVERAL.replace("TAKE", "first"))
    chat.event("Order Placed", {"sku": "jade"})
    assert told(chat, became, at=handed_at) == []
    assert chat.run.wait is not None
    assert chat.run.wait.step == "window"
    chat, handed_at = chat_that_has_it(SEVERAL.replace("TAKE", "first"))
    chat.event("Order Placed", {"sku": "jade"})
    told(chat, Became.HELD, at=handed_at, until=chat.now + 10 * HOUR)
    chat.now += 10 * HOUR
    assert told(chat, Became.HANDED) == [], "they did it before they had it"
    assert chat.advance(days=3) == ["Nobody came."]


def test_a_called_flow_s_message_is_answered_in_the_flow_that_called_it() -> None:
    chat = Chat.of(
        flow(
            HEAD
            + "steps:\n  - call: asking\n  - wait_for: {event: Bought, within: 1d, else: end}\n  - say: Ta!"
        ),
        flow(HEAD.replace("test", "asking") + "steps: [{say: Come in!}]"),
    )
    chat.hands_over, chat.subscriptions = False, {"loyalty": SubscriptionState.SUBSCRIBED}
    chat.start("test")
    chat.event("Bought")
    assert told(chat, Became.HANDED) == ["Ta!"]


@pytest.mark.parametrize("became", [Became.REFUSED, Became.FAILED])
def test_what_never_leaves_takes_its_way_and_the_journey_goes_on(became: Became) -> None:
    chat = chat_of(JOURNEY)
    chat.start("test")
    told(chat, became)
    assert chat.run.variables["way"] == became.value
    assert chat.run.wait is not None
    assert chat.run.wait.step == "window"


def test_who_may_not_be_written_to_takes_the_way_at_once() -> None:
    chat = chat_of(JOURNEY)
    chat.subscriptions = {}
    chat.start("test")
    assert chat.run.variables["way"] == "refused"


def test_what_is_held_is_waited_for_unless_the_step_says_otherwise() -> None:
    chat = chat_of(JOURNEY)
    chat.start("test")
    told(chat, Became.HELD, until=chat.now + HOUR)
    assert chat.run.wait is not None
    assert chat.run.wait.step == "invite"
    chat = chat_of(
        "steps:\n  - say: Come in!\n    held: [{say: {text: Later., class: service}}]\n  - wait: 1d"
    )
    chat.start("test")
    told(chat, Became.HELD, until=chat.now + HOUR)
    assert chat.counts["1.held.1 entered"] == 1


def test_nothing_stalls_it_not_even_a_message_of_which_nothing_is_heard() -> None:
    chat = chat_of(JOURNEY)
    chat.start("test")
    chat.advance(days=17)
    assert chat.run.variables["way"] == "refused"


@pytest.mark.parametrize(
    "steps",
    [
        "steps: [{say: Bye.}]",
        "steps: [{say: One.}, {say: Two.}, end]",
        "advance: now\nsteps: [{say: One.}, {wait: 1d}]",
        "steps: [{say: One., advance: now}, {wait: 1d}]",
        "steps: [{say: One.}, {ask: Two?, within: 1d}]",
    ],
)
def test_it_does_not_stand_where_nothing_could_come_too_early(steps: str) -> None:
    chat = chat_of(steps)
    chat.start("test")
    assert chat.run.wait is None or chat.run.wait.kind is not WaitKind.HANDED


def test_an_answer_is_never_waited_for() -> None:
    chat = Chat.of(
        flow("flow: test\nstart: [{keyword: GO}]\nsteps: [{say: Hi.}, {set: {a: 1}}, {say: Bye.}]")
    )
    chat.hands_over = False
    assert chat.say("GO") == ["Hi.", "Bye."]
    assert all(queued.message.origin and not queued.message.origin.wakes for queued in chat.effects.outgoing)


def test_the_time_for_an_answer_counts_from_when_the_question_was_there() -> None:
    chat = chat_of("steps:\n  - ask: Well?\n    within: 2h\n    on_silence: [{say: Pity.}]\n  - say: Thanks!")
    chat.start("test")
    assert chat.run.holds_question, "whoever is quicker than the provider's word is heard"
    told(chat, Became.HELD, until=chat.now + 10 * HOUR)
    assert chat.advance(hours=11) == []
    told(chat, Became.HANDED)
    assert chat.advance(hours=1, minutes=59) == []
    assert chat.advance(minutes=1) == ["Pity.", "Thanks!"]


def test_a_question_that_never_leaves_is_over() -> None:
    chat = chat_of("steps:\n  - ask: Well?\n    within: 2h\n    on_silence: [{say: Pity.}]\n  - say: Thanks!")
    chat.start("test")
    assert told(chat, Became.FAILED) == ["Pity.", "Thanks!"]


def test_a_question_that_is_open_for_ever_is_over_too_where_nobody_was_asked() -> None:
    """Else a YES to something else, weeks later, would answer it."""
    text = "steps:\n  - ask: Well?\n    expect: yes_no\n    save: said\n  - say: Thanks!"
    chat = chat_of(text)
    chat.start("test")
    assert chat.run.holds_question
    assert told(chat, Became.REFUSED) == ["Thanks!"]
    assert not chat.run.is_waiting
    asked = chat_of(text)
    asked.start("test")
    assert told(asked, Became.HANDED) == []
    assert asked.advance(days=40) == []
    assert asked.run.holds_question, "who was asked may answer whenever they like"


def test_what_is_told_of_another_message_moves_nothing() -> None:
    chat = chat_of(JOURNEY)
    chat.start("test")
    chat.handed(trigger_of(Told(chat.run.id, "f" * 32, Became.HANDED, chat.now)))
    assert chat.run.wait is not None
    assert chat.run.wait.step == "invite"


def test_what_is_told_is_read_back() -> None:
    told_once = Told("a" * 32, "b" * 32, Became.HELD, NOON, NOON + HOUR)
    assert told_by(trigger_of(told_once)) == told_once
    chat = chat_of("steps: [{say: Bye.}]")
    chat.start("test")
    assert tell(chat.sent[0], Became.HANDED, NOON) == []


STEPS = st.lists(
    st.sampled_from(
        [
            "say: Hello.",
            "say: {text: Hello., valid: 2h}",
            "{say: Hello., refused: [{set: {a: 1}}], failed: end}",
            "{say: Hello., held: [{set: {a: 2}}]}",
            "wait: 2h",
            "wait_for: {event: Bought, within: 1d, else: end}",
            "{ask: Well?, within: 1d}",
            "set: {a: 3}",
        ]
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.data())
def test_no_journey_stalls_whatever_becomes_of_its_messages(steps: list[str], data: st.DataObject) -> None:
    """Within the longest time of each of its steps it is over, and each window begins where it should."""
    chat = chat_of("steps:\n" + "\n".join(f"  - {step}" for step in steps))
    chat.start("test")
    for _ in range(4 * len(steps)):
        wait = chat.run.wait
        if not chat.run.is_waiting or wait is None:
            break
        assert wait.until is not None, f"nothing ends {wait}"
        if "message" in wait.facts and (became := data.draw(st.sampled_from([None, *Became]))):
            handed_at = chat.now
            chat.now += timedelta(seconds=data.draw(st.integers(0, 3600)))
            told(chat, became, at=handed_at, until=chat.now + HOUR if became is Became.HELD else None)
            after = chat.run.wait
            if became is Became.HANDED and after is not None and after.kind is WaitKind.EVENT:
                assert after.until == handed_at + timedelta(days=1)
        else:
            chat.now = max(wait.until, chat.now)
            chat.advance()
    else:
        if chat.run.is_waiting:  # held again and again: in the end its time is up all the same
            chat.advance(days=60)
    assert chat.run.status in {RunStatus.DONE, RunStatus.ENDED}, chat.run
    assert all(queued.state is not OutboxState.REFUSED for queued in chat.effects.outgoing)
