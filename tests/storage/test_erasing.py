"""A person exported and erased: everything of theirs is in the one and nowhere after the other."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import String
from sqlmodel import AutoString

from bot.app import address_hashes
from bot.conversation.operations import operation_work
from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.ledger.verifying import findings
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import (
    contacts,
    costing,
    erasing,
    history,
    personal,
    proof,
    referrals,
    rows,
    schedules,
    tables,
)
from bot.storage.driver import Present, Rows
from bot.storage.erasing import numbers_only
from bot.storage.exporting import exported
from bot.storage.schedules import Whom
from bot.storage.tables import Kind, kind_of
from tests.conversation.chat import Chat, chatting

NUMBER = "+12125550147"
NAME = "Quetzalina"
WORDS = ("zanzibar", "xylophone", "my flat is 17B")
OTHER = "+12125550148"
TABLES = tables.Row.metadata.tables
ADDED_UP = """
    SELECT COUNT(*), COALESCE(SUM(amount_minor), 0) FROM draw
    UNION ALL SELECT COUNT(*), COALESCE(SUM(available_minor + pending_minor + held_minor), 0) FROM wallet
    UNION ALL SELECT COUNT(*), COALESCE(SUM(granted_minor), 0) FROM lot
    UNION ALL SELECT COUNT(*), COALESCE(SUM(total_minor), 0) FROM shop_order
    UNION ALL SELECT COUNT(*), 0 FROM entry
    UNION ALL SELECT COUNT(*), 0 FROM consent
    UNION ALL SELECT COUNT(*), 0 FROM contact
    UNION ALL SELECT COUNT(*), 0 FROM event
    UNION ALL SELECT COUNT(*), 0 FROM outbox
"""


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """The shipped application, in which somebody told much of themselves."""
    async with chatting(database_url) as chat:
        chat.number = NUMBER
        for text in ("LOYALTY", NAME, "May 21", f"hello {WORDS[0]}", f"PERSON {WORDS[1]}"):
            await chat(text)
        await chat("LOYALTY", number=OTHER)
        await chat.order(("LATTE", 1), ("TEA", 2))
        for text in ("REWARDS", "1", "YES", "REORDER", "YES", "why", "HISTORY"):
            await chat(text)
        await track(chat, Event("Order Completed", chat.clock(), {"revenue": 12.5, "ship_to": WORDS[2]}))
        await chat.later(minutes=5)
        await chat("REORDER")  # and leave a question open
        yield chat


async def track(chat: Chat, event: Event) -> None:
    payload: dict[str, Any] = {"name": event.name, "properties": dict(event.properties)}
    trigger = Trigger("event/1", TriggerKind.EVENT, event.at, payload, event=event)
    await chat.app.dispatcher.submit(Work(trigger, contact_id=await chat.contact_id()))

    contact = await chat.contact_id()
    values = rows.event_row(contact, "e" * 30 + contact[-2:], event)
    kept = Rows(TABLES["event"], Present.FAIL)
    await chat.app.database.transact(lambda c: c.write(kept, [values]))


async def everything(chat: Chat) -> list[tuple[str, str, str]]:
    """Every text of every table: (table, column, text)."""
    found = []
    for table in TABLES.values():
        for column in table.columns:
            if _is_text(column.type):
                texts = await chat.rows(f'SELECT "{column.name}" FROM "{table.name}"')  # noqa: S608  # ours
                found += [(table.name, column.name, text) for (text,) in texts if text]
    return sorted(found)


async def places_of(chat: Chat, words: str) -> set[str]:
    folded = words.casefold()
    return {f"{t}.{c}" for t, c, text in await everything(chat) if folded in text.casefold()}


async def erase(chat: Chat) -> erasing.Erased:
    contact = await chat.contact_id()
    hashes = address_hashes(chat.app.settings)
    done = await chat.app.database.transact(lambda c: erasing.erase(c, contact, chat.clock(), hashes))
    assert done is not None
    return done


async def test_an_export_holds_whatever_was_told(chat: Chat) -> None:
    contact = await chat.contact_id()
    found = await chat.app.database.query(lambda c: exported(c, contact, chat.clock()))
    assert found is not None
    text = json.dumps(found, ensure_ascii=False)
    for told in (NUMBER, NAME, *WORDS):
        assert told in text, told
    assert OTHER not in text
    kept = found["tables"]
    assert isinstance(kept, dict)
    own = [table.name for table in TABLES.values() if kind_of(table) is Kind.CONTACT_OWNED]
    counted = {name: len(await chat.of(name, "bucket", "bucket")) for name in own if name != "contact"}
    held = {name: len(listed) for name, listed in kept.items() if isinstance(listed, list)}
    assert held == {"contact": 1} | {name: count for name, count in counted.items() if count}
    (entry, *_) = kept["entry"] if isinstance(kept["entry"], list) else []
    assert isinstance(entry, dict)
    assert str(entry["effective_at"]).startswith("2026-11-24T17:")
    nobody = "0" * 32
    assert await chat.app.database.query(lambda c: exported(c, nobody, chat.clock())) is None


async def test_after_erasure_no_table_holds_number_name_or_words(chat: Chat) -> None:
    told = (NUMBER, NUMBER.removeprefix("+1"), NAME, *WORDS, "05-21")
    for words in told:
        assert await places_of(chat, words), f"{words} is somewhere before, or this proves nothing"
    await erase(chat)
    assert {words: places for words in told if (places := await places_of(chat, words))} == {}
    assert await places_of(chat, OTHER), "somebody else's stays"


async def test_totals_chains_and_hashes_are_as_they_were(chat: Chat) -> None:
    contact = await chat.contact_id()
    database = chat.app.database
    sums = await chat.rows(ADDED_UP)
    entries = await database.query(lambda c: history.entries_of(c, contact))
    consent = await database.query(lambda c: proof.stored(c, contact))
    balance = await database.query(lambda c: history.balance_at(c, contact, chat.clock()))
    await erase(chat)
    assert await chat.rows(ADDED_UP) == sums
    after = await database.query(lambda c: history.entries_of(c, contact))
    assert [entry.hash for entry in after] == [entry.hash for entry in entries]
    standing = await database.query(lambda c: history.standing(c, contact))
    assert findings(standing, after) == []
    proven = await database.query(lambda c: proof.stored(c, contact))
    assert [line.link.hash for line in proven.lines] == [line.link.hash for line in consent.lines]
    assert all(line.link.salt is None for line in proven.lines)
    assert await database.query(lambda c: history.balance_at(c, contact, chat.clock())) == balance
    (revenue,) = await chat.rows("SELECT properties FROM event WHERE name = 'Order Completed'")
    assert json.loads(revenue[0]) == {"revenue": 12.5}


async def test_who_is_erased_is_texted_no_more_and_may_come_as_a_stranger(chat: Chat) -> None:
    contact = await chat.contact_id()
    chat.news()
    await erase(chat)
    assert await chat.later(days=90) == []
    (hello,) = await chat("hello again")
    assert "Reply LOYALTY to join" in hello
    assert await chat.contact_id() != contact
    assert await chat.subscriptions() == {}


async def test_who_is_erased_is_no_member_wherever_that_is_asked(chat: Chat) -> None:
    """Their code brings nobody, no job lists them, and what is sent to them goes back."""
    contact, database = await chat.contact_id(), chat.app.database
    code = await database.transact(lambda c: referrals.own_code(c, contact))
    gift: dict[str, JsonValue] = {
        "gift": "1" * 32,
        "giver": await chat.contact_id(OTHER),
        "entry": "2" * 32,
        "parts": [],
    }

    strike = Trigger("strike", TriggerKind.SCHEDULE, chat.clock(), {"flow": "none"})

    async def asked() -> tuple[bool, bool, bool, bool]:
        advocate = await database.query(lambda c: referrals.referrer(c, OTHER, code))
        before, whom = f"{int(contact, 16) - 1:032x}", Whom(frozenset({"America/New_York"}))
        found = await database.transact(
            lambda c: schedules.strike(c, int(contact[-2:], 16), whom, strike, after=before, most=1)
        )
        counted = await database.query(
            lambda c: costing.members_with_orders(c, int(contact[-2:], 16), chat.clock(), "America/New_York")
        )
        person = await database.query(lambda c: contacts.known(c, contact))
        assert advocate is not None
        assert person is not None
        return advocate.is_member, contact in found, contact in counted, person.is_member

    assert await asked() == (True, True, True, True)
    await erase(chat)
    assert await asked() == (False, False, False, False)
    wallet = await chat.rows("SELECT available_minor FROM wallet ORDER BY id, contact")
    work = operation_work("gift.arrives", gift, key="gift/1/arrives", at=chat.clock(), contact_id=contact)
    await chat.app.dispatcher.submit(work)
    assert await chat.rows("SELECT available_minor FROM wallet ORDER BY id, contact") == wallet
    told = await chat.rows("SELECT key FROM \"trigger\" WHERE kind = 'relay'")
    assert len(told) == 1
    assert told[0][0].endswith("returns")


async def test_stop_outlives_the_person(chat: Chat) -> None:
    await chat("STOP")
    done = await erase(chat)
    assert (done.addresses, done.suppressed) == (1, 1)
    assert await chat("BALANCE") == []
    (back,) = await chat("START")
    assert "rewards by text" in back or "START" not in back


async def test_erasing_again_finds_nothing_more(chat: Chat) -> None:
    contact = await chat.contact_id()
    await erase(chat)
    before = await everything(chat)
    hashes = address_hashes(chat.app.settings)
    again = await chat.app.database.transact(lambda c: erasing.erase(c, contact, chat.clock(), hashes))
    assert again == erasing.Erased(contact, 0, 0)
    assert await everything(chat) == before
    nobody = "0" * 32
    assert await chat.app.database.transact(lambda c: erasing.erase(c, nobody, chat.clock(), hashes)) is None


def test_every_text_of_a_contact_was_looked_at() -> None:
    """A new column must be named in `bot/storage/personal.py`, as personal or not."""
    for table in TABLES.values():
        if kind_of(table) is not Kind.CONTACT_OWNED or table.name in personal.DROPPED:
            continue
        ids = {column.name for column in table.columns if _is_id(column.type)}
        texts = {c.name for c in table.columns if _is_text(c.type)} - ids
        named = {
            *personal.WIPED.get(table.name, {}),
            *personal.NUMBERS_ONLY.get(table.name, ()),
            *personal.WIPED_OTHERWISE.get(table.name, ()),
        }
        stays = set(personal.NOT_PERSONAL.get(table.name, ()))
        assert not named & stays, table.name
        assert texts <= named | stays, (table.name, texts - named - stays)
        assert stays <= texts, (table.name, stays - texts)


def _is_text(kind: object) -> bool:
    return isinstance(kind, String | AutoString)


def _is_id(kind: object) -> bool:
    return isinstance(kind, String) and kind.length == 32


def test_words_go_and_what_counts_stays() -> None:
    document = {"a": 1, "b": "x", "c": [1, "y", {"d": 2.5, "e": "z"}], "f": True, "g": {"h": "i"}}
    assert numbers_only(document) == {"a": 1, "c": [1, {"d": 2.5}], "f": True, "g": {}}
