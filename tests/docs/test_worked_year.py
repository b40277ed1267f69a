"""docs/loyalty/year.md tells the truth: its program, played, gives every figure of its table."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conversation.chat import Chat, Clock, chatting, shipped, unlinked
from tests.docs.year import DEEDS, YEAR, Stand, Year

PAGE = (Path(__file__).parents[2] / "docs" / "loyalty" / "year.md").read_text(encoding="utf-8")
FLOWS = ("loyalty", "name", "birthday", "balance", "fallback", "expiry_reminder")
_BOOKS = "SELECT source, target, SUM(amount_minor) FROM draw WHERE wallet = 'main' GROUP BY source, target"


def table() -> list[list[str]]:
    """The rows of the year, cell by cell."""
    rows = [line.strip("|\n").split("|") for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


async def play(year: Year) -> list[Stand]:
    """Do every deed on its day; returns how the member stood after each."""
    stands = []
    for day, deed in DEEDS:
        await year.reach(datetime.strptime(f"{day} {YEAR}", "%b %d %Y").replace(tzinfo=UTC).date())
        await deed(year)
        stands.append(await year.stands())
        year.chat.clock.now += timedelta(seconds=1)  # what comes next on that day comes later
    return stands


async def account(chat: Chat) -> dict[str, int]:
    """What every account of the main wallet holds, by its draws: below zero where more left than came."""
    held: dict[str, int] = {}
    for source, target, amount in await chat.rows(_BOOKS):
        held[source] = held.get(source, 0) - int(amount)
        held[target] = held.get(target, 0) + int(amount)
    return held


async def test_the_year_goes_as_the_page_tells_it(database_url: str, tmp_path: Path) -> None:
    flows = shipped(tmp_path, *FLOWS)
    (program,) = re.findall(r"```yaml\n(program:.*?)```", PAGE, re.DOTALL)
    (flows / "program.yaml").write_text(program)
    clock = Clock(datetime(YEAR, 1, 5, 17, tzinfo=UTC))
    async with chatting(database_url, flows=flows, clock=clock) as chat:
        year = Year(chat)
        stands, moved = await play(year), await year.moved()
        told, since = [], datetime(YEAR, 1, 1, tzinfo=UTC)
        for (day, _), stand in zip(DEEDS, stands, strict=True):
            moves = ", ".join(what for at, what in moved if since < at <= stand.at)
            figures = [stand.available, stand.pending, stand.owed, stand.stamps, stand.tier]
            told.append([day, moves, *figures])
            since = stand.at
        assert told == [[row[0], *row[2:]] for row in table()]
        for text in unlinked([*await year.text("BALANCE"), year.said[-1]]):
            assert f'"{text}"' in PAGE
        held = await account(chat)
        outstanding = held["available"] + held["pending"] + held.get("held", 0)
        assert (
            -held["issue"] == outstanding + held["debt"] + held["spent"] + held["breakage"] + held["clawback"]
        )
