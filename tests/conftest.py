"""What every test may ask for: databases of both kinds, a browser page; and which were really used."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Never

import pytest
from playwright.async_api import Browser, Page

from tests.browser import ChromiumMissingError, running_browser
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.memory import live_in_memory
from tests.postgres import PostgresMissingError, Server, running_server

# What this run used, by name, and "MISSING …" for what it could not have.
USED = pytest.StashKey[dict[str, str]]()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Makes databases: the test runs once for each kind."""
    made: Databases = request.getfixturevalue(f"{request.param}_databases")
    return made


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """A database with today's tables and no rows; the test runs once for each kind."""
    url = await databases.create()
    yield url
    await databases.drop(url)


@pytest.fixture
async def bare_database_url(databases: Databases) -> AsyncIterator[str]:
    """A database without tables; the test runs once for each kind."""
    url = await databases.create(tables=False)
    yield url
    await databases.drop(url)


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """Makes SQLite databases."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(postgres: Server) -> PostgresDatabases:
    """Makes PostgreSQL databases."""
    return PostgresDatabases(postgres)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A PostgreSQL server for all tests of this process."""
    try:
        running = running_server()
        server = running.__enter__()
    except PostgresMissingError as error:
        _miss(pytestconfig, "PostgreSQL", str(error))
    pytestconfig.stash[USED]["PostgreSQL"] = server.version
    try:
        yield server
    finally:
        running.__exit__(None, None, None)


@pytest.fixture(scope="session")
async def browser(pytestconfig: pytest.Config) -> AsyncIterator[Browser]:
    """A Chromium for all tests of this process."""
    try:
        running = running_browser()
        started = await running.__aenter__()
    except ChromiumMissingError as error:
        _miss(pytestconfig, "Chromium", str(error))
    pytestconfig.stash[USED]["Chromium"] = started.version
    try:
        yield started
    finally:
        await running.__aexit__(None, None, None)


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """An empty page with cookies and storage of its own."""
    context = await browser.new_context(locale="en-US", timezone_id="UTC")
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="session")
def output_folder(pytestconfig: pytest.Config) -> Path:
    """Where tests leave what a person may want to look at, such as screenshots."""
    folder = pytestconfig.rootpath / "tests" / "output"
    folder.mkdir(exist_ok=True)
    return folder


def _miss(config: pytest.Config, name: str, reason: str) -> Never:
    """Skip loudly; where everything must be there (in CI), fail."""
    config.stash[USED][name] = f"MISSING: {reason}"
    if os.environ.get("CI") == "true" or os.environ.get("REGULARS_REQUIRE_ALL"):
        pytest.fail(f"{name} is missing: {reason}", pytrace=False)
    pytest.skip(f"{name} is missing: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    """Choose where files are, before anybody asks; start an empty record of what is used."""
    live_in_memory()
    config.stash[USED] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker of pytest-xdist report what it used."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["used"] = session.config.stash[USED]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Gather what a worker of pytest-xdist reported."""
    config: pytest.Config = node.config  # type: ignore[attr-defined] # xdist ships no types
    config.stash[USED] |= getattr(node, "workeroutput", {}).get("used", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which PostgreSQL and which Chromium the tests really ran on."""
    for name, version in sorted(config.stash[USED].items()):
        terminalreporter.write_line(f"{name}: {version}", red=version.startswith("MISSING"), bold=True)
