"""What the shop tells of orders, over both databases: kept as they are, paid, earned for once, given back."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, derived_id
from bot.core.ledger.entries import Account, Cause, Reason
from bot.core.ledger.lots import Grant, Terms
from bot.core.turn import Turn
from bot.storage import orders
from bot.storage.driver import Database
from tests.conversation.shop.till import Till, Told, shop_with
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.core.loyalty.ledger_operations import Snapshot
from tests.storage.scripted import asked, contacts, open_at, stored

PLAIN = shop_with(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "grace": "0d",
    }
)
TEA: dict[str, JsonValue] = {"sku": "TEA", "quantity": 4, "unit_minor": 500}
BEANS: dict[str, JsonValue] = {"sku": "BEANS", "quantity": 1, "unit_minor": 1000}
ORDER: Told = {"order": "A-1", "status": "paid", "lines": [TEA, BEANS]}
"""30.00, of which the tea is two thirds: it earns 1.50."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def till(database: Database) -> Till:
    """A member without credit."""
    return await Till.of_member(database, shop=PLAIN)


def moved(told: Told) -> dict[str, JsonValue]:
    """What a request did, without what it did nothing of."""
    found = told["moved"]
    assert isinstance(found, dict)
    return {name: amount for name, amount in found.items() if amount}


def sums(snapshot: Snapshot) -> tuple[int, int, int, int]:
    wallet = snapshot.wallet
    return wallet.available_minor, wallet.pending_minor, wallet.held_minor, wallet.debt_minor


def body(changes: Mapping[str, JsonValue]) -> Told:
    return {**ORDER, **changes}


async def events(till: Till, name: str) -> list[str]:
    found = await asked(
        till.database,
        "SELECT e.properties FROM event e WHERE e.contact = :contact AND e.name = :name ORDER BY e.id",
        contact=till.contact_id,
        name=name,
    )
    return [row[0] for row in found]


async def test_a_paid_order_is_kept_and_earns_once(till: Till) -> None:
    told = await till.ask("order.report", ORDER)
    assert (told["total_minor"], told["to_pay_minor"], moved(told)) == (3000, 3000, {"earned_minor": 150})
    again = await till.ask("order.report", ORDER)
    assert (again["total_minor"], moved(again)) == (3000, {})
    fulfilled = await till.ask("order.report", {"order": "A-1", "status": "fulfilled"})
    assert (fulfilled["status"], moved(fulfilled)) == ("fulfilled", {})
    assert sums(await till.books()) == (150, 0, 0, 0)
    for name in ("Order Placed", "Order Completed", "Credit Granted"):
        assert len(await events(till, name)) == 1


async def test_a_placed_order_earns_when_it_is_paid(till: Till) -> None:
    placed = await till.ask("order.report", body({"status": "placed"}))
    assert moved(placed) == {}
    assert await events(till, "Order Completed") == []
    assert moved(await till.ask("order.report", {"order": "A-1", "status": "paid"})) == {"earned_minor": 150}


async def test_what_is_late_changes_nothing(till: Till) -> None:
    await till.ask("order.report", ORDER)
    told = await till.ask("order.report", body({"status": "placed", "lines": [TEA]}))
    assert (told["status"], told["total_minor"]) == ("paid", 3000)
    stored = await till.database.query(lambda c: orders.on_record(c, till.contact_id, "A-1"))
    assert stored.order is not None
    assert [line.sku for line in stored.order.lines] == ["TEA", "BEANS"]


async def test_before_it_is_paid_an_order_may_change(till: Till) -> None:
    first: Told = {"status": "placed", "changed_at": "2026-03-01T08:00:00Z"}
    second: Told = {
        "status": "placed",
        "changed_at": "2026-03-01T08:05:00Z",
        "lines": [BEANS],
        "shipping_minor": 300,
    }
    await till.ask("order.report", body(first))
    told = await till.ask("order.report", body(second))
    assert told["total_minor"] == 1300
    late = await till.ask("order.report", body(first))
    assert late["total_minor"] == 1300
    paid = await till.ask("order.report", {"order": "A-1", "status": "paid"})
    assert moved(paid) == {"earned_minor": 50}, "shipping earns nothing"
    stored = await till.database.query(lambda c: orders.on_record(c, till.contact_id, "A-1"))
    assert stored.order is not None
    assert [line.sku for line in stored.order.lines] == ["BEANS"]


async def test_what_was_paid_does_not_change(till: Till) -> None:
    await till.ask("order.report", ORDER)
    problem = await till.refused("order.report", body({"lines": [TEA]}))
    assert (problem["status"], problem["what"]) == (409, "lines: what was paid does not change")


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"lines": None}, "lines: nothing is known of the order yet"),
        ({"lines": [{"sku": "X"}]}, "lines.0.unit_minor: no product 'X' is known"),
        ({"lines": [{**BEANS, "discount_minor": 1001}]}, "lines.0: `discount_minor` is more than"),
        ({"lines": [{"sku": "BEANS", "discount_minor": 1401}]}, "lines.0.discount_minor: is more than"),
        ({"discount_minor": 3001}, "discount_minor: is more than the order costs"),
        ({"credit_minor": 3001}, "credit_minor: is more than there is to pay"),
        ({"facts": {"_mine": 1}}, "`facts`: names that begin with _ are ours"),
        ({"status": "lost"}, "status: Input should be"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(till: Till, wrong: Told, what: str) -> None:
    problem = await till.refused("order.report", body(wrong))
    assert problem["status"] == 422
    assert what in str(problem["what"])
    assert (await till.database.query(lambda c: orders.on_record(c, till.contact_id, "A-1"))).order is None


async def test_an_order_pays_with_credit_that_it_does_not_earn_on(till: Till) -> None:
    await till.grant(1000)
    told = await till.ask("order.report", body({"credit_minor": 600}))
    assert moved(told) == {"earned_minor": 120}  # of 24.00
    assert [line["credit_minor"] for line in _lines(told)] == [400, 200]
    more = await till.ask("order.report", body({"credit_minor": 500}))
    assert more["credit_minor"] == 600, "less is late"
    assert sums(await till.books()) == (520, 0, 0, 0)


async def test_more_credit_than_there_is_leaves_nothing(till: Till) -> None:
    await till.grant(100)
    problem = await till.refused("order.report", body({"credit_minor": 600}))
    assert (problem["status"], problem["code"]) == (409, "not_enough_credit")
    assert (await till.database.query(lambda c: orders.on_record(c, till.contact_id, "A-1"))).order is None


async def test_who_is_no_member_earns_nothing_and_not_later_either(till: Till) -> None:
    stranger = replace(till, contact_id=(await _strangers(till))[0])
    assert moved(await stranger.ask("order.report", ORDER)) == {}
    await stranger.deed(Turn.enroll)
    assert moved(await stranger.ask("order.report", ORDER)) == {}


# What comes back


async def test_a_return_by_line_restores_and_takes_back_its_own_share(till: Till) -> None:
    await till.grant(600)
    await till.ask("order.report", body({"credit_minor": 600}))
    assert sums(await till.books()) == (120, 0, 0, 0)
    told = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 1}]})
    assert moved(told) == {"restored_minor": 100, "taken_back_minor": 20}
    assert (told["refunded_minor"], told["returned_credit_minor"]) == (400, 100)
    again = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 1}]})
    assert moved(again) == {}
    rest = await till.ask("order.refund", {"order": "A-1", "everything": True})
    assert moved(rest) == {"restored_minor": 500, "taken_back_minor": 100}
    assert rest["status"] == "refunded"
    assert sums(await till.books()) == (600, 0, 0, 0)
    assert len(await events(till, "Order Refunded")) == 2
    assert len(await events(till, "Credit Restored")) == 2


async def test_of_three_lots_the_last_to_end_comes_back_first_and_an_ended_one_as_grace(
    database: Database,
) -> None:
    graceful = replace(PLAIN, program=PLAIN.program.model_copy(update={"grace": timedelta(days=14)}))
    till = await Till.of_member(database, shop=graceful)
    ends = [till.now + timedelta(days=days) for days in (1, 10, 20)]
    for amount, end in zip((200, 200, 200), ends, strict=True):
        await till.grant(amount, until=end)
    await till.ask("order.report", body({"credit_minor": 500}))
    drawn = (await till.books()).entries[3].draws
    assert [draw.amount_minor for draw in drawn] == [200, 200, 100]
    till.wait(timedelta(days=2))
    await till.ask("order.refund", {"order": "A-1", "amount_minor": 750})  # three tenths of the cash
    half = (await till.books()).entries[-2]
    assert [(draw.lot_id, draw.amount_minor) for draw in half.draws] == [
        (drawn[2].lot_id, 100),
        (drawn[1].lot_id, 50),
    ]
    await till.ask("order.refund", {"order": "A-1", "everything": True})
    snapshot = await till.books()
    lots = {lot.id: lot for lot in snapshot.lots}
    assert [lots[draw.of_lot].expires_at for draw in drawn] == ends, "the old ends stay"
    (child,) = [lot for lot in snapshot.lots if lot.parent_lot_id == drawn[0].lot_id]
    assert child.available_minor == 200
    assert sums(snapshot) == (600, 0, 0, 0)


async def test_credit_that_was_spent_later_on_an_order_comes_back_first(till: Till) -> None:
    await till.grant(300, until=till.now + timedelta(days=10))
    await till.grant(600, until=till.now + timedelta(days=20))
    await till.ask("order.report", body({"status": "placed", "credit_minor": 300}))
    await till.ask("order.report", body({"credit_minor": 600}))
    first, second = [entry for entry in (await till.books()).entries if entry.reason is Reason.REDEEM]
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 3}]})
    back = [entry for entry in (await till.books()).entries if entry.reason is Reason.RESTORE]
    assert [(entry.reverses, entry.total_minor) for entry in back] == [(second.id, 300)]
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 4}]})
    back = [entry for entry in (await till.books()).entries if entry.reason is Reason.RESTORE]
    assert [(entry.reverses, entry.total_minor) for entry in back[1:]] == [(first.id, 100)]


async def test_an_order_from_before_rules_were_recorded_earns_no_second_time(till: Till) -> None:
    """A reorder of an older version: what it earned is known by the entry's key alone."""
    await till.ask("order.report", body({"status": "placed"}))
    order_id = derived_id("order/A-1", bucket_of(till.contact_id))
    grant = Grant(150, Terms(till.now, "UTC"), "promotional", "earning", "program@1")
    cause = Cause(f"earn/{order_id}", "contact", source_type="order", source_id=order_id)
    await till.deed(lambda turn: turn.books.earn(grant, turn.now, cause))
    assert moved(await till.ask("order.report", ORDER)) == {}
    told = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 2}]})
    assert moved(told) == {"taken_back_minor": 50}


async def test_without_grace_what_ended_is_told_to_be_lost(till: Till) -> None:
    await till.grant(300, until=till.now + timedelta(days=1))
    await till.ask("order.report", body({"credit_minor": 300}))
    till.wait(timedelta(days=2))
    told = await till.ask("order.cancel", {"order": "A-1"})
    assert moved(told) == {"lost_minor": 300, "taken_back_minor": 135}
    assert told["status"] == "canceled"
    assert len(await events(till, "Order Canceled")) == 1


async def test_what_was_earned_and_spent_is_owed_and_paid_first(till: Till) -> None:
    await till.ask("order.report", ORDER)
    other = body({"order": "A-2", "credit_minor": 150, "lines": [{**BEANS, "unit_minor": 150}]})
    await till.ask("order.report", other)
    told = await till.ask("order.refund", {"order": "A-1", "everything": True})
    assert moved(told) == {"taken_back_minor": 150, "owed_minor": 150}
    assert sums(await till.books()) == (0, 0, 0, 150)
    await till.ask("order.refund", {"order": "A-2", "everything": True})
    assert sums(await till.books()) == (0, 0, 0, 0)


SHORT = replace(
    PLAIN,
    program=PLAIN.program.model_validate(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "earning": {"rate": "5%"},
            "expiry": {"after": "10d"},
            "grace": "0d",
        }
    ),
)
"""What is earned ends after ten days."""


async def test_what_ended_unused_is_not_taken_twice(till: Till) -> None:
    """The 1.50 earned ended before the return: other credit stays untouched, and nothing is owed."""
    till = replace(till, shop=SHORT)
    await till.ask("order.report", ORDER)
    await till.grant(1000)
    till.wait(timedelta(days=11))
    first = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "BEANS", "quantity": 1}]})
    assert moved(first) == {"taken_back_minor": 50}
    await till.ask("order.refund", {"order": "A-1", "everything": True})
    snapshot = await till.books()
    assert sums(snapshot) == (1000, 0, 0, 0)
    back = [entry for entry in snapshot.entries if entry.reason is Reason.CLAW_BACK]
    assert [entry.moved_minor(source=Account.BREAKAGE) for entry in back] == [50, 100]


async def test_of_what_was_partly_used_before_it_ended_only_that_part_is_taken(till: Till) -> None:
    """Of the 1.50 earned, 0.90 paid for something and 0.60 ended: the 0.90 are taken from other credit."""
    till = replace(till, shop=SHORT)
    await till.ask("order.report", ORDER)
    await till.ask(
        "order.report",
        body({"order": "A-2", "credit_minor": 90, "lines": [{**BEANS, "unit_minor": 90}]}),
    )
    await till.grant(1000)
    till.wait(timedelta(days=11))
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "BEANS", "quantity": 1}]})
    assert sums(await till.books()) == (1000, 0, 0, 0), "the 0.50 come out of what ended"
    await till.ask("order.refund", {"order": "A-1", "everything": True})
    assert sums(await till.books()) == (910, 0, 0, 0)


async def test_a_rule_that_changed_since_takes_back_what_was_granted(till: Till) -> None:
    """Smile takes 100 points for a purchase that earned 50 when the rate was doubled meanwhile."""
    await till.ask("order.report", ORDER)
    doubled = PLAIN.program.model_validate(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "earning": {"rate": "10%"},
        }
    )
    later = replace(till, shop=replace(PLAIN, program=doubled, program_policy="program@2"))
    told = await later.ask("order.refund", {"order": "A-1", "everything": True})
    assert moved(told) == {"taken_back_minor": 150}
    assert sums(await till.books()) == (0, 0, 0, 0)
    assert (await till.books()).entries[-1].rule == "program@1"


async def test_stamps_go_back_to_their_card(database: Database) -> None:
    carded = shop_with(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "earning": {
                "rate": "5%",
                "cards": [
                    {"id": "tea", "name": "Tea card", "category": "tea", "buy": 8, "get": {"credit": "3.50"}}
                ],
            },
        }
    )
    till = await Till.of_member(database, shop=carded)
    await till.ask("order.report", ORDER)
    assert await _stamps(till) == [(4, 0)]
    told = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 3}]})
    assert moved(told) == {"taken_back_minor": 75, "stamps_taken_back": 3}
    assert await _stamps(till) == [(1, 0)]
    assert len(await events(till, "Stamps Taken Back")) == 1


async def test_a_fund_gets_back_what_it_did_not_cost(database: Database) -> None:
    funded = shop_with(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "funds": {"autumn": {"limit": "1.00", "per": "month"}},
            "earning": {"rules": [{"id": "base", "rate": "5%", "fund": "autumn"}]},
        }
    )
    till = await Till.of_member(database, shop=funded)
    assert moved(await till.ask("order.report", ORDER)) == {"earned_minor": 100}
    await till.ask("order.cancel", {"order": "A-1"})
    left = await asked(database, "SELECT units_left FROM counter WHERE name LIKE 'budget/autumn/%'")
    assert left == [(100,)]


async def test_an_offer_comes_back_with_the_whole_order_where_it_says_so(database: Database) -> None:
    till = await Till.of_member(database)
    await till.give("alone")
    await till.ask("checkout.hold", {"order": "A-1", "lines": [TEA, BEANS], "offers": ["alone"]})
    await till.ask("checkout.capture", {"order": "A-1"})
    await till.ask("order.report", body({"discount_minor": 400}))
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 4}]})
    assert (await till.offer("alone")).times_left(till.now) == 0
    await till.ask("order.refund", {"order": "A-1", "everything": True})
    assert (await till.offer("alone")).times_left(till.now) == 1


async def test_an_order_in_another_currency_has_its_own_wallet(database: Database) -> None:
    two = shop_with(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "currencies": [{"code": "EUR", "point_value": "0.01"}],
            "earning": {"rate": "5%"},
        }
    )
    till = await Till.of_member(database, shop=two)
    await till.ask("order.report", body({"currency": "EUR"}))
    paid: Told = {"order": "A-2", "currency": "EUR", "credit_minor": 100}
    assert moved(await till.ask("order.report", body(paid))) == {"earned_minor": 145}
    await till.ask("order.refund", {"order": "A-2", "everything": True})
    assert (await till.books()).entries == ()
    euros = await database.query(lambda c: stored(c, till.contact_id, "EUR"))
    check_snapshot(euros)
    assert sums(euros) == (150, 0, 0, 0)
    problem = await till.refused("order.report", body({"order": "A-3", "currency": "CHF"}))
    assert problem["what"] == "currency: the program has no currency CHF"


# What comes before its order, or never


async def test_a_refund_before_its_order_waits_for_it(till: Till) -> None:
    early = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 2}]})
    assert early == {"order": "A-1", "parked": True}
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 1}]})
    told = await till.ask("order.report", ORDER)
    assert moved(told) == {"earned_minor": 150, "taken_back_minor": 50}
    assert sums(await till.books()) == (100, 0, 0, 0)
    assert await till.database.query(orders.all_parked) == ()


async def test_an_order_canceled_before_it_is_told_never_earns(till: Till) -> None:
    await till.ask("order.cancel", {"order": "A-1"})
    told = await till.ask("order.report", ORDER)
    assert (told["status"], moved(told)) == ("canceled", {})
    assert (await till.books()).entries == ()


async def test_an_order_that_is_over_already_asks_for_no_credit(till: Till) -> None:
    await till.ask("order.refund", {"order": "A-1", "everything": True})
    told = await till.ask("order.report", body({"credit_minor": 600}))
    assert (told["credit_minor"], told["returned_credit_minor"], moved(told)) == (600, 600, {})
    assert (await till.books()).entries == ()


async def test_what_came_back_stays_back_when_the_order_is_told_again(till: Till) -> None:
    await till.ask("order.report", body({"status": "placed"}))
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "TEA", "quantity": 2}]})
    await till.ask("order.report", body({"status": "placed"}))
    told = await till.ask("order.report", ORDER)
    assert (told["refunded_minor"], moved(told)) == (1000, {"earned_minor": 150, "taken_back_minor": 50})


async def test_a_refund_of_what_was_never_sold_is_refused(till: Till) -> None:
    await till.ask("order.report", ORDER)
    problem = await till.refused("order.refund", {"order": "A-1", "lines": [{"sku": "BUN", "quantity": 1}]})
    assert problem["what"] == "lines: nothing called BUN is in the order"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"lines": []},
        {"everything": False},
        {"everything": True, "amount_minor": 3},
        {"lines": [{"sku": "TEA", "quantity": 1}, {"sku": "TEA", "quantity": 1}]},
        {"lines": [{"sku": "TEA", "quantity": -1}]},
        {"amount_minor": -1},
    ],
)
async def test_a_refund_says_one_thing(till: Till, wrong: Told) -> None:
    assert (await till.refused("order.refund", {"order": "A-1", **wrong}))["status"] == 422


# With a checkout


async def test_credit_captured_at_the_checkout_pays_and_nothing_else_is_spent(till: Till) -> None:
    await till.grant(600)
    lines: list[JsonValue] = [dict(TEA), dict(BEANS)]
    await till.ask("checkout.hold", {"order": "A-1", "lines": lines})
    await till.ask("checkout.capture", {"order": "A-1"})
    told = await till.ask("order.report", ORDER)
    assert (told["credit_minor"], moved(told)) == (600, {"earned_minor": 120})
    assert [line["credit_minor"] for line in _lines(told)] == [400, 200]
    back = await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "BEANS", "quantity": 1}]})
    assert moved(back) == {"restored_minor": 200, "taken_back_minor": 40}
    rest = await till.ask("order.cancel", {"order": "A-1"})
    assert moved(rest) == {"restored_minor": 400, "taken_back_minor": 80}
    assert sums(await till.books()) == (600, 0, 0, 0)


async def test_canceled_before_the_capture_what_was_set_aside_is_free(till: Till) -> None:
    await till.grant(600)
    await till.ask("order.report", body({"status": "placed"}))
    await till.ask("checkout.hold", {"order": "A-1", "lines": [dict(TEA), dict(BEANS)]})
    assert sums(await till.books()) == (0, 0, 600, 0)
    told = await till.ask("order.cancel", {"order": "A-1"})
    assert (told["status"], moved(told)) == ("canceled", {})
    assert sums(await till.books()) == (600, 0, 0, 0)


async def test_a_refund_before_the_capture_counts_after_it(till: Till) -> None:
    await till.grant(600)
    await till.ask("checkout.hold", {"order": "A-1", "lines": [dict(TEA), dict(BEANS)]})
    waits = await till.ask("order.report", ORDER)
    assert moved(waits) == {}, "nobody knows yet how much of it is paid in cash"
    await till.ask("order.refund", {"order": "A-1", "lines": [{"sku": "BEANS", "quantity": 1}]})
    await till.ask("checkout.capture", {"order": "A-1"})
    later = await asked(
        till.database, "SELECT payload FROM \"trigger\" WHERE kind = 'operation' AND state = 'new'"
    )
    order_id = derived_id("order/A-1", bucket_of(till.contact_id))
    assert [row[0] for row in later] == [f'{{"operation":"order.settle","body":{{"order":"{order_id}"}}}}']
    told = await till.ask("order.settle", {"order": order_id})
    assert moved(told) == {"earned_minor": 120, "restored_minor": 200, "taken_back_minor": 40}
    assert sums(await till.books()) == (280, 0, 0, 0)


async def test_credit_the_shop_let_go_is_spent_if_it_is_there_and_forgone_if_not(till: Till) -> None:
    await till.grant(600)
    await till.ask("checkout.hold", {"order": "A-1", "lines": [dict(TEA), dict(BEANS)]})
    await till.ask("order.report", body({"credit_minor": 600}))
    till.wait(timedelta(hours=1))
    told = await till.ask("order.settle", {"order": "A-1"})
    assert (told["credit_minor"], moved(told)) == (600, {"earned_minor": 120})
    await till.ask("checkout.hold", {"order": "A-2", "lines": [{"sku": "BEANS", "unit_minor": 120}]})
    await till.ask(
        "order.report", body({"order": "A-2", "lines": [{**BEANS, "unit_minor": 120}], "credit_minor": 120})
    )
    await till.ask("checkout.void", {"order": "A-2"})
    await till.deed(lambda turn: turn.books.adjust_down(120, turn.now, _by_hand()))
    told = await till.ask("order.settle", {"order": "A-2"})
    assert (told["credit_minor"], moved(told)) == (0, {"earned_minor": 6})


LINES: list[JsonValue] = [dict(TEA), dict(BEANS)]


async def _captured(database: Database, credit: int = 500) -> Till:
    """A member whose order, 20.00 of tea and 10.00 of beans, was captured: 4.00 of the tea was off."""
    till = await Till.of_member(database, credit=credit)
    await till.give("tea20")
    await till.ask("checkout.hold", {"order": "A-1", "lines": LINES})
    return till


async def test_what_a_captured_checkout_took_off_is_off_the_order(database: Database) -> None:
    till = await _captured(database)
    await till.ask("checkout.capture", {"order": "A-1"})
    lines: list[JsonValue] = [BEANS, {**TEA, "quantity": 3}, {**TEA, "quantity": 1}]
    told = await till.ask("order.report", body({"lines": lines}))
    assert (told["discount_minor"], told["credit_minor"], told["to_pay_minor"]) == (400, 500, 2100)
    assert [line["discount_minor"] for line in _lines(told)] == [0, 300, 100]
    assert moved(told) == {"earned_minor": 105}, "5% of what was paid"
    again = await till.ask("order.report", body({"status": "fulfilled", "lines": lines}))
    assert (again["discount_minor"], moved(again)) == (400, {})
    back = await till.ask("order.refund", {"order": "A-1", "everything": True})
    assert (back["refunded_minor"], moved(back)) == (2100, {"restored_minor": 500, "taken_back_minor": 105})


@pytest.mark.parametrize(
    ("changes", "off"),
    [
        ({"discount_minor": 100}, 100),
        ({"discount_minor": 0}, 0),
        ({"lines": [TEA, {**BEANS, "discount_minor": 50}]}, 50),
        ({"lines": [{**TEA, "discount_minor": 0}, BEANS]}, 0),
        ({"lines": [{**TEA, "unit_minor": 400}, BEANS]}, 0),  # told at what was paid for it
        ({"lines": [{**TEA, "quantity": 5}, BEANS]}, 0),
        ({"lines": [TEA]}, 400),
    ],
)
async def test_what_the_shop_says_itself_or_of_other_lines_is_as_it_says(
    database: Database, changes: Told, off: int
) -> None:
    till = await _captured(database)
    await till.ask("checkout.capture", {"order": "A-1"})
    assert (await till.ask("order.report", body(changes)))["discount_minor"] == off


@pytest.mark.parametrize(("changes", "off"), [({}, 400), ({"discount_minor": 0}, 0)])
@pytest.mark.parametrize("status", ["placed", "paid"])
async def test_what_was_told_before_the_capture_comes_to_what_was_captured(
    database: Database, status: str, changes: Told, off: int
) -> None:
    till = await _captured(database)
    waits = await till.ask("order.report", body({"status": status, **changes}))
    assert (waits["discount_minor"], moved(waits)) == (0, {})
    await till.ask("checkout.capture", {"order": "A-1"})
    told = await till.ask("order.report", {"order": "A-1", "status": "paid"})
    assert (told["discount_minor"], told["to_pay_minor"]) == (off, 2500 - off)
    assert moved(told) == {"earned_minor": (2500 - off) // 20}
    back = await till.ask("order.refund", {"order": "A-1", "amount_minor": 2500 - off})
    assert back["status"] == "refunded"


async def test_an_order_that_was_sold_before_its_checkout_stays_as_it_was(database: Database) -> None:
    till = await Till.of_member(database)
    await till.ask("order.report", ORDER)
    await till.give("tea20")
    await till.ask("checkout.hold", {"order": "A-1", "lines": LINES})
    await till.ask("checkout.capture", {"order": "A-1"})
    told = await till.ask("order.refund", {"order": "A-1", "everything": True})
    assert (told["discount_minor"], told["refunded_minor"]) == (0, 3000)


def _by_hand() -> Cause:
    return Cause("by hand", "tester", "gone")


def _lines(told: Told) -> Sequence[Mapping[str, JsonValue]]:
    lines = told["lines"]
    assert isinstance(lines, list)
    return [line for line in lines if isinstance(line, dict)]


async def _strangers(till: Till) -> list[str]:
    return await contacts(till.database)


async def _stamps(till: Till) -> list[tuple[int, int]]:
    return await asked(till.database, "SELECT available_minor, debt_minor FROM wallet WHERE id = 'card/tea'")


async def test_what_is_on_its_way_is_news_once_for_each_parcel(till: Till) -> None:
    shipped: dict[str, JsonValue] = {"carrier": "SF", "tracking": "SF123", "expected_on": "2026-11-27"}
    await till.ask("order.report", ORDER)
    assert await events(till, "Order Shipped") == []
    for _ in range(2):
        await till.ask("order.report", {"order": "A-1", "status": "fulfilled", "shipped": shipped})
    await till.ask("order.report", ORDER)
    (told,) = await events(till, "Order Shipped")
    facts = json.loads(told)
    assert facts["items"] == "4 x Jasmine tea, House beans"
    assert {name: facts[name] for name in shipped} == shipped
    await till.ask("order.report", {"order": "A-1", "shipped": {"tracking": "SF124"}})
    assert [json.loads(one)["tracking"] for one in await events(till, "Order Shipped")] == ["SF123", "SF124"]


async def test_what_was_canceled_is_not_told_to_be_on_its_way(till: Till) -> None:
    await till.ask("order.report", ORDER)
    await till.ask("order.cancel", {"order": "A-1"})
    await till.ask("order.report", {"order": "A-1", "status": "fulfilled", "shipped": {"tracking": "1"}})
    assert await events(till, "Order Shipped") == []
