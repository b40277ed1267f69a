"""Schemathesis asks the running server what `/openapi.json` allows and forbids, and finds nothing."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.core.api_keys import Scope
from tests.databases import SqliteDatabases
from tests.web.api.conftest import made_key
from tests.web.mp.conftest import ShopperClient, at_the_pages

LAST_REQUESTS = ("leave", "eraseMe")
"""After these a shopper's token opens nothing: asked with a session of their own."""
SHOP = str(Path(__file__).with_name("schemathesis_shop.toml"))
ROOT = Path(__file__).parents[2]
ST = Path(sys.executable).with_name("schemathesis")


@pytest.fixture
async def shopper(sqlite_databases: SqliteDatabases) -> AsyncIterator[ShopperClient]:
    """A member whom nobody limits."""
    url = await sqlite_databases.create()
    settings = {"REGULARS_PAGES_REQUESTS_PER_MINUTE": "0", "REGULARS_API_REQUESTS_PER_MINUTE": "0"}
    async with at_the_pages(url, settings=settings) as client:
        await client.did("/join", {"first_name": "Li"})
        yield client
    await sqlite_databases.drop(url)


async def find_nothing(
    shopper: ShopperClient, token: str, folder: Path, more: Sequence[str], *options: str
) -> None:
    """Let Schemathesis ask with a token; fails with all that it finds."""
    asking = await asyncio.create_subprocess_exec(
        str(ST),
        *options,
        *("run", f"{shopper.chat.sms.url}/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--seed", "1", "--no-color", "--max-examples", "5"),
        *("--generation-database", "none", "--no-shrink", "--warnings", "off"),
        *more,
        cwd=folder,  # it leaves a cache
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.web.schemathesis_hooks"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asking.communicate()
    if asking.returncode != 0:
        pytest.fail(said.decode(), pytrace=False)
    assert "api_failed" not in shopper.chat.sms.log.getvalue()


async def test_of_the_pages(shopper: ShopperClient, tmp_path: Path) -> None:
    apart = [part for name in LAST_REQUESTS for part in ("--exclude-operation-id", name)]
    await find_nothing(shopper, shopper.token, tmp_path, ["--include-path-regex", "^/mp", *apart])


async def test_of_what_ends_a_session(shopper: ShopperClient, tmp_path: Path) -> None:
    those = [part for name in LAST_REQUESTS for part in ("--include-operation-id", name)]
    await find_nothing(shopper, shopper.token, tmp_path, those)


async def test_of_the_shop(shopper: ShopperClient, tmp_path: Path) -> None:
    key = await made_key(shopper.chat.sms, *Scope)
    await find_nothing(shopper, key, tmp_path, ["--include-path-regex", "^/api"], "--config-file", SHOP)
    assert "api_failed" not in shopper.chat.sms.log.getvalue()
