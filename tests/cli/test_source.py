"""`source add|list|revoke|quota`: a write key is shown once; what came is counted, refused or not."""

import json

import pytest

from bot.app import open_database
from bot.config import Settings
from bot.core.api_keys import hash_of
from bot.core.sources import SourceScope
from bot.storage import audit, sources
from bot.storage.tally import Tally
from tests.cli.conftest import Terminal, run


async def test_a_write_key_is_printed_once_and_kept_as_a_hash(
    shop: Terminal, shop_database: str, settings: Settings
) -> None:
    ran = await run(
        *(shop, "source", "add", "web shop", "--kind", "browser"),
        *("--quota", "50", "--origin", "https://Shop.example/"),
    )
    assert ran.code == 0, ran.err
    key = ran.out.strip()
    assert ran.err == "This is shown once. The source may: track.\n"
    database = await open_database(settings)
    (kept,) = await database.query(sources.listed)
    (deed,) = await database.query(lambda c: audit.listed(c, 5))
    await database.close()
    assert kept.hash == hash_of(key)
    assert (kept.quota, kept.origins) == (50, ("https://shop.example",))
    assert deed.action == "source.add"
    listed = await run(shop, "source", "list")
    assert f"{kept.id}  web shop  browser  track\n" in listed.out
    assert "50 messages a second, for https://shop.example" in listed.out
    for told in (listed.out, json.dumps([kept.name, kept.hash, deed.subject])):
        assert key not in told


async def test_a_key_that_clients_have_is_brought_along_once(shop: Terminal, shop_database: str) -> None:
    bring = ("--kind", "server", "--key", "DmBXIN4JnwqBnTqXccTF0wBnLXNQmFtk")
    first = await run(shop, "source", "add", "backend", *bring)
    assert (first.code, first.out) == (0, "DmBXIN4JnwqBnTqXccTF0wBnLXNQmFtk\n")
    assert f"may: {', '.join(SourceScope)}." in first.err
    second = await run(shop, "source", "add", "another", *bring)
    assert second.code == 1
    assert "this key is in use" in second.err
    again = await run(shop, "source", "add", "backend", "--kind", "server")
    assert again.code == 1
    assert "there is a source called backend already" in again.err


async def test_a_server_may_be_believed_less(shop: Terminal, shop_database: str, settings: Settings) -> None:
    ran = await run(shop, "source", "add", "crm", "--kind", "server", "--scope", "track,identify")
    assert ran.code == 0, ran.err
    database = await open_database(settings)
    (kept,) = await database.query(sources.listed)
    await database.close()
    assert kept.scopes == {SourceScope.TRACK, SourceScope.IDENTIFY}


async def test_what_came_is_counted_with_what_was_refused(
    shop: Terminal, shop_database: str, settings: Settings
) -> None:
    await run(shop, "source", "add", "backend", "--kind", "server")
    database = await open_database(settings)
    (kept,) = await database.query(sources.listed)
    tally = Tally()
    tally.add("source", f"{kept.id} accepted", 90)
    tally.add("source", f"{kept.id} no_user_anon_id", 8)
    tally.add("source", f"{kept.id} no_event", 2)
    tally.add("source", "- wrong_write_key", 3)
    await tally.flush(database)
    await database.close()
    listed = await run(shop, "source", "list")
    assert "  taken 90, refused: no_user_anon_id 8; no_event 2\n" in listed.out
    assert listed.err == "Requests with a write key that is nobody's: 3\n"
    (told,) = json.loads((await run(shop, "source", "list", "--json")).out)
    assert (told["accepted"], told["refused"]) == (90, {"no_user_anon_id": 8, "no_event": 2})
    doctor = await run(shop, "doctor")
    assert (
        "OK   tracking   1 source, 90 messages taken, 3 requests with a write key that is nobody's"
        in doctor.out
    )
    assert "WARN tracking   backend: 10 of 100 messages were refused, most for no_user_anon_id" in doctor.out


async def test_a_quota_is_changed(shop: Terminal, shop_database: str, settings: Settings) -> None:
    await run(shop, "source", "add", "backend", "--kind", "server")
    ran = await run(shop, "source", "quota", "backend", "5000")
    assert (ran.code, ran.err) == (0, "backend may send 5000 messages a second.\n")
    (told,) = json.loads((await run(shop, "source", "list", "--json")).out)
    assert told["quota"] == 5000


async def test_a_revoked_source_stays_in_the_list(shop: Terminal, shop_database: str) -> None:
    await run(shop, "source", "add", "backend", "--kind", "server")
    assert (await run(shop, "source", "revoke", "backend")).code == 1  # nobody can be asked
    ran = await run(shop, "source", "revoke", "backend", "--yes", "--note", "the key leaked")
    assert (ran.code, ran.err) == (0, "Nothing is taken from backend any more.\n")
    (told,) = json.loads((await run(shop, "source", "list", "--json")).out)
    assert told["revoked_at"] is not None
    again = await run(shop, "source", "revoke", "backend", "--yes")
    assert again.code == 1
    assert "no source in force has this name or id" in again.err
    assert (await run(shop, "source", "add", "backend", "--kind", "server")).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("site", "--kind", "browser", "--scope", "orders"), "it may: track (its key is public)"),
        (("site", "--kind", "server", "--scope", " , "), "say what it may"),
        (("site", "--kind", "server", "--quota", "0"), "a quota is from 1"),
        (("site", "--kind", "server", "--origin", "shop.example"), "write it like https://shop.example"),
        (("site", "--kind", "server", "--key", "short"), "a key has 8 to 200"),
        (("site", "--kind", "server", "--key", "with a space"), "without spaces"),
        (("site", "--kind", "server", "--key", "with:colon"), "and colons"),
        ((" ", "--kind", "server"), "give it a name"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(shop: Terminal, arguments: tuple[str, ...], said: str) -> None:
    ran = shop("source", "add", *arguments)
    assert ran.code == 2
    assert said in ran.err


async def test_where_there_is_no_source_it_says_how_to_make_one(shop: Terminal, shop_database: str) -> None:
    assert "make one: regulars source add" in (await run(shop, "source", "list")).err
    assert "SKIP tracking   no site, app or server sends events" in (await run(shop, "doctor")).out
