"""STOP while everything else is broken: it is done with what still works, kept, and never forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import push
from bot.conversation.apology import APOLOGY
from bot.conversation.inbox import inbound_work
from bot.conversation.work import Result
from bot.core.errors import FlowError, RetryLater
from bot.core.ids import bucket_of
from bot.core.messages import Inbound
from bot.demo.loopback_network import DEMO_NUMBER
from tests.conversation.chat import Chat, chatting, shipped

OFFER = """\
flow: offers
title: An offer a day
language: en
start:
  - schedule: daily 13:00
steps:
  - say: {class: marketing, group: loyalty, text: An offer.}
"""
TRACK = """\
flow: track
title: Hear of orders
language: en
start:
  - {keyword: [TRACK], category: opt-in, group: orders}
steps:
  - say: We text you when it leaves.
"""
STOPPED = "Corner Leaf: you are unsubscribed and get no more texts. Reply START to rejoin."
WORDS = ["STOP", "stop texting me", "退订"]


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A member with an offer to come tomorrow."""
    flows = shipped(tmp_path, "loyalty", "balance", "fallback", offers=OFFER)
    async with chatting(database_url, flows=flows) as chat:
        await chat("LOYALTY")
        await chat("skip")
        await chat("skip")
        await chat.strike()
        yield chat


async def break_inserts(chat: Chat, table: str) -> None:
    """Let the database refuse every new row of a table."""
    if chat.app.database.dialect == "sqlite":
        await chat.run(
            f"CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
        return
    await chat.run(
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'broken'; END $$"
    )
    await chat.run(f"CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken()")


async def mend_inserts(chat: Chat, table: str) -> None:
    """Undo `break_inserts`."""
    if chat.app.database.dialect == "sqlite":
        await chat.run("DROP TRIGGER broken")
        return
    await chat.run(f"DROP TRIGGER broken ON {table}")
    await chat.run("DROP FUNCTION broken()")


async def is_stopped(chat: Chat) -> bool:
    """Whether the phone's address is closed."""
    return (await chat.of("address", "stopped_at", "value"))[0][0] is not None


@pytest.mark.parametrize("words", WORDS)
async def test_stop_is_kept_and_nothing_leaves_while_the_log_cannot_be_written(
    chat: Chat, words: str
) -> None:
    await break_inserts(chat, "consent")
    assert await chat(words) == []
    assert await is_stopped(chat)
    assert (await chat.triggers())[-1] == ("inbound", "new")
    assert await chat("BALANCE") == []
    assert await chat.later(days=1, hours=2) == []
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    assert ("refused", "stopped") in await chat.outbox("state, reason")
    assert ("inbound", "new") in await chat.triggers()
    await mend_inserts(chat, "consent")
    assert await chat.later(minutes=2) == []  # a day late its confirmation would be one text too many
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert (await chat.of("consent", "words, state", "number"))[-1] == (words, "unsubscribed")
    assert ("inbound", "new") not in await chat.triggers()


async def test_what_is_mended_soon_is_confirmed_once(chat: Chat) -> None:
    await break_inserts(chat, "consent")
    assert await chat("STOP") == []
    await mend_inserts(chat, "consent")
    assert await chat.later(minutes=2) == [STOPPED]
    assert await chat.later(minutes=5) == []
    assert await chat("STOP") == []


@pytest.mark.parametrize("words", ["YES", "all", "too many texts"])
async def test_what_answers_a_clarification_is_kept_too_and_no_start(chat: Chat, words: str) -> None:
    await chat("enough already")
    await break_inserts(chat, "consent")
    assert await chat(words) == []
    assert await is_stopped(chat)
    await mend_inserts(chat, "consent")
    assert await chat.later(minutes=2) == [STOPPED]
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert await is_stopped(chat)


async def test_who_leaves_one_group_is_held_but_not_stopped(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "flows" / "track.yaml").write_text(TRACK)
    await push(chat.app.database, chat.app.settings, chat.clock)
    await chat.app.reload()
    await chat("TRACK")
    await break_inserts(chat, "consent")
    assert await chat("STOP LOYALTY") == []
    assert not await is_stopped(chat)
    assert await chat.later(days=1, hours=2) == []
    assert ("held", "clarifying") in await chat.outbox("state, reason")
    await mend_inserts(chat, "consent")
    await chat.later(minutes=2)
    assert await chat.subscriptions() == {"loyalty": "unsubscribed", "orders": "subscribed"}
    assert await chat.later(days=1) == []
    assert ("refused", "unsubscribed") in await chat.outbox("state, reason")


async def test_a_stranger_s_stop_is_kept_too(chat: Chat) -> None:
    await break_inserts(chat, "consent")
    stranger = "+12125550111"
    assert await chat("STOP", number=stranger) == []
    await mend_inserts(chat, "consent")
    chat.clock.now += timedelta(minutes=2)
    await chat.strike()
    assert chat.news(stranger) == [STOPPED]
    assert await chat.subscriptions(stranger) == {"loyalty": "unsubscribed"}
    assert await chat("LOYALTY", number=stranger) == []


@pytest.mark.parametrize("words", WORDS)
async def test_stop_is_done_without_a_word_where_no_message_can_be_stored(chat: Chat, words: str) -> None:
    await break_inserts(chat, "outbox")
    assert await chat(words) == []
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert await is_stopped(chat)
    assert (await chat.triggers())[-1] == ("inbound", "done")
    await mend_inserts(chat, "outbox")
    assert await chat.later(days=2) == []


async def test_any_other_message_is_refused_where_none_can_be_answered(chat: Chat) -> None:
    await break_inserts(chat, "outbox")
    assert (await chat.text("BALANCE")).http_status == 503


@pytest.mark.parametrize("words", WORDS)
async def test_stop_is_confirmed_though_the_snapshot_cannot_be_read(chat: Chat, words: str) -> None:
    await chat.run("ALTER TABLE lot RENAME TO lot_away")
    assert await chat(words) == [STOPPED]
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    await chat.run("ALTER TABLE lot_away RENAME TO lot")
    assert await chat("BALANCE") == []


async def test_a_clarified_stop_is_done_though_the_snapshot_cannot_be_read(chat: Chat) -> None:
    assert len(await chat("enough already")) == 1
    await chat.run("ALTER TABLE lot RENAME TO lot_away")
    assert await chat("YES") == [STOPPED]
    await chat.run("ALTER TABLE lot_away RENAME TO lot")
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert (await chat.of("address", "clarify_by", "value"))[0][0] is None


async def test_stop_is_done_while_the_program_is_broken(chat: Chat) -> None:
    await chat.run("UPDATE revision SET source = 'credit: [', checksum = 'other' WHERE kind = 'program'")
    await chat.run("UPDATE setting SET value = 'newer' WHERE name = 'publication'")
    with pytest.raises(FlowError):
        await chat.app.reload()
    assert await chat("STOP") == [STOPPED]
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}


async def test_a_provider_s_stop_is_kept_while_the_log_cannot_be_written(
    database_url: str, tmp_path: Path
) -> None:
    flows = shipped(tmp_path, "loyalty", "fallback")
    async with chatting(database_url, flows=flows, opt_out="advanced") as chat:
        await chat("LOYALTY")
        await break_inserts(chat, "consent")
        await chat("STOP")
        assert await is_stopped(chat)
        await mend_inserts(chat, "consent")
        before = len(chat.loopback.received(chat.number))
        await chat.later(minutes=2)
        assert len(chat.loopback.received(chat.number)) == before
        assert (await chat.of("consent", "source, state", "number"))[-1] == ("provider", "unsubscribed")


# Whose turn it is


async def test_a_turn_of_a_contact_that_was_joined_to_another_is_done_there(chat: Chat) -> None:
    gone, stays = await chat.contact_id(), "+12125550111"
    await chat("LOYALTY", number=stays)
    survivor = await chat.contact_id(stays)
    await chat.run(
        "UPDATE contact SET merged_into = :survivor WHERE bucket = :bucket AND id = :gone",
        survivor=survivor,
        bucket=bucket_of(gone),
        gone=gone,
    )
    await chat.run(
        """INSERT INTO "trigger" (bucket, contact, key, kind, state, at, due_at, payload, attempts)
           VALUES (:bucket, :gone, 'later', 'start', 'new', 1, 1, '{"flow": "balance"}', 0)""",
        bucket=bucket_of(gone),
        gone=gone,
    )
    await chat.run("ALTER TABLE lot RENAME TO lot_away")
    await chat.strike()
    assert await _state(chat, gone) == ("new", 1)
    await chat.run("ALTER TABLE lot_away RENAME TO lot")
    chat.clock.now += timedelta(minutes=2)
    await chat.strike()
    assert await _state(chat, gone) == ("done", 2)


async def test_a_turn_of_a_contact_that_is_gone_is_dead_and_not_tried_for_ever(chat: Chat) -> None:
    gone = "0" * 30 + "07"
    await chat.run(
        """INSERT INTO "trigger" (bucket, contact, key, kind, state, at, due_at, payload, attempts)
           VALUES (:bucket, :gone, 'later', 'start', 'new', 1, 1, '{"flow": "balance"}', 0)""",
        bucket=bucket_of(gone),
        gone=gone,
    )
    await chat.strike()
    assert await _state(chat, gone) == ("dead", 1)
    assert (
        "the contact is gone"
        in (await chat.rows("""SELECT t.failure FROM "trigger" t WHERE t.key = 'later'"""))[0][0]
    )


async def _state(chat: Chat, contact: str) -> tuple[object, ...]:
    sql = """SELECT t.state, t.attempts FROM "trigger" t WHERE t.contact = :contact AND t.key = 'later'"""
    return (await chat.rows(sql, contact=contact))[0]


async def test_a_process_that_starts_on_a_broken_program_hears_stop(
    database_url: str, tmp_path: Path
) -> None:
    """And what else is said is kept, answered kindly, and can be replayed once the program is mended."""
    flows = shipped(tmp_path, "loyalty", "balance", "fallback")
    async with chatting(database_url, flows=flows) as chat:
        await chat("LOYALTY")
        await chat.run(
            "UPDATE revision SET source = 'program: Corner Leaf', checksum = 'other' WHERE kind = 'program'"
        )
        found = await chat.rows("SELECT source FROM revision WHERE kind = 'program'")
        assert found == [("program: Corner Leaf",)]
        chat.app.conversation.decider = await chat.app.current.load()
        assert await chat("BALANCE") == [APOLOGY["en"]]
        await chat.later(hours=2)
        assert await chat.of("trigger", "state", "at") == [("done",), ("dead",)]
        for number, word in enumerate(WORDS):
            other = f"+1212555012{number}"
            (said,) = await chat(word, number=other)
            assert "Corner Leaf" in said
            assert await chat.of("address", "stopped_at IS NOT NULL", "value", number=other) in (
                [(1,)],
                [(True,)],
            )


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_message_that_cannot_be_kept_keeps_no_stop_beside_it_away(
    chat: Chat, *, is_first: bool
) -> None:
    other = "+12125550111"
    await chat("LOYALTY", number=other)
    await break_inserts(chat, "outbox")
    texts = [("balance", other, "BALANCE"), ("stop", chat.number, "STOP")]
    works = [
        inbound_work(Inbound("twilio", sid, "sms", number, DEMO_NUMBER, text, chat.clock()))
        for sid, number, text in (texts if is_first else texts[::-1])
    ]
    submitted = (chat.app.dispatcher.submit(work) for work in works)
    results = await asyncio.gather(*submitted, return_exceptions=True)
    said = results if is_first else results[::-1]
    assert isinstance(said[0], RetryLater)  # the provider shall know
    assert isinstance(said[1], Result)
    assert said[1].outcome == "opt_out"
    assert await is_stopped(chat)
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
