"""The wheel and the check-in ladder with everything real: HTTP, both databases, and a clock that moves."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conversation.chat import FLOWS, Chat, chatting, shipped

NAMES = ("loyalty", "checkin", "wheel", "wheel_odds", "wheel_proof")


def with_a_wheel(where: Path) -> Path:
    """The shipped files of play, with the wheel switched on."""
    made = shipped(where, *NAMES)
    program = (FLOWS / "program.yaml").read_text()
    assert program.count("\n  enabled: false\n") == 1
    (made / "program.yaml").write_text(program.replace("\n  enabled: false\n", "\n  enabled: true\n"))
    return made


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A member of a shop that plays."""
    async with chatting(database_url, flows=with_a_wheel(tmp_path)) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        yield chat


def told(proof: str) -> dict[str, str | None]:
    found = re.search(
        r"ticket (?P<ticket>\S+), roll (?P<roll>\d+) of (?P<total>\d+), seal (?P<seal>[0-9a-f]{64})"
        r"(?:, seed (?P<seed>[0-9a-f]{64}))?",
        proof,
    )
    assert found is not None, proof
    return found.groupdict()


async def test_a_spin_can_be_checked_by_its_member_the_day_after(chat: Chat) -> None:
    (said,) = await chat("SPIN")
    assert re.match(r"You won \S+|The wheel says: nothing this time\.", said)
    assert await chat("SPIN") == [
        "You have had your spin today. Reply ODDS for the rules, PROOF to check your draw."
    ]
    (today,) = await chat("PROOF")
    sealed = told(today)
    assert sealed["seed"] is None
    assert str(sealed["seal"])[:16] in said, "it was sealed before anybody could know it"
    await chat.later(days=1)
    (tomorrow,) = await chat("PROOF")
    proof = told(tomorrow)
    assert {**proof, "seed": None} == sealed
    seed, ticket = bytes.fromhex(str(proof["seed"])), str(proof["ticket"])
    assert hashlib.sha256(seed).hexdigest() == proof["seal"]
    digest = hmac.new(seed, ticket.encode(), hashlib.sha256).hexdigest()
    drawn = int(digest, 16) % int(str(proof["total"]))
    assert drawn == int(str(proof["roll"]))
    ((prize, roll, credit),) = await chat.of("spin", "prize, roll, proof", "at")
    expected = "five" if drawn < 2 else "fifty_cents" if drawn < 40 else "nothing"
    assert (prize, roll) == (expected, drawn)
    wallet = {"five": 1000, "fifty_cents": 550, "nothing": 500}[prize]
    assert (await chat.wallet())[1] == wallet, credit


async def test_the_odds_and_the_rules_are_told_to_everybody(chat: Chat) -> None:
    (said,) = await chat("ODDS")
    assert said.startswith(
        "$5 credit: 1% (1/100). 50 cents credit: 19% (19/100). nothing this time: 80% (4/5). 1 a day, free,"
    )
    assert "No purchase necessary." in said
    assert "Corner Leaf, 1 Main Street" in said


async def test_the_ladder_is_kept_from_day_to_day(chat: Chat) -> None:
    (first,) = await chat("CHECKIN")
    assert first.startswith("Day 1: $0.05 for you, good through")
    assert (await chat("check in"))[0].startswith(
        "You have checked in already. The next day, $0.05, begins tomorrow at 12:00"
    )
    await chat.run("UPDATE contact SET zone = 'Asia/Tokyo', zone_is_known = :known", known=True)
    assert (await chat("checkin"))[0].startswith("You have checked in already."), "it is Wednesday in Tokyo"
    await chat.run("UPDATE contact SET zone = 'America/New_York', zone_is_known = :known", known=True)
    await chat.later(hours=23)
    assert (await chat("CHECKIN"))[0].startswith("Day 2: $0.05 for you")
    assert (await chat.wallet())[1] == 510
    ((value, facts),) = await chat.of("standing", "value, facts", "kind")
    assert value == "2"
    assert '"last_on":"2026-11-25"' in facts
    ((left,),) = await chat.rows("SELECT units_left FROM counter WHERE name LIKE 'budget/play/%'")
    assert left == 50_000 - 10


async def test_a_day_begins_where_its_member_lives(chat: Chat) -> None:
    chat.clock.now += timedelta(hours=11)  # 23:00 in New York
    await chat("CHECKIN")
    chat.clock.now += timedelta(hours=1)
    (said,) = await chat("CHECKIN")
    assert said.startswith("Day 2:"), "an hour later it is another day"
