"""A wallet's history as it is read back: page by page, with what explains it, and as of any time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import cast

from bot.core.contact import Order
from bot.core.ledger.books import Undoing
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Cause
from bot.core.ledger.explained import Explanation, Page, Place, Sums, explain_page
from bot.core.ledger.lots import Grant, Terms, days_good
from bot.core.ledger.phrases import Teller, tell_with_day
from bot.core.money import money
from bot.core.turn import Turn
from bot.storage import explaining, history, past
from bot.storage.driver import Asked, Connection, Database, Record, Statement
from tests.storage.scripted import NOW, contacts, turn

DAY = timedelta(days=1)


def of_order(key: str, order: str) -> Cause:
    return Cause(key, "shop", source_type="order", source_id=order)


def grant(amount: int, at: datetime, days: int = 60, grace: int = 0) -> Grant:
    last_day = at.date() + timedelta(days=days)
    return Grant(amount, days_good(at, last_day, "UTC", grace * DAY), "promotional", "earning", "p@1")


def told(explanation: Explanation, now: datetime = NOW) -> list[str]:
    teller = Teller("en_US", "UTC", now, lambda minor: money(minor, "USD", 2, "en_US"), {})
    return [tell_with_day(line, teller) for line in explanation.lines]


async def a_life(database: Database) -> str:
    """A member who earned, was capped, paid, and returned half."""
    (contact,) = await contacts(database)
    order, other = (f"{number:030x}{contact[-2:]}" for number in (1, 2))

    def earn(one: Turn) -> None:
        one.place_order(Order(order, "shop", one.now, (), 5000, reference="1042"))
        one.place_order(Order(other, "shop", one.now, (), 20, reference="1043"))
        entry = one.books.earn(grant(28, one.now), one.now, of_order("e", order))
        record = EarnRecord(
            source=f"order/{order}",
            rule="tea",
            wallet="main",
            entry_id=entry.id,
            lot_id=entry.draws[0].of_lot,
            desired_minor=50,
            granted_minor=28,
            by_line_minor=(),
            because=(),
            policy="p@1",
            at=one.now,
        )
        one.keep("earned", f"order/{order}/tea", record)

    def pay(one: Turn) -> None:
        hold = one.books.hold(other, 20, DAY, one.now, Cause("h", "shop"))
        one.books.capture(hold.id, 12, one.now, Cause("c", "shop"))

    def give_back(one: Turn) -> None:
        captured = one.needed("undoing", captured_id[0])
        assert isinstance(captured, Undoing)
        one.books.restore(replace(captured, share=Fraction(1, 2)), one.now, Cause("b", "shop"))

    await turn(database, contact, "earn", earn)
    await turn(database, contact, "pay", pay, NOW + DAY)
    found = await database.query(lambda c: history.entries_of(c, contact))
    captured_id = [entry.id for entry in found if entry.reason.value == "capture"]
    await turn(database, contact, "back", give_back, NOW + 2 * DAY)
    return contact


async def explanation(
    database: Database, contact: str, now: datetime, place: Place = (), most: int = 20
) -> Explanation:
    return await database.query(lambda c: explaining.explanation(c, contact, now, place=place, most=most))


async def test_what_explains_a_line_is_read_with_it(database: Database) -> None:
    contact = await a_life(database)
    assert told(await explanation(database, contact, NOW + 2 * DAY)) == [
        "Mar 3: +$0.06 back from order 1043, good through Apr 30",
        "Mar 2: $0.12 set aside was used for order 1043, $0.08 came back",
        "Mar 2: -$0.20 set aside for order 1043",
        "Mar 1: +$0.28 for order 1042 ($0.50 without the limit), good through Apr 30",
    ]


async def test_an_entry_is_found_by_the_key_of_what_caused_it_with_what_undid_it(database: Database) -> None:
    contact = await a_life(database)
    found = await database.query(lambda c: history.entries_of(c, contact))
    (captured,) = [entry for entry in found if entry.reason.value == "capture"]

    async def by_key(connection: Connection) -> list[object]:
        return [await past.undoing_keyed(connection, contact, key) for key in ("c", "b", "cc", "")]

    (whole, *others) = await database.query(by_key)
    assert whole == await database.query(lambda c: past.undoing(c, contact, captured.id))
    assert isinstance(whole, Undoing)
    assert [entry.key for entry in whole.earlier] == ["b"]
    assert [other is None for other in others] == [False, True, True]


async def test_pages_follow_one_another_and_carry_forward(database: Database) -> None:
    contact = await a_life(database)
    now = NOW + 2 * DAY
    first = await explanation(database, contact, now, most=3)
    assert [line.number for line in first.lines] == [4, 3, 2]
    assert (first.carried, first.older) == (Sums(available_minor=28), (1,))
    second = await explanation(database, contact, now, first.older, most=3)
    assert [line.number for line in second.lines] == [1]
    assert second.lines[0].after == first.carried
    assert (second.carried, second.older) == (Sums(), ())


@dataclass
class Counted:
    """A connection that counts the rows it gives back."""

    inner: Connection
    rows: int = 0

    async def read(self, statement: Statement, **parameters: object) -> Sequence[Record]:
        """See `Connection.read`."""
        (found,) = await self.read_all([(statement, parameters)])
        return found

    async def read_all(self, many: Sequence[Asked]) -> list[Sequence[Record]]:
        """See `Connection.read_all`."""
        found = await self.inner.read_all(many)
        self.rows += sum(map(len, found))
        return found


async def test_a_texted_page_costs_what_it_holds_whichever_it_is(database: Database) -> None:
    (contact,) = await contacts(database)

    def earn(one: Turn) -> None:
        for number in range(18):
            one.books.earn(grant(1, one.now), one.now, of_order(f"e{number}", "o"))

    await turn(database, contact, "earn", earn)

    async def texted(number: int) -> tuple[list[int], int, int]:
        async def read(connection: Connection) -> tuple[Page, int]:
            counted = Counted(connection)
            found = await explaining.texted_page(cast("Connection", counted), contact, f"main {number}")
            return found, counted.rows

        page, rows = await database.query(read)
        return [entry.number for entry in page.entries], page.after.available_minor, rows

    *second, cost = await texted(2)
    assert second == [[9, 10, 11, 12, 13], 13]
    assert await texted(3) == ([4, 5, 6, 7, 8], 8, cost)
    assert (await texted(4))[:2] == ([1, 2, 3], 3)
    for none in (5, 999_999):
        *nothing, cost = await texted(none)
        assert (nothing, cost) == ([[], 0], 1)


async def test_what_ended_is_told_whether_or_not_it_is_booked(database: Database) -> None:
    contact = await a_life(database)
    much_later = NOW + 90 * DAY
    found = await explanation(database, contact, much_later, most=2)
    assert told(found, much_later)[0] == "May 30: -$0.22 ended (for order 1042)"
    assert found.lines[0].after == Sums()
    page = await database.query(lambda c: explaining.page(c, contact, most=2))
    assert explain_page(page, None, much_later).lines[0].number == 4


async def test_the_balance_of_any_past_time_is_what_was_shown_then(database: Database) -> None:
    (contact,) = await contacts(database)
    shown: list[tuple[datetime, int, int]] = []

    async def do(number: int, days: int) -> None:
        at = NOW + days * DAY

        def deed(one: Turn) -> None:
            if number % 3 == 2:
                one.books.redeem(10, at, Cause(f"{number}", "shop"))
            elif number % 3 == 1:
                later = replace(grant(40, at), terms=Terms(at + 2 * DAY, "UTC"))
                one.books.earn(later, at, Cause(f"{number}", "shop"))
            else:
                one.books.earn(grant(40, at, days=3, grace=2), at, Cause(f"{number}", "shop"))
            balance = one.books.balance(at)
            shown.append((at, balance.available_minor, balance.pending_minor))

        await turn(database, contact, f"do {number}", deed, at)

    for number, days in enumerate((0, 1, 2, 4, 5, 8, 9, 20, 24)):
        await do(number, days)
    for at, available, pending in shown:
        then = await database.query(lambda c, at=at: history.balance_at(c, contact, at))  # type: ignore[misc]  # bound now
        assert (then.available_minor, then.pending_minor) == (available, pending), at
    between = shown[0][0] + timedelta(hours=12)
    assert (await database.query(lambda c: history.balance_at(c, contact, between))).available_minor == 40
    before = await database.query(lambda c: history.balance_at(c, contact, NOW - DAY))
    assert (before.available_minor, before.pending_minor) == (0, 0)


async def test_wallets_have_histories_of_their_own(database: Database) -> None:
    (contact,) = await contacts(database)

    def earn(one: Turn) -> None:
        one.books.earn(grant(40, one.now), one.now, of_order("a", "1"))
        one.wallet("card/coffee").earn(grant(3, one.now), one.now, of_order("b", "1"))

    await turn(database, contact, "earn", earn)
    names: Sequence[str] = await database.query(lambda c: history.wallet_names(c, contact))
    assert names == ["card/coffee", "main"]
    stamps = await database.query(lambda c: explaining.explanation(c, contact, NOW, "card/coffee"))
    assert [line.change.available_minor for line in stamps.lines] == [3]
    then = await database.query(lambda c: history.balance_at(c, contact, NOW, "card/coffee"))
    assert then.available_minor == 3
    others = await database.query(lambda c: history.other_balances(c, contact, NOW))
    assert {name: one.available_minor for name, one in others.items()} == {"card/coffee": 3}
