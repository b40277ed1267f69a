"""Journeys go on when a message was handed over and leave at once, through outbox, jobs and tracking."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from bot.conversation.receipts import Receipt
from bot.conversation.work import Work
from bot.core.contact import Event
from bot.core.flow.halts import Halt
from bot.core.messages import OutboxState
from bot.core.triggers import Trigger, TriggerKind
from bot.demo.loopback_message import Fault
from bot.storage import halts
from bot.storage.interventions import Intervention, Which, intervene
from tests.conversation.chat import NOON, Chat, chatting, shipped
from tests.conversation.tracking.telling import SERVER, message, tracker_of
from tests.databases import SqliteDatabases

TRIP = """\
flow: trip
title: A trip
language: en
group: loyalty
class: marketing
start:
  - event: Trip Begun
exits:
  - event: Trip Over
steps:
  - id: invite
    say: Come in!
    refused: [{set: {way: refused}}]
    failed: [{set: {way: failed}}]
  - id: window
    wait_for:
      any:
        - {event: Kettle Boiled, then: [{say: It boils.}]}
        - {inbound: {keyword: [TEA]}, then: [{say: Tea it is.}]}
      within: 3d
      else: [{say: Nobody came.}]
"""


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop that knows the phone's owner as a user, and invites to a trip."""
    async with chatting(database_url, flows=shipped(tmp_path, "loyalty", trip=TRIP)) as chat:
        await known(chat)
        yield chat


async def known(chat: Chat) -> None:
    """Let the phone's owner join, and be known as a user."""
    await chat("LOYALTY")
    told = message("who", user="u1", traits={"phone": chat.number}, now=chat.clock())
    await tracker_of(chat).take([told], SERVER)
    await chat.strike()
    chat.news()


async def told(chat: Chat, name: str, key: str) -> list[str]:
    """Tell of an event; returns what arrives on the phone."""
    event = message(key, user="u1", event=name, now=chat.clock())
    await tracker_of(chat).take([event], SERVER)
    await chat.strike()
    return chat.news()


async def standing(chat: Chat) -> tuple[str, str, datetime | None, dict[str, Any]]:
    """The trip's status, its step, until when it waits there, and its variables."""
    (status, step, until, state), *_ = [
        row[1:]
        for row in await chat.of("run", "flow, status, step, wake_at, state", "id")
        if row[0] == "trip"
    ]
    at = datetime.fromtimestamp(until / 1_000_000, UTC) if until is not None else None
    return status, step, at, orjson.loads(state)["variables"]


async def queue_only(chat: Chat) -> None:
    """Let the trip begin, without handing over what it says."""
    begun = Event("Trip Begun", chat.clock(), {})
    trigger = Trigger(
        "begun", TriggerKind.EVENT, begun.at, {"name": begun.name, "properties": {}}, event=begun
    )
    await chat.app.dispatcher.submit(Work(trigger, contact_id=await chat.contact_id()))
    assert (await standing(chat))[:2] == ("waiting", "invite")


async def test_a_journey_goes_on_when_its_message_was_handed_over(shop: Chat) -> None:
    assert await told(shop, "Trip Begun", "begun") == ["Come in!"]
    assert (await standing(shop))[:3] == ("waiting", "window", shop.clock() + timedelta(days=3))
    assert await told(shop, "Kettle Boiled", "boiled") == ["It boils."]
    assert ("handed", "done") in await shop.triggers()


async def test_what_is_held_over_night_leaves_in_the_morning_and_its_window_begins_then(shop: Chat) -> None:
    await shop.move_to(NOON + timedelta(hours=11))  # 23:00 on their clock
    assert await told(shop, "Trip Begun", "begun") == []
    assert (await standing(shop))[1] == "invite"
    assert await told(shop, "Kettle Boiled", "boiled") == [], "they were not invited yet"
    morning = NOON + timedelta(hours=21)
    assert await shop.move_to(morning) == ["Come in!"]
    assert (await standing(shop))[:3] == ("waiting", "window", morning + timedelta(days=3))
    assert (await shop("TEA"))[-1] == "Tea it is."


async def test_an_exit_in_the_night_calls_off_what_is_held(shop: Chat) -> None:
    await shop.move_to(NOON + timedelta(hours=11))
    await told(shop, "Trip Begun", "begun")
    await told(shop, "Trip Over", "over")
    assert (await standing(shop))[0] == "ended"
    assert await shop.move_to(NOON + timedelta(hours=30)) == []
    assert (await shop.outbox("state, reason"))[-1] == ("canceled", "its flow had ended")


async def test_an_exit_calls_off_all_that_was_said(database_url: str, tmp_path: Path) -> None:
    hello = TRIP.replace("  - id: invite\n", "  - id: hello\n    say: Hello there!\n  - id: invite\n")
    async with chatting(database_url, flows=shipped(tmp_path, "loyalty", trip=hello)) as chat:
        await known(chat)
        await chat.move_to(NOON + timedelta(hours=11))
        await told(chat, "Trip Begun", "begun")
        assert [state for (state,) in await chat.outbox("state")][-2:] == ["held", "held"]
        await told(chat, "Trip Over", "over")
        assert await chat.move_to(NOON + timedelta(hours=30)) == []
        assert (await chat.outbox("state, reason"))[-2:] == [("canceled", "its flow had ended")] * 2


async def halt(chat: Chat, how: Halt | None) -> None:
    """Pause the trip, or resume it."""
    database = chat.app.database
    await database.transact(lambda c: halts.change(c, "trip", how, f"g/{how}"))
    if how is None:
        await halts.wake(database, "trip", chat.clock())
    await chat.strike()


async def test_an_exit_ends_who_stands_still(shop: Chat) -> None:
    assert await told(shop, "Trip Begun", "begun") == ["Come in!"]
    await halt(shop, Halt.PAUSED)
    await told(shop, "Kettle Boiled", "boiled")
    assert (await standing(shop))[:2] == ("waiting", "window")
    await told(shop, "Trip Over", "over")
    assert (await standing(shop))[0] == "ended"
    await halt(shop, None)
    assert await shop.later(days=4) == []


async def test_what_was_handed_over_before_a_pause_counts_from_then(shop: Chat) -> None:
    await queue_only(shop)
    await halt(shop, Halt.PAUSED)
    handed_at = shop.clock()
    for _ in range(4):
        await shop.later(minutes=30)
    assert (await standing(shop))[:2] == ("waiting", "invite")
    # It is put aside, at the latest when it is looked at again, and then left alone.
    told = await shop.rows("SELECT state, due_at FROM \"trigger\" WHERE kind = 'handed' ORDER BY due_at")
    assert told[-1] == ("new", halts.STANDS_STILL)
    assert len(told) <= 2
    await halt(shop, None)
    assert (await standing(shop))[1:3] == ("window", handed_at + timedelta(days=3))


async def test_what_the_provider_does_not_take_goes_its_way(shop: Chat) -> None:
    shop.loopback.fault(Fault(kind="reject", code=21617))
    assert await told(shop, "Trip Begun", "begun") == []
    status, step, until, variables = await standing(shop)
    assert (status, step, variables["way"]) == ("waiting", "window", "failed")
    assert until == shop.clock() + timedelta(days=3)


async def test_what_an_operator_calls_off_goes_the_way_of_what_is_refused(shop: Chat) -> None:
    await queue_only(shop)
    await intervene(shop.app.database, Intervention.CANCEL, Which(flow="trip"), shop.clock())
    await shop.strike()
    assert (await standing(shop))[3]["way"] == "refused"


@pytest.mark.parametrize("is_text", [True, False])
async def test_what_they_answer_before_the_run_is_told_of_the_hand_over_is_heard(
    shop: Chat, *, is_text: bool
) -> None:
    """Killed between hand-over and record: they have the invitation, and the run does not know yet."""
    await queue_only(shop)
    lease = int((shop.clock() + timedelta(minutes=2)).timestamp() * 1_000_000)
    in_hand = "UPDATE outbox SET state = 'sending', lease_until = :lease, handed_at = created_at"
    await shop.run(f"{in_hand} WHERE flow = 'trip'", lease=lease)
    if is_text:
        await shop("TEA")
    else:
        assert await told(shop, "Kettle Boiled", "boiled") == []
    assert (await standing(shop))[:2] == ("waiting", "invite")
    assert await shop.later(minutes=3) == ["Tea it is." if is_text else "It boils."]
    assert (await standing(shop))[0] == "done"
    assert await shop.later(days=4) == []


@pytest.mark.parametrize("is_reported", [True, False])
async def test_whoever_was_handing_it_over_and_is_gone_stalls_nothing(
    shop: Chat, *, is_reported: bool
) -> None:
    """Killed between hand-over and record: the provider's report says so, or the end of the lease."""
    await queue_only(shop)
    lease = int((shop.clock() + timedelta(minutes=2)).timestamp() * 1_000_000)
    in_hand = "UPDATE outbox SET state = 'sending', lease_until = :lease, handed_at = created_at"
    await shop.run(f"{in_hand} WHERE flow = 'trip'", lease=lease)
    if is_reported:
        ((contact, sent),) = await shop.rows("SELECT contact, id FROM outbox WHERE flow = 'trip'")
        for state in (OutboxState.SENT, OutboxState.DELIVERED):
            await shop.app.receipts.record(Receipt(contact, sent, "twilio", "SM1", state))
    else:
        await shop.later(minutes=2)
    assert (await standing(shop))[1] == "window"
    assert len([one for one in await shop.triggers() if one[0] == "handed"]) == 1


RECENT = """\
flow: recent
title: Remind those whose trip is not long ago
language: en
group: loyalty
class: service
start:
  - event: Trip Begun
exits:
  - audience: {left: travelling}
steps:
  - wait: 5d
  - say: How is the trip?
"""
TRAVELLING = "travelling: {event: Trip Begun, within: 2d}\n"


async def test_who_leaves_an_audience_because_time_went_by_leaves_the_journey(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    """Nothing happens to them: the job that looks at audiences lets them out, and the exit is heard."""
    flows = shipped(tmp_path, "loyalty", recent=RECENT, audiences=TRAVELLING)
    async with chatting(await sqlite_databases.create(), flows=flows) as chat:
        await known(chat)
        await told(chat, "Trip Begun", "begun")
        await chat.later(days=1)
        (inside,) = await chat.rows("SELECT status FROM run WHERE flow = 'recent'")
        assert inside == ("waiting",)
        await chat.later(days=1, minutes=1)
        (outside,) = await chat.rows("SELECT status FROM run WHERE flow = 'recent'")
        assert outside == ("ended",)
        assert await chat.later(days=4) == []
        ((verdict,),) = await chat.rows(
            "SELECT verdict FROM evaluation WHERE flow = 'recent' AND step = '1' ORDER BY at DESC LIMIT 1"
        )
        assert verdict == "exited"
