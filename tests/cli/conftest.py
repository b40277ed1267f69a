"""A terminal: runs `regulars …` in a folder of its own, with nothing configured but what a test says."""

import asyncio
import contextlib
import io
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main
from bot.config import Settings, load_settings
from tests.databases import Databases

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class Terminal:
    """Runs commands in `folder`."""

    folder: Path

    def __call__(self, *arguments: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(arguments)
            except SystemExit as left:
                code = left.code
        assert code is None or isinstance(code, int), code
        return Ran(code or 0, out.getvalue(), err.getvalue())

    def write(self, file: str, text: str) -> Path:
        """Write a file below the folder."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def copy_shipped(self) -> None:
        """Have the files we ship."""
        for name in ("flows", "locales"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("*.pot"))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in an empty folder whose `flows/` is the settings'."""
    for name in list(os.environ):
        if name.startswith("REGULARS_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    (tmp_path / "flows").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGULARS_FLOWS", "flows")
    return Terminal(tmp_path)


@pytest.fixture
def shop(terminal: Terminal) -> Terminal:
    """A terminal in a folder with the files we ship."""
    (terminal.folder / "flows").rmdir()
    terminal.copy_shipped()
    return terminal


@pytest.fixture
async def shop_database(
    shop: Terminal, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """The shop's database, migrated and empty; the test runs once for each kind."""
    url = await databases.create()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("REGULARS_SECRET", "a-secret-of-the-tests")
    yield url
    await databases.drop(url)


@pytest.fixture
def settings(shop: Terminal, shop_database: str) -> Settings:
    """The settings of the terminal's folder and database."""
    return load_settings(
        {
            "DATABASE_URL": shop_database,
            "REGULARS_FLOWS": str(shop.folder / "flows"),
            "REGULARS_SECRET": "a-secret-of-the-tests",
        }
    )


async def run(terminal: Terminal, *arguments: str) -> Ran:
    """Run a command in a thread, because it has an event loop of its own."""
    return await asyncio.to_thread(terminal, *arguments)


def typed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, *lines: str, **options: str) -> Ran:
    """Type these lines into `regulars chat` and end the input."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return terminal(
        "chat", *(f"--{name}" + (f"={value}" if value else "") for name, value in options.items())
    )
