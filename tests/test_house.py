"""The house itself: databases and browser are real, and what is committed runs on any machine."""

from pathlib import Path

import pytest
from playwright.async_api import Page
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.databases import Databases

PROJECT = Path(__file__).parent.parent


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


@pytest.mark.xdist_group("browser")
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
    assert len(set(drawn.values())) == len(drawn)
