"""Credit that ends: told in time, once, at a civil hour; gone at midnight; in grace where nobody was told."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.ids import bucket_of
from bot.demo.loopback_message import Fault
from bot.storage import tables
from tests.conversation.chat import Chat, unlinked

HOME = ZoneInfo("America/New_York")
GRACE = timedelta(days=14)
NOTHING = "You have no credit to spend right now. Your wallet: LINK"
UNNOTICED = "no notice of its end was delivered; the grace has passed"


async def join(chat: Chat) -> datetime:
    """Become a member with five dollars; returns the instant at which they end."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    (ends_at,) = await chat.ends()
    assert ends_at.astimezone(HOME).time() == time(0)
    return ends_at


def morning(ends_at: datetime, days: int) -> datetime:
    """Return 10:00 at home, so many days before the last day of credit that ends at that midnight."""
    last_day = ends_at.astimezone(HOME).date() - timedelta(days=1)
    return datetime.combine(last_day - timedelta(days=days), time(10), HOME).astimezone(UTC)


async def second_lot(chat: Chat, amount_minor: int, days_later: int) -> None:
    """Give more credit, that ends some days later than the first."""
    (ends_at,) = await chat.ends()
    last_on = ends_at.astimezone(HOME).date() - timedelta(days=1) + timedelta(days=days_later)
    contact = await chat.contact_id()
    columns = [column.name for column in tables.ledger.LotRow.__table__.columns]  # type: ignore[attr-defined]  # SQLModel's
    values = {
        "id": f"'{'e' * 30}{contact[-2:]}'",
        "granted_minor": f"{amount_minor}",
        "available_minor": f"{amount_minor}",
        "expires_at": f"expires_at + {days_later * 86_400_000_000}",
        "expires_on": f"'{last_on}'",
        "notice_at": f"{int(chat.clock().timestamp() * 1_000_000)}",  # looked at with the next strike
    }
    place = {"bucket": bucket_of(contact), "contact": contact}
    copied = ", ".join(values.get(column, column) for column in columns)
    await chat.run(
        f"INSERT INTO lot ({', '.join(columns)}) SELECT {copied} FROM lot"  # noqa: S608  # ours
        " WHERE bucket = :bucket AND contact = :contact",
        **place,
    )
    await chat.run(
        f"UPDATE wallet SET available_minor = available_minor + {amount_minor}"  # noqa: S608  # ours
        " WHERE bucket = :bucket AND contact = :contact",
        **place,
    )


async def test_a_notice_comes_thirty_seven_and_one_day_before_and_once(chat: Chat) -> None:
    ends_at = await join(chat)
    for days in (30, 7, 1):
        at = morning(ends_at, days)
        assert await chat.move_to(at - timedelta(minutes=1)) == []
        (notice,) = await chat.move_to(at + timedelta(minutes=1))
        assert notice.startswith("You have $5.00 credit expiring "), days
        assert notice.endswith("Reply REWARDS or REORDER to use it.")
        assert await chat.later(minutes=5) == []
    assert await chat.move_to(ends_at + timedelta(days=60)) == []


async def test_the_notice_is_in_the_member_s_language(chat: Chat) -> None:
    ends_at = await join(chat)
    await chat("ESPAÑOL")
    (notice,) = await chat.move_to(morning(ends_at, 30) + timedelta(minutes=1))
    assert "$5.00" in notice
    assert "credit" not in notice.split()


async def test_of_missed_notices_only_the_latest_is_given(chat: Chat) -> None:
    ends_at = await join(chat)
    assert len(await chat.move_to(morning(ends_at, 6) + timedelta(hours=1))) == 1
    assert await chat.later(hours=1) == []


async def test_each_lot_has_its_own_notices(chat: Chat) -> None:
    ends_at = await join(chat)
    await second_lot(chat, 300, 3)
    (first,) = await chat.move_to(morning(ends_at, 7) + timedelta(minutes=1))
    assert first.startswith("Your credit is expiring: $5.00 ")
    (second,) = await chat.move_to(morning(ends_at, 4) + timedelta(minutes=1))
    assert second.startswith("You have $3.00 credit expiring ")
    assert (await chat.ends())[0] == ends_at


async def test_several_lots_due_together_are_told_in_one_text(chat: Chat) -> None:
    ends_at = await join(chat)
    await second_lot(chat, 300, 3)
    (notice,) = await chat.move_to(morning(ends_at, 4) + timedelta(minutes=1))
    assert notice.startswith("Your credit is expiring: $5.00 ")
    assert ", $3.00 " in notice
    assert await chat.later(hours=1) == []


async def test_two_lots_of_one_morning_are_one_text(chat: Chat) -> None:
    ends_at = await join(chat)
    await second_lot(chat, 300, 0)
    (notice,) = await chat.move_to(morning(ends_at, 7) + timedelta(minutes=1))
    assert "$8.00" in notice
    given = await chat.of("notice", "lot, days", "lot, days")
    assert len({lot for lot, _ in given}) == 2


async def test_after_a_delivered_notice_credit_ends_at_midnight_without_any_job(chat: Chat) -> None:
    ends_at = await join(chat)
    assert len(await chat.move_to(morning(ends_at, 1) + timedelta(minutes=1))) == 1
    chat.clock.now = ends_at - timedelta(seconds=10)
    assert unlinked(await chat("BALANCE")) == ["You have $5.00 credit, good through today. Your wallet: LINK"]
    chat.clock.now = ends_at
    assert unlinked(await chat("BALANCE")) == [NOTHING]
    assert (await chat.entries())[-1][0] != "expire"
    await chat.later(minutes=5)
    assert (await chat.entries())[-1] == ("expire", "")
    assert await chat.wallet() == (0, 0, 0, 0)
    await chat.later(days=30)
    assert [reason for reason, _ in await chat.entries()].count("expire") == 1


async def test_undelivered_notices_leave_the_credit_its_grace(chat: Chat) -> None:
    ends_at = await join(chat)
    chat.loopback.fault(Fault(kind="undelivered", code=30008, times=None))
    for days in (30, 7, 1):
        assert await chat.move_to(morning(ends_at, days) + timedelta(minutes=1)) == []
    chat.loopback.network.faults.clear()
    await chat.move_to(ends_at + timedelta(hours=1))
    assert await chat.wallet() == (0, 500, 0, 0)
    assert (await chat("BALANCE"))[0].startswith("You have $5.00")
    await chat.move_to(ends_at + GRACE + timedelta(days=1))
    assert (await chat.entries())[-1] == ("expire", UNNOTICED)
    assert unlinked(await chat("BALANCE")) == [NOTHING]


async def test_who_has_stopped_gets_the_grace_and_no_message(chat: Chat) -> None:
    ends_at = await join(chat)
    await chat("STOP")
    for days in (30, 7, 1):
        assert await chat.move_to(morning(ends_at, days) + timedelta(minutes=1)) == []
    await chat.move_to(ends_at + timedelta(hours=1))
    assert await chat.wallet() == (0, 500, 0, 0)
    assert await chat.move_to(ends_at + GRACE + timedelta(days=1)) == []
    assert (await chat.entries())[-1] == ("expire", UNNOTICED)


async def test_who_comes_back_before_the_end_is_told(chat: Chat) -> None:
    ends_at = await join(chat)
    await chat("STOP")
    await chat.move_to(morning(ends_at, 30) + timedelta(minutes=1))
    await chat("START")
    assert len(await chat.move_to(morning(ends_at, 7) + timedelta(minutes=1))) == 1


async def test_what_is_spent_is_not_announced(chat: Chat) -> None:
    ends_at = await join(chat)
    for text in ("REWARDS", "1", "YES"):
        await chat(text)
    (notice,) = await chat.move_to(morning(ends_at, 30) + timedelta(minutes=1))
    assert notice.startswith("You have $1.00 credit expiring ")


async def test_the_hour_is_civil_where_the_member_is(chat: Chat) -> None:
    chat.number = "+18085550100"  # Hawaii
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    (ends_at,) = await chat.ends()
    there = ZoneInfo("Pacific/Honolulu")
    assert ends_at.astimezone(there).time() == time(0)
    day = ends_at.astimezone(there).date() - timedelta(days=31)
    ten = datetime.combine(day, time(10), there).astimezone(UTC)
    assert await chat.move_to(ten - timedelta(minutes=1)) == []
    assert len(await chat.move_to(ten + timedelta(minutes=1))) == 1
