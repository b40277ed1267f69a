"""Quote, hold, capture, void and the clock: what was quoted is kept, and nothing is spent twice."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.conversation.batch import TurnFailed
from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.offering import give_offer
from bot.core.deeds.ordering import on_record, settle
from bot.core.errors import TellMember
from bot.core.ids import bucket_of, derived_id
from bot.core.loyalty.orders import PAID, priced
from bot.core.turn import Turn
from bot.storage.driver import Database
from bot.storage.erasing import erase
from tests.conversation.shop.till import WRITTEN, Till, Told, shop_with
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.storage.scripted import asked, contacts, open_at, stored

ROOT = Path(__file__).parents[3]
TEA: JsonValue = {"sku": "TEA", "quantity": 2}
BEANS: JsonValue = {"sku": "BEANS"}
SHIPPING: JsonValue = {"kind": "shipping", "unit_minor": 495}
CARD: JsonValue = {"kind": "gift_card", "sku": "CARD", "unit_minor": 2500}
BASKET: Told = {"lines": [TEA, BEANS, SHIPPING]}
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def till(database: Database) -> Till:
    """A member with nine dollars of credit."""
    return await Till.of_member(database, credit=900)


def sums(told: Told) -> tuple[JsonValue, ...]:
    assert "problem" not in told, told
    return tuple(told[f"{name}_minor"] for name in ("gross", "discount", "credit", "to_pay"))


def left_out(told: Told) -> dict[str, str]:
    left = told["left_out"]
    assert isinstance(left, list)
    return {str(one["offer"]): str(one["reason"]) for one in left if isinstance(one, dict)}


async def events(till: Till, name: str) -> int:
    found = await asked(till.database, f"SELECT COUNT(*) FROM event WHERE name = '{name}'")  # noqa: S608  # ours
    return int(found[0][0])


async def budget(till: Till) -> int:
    """What is left of the fund."""
    found = await asked(till.database, "SELECT units_left FROM counter WHERE name = 'budget/autumn/all'")
    return int(found[0][0]) if found else 1000


# Quote


async def test_a_quote_says_what_applies_who_pays_and_what_it_earns(till: Till) -> None:
    tea = await till.give("tea20")
    told = await till.ask("checkout.quote", BASKET)
    assert sums(told) == (2595, 140, 900, 1555)
    assert told["earns_minor"] == 62  # five percent of the 12.42 that is paid in cash for goods
    assert told["offers"] == [
        {
            "code": tea.code,
            "offer": "tea20",
            "title": "20% off tea",
            "kind": "percent",
            "discount_minor": 140,
            "by_line_minor": [140, 0, 0],
        }
    ]
    assert isinstance(told["lines"], list)
    assert told["lines"][0] == {
        "sku": "TEA",
        "name": "Jasmine tea",
        "kind": "product",
        "quantity": 2,
        "unit_minor": 350,
        "gross_minor": 700,
        "discount_minor": 140,
        "credit_minor": 205,
        "to_pay_minor": 355,
    }


async def test_a_quote_sets_nothing_aside(till: Till) -> None:
    await till.give("five_off")
    before = await till.books()
    for _ in range(2):
        assert sums(await till.ask("checkout.quote", {**BASKET, "order": "A1"})) == (2595, 500, 900, 1195)
    assert await till.books() == before
    assert await budget(till) == 1000
    assert (await till.offer("five_off")).uses == ()
    assert await asked(till.database, "SELECT COUNT(*) FROM checkout") == [(0,)]


async def test_credit_pays_where_it_is_asked_to_and_for_no_gift_card(till: Till) -> None:
    assert sums(await till.ask("checkout.quote", {**BASKET, "use_credit": False})) == (2595, 0, 0, 2595)
    assert sums(await till.ask("checkout.quote", {**BASKET, "credit_minor": 100})) == (2595, 0, 100, 2495)
    assert sums(await till.ask("checkout.quote", {**BASKET, "credit_minor": 0})) == (2595, 0, 0, 2595)
    assert sums(await till.ask("checkout.quote", {"lines": [CARD]})) == (2500, 0, 0, 2500)


async def test_of_codes_it_is_said_why_they_do_not_apply(till: Till) -> None:
    other = await Till.of_member(till.database)
    foreign = await other.give("tea20")
    tea = await till.give("tea20")
    await till.give("five_off")
    typed = f" {tea.code[:3].lower()}-{tea.code[3:]} "
    body: Told = {"lines": [TEA], "offers": [typed, foreign.code, "NOSUCH7", "five_off"]}
    told = await till.ask("checkout.quote", body)
    assert sums(told)[1] == 140
    assert left_out(told) == {
        foreign.code: "foreign",
        "NOSUCH7": "unknown",
        till.given["five_off"].code: "basket_too_small",
    }
    nothing = await till.ask("checkout.quote", {"lines": [TEA], "offers": [":"]})
    assert left_out(nothing) == {":": "unknown"}, "what is typed has no letter"
    till.wait(timedelta(days=3))
    assert left_out(await till.ask("checkout.quote", {"lines": [TEA], "offers": [tea.code]})) == {
        tea.code: "ended"
    }


async def test_no_offer_is_used_where_none_is_wanted(till: Till) -> None:
    await till.give("tea20")
    assert sums(await till.ask("checkout.quote", {**BASKET, "offers": []}))[1] == 0


async def test_what_is_asked_wrongly_is_refused_with_its_field(till: Till) -> None:
    for body, field in (
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "TEA", "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "NONE"}]}, "lines.0.unit_minor"),
        ({"lines": [{"sku": "TEA", "price": 3}]}, "lines.0.price"),
        ({"lines": [{}]}, "lines.0: a product has a sku"),
    ):
        problem = await till.refused("checkout.quote", body)  # type: ignore[arg-type]  # wrong on purpose
        assert problem["status"] == 422
        assert str(problem["what"]).startswith(field), problem


# Hold


async def test_a_hold_sets_aside_what_was_quoted(till: Till) -> None:
    await till.give("tea20")
    told = await till.ask("checkout.hold", {**BASKET, "order": "A1", "to_pay_minor": 1555})
    assert (*sums(told), told["state"]) == (2595, 140, 900, 1555, "open")
    assert told["expires_at"] == (till.now + 30 * MINUTE).isoformat()
    books = await till.books()
    assert (books.wallet.available_minor, books.wallet.held_minor) == (0, 900)
    other = await till.ask("checkout.quote", {**BASKET, "offers": ["tea20"]})
    assert sums(other) == (2595, 0, 0, 2595)
    assert left_out(other) == {till.given["tea20"].code: "held"}


async def test_an_order_holds_once_at_a_time(till: Till) -> None:
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    problem = await till.refused("checkout.hold", {**BASKET, "order": "A1"})
    assert problem["status"] == 409
    await till.ask("checkout.void", {"order": "A1"})
    assert sums(await till.ask("checkout.hold", {**BASKET, "order": "A1"})) == (2595, 0, 900, 1695)


async def test_more_to_pay_than_was_quoted_is_refused_and_holds_nothing(till: Till) -> None:
    await till.ask("checkout.hold", {"lines": [TEA], "order": "A1"})
    problem = await till.refused("checkout.hold", {**BASKET, "order": "A2", "to_pay_minor": 1695})
    assert problem["code"] == "price_changed"
    assert problem["facts"] == {"to_pay_minor": 2395, "quoted_minor": 1695}
    books = await till.books()
    assert (books.wallet.available_minor, books.wallet.held_minor) == (200, 700)
    assert sums(await till.ask("checkout.hold", {**BASKET, "order": "A2", "to_pay_minor": 2500}))[3] == 2395


async def test_a_changed_basket_is_quoted_as_if_its_order_held_nothing_yet(till: Till) -> None:
    await till.give("tea20")
    await till.ask("checkout.hold", {"lines": [TEA], "order": "A1"})
    changed: Told = {**BASKET, "order": "A1"}
    quoted = await till.ask("checkout.quote", changed)
    assert sums(quoted) == (2595, 140, 900, 1555)
    await till.ask("checkout.void", {"order": "A1"})
    assert sums(await till.ask("checkout.hold", {**changed, "to_pay_minor": 1555})) == sums(quoted)


async def test_a_retry_of_the_same_request_holds_once(till: Till) -> None:
    body: Told = {**BASKET, "order": "A1"}
    first = await till.ask("checkout.hold", body, key="api:hold")
    assert await till.ask("checkout.hold", body, key="api:hold") == first
    assert (await till.books()).wallet.held_minor == 900


async def test_what_an_order_earned_is_not_spent_on_it_however_late_it_is_held(till: Till) -> None:
    own = derived_id("order/A1", bucket_of(till.contact_id))
    await till.grant(300, order=own)
    assert sums(await till.ask("checkout.quote", {**BASKET, "order": "A1"}))[2] == 900
    assert sums(await till.ask("checkout.hold", {**BASKET, "order": "A1"}))[2] == 900
    assert sums(await till.ask("checkout.hold", {"lines": [BEANS], "order": "A2"}))[2] == 300


# Capture and void


async def test_a_capture_spends_and_says_the_same_again(till: Till) -> None:
    await till.give("tea20")
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    told = await till.ask("checkout.capture", {"order": "A1"})
    assert (*sums(told), told["state"], told["released_credit_minor"]) == (
        2595,
        140,
        900,
        1555,
        "captured",
        0,
    )
    assert await till.ask("checkout.capture", {"order": "A1"}) == told
    books = await till.books()
    assert (books.wallet.available_minor, books.wallet.held_minor) == (0, 0)
    assert [entry.reason.value for entry in books.entries] == ["earn", "hold", "capture"]
    assert (await till.offer("tea20")).problem(till.now) == "used"
    assert await events(till, "Offer Spent") == 1


async def test_a_part_is_captured_and_the_remainder_is_free_at_once(till: Till) -> None:
    await till.give("tea20")
    await till.give("shipping")
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    part: JsonValue = [{"line": 1, "quantity": 1}]
    told = await till.ask("checkout.capture", {"order": "A1", "lines": part})
    assert sums(told) == (350, 70, 128, 152)
    books = await till.books()
    assert (books.wallet.available_minor, books.wallet.held_minor) == (900 - 128, 0)
    assert (await till.offer("tea20")).problem(till.now) == "used"
    assert (await till.offer("shipping")).uses == (), "nothing was shipped"
    other: JsonValue = [{"line": 1, "quantity": 2}]
    assert (await till.refused("checkout.capture", {"order": "A1", "lines": other}))["status"] == 409


async def test_an_offer_and_credit_that_end_while_they_are_held_are_honoured(database: Database) -> None:
    till = await Till.of_member(database)
    await till.grant(500, until=till.now + 10 * MINUTE)
    await till.give("tea20")
    till.wait(timedelta(minutes=5))
    await till.ask("checkout.hold", {"lines": [TEA, BEANS], "order": "A1"})
    till.wait(timedelta(minutes=20))
    told = await till.ask("checkout.capture", {"order": "A1"})
    assert sums(told) == (2100, 140, 500, 1460)


async def test_a_void_gives_everything_back_and_says_the_same_again(till: Till) -> None:
    await till.give("five_off")
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    assert await budget(till) == 500
    told = await till.ask("checkout.void", {"order": "A1"})
    assert told["state"] == "voided"
    assert await till.ask("checkout.void", {"order": "A1"}) == told
    assert (await till.books()).wallet.available_minor == 900
    assert (await till.offer("five_off")).problem(till.now) is None
    assert await budget(till) == 1000
    assert (await till.refused("checkout.capture", {"order": "A1"}))["status"] == 409


async def test_what_is_paid_is_not_voided_and_what_was_never_held_not_captured(till: Till) -> None:
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    await till.ask("checkout.capture", {"order": "A1"})
    assert (await till.refused("checkout.void", {"order": "A1"}))["status"] == 409
    assert (await till.refused("checkout.hold", {**BASKET, "order": "A1"}))["status"] == 409
    assert (await till.refused("checkout.capture", {"order": "A2"}))["status"] == 404
    assert (await till.refused("checkout.void", {"order": "A2"}))["status"] == 404


async def test_a_part_that_is_none_or_too_much_is_refused(till: Till) -> None:
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    for part in ([{"line": 4, "quantity": 1}], [{"line": 1, "quantity": 3}], [{"line": 1, "quantity": 0}]):
        problem = await till.refused("checkout.capture", {"order": "A1", "lines": part})  # type: ignore[dict-item]  # JSON
        assert problem["status"] == 422


# The clock


async def test_an_overdue_hold_is_free_by_itself_and_cannot_be_captured(till: Till) -> None:
    await till.give("tea20")
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    till.wait(30 * MINUTE)
    assert (await till.refused("checkout.capture", {"order": "A1"}))["status"] == 409
    assert sums(await till.ask("checkout.quote", BASKET)) == (2595, 140, 900, 1555)
    told = await till.ask("checkout.hold", {**BASKET, "order": "A2"})
    assert sums(told) == (2595, 140, 900, 1555)
    assert await events(till, "Checkout Timed Out") == 1
    assert (await till.ask("checkout.void", {"order": "A1"}))["state"] == "timed_out"


async def test_the_same_order_is_held_again_after_its_time(till: Till) -> None:
    await till.give("five_off")
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    till.wait(31 * MINUTE)
    told = await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    assert sums(told) == (2595, 500, 900, 1195)
    assert await budget(till) == 500
    assert sums(await till.ask("checkout.capture", {"order": "A1"})) == (2595, 500, 900, 1195)


async def test_a_clock_closes_what_is_overdue_and_frees_the_budget(till: Till) -> None:
    await till.give("five_off")
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    till.wait(31 * MINUTE)
    assert await till.ask("checkout.time_out") == {"closed": ["A1"]}
    assert await till.ask("checkout.time_out") == {"closed": []}
    assert await budget(till) == 1000
    books = await till.books()
    assert (books.wallet.available_minor, books.wallet.held_minor) == (900, 0)


# Offers and budgets


async def test_a_fund_never_pays_more_than_it_has(database: Database) -> None:
    tills = [await Till.of_member(database) for _ in range(3)]
    for till in tills:
        await till.give("five_off")
    for till in tills[:2]:
        assert sums(await till.ask("checkout.hold", {**BASKET, "order": "A1"}))[1] == 500
    told = await tills[2].ask("checkout.hold", {**BASKET, "order": "A1", "offers": ["five_off"]})
    assert sums(told)[1] == 0
    assert list(left_out(told).values()) == ["budget_spent"]
    await tills[0].ask("checkout.capture", {"order": "A1", "lines": [{"line": 2, "quantity": 1}]})
    assert await budget(tills[0]) == 500 - 333, "the part that was not captured went back"


async def test_a_limit_that_was_raised_counts_at_once_though_the_fund_was_spent(database: Database) -> None:
    tills = [await Till.of_member(database) for _ in range(3)]
    for till in tills:
        await till.give("five_off")
    for till in tills[:2]:
        await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    assert await budget(tills[2]) == 0
    for limit, discount in (("10.00", 0), ("14.99", 0), ("15.00", 500), ("5.00", 0)):
        tills[2].shop = shop_with(WRITTEN | {"funds": {"autumn": {"limit": limit}}})
        assert sums(await tills[2].ask("checkout.quote", BASKET))[1] == discount, limit
    tills[2].shop = shop_with(WRITTEN | {"funds": {"autumn": {"limit": "15.00"}}})
    assert sums(await tills[2].ask("checkout.hold", {**BASKET, "order": "A1"}))[1] == 500
    assert await budget(tills[2]) == 0


async def test_an_offer_that_does_not_stack_is_used_where_it_saves_more(till: Till) -> None:
    await till.give("tea20")
    await till.give("alone")
    told = await till.ask("checkout.quote", BASKET)
    assert sums(told)[1] == 400
    assert left_out(told) == {till.given["tea20"].code: "not_with_others"}


async def test_an_offer_for_two_times_is_used_twice(till: Till) -> None:
    await till.give("shipping")
    for order in ("A1", "A2"):
        assert sums(await till.ask("checkout.hold", {**BASKET, "order": order}))[1] == 495
        await till.ask("checkout.capture", {"order": order})
    assert sums(await till.ask("checkout.hold", {**BASKET, "order": "A3"}))[1] == 0


async def test_the_shop_is_found_by_no_other_members_order(till: Till) -> None:
    (stranger,) = await contacts(till.database)
    await till.ask("checkout.hold", {**BASKET, "order": "A1"})
    other = Till(till.database, stranger)
    assert (await other.refused("checkout.capture", {"order": "A1"}))["status"] == 404


async def test_an_offer_is_given_to_whom_it_is_for_in_its_time_and_as_often_as_it_says(till: Till) -> None:
    for name, code in (("gold", "not_eligible"), ("over", "offer_over"), ("gone", "offer_gone")):
        with pytest.raises(TurnFailed) as failed:
            await till.give(name)
        assert isinstance(failed.value.error, TellMember)
        assert failed.value.error.code == code
    await till.give("once")
    with pytest.raises(TurnFailed) as failed:
        await till.give("once")
    assert isinstance(failed.value.error, TellMember)
    assert failed.value.error.code == "given_before"
    assert (await till.give("tea20")).code != (await till.give("tea20")).code


# However long a member's history is: each of these went wrong after fifty offers


async def test_nobody_is_given_more_than_their_share_whatever_came_since(till: Till) -> None:
    await till.give("once")
    await till.give_many("shipping")
    with pytest.raises(TurnFailed) as failed:
        await till.give("once")
    assert isinstance(failed.value.error, TellMember)
    assert failed.value.error.code == "given_before"


async def test_an_offer_that_comes_back_in_a_turn_is_no_second_one(till: Till) -> None:
    rule = WRITTEN["offers"]["once"] | {"per_member": 2}  # type: ignore[index]  # as it is written
    till.shop = shop_with({**WRITTEN, "offers": {"once": rule}})
    first = await till.give("once")

    def deed(turn: Turn) -> None:
        turn.keep("offer", first.id, replace(first, ends_at=turn.now))
        give_offer(turn, "once", "a second one")

    await till.deed(deed)


async def test_what_can_be_used_is_used_whatever_ended_since(till: Till) -> None:
    await till.give("five_off")
    await till.give_many("tea20")
    till.wait(timedelta(days=3))
    assert sums(await till.ask("checkout.quote", {"lines": [BEANS], "use_credit": False}))[1] == 500


async def test_an_offer_is_found_by_its_code_and_name_whatever_came_since(till: Till) -> None:
    tea = await till.give("tea20")
    await till.give_many("shipping")
    for name in (tea.code.lower(), "tea20", tea.id):
        told = await till.ask("checkout.quote", {"lines": [TEA], "offers": [name]})
        assert (sums(told)[1], left_out(told)) == (140, {})
    await till.ask("checkout.hold", {"lines": [TEA], "offers": [tea.code, "shipping"], "order": "A1"})
    assert sums(await till.ask("checkout.capture", {"order": "A1"}))[1] == 140
    told = await till.ask("checkout.quote", {"lines": [TEA], "offers": [tea.code]})
    assert left_out(told) == {tea.code: "used"}


async def test_codes_of_members_are_found_by_the_directory(till: Till) -> None:
    offer = await till.give("tea20")
    found = await asked(
        till.database, "SELECT kind, contact FROM directory WHERE value = :code", code=offer.code
    )
    assert found == [("code", till.contact_id)]


# The order that follows


SOLD: JsonValue = [
    {"sku": "TEA", "quantity": 2, "unit_minor": 350, "category": "tea"},
    {"sku": "BEANS", "quantity": 1, "unit_minor": 1400, "category": "coffee", "discount_minor": 400},
]


async def bought(till: Till, reference: str) -> None:
    """Buy tea and beans with four dollars off."""
    await till.ask("checkout.hold", {"lines": [TEA, BEANS], "order": reference, "offers": ["alone"]})
    await till.ask("checkout.capture", {"order": reference})
    order: Told = {"order": reference, "status": "paid", "lines": SOLD}
    assert "problem" not in await till.ask("order.report", order)


async def test_an_offer_comes_back_with_a_refund_of_all_where_it_says_so(till: Till) -> None:
    await till.give("alone")
    await bought(till, "A1")
    for told, problem in (({"amount_minor": 300}, "used"), ({"everything": True}, None)):
        body: Told = {"order": "A1", **told}
        assert "problem" not in await till.ask("order.refund", body)
        assert (await till.offer("alone")).problem(till.now) == problem
    assert await events(till, "Offer Returned") == 1
    books = await till.books()
    assert books.wallet.available_minor + books.wallet.pending_minor == 900


async def test_an_offer_that_does_not_say_so_stays_used(till: Till) -> None:
    await till.give("tea20")
    await till.ask("checkout.hold", {"lines": [TEA], "order": "A1"})
    await till.ask("checkout.capture", {"order": "A1"})
    sold: JsonValue = [{"sku": "TEA", "quantity": 2, "unit_minor": 350, "discount_minor": 140}]
    await till.ask("order.report", {"order": "A1", "status": "paid", "lines": sold})
    await till.ask("order.cancel", {"order": "A1"})
    assert (await till.offer("tea20")).problem(till.now) == "used"


async def test_a_rebate_pays_for_the_next_order_and_never_for_its_own(database: Database) -> None:
    rebates = [{"id": "back10", "rate": "10%", "spend_within": "30d"}]
    till = await Till.of_member(database, shop=shop_with({**WRITTEN, "rebates": rebates}))
    sold: JsonValue = [{"sku": "BEANS", "quantity": 1, "unit_minor": 1400, "category": "coffee"}]
    assert (await till.ask("checkout.quote", {"lines": [BEANS]}))["earns_minor"] == 70 + 140
    for _ in range(2):  # it is told twice
        await till.ask("order.report", {"order": "A1", "status": "paid", "lines": sold})
    assert await events(till, "Rebate Granted") == 1
    assert sums(await till.ask("checkout.hold", {"lines": [BEANS], "order": "A1"}))[2] == 0
    assert sums(await till.ask("checkout.hold", {"lines": [BEANS], "order": "A2"}))[2] == 140 + 70
    await till.ask("checkout.void", {"order": "A2"})
    await till.ask("order.refund", {"order": "A1", "everything": True})
    assert (await till.books()).wallet.available_minor == 0, "what came back of it is gone with it"


async def test_an_order_of_whoever_was_erased_can_still_be_refunded(till: Till) -> None:
    await till.give("alone")
    await bought(till, "A1")
    erased = await till.database.transact(lambda c: erase(c, till.contact_id, till.now, lambda _: ["hash"]))
    assert erased is not None
    told = await till.ask("order.refund", {"order": "A1", "everything": True})
    assert "problem" not in told


async def test_so_can_every_order_under_the_program_we_ship(database: Database) -> None:
    """Tiers, refills, rebates and offers follow a refund: none of them may miss what erasing took."""
    written = yaml.safe_load((ROOT / "flows" / "program.yaml").read_text(encoding="utf-8"))
    till = await Till.of_member(database, shop=shop_with(written), credit=900)
    await till.give("tea_time")
    sold: JsonValue = [{"sku": "TEA", "quantity": 30, "unit_minor": 350, "category": "tea"}]
    for order in ("A1", "A2", "A3"):
        await till.ask("order.report", {"order": order, "status": "paid", "lines": sold})
    await database.transact(lambda c: erase(c, till.contact_id, till.now, lambda _: ["hash"]))
    for order in ("A1", "A2", "A3"):
        assert "problem" not in await till.ask("order.refund", {"order": order, "everything": True})


async def test_an_order_that_costs_nothing_is_captured_like_any_other(database: Database) -> None:
    till = await Till.of_member(database, credit=900)
    lines: JsonValue = [{"sku": "SAMPLE", "name": "A sample", "quantity": 2, "unit_minor": 0}]
    await till.ask("checkout.hold", {"order": "1", "lines": lines})
    refused = await till.refused("checkout.capture", {"order": "1", "lines": [{"line": 1, "quantity": 0}]})
    assert refused["what"] == "nothing of the order is captured"
    captured = await till.ask("checkout.capture", {"order": "1"})
    assert (captured["state"], captured["credit_minor"]) == ("captured", 0)
    told = await till.ask("order.report", {"order": "1", "status": "paid", "lines": lines})
    assert (told["credit_minor"], told["moved"]) == (0, _NOTHING_MOVED)


# A further currency


EUROS = shop_with({**WRITTEN, "currencies": [{"code": "EUR", "point_value": "0.01"}]})
EURO_TEA: dict[str, JsonValue] = {"sku": "TEA", "quantity": 2, "unit_minor": 1000}
EURO_BASKET: Told = {"lines": [EURO_TEA], "currency": "EUR"}


async def with_euros(database: Database) -> Till:
    """A member with 9.00 dollars of credit, and 5.00 euros that an order of 100.00 has earned."""
    till = await Till.of_member(database, credit=900, shop=EUROS)
    sold: JsonValue = [{"sku": "TEA", "quantity": 1, "unit_minor": 10_000}]
    order: Told = {"order": "E0", "status": "paid", "currency": "EUR", "lines": sold}
    assert (await till.ask("order.report", order))["currency"] == "EUR"
    return till


async def purse(till: Till, wallet: str) -> tuple[int, int]:
    """What can be spent of a wallet, and what is held."""
    snapshot = await till.database.query(lambda c: stored(c, till.contact_id, wallet))
    check_snapshot(snapshot)
    return snapshot.wallet.available_minor, snapshot.wallet.held_minor


async def test_an_order_in_another_currency_is_paid_from_the_wallet_of_its_code(database: Database) -> None:
    till = await with_euros(database)
    await till.give("tea20")
    await till.give("five_off")
    quoted = await till.ask("checkout.quote", EURO_BASKET)
    assert (quoted["currency"], sums(quoted)) == ("EUR", (2000, 400, 500, 1100))
    assert quoted["earns_minor"] == 55
    assert left_out(quoted) == {till.given["five_off"].code: "other_currency"}
    held = await till.ask("checkout.hold", {**EURO_BASKET, "order": "E1", "to_pay_minor": 1100})
    assert (held["currency"], held["credit_minor"]) == ("EUR", 500)
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((0, 500), (900, 0))
    half = await till.ask("checkout.capture", {"order": "E1", "lines": [{"line": 1, "quantity": 1}]})
    assert (half["currency"], half["credit_minor"], half["released_credit_minor"]) == ("EUR", 250, 250)
    sold: JsonValue = [{**EURO_TEA, "quantity": 1, "discount_minor": 200}]
    told = await till.ask("order.report", {"order": "E1", "status": "paid", "lines": sold})
    assert (told["currency"], told["credit_minor"]) == ("EUR", 250), "as it was held, though nobody said so"
    assert await purse(till, "EUR") == (250 + 27, 0)
    back = await till.ask("order.refund", {"order": "E1", "everything": True})
    assert back["moved"] == {**_NOTHING_MOVED, "restored_minor": 250, "taken_back_minor": 27}
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((500, 0), (900, 0))


_NOTHING_MOVED: Told = dict.fromkeys(
    ["earned_minor", "restored_minor", "lost_minor", "taken_back_minor", "owed_minor", "stamps_taken_back"], 0
)


async def test_credit_of_another_currency_is_adjusted_by_hand(database: Database) -> None:
    till = await with_euros(database)
    body: Told = {"amount_minor": 250, "currency": "EUR", "reason": "a test", "by": "till"}
    for amount, left in ((250, 750), (-700, 50)):
        told = await till.ask("credit.adjust", {**body, "amount_minor": amount})
        assert (told["currency"], await purse(till, "EUR")) == ("EUR", (left, 0))
    assert await purse(till, "main") == (900, 0)
    refused = await till.refused("credit.adjust", {**body, "currency": "GBP"})
    assert refused["what"] == "currency: the program has no currency GBP"


async def test_what_is_held_in_another_currency_is_free_again(database: Database) -> None:
    till = await with_euros(database)
    hold: Told = {**EURO_BASKET, "order": "E1"}
    await till.ask("checkout.hold", hold)
    assert sums(await till.ask("checkout.quote", hold))[2] == 500, "its own hold counts as free"
    assert sums(await till.ask("checkout.quote", {**BASKET, "order": "E1"}))[2] == 900, "euros pay no dollars"
    assert (await till.ask("checkout.void", {"order": "E1"}))["state"] == "voided"
    assert await purse(till, "EUR") == (500, 0)
    await till.ask("checkout.hold", hold)
    till.wait(timedelta(hours=1))
    assert (await till.ask("checkout.time_out"))["closed"] == ["E1"]
    assert await purse(till, "EUR") == (500, 0)
    await till.ask("checkout.hold", hold)
    await till.ask("checkout.capture", {"order": "E1"})
    canceled = await till.ask("order.cancel", {"order": "E1"})  # nobody told of the order
    assert (canceled["currency"], canceled["returned_credit_minor"]) == ("EUR", 500)
    assert await purse(till, "EUR") == (500, 0)


async def test_a_currency_that_is_not_known_or_not_the_orders_is_refused(database: Database) -> None:
    till = await with_euros(database)
    lines: JsonValue = [EURO_TEA]
    for name in ("checkout.quote", "checkout.hold", "order.report"):
        refused = await till.refused(name, {"order": "E9", "lines": lines, "currency": "GBP"})
        assert str(refused["what"]) == "currency: the program has no currency GBP"
        assert str(refused["remedy"]).startswith("send one of USD, EUR")
    for name in ("checkout.quote", "order.report"):
        catalogue: Told = {"order": "E9", "lines": [{"sku": "TEA"}], "currency": "EUR"}
        what = str((await till.refused(name, catalogue))["what"])
        assert what == "lines.0.unit_minor: the price of 'TEA' is not known in EUR"
    await till.ask("checkout.hold", {**EURO_BASKET, "order": "E1"})
    for order in ("E0", "E1"):
        refused = await till.refused("order.report", {"order": order, "lines": lines, "currency": "USD"})
        assert (refused["what"], refused["status"]) == (f"currency: order {order} is in EUR on record", 409)


async def test_what_is_on_record_in_a_currency_goes_on_when_the_program_has_it_no_more(
    database: Database,
) -> None:
    till = await with_euros(database)
    tea: Told = {"lines": [EURO_TEA]}
    await till.ask("order.report", {**tea, "order": "E1", "currency": "EUR"})  # placed, and not paid yet
    await till.ask("checkout.hold", {**EURO_BASKET, "order": "E2", "credit_minor": 200})
    till.shop = shop_with(WRITTEN)
    refused = await till.refused("order.report", {**tea, "order": "E9", "currency": "EUR"})
    assert refused["what"] == "currency: the program has no currency EUR", "nothing new is in it"
    paid = await till.ask("order.report", {**tea, "order": "E1", "status": "paid", "credit_minor": 100})
    assert (paid["currency"], paid["credit_minor"]) == ("EUR", 100)
    assert paid["moved"] == _NOTHING_MOVED, "nothing new is earned in it"
    captured = await till.ask("checkout.capture", {"order": "E2"})
    assert (captured["currency"], captured["credit_minor"]) == ("EUR", 200)
    assert await purse(till, "EUR") == (200, 0)
    told = await till.ask("order.report", {**tea, "order": "E2", "status": "paid"})
    assert (told["credit_minor"], told["moved"]) == (200, _NOTHING_MOVED)
    quoted = await till.ask("checkout.quote", {**tea, "order": "E1"})
    assert (quoted["currency"], quoted["earns_minor"]) == ("EUR", 0)
    for order, restored, taken in (("E1", 100, 0), ("E2", 200, 0), ("E0", 0, 500)):
        back = await till.ask("order.refund", {"order": order, "everything": True})
        assert back["moved"] == {
            **_NOTHING_MOVED,
            "restored_minor": restored,
            "taken_back_minor": taken,
        }
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((0, 0), (900, 0))


async def test_an_order_on_record_decides_the_currency_of_its_checkout(database: Database) -> None:
    till = await with_euros(database)
    tea: Told = {"lines": [EURO_TEA]}
    await till.ask("order.report", {**tea, "order": "E1", "currency": "EUR"})
    await till.ask("order.report", {**tea, "order": "D1"})
    for name in ("checkout.quote", "checkout.hold"):
        for order, its, others in (("E1", "EUR", "USD"), ("D1", "USD", "EUR")):
            refused = await till.refused(name, {**tea, "order": order, "currency": others})
            assert (refused["what"], refused["status"]) == (
                f"currency: order {order} is in {its} on record",
                409,
            )
            assert refused["remedy"] == "send it in that currency: an order never changes it"
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((500, 0), (900, 0))
    assert (await till.ask("checkout.quote", {**tea, "order": "E1"}))["currency"] == "EUR", (
        "nobody has to say"
    )
    for order in ("E1", "D1"):
        await till.ask("checkout.hold", {**tea, "order": order})
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((0, 500), (0, 900))
    for order, credit in (("E1", 500), ("D1", 900)):
        await till.ask("checkout.capture", {"order": order})
        told = await till.ask("order.report", {"order": order, "status": "paid"})
        assert told["credit_minor"] == credit


async def test_what_a_wallet_of_another_currency_paid_pays_nothing_of_an_order(database: Database) -> None:
    till = await with_euros(database)
    await till.ask("checkout.hold", {"lines": [EURO_TEA], "order": "E1"})
    await till.ask("checkout.capture", {"order": "E1"})
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((500, 0), (0, 0))
    line = OrderLine("TEA", "Jasmine tea", 2, 1000)
    own = derived_id("order/E1", bucket_of(till.contact_id))
    told = priced(Order(own, "shop", till.now, (line,), 0, 900, PAID, reference="E1", currency="EUR"))

    def pay(turn: Turn) -> None:  # as it was told when a hold did not ask what is on record
        settle(turn, told, on_record(turn, "E1"))

    await till.deed(pay)
    found = await asked(database, f"SELECT credit_minor, cash_minor FROM shop_order WHERE id = '{own}'")  # noqa: S608  # ours
    assert found == [(0, 2000)]
    assert await purse(till, "EUR") == (500 + 100, 0), "nor is it asked for again"
    await till.ask("order.refund", {"order": "E1", "everything": True})
    assert (await purse(till, "EUR"), await purse(till, "main")) == ((500, 0), (900, 0))
