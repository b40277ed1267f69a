"""Whoever texts the code from an email joins the profile it was sent to, and nobody else's."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation.operations import operation_work
from bot.conversation.work import Work
from bot.core.contact import Address, Contact, JsonValue
from bot.core.ids import bucket_of, new_contact_id
from bot.core.personal_codes import code_of
from bot.core.triggers import Trigger, TriggerKind
from bot.demo.loopback_network import DEMO_NUMBER
from bot.storage import turns
from tests.conversation.chat import Chat, chatting, shipped
from tests.storage.joining import splitting

INVITE = """
flow: invite
title: Invite by email
language: en
start:
  - api
reentry: always
steps:
  - set: {code: "{{ join.code }}", link: "{{ join.sms_link }}"}
  - wait_for: {inbound: {group: loyalty, category: opt-in}, within: 7d, else: end}
  - say: {channel: sms, group: loyalty, text: You came from our email.}
"""
ELSEWHERE = "+12125550123"


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """The shipped flow that joins, and one that gives a code."""
    async with chatting(database_url, flows=shipped(tmp_path, "loyalty", "policy", invite=INVITE)) as chat:
        yield chat


async def written_to(chat: Chat, mailbox: str = "ana@example.com", locale: str = "en_US") -> str:
    """Make a contact who has a mailbox and no number."""
    now = chat.clock()
    contact_id = new_contact_id(now, chat.app.conversation.entropy)
    contact = Contact(contact_id, bucket_of(contact_id), locale, "America/New_York", now)
    await chat.app.database.transact(
        lambda connection: turns.create(connection, [(contact, Address("email", mailbox))], now)
    )
    return contact_id


async def has_credit(chat: Chat, contact: str) -> None:
    """Make somebody a member with something in the wallet, and no number."""
    await chat.run("UPDATE contact SET enrolled_at = created_at WHERE id = :id", id=contact)
    await chat.run(
        "INSERT INTO wallet (bucket, contact, id, pending_minor, available_minor, held_minor, debt_minor,"
        " entry_count, last_hash, version) VALUES (:bucket, :contact, 'main', 0, 500, 0, 0, 0, '', 0)",
        bucket=bucket_of(contact),
        contact=contact,
    )


async def invited(chat: Chat, contact: str, key: str = "invite") -> tuple[str, str]:
    """Start the journey of somebody; returns their code and the link that opens a text with it."""
    payload: dict[str, JsonValue] = {"flow": "invite", "variables": {}}
    await chat.app.dispatcher.submit(
        Work(Trigger(f"{key}/{contact}", TriggerKind.START, chat.clock(), payload), contact_id=contact)
    )
    found = await chat.rows(
        "SELECT state FROM run WHERE bucket = :bucket AND contact = :contact ORDER BY id DESC LIMIT 1",
        bucket=bucket_of(contact),
        contact=contact,
    )
    variables = json.loads(found[0][0])["variables"]
    return variables["code"], variables["link"]


async def test_a_strangers_number_joins_the_profile_and_its_journey_goes_on(chat: Chat) -> None:
    ana = await written_to(chat)
    code, link = await invited(chat, ana)
    assert link == f"sms:{DEMO_NUMBER}?&body=LOYALTY%20{code}"
    assert (await invited(chat, ana, "again"))[0] == code  # the same while it is good

    heard = await chat(f"Loyalty {code[:4].lower()} {code[4:].lower()}.")
    assert heard[0].startswith("You're in")
    assert any("Welcome!" in text for text in heard)
    assert "You came from our email." in heard
    assert await chat.contact_id() == ana
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    ((words, channel, address),) = await chat.of("consent", "words, channel, address", "number")
    assert (words, channel, address) == (
        f"Loyalty {code[:4].lower()} {code[4:].lower()}.",
        "sms",
        chat.number,
    )
    ((used,),) = await chat.of("invitation", "used_at IS NOT NULL", "code")
    assert used
    linked = await chat.of("event", "name", "id")
    assert ("Address Linked",) in linked

    # The same text from the same number is an ordinary one; from another it is too late.
    assert any("Welcome back" in text for text in await chat(f"LOYALTY {code}"))
    said = await chat(f"LOYALTY {code}", number=ELSEWHERE)
    assert any("has been used" in text for text in said)
    assert await chat.contact_id(ELSEWHERE) != ana


async def test_of_two_numbers_that_text_it_at_once_one_joins(chat: Chat) -> None:
    ana = await written_to(chat)
    code, _ = await invited(chat, ana)
    numbers = [chat.number, ELSEWHERE]
    said = await asyncio.gather(*[chat(f"LOYALTY {code}", number=one) for one in numbers])
    owners = [await chat.contact_id(one) for one in numbers]
    assert owners.count(ana) == 1
    assert len(set(owners)) == 2
    kind = [any("has been used before" in text for text in texts) for texts in said]
    assert sorted(kind) == [False, True]


async def test_whoever_texted_before_joins_the_profile_whose_journey_goes_on(chat: Chat) -> None:
    ana = await written_to(chat)
    code, _ = await invited(chat, ana)
    await chat("hello there")
    before = await chat.contact_id()
    assert before != ana
    heard = await chat(f"LOYALTY {code}")
    assert [text[:9] for text in heard] == ["You're in"]
    assert "You came from our email." in await chat.later(seconds=5)
    after = await chat("BALANCE")
    assert after  # it is Ana who asks now
    kept = await chat.rows("SELECT merged_into FROM contact WHERE id = :id", id=before)
    assert kept == [(ana,)]
    ((evidence,),) = await chat.rows("SELECT facts FROM joined WHERE contact = :id", id=ana)
    assert json.loads(evidence)["evidence"]["way"] == "invitation"


async def test_a_member_is_joined_by_who_is_none_and_never_by_another_member(chat: Chat) -> None:
    ana, ben = await written_to(chat), await written_to(chat, "ben@example.com")
    await chat.run("UPDATE contact SET enrolled_at = created_at WHERE id = :id", id=ben)
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    me = await chat.contact_id()
    said = await chat(f"LOYALTY {(await invited(chat, ben))[0]}")
    assert any("another member's account" in text for text in said)
    await chat.later(seconds=5)
    said = await chat(f"LOYALTY {(await invited(chat, ana))[0]}")
    assert not any("code in your text" in text for text in said)
    await chat.later(seconds=5)
    found = await chat.rows("SELECT id, merged_into FROM contact ORDER BY created_at, id")
    assert dict(found) == {ana: me, ben: None, me: None}


async def test_a_forwarded_letter_of_a_member_gives_its_reader_nothing(chat: Chat) -> None:
    ana = await written_to(chat)
    code, _ = await invited(chat, ana)
    await has_credit(chat, ana)
    before = await chat.rows("SELECT COUNT(*) FROM outbox WHERE contact = :id", id=ana)
    ordinary = await chat("LOYALTY", number="+12125550124")
    assert await chat(f"LOYALTY {code}", number=ELSEWHERE) == ordinary
    carol = await chat.contact_id(ELSEWHERE)
    assert carol != ana
    assert await chat.rows("SELECT channel FROM address WHERE contact = :id", id=ana) == [("email",)]
    # Who was known before learns as little, and takes as little.
    await chat("hello there")
    stranger = await chat.contact_id()
    said = await chat(f"LOYALTY {code}")
    await chat.later(seconds=5)
    assert said == ordinary
    assert await chat.rows("SELECT merged_into FROM contact WHERE id = :id", id=stranger) == [(None,)]
    assert await chat.rows("SELECT COUNT(*) FROM outbox WHERE contact = :id", id=ana) == before
    assert await chat.rows("SELECT used_at FROM invitation WHERE contact = :id", id=ana) == [(None,)]


async def test_whoever_has_a_number_gets_no_code_and_an_older_one_is_nobodys(chat: Chat) -> None:
    ana = await written_to(chat)
    code, _ = await invited(chat, ana)
    await chat.app.dispatcher.submit(
        operation_work(
            "contact.identify",
            {"channel": "sms", "value": chat.number, "evidence": {"way": "platform"}},
            key="api:identify",
            at=chat.clock(),
            contact_id=ana,
        )
    )
    assert await chat.contact_id() == ana
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    ordinary = await chat("LOYALTY", number="+12125550124")
    assert await chat(f"LOYALTY {code}", number=ELSEWHERE) == ordinary
    assert await chat.contact_id(ELSEWHERE) != ana
    given, link = await invited(chat, ana, "again")
    assert not given
    assert link == f"sms:{DEMO_NUMBER}?&body=LOYALTY"
    # A member who texts it does not take that number's profile over either.
    ben = await chat.contact_id(ELSEWHERE)
    await chat("skip", number=ELSEWHERE)
    await chat(f"LOYALTY {code}", number=ELSEWHERE)
    await chat.later(seconds=5)
    assert await chat.contact_id(ELSEWHERE) == ben
    assert await chat.contact_id() == ana


async def test_a_member_who_texts_the_code_goes_on_with_the_journey(chat: Chat) -> None:
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    me = await chat.contact_id()
    ana = await written_to(chat)
    code, _ = await invited(chat, ana)
    said = await chat(f"LOYALTY {code}")
    later = [*await chat.later(seconds=5), *await chat.later(seconds=50)]
    assert [text for text in (*said, *later) if "Welcome back" in text] == [said[-1]]
    assert later == ["You came from our email."]
    runs = await chat.rows("SELECT contact, status FROM run WHERE flow = 'invite'")
    assert runs == [(me, "done")]
    # Undone, what came along goes back, with what it came to.
    await chat.app.dispatcher.submit(splitting(me, ana))
    await chat.later(seconds=5)
    assert await chat.rows("SELECT contact FROM run WHERE flow = 'invite'") == [(ana,)]


async def test_codes_end_and_cannot_be_tried_for_long(chat: Chat) -> None:
    ana = await written_to(chat)
    code, _ = await invited(chat, ana)
    for number in range(5):
        said = await chat(f"LOYALTY {code_of(b'other', ana, number)}")
        assert any("We do not know the code" in text for text in said)
    said = await chat(f"LOYALTY {code}")
    assert any("We do not know the code" in text for text in said)
    assert await chat.contact_id() != ana
    chat.clock.now += timedelta(days=30)
    said = await chat(f"LOYALTY {code}", number=ELSEWHERE)
    assert any("is over by now" in text for text in said)
    assert await chat.contact_id(ELSEWHERE) != ana


async def test_where_a_group_asks_twice_the_yes_is_of_the_profile(database_url: str, tmp_path: Path) -> None:
    flows = shipped(tmp_path, "loyalty", invite=INVITE)
    (flows / "policy.yaml").write_text("groups:\n  loyalty: {double_opt_in: true}\n")
    async with chatting(database_url, flows=flows) as chat:
        ana = await written_to(chat)
        code, _ = await invited(chat, ana)
        (prompt,) = await chat(f"LOYALTY {code}")
        assert "reply YES" in prompt
        assert await chat.contact_id() == ana
        assert await chat.subscriptions() == {"loyalty": "pending"}
        said = await chat("YES")
        assert "You came from our email." in said
        assert any("Welcome!" in text for text in said)
        assert await chat.subscriptions() == {"loyalty": "subscribed"}
