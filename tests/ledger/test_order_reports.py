"""What the shop tells of one order, late, twice, out of order or all at once: the end is always the same."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.conversation.batch import Batch, TurnFailed
from bot.conversation.operations import operate, operation_work
from bot.core.contact import JsonValue, Order
from bot.core.ledger.entries import Account, Reason
from bot.core.loyalty.orders import line_cash_minor, net_minor, other_credit_minor
from bot.storage import orders
from bot.storage.driver import Database
from tests.conversation.shop.till import Till, Told, shop_with
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.ledger.test_ledger_machine import Storage
from tests.storage.scripted import Script, conversation, open_at, stored

EXAMPLES = int(os.environ.get("REGULARS_LEDGER_EXAMPLES", "60")) // 2
SHOP = shop_with(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {
            "rules": [
                {"id": "base", "rate": "5%"},
                {"id": "tea", "category": "tea", "multiplier": 3},
                {"id": "big", "credit": "0.37", "at_least": "5.00"},
            ],
            "cards": [{"id": "tea", "name": "Tea", "category": "tea", "buy": 50, "get": {"credit": "3.50"}}],
        },
        "rebates": [{"id": "back", "rate": "7%", "spend_within": "30d"}],
    }
)
LOTS = (17, 130, 45)


@st.composite
def told(draw: st.DrawFn) -> list[tuple[str, Told]]:
    """All that a shop tells of one order, in the order in which it happened."""
    lines: list[JsonValue] = []
    total = 0
    for sku in draw(st.sampled_from([("TEA",), ("BEANS", "TEA"), ("TEA", "BEANS", "BUN")])):
        quantity, unit = draw(st.integers(1, 4)), draw(st.integers(1, 700))
        discount = draw(st.integers(0, quantity * unit)) * draw(st.integers(0, 1))
        total += quantity * unit - discount
        lines.append({"sku": sku, "quantity": quantity, "unit_minor": unit, "discount_minor": discount})
    shipping = draw(st.sampled_from([0, 0, 250]))
    order: dict[str, JsonValue] = {"order": "A-1", "lines": lines, "shipping_minor": shipping}
    order["credit_minor"] = draw(st.integers(0, min(sum(LOTS), total + shipping)))
    reports: list[tuple[str, Told]] = [
        ("order.report", {**order, "status": status}) for status in ("placed", "paid", "fulfilled")
    ]
    amount = 0
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            amount += draw(st.integers(0, total))
            reports.append(("order.refund", {"order": "A-1", "amount_minor": amount}))
        else:
            back = draw(st.sampled_from(lines))
            assert isinstance(back, dict)
            quantity = draw(st.integers(0, 4))
            line: JsonValue = {"sku": back["sku"], "quantity": quantity}
            reports.append(("order.refund", {"order": "A-1", "lines": [line]}))
    end = draw(st.sampled_from(["kept", "kept", "kept", "returned", "canceled"]))
    if end == "returned":
        reports.append(("order.refund", {"order": "A-1", "everything": True}))
    elif end == "canceled":
        reports.append(("order.cancel", {"order": "A-1"}))
    return reports


@pytest.fixture
def storage(database_url: str) -> Iterator[Storage]:
    loop = asyncio.new_event_loop()
    opened = Storage(loop.run_until_complete(open_at(database_url)), loop)
    yield opened
    loop.run_until_complete(opened.database.close())
    loop.close()


async def after(database: Database, reports: Sequence[tuple[str, Told]]) -> Mapping[str, object]:
    """Tell it all to a new member's till; returns what there is in the end."""
    till = await Till.of_member(database, shop=SHOP)
    for amount in LOTS:
        await till.grant(amount)
    for name, body in reports:
        answer = await till.ask(name, {**body, "order": f"A-{till.contact_id}"})
        assert "problem" not in answer, answer
    snapshot = await till.books()
    record = await database.query(lambda c: orders.on_record(c, till.contact_id, f"A-{till.contact_id}"))
    assert record.parked is None, "nothing is left lying"
    assert record.order is not None
    exact(record.order)
    lots = {lot.id: lot for lot in snapshot.lots if lot.is_open}
    card = await database.query(lambda c: stored(c, till.contact_id, "card/tea"))
    check_snapshot(card)
    return {
        "stamps": (card.wallet.available_minor, card.wallet.debt_minor),
        "sums": (snapshot.wallet.available_minor, snapshot.wallet.pending_minor, snapshot.wallet.debt_minor),
        "lots": Counter(
            (lot.policy, lot.kind, lot.granted_minor, lot.available_minor) for lot in lots.values()
        ),
        "order": replace(record.order, id="", reference="", facts={}),
        "spent": sum(
            entry.moved_minor(target=Account.SPENT) - entry.moved_minor(source=Account.SPENT)
            for entry in snapshot.entries
        ),
    }


def exact(order: Order) -> None:
    """By line and in sum: cash + credit + discounts = gross; nothing more comes back than there was."""
    for line in order.lines:
        assert line_cash_minor(line) + line.credit_minor + line.discount_minor == line.gross_minor
        assert min(line_cash_minor(line), line.credit_minor, net_minor(line)) >= 0
    assert sum(line.credit_minor for line in order.lines) + other_credit_minor(order) == order.credit_minor
    assert 0 <= order.refunded_minor <= order.cash_minor
    assert 0 <= order.returned_credit_minor <= order.credit_minor


def test_late_doubled_and_disordered_reports_end_like_orderly_ones(storage: Storage) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(told(), st.data())
    def check(reports: list[tuple[str, Told]], data: st.DataObject) -> None:
        doubled = [*reports, *data.draw(st.lists(st.sampled_from(reports), max_size=3))]
        shuffled = data.draw(st.permutations(doubled))
        orderly = storage.wait_for(after(storage.database, reports))
        assert storage.wait_for(after(storage.database, shuffled)) == orderly

    check()


# All at once


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url, connections=16)
    yield opened
    await opened.close()


async def asked_at_once(till: Till, requests: Sequence[tuple[str, Told]]) -> Counter[str]:
    """Send all requests at the same time, each a transaction of its own; returns how they ended."""

    async def ask(number: int, name: str, body: Told) -> str:
        key = f"api:race {number}"
        work = operation_work(name, body, key=key, at=till.now, contact_id=till.contact_id)
        batch = Batch(conversation(Script({key: operate}, shop=till.shop), lambda: till.now), [work])
        try:
            (result,) = await till.database.transact(batch.run)
        except TurnFailed as failed:
            raise failed.error from failed
        assert result is not None
        assert result.result is not None
        return "refused" if "problem" in result.result else "done"

    return Counter(await asyncio.gather(*(ask(number, *one) for number, one in enumerate(requests))))


LINES: list[JsonValue] = [
    {"sku": "TEA", "quantity": 4, "unit_minor": 500},
    {"sku": "BEANS", "quantity": 1, "unit_minor": 1000},
]


async def test_of_two_hundred_refunds_at_once_the_most_that_was_told_counts(database: Database) -> None:
    till = await Till.of_member(database, credit=600, shop=SHOP)
    await till.ask("order.report", {"order": "A-1", "status": "paid", "lines": LINES, "credit_minor": 600})
    amounts = [*range(7, 1807, 9)]
    random.Random(1).shuffle(amounts)
    assert len(amounts) == 200
    refunds: list[tuple[str, Told]] = [
        ("order.refund", {"order": "A-1", "amount_minor": amount}) for amount in amounts
    ]
    assert await asked_at_once(till, refunds) == {"done": 200}
    snapshot = await till.books()
    restored = sum(entry.moved_minor(source=Account.SPENT) for entry in snapshot.entries)
    assert restored == 600 * max(amounts) // 2400
    granted = {entry.id: entry for entry in snapshot.entries if entry.source_type == "order"}
    for grant in granted.values():
        if grant.reason is Reason.EARN:
            taken = sum(
                entry.moved_minor(target=Account.CLAWBACK)
                for entry in snapshot.entries
                if entry.reverses == grant.id
            )
            assert taken == grant.total_minor * max(amounts) // 2400


async def test_of_two_hundred_captures_and_voids_at_once_one_counts(database: Database) -> None:
    till = await Till.of_member(database, credit=600, shop=SHOP)
    await till.ask("checkout.hold", {"order": "A-1", "lines": LINES})
    one: dict[str, JsonValue] = {"order": "A-1"}
    requests: list[tuple[str, Told]] = [("checkout.capture", one)] * 100
    requests += [("order.report", {**one, "status": "paid", "lines": LINES})] * 99 + [("order.cancel", one)]
    random.Random(2).shuffle(requests)
    await asked_at_once(till, requests)
    await till.ask("order.settle", one)
    snapshot = await till.books()
    assert [entry.reason for entry in snapshot.entries].count(Reason.HOLD) == 1
    captures = [entry for entry in snapshot.entries if entry.reason is Reason.CAPTURE]
    assert len(captures) <= 1
    assert snapshot.wallet.available_minor == 600, "it was canceled, whichever came first"
    assert (snapshot.wallet.held_minor, snapshot.wallet.debt_minor) == (0, 0)
