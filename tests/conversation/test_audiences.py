"""Who comes into an audience and leaves it, and when it is said: on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation import building
from bot.core.audiences.audience import Topic
from bot.core.audiences.figures import BROKEN_FIGURES
from bot.core.ids import bucket_of
from bot.jobs.audiences import AudienceUpkeep
from bot.storage import audience_sizes, members, revisions
from bot.storage.driver import Database, Statement
from tests.conversation.keeping import HIGH_VALUE, NOON, Kept, Make
from tests.storage.scripted import open_at

DAY = timedelta(days=1)
_JOIN = Statement("""
    INSERT INTO joined (bucket, contact, other, at, undone_at, facts)
    VALUES (:bucket, :contact, :other, 1, NULL, '{}')
""")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database; the test runs once for each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def make(database: Database) -> Make:
    """Publishes audiences on the database."""
    return lambda audiences, traits="": Kept.of(database, audiences, traits)


async def test_the_third_order_brings_somebody_in_and_ninety_days_take_them_out(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    ana = await kept.contact()
    await kept.order(ana, ago=30 * DAY)
    await kept.order(ana)
    assert await kept.audiences(ana) == set()
    await kept.order(ana)
    assert await kept.audiences(ana) == {"high_value"}
    assert await kept.moves(ana) == ["+high_value"]
    await kept.order(ana)  # whoever is in does not come in again
    assert await kept.moves(ana) == ["+high_value"]
    assert await kept.later(days=61) == 1  # the first order is too old, and three are left
    assert await kept.audiences(ana) == {"high_value"}
    assert await kept.later(days=29, seconds=-1) == 0
    assert await kept.later(seconds=1) == 1
    assert await kept.audiences(ana) == set()
    assert await kept.moves(ana) == ["+high_value", "-high_value"]
    assert await kept.later(days=1000) == 0  # nothing that time could change is left


async def test_the_window_alone_is_not_enough(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    bob = await kept.contact()
    for _ in range(5):
        await kept.order(bob, 50)
    assert await kept.audiences(bob) == set()  # 250 in all
    await kept.order(bob, 50.01, ago=500 * DAY)  # late, and long ago: it counts for the sum
    assert await kept.audiences(bob) == {"high_value"}


async def test_coming_in_and_leaving_start_flows_once_each(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    ana = await kept.contact()
    await kept.order(ana)
    await kept.order(ana)
    stored = await kept.happens(ana, ("Order Completed", {"revenue": 1}))
    ((contact, trigger),) = stored
    assert contact == ana
    assert trigger.key.startswith("audience:high_value:entered:")
    assert trigger.payload["name"] == "Audience Entered"
    assert trigger.payload["properties"] == {"audience": "high_value"}
    await kept.later(days=91)
    kept.now += timedelta(hours=1)
    for _ in range(3):
        await kept.order(ana)
    keys = await kept.rows("""SELECT t.key, t.state FROM "trigger" t ORDER BY t.at, t.key""")
    assert [key.rpartition(":")[0] for key, _ in keys] == [
        "audience:high_value:entered",
        "audience:high_value:left",
        "audience:high_value:entered",
    ]
    assert {state for _, state in keys} == {"new"}


async def test_within_one_instant_each_time_is_another(make: Make) -> None:
    kept = make("vips:\n  trait: {plan: pro}\n")
    await kept.built()
    ana = await kept.contact()
    for plan in ("pro", "free", "pro", "free", "pro"):
        await kept.changes(ana, Topic.CONTACT, attributes={"plan": plan})
    assert await kept.moves(ana) == ["+vips", "-vips", "+vips", "-vips", "+vips"]
    assert await kept.rows("""SELECT COUNT(DISTINCT t.key) FROM "trigger" t""") == [(5,)]


async def test_who_is_in_when_it_is_first_built_has_not_come_in(make: Make) -> None:
    kept = make(HIGH_VALUE)
    ana, bob = await kept.contact(), await kept.contact()
    for _ in range(3):
        await kept.happens(ana, ("Order Completed", {"revenue": 101}), keeps=False)
    await kept.happens(bob, ("Order Completed", {"revenue": 1000}), keeps=False)
    assert await kept.built() == 256
    assert await kept.audiences(ana) == {"high_value"}
    assert await kept.audiences(bob) == set()
    assert await kept.moves(ana) == []
    assert await kept.rows("""SELECT t.key FROM "trigger" t""") == []
    await kept.order(bob)
    await kept.order(bob)
    assert await kept.moves(bob) == ["+high_value"]  # later is later
    await kept.later(days=91)
    assert await kept.moves(ana) == ["-high_value"]
    assert await kept.built() == 0


async def test_what_happens_before_it_is_built_counts_with_all_that_was(make: Make) -> None:
    kept = make(HIGH_VALUE)
    ana = await kept.contact()
    for _ in range(2):
        await kept.happens(ana, ("Order Completed", {"revenue": 200}), keeps=False)
    await kept.order(ana)
    assert await kept.audiences(ana) == {"high_value"}
    assert await kept.moves(ana) == []  # it is being made: who is in has not come in
    await kept.built()
    assert await kept.moves(ana) == []
    ((n, total),) = await kept.rows("SELECT MAX(t.n), MAX(t.total) FROM computed_trait t")
    assert (n, total) == (3, 550_000_000)


async def test_another_definition_brings_in_and_takes_out_and_says_so(make: Make) -> None:
    kept = make("spenders:\n  sum: {event: Order Completed, property: revenue}\n  is: '> 300'\n")
    await kept.built()
    ana, bob = await kept.contact(), await kept.contact()
    await kept.order(ana, 400)
    await kept.order(bob, 200)
    kept.publish("spenders:\n  sum: {event: Order Completed, property: revenue}\n  is: '< 300'\n")
    await kept.built()
    assert await kept.moves(ana) == ["+spenders", "-spenders"]
    assert await kept.moves(bob) == ["+spenders"]


async def test_what_is_gone_is_dropped_and_new_when_it_comes_back(make: Make) -> None:
    kept = make("one:\n  event: Order Completed\nother:\n  event: Order Refunded\n")
    await kept.built()
    ana = await kept.contact()
    await kept.order(ana)
    kept.publish("other:\n  event: Order Refunded\n")
    await kept.built()
    assert await kept.rows("SELECT COUNT(*) FROM audience_member") == [(0,)]
    assert await kept.rows("SELECT COUNT(*) FROM computed_trait") == [(0,)]
    assert await kept.moves(ana) == ["+one"]
    kept.publish("one:\n  event: Order Completed\nother:\n  event: Order Refunded\n")
    await kept.built()
    assert await kept.audiences(ana) == {"one"}
    assert await kept.moves(ana) == ["+one"]


async def test_who_goes_by_an_older_publication_drops_nothing_of_a_newer_one(make: Make) -> None:
    kept = make("one: {event: Order Completed}")
    ana = await kept.contact()
    await kept.happens(ana, ("Order Refunded", {}))
    await kept.built()
    older = kept.decisions
    late = AudienceUpkeep(kept.database, kept.keeping, lambda: older, lambda: kept.now, asyncio.Event())
    kept.publish("one: {event: Order Completed}\ntwo: {event: Order Refunded}")
    await kept.built()
    for _ in range(2):
        await late.build()
        kept.now += timedelta(seconds=5)
    assert await kept.audiences(ana) == {"two"}
    assert await kept.rows("SELECT COUNT(*) FROM built b WHERE b.what = 'audience:two'") == [(256,)]
    assert await kept.rows("SELECT MAX(t.n) FROM computed_trait t") == [(1,)]


async def test_what_comes_back_is_not_taken_for_built_by_who_knew_it_before(make: Make) -> None:
    season = "few: {event: Order Completed, count: '< 3'}\nbuyers: {event: Order Completed}"
    kept = make(season)
    ana = await kept.contact()
    for _ in range(5):
        await kept.happens(ana, ("Order Completed", {}), keeps=False)
    await kept.built()
    other = Kept(kept.database, kept.decisions)  # another process
    await other.happens(ana, ("Order Completed", {}))
    kept.publish("refunded: {event: Order Refunded}")
    await kept.built()
    kept.publish(season)
    await kept.database.transact(lambda c: revisions.touch(c, kept.decisions.generation))
    other.decisions = kept.decisions
    assert await other.happens(ana, ("Order Completed", {})) == []
    assert await other.audiences(ana) == {"buyers"}
    await kept.built()
    assert await kept.audiences(ana) == {"buyers"}
    assert await kept.moves(ana) == []


async def test_what_happened_while_the_files_were_broken_counts_once_they_are_mended(make: Make) -> None:
    kept = make("one: {event: A, count: '> 1'}")
    await kept.built()
    ana, bob = await kept.contact(), await kept.contact()
    await kept.happens(ana, ("A", {}))
    mended = kept.decisions
    kept.decisions = replace(mended, shop=replace(mended.shop, figures=BROKEN_FIGURES))
    await kept.happens(ana, ("A", {}))
    await kept.happens(bob, ("A", {}), ("A", {}))
    assert await kept.built() == 0
    kept.publish("one: {event: A, count: '> 1'}")
    await kept.built()
    assert [await kept.audiences(one) for one in (ana, bob)] == [{"one"}, {"one"}]
    assert [await kept.moves(one) for one in (ana, bob)] == [["+one"], ["+one"]]
    await kept.happens(ana, ("A", {}))
    assert await kept.rows("SELECT t.n FROM computed_trait t ORDER BY t.n") == [(2,), (3,)]


async def test_what_others_say_is_not_built_is_built_anew(make: Make) -> None:
    kept = make("one: {event: Order Completed}")
    ana = await kept.contact()
    await kept.happens(ana, ("Order Completed", {}), keeps=False)
    await kept.built()
    await kept.database.transact(lambda c: building.forget(c, "", ["audience:one"], bucket_of(ana)))
    assert await kept.audiences(ana) == set()
    assert await kept.built() == 0  # it is not asked each time
    kept.now += timedelta(minutes=10)
    assert await kept.built() == 1
    assert await kept.audiences(ana) == {"one"}


async def test_audiences_name_each_other_and_move_together(make: Make) -> None:
    kept = make("""
        buyers: {event: Order Completed}
        others: {none: [{audience: buyers}]}
        loyal: {all: [{audience: buyers}, {member: true}]}
    """)
    await kept.built()
    ana = await kept.contact(enrolled_at=NOON)
    await kept.happens(ana, newcomers=[ana])
    assert await kept.audiences(ana) == {"others"}
    await kept.order(ana)
    assert await kept.audiences(ana) == {"buyers", "loyal"}
    assert sorted(await kept.moves(ana)) == ["+buyers", "+loyal", "+others", "-others"]


async def test_an_audience_may_listen_to_others_being_entered(make: Make) -> None:
    kept = make("""
        buyers: {event: Order Completed}
        once_buyers: {event: Audience Entered, where: {audience: buyers}}
    """)
    await kept.built()
    ana = await kept.contact()
    await kept.order(ana)
    assert await kept.audiences(ana) == {"buyers", "once_buyers"}


async def test_who_has_become_another_does_not_come_in_twice(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    known, unknown = await kept.contact(), await kept.contact()
    for _ in range(3):
        await kept.order(unknown)
    assert await kept.moves(unknown) == ["+high_value"]
    await kept.order(known)
    await _join(kept, known, unknown)
    assert await kept.audiences(known) == {"high_value"}
    assert await kept.moves(known) == []
    assert await kept.audiences(unknown) == set()
    await kept.later(days=91)
    assert await kept.moves(known) == ["-high_value"]


async def test_what_two_have_done_together_brings_them_in(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    known, unknown = await kept.contact(), await kept.contact()
    for contact in (known, unknown):
        await kept.order(contact)
        await kept.order(contact)
    await _join(kept, known, unknown)
    assert await kept.moves(known) == ["+high_value"]
    ((n,),) = await kept.rows(
        "SELECT MAX(t.n) FROM computed_trait t WHERE t.contact = :contact", contact=known
    )
    assert n == 4
    await kept.order(known)
    ((n,),) = await kept.rows(
        "SELECT MAX(t.n) FROM computed_trait t WHERE t.contact = :contact", contact=known
    )
    assert n == 5


async def test_what_retention_removed_counts_on_for_whom_somebody_becomes(make: Make) -> None:
    kept = make("many: {event: A, count: '> 4'}\nfew: {event: A, count: '> 0', within: 90d}")
    await kept.built()
    known, unknown, third = [await kept.contact() for _ in range(3)]
    await kept.happens(unknown, ("A", {}), ("A", {}), ("A", {}))
    await kept.happens(third, ("A", {}))
    await kept.database.transact(lambda c: c.run(Statement("DELETE FROM event WHERE name = 'A'"), [{}]))
    await kept.happens(known, ("A", {}))
    await _join(kept, unknown, third)
    await _join(kept, known, unknown)
    assert await kept.audiences(known) == {"many", "few"}
    found = await kept.rows(
        "SELECT t.n FROM computed_trait t WHERE t.contact = :known ORDER BY t.n", known=known
    )
    assert found == [(1,), (5,)]  # what has a window is made of what there is


async def test_who_is_no_part_any_more_takes_what_they_did_along(make: Make) -> None:
    kept = make("done: {event: A}")
    await kept.built()
    known, unknown = await kept.contact(), await kept.contact()
    await kept.happens(unknown, ("A", {}))
    await _join(kept, known, unknown)
    assert await kept.audiences(known) == {"done"}
    await kept.changes(unknown, Topic.CONTACT, merged_into=None)
    await kept.database.transact(lambda c: c.run(Statement("UPDATE joined SET undone_at = 2"), [{}]))
    await kept.happens(known, parted=[known, unknown])
    assert [await kept.audiences(one) for one in (known, unknown)] == [set(), {"done"}]
    counts = await kept.rows("SELECT t.contact, t.n FROM computed_trait t WHERE t.n > 0")
    assert counts == [(unknown, 1)]


async def test_who_was_erased_is_in_nothing(make: Make) -> None:
    kept = make("everybody_else: {none: [{event: Order Completed}]}")
    await kept.built()
    ana = await kept.contact(attributes={"erased_at": NOON.isoformat()})
    await kept.order(ana)
    await kept.changes(ana, Topic.CONTACT)
    assert await kept.rows("SELECT COUNT(*) FROM audience_member") == [(0,)]
    assert await kept.rows("SELECT COUNT(*) FROM computed_trait") == [(0,)]
    kept.publish("everybody: {none: [{event: Order Completed, count: '> 5'}]}")
    await kept.built()
    assert await kept.rows("SELECT COUNT(*) FROM audience_member") == [(0,)]


async def test_what_is_imported_starts_no_flow(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    ana = await kept.contact()
    stored = await kept.happens(ana, *[("Order Completed", {"revenue": 200})] * 3, starts_flows=False)
    assert stored == []
    assert await kept.moves(ana) == ["+high_value"]
    assert await kept.rows("""SELECT t.key FROM "trigger" t""") == []


async def test_the_shop_is_told_in_segments_shapes(make: Make) -> None:
    kept = make("buyers: {event: Order Completed, sync: [identify, track]}")
    await kept.built()
    ana = await kept.contact()
    await kept.order(ana)
    calls = await kept.rows("SELECT c.kind, c.payload FROM call c ORDER BY c.kind")
    assert [kind for kind, _ in calls] == ["audience.identify", "audience.track"]
    assert '"traits":{"buyers":true}' in calls[0][1]
    assert f'"userId":"{ana}"' in calls[0][1]
    assert '"event":"Audience Entered"' in calls[1][1]
    assert '"properties":{"audience_key":"buyers","buyers":true}' in calls[1][1]


async def test_the_first_time_the_shop_is_told_of_all_members(make: Make) -> None:
    kept = make("buyers: {event: Order Completed, sync: identify}")
    contacts = [await kept.contact() for _ in range(3)]
    for contact in contacts[:2]:
        await kept.happens(contact, ("Order Completed", {}), keeps=False)
    await kept.built()
    calls = await kept.rows("SELECT c.contact FROM call c")
    assert {row[0] for row in calls} == set(contacts[:2])


async def test_sizes_are_kept_by_day(make: Make, database: Database) -> None:
    kept = make("buyers: {event: Order Completed, within: 30d}")
    await kept.built()
    contacts = [await kept.contact() for _ in range(5)]
    for contact in contacts:
        await kept.order(contact)
    assert await kept.upkeep.count() == 1
    assert await kept.upkeep.count() == 0  # as it was
    first = kept.now.date()
    await kept.later(days=31)
    assert await kept.upkeep.count() == 1
    history = await database.query(lambda c: audience_sizes.history(c, "buyers", first))
    assert [(one.day, one.size) for one in history] == [(first, 5), (first + 31 * DAY, 0)]
    listed = await database.query(lambda c: members.listed(c, "buyers", bucket_of(contacts[0]), "", 10))
    assert listed == []


async def test_at_the_same_time_nothing_is_lost_or_said_twice(make: Make) -> None:
    kept = make(HIGH_VALUE)
    await kept.built()
    ana = await kept.contact()
    await asyncio.gather(*(kept.order(ana, 10) for _ in range(40)))
    assert await kept.moves(ana) == ["+high_value"]
    ((n, total),) = await kept.rows("SELECT MAX(t.n), MAX(t.total) FROM computed_trait t")
    assert (n, total) == (40, 400_000_000)


async def test_building_while_things_happen_loses_nothing(make: Make) -> None:
    kept = make(HIGH_VALUE)
    contacts = [await kept.contact() for _ in range(12)]
    for contact in contacts:
        await kept.happens(contact, ("Order Completed", {"revenue": 200}), keeps=False)
    kept.now += timedelta(seconds=5)

    async def buy() -> None:
        for contact in contacts:
            await kept.order(contact)

    await asyncio.gather(kept.built(), buy(), buy())
    counts = await kept.rows("SELECT t.contact, MAX(t.n) FROM computed_trait t GROUP BY t.contact")
    assert sorted(counts) == sorted((contact, 3) for contact in contacts)
    for contact in contacts:
        assert await kept.audiences(contact) == {"high_value"}


async def _join(kept: Kept, survivor: str, other: str) -> None:
    """Let a contact become part of another, as its own turn and the other's do."""
    await kept.changes(other, Topic.CONTACT, merged_into=survivor)
    await kept.database.transact(
        lambda c: c.run(_JOIN, [{"bucket": bucket_of(survivor), "contact": survivor, "other": other}])
    )
    await kept.happens(survivor, joined={survivor: other})
