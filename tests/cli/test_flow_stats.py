"""`flows stats`, `flows recount`: a marketer looks at a flow's numbers, and whether they are right."""

import json
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.storage.driver import Statement
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import converse

LONG_AGO = "99999"


async def test_the_flow_is_drawn_told_as_json_and_as_svg(
    shop: Terminal, settings: Settings, tmp_path: Path
) -> None:
    await converse(settings, "LOYALTY")
    drawn = await run(shop, "flows", "stats", "loyalty", "--days", LONG_AGO)
    assert drawn.code == 0, drawn.err
    lines = drawn.out.splitlines()
    assert lines[0].startswith("loyalty, all revisions, since")
    assert lines[1].startswith("1 entry · ")
    assert any("do enroll" in line for line in lines)
    told = json.loads((await run(shop, "flows", "stats", "loyalty", "--days", LONG_AGO, "--json")).out)
    assert told["whole"]["passed"]["entries"] == 1
    assert told["whole"]["sent"] >= 1
    file = tmp_path / "loyalty.svg"
    await run(shop, "flows", "stats", "loyalty", "--svg", str(file))
    assert file.read_text(encoding="utf-8").startswith("<svg ")
    unknown = await run(shop, "flows", "stats", "nothing")
    assert (unknown.code, "a flow nothing is not published" in unknown.err) == (2, True)


async def test_a_recount_finds_what_is_wrong_and_mends_it(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    assert (await run(shop, "flows", "recount")).code == 0
    database = await app.open_database(settings)
    wrong = Statement("UPDATE step_figure SET times = times + 7 WHERE what IN ('sent', 'entries')")
    await database.transact(lambda c: c.run(wrong, [{}]))
    await database.close()
    found = await run(shop, "flows", "recount")
    assert (found.code, " sent: kept 8, counted 1" in found.out) == (1, True)
    assert " entries: kept 8, counted 1" in found.out
    assert (await run(shop, "flows", "recount", "--mend")).code == 0
    assert (await run(shop, "flows", "recount")).code == 0
