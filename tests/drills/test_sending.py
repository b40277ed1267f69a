"""Every point of the sending road, killed at once: each message arrives once, or is listed with its evidence.

The long version is `python -m tests.drills.sending`.
"""

import json
from pathlib import Path

from tests.databases import PostgresDatabases, SqliteDatabases
from tests.drills.sending import Line, drill, report, table


def tell(folder: Path, lines: list[Line]) -> None:
    print(table(lines))  # noqa: T201  # the report
    (folder / "sending.json").write_text(json.dumps(report(lines)))
    assert any(line.found for line in lines), "nothing was ever found by the provider's list"
    assert any(line.reported for line in lines), "nothing was ever settled by a callback"
    assert any(line.again for line in lines), "nothing was ever sent again"


async def test_a_web_and_a_worker_process_send_every_message_once(
    postgresql_databases: PostgresDatabases, tmp_path: Path
) -> None:
    url = await postgresql_databases.create()
    tell(tmp_path, await drill(url, tmp_path, apart=True))
    await postgresql_databases.drop(url)


async def test_one_process_on_sqlite_sends_every_message_once(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    url = await sqlite_databases.create()
    tell(tmp_path, await drill(url, tmp_path, apart=False))
