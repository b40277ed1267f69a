"""The inbox of the pages: what is kept there, what is written there, and what STOP means there."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.work import Work
from bot.core.contact import Event
from bot.core.triggers import Trigger, TriggerKind
from tests.conversation.chat import FLOWS
from tests.databases import SqliteDatabases
from tests.web.mp.conftest import ShopperClient, at_the_pages

SAYS = """
flow: says
language: en
group: loyalty
start:
  - event: Something Happened
  - keyword: KEEP
steps:
  - say: {text: "Kept for you, {{ member.first_name | default: 'friend' }}", channel: app, card: wallet}
  - choose: {text: Tea or coffee?, channel: app}
    options: [Tea, Coffee]
    save: member.likes
  - say: {text: "Then {{ member.likes }} it is.", channel: app}
"""


@pytest.fixture
async def keeping(sqlite_databases: SqliteDatabases, tmp_path: Path) -> AsyncIterator[ShopperClient]:
    """A shop with a flow that keeps something in the inbox when something happens."""
    folder = tmp_path / "flows"
    shutil.copytree(FLOWS, folder)
    (folder / "says.yaml").write_text(SAYS, encoding="utf-8")
    url = await sqlite_databases.create()
    async with at_the_pages(url, flows=folder) as client:
        yield client
    await sqlite_databases.drop(url)


async def happen(shopper: ShopperClient) -> None:
    """Let the shop report an event of the session's contact, and the jobs do their work."""
    contact, chat = await shopper.contact_id(), shopper.chat
    chat.clock.now += timedelta(seconds=1)
    event = Event("Something Happened", chat.clock(), {})
    trigger = Trigger(
        f"test:{chat.clock()}", TriggerKind.EVENT, chat.clock(), {"name": event.name}, event=event
    )
    await chat.app.dispatcher.submit(Work(trigger, contact_id=contact))
    await chat.sms.strike()


def texts(told: Any) -> list[str]:  # noqa: ANN401  # JSON
    return [one["text"] for one in told["messages"]]


async def states(shopper: ShopperClient) -> list[str]:
    found = await shopper.chat.sms.rows("SELECT state FROM outbox WHERE channel = 'app' ORDER BY id")
    return [row[0] for row in found]


async def test_what_is_written_is_answered_at_once_and_stays(shopper_anywhere: ShopperClient) -> None:
    shopper = shopper_anywhere
    said = await shopper.did("/say", {"text": "LOYALTY"})
    assert said["messages"][0]["text"] == "LOYALTY"
    assert said["messages"][0]["mine"] is True
    assert [text for text in texts(said) if "5.00" in text]
    inbox = await shopper.got("/inbox")
    assert texts(inbox) == texts(said)[::-1]
    assert (await shopper.got("/me"))["member"] is True
    assert await shopper.chat.sms.rows(
        "SELECT s.subscription_group, s.state FROM subscription s WHERE s.contact = :id",
        id=await shopper.contact_id(),
    ) == [("app:loyalty", "subscribed")]


async def test_the_same_key_is_the_same_message_and_another_text_is_refused(shopper: ShopperClient) -> None:
    first = await shopper("POST", "/say", {"text": "余额"}, once="k1")
    again = await shopper("POST", "/say", {"text": "余额"}, once="k1")
    assert first.status == again.status == 200
    assert first.told == again.told
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await shopper("POST", "/say", {"text": "规则"}, once="k1")
    assert (other.status, other.kind) == (422, "key-used")
    assert len(await shopper.chat.sms.rows("SELECT key FROM \"trigger\" WHERE key = 'app:k1'")) == 1


async def test_twenty_taps_on_send_are_one_message(shopper: ShopperClient) -> None:
    answered = await asyncio.gather(
        *(shopper("POST", "/say", {"text": "余额"}, once="tap") for _ in range(20))
    )
    assert {one.status for one in answered} == {200}
    assert len({str(one.told) for one in answered}) == 1
    assert len((await shopper.got("/inbox"))["messages"]) == len(answered[0].told["messages"])


async def test_a_notice_waits_in_the_inbox_and_is_delivered_when_it_is_shown(keeping: ShopperClient) -> None:
    await keeping.did("/say", {"text": "LOYALTY"})
    await keeping.did("/inbox/read", {"until": "2027-01-01T00:00:00Z"})
    keeping.chat.clock.now = keeping.chat.clock.now.replace(hour=3)  # at night: it rings nowhere
    keeping.chat.clock.now = keeping.chat.clock.now.replace(day=26)
    await happen(keeping)
    assert (await states(keeping))[-2:] == ["sent", "sent"]
    assert (await keeping.got("/me"))["unread"] == 2
    inbox = await keeping.got("/inbox")
    assert texts(inbox)[:2] == ["Tea or coffee?", "Kept for you, friend"]
    assert inbox["unread"] == 2
    assert inbox["messages"][1]["card"] == {"title": "Your credit", "page": "pages/wallet", "image": None}
    assert [one["read"] for one in inbox["messages"][:2]] == [False, False]
    await keeping.chat.sms.strike()
    assert (await states(keeping))[-2:] == ["delivered", "delivered"]
    assert await keeping.did("/inbox/read", {"until": inbox["messages"][0]["at"]}) == {"unread": 0}
    assert (await keeping.got("/inbox"))["messages"][0]["read"] is True


async def test_options_are_tapped_while_their_question_is_the_latest(keeping: ShopperClient) -> None:
    await keeping.did("/say", {"text": "LOYALTY"})
    await happen(keeping)
    question = (await keeping.got("/inbox"))["messages"][0]
    assert [one["label"] for one in question["options"]] == ["Tea", "Coffee"]
    keeping.chat.clock.now += timedelta(seconds=1)
    said = await keeping.did("/say", {"text": question["options"][1]["key"]})
    assert texts(said)[:2] == ["Coffee", "Then Coffee it is."]
    latest = (await keeping.got("/inbox"))["messages"]
    assert [one["text"] for one in latest if one["options"]] == []


async def test_stop_stops_the_inbox_and_start_opens_it_again(keeping: ShopperClient) -> None:
    await keeping.did("/say", {"text": "LOYALTY"})
    stopped = await keeping.did("/say", {"text": "STOP"})
    assert len(stopped["messages"]) == 2
    before = texts(await keeping.got("/inbox"))
    await happen(keeping)
    assert texts(await keeping.got("/inbox")) == before
    assert texts(await keeping.did("/say", {"text": "余额"})) == ["余额"]
    await keeping.did("/say", {"text": "START"})
    await happen(keeping)
    assert "Kept for you, friend" in texts(await keeping.got("/inbox"))


async def test_consent_elsewhere_is_enough_to_be_kept_and_none_at_all_is_not(keeping: ShopperClient) -> None:
    await happen(keeping)
    assert set(await states(keeping)) == {"refused"}  # nobody has joined anywhere
    texting = await keeping.texting()
    await happen(texting)
    assert "Kept for you, friend" in texts(await texting.got("/inbox"))
    await texting.chat.sms("STOP")
    count = len((await texting.got("/inbox"))["messages"])
    await happen(texting)
    assert len((await texting.got("/inbox"))["messages"]) == count


async def test_stop_in_the_inbox_leaves_texts_as_they_are(keeping: ShopperClient) -> None:
    texting = await keeping.texting()
    await texting.did("/say", {"text": "STOP"})
    await happen(texting)
    assert [text for text in texts(await texting.got("/inbox")) if "Kept" in text] == []
    assert await texting.chat.sms("BALANCE") != []
    assert (await texting.chat.sms.subscriptions())["loyalty"] == "subscribed"


async def test_a_long_inbox_is_read_page_by_page(shopper: ShopperClient) -> None:
    for number in range(15):
        shopper.chat.clock.now = shopper.chat.clock.now.replace(minute=number)
        await shopper.did("/say", {"text": "余额"})
    seen: list[Any] = []
    cursor = ""
    while True:
        found = await shopper.got(f"/inbox?cursor={cursor}" if cursor else "/inbox")
        seen += found["messages"]
        cursor = found["next"]
        if cursor is None:
            break
    assert len({one["id"] for one in seen}) == len(seen) >= 30
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)
    assert (await shopper("GET", "/inbox?cursor=x")).status == 400
    assert (await shopper("GET", "/inbox?cursor=WyJ4Il0")).status == 400


async def test_nobody_reads_anothers_inbox(shopper: ShopperClient) -> None:
    await shopper.did("/say", {"text": "余额"})
    other = await shopper.another("wang")
    assert (await other.got("/inbox"))["messages"] == []
    assert (await shopper.anybody()("GET", "/inbox")).status == 401


async def test_reading_never_goes_back(shopper: ShopperClient) -> None:
    await shopper.did("/say", {"text": "余额"})
    assert await shopper.did("/inbox/read", {"until": "2027-01-01T00:00:00Z"}) == {"unread": 0}
    assert await shopper.did("/inbox/read", {"until": "2020-01-01T00:00:00Z"}) == {"unread": 0}
    refused = await shopper("POST", "/inbox/read", {"until": "yesterday"})
    assert refused.status == 422
    assert (await shopper("POST", "/say", {"text": " "})).status == 422


async def test_a_notice_that_may_go_nowhere_else_is_kept_where_its_step_asks_for_it(
    keeping: ShopperClient,
) -> None:
    """Who joined on the pages alone has agreed to nothing on WeChat: what they earn is told there."""
    await keeping.did("/me", {"language": "en"})
    await keeping.did("/say", {"text": "LOYALTY"})
    event = Event(
        "Tier Reached", keeping.chat.clock(), {"tier": "gold", "tier_name": "Gold", "multiplier": 1}
    )
    trigger = Trigger("test:tier", TriggerKind.EVENT, event.at, {"name": event.name}, event=event)
    await keeping.chat.app.dispatcher.submit(Work(trigger, contact_id=await keeping.contact_id()))
    await keeping.chat.sms.strike()
    (latest, *_) = (await keeping.got("/inbox"))["messages"]
    assert latest["text"].startswith("You've reached Gold!")
    assert latest["card"]["page"] == "pages/wallet"
    found = await keeping.chat.sms.rows(
        "SELECT channel, state FROM outbox WHERE flow = 'tier_reached' ORDER BY id"
    )
    assert found == [("wechat", "refused"), ("app", "sent")]


async def test_who_can_be_texted_is_texted_and_keeps_nothing(keeping: ShopperClient) -> None:
    texting = await keeping.texting()
    event = Event(
        "Tier Reached", keeping.chat.clock(), {"tier": "gold", "tier_name": "Gold", "multiplier": 1}
    )
    trigger = Trigger("test:tier", TriggerKind.EVENT, event.at, {"name": event.name}, event=event)
    await keeping.chat.app.dispatcher.submit(Work(trigger, contact_id=await texting.contact_id()))
    await keeping.chat.sms.strike()
    found = await keeping.chat.sms.rows("SELECT channel FROM outbox WHERE flow = 'tier_reached'")
    assert found == [("sms",)]
