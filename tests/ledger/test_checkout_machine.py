"""Checkouts in any order, in time or too late: offers are spent once, and every price is paid exactly.

A model beside the till says what is spent and set aside; everything else is read back from the tables.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.core.contact import JsonValue
from bot.core.ledger.entries import Account
from bot.storage.driver import Database
from tests.conversation.shop.till import WRITTEN, Till, Told, shop_with
from tests.storage.scripted import asked, open_at

T = TypeVar("T")
EXAMPLES = int(os.environ.get("REGULARS_CHECKOUT_EXAMPLES", "25"))
STEPS = int(os.environ.get("REGULARS_CHECKOUT_STEPS", "25"))
FUND = 15000
"""All examples share it: the last ones find it empty."""
SHOP = shop_with({**WRITTEN, "funds": {"autumn": {"limit": "150.00"}}})
OFFERS = ("tea20", "five_off", "alone", "shipping")
BASKETS: tuple[JsonValue, ...] = (
    [{"sku": "TEA", "quantity": 2}],
    [{"sku": "TEA"}, {"sku": "BEANS"}, {"kind": "shipping", "unit_minor": 495}],
    [{"sku": "BEANS", "quantity": 3}, {"kind": "tax", "unit_minor": 77}],
    [{"sku": "BEANS"}, {"kind": "gift_card", "sku": "CARD", "unit_minor": 1000}],
)
ORDERS = ("A1", "A2", "A3", "A4", "A5", "A6")
CREDIT = st.just(0) | st.integers(1, 500)


@dataclass
class Open:
    """What the model knows of a checkout that holds something."""

    told: Told
    until: datetime


class CheckoutMachine(RuleBasedStateMachine):
    """One member's checkouts."""

    database: Database
    loop: asyncio.AbstractEventLoop

    def do(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    @initialize(credit=st.integers(0, 3000))
    def begin(self, credit: int) -> None:
        self.till = self.do(Till.of_member(self.database, credit=credit, shop=SHOP))
        self.open: dict[str, Open] = {}
        self.captured: dict[str, Told] = {}
        self.times: dict[str, int] = {}
        self.fund_before = self.do(self.fund_left())
        for name in OFFERS:
            self.give(name)

    # What happens

    @rule(amount=st.integers(1, 900), minutes=st.none() | st.integers(1, 60))
    def grant(self, amount: int, minutes: int | None) -> None:
        until = self.till.now + timedelta(minutes=minutes) if minutes is not None else None
        self.do(self.till.grant(amount, until=until))

    @precondition(lambda self: len(self.times) < 8)
    @rule(name=st.sampled_from(OFFERS))
    def give(self, name: str) -> None:
        offer = self.do(self.till.give(name))
        self.times[offer.code] = offer.terms.times

    @rule(
        basket=st.sampled_from(BASKETS), order=st.sampled_from(ORDERS), credit=st.none() | st.integers(0, 500)
    )
    def hold_what_is_quoted(self, basket: JsonValue, order: str, credit: int | None) -> None:
        body: Told = {"lines": basket, "order": order, "credit_minor": credit}
        quoted = self.do(self.till.ask("checkout.quote", body))
        assert_exact(quoted)
        held = self.do(self.till.ask("checkout.hold", {**body, "to_pay_minor": quoted["to_pay_minor"]}))
        if order in self.captured or self.is_open(order):
            assert "problem" in held
            return
        assert {name: held[name] for name in quoted if name != "earns_minor"} == {
            name: value for name, value in quoted.items() if name != "earns_minor"
        }, "what was quoted is held"
        self.open[order] = Open(held, self.till.now + timedelta(minutes=30))

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 5), part=st.none() | st.lists(st.integers(0, 3), min_size=1, max_size=3))
    def capture_what_was_held(self, which: int, part: list[int] | None) -> None:
        """Perhaps too late."""
        self.capture(sorted(self.open)[which % len(self.open)], part)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 5))
    def capture_all(self, which: int) -> None:
        self.capture(sorted(self.open)[which % len(self.open)], None)

    @rule(order=st.sampled_from(ORDERS))
    def capture_whatever_it_is(self, order: str) -> None:
        self.capture(order, None)

    def capture(self, order: str, part: list[int] | None) -> None:
        body: dict[str, JsonValue] = {"order": order}
        if part is not None:
            body["lines"] = [{"line": line, "quantity": some} for line, some in enumerate(part, 1)]
        before = self.captured.get(order)
        told = self.do(self.till.ask("checkout.capture", body))
        if "problem" in told:
            assert part is not None or before is not None or not self.is_open(order)
            return
        if before is not None:
            assert told == before, "said again, it is the same"
            return
        assert self.is_open(order)
        held = self.open.pop(order).told
        assert_exact(told)
        for name in ("gross_minor", "discount_minor", "credit_minor"):
            assert number(told, name) <= number(held, name)
        assert part is not None or told["to_pay_minor"] == held["to_pay_minor"]
        self.captured[order] = told

    @rule(order=st.sampled_from(ORDERS))
    def void(self, order: str) -> None:
        told = self.do(self.till.ask("checkout.void", {"order": order}))
        assert ("problem" in told) == (order in self.captured or order not in {*self.open, *self.seen()})
        self.open.pop(order, None)

    @rule(minutes=st.sampled_from([1, 10, 29, 30, 31, 3000]))
    def wait(self, minutes: int) -> None:
        self.till.wait(timedelta(minutes=minutes))

    @rule()
    def clock_strikes(self) -> None:
        self.do(self.till.ask("checkout.time_out"))
        self.open = {order: one for order, one in self.open.items() if self.till.now < one.until}

    @rule()
    def what_has_ended_is_swept(self) -> None:
        self.do(self.till.sweep())

    # What holds

    @invariant()
    def offers_are_spent_once(self) -> None:
        spent: dict[str, int] = {}
        for told in (
            *self.captured.values(),
            *(self.open[order].told for order in self.open if self.is_open(order)),
        ):
            for offer in listed(told["offers"]):
                code = str(offer["code"])
                spent[code] = spent.get(code, 0) + 1
        assert all(times <= self.times[code] for code, times in spent.items())

    @invariant()
    def the_books_say_what_the_shop_was_told(self) -> None:
        books = self.do(self.till.books())
        spent = sum(entry.moved_minor(target=Account.SPENT) for entry in books.entries)
        assert spent == sum(number(told, "credit_minor") for told in self.captured.values())
        held = sum(number(one.told, "credit_minor") for one in self.open.values())
        live = sum(
            number(one.told, "credit_minor") for order, one in self.open.items() if self.is_open(order)
        )
        assert live <= books.wallet.held_minor <= held

    @invariant()
    def the_fund_pays_for_what_is_taken_off(self) -> None:
        paid = sum(self.from_fund(told) for told in self.captured.values())
        held = sum(self.from_fund(one.told) for one in self.open.values())
        live = sum(self.from_fund(told) for told in self.live())
        gone = self.fund_before - self.do(self.fund_left())
        assert paid + live <= gone <= paid + held

    # Below: how

    def is_open(self, order: str) -> bool:
        return order in self.open and self.till.now < self.open[order].until

    def live(self) -> list[Told]:
        return [one.told for order, one in self.open.items() if self.is_open(order)]

    def seen(self) -> set[str]:
        rows = self.do(self.rows("SELECT reference FROM checkout WHERE contact = :contact"))
        return {str(row[0]) for row in rows}

    async def fund_left(self) -> int:
        rows = await self.rows("SELECT units_left FROM counter WHERE name = 'budget/autumn/all'")
        return int(str(rows[0][0])) if rows else FUND

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        more = {"contact": self.till.contact_id} if ":contact" in sql else {}
        return await asked(self.database, sql, **more)

    def from_fund(self, told: Told) -> int:
        return sum(
            number(offer, "discount_minor")
            for offer in listed(told["offers"])
            if offer["offer"] == "five_off"
        )


def assert_exact(told: Told) -> None:
    """Discounts, credit and cash make up the price, by line and in sum."""
    for one in (told, *listed(told["lines"])):
        parts = [number(one, f"{name}_minor") for name in ("discount", "credit", "to_pay")]
        assert min(parts) >= 0
        assert sum(parts) == number(one, "gross_minor")
    for name in ("gross", "discount", "credit", "to_pay"):
        in_lines = sum(number(line, f"{name}_minor") for line in listed(told["lines"]))
        assert number(told, f"{name}_minor") == in_lines
    assert number(told, "discount_minor") == sum(
        number(offer, "discount_minor") for offer in listed(told["offers"])
    )


def number(told: Told, name: str) -> int:
    value = told[name]
    assert isinstance(value, int), name
    return value


def listed(value: JsonValue) -> list[dict[str, JsonValue]]:
    assert isinstance(value, list)
    return [one for one in value if isinstance(one, dict)]


def test_checkouts_in_any_order_keep_their_promises(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    opened = loop.run_until_complete(open_at(database_url))

    class Machine(CheckoutMachine):
        pass

    Machine.database, Machine.loop = opened, loop
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                phases=(Phase.explicit, Phase.reuse, Phase.generate),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(opened.close())
        loop.close()
