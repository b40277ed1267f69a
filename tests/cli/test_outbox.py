"""`outbox list|hold|release|cancel|replay` and `audit`: what an operator sees and does at 3 a.m."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.app import open_database, prepare_database, utc_now
from bot.config import Settings
from bot.core.ids import bucket_of, microseconds
from bot.core.messages import MessageClass
from bot.core.pacing import SenderState
from bot.core.turn import Turn
from bot.storage import audit, held, senders
from bot.storage.driver import Statement
from tests.cli.conftest import Terminal, run
from tests.storage.scripted import contacts, turn


class Outbox:
    """The database of the terminal's shop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.contact_id = ""

    async def queue(self, *said: tuple[str, MessageClass]) -> list[str]:
        """Queue a message of each flow to one contact; returns their ids in that order."""
        database = await prepare_database(self.settings, utc_now)
        (self.contact_id,) = await contacts(database)

        def say(turn: Turn) -> None:
            for flow, message_class in said:
                turn.say("Hello", flow=flow, step="s", message_class=message_class)

        await turn(database, self.contact_id, "say", say, utc_now())
        await database.close()
        found = await self.ask("SELECT flow, id FROM outbox ORDER BY id")
        return [dict(found)[flow] for flow, _ in said]

    async def ask(self, sql: str) -> list[tuple[Any, ...]]:
        database = await open_database(self.settings)
        found = await database.query(lambda c: c.read(Statement(sql)))
        await database.close()
        return [tuple(row) for row in found]

    async def states(self) -> dict[str, str]:
        return dict(await self.ask("SELECT flow, state FROM outbox"))

    async def put(self, message_id: str, **values: object) -> None:
        """Write columns of a message behind everybody's back."""
        database = await open_database(self.settings)
        sets = ", ".join(f"{name} = :{name}" for name in values)
        statement = Statement(f"UPDATE outbox SET {sets} WHERE bucket = :bucket AND id = :id")  # noqa: S608  # ours
        keys = {"bucket": bucket_of(message_id), "id": message_id}
        await database.transact(lambda c: c.run(statement, [values | keys]))
        await database.close()

    async def rest(self, state: SenderState) -> None:
        """Let a sender rest."""
        database = await open_database(self.settings)

        async def write(connection: Any) -> None:  # noqa: ANN401  # either database's
            await senders.lock(connection, [state.name])
            await senders.keep(connection, [state])

        await database.transact(write)
        await database.close()

    async def held(self) -> frozenset[str]:
        database = await open_database(self.settings)
        names = await database.query(held.held)
        await database.close()
        return names

    async def deeds(self) -> list[tuple[str, str, str]]:
        database = await open_database(self.settings)
        found = await database.query(lambda c: audit.listed(c, 9))
        await database.close()
        return [(one.action, one.subject, one.note) for one in found]


@pytest.fixture
def outbox(settings: Settings) -> Outbox:
    return Outbox(settings)


async def test_what_waits_says_why_and_when_it_goes(shop: Terminal, outbox: Outbox) -> None:
    first, second, third = await outbox.queue(
        ("offer", MessageClass.REPLY), ("night", MessageClass.REPLY), ("bad", MessageClass.REPLY)
    )
    soon = microseconds(datetime.now(UTC) + timedelta(hours=3, seconds=30))
    why = "quiet hours until 9:00 in America/New_York; goes 2026-11-23 14:00 UTC"
    await outbox.put(second, state="held", reason="quiet_hours", explanation=why, due_at=soon)
    await outbox.put(third, state="failed", reason="Twilio 21614: the number is not a mobile number")
    ran = await run(shop, "outbox", "list")
    lines = ran.out.splitlines()
    assert lines[0].startswith("queued ")
    assert lines[0].endswith(first)
    assert "  reply of night/s  goes in 3h" in lines[1]
    assert lines[2] == f"    {why}"
    assert ran.err == "1 held, 1 queued.\n"
    failed = await run(shop, "outbox", "list", "--state", "failed")
    assert "    Twilio 21614: the number is not a mobile number\n" in failed.out


async def test_the_way_a_message_went_is_told_with_what_was_against_the_others(
    shop: Terminal, outbox: Outbox
) -> None:
    first, second = await outbox.queue(("arrived", MessageClass.REPLY), ("sale", MessageClass.REPLY))
    because = "customer service: the window closed 2026-11-22 09:00 UTC; subscribe message: 1 granted"
    await outbox.put(first, channel="wechat", address="wx1/openid", way="subscribe", way_because=because)
    none = "customer service: the contact opened no window; subscribe message: the step has no notice"
    refused = {"state": "refused", "reason": "no_window", "explanation": none, "way_because": none}
    await outbox.put(second, channel="wechat", address="wx1/openid", **refused)
    ran = await run(shop, "outbox", "list", "--state", "queued", "--state", "refused")
    lines = ran.out.splitlines()
    assert "  wechat …enid by subscribe message  " in lines[0]
    assert lines[1] == f"    {because}"
    assert "  wechat …enid  " in lines[2]
    assert lines[3] == f"    {none}"
    (one, _) = json.loads(
        (await run(shop, "outbox", "list", "--state", "queued", "--state", "refused", "--json")).out
    )["messages"]
    assert (one["way"], one["way_because"]) == ("subscribe", because)


async def test_the_list_is_narrowed_by_flow_lane_and_contact(shop: Terminal, outbox: Outbox) -> None:
    first, second = await outbox.queue(("offer", MessageClass.REPLY), ("news", MessageClass.REQUIRED))

    async def ids(*filters: str) -> set[str]:
        ran = await run(shop, "outbox", "list", "--json", *filters)
        assert ran.code == 0, ran.err
        return {one["id"] for one in json.loads(ran.out)["messages"]}

    assert await ids() == {first, second}
    assert await ids("--flow", "offer") == {first}
    assert await ids("--lane", "required") == {second}
    assert await ids("--contact", outbox.contact_id) == {first, second}
    assert await ids("--contact", outbox.contact_id, "--flow", "news") == {second}
    assert (
        await ids("--contact", outbox.contact_id[:-2] + ("00" if outbox.contact_id[-2:] != "00" else "01"))
        == set()
    )
    nobody = await run(shop, "outbox", "list", "--contact", "+12025550777")
    assert (nobody.code, nobody.err) == (2, "+12025550777: nobody with this id or address is known\n")
    nothing = await run(shop, "outbox", "list", "--lane", "bulk")
    assert nothing.err == "No message in lane bulk is queued or held or sending or unknown.\n"


async def test_a_message_that_waits_for_its_sender_says_so(shop: Terminal, outbox: Outbox) -> None:
    await outbox.queue(("offer", MessageClass.REPLY))
    now = datetime.now(UTC)
    broken = SenderState("channel:sms", open_until=now + timedelta(minutes=5), failures=7)
    await outbox.rest(broken)
    ran = await run(shop, "outbox", "list")
    assert "    waits, because its sender rests: channel:sms until " in ran.out
    assert "the breaker is open after 7 failures in a row" in ran.err


async def test_a_message_in_doubt_says_when_twilio_is_asked(shop: Terminal, outbox: Outbox) -> None:
    """Until it was asked first, its time is still that of the handing over, which has passed."""
    (message,) = await outbox.queue(("shop", MessageClass.SERVICE))
    now = utc_now()
    await outbox.put(message, state="unknown", due_at=microseconds(now - timedelta(minutes=2)))
    assert "Twilio's list is asked next" in (await run(shop, "outbox", "list")).out
    due_at = now + timedelta(minutes=4)
    await outbox.put(message, due_at=microseconds(due_at))
    later = (await run(shop, "outbox", "list")).out
    assert f"Twilio's list is asked again at {due_at:%Y-%m-%d %H:%M}" in later
    await outbox.put(message, channel="wechat")
    assert "Twilio" not in (await run(shop, "outbox", "list")).out


async def test_a_flow_is_held_from_now_on_and_released_again(shop: Terminal, outbox: Outbox) -> None:
    await outbox.queue(("offer", MessageClass.REPLY), ("news", MessageClass.REPLY))
    asked = await run(shop, "outbox", "hold", "--flow", "offer", "--lane", "reply")
    assert asked.code == 1, "nobody answers the question"
    assert asked.err.startswith("hold: 1 message (1 queued reply)\n")
    assert await outbox.states() == {"offer": "queued", "news": "queued"}
    assert await outbox.deeds() == []
    done = await run(
        shop, "outbox", "hold", "--flow", "offer", "--lane", "reply", "--yes", "--note", "too cheap"
    )
    assert done.err.endswith("1 message held.\n")
    standing = await run(shop, "outbox", "hold", "--flow", "offer", "--yes")
    assert "0 messages and from now on whatever comes of offer" in standing.err
    assert await outbox.held() == {"offer"}
    assert await outbox.states() == {"offer": "held", "news": "queued"}
    listed = await run(shop, "outbox", "list")
    assert "    held by an operator until `regulars outbox release`\n" in listed.out
    assert "Held back by an operator: offer.\n" in listed.err
    assert (await run(shop, "outbox", "release", "--flow", "offer", "--yes")).code == 0
    assert await outbox.held() == frozenset()
    assert await outbox.states() == {"offer": "queued", "news": "queued"}
    assert await outbox.deeds() == [
        ("outbox.release", "flow offer: 1 message and from now on whatever comes of offer", ""),
        ("outbox.hold", "flow offer: 0 messages and from now on whatever comes of offer", ""),
        ("outbox.hold", "flow offer, lane reply: 1 message", "too cheap"),
    ]


async def test_answers_are_canceled_only_where_they_are_meant(shop: Terminal, outbox: Outbox) -> None:
    first, _ = await outbox.queue(("offer", MessageClass.REPLY), ("news", MessageClass.REPLY))
    ran = await run(shop, "outbox", "cancel", "--all", "--yes")
    assert ran.err == "Nothing to cancel: none of them is queued or held.\n"
    assert (await run(shop, "outbox", "cancel", first, "--yes")).code == 0
    assert await outbox.states() == {"offer": "canceled", "news": "queued"}
    assert (await run(shop, "outbox", "cancel", "--lane", "reply", "--yes")).code == 0
    assert await outbox.states() == {"offer": "canceled", "news": "canceled"}
    assert (await run(shop, "outbox", "cancel", first, "--yes")).code == 1, "it is canceled already"


async def test_only_what_never_left_is_replayed(shop: Terminal, outbox: Outbox) -> None:
    flows = ("failed", "canceled", "sent", "unknown", "lost")
    ids = dict(zip(flows, await outbox.queue(*((flow, MessageClass.REPLY) for flow in flows)), strict=True))
    for state in flows[:4]:
        await outbox.put(ids[state], state=state)
    await outbox.put(ids["lost"], state="failed", reason="outcome unknown")
    left = {"sent": "sent", "unknown": "unknown", "lost": "failed"}
    assert (await run(shop, "outbox", "replay", "--all", "--yes")).err.endswith("1 message queued again.\n")
    assert await outbox.states() == left | {"failed": "queued", "canceled": "canceled"}
    await run(shop, "outbox", "replay", "--all", "--state", "canceled", "--yes")
    assert await outbox.states() == left | {"failed": "queued", "canceled": "queued"}
    for one in ("sent", "unknown", "lost"):
        assert (await run(shop, "outbox", "replay", ids[one], "--yes")).code == 1
    assert (await run(shop, "outbox", "replay", "--all", "--state", "sent", "--yes")).code == 2
    assert await outbox.states() == left | {"failed": "queued", "canceled": "queued"}


@pytest.mark.parametrize(
    "wrong", [[], ["--all", "--flow", "f"], ["0123"], ["0" * 31 + "g"], ["0" * 32, "--all"]], ids=str
)
async def test_which_messages_must_be_clear(shop: Terminal, settings: Settings, wrong: Sequence[str]) -> None:
    ran = await run(shop, "outbox", "cancel", *wrong, "--yes")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1


async def test_deeds_are_listed_newest_first(shop: Terminal, outbox: Outbox) -> None:
    first, second = await outbox.queue(("offer", MessageClass.REPLY), ("news", MessageClass.REPLY))
    assert (await run(shop, "audit")).err == "Nobody has done anything yet.\n"
    await run(shop, "outbox", "hold", first, "--yes")
    await run(shop, "outbox", "cancel", first, second, "--yes", "--note", "wrong price")
    books, *lines = (await run(shop, "audit")).out.splitlines()
    assert books.startswith("Books: ")
    assert [line.split("  ")[2] for line in lines] == ["outbox.cancel", "outbox.hold"]
    assert lines[0].endswith(f"messages {first}, {second}: 2 messages  (wrong price)")
    assert len((await run(shop, "audit", "--action", "outbox.hold")).out.splitlines()) == 1
    assert (await run(shop, "audit", "--action", "dead")).out == ""
    assert [
        one["action"] for one in json.loads((await run(shop, "audit", "--action", "outbox", "--json")).out)
    ] == [
        "outbox.cancel",
        "outbox.hold",
    ]
