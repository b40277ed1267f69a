"""Codes that are taken once, whoever is behind one, who used a card first, and what was brought or given."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.core.ids import bucket_of, microseconds
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.loyalty.gifts import Recipient
from bot.core.loyalty.referral import Brought, Refusal, State, code_of
from bot.core.turn import Turn
from bot.storage import given, referrals
from bot.storage.driver import Connection, Database, Statement
from tests.storage.scripted import NOW, contacts, turn

_TAKE = Statement("""
    INSERT INTO directory (kind, value, bucket, contact) VALUES ('referral', :value, :bucket, :contact)
""")
_MERGE = Statement("UPDATE contact SET merged_into = :into WHERE bucket = :bucket AND id = :contact")


async def code(database: Database, contact_id: str) -> str:
    return await database.transact(lambda c: referrals.own_code(c, contact_id))


async def taken(database: Database, value: str, contact_id: str) -> None:
    own = {"value": value, "bucket": bucket_of(contact_id), "contact": contact_id}
    await database.transact(lambda c: c.run(_TAKE, [own]))


async def test_a_member_has_one_code_for_good(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    first = await code(database, ana)
    assert first == code_of(ana)
    assert await code(database, ana) == first
    assert await code(database, ben) != first


async def test_of_two_who_would_have_one_code_the_later_has_another(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    await taken(database, code_of(ana), ben)
    assert await code(database, ana) == code_of(ana, 1)
    assert await code(database, ana) == code_of(ana, 1)


async def test_many_who_ask_at_once_get_the_same(database: Database) -> None:
    (ana,) = await contacts(database)
    codes = await asyncio.gather(*(code(database, ana) for _ in range(8)))
    assert set(codes) == {code_of(ana)}


def enroll(one: Turn) -> None:
    one.enroll()


async def test_a_code_is_of_whoever_its_member_has_become(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    mine = await code(database, ana)

    async def behind(connection: Connection) -> Recipient | None:
        return await referrals.referrer(connection, ben, mine)

    assert await database.query(behind) == Recipient(ana, is_member=False)
    await turn(database, ana, "join", enroll)
    assert await database.query(behind) == Recipient(ana, is_member=True)
    merged = {"into": ben, "bucket": bucket_of(ana), "contact": ana}
    await database.transact(lambda c: c.run(_MERGE, [merged]))
    assert await database.query(behind) == Recipient(ben, is_member=False)
    (cleo,) = await contacts(database)
    await turn(database, cleo, "join", enroll)
    again = {"into": cleo, "bucket": bucket_of(ben), "contact": ben}
    await database.transact(lambda c: c.run(_MERGE, [again]))
    assert await database.query(behind) == Recipient(cleo, is_member=True)
    assert await database.query(lambda c: referrals.referrer(c, ben, "9Z9Z9Z")) is None


async def test_who_is_behind_a_number(database: Database) -> None:
    (ana,) = await contacts(database)
    number = f"sms:+1212{int(ana[-12:], 16)}"
    assert await database.query(lambda c: referrals.member_at(c, ana, number)) == Recipient(
        ana, is_member=False
    )
    assert await database.query(lambda c: referrals.member_at(c, ana, "sms:+19995550100")) is None


async def test_whoever_used_something_first_is_known_for_it(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    assert await database.transact(lambda c: referrals.first_users(c, ana, "h1,h2")) == {"h1": ana, "h2": ana}
    assert await database.transact(lambda c: referrals.first_users(c, ben, "h2,h3")) == {"h2": ana, "h3": ben}
    assert await database.transact(lambda c: referrals.first_users(c, ana, "h3,h3")) == {"h3": ben}


async def test_what_was_brought_is_read_back_as_it_was_kept(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    joined = Brought(ben, State.JOINED, NOW, NOW)
    refused = replace(joined, friend_id="0" * 32, state=State.REFUSED, reason=Refusal.SAME_DEVICE)
    rewarded = replace(
        joined,
        friend_id="1" * 32,
        state=State.QUALIFIED,
        reward_minor=500,
        active_from=NOW + timedelta(days=14),
        entry_id="e" * 32,
    )

    def keep(one: Turn) -> None:
        for brought in (joined, refused, rewarded):
            one.keep("referral", brought.friend_id, brought)

    await turn(database, ana, "keep", keep)
    assert await database.query(lambda c: referrals.brought(c, ana, ben)) == joined
    assert await database.query(lambda c: referrals.brought(c, ben, ana)) is None
    found = await database.query(lambda c: referrals.friends(c, ana))
    assert sorted(found, key=lambda one: one.friend_id) == sorted(
        (joined, refused, rewarded), key=lambda one: one.friend_id
    )


async def test_what_was_given_is_summed_without_what_came_back(database: Database) -> None:
    (ana,) = await contacts(database)
    entries: dict[str, str] = {}

    def give(one: Turn) -> None:
        grant = Grant(1_000, Terms(NOW - timedelta(days=3), "UTC"), "promotional", "test", "program@1")
        one.books.earn(grant, NOW - timedelta(days=3), Cause("earn", "tester"))
        for name, days in (("old", 2), ("new", 0), ("back", 0)):
            at = NOW - timedelta(days=days)
            entries[name] = one.books.give(100, at, Cause(f"give/{name}", "tester", source_type="gift")).id

    async def since(days: int) -> int:
        at = str(microseconds(NOW - timedelta(days=days)))
        return await database.query(lambda c: given.given(c, ana, at))

    await turn(database, ana, "give", give)
    assert (await since(1), await since(3)) == (200, 300)

    def come_back(one: Turn) -> None:
        undoing = one.needed("undoing", entries["back"])
        one.books.get_back(undoing, NOW, Cause("back", "tester"), timedelta(0))  # type: ignore[arg-type]  # it is one

    await turn(database, ana, "back", come_back)
    assert (await since(1), await since(3)) == (100, 200)
