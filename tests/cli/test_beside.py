"""Two servers on one SQLite file: the second says so."""

import asyncio
from pathlib import Path

import pytest

from bot.cli.beside import told_if_beside_another
from bot.config import load_settings
from tests.conversation.chat import FLOWS
from tests.drills.processes import Regulars, environment

WARNS = "another `regulars serve` or `regulars work` is on this file already"


def server(folder: Path, command: str) -> Regulars:
    """A process on the folder's database, at a port of its own."""
    process = Regulars(command, (command,), {}, folder)
    environ = environment(f"sqlite:///{folder / 'r.sqlite'}", process.url, "", FLOWS)
    process.environ = {name: value for name, value in environ.items() if value}
    return process


def said(process: Regulars) -> str:
    """What it wrote."""
    return (process.folder / f"{process.name}.log").read_text()


async def test_a_worker_beside_a_server_says_so_and_a_command_does_not(tmp_path: Path) -> None:
    serve, work, outbox = server(tmp_path, "serve"), server(tmp_path, "work"), server(tmp_path, "outbox")
    outbox.command = ("outbox", "list")
    try:
        await serve.start()
        await serve.until_ready()
        await outbox.start()
        await work.start()
        assert outbox.process is not None
        assert await outbox.process.wait() == 0
        async with asyncio.timeout(30):
            while "Regulars works" not in said(work):  # noqa: ASYNC110  # another process has no event of ours
                await asyncio.sleep(0.1)
        assert WARNS in said(work)
        assert "not_alone" in said(work)
        assert WARNS not in said(serve) + said(outbox)
    finally:
        for one in (work, serve):
            await one.stop()


def test_who_has_left_is_not_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings({"DATABASE_URL": f"sqlite:///{tmp_path / 'r.sqlite'}"})
    first, second, third = (told_if_beside_another(settings) for _ in range(3))
    with first:
        assert WARNS not in capsys.readouterr().err
        second.__enter__()
        assert WARNS in capsys.readouterr().err
    with third:
        assert WARNS in capsys.readouterr().err, "the second is still there"
    second.__exit__(None, None, None)
    with told_if_beside_another(settings):
        assert WARNS not in capsys.readouterr().err


def test_postgresql_is_made_for_many(capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings({"DATABASE_URL": "postgresql://db/shop"})
    with told_if_beside_another(settings), told_if_beside_another(settings):
        assert capsys.readouterr().err == ""
