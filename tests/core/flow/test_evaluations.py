"""What journeys leave on record of their steps, and conversations do not."""

from bot.core.contact import JsonValue, SubscriptionState
from bot.core.flow.evaluations import EVALUATION, Evaluation
from tests.core.flow.rig import NOON, Chat, flow

JOURNEY = flow("""
    flow: thanks
    group: loyalty
    start: [{event: Order Completed}, {keyword: THANKS}]
    exits: [{event: Order Canceled}]
    steps:
      - id: large
        if: event.total > 100 and member.first_name == 'Ana'
        then:
          - {id: rest, wait: 1d}
          - {id: word, wait_for: {inbound: {}, within: 2d, else: end}}
          - id: again
            if: member.is_member
            then: [{say: You are in}]
        else:
          - {id: ask, ask: How was it?, within: 1d}
          - id: said
            if: member.first_name
            then: [{say: Thanks}]
""")


def subscriber() -> Chat:
    """Somebody who may be asked."""
    chat = Chat.of(JOURNEY)
    chat.subscriptions["loyalty"] = SubscriptionState.SUBSCRIBED
    return chat


def recorded(chat: Chat) -> dict[str, tuple[str, dict[str, JsonValue]]]:
    """What the last turn recorded: verdict and facts, by step."""
    found: dict[str, tuple[str, dict[str, JsonValue]]] = {}
    for (table, key), one in chat.effects.kept.items():
        assert (table, isinstance(one, Evaluation)) == (EVALUATION, True)
        assert isinstance(one, Evaluation)
        assert (key, one.at) == (f"thanks/{one.step}", chat.now)
        found[one.step] = (one.verdict, {**one.facts})
    return found


def test_each_step_of_a_journey_says_what_was_decided_and_by_which_values() -> None:
    chat = Chat.of(JOURNEY)
    chat.know(first_name="Ana")
    chat.event("Order Completed", {"total": 200})
    assert recorded(chat) == {
        "large": ("then", {"event.total": 200, "member.first_name": "Ana"}),
        "rest": ("waits", {"until": "2026-11-25T17:00:00+00:00"}),
    }
    chat.advance(days=1)
    assert recorded(chat) == {"word": ("waits", {"until": "2026-11-27T17:00:00+00:00"})}
    chat.say("hello")  # an answer to nothing moves the journey on
    assert recorded(chat) == {
        "word": ("heard", {}),
        "again": ("else", {"member.is_member": False}),
    }


def test_what_a_condition_did_not_come_to_is_not_among_its_values() -> None:
    chat = subscriber()
    chat.event("Order Completed", {"total": 60})
    assert recorded(chat)["large"] == ("else", {"event.total": 60})
    assert recorded(chat)["ask"] == ("waits", {"until": "2026-11-25T17:00:00+00:00"})
    chat.say("Lovely")
    assert recorded(chat) == {"ask": ("answered", {}), "said": ("else", {})}


def test_silence_and_exits_are_on_record() -> None:
    chat = subscriber()
    chat.event("Order Completed", {"total": 60})
    chat.advance(days=1)
    assert recorded(chat)["ask"] == ("expired", {})
    other = Chat.of(JOURNEY)
    other.know(first_name="Ana")
    other.event("Order Completed", {"total": 200})
    other.event("Order Canceled")
    assert recorded(other) == {"rest": ("exited", {})}


def test_a_conversation_leaves_nothing() -> None:
    chat = Chat.of(JOURNEY)
    assert chat.say("THANKS") == ["How was it?"]
    assert recorded(chat) == {}
    chat.say("Lovely")
    assert recorded(chat) == {}
    assert chat.now == NOON
