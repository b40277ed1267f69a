"""What becomes of runs that a publication moves to another step."""

from datetime import timedelta

from bot.core.contact import SubscriptionState
from bot.core.flow.migration import migrate
from bot.core.flow.run import WaitKind
from bot.core.handing_over import Became, Told, trigger_of
from tests.core.flow.rig import Chat, flow

HEAD = "flow: test\ngroup: loyalty\nclass: marketing\nstart: [api]\n"
ANY = """
exits: [{event: EXIT}]
steps:
  - id: first
    wait_for:
      any:
        - {event: Lit, then: [{say: Lit.}]}
        - {OTHER, then: [{say: Other.}]}
      take: best
      within: 3d
      else: [{say: Nothing.}]
"""


def moved(before: str, after: str, target: str = "first") -> Chat:
    """A chat whose run was moved from one revision to another."""
    chat = Chat.of(flow(HEAD + before))
    chat.hands_over, chat.subscriptions = False, {"loyalty": SubscriptionState.SUBSCRIBED}
    chat.start("test")
    publish(chat, after, target)
    return chat


def publish(chat: Chat, after: str, target: str = "first") -> None:
    """Publish another revision, which the run moves to."""
    newer = flow(HEAD + after, revision=chat.run.revision + 1)
    chat.library.flows["test", newer.revision] = newer
    chat.runs[chat.run.id] = migrate(chat.run, newer, target, chat.now)


def several(other: str, exit_event: str = "Gone") -> str:
    """A wait for several things."""
    return ANY.replace("OTHER", other).replace("EXIT", exit_event)


def test_who_is_moved_hears_what_the_new_step_waits_for() -> None:
    chat = moved(several("event: Rung"), several("event: Tapped", "Left"))
    assert [chat.run.hears(name) for name in ("Lit", "Tapped", "Left", "Rung")] == [True, True, True, False]
    assert chat.event("Tapped") == []
    assert chat.advance(days=3) == ["Other."]
    chat = moved(several("event: Rung"), several("inbound: {keyword: [TEA]}"))
    assert chat.run.listens
    chat.say("tea")
    assert chat.advance(days=3) == ["Other."]


def test_what_came_already_counts_where_the_same_is_waited_for() -> None:
    for other, said in (("event: Rung", "Other."), ("event: Tapped", "Nothing.")):
        chat = moved(several("event: Rung"), several("event: Rung"))
        chat.event("Rung")
        publish(chat, several(other))
        assert chat.advance(days=3) == [said]


def test_who_stands_at_a_message_hears_what_follows_it_now() -> None:
    invite = (
        "steps:\n  - id: first\n    say: Come in!\n  - wait_for: {event: EVENT, within: 1d}\n  - say: Ta!"
    )
    chat = moved(invite.replace("EVENT", "Lit"), invite.replace("EVENT", "Rung"))
    chat.event("Rung")
    assert told(chat) == ["Ta!"]


def waits_for_ever_now() -> Chat:
    asking = "steps:\n  - id: first\n    ask: Well?\nWITHIN  - say: Thanks!"
    return moved(
        asking.replace("WITHIN", "    within: 2h\n    on_silence: end\n"), asking.replace("WITHIN", "")
    )


def test_a_question_that_waits_for_ever_now_waits_once_it_was_put() -> None:
    chat = waits_for_ever_now()
    assert told(chat) == []
    assert chat.run.wait is not None
    assert chat.run.wait.kind is WaitKind.REPLY
    assert chat.say("yes") == ["Thanks!"]


def test_a_question_that_waits_for_ever_now_is_over_where_nobody_was_asked() -> None:
    assert told(waits_for_ever_now(), Became.FAILED) == ["Thanks!"]


def told(chat: Chat, became: Became = Became.HANDED) -> list[str]:
    """Tell the run what became of its message."""
    assert chat.run.wait is not None
    chat.now += timedelta(minutes=1)
    at = chat.now - timedelta(minutes=1)
    return chat.handed(trigger_of(Told(chat.run.id, str(chat.run.wait.facts["message"]), became, at)))
