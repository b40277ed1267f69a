"""Tracked messages by the Tracker of a running application."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.conversation.decide import Decisions
from bot.conversation.tracking.ingest import ERASED
from bot.conversation.tracking.telling import NOT_A_SERVER, NOT_BELIEVED, NOT_THEIRS
from bot.conversation.tracking.tracker import Tracker
from bot.core.audiences.audience import Topic
from bot.core.audiences.rule import Happened
from bot.core.contact import JsonValue
from bot.core.errors import RetryLater
from bot.core.tracking.message import PAGE_VIEWED, Taken
from bot.core.tracking.sessions import SESSION_STARTED
from bot.storage.driver import Connection
from bot.storage.erasing import erase
from tests.conversation.chat import Chat
from tests.conversation.tracking.telling import BROWSER, SERVER, message, tracker_of

MINUTE = timedelta(minutes=1)


async def owners(chat: Chat) -> dict[str, str]:
    """Who each name is, by now."""
    found = await chat.rows(
        "SELECT d.value, COALESCE(c.merged_into, c.id) FROM directory d"
        " JOIN contact c ON c.bucket = d.bucket AND c.id = d.contact"
        " WHERE d.kind IN ('external', 'anonymous')"
    )
    return {str(name): str(contact) for name, contact in found}


async def test_a_message_makes_a_contact_and_an_event_once(chat: Chat) -> None:
    told = message("m1", user="u1", event="Tea Steeped", properties={"minutes": 3})
    tracker = tracker_of(chat)
    assert await tracker.take([told, told], SERVER) == Taken(2)
    assert await tracker.take([told], BROWSER) == Taken(1)
    found = await chat.rows("SELECT name, properties, source FROM event")
    assert found == [("Tea Steeped", '{"minutes":3}', SERVER.id)]
    assert len(await owners(chat)) == 1


async def test_the_same_message_handed_in_many_times_at_once_counts_once(chat: Chat) -> None:
    many = [message(f"m{n % 7}", user=f"u{n % 3}", event="Tea Steeped") for n in range(70)]
    tracker = tracker_of(chat)
    await asyncio.gather(*(tracker.take([one], SERVER) for one in many))
    assert len(await chat.rows("SELECT id FROM event")) == 7
    assert len(await owners(chat)) == 3


async def test_a_message_long_forgotten_counts_once_all_the_same(chat: Chat) -> None:
    old = message("m1", user="u1", event="Tea Steeped", ago=timedelta(days=30))
    tracker = tracker_of(chat)
    await tracker.take([old], SERVER)
    await chat.run("DELETE FROM seen_message")
    assert await tracker.take([old], SERVER) == Taken(1)
    assert len(await chat.rows("SELECT id FROM event")) == 1


async def test_a_message_without_its_time_that_comes_again_after_long_counts_once_in_figures(
    chat: Chat,
) -> None:
    """What says nothing of when it was is of now, however often it comes; what is new beside it counts."""
    told: list[dict[str, list[Happened]]] = []

    async def keep(  # as it is asked for
        connection: Connection,
        decisions: Decisions,
        happened: Mapping[str, Sequence[Happened]],
        topics: Mapping[str, set[Topic]],
        now: datetime,
        **_: object,
    ) -> None:
        told.append({contact: [*events] for contact, events in happened.items()})

    tracker = Tracker(chat.app.database, chat.app.conversation, keep)
    tracker.start()
    again = [message(f"m{number}", user="u1", event="Tea Steeped") for number in range(60)]
    await tracker.take(again, SERVER)
    await chat.run("DELETE FROM seen_message")
    assert await tracker.take([*again, message("new", user="u1", event="Tea Steeped")], SERVER) == Taken(61)
    await tracker.close()
    assert len(await chat.rows("SELECT id FROM event")) == 61
    assert [sum(map(len, one.values())) for one in told] == [60, 1]


async def test_who_is_identified_keeps_what_they_did_before(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.take([message("m1", anonymous="a1", event=PAGE_VIEWED)], BROWSER)
    await tracker.take([message("m2", anonymous="a1", user="u1", traits={"plan": "pro"})], BROWSER)
    await tracker.take([message("m3", user="u1", event="Tea Steeped")], SERVER)
    names = await owners(chat)
    assert names["a1"] == names["u1"]
    contacts = await chat.rows("SELECT DISTINCT contact FROM event")
    assert contacts == [(names["u1"],)]
    assert await chat.rows("SELECT attributes FROM contact") == [('{"plan":"pro"}',)]


async def test_an_anonymous_visitor_who_turns_out_to_be_known_is_joined(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.take([message("m1", user="u1", event="Tea Steeped")], SERVER)
    await tracker.take([message("m2", anonymous="a1", event=PAGE_VIEWED)], BROWSER)
    before = await owners(chat)
    assert before["a1"] != before["u1"]
    await tracker.take([message("m3", anonymous="a1", user="u1", traits={"plan": "pro"})], BROWSER)
    await chat.strike()
    after = await owners(chat)
    assert after["a1"] == after["u1"]
    await tracker.take([message("m4", anonymous="a1", event="Tea Cooled")], BROWSER)
    found = await chat.rows("SELECT contact FROM event WHERE name = 'Tea Cooled'")
    assert found == [(after["u1"],)]


async def test_an_anonymous_id_of_two_users_is_the_latest_ones_and_they_stay_two(chat: Chat) -> None:
    tracker, names = tracker_of(chat), dict[str, str]()
    for number, user in enumerate(("u1", "u2", "u1")):
        await tracker.take([message(f"m{number}", anonymous="a1", user=user)], SERVER)
        await chat.strike()
        names = await owners(chat)
        assert names["a1"] == names[user]
    assert names["u1"] != names["u2"]


async def test_one_batch_may_say_it_all(chat: Chat) -> None:
    told = [
        message("m1", anonymous="a1", event="Tea Steeped"),
        message("m2", anonymous="a2", event="Tea Steeped"),
        message("m3", user="u1", event="Tea Steeped"),
        message("m4", user="u1", anonymous="a1", traits={"plan": "pro"}),
        message("m5", user="u1", anonymous="a2", event="Tea Steeped"),
    ]
    await tracker_of(chat).take(told, BROWSER)
    names = await owners(chat)
    assert len(set(names.values())) == 1
    assert await chat.rows("SELECT COUNT(*) FROM contact") == [(1,)]
    assert await chat.rows("SELECT COUNT(*) FROM event") == [(4,)]


async def test_alias_says_that_an_earlier_id_was_the_same_person(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.take([message("m1", anonymous="a1", event="Tea Steeped")], SERVER)
    await tracker.take([message("m2", user="u1", previous="a1")], SERVER)
    names = await owners(chat)
    assert names["a1"] == names["u1"]


async def test_a_public_key_never_says_who_a_contact_with_a_number_is(chat: Chat) -> None:
    """Or somebody who knows a cookie would take over whose it is, with their credit."""
    tracker = tracker_of(chat)
    await tracker.take([message("m1", anonymous="a1", traits={"phone": chat.number})], SERVER)
    await chat.strike()
    await tracker.take([message("m2", anonymous="a1", user="thief", traits={"plan": "pro"})], BROWSER)
    await chat.strike()
    names = await owners(chat)
    assert names["a1"] == names["thief"] != await chat.contact_id()


@pytest.mark.parametrize("is_believed", [True, False])
async def test_a_phone_is_an_address_where_the_source_is_believed(chat: Chat, *, is_believed: bool) -> None:
    told = message("m1", user="u1", traits={"phone": "+1 212 555 0100", "email": "Ana@Leaf.Example"})
    await tracker_of(chat).take([told], SERVER if is_believed else BROWSER)
    await chat.strike()
    found = await chat.rows("SELECT channel, value FROM address ORDER BY channel")
    addresses = [("email", "ana@leaf.example"), ("external", "u1"), ("sms", "+12125550100")]
    assert found == (addresses if is_believed else [("external", "u1")])
    assert await chat.rows("SELECT state FROM subscription") == []
    (traits,) = await chat.rows("SELECT attributes FROM contact")
    assert traits == ('{"phone":"+1 212 555 0100","email":"Ana@Leaf.Example"}',)


async def test_a_first_number_tells_whose_clock_holds(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.take([message("m1", user="u1")], SERVER)
    for number in ("+1 310 555 0100", "+1 312 555 0100"):  # Los Angeles, then Chicago
        await tracker.take([message(f"m{number}", user="u1", traits={"phone": number})], SERVER)
        await chat.strike()
    ((zone, is_known),) = await chat.rows("SELECT zone, zone_is_known FROM contact")
    assert (zone, bool(is_known)) == ("America/Los_Angeles", False)


async def test_what_a_browser_says_of_its_clock_holds_before_a_number(chat: Chat) -> None:
    tracker, there = tracker_of(chat), {"timezone": "Europe/Berlin"}
    await tracker.take([replace(message("m1", user="u1"), context=there)], SERVER)
    await tracker.take([message("m2", user="u1", traits={"phone": "+1 310 555 0100"})], SERVER)
    await chat.strike()
    assert await chat.rows("SELECT zone FROM contact") == [("Europe/Berlin",)]


async def test_a_number_that_comes_with_another_contact_tells_whose_clock_holds(chat: Chat) -> None:
    tracker, number = tracker_of(chat), "+13105550100"
    await tracker.take([message("m1", user="u1")], SERVER)
    await chat.text("hello", number=number)
    await tracker.take([message("m2", user="u1", traits={"phone": number})], SERVER)
    await chat.strike()
    survivor = "SELECT zone FROM contact WHERE merged_into IS NULL"
    assert await chat.rows("SELECT COUNT(*) FROM contact") == [(2,)]
    assert await chat.rows(survivor) == [("America/Los_Angeles",)]


async def test_what_a_page_said_first_is_an_address_once_a_server_says_it(chat: Chat) -> None:
    traits = {"phone": "+1 212 555 0100", "email": "ana@leaf.example"}
    tracker = tracker_of(chat)
    for number, source in enumerate((BROWSER, SERVER, SERVER)):
        await tracker.take([message(f"m{number}", user="u1", traits=traits)], source)
        await chat.strike()
    found = await chat.rows("SELECT channel, value FROM address ORDER BY channel")
    assert found == [("email", "ana@leaf.example"), ("external", "u1"), ("sms", "+12125550100")]
    turns = await chat.rows("SELECT key FROM \"trigger\" WHERE key LIKE 'identify:%' ORDER BY key")
    assert turns == [
        ("identify:email/~trusted/m1",),
        ("identify:sms/~trusted/m1",),
    ]  # what is known needs no turn


async def test_who_gave_a_number_away_has_it_again_when_a_server_says_so(chat: Chat) -> None:
    tracker = tracker_of(chat)
    for key, user in (("m1", "u1"), ("m2", None), ("m3", "u1")):
        if user is None:
            await chat.run("DELETE FROM address WHERE channel = 'sms'")
            await chat.run("DELETE FROM directory WHERE kind = 'sms'")
        else:
            await tracker.take([message(key, user=user, traits={"phone": "+12125550100"})], SERVER)
            await chat.strike()
    assert await chat.rows("SELECT value FROM address WHERE channel = 'sms'") == [("+12125550100",)]


async def test_two_users_with_one_number_stay_two(chat: Chat) -> None:
    tracker = tracker_of(chat)
    for user in ("u1", "u2"):
        await tracker.take([message(user, user=user, traits={"phone": chat.number})], SERVER)
        await chat.strike()
    names = await owners(chat)
    assert names["u1"] == await chat.contact_id()
    assert names["u2"] != names["u1"]


async def test_of_a_trait_the_latest_counts_however_late_the_others_come(chat: Chat) -> None:
    tracker = tracker_of(chat)
    told = [
        message("m1", user="u1", traits={"plan": "free", "city": "Rome"}, ago=2 * MINUTE),
        message("m2", user="u1", traits={"plan": "pro", "city": None}, ago=MINUTE),
        message("m3", user="u1", traits={"plan": "team"}),
    ]
    for one in (told[1], told[0], told[2], told[0]):
        await tracker.take([one], SERVER)
    assert await chat.rows("SELECT attributes FROM contact") == [('{"plan":"team"}',)]


async def test_what_is_ours_is_no_trait_of_theirs(chat: Chat) -> None:
    traits: dict[str, JsonValue] = {"erased_at": "2026-01-01", "wechat_x": 1, "tags": "vip", "plan": "pro"}
    await tracker_of(chat).take([message("m1", user="u1", traits=traits)], BROWSER)
    assert await chat.rows("SELECT attributes FROM contact") == [('{"plan":"pro"}',)]


async def test_a_name_is_kept_where_one_was_told_by_the_shop_alone(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.take([message("m1", user="u1", traits={"firstName": "Mallory"}, ago=MINUTE)], BROWSER)
    assert await chat.rows("SELECT first_name FROM contact") == [(None,)]
    told = message("m2", user="u1", traits={"firstName": "Ana", "birthday": "1990-02-03"})
    await tracker.take([told], SERVER)
    assert await chat.rows("SELECT first_name, birthday_on FROM contact") == [("Ana", "1990-02-03")]


async def test_orders_are_believed_from_servers_only(chat: Chat) -> None:
    lines: list[JsonValue] = [{"sku": "TEA", "price": 10, "quantity": 2}]
    properties: dict[str, JsonValue] = {"order_id": "o1", "total": 20, "products": lines}
    tracker = tracker_of(chat)
    order = message("m1", user="u1", event="Order Completed", properties=properties)
    assert await tracker.take([order], BROWSER) == Taken(0, {NOT_A_SERVER: 1}, {0: NOT_A_SERVER})
    assert await tracker.take([order], SERVER) == Taken(1)
    await chat.strike()
    assert await chat.rows("SELECT reference, total_minor FROM shop_order") == [("o1", 2000)]
    names = await chat.rows("SELECT name FROM event WHERE name LIKE 'Order Completed%'")
    assert names == [("Order Completed",)]


@pytest.mark.parametrize("event", [SESSION_STARTED, "Order Shipped", "Gift Received", "Credit Granted"])
async def test_nobody_says_what_we_tell_ourselves(chat: Chat, event: str) -> None:
    """Flows text what these say: whoever has a page's key would text anybody whose id they know."""
    told = message("m1", user="u1", event=event, properties={"items": "a prize", "carrier": "https://evil"})
    for source in (BROWSER, SERVER):
        assert await tracker_of(chat).take([told], source) == Taken(0, {NOT_THEIRS: 1}, {0: NOT_THEIRS})


async def test_only_servers_say_that_a_reward_was_used(chat: Chat) -> None:
    told = message("m1", user="u1", event="Reward Used", properties={"code": "K7Q2MD"})
    assert await tracker_of(chat).take([told], BROWSER) == Taken(0, {NOT_BELIEVED: 1}, {0: NOT_BELIEVED})
    assert await tracker_of(chat).take([told], SERVER) == Taken(1)


async def test_nothing_is_written_of_whom_was_erased(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.take([message("m1", user="u1", anonymous="a1", event="Tea Steeped")], SERVER)
    contact = (await owners(chat))["u1"]
    hash_address = chat.app.conversation.hash_address
    await chat.app.database.transact(lambda c: erase(c, contact, chat.clock(), hash_address))
    for user, anonymous in (("u1", None), (None, "a1"), ("u1", "a9")):
        told = message(f"{user}/{anonymous}", event="Tea Steeped", user=user, anonymous=anonymous)
        assert await tracker.take([told], SERVER) == Taken(0, {ERASED: 1})
    assert await chat.rows("SELECT COUNT(*) FROM event") == [(1,)]
    assert await chat.rows("SELECT COUNT(*) FROM contact") == [(1,)]


async def test_a_message_that_cannot_be_stored_hurts_no_other(chat: Chat) -> None:
    bad = message("m2", user="u1", event="Tea Steeped", properties={"far": 2**70})
    told = [message("m1", user="u1", event="Tea Steeped"), bad, message("m3", user="u2", event="Tea Steeped")]
    taken = await tracker_of(chat).take(told, SERVER)
    assert taken.accepted == 2
    assert sum(taken.refused.values()) == 1
    assert await chat.rows("SELECT COUNT(*) FROM event") == [(2,)]


async def test_what_comes_after_the_end_is_to_be_handed_in_again(chat: Chat) -> None:
    tracker = tracker_of(chat)
    await tracker.close()
    with pytest.raises(RetryLater):
        await tracker.take([message("m1", user="u1", event="Tea Steeped")], SERVER)
