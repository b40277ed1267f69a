"""A saved flow is in force in the running demo a moment later; a broken one leaves the old in force."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import app
from bot.config import PROJECT, load_settings
from bot.demo.hot_reload import hot_reload
from tests.databases import SqliteDatabases

GREETING = """flow: hours
title: When we are open
start:
  - keyword: HOURS
steps:
  - say: {words}
"""


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # files tell nobody
            await asyncio.sleep(0.05)


async def test_what_is_saved_is_in_force(
    sqlite_databases: SqliteDatabases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PROJECT / "flows", tmp_path / "flows")
    shutil.copytree(PROJECT / "locales", tmp_path / "locales")
    url = await sqlite_databases.create()
    settings = load_settings(
        {"DATABASE_URL": url, "REGULARS_FLOWS": str(tmp_path / "flows"), "REGULARS_SECRET": "made-up-" * 8}
    )
    async with app.running(settings, role="web") as running, hot_reload(running):
        await asyncio.sleep(0.5)  # the watcher has to look once before it sees a change
        file = tmp_path / "flows" / "hours.yaml"
        file.write_text(GREETING.format(words="Every day from 8 to 6."))
        await until(lambda: "hours" in running.decisions.publication.flows)
        file.write_text(GREETING.format(words="{{ oops"))
        said = ""

        def is_told() -> bool:
            nonlocal said
            said += capsys.readouterr().err
            return "flows/hours.yaml:6" in said

        await until(is_told)
        assert running.decisions.publication.flows["hours"].revision == 1
        file.unlink()
        await until(lambda: "hours" not in running.decisions.publication.flows)
