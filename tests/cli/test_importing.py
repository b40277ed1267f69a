"""`import`: rows of files become ours, once; what cannot is told row by row and may be put right."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from bot.app import open_database, publish_folder, utc_now
from bot.app.channels import address_hashes
from bot.config import Settings, load_settings
from bot.core.consent import ConsentSource
from bot.storage import contacts, import_runs, past
from bot.storage.contacts import Portrait
from bot.storage.driver import Database, Statement
from bot.storage.erasing import erase
from tests.cli.conftest import Ran, Terminal, run
from tests.databases import Databases

TABLES = (
    "contact",
    "address",
    "consent",
    "entry",
    "event",
    "shop_order",
    "order_line",
    "directory",
    "trigger",
)
_COUNTS = {table: Statement(f'SELECT COUNT(*) FROM "{table}"') for table in TABLES}  # noqa: S608  # ours
_EVENTS = Statement("SELECT e.name, e.properties, e.source FROM event e ORDER BY e.at, e.name")
_ORDERS = Statement("SELECT o.reference, o.status, o.total_minor, o.cash_minor FROM shop_order o ORDER BY 1")
_WAITING = Statement("""SELECT COUNT(*) FROM "trigger" t WHERE t.state = 'new'""")
ANA, BO, CY = "+12125550101", "+12125550102", "+12125550103"
CONTACTS = f"""\
user_id,mobile,first name,member since,updated_at,plan,points
u1,(212) 555-0101,Ana,2024-03-01,2026-01-01,pro,12
u2,{BO},Bo,,2026-01-01,free,
,212.555.0103,Cy,2024-05-01 10:00,2026-01-01,,7
u4,12,Di,,2026-01-01,free,1
"""
CONSENTS = f"""\
phone,group,state,words,at,channel,place
{ANA},loyalty,subscribed,"Yes, text me
offers",2024-03-01T10:00:00Z,sms,shop.example/join
{BO},loyalty,unsubscribed,no more,2024-03-01T10:00:00Z,sms,
"""
ORDERS = """\
user_id,order,date,sku,category,quantity,price,discount,status
u1,A1,2026-01-05T10:00:00Z,TEA,tea,2,10.00,1.00,
u1,A1,2026-01-05T10:00:00Z,CUP,cups,1,5.50,,
u2,A2,2026-01-06T10:00:00Z,TEA,tea,3,10.00,,canceled
u9,A3,2026-01-07T10:00:00Z,TEA,tea,1,4.00,,paid
"""


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The shop's database with its files published."""
    database = await open_database(settings)
    await publish_folder(database, settings, utc_now)
    yield database
    await database.close()


async def import_(shop: Terminal, kind: str, text: str, *options: str, name: str = "a.csv") -> Ran:
    shop.write(name, text)
    return await run(shop, "import", kind, name, "--yes", "--region", "US", *options)


async def counts(database: Database) -> dict[str, int]:
    return {
        table: (await database.query(lambda c, s=statement: c.read(s)))[0][0]  # type: ignore[misc]  # bound now
        for table, statement in _COUNTS.items()
    }


async def look(database: Database, channel: str, value: str) -> Portrait | None:
    contact_id = await database.query(lambda c: contacts.find(c, channel, value))
    if contact_id is None:
        return None
    return await database.query(lambda c: contacts.portrait(c, contact_id, runs=0, messages=0))


async def known(database: Database, phone: str) -> Portrait:
    found = await look(database, "sms", phone)
    assert found is not None
    return found


async def test_contacts_are_known_by_all_their_names_and_nobody_is_subscribed(
    shop: Terminal, database: Database
) -> None:
    ran = await import_(shop, "contacts", CONTACTS)
    assert ran.code == 1
    assert "phone: mobile" in ran.out
    assert "Left out: plan, points" in ran.out
    assert "4 rows: 3 taken, 1 rejected." in ran.out
    assert "line 5: '12' is not a phone number we could text: short code" in ran.out
    ana = await known(database, ANA)
    by_id = await look(database, "external", "u1")
    assert by_id is not None
    assert by_id.contact.id == ana.contact.id
    assert ana.contact.first_name == "Ana"
    assert ana.contact.enrolled_at == datetime(2024, 3, 1, tzinfo=UTC)
    assert ana.snapshot.wallet.available_minor == 0  # no welcome credit
    assert ana.snapshot.subscriptions == {}
    assert not (await known(database, BO)).contact.is_member


async def test_rejected_rows_can_be_put_right_and_imported_again(shop: Terminal, database: Database) -> None:
    await import_(shop, "contacts", CONTACTS)
    rejected = (shop.folder / "a.rejected.csv").read_text(encoding="utf-8")
    header, row = rejected.splitlines()
    assert header.endswith(",_row,_line,_why")
    assert row.endswith(",4,5,phone: '12' is not a phone number we could text: short code")
    assert (shop.folder / "a.rejected.csv").stat().st_mode & 0o777 == 0o600
    ran = await import_(shop, "contacts", rejected.replace("u4,12", "u4,2125550104"), name="b.csv")
    assert ran.code == 0
    assert "1 rows: 1 taken." in ran.out
    assert (await known(database, "+12125550104")).contact.first_name == "Di"


async def test_a_file_is_imported_once(shop: Terminal, database: Database) -> None:
    await import_(shop, "contacts", CONTACTS)
    before = await counts(database)
    again = await import_(shop, "contacts", CONTACTS)
    assert "This file was imported on" in again.out
    assert "3 taken, 1 rejected" in again.out
    once_more = await import_(shop, "contacts", CONTACTS, "--again")
    assert "3 known before, 1 rejected" in once_more.out
    assert await counts(database) == before
    listed = await run(shop, "imports")
    assert "contacts  a.csv  done  3 known before, 1 rejected" in listed.out


async def test_what_was_told_since_stays(shop: Terminal, database: Database) -> None:
    mapping = "columns: {external: user_id, at: updated_at, attributes.plan: plan}\n"
    shop.write("map.yaml", mapping)
    rows = (
        "user_id,updated_at,plan\n",
        "u1,2026-02-01,pro\n",
        "u1,2026-01-01,free\n",
        "u2,2026-01-01,free\n",
    )
    assert (await import_(shop, "contacts", "".join(rows), "--map", "map.yaml")).code == 0
    later = rows[0] + "u2,2026-03-01,pro\nu1,2025-01-01,old\n"
    assert (await import_(shop, "contacts", later, "--map", "map.yaml", name="b.csv")).code == 0
    for user in ("u1", "u2"):
        found = await look(database, "external", user)
        assert found is not None
        assert found.contact.attributes == {"plan": "pro"}


async def test_two_whom_the_shop_knows_apart_are_never_joined(shop: Terminal, database: Database) -> None:
    text = f"user_id,phone\nu1,{ANA}\nu2,{BO}\nu2,{ANA}\nu3,{ANA}\n"
    ran = await import_(shop, "contacts", text)
    assert "2 taken, 2 rejected" in ran.out
    assert "one of these names is somebody's whom the shop knows by another id" in ran.out


async def test_consent_needs_words_time_and_channel_and_is_evidence(
    shop: Terminal, database: Database
) -> None:
    bare = await import_(shop, "consents", f"phone,group,state\n{ANA},loyalty,subscribed\n")
    assert bare.code == 2
    for needed in ("words", "at", "channel"):
        assert f"nothing says `{needed}`" in bare.err
    ran = await import_(shop, "consents", CONSENTS, name="b.csv")
    assert ran.code == 0, ran.out
    ana = await known(database, ANA)
    assert ana.snapshot.subscriptions == {"loyalty": "subscribed"}
    (line,) = await database.query(lambda c: past.consent_log(c, ana.contact.id))
    assert line.source is ConsentSource.IMPORT
    assert line.words == "Yes, text me\noffers"
    assert line.at == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert line.address == ANA
    assert line.because == "imported from b.csv, given at shop.example/join"
    assert (await known(database, BO)).snapshot.subscriptions == {"loyalty": "unsubscribed"}


async def test_consent_by_email_is_its_own(shop: Terminal, database: Database) -> None:
    await import_(shop, "contacts", f"phone,email\n{ANA},Ana@Mail.example\n")
    head = "phone,email,group,state,words,at,channel\n"
    yes = f"{ANA},ana@mail.example,loyalty,subscribed,Write to me,2025-06-01T00:00:00Z,email\n"
    assert (await import_(shop, "consents", head + yes, name="b.csv")).code == 0
    ana = await known(database, ANA)
    assert ana.snapshot.subscriptions == {"email:loyalty": "subscribed"}
    (line,) = await database.query(lambda c: past.consent_log(c, ana.contact.id))
    assert (line.channel, line.address) == ("email", "ana@mail.example")


async def test_nobody_is_subscribed_again_who_stopped(shop: Terminal, database: Database) -> None:
    head = "phone,group,state,words,at,channel\n"
    stopped = head + f"{ANA},loyalty,stopped,STOP,2025-01-01T00:00:00Z,sms\n"
    assert (await import_(shop, "consents", stopped)).code == 0
    wanted = head + f"{ANA},loyalty,subscribed,yes,2025-06-01T00:00:00Z,sms\n"
    ran = await import_(shop, "consents", wanted, name="b.csv")
    assert "1 for stopped" in ran.out
    assert "line 2: they said STOP there on 2025-01-01" in ran.out
    ana = await known(database, ANA)
    assert ana.snapshot.subscriptions == {"loyalty": "unsubscribed"}
    assert ana.snapshot.addresses[0].stopped_at == datetime(2025, 1, 1, tzinfo=UTC)


async def test_what_was_said_last_holds(shop: Terminal, database: Database) -> None:
    head = "phone,group,state,words,at,channel\n"
    no = head + f"{ANA},loyalty,unsubscribed,no,2025-06-01T00:00:00Z,sms\n"
    yes = head + f"{ANA},loyalty,subscribed,yes,2025-01-01T00:00:00Z,sms\n"
    assert (await import_(shop, "consents", no)).code == 0
    ran = await import_(shop, "consents", yes, name="b.csv")
    assert "on 2025-06-01 they were unsubscribed (what was said last holds)" in ran.out
    assert (await known(database, ANA)).snapshot.subscriptions == {"loyalty": "unsubscribed"}


async def test_nothing_is_imported_of_who_stopped_and_was_erased(
    shop: Terminal, database: Database, settings: Settings
) -> None:
    head = "phone,group,state,words,at,channel\n"
    await import_(shop, "consents", head + f"{ANA},loyalty,stopped,STOP,2025-01-01T00:00:00Z,sms\n")
    ana = await known(database, ANA)
    await database.transact(lambda c: erase(c, ana.contact.id, utc_now(), address_hashes(settings)))
    before = await counts(database)
    for kind, text in (
        ("contacts", f"phone,first_name\n{ANA},Ana\n"),
        ("consents", head + f"{ANA},loyalty,subscribed,yes,2025-06-01T00:00:00Z,sms\n"),
        ("orders", f"phone,order,date,sku,price\n{ANA},A1,2025-01-01,TEA,4\n"),
    ):
        ran = await import_(shop, kind, text, name=f"{kind}.csv")
        assert "who had this address said STOP and was erased since" in ran.out, ran.out
    assert await counts(database) == before


async def test_balances_are_entries_with_their_own_end(shop: Terminal, database: Database) -> None:
    await import_(shop, "contacts", CONTACTS)
    text = 'user_id,amount,expires_on\nu1,"1,234.50",2099-01-31\nu1,5,never\n'
    text += "u2,5,\nu9,5,\nu1,3,2020-01-01\nu1,0,\n"
    ran = await import_(shop, "balances", text, name="b.csv")
    assert "6 rows: 2 taken, 4 rejected." in ran.out
    for why in (
        "nobody but a member",
        "nobody is called u9",
        "2020-01-01 is over",
        "there is nothing to give",
    ):
        assert why in ran.out
    ana = await known(database, ANA)
    assert ana.snapshot.wallet.available_minor == 123950
    assert {str(lot.expires_on): lot.available_minor for lot in ana.snapshot.lots} == {
        "2099-01-31": 123450,
        "None": 500,
    }
    again = await import_(shop, "balances", text, "--again", name="b.csv")
    assert "2 known before, 4 rejected" in again.out
    other = await import_(shop, "balances", text.replace("u1,5,", "u1,6,"), name="c.csv")
    assert "another opening balance goes by this key" in other.out
    assert (await known(database, ANA)).snapshot.wallet.available_minor == 123950


async def test_a_balance_that_was_refused_is_taken_once_its_member_is_there(
    shop: Terminal, database: Database
) -> None:
    text = "user_id,amount\nu2,5\nu1,5\n"
    unknown = await import_(shop, "balances", text, name="b.csv")
    assert "nobody is called u2: import contacts first" in unknown.out
    await import_(shop, "contacts", CONTACTS)
    no_member = await import_(shop, "balances", text, "--again", name="b.csv")
    assert "2 rows: 1 taken, 1 rejected." in no_member.out
    assert "nobody but a member has credit" in no_member.out
    await import_(shop, "contacts", "user_id,enrolled_at\nu2,2025-01-01\n", name="c.csv")
    assert (await import_(shop, "balances", text, "--again", name="b.csv")).code == 0
    assert (await known(database, BO)).snapshot.wallet.available_minor == 500


async def test_orders_of_the_past_are_in_the_books_and_earn_nothing(
    shop: Terminal, database: Database
) -> None:
    await import_(shop, "contacts", CONTACTS)
    ran = await import_(shop, "orders", ORDERS, name="o.csv")
    assert ran.code == 0, ran.out
    assert "4 rows: 4 taken." in ran.out
    rows = await database.query(lambda c: c.read(_ORDERS))
    assert [tuple(row) for row in rows] == [
        ("A1", "paid", 1450, 1450),
        ("A2", "canceled", 1000, 1000),
        ("A3", "paid", 400, 400),
    ]
    found = await counts(database)
    assert (found["shop_order"], found["order_line"], found["entry"]) == (3, 4, 0)
    events = [row for row in await database.query(lambda c: c.read(_EVENTS)) if row[0] == "Order Completed"]
    assert [orjson.loads(row[1])["revenue"] for row in events] == [14.5, 4]
    assert orjson.loads(events[0][1])["products"][0] == {
        "sku": "TEA",
        "name": "TEA",
        "category": "tea",
        "quantity": 2,
        "price": 5,
    }
    assert (await database.query(lambda c: c.read(_WAITING)))[0][0] == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), [("Order Completed", 14.5), ("Order Refunded", 1450)]),
        (("--earn",), [("Order Placed", None)]),  # as the shop's API of what is back when it is first told
    ],
)
async def test_of_an_order_that_was_refunded_all_came_back(
    shop: Terminal, database: Database, options: tuple[str, ...], told: list[tuple[str, float | None]]
) -> None:
    await import_(shop, "contacts", CONTACTS)
    refunded = ORDERS.replace("1.00,\n", "1.00,refunded\n")
    assert (await import_(shop, "orders", refunded, *options, name="o.csv")).code == 0
    wallet = (await known(database, ANA)).snapshot.wallet
    assert wallet.available_minor == wallet.pending_minor == 0
    events = await database.query(lambda c: c.read(_EVENTS))
    of_it = [(row[0], each) for row in events if (each := orjson.loads(row[1])).get("reference") == "A1"]
    assert sorted((name, each.get("revenue", each.get("refunded_total"))) for name, each in of_it) == told
    assert (await run(shop, "export", "orders", "out.ndjson")).code == 0
    rows = [orjson.loads(line) for line in (shop.folder / "out.ndjson").read_bytes().splitlines()]
    assert sorted((row["order"], row["status"], row["returned"]) for row in rows) == [
        ("A1", "refunded", "5.50"),
        ("A1", "refunded", "9.00"),
        ("A2", "canceled", "0.00"),
        ("A3", "paid", "0.00"),
    ]


async def test_orders_told_again_are_known_and_others_by_their_names_rejected(
    shop: Terminal, database: Database
) -> None:
    await import_(shop, "orders", ORDERS, name="o.csv")
    before = await counts(database)
    head, first, second, *others = ORDERS.splitlines(keepends=True)
    ran = await import_(shop, "orders", "".join([head, first, second, *others, first]), name="p.csv")
    assert "5 rows: 4 known before, 1 rejected." in ran.out
    assert "A1 is there already with other amounts or lines: its rows must stand side by side" in ran.out
    others_order = await import_(shop, "orders", head + others[1].replace("u9", "u8"), name="q.csv")
    assert "A3 is somebody else's: check whose it is" in others_order.out
    after = await counts(database)
    assert {**after, "contact": 0, "address": 0, "directory": 0} == {
        **before,
        "contact": 0,
        "address": 0,
        "directory": 0,
    }
    assert after["contact"] == before["contact"] + 1  # u8 is somebody now


async def test_an_order_of_which_one_row_is_wrong_is_rejected_whole(
    shop: Terminal, database: Database
) -> None:
    ran = await import_(shop, "orders", ORDERS.replace("5.50", "5.5O"), name="o.csv")
    assert "4 rows: 2 taken, 2 rejected." in ran.out
    assert "'5.5O' is no amount" in ran.out
    assert "row 2 of the same order cannot be taken" in ran.out
    assert (await counts(database))["shop_order"] == 2


async def test_orders_may_earn(shop: Terminal, database: Database) -> None:
    await import_(shop, "contacts", CONTACTS)
    ran = await import_(shop, "orders", ORDERS, "--earn", name="o.csv")
    assert ran.code == 0, ran.out
    ana = await known(database, ANA)
    assert ana.snapshot.wallet.available_minor + ana.snapshot.wallet.pending_minor > 0
    assert (await counts(database))["shop_order"] == 3
    assert (await database.query(lambda c: c.read(_WAITING)))[0][0] == 0


async def test_events_are_in_the_books_once_and_start_nothing(shop: Terminal, database: Database) -> None:
    lines = [
        {
            "userId": "u1",
            "event": "Video Watched",
            "timestamp": "2025-05-01T10:00:00Z",
            "properties": {"s": 1},
        },
        {
            "userId": "u1",
            "event": "Video Watched",
            "timestamp": "2025-05-01T10:00:00Z",
            "properties": {"s": 1},
        },
        {"anonymousId": "a", "event": "Page Viewed", "timestamp": "2025-05-01T10:00:00Z", "messageId": "m1"},
        {"userId": "u1", "event": "Order Completed", "timestamp": "2025-05-01T10:00:00Z"},
        {"event": "Page Viewed", "timestamp": "2025-05-01T10:00:00Z"},
    ]
    text = b"\n".join(map(orjson.dumps, lines)).decode()
    ran = await import_(shop, "events", text, name="e.ndjson")
    assert "5 rows: 3 taken, 2 rejected." in ran.out
    assert "orders are imported with `regulars import orders`" in ran.out
    events = [row[0] for row in await database.query(lambda c: c.read(_EVENTS)) if row[2]]
    assert sorted(events) == ["Page Viewed", "Video Watched", "Video Watched"]
    before = await counts(database)
    assert (await import_(shop, "events", text, "--again", name="e.ndjson")).code == 1
    assert await counts(database) == before
    assert (await database.query(lambda c: c.read(_WAITING)))[0][0] == 0


async def test_what_a_database_does_not_take_ends_no_import(shop: Terminal, database: Database) -> None:
    ran = await import_(shop, "contacts", f"user_id,mobile,first name\nu\x001,{ANA},A\0na\n")
    assert (ran.code, "1 rows: 1 taken." in ran.out) == (0, True)
    assert (await known(database, ANA)).contact.first_name == "Ana"
    event = {"userId": "u1", "event": "Tea\0 Drunk", "timestamp": "2025-05-01T10:00:00Z"}
    text = orjson.dumps({**event, "properties": {"k\0": ["v\0"]}}).decode()
    ran = await import_(shop, "events", text, name="e.ndjson")
    assert "1 rows: 1 taken." in ran.out
    assert [row[0] for row in await database.query(lambda c: c.read(_EVENTS)) if row[2]] == ["Tea Drunk"]


async def test_a_trial_says_the_same_and_keeps_nothing(shop: Terminal, database: Database) -> None:
    before = await counts(database)
    for kind, text in (("contacts", CONTACTS), ("consents", CONSENTS), ("orders", ORDERS)):
        trial = await import_(shop, kind, text, "--dry-run", name=f"{kind}.csv")
        assert "On trial, nothing is kept: " in trial.out
        assert await counts(database) == before
    assert await database.query(lambda c: import_runs.latest(c, 5)) == []
    told = (await import_(shop, "contacts", CONTACTS, "--dry-run", name="contacts.csv")).out.splitlines()
    real = (await import_(shop, "contacts", CONTACTS, name="contacts.csv")).out.splitlines()
    assert [line.removeprefix("On trial, nothing is kept: ") for line in told] == real


async def test_a_mapping_is_begun_from_the_headers_and_read_back(shop: Terminal, database: Database) -> None:
    shop.write("a.csv", CONTACTS)
    ran = await run(shop, "import", "contacts", "a.csv", "--write-map", "map.yaml")
    assert ran.code == 0, ran.err
    written = (shop.folder / "map.yaml").read_text(encoding="utf-8")
    assert "  # attributes.plan: plan\n" in written
    shop.write("map.yaml", written.replace("  # attributes.plan", "  attributes.plan"))
    ran = await run(shop, "import", "contacts", "a.csv", "--map", "map.yaml", "--region", "US")
    assert "3 taken, 1 rejected" in ran.out
    assert (await known(database, ANA)).contact.attributes == {"plan": "pro"}


async def test_a_guess_is_not_taken_where_nobody_can_be_asked(shop: Terminal, database: Database) -> None:
    shop.write("a.csv", CONTACTS)
    ran = await run(shop, "import", "contacts", "a.csv")
    assert ran.code == 1
    assert "external: user_id" in ran.out
    assert "Nothing was done: give --yes where nobody can answer." in ran.err
    assert (await counts(database))["contact"] == 0


async def test_a_wrong_mapping_is_told_with_file_line_and_remedy(shop: Terminal, database: Database) -> None:
    shop.write("map.yaml", "import: contacts\ncolumns:\n  phone: mobil\n")
    ran = await import_(shop, "contacts", CONTACTS, "--map", "map.yaml")
    assert ran.code == 2
    assert ran.err.startswith("map.yaml:3:10: the file has no column 'mobil' (it has user_id, mobile,")


async def test_what_is_exported_can_be_imported(
    shop: Terminal,
    database: Database,
    settings: Settings,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await import_(shop, "contacts", CONTACTS)
    await import_(shop, "consents", CONSENTS, name="k.csv")
    await import_(shop, "orders", ORDERS, name="o.csv")
    await import_(shop, "balances", "user_id,amount,expires_on\nu1,5,2099-01-31\n", name="b.csv")
    files = {
        "contacts": "contacts.csv",
        "consents": "k.ndjson",
        "orders": "o.parquet",
        "balances": "b.parquet",
    }
    files = {kind: f"out.{name}" for kind, name in files.items()}
    for kind, file in files.items():
        ran = await run(shop, "export", kind, file)
        assert ran.code == 0, ran.err
    assert (await run(shop, "export", "events", "events.out.ndjson")).code == 0
    assert (await run(shop, "export", "events", "events.out.ndjson")).code == 2  # it is there already
    assert (shop.folder / files["contacts"]).stat().st_mode & 0o777 == 0o600
    ana, before = await known(database, ANA), await counts(database)
    elsewhere = await databases.create()
    monkeypatch.setenv("DATABASE_URL", elsewhere)
    other = await open_database(
        load_settings(
            {
                "DATABASE_URL": elsewhere,
                "REGULARS_FLOWS": str(shop.folder / "flows"),
                "REGULARS_SECRET": "a-secret-of-the-tests",
            }
        )
    )
    await publish_folder(other, settings, utc_now)
    for kind, file in files.items():
        ran = await run(shop, "import", kind, file, "--yes")
        assert ran.code == 0, ran.out + ran.err
    again, after = await known(other, ANA), await counts(other)
    await other.close()
    await databases.drop(elsewhere)
    assert again.contact.first_name == "Ana"
    assert again.contact.enrolled_at == ana.contact.enrolled_at
    assert again.snapshot.subscriptions == ana.snapshot.subscriptions
    assert again.snapshot.wallet.available_minor == ana.snapshot.wallet.available_minor == 500
    for table in ("contact", "address", "consent", "entry", "shop_order", "order_line"):
        assert after[table] == before[table], table


async def test_what_is_the_same_in_every_row_must_be_readable(shop: Terminal, database: Database) -> None:
    shop.write("map.yaml", "columns: {external: user_id}\nvalues: {enrolled_at: yesterday}\n")
    ran = await import_(shop, "contacts", "user_id\nu1\n", "--map", "map.yaml")
    assert ran.code == 2
    assert "`values`: `enrolled_at` 'yesterday' is no time like" in ran.err
    assert (await counts(database))["contact"] == 0


async def test_of_two_who_import_one_file_one_is_refused(database: Database) -> None:
    now = utc_now()
    run_ = import_runs.ImportRun("a" * 32, "contacts", "a.csv", "b" * 64, now, now)
    one = await database.transact(lambda c: import_runs.begin(c, run_))
    other = await database.transact(lambda c: import_runs.begin(c, run_))
    assert one == other
    more = import_runs.Counts(taken=3, rejected={"phone": 1}, written=9)
    further = await database.transact(lambda c: import_runs.advance(c, one, 4, more, now, is_over=False))
    with pytest.raises(import_runs.TakenOver, match="another process imports this file just now"):
        await database.transact(lambda c: import_runs.advance(c, other, 4, more, now, is_over=False))
    over = await database.transact(lambda c: import_runs.advance(c, further, 6, more, now, is_over=True))
    assert (over.position, over.counts.taken, over.counts.rejected, over.counts.written) == (
        6,
        6,
        {"phone": 2},
        18,
    )
    assert await database.query(lambda c: import_runs.find(c, run_.id)) == over


async def test_how_far_it_is_is_shown_on_a_terminal_alone(
    shop: Terminal, database: Database, settings: Settings
) -> None:
    quiet = await import_(shop, "contacts", CONTACTS)
    assert quiet.err == ""
    shop.write("b.csv", CONTACTS)
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "regulars"),
        *("import", "contacts", "b.csv", "--yes", "--region", "US", "--again"),
        cwd=shop.folder,
        env={**os.environ, "DATABASE_URL": settings.database_url, "TERM": "xterm", "COLUMNS": "100"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    out, _ = await process.communicate()
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "4 rows: 3 known before, 1 rejected." in out.decode()
    assert "4 rows, 1 rejected" in shown
