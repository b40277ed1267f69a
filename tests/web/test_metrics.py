"""What `/metrics` says of all processes together: what waits, what was refused, what providers answered."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.demo.loopback_message import Fault
from bot.web.metrics_of_all import code_and_remedy
from tests.conversation.chat import Chat, chatting, shipped
from tests.web.test_health import get

PAUSE = """\
flow: pause
title: Say something a moment later
language: en
start:
  - keyword: [PAUSE]
steps:
  - say: Wait.
  - wait: 30s
  - say: {text: Done waiting., group: loyalty}
"""
NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # 22:30 in New York


@pytest.fixture
async def member(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A member for whom a message will be due in 30 seconds."""
    flows = shipped(tmp_path, "loyalty", "balance", pause=PAUSE)
    async with chatting(database_url, flows=flows) as chat:
        for text in ("LOYALTY", "skip", "skip", "PAUSE"):
            await chat(text)
        yield chat


async def metrics(chat: Chat) -> dict[str, float]:
    """Every sample by its name and the values of its labels, as fresh as it gets."""
    await chat.app.clockwork.strike_all()
    chat.app.metrics.of_all._good_until = 0  # noqa: SLF001  # tests do not wait for seconds to pass
    status, text = await get(chat, "/metrics")
    assert status == 200
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_was_sent_and_how_turns_ended_is_told(member: Chat) -> None:
    assert await member.later(seconds=31) == ["Done waiting."]
    told = await metrics(member)
    assert told["regulars_messages_total sent"] >= 1
    assert told["regulars_messages_total inline"] >= 4
    assert told["regulars_messages_total delivered"] >= 5
    assert told["regulars_segments_total"] == 1
    assert told["regulars_turns_total exact"] == 2
    assert told["regulars_turn_seconds_total"] > 0
    assert told["regulars_database_up"] == 1
    assert told["regulars_outbox_queued service"] == 0


async def test_what_waits_longest_is_told_by_lane(member: Chat) -> None:
    member.loopback.fault(Fault(kind="reject", status=429, retry_after=3600))
    await member.later(seconds=31)
    told = await metrics(member)
    assert told["regulars_outbox_queued service"] == 1
    assert told["regulars_outbox_overdue_seconds service"] == 0, "it waits because it was told to"
    assert told["regulars_provider_errors_total 20429 sender_slowed"] == 1
    assert (
        max(value for name, value in told.items() if name.startswith("regulars_sender_rests_seconds")) > 3000
    )
    member.clock.now += timedelta(hours=3)
    member.app.clockwork.pause()
    member.app.metrics.of_all._good_until = 0  # noqa: SLF001  # as above
    _, text = await get(member, "/metrics")
    (line,) = [
        one for one in text.splitlines() if one.startswith('regulars_outbox_overdue_seconds{lane="service"}')
    ]
    assert 7000 < float(line.split()[-1]) < 7300


async def test_what_is_held_and_refused_is_told_by_reason(member: Chat) -> None:
    await member.move_to(NIGHT)
    assert (await metrics(member))["regulars_outbox_held quiet_hours"] == 1
    await member("STOP")
    await member.move_to(NIGHT + timedelta(hours=11))
    told = await metrics(member)
    assert told["regulars_messages_refused_total stopped"] == 1
    assert "regulars_outbox_held quiet_hours" not in told


async def test_errors_of_providers_are_told_with_their_remedy(member: Chat) -> None:
    member.loopback.fault(Fault(kind="reject", code=21606))
    member.loopback.fault(Fault(kind="undelivered", code=30007))
    await member.later(seconds=31)
    await member.later(minutes=6)
    told = await metrics(member)
    assert told["regulars_provider_errors_total 21606 operator_needed"] == 1
    assert told["regulars_provider_errors_total 30007 filtered"] == 1
    assert told["regulars_messages_total tried_again"] == 1
    assert told["regulars_messages_total undelivered"] == 1


async def test_unknown_outcomes_and_dead_triggers_are_told(member: Chat) -> None:
    member.loopback.fault(Fault(kind="drop_answer"))
    member.loopback.fault(Fault(kind="no_callbacks"))
    await member.later(seconds=31)
    await member.run("""UPDATE "trigger" SET state = 'dead' WHERE kind = 'timer'""")
    member.clock.now += timedelta(seconds=20)
    told = await metrics(member)
    assert told["regulars_outbox_unknown"] == 1
    assert told["regulars_outbox_unknown_seconds"] == pytest.approx(20, abs=5)
    assert told["regulars_messages_total unknown"] == 1
    assert told["regulars_triggers_dead"] == 1


async def test_late_timers_are_told(member: Chat) -> None:
    member.clock.now += timedelta(minutes=10)
    member.app.metrics.of_all._good_until = 0  # noqa: SLF001  # as above
    _, text = await get(member, "/metrics")
    (line,) = [one for one in text.splitlines() if one.startswith('regulars_due_seconds{work="timers"}')]
    assert float(line.split()[-1]) == pytest.approx(570, abs=5)


async def test_figures_are_read_once_in_a_while(member: Chat) -> None:
    asked = 0
    read = member.app.metrics.of_all

    async def figures() -> object:
        nonlocal asked
        asked += 1
        raise ConnectionError

    read._good_until = 0  # noqa: SLF001  # as above
    for _ in range(3):
        await read.refresh(figures, member.clock)  # type: ignore[arg-type]  # it gives none
    assert asked == 1


async def test_without_a_database_the_other_metrics_are_there(member: Chat) -> None:
    await member.run("ALTER TABLE sender RENAME TO away")
    member.app.metrics.of_all._good_until = 0  # noqa: SLF001  # as above
    status, text = await get(member, "/metrics")
    await member.run("ALTER TABLE away RENAME TO sender")
    assert status == 200
    assert "regulars_database_up 0.0" in text
    assert "regulars_inbound_total{" in text
    assert "regulars_outbox_queued{" not in text


def test_remedies_are_named_as_the_errors_are() -> None:
    assert code_and_remedy("21610") == ("21610", "contact_stopped")
    assert code_and_remedy("30034") == ("30034", "not_registered")
    assert code_and_remedy("99999") == ("99999", "send_never")
    assert code_and_remedy(" ProviderUnreachable") == ("", "provider_unreachable")
    assert code_and_remedy("20500 OutcomeUnknown") == ("20500", "outcome_unknown")
