"""What turns leave behind, and what they do not."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bot.conversation.batch import Batch, TurnFailed
from bot.core.contact import Address, Contact
from bot.core.ids import bucket_of, derived_id, microseconds
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms, days_good
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage import rows, turns
from bot.storage.driver import Connection, Database
from bot.storage.snapshots import Wanted, load_snapshots
from tests.storage.scripted import NOW, Script, asked, contacts, conversation, stored, turn, work

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def earn(
    amount: int, key: str, *, delay: timedelta = timedelta(0), on: date | None = None
) -> Callable[[Turn], None]:
    def deed(turn: Turn) -> None:
        active_from = turn.now + delay
        terms = days_good(active_from, on, "UTC", timedelta(0)) if on else Terms(active_from, "UTC")
        turn.books.earn(Grant(amount, terms, "promotional", "test", "p@1"), turn.now, Cause(key, "tester"))

    return deed


def redeem(amount: int, key: str) -> Callable[[Turn], None]:
    return lambda turn: void(turn.books.redeem(amount, turn.now, Cause(key, "tester")))


def void(_: object) -> None:
    """What a deed made is looked up in the tables."""


async def left(database: Database) -> dict[str, int]:
    """How many rows each table of a turn holds."""
    names = ("trigger", "run", "outbox", "event", "wallet", "lot", "entry", "draw", "hold", "call", "notice")
    return {name: (await asked(database, f'SELECT COUNT(*) FROM "{name}"'))[0][0] for name in names}  # noqa: S608  # our names


async def test_a_failing_turn_leaves_no_trace(database: Database) -> None:
    (contact_id,) = await contacts(database)

    def fail(turn: Turn) -> None:
        earn(500, "e1")(turn)
        turn.say("You have credit.", flow="f", step="s")
        turn.track("Credit Granted", {})
        turn.set_field("first_name", "Ana")
        raise ZeroDivisionError

    with pytest.raises(TurnFailed):
        await turn(database, contact_id, "t1", fail)
    assert set((await left(database)).values()) == {0}
    assert await asked(database, "SELECT first_name FROM contact") == [(None,)]


async def test_a_failing_statement_takes_the_whole_batch_back(database: Database) -> None:
    """The second turn writes an entry under a key that its wallet knows: the database refuses."""
    good, bad = await contacts(database, 2)
    await turn(database, bad, "t1", earn(500, "once"))
    before = await left(database)
    script = Script({"t2": earn(500, "e2"), "t3": earn(500, "once")})
    batch = Batch(conversation(script), [work("t2", good), work("t3", bad)])
    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.transact(batch.run)
    assert await left(database) == before


async def test_a_batch_is_decided_under_one_publication(database: Database) -> None:
    """Another one comes into force while the batch runs: it counts from the next batch on."""
    first, second = await contacts(database, 2)

    def publish(_: Turn) -> None:
        place.decider = Script()

    place = conversation(Script({"t1": publish, "t2": earn(500, "e2")}))
    await database.transact(Batch(place, [work("t1", first), work("t2", second)]).run)
    assert await asked(database, "SELECT key FROM entry") == [("e2",)]


async def test_a_trigger_is_handled_once(database: Database) -> None:
    (contact_id,) = await contacts(database)
    first = await turn(database, contact_id, "t1", earn(500, "e1"))
    again = await turn(database, contact_id, "t1", earn(500, "e2"))
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert await asked(database, "SELECT key FROM entry") == [("e1",)]


async def test_a_stored_trigger_is_taken_once_even_when_dead(database: Database) -> None:
    (contact_id,) = await contacts(database)
    trigger = Trigger("t1", TriggerKind.START, NOW)
    for state, taken in (("new", True), ("done", False), ("dead", True)):
        row = rows.trigger_row(contact_id, trigger, state=state)
        key = f"t-{state}"
        changed = (*row[:2], key, *row[3:])
        assert await database.transact(lambda c, row=changed: turns.claim(c, [row])) == [True]  # type: ignore[misc]  # bound now
        for expected in (taken, False):
            won = await database.transact(lambda c, key=key: turns.take(c, [(contact_id, key)]))  # type: ignore[misc]  # bound now
            assert won == ({(contact_id, key)} if expected else set())


async def test_a_stored_trigger_is_put_back_and_dies_after_its_tries(database: Database) -> None:
    (contact_id,) = await contacts(database)
    row = rows.trigger_row(contact_id, Trigger("t1", TriggerKind.START, NOW), state="new")
    await database.transact(lambda c: turns.claim(c, [row]))
    states = []
    for _ in range(3):
        await database.transact(
            lambda c: turns.fail_again(c, contact_id, "t1", "it broke", NOW + HOUR, tries=3)
        )
        states += await asked(database, 'SELECT state, attempts, due_at, failure FROM "trigger"')
    later = microseconds(NOW + HOUR)
    assert states == [
        ("new", 1, later, "it broke"),
        ("new", 2, later, "it broke"),
        ("dead", 3, later, "it broke"),
    ]


async def test_a_contact_is_created_once_whoever_comes_first(database: Database) -> None:
    ids = [derived_id(name, number) for number, name in enumerate(("first", "second", "third"))]
    people = [Contact(one, bucket_of(one), "en", "UTC", NOW) for one in ids]
    same, other = Address("sms", "+12125550100"), Address("sms", "+12125550101")
    newcomers = [(people[0], same), (people[1], same), (people[2], other)]
    assert await database.transact(lambda c: turns.create(c, newcomers, NOW)) == [True, False, True]
    assert await database.transact(lambda c: turns.create(c, newcomers, NOW)) == [False, False, False]
    found = await database.query(
        lambda c: turns.find(c, [("sms", same.value), ("sms", "+1"), ("sms", other.value)])
    )
    assert found == {("sms", same.value): ids[0], ("sms", other.value): ids[2]}
    assert await asked(database, "SELECT COUNT(*) FROM contact") == [(2,)]


async def test_processes_that_meet_the_same_strangers_in_another_order_all_get_through(
    database: Database,
) -> None:
    ids = [derived_id(f"stranger {number}", number) for number in range(40)]
    newcomers = [
        (Contact(one, bucket_of(one), "en", "UTC", NOW), Address("sms", f"+1212555{number:04}"))
        for number, one in enumerate(ids)
    ]
    in_another = [*reversed(newcomers)]
    won: list[list[bool]] = []
    for _ in range(3):
        won = await asyncio.gather(
            *(
                database.transact(lambda c, some=some: turns.create(c, some, NOW))  # type: ignore[misc]  # bound now
                for some in (newcomers, in_another, newcomers[10:], in_another[10:])
            )
        )
    assert not any(map(any, won)), "by now all are known"
    assert await asked(database, "SELECT COUNT(*) FROM contact") == [(40,)]


async def test_an_order_is_held_for_again_though_no_job_closed_the_hold_before(database: Database) -> None:
    """One turn times the old hold out and opens the new one: an order has one open hold at every moment."""
    (contact_id,) = await contacts(database)
    await turn(database, contact_id, "t1", earn(500, "e1"))

    def hold(turn: Turn) -> None:
        turn.books.hold("order 1", 300, HOUR, turn.now, Cause(turn.trigger.key, "tester"))

    await turn(database, contact_id, "t2", hold)
    await turn(database, contact_id, "t3", hold, NOW + 2 * HOUR)
    held = await asked(database, "SELECT state FROM hold ORDER BY expires_at")
    assert held == [("timed_out",), ("open",)]


async def test_the_lots_that_a_snapshot_carries_are_the_first_in_draw_order(database: Database) -> None:
    """Eleven lots end together; the older ones, which are drawn first, were stored last."""
    (contact_id,) = await contacts(database)
    day = (NOW + 20 * DAY).date()
    for number in range(11):
        await turn(
            database, contact_id, f"t{number}", earn(10, f"e{number}", delay=(11 - number) * HOUR, on=day)
        )
    await turn(database, contact_id, "activate", lambda turn: turn.books.settle(turn.now), NOW + DAY)
    await turn(database, contact_id, "spend", redeem(20, "spend"), NOW + 2 * DAY)
    snapshot = await database.query(lambda c: stored(c, contact_id))
    oldest = sorted(snapshot.lots, key=lambda lot: lot.active_from)[:2]
    assert [draw.lot_id for draw in snapshot.entries[-1].draws] == [lot.id for lot in oldest]


async def test_a_turn_that_needs_more_gets_every_lot(database: Database) -> None:
    (contact_id,) = await contacts(database)
    for number in range(12):
        day = (NOW + (number + 5) * DAY).date()
        await turn(database, contact_id, f"t{number}", earn(10, f"e{number}", on=day))
    await turn(database, contact_id, "spend", redeem(115, "spend"))
    left_over = await asked(database, "SELECT SUM(available_minor), COUNT(*) FROM lot")
    assert [tuple(map(int, row)) for row in left_over] == [(5, 12)]


async def test_a_snapshot_reads_back_what_turns_wrote(database: Database) -> None:
    (contact_id,) = await contacts(database)

    def deed(turn: Turn) -> None:
        earn(500, "e1", on=(NOW + 9 * DAY).date())(turn)
        turn.books.hold("order 1", 200, HOUR, turn.now, Cause("h1", "tester"))
        turn.enroll()
        turn.set_field("first_name", "Ana 安娜")
        turn.set_field("birthday", "1990-02-28")
        turn.set_field("zone", "America/New_York")
        turn.set_field("favourite", ["tea", 1, None, {"deep": True}])
        turn.change_address(Address("sms", "+12125550100", stopped_at=NOW, unusable_reason="landline"))
        made.append(turn)

    made: list[Turn] = []
    await turn(database, contact_id, "t1", deed)

    async def read(connection: Connection) -> None:
        found = await turns.lock(connection, [contact_id])
        snapshot = (await load_snapshots(connection, found, {contact_id: Wanted(lots=True)}))[contact_id]
        written, books = made[-1], made[-1].books
        assert found == {contact_id: written.contact}
        assert set(snapshot.addresses) == set(written.addresses.values())
        assert snapshot.wallet == books.wallet
        assert (tuple(snapshot.lots), tuple(snapshot.holds)) == (books.new_lots, books.new_holds)

    await database.transact(read)
