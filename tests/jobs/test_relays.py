"""What a turn leaves for another contact arrives there once, whatever happens between."""

from bot.core.contact import JsonValue
from bot.core.triggers import Trigger, TriggerKind, relay
from bot.storage import rows
from bot.storage.writes import Writes
from tests.conversation.chat import Chat

FRIEND = "+12125550107"


async def leave(chat: Chat, key: str, kind: TriggerKind = TriggerKind.EVENT, **payload: JsonValue) -> None:
    """Let the chat's contact leave the friend something."""
    owner, friend = await chat.contact_id(), await chat.contact_id(FRIEND)
    left = relay(friend, Trigger(key, kind, chat.clock(), payload))
    writes = Writes()
    writes.trigger(rows.trigger_row(owner, left, state="new"))
    await chat.app.database.transact(writes.flush)


async def test_a_relay_arrives_once(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("LOYALTY", number=FRIEND)
    await leave(chat, "gift:1", name="Gift Sent", properties={"amount": 500})
    await chat.strike()
    assert await chat.of("trigger", "key, kind, state", "at", number=FRIEND) != []
    arrived = "SELECT contact, state FROM \"trigger\" WHERE key = 'gift:1'"
    assert await chat.rows(arrived) == [(await chat.contact_id(FRIEND), "done")]
    relays = "SELECT state FROM \"trigger\" WHERE kind = 'relay'"
    assert await chat.rows(relays) == [("done",)]
    # As if the process had died before it recorded that the relay was handed on.
    await chat.run("UPDATE \"trigger\" SET state = 'new' WHERE kind = 'relay'")
    await chat.strike()
    assert await chat.rows(relays) == [("done",)]
    assert len(await chat.rows(arrived)) == 1


async def test_what_fails_there_is_kept_and_tried_again(chat: Chat) -> None:
    """The giver's side is done: nobody but the receiver's has it any more."""
    await chat("LOYALTY")
    await chat("LOYALTY", number=FRIEND)
    await leave(chat, "gift:1", TriggerKind.OPERATION, operation="nobody.knows", body={})
    await chat.strike()
    kept = "SELECT contact, state, attempts FROM \"trigger\" WHERE key = 'gift:1'"
    assert await chat.rows(kept) == [(await chat.contact_id(FRIEND), "new", 1)]
    await chat.later(hours=1)
    await chat.later(hours=1)
    assert await chat.rows(kept) == [(await chat.contact_id(FRIEND), "dead", 3)]
