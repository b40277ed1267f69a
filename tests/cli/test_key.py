"""`key create`, `key list`, `key revoke`: a key is shown once, kept as a hash, and revoked for good."""

import json

import pytest

from bot.app import open_database
from bot.config import Settings
from bot.core.api_keys import Scope, hash_of, id_in
from bot.storage import api_keys, audit
from tests.cli.conftest import Terminal, run


async def test_a_key_is_printed_once_and_kept_as_a_hash(
    shop: Terminal, shop_database: str, settings: Settings
) -> None:
    ran = await run(
        shop, "key", "create", "--name", "till", "--scope", "orders,checkout", "--scope", "members:read"
    )
    assert ran.code == 0, ran.err
    key = ran.out.strip()
    assert "This is shown once. It may: checkout, members:read, orders." in ran.err
    database = await open_database(settings)
    (kept,) = await database.query(api_keys.listed)
    (deed,) = await database.query(lambda c: audit.listed(c, 5))
    await database.close()
    assert kept.id == id_in(key)
    assert kept.hash == hash_of(key)
    assert kept.scopes == {Scope.ORDERS, Scope.CHECKOUT, Scope.MEMBERS_READ}
    assert kept.fits(key)
    assert not kept.fits(key[:-1] + ("a" if key[-1] != "a" else "b"))
    assert deed.action == "key.create"
    listed = await run(shop, "key", "list")
    for told in (listed.out, json.dumps([kept.name, kept.hash, deed.subject])):
        assert key not in told
        assert key.split("_", 2)[2] not in told
    assert f"{kept.id}  till  checkout members:read orders\n" in listed.out


async def test_a_revoked_key_is_listed_and_fits_no_more(
    shop: Terminal, shop_database: str, settings: Settings
) -> None:
    key = (await run(shop, "key", "create", "--name", "till", "--scope", "orders")).out.strip()
    assert (await run(shop, "key", "revoke", "till")).code == 1  # nobody can be asked
    ran = await run(shop, "key", "revoke", "till", "--yes", "--note", "the till was stolen")
    assert (ran.code, ran.err) == (0, "till opens nothing any more.\n")
    (one,) = json.loads((await run(shop, "key", "list", "--json")).out)
    assert one["revoked_at"] is not None
    database = await open_database(settings)
    kept = await database.query(lambda c: api_keys.one(c, one["id"]))
    await database.close()
    assert kept is not None
    assert not kept.fits(key)
    again = await run(shop, "key", "revoke", "till", "--yes")
    assert again.code == 1
    assert "no key in force has this name or id" in again.err


async def test_two_keys_in_force_never_share_a_name(shop: Terminal, shop_database: str) -> None:
    make = ("key", "create", "--name", "till", "--scope", "orders")
    assert (await run(shop, *make)).code == 0
    second = await run(shop, *make)
    assert second.code == 1
    assert "there is a key called till already" in second.err
    assert (await run(shop, "key", "revoke", "till", "--yes")).code == 0
    assert (await run(shop, *make)).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "till", "--scope", "order"), "there is no scope order; the scopes are orders, checkout"),
        (("--name", "till", "--scope", " , "), "say what it may do"),
        (("--name", " ", "--scope", "orders"), "give it a name"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(shop: Terminal, arguments: tuple[str, ...], said: str) -> None:
    ran = shop("key", "create", *arguments)
    assert ran.code == 2
    assert said in ran.err


async def test_where_there_is_no_key_it_says_how_to_make_one(shop: Terminal, shop_database: str) -> None:
    assert "make one: regulars key create" in (await run(shop, "key", "list")).err
