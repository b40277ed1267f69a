"""Sources as they are kept: beside the keys of the shop API, and no key to it."""

import os
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.api_keys import Scope, hash_of, make_key
from bot.core.sources import USUAL_SCOPES, Source, SourceKind, make_source
from bot.storage import api_keys, sources
from bot.storage.driver import Database

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def site(name: str = "site", key: str = "a-key-of-a-site") -> Source:
    kind = SourceKind.BROWSER
    made, _ = make_source(
        name,
        kind,
        USUAL_SCOPES[kind],
        NOON,
        os.urandom,
        created_by="ana",
        quota=7,
        origins=("https://shop.example", "https://shop.example:8443"),
        brought=key,
    )
    return made


async def test_a_source_is_found_by_the_hash_of_its_key(database: Database) -> None:
    made = site()
    assert await database.transact(lambda c: sources.add(c, made))
    found = await database.query(lambda c: sources.of_key(c, hash_of("a-key-of-a-site")))
    assert found == made
    assert await database.query(lambda c: sources.of_key(c, hash_of("another"))) is None
    assert await database.query(sources.listed) == [made]


async def test_a_key_is_one_sources_for_good(database: Database) -> None:
    first, second = site(), site("second")
    assert await database.transact(lambda c: sources.add(c, first))
    assert not await database.transact(lambda c: sources.add(c, second))
    await database.transact(lambda c: api_keys.revoke(c, first.id, NOON))
    assert not await database.transact(lambda c: sources.add(c, second)), "it was the first one's"
    assert await database.query(sources.listed) == [replace(first, revoked_at=NOON)]


async def test_a_revoked_source_is_listed_and_found_no_more(database: Database) -> None:
    made = site()
    await database.transact(lambda c: sources.add(c, made))
    await database.transact(lambda c: api_keys.revoke(c, made.id, NOON))
    assert await database.query(lambda c: sources.of_key(c, made.hash)) is None
    assert await database.query(sources.listed) == [replace(made, revoked_at=NOON)]


async def test_a_quota_is_changed_and_nothing_else(database: Database) -> None:
    made = site()
    await database.transact(lambda c: sources.add(c, made))
    changed = replace(made, quota=8)
    await database.transact(lambda c: sources.change(c, changed))
    assert await database.query(sources.listed) == [changed]


async def test_sources_and_keys_of_the_shop_api_do_not_meet(database: Database) -> None:
    key, text = make_key("till", frozenset({Scope.ORDERS}), NOON, os.urandom, "ana")
    made = site()
    await database.transact(lambda c: api_keys.add(c, key))
    await database.transact(lambda c: sources.add(c, made))
    assert await database.query(api_keys.listed) == [key]
    assert await database.query(sources.listed) == [made]
    assert await database.query(lambda c: api_keys.one(c, made.id)) is None
    assert await database.query(lambda c: sources.of_key(c, hash_of(text))) is None
