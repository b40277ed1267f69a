"""The house itself: databases and browser are real, and what is committed runs on any machine."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.databases import Databases
from tests.postgres import Server

PROJECT = Path(__file__).parent.parent


def project() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in requirements}


async def tables_of(url: str) -> set[str]:
    engine = create_async_engine(url)
    catalogue = (
        "sqlite_master WHERE type = 'table'"
        if url.startswith("sqlite")
        else "pg_tables WHERE schemaname = 'public'"
    )
    name = "name" if url.startswith("sqlite") else "tablename"
    async with engine.connect() as connection:
        found = {row[0] for row in await connection.execute(text(f"SELECT {name} FROM {catalogue}"))}  # noqa: S608
    await engine.dispose()
    return found


async def test_a_table_can_be_made_in_a_database_of_ones_own(databases: Databases) -> None:
    mine, other = await databases.create(tables=False), await databases.create(tables=False)
    engine = create_async_engine(mine)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE said (words TEXT)"))
        await connection.execute(text("INSERT INTO said VALUES (:words)"), {"words": "会员 ☕"})
        assert (await connection.execute(text("SELECT words FROM said"))).scalar() == "会员 ☕"
    await engine.dispose()
    assert await tables_of(mine) == {"said"}
    assert await tables_of(other) == set()
    await databases.drop(mine)
    await databases.drop(other)


async def test_a_prepared_database_has_our_tables_and_no_rows(database_url: str) -> None:
    tables = await tables_of(database_url)
    assert "alembic_version" in tables
    assert "contact" in tables
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM contact"))).scalar() == 0
    await engine.dispose()


async def test_postgresql_is_one_we_may_ruin(postgresql_databases: Databases) -> None:
    url = await postgresql_databases.create(tables=False)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SHOW server_version_num"))).scalar_one() >= "150000"
        assert (await connection.execute(text("SHOW TimeZone"))).scalar_one() == "UTC"
    await engine.dispose()
    await postgresql_databases.drop(url)


async def test_the_browser_draws_chinese_and_emoji(page: Page, output_folder: Path) -> None:
    await page.set_content(
        "<style>body{font:64px sans-serif;margin:0}span{display:inline-block}</style>"
        "<span id=chinese>会</span><span id=other>员</span><span id=emoji>☕️</span>"
        "<span id=none>&#x10FFFE;</span>"
    )
    drawn = {
        name: await page.locator(f"#{name}").screenshot(path=output_folder / f"{name}.png")
        for name in ("chinese", "other", "emoji", "none")
    }
    # Without a font every unknown character is the same box: then two different ones look alike.
    assert len(set(drawn.values())) == len(drawn), "install fonts-noto-cjk and fonts-noto-color-emoji"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_host_and_hashes_everything(name: str) -> None:
    lock = (PROJECT / name).read_text()
    assert not re.search(r"://|@ |index|/work|/opt", lock)
    packages = re.findall(r"^[a-z].*(?:\n    .*)*", lock, re.MULTILINE)
    assert len(packages) > 50
    assert all(re.match(r"[a-z0-9.-]+==", package) for package in packages)
    assert all("--hash=sha256:" in package for package in packages)


def test_both_locks_agree_and_hold_what_the_project_asks_for() -> None:
    run, dev = (
        set(re.findall(r"^([a-z0-9.-]+)==(\S+)", (PROJECT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run <= dev
    assert names_of(project()["project"]["dependencies"]) <= {name for name, _ in run}
    assert names_of(project()["dependency-groups"]["dev"]) <= {name for name, _ in dev}


def test_every_dependency_is_explained() -> None:
    explained = {
        name.lower() for name in re.findall(r"\*\*([\w.-]+)", (PROJECT / "docs/decisions.md").read_text())
    }
    asked = [
        *project()["project"]["dependencies"],
        *project()["project"]["optional-dependencies"]["uvloop"],
        *project()["dependency-groups"]["build"],
        *project()["dependency-groups"]["dev"],
    ]
    assert names_of(asked) - explained == set()


def test_the_procfile_has_a_release_step_and_both_roles() -> None:
    lines = (PROJECT / "Procfile").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["release", "web", "worker"]
    assert all("regulars " in line for line in lines)


def test_a_server_ends_with_the_process_that_started_it(postgres: Server) -> None:
    program = (
        "import os, signal\n"
        "from tests.postgres import running_server\n"
        "with running_server() as server:\n"
        "    print(server.url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    if "REGULARS_TEST_POSTGRES" in os.environ:
        pytest.skip(f"the server {postgres.version} is not ours to end")
    killed = subprocess.run(
        [sys.executable, "-c", program], check=False, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert killed.returncode == -signal.SIGKILL
    port = urlsplit(killed.stdout.strip()).port
    assert port
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.1)
    pytest.fail("the server is still there")
