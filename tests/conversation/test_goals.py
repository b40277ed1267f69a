"""Goals are reached by what the shop tells and by what turns do; figures follow, and agree with a recount."""

from pathlib import Path

from bot.conversation.flow_stats import stats
from bot.core.contact import JsonValue
from bot.storage.step_figures import mend, recount
from tests.conversation.chat import NUMBER, Chat, chatting, shipped
from tests.conversation.tracking.telling import SERVER, message, tracker_of

OFFER = """\
flow: offer
title: Make an offer and see who takes it
language: en
group: loyalty
start:
  - keyword: [OFFER]
goals:
  - {event: Booking Made, within: 7d}
  - {event: Member Enrolled}
steps:
  - id: first
    say: "Hello, take ten percent off."
  - wait: 1d
  - id: second
    say: "Still thinking?"
"""


async def figures(chat: Chat, *whats: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Figures of the flow, by step and what."""
    found = await chat.rows(
        "SELECT step, what, SUM(times), SUM(amount) FROM step_figure WHERE flow = 'offer' GROUP BY step, what"
    )
    return {(step, what): (int(times), int(amount)) for step, what, times, amount in found if what in whats}


async def books(chat: Chat, number: int) -> None:
    """Let the shop tell of a booking now."""
    now = chat.clock.now
    facts: dict[str, JsonValue] = {"revenue": 40, "currency": "USD"}
    booked = message(f"b{number}", user="u1", event="Booking Made", properties=facts, now=now)
    await tracker_of(chat).take([booked], SERVER)
    await chat.strike()


async def test_goals_and_figures_from_the_first_text_to_the_booking(
    database_url: str, tmp_path: Path
) -> None:
    async with chatting(database_url, flows=shipped(tmp_path, "loyalty", offer=OFFER)) as chat:
        known = message("i1", user="u1", traits={"phone": NUMBER}, now=chat.clock.now)
        await tracker_of(chat).take([known], SERVER)
        await chat.strike()
        await books(chat, 0)
        assert await chat.rows("SELECT 1 FROM conversion") == [], "nobody had been told anything"
        assert await chat("OFFER") == ["Hello, take ten percent off."]
        await chat("LOYALTY")
        zone, now = "America/New_York", chat.clock.now
        shown = await chat.app.database.query(lambda c: stats(c, "offer", None, 1, now, zone))
        assert (shown.step("2").waiting, shown.step("first").times("sent")) == (1, 1)
        assert list(shown.days) == ["2026-11-24"]
        assert await chat.later(days=1, minutes=1) == ["Still thinking?"]
        await chat.later(minutes=5)
        await books(chat, 1)
        await books(chat, 2)
        assert await figures(chat, "entries", "passed", "completed", "sent", "handed", "delivered") == {
            ("", "entries"): (1, 0),
            ("", "completed"): (1, 0),
            **{(step, "sent"): (1, 0) for step in ("first", "second")},
            **{(step, "handed"): (1, 0) for step in ("first", "second")},
            **{(step, "delivered"): (1, 0) for step in ("first", "second")},
        }
        assert await figures(chat, "converted:0", "converted:1", "revenue:0:USD") == {
            ("first", "converted:1"): (1, 0),
            ("second", "converted:0"): (1, 0),
            ("second", "revenue:0:USD"): (1, 4000),
        }
        assert await recount(chat.app.database, "America/New_York") == []
        await chat.run("UPDATE step_figure SET times = times + 1 WHERE what = 'handed' AND step = 'first'")
        wrong = await recount(chat.app.database, "America/New_York")
        assert [(one.figure.what, one.kept, one.counted) for one in wrong] == [("handed", (2, 0), (1, 0))]
        await mend(chat.app.database, wrong)
        assert await recount(chat.app.database, "America/New_York") == []


async def test_replies_and_opt_outs_count_once_for_the_message_before(
    database_url: str, tmp_path: Path
) -> None:
    async with chatting(database_url, flows=shipped(tmp_path, "loyalty", offer=OFFER)) as chat:
        for said in ("LOYALTY", "SKIP", "SKIP"):
            await chat(said)
        await chat("OFFER")
        await chat("how much is it?")
        assert await figures(chat, "replied") == {}, "what was asked for is answered, not replied to"
        await chat.later(days=1, minutes=1)
        await chat("no thanks")
        await chat("really not")
        await chat("STOP")
        assert await figures(chat, "replied", "left") == {
            ("second", "replied"): (1, 0),
            ("second", "left"): (1, 0),
        }
        assert await recount(chat.app.database, "America/New_York") == []
