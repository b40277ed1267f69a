"""What another program would have cost on orders that there were: granted, spent, expired, still owed.

The real books in memory and the real reckoning of what is earned, order by order in time, so that funds run
out when they would have. What members would have done otherwise nobody knows: they buy what they bought, are
told in time of what ends, and pay with their credit as often as is assumed.
"""

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from itertools import count

from bot.core.contact import Order
from bot.core.experiments.experiment import Experiment
from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Account, Cause, Entry
from bot.core.ledger.lots import Grant, has_ended
from bot.core.ledger.wallet import Wallet
from bot.core.local_time import local_date
from bot.core.loyalty.costing import GIVEN_UP, MemberOrders, tiers_of
from bot.core.loyalty.earnings import earn_for_order
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.gains import MAIN, Earnings, Gain, Terms
from bot.core.loyalty.orders import paid_with
from bot.core.loyalty.program import Program
from bot.core.loyalty.rebates import rebates_due
from bot.core.loyalty.reckoned import ReckonedFunds, ReckonedPast
from bot.core.loyalty.returns import share_of_credit, share_of_earned
from bot.core.loyalty.sales import sale_of, terms_of
from bot.insights.liability import allocated, half_up, recognised
from bot.insights.order_files import PastOrder

WELCOME = "welcome"
_POLICY = "program@0"
_SHARES = 1 << 32


@dataclass(slots=True)
class Outcome:
    """What came of a program, in minor units of its currency; `by_rule` of what was granted."""

    orders: int = 0
    members: int = 0
    other_currency: int = 0
    """Orders in a currency the program does not have; they are left out."""
    cash_minor: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    desired_minor: int = 0
    """What would have been granted without caps and funds."""
    stamps: Counter[str] = field(default_factory=Counter)
    """Stamps by card: what a full card becomes is not among the cost."""
    accounts: dict[Account, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def granted_minor(self) -> int:
        """All credit that was issued."""
        return -self.accounts[Account.ISSUE]

    @property
    def spent_minor(self) -> int:
        """What orders were paid with, less what refunds gave back."""
        return self.accounts[Account.SPENT]

    @property
    def expired_minor(self) -> int:
        """What ended unspent."""
        return self.accounts[Account.BREAKAGE]

    @property
    def taken_back_minor(self) -> int:
        """What was earned by goods that came back."""
        return self.accounts[Account.CLAWBACK]

    @property
    def outstanding_minor(self) -> int:
        """What members have at the end, spendable or still pending, less what they owe."""
        members = (Account.AVAILABLE, Account.PENDING, Account.HELD, Account.DEBT)
        return sum(self.accounts[account] for account in members)

    @property
    def spent_share(self) -> Fraction:
        """The share of what is settled by now that was spent; all of it where nothing is settled yet."""
        settled = self.spent_minor + self.expired_minor
        return Fraction(self.spent_minor, settled) if settled else Fraction(1)

    @property
    def to_be_spent_minor(self) -> int:
        """What of the outstanding will be spent if all goes on as before."""
        return half_up(self.outstanding_minor * self.spent_share)

    @property
    def deferred_minor(self) -> int:
        """Revenue that waits for credit to be spent, as IFRS 15 reckons it; see `liability.py`."""
        expected = self.spent_minor + self.outstanding_minor * self.spent_share
        for_credit = allocated(self.cash_minor, self.cash_minor, expected)
        return half_up(for_credit - recognised(for_credit, self.spent_minor, expected))


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What orders do not say: how many are paid with all credit there is, and whether joining is welcomed.

    `pays` is a share of all orders.
    """

    pays: Fraction = Fraction(1)
    welcome: bool = True
    tried: Mapping[str, Experiment] = field(default_factory=dict)
    """What rules are tried in, by name; each member goes the arm that the shares of now give."""
    arms: Mapping[str, str] = field(default_factory=dict)
    """The arms that everybody goes instead, by experiment."""

    def arms_of(self, member: str, at: datetime) -> Mapping[str, str]:
        """Whose way a member goes in each experiment."""
        return {
            name: self.arms.get(name) or one.way_of(one.arm_of(member, now=at))
            for name, one in self.tried.items()
        }

    def does_pay(self, order: Order) -> bool:
        """Whether an order is among those: the same ones for every program that is compared."""
        drawn = int.from_bytes(hashlib.sha256(order.id.encode()).digest()[:4])
        return drawn < self.pays * _SHARES


@dataclass(slots=True)
class _Member:
    name: str
    facts: MemberFacts
    books: Books
    past: ReckonedPast = field(default_factory=ReckonedPast)
    orders: list[Order] = field(default_factory=list)
    returns: int = 0
    """Of its orders how many will come back, so that their lots are needed still."""


@dataclass(slots=True)
class _Return:
    """What an order did to the books, until its return undoes some of it."""

    member: _Member
    order: Order
    spent: Entry | None
    granted: list[tuple[Entry, tuple[int, ...]]]


class Simulation:
    """Lives orders through a program, oldest first; `zone` is the shop's and everybody's."""

    def __init__(
        self,
        program: Program,
        zone: str,
        assumptions: Assumptions = Assumptions(),  # frozen
        members: Mapping[str, MemberFacts] | None = None,
    ) -> None:
        """`members` are those of whom more is known than their orders; the others join with the first."""
        self._program, self._zone, self._assumptions = program, zone, assumptions
        self._known = members or {}
        self._members: dict[str, _Member] = {}
        self._by_day: dict[date, Terms] = {}
        self._funds = ReckonedFunds()
        self._returns: list[tuple[datetime, int, _Return]] = []
        self._numbers = count(1)
        self.outcome = Outcome()

    def run(self, orders: Iterable[PastOrder]) -> Outcome:
        """Live through the orders, and let end what has ended by the last of them."""
        at: datetime | None = None
        for past in orders:
            assert at is None or at <= past.order.placed_at, "orders come in the order of time"
            at = past.order.placed_at
            self._take_returns(at)
            self._live(past)
        if self._returns:
            at = max(item[0] for item in self._returns)
            self._take_returns(at)
        if at is not None:
            self.finish(at)
        return self.outcome

    def finish(self, at: datetime) -> None:
        """Let end what has ended by then."""
        for member in self._members.values():
            self._settle(member, at)

    # One order

    def _live(self, past: PastOrder) -> None:
        order, at = past.order, past.order.placed_at
        today = local_date(at, self._zone)
        if order.status in GIVEN_UP and past.returned_at is None:
            return
        terms = self._terms(today)
        if order.currency not in {"", self._program.currency.code}:
            self.outcome.other_currency += 1
            return
        member = self._member(past.member, at, today)
        self._settle(member, at)
        order, spent = self._pay(member, _unpaid(order))
        granted = self._earn(member, order, terms, today)
        member.orders.append(order)
        self.outcome.orders += 1
        self.outcome.cash_minor += order.cash_minor
        self._fold(member)
        if past.returned_at is not None:
            returned_at = max(past.returned_at, at)
            undone = _Return(member, order, spent, granted)
            heapq.heappush(self._returns, (returned_at, next(self._numbers), undone))
            member.returns += 1
        if not member.returns:
            _forget_closed(member.books)

    def _terms(self, today: date) -> Terms:
        """The terms of a day, worked out once."""
        if today not in self._by_day:
            self._by_day[today] = terms_of(self._program, self._zone, today)
        return self._by_day[today]

    def _member(self, name: str, at: datetime, today: date) -> _Member:
        member = self._members.get(name)
        if member is None:
            facts = self._known.get(name) or MemberFacts(today=today, joined_on=today)
            books = Books(Wallet(name), lots_complete=True, mint=self._mint)
            member = self._members[name] = _Member(name, facts, books)
            self.outcome.members += 1
            grant = self._program.welcome_grant(at, self._zone, _POLICY)
            if grant is not None and self._assumptions.welcome:
                self.outcome.desired_minor += grant.amount_minor
                self._grant(member, grant, at, WELCOME)
        return member

    def _pay(self, member: _Member, order: Order) -> tuple[Order, Entry | None]:
        if not self._assumptions.does_pay(order):
            return order, None
        credit = min(member.books.spendable(order.placed_at), order.total_minor)
        if not credit:
            return order, None
        entry = member.books.redeem(credit, order.placed_at, self._cause(order))
        return paid_with(order, credit), entry

    def _earn(
        self, member: _Member, order: Order, terms: Terms, today: date
    ) -> list[tuple[Entry, tuple[int, ...]]]:
        sale = sale_of(order, terms.earning.base)
        facts = replace(
            member.facts,
            today=today,
            orders_before=len(member.orders),
            arms=self._assumptions.arms_of(member.name, order.placed_at),
        )
        if "tier" in terms.earning.needs(today) or any(
            "tier" in each.whom.needs for each in self._program.rebates
        ):
            so_far = MemberOrders(facts, member.orders)
            facts = replace(
                facts,
                tier=tiers_of(
                    self._program.tiers, so_far, self._zone, today, currency=self._program.currency.code
                ),
            )
        found = earn_for_order(terms, sale, facts, member.past, self._funds.take, order.placed_at)
        granted = []
        for gain in found.gains:
            if gain.wallet != MAIN:
                self.outcome.stamps[gain.wallet] += gain.granted
                continue
            self.outcome.desired_minor += gain.desired
            if gain.granted:
                rule = terms.earning.rule(gain.rule)
                grant = self._program.earned_grant(gain.granted, order.placed_at, self._zone, _POLICY, rule)
                granted.append((self._grant(member, grant, order.placed_at, gain.rule), gain.by_line))
        member.past.keep(found, order.placed_at, sale)
        granted += self._rebates(member, order, facts)
        return granted

    def _rebates(
        self, member: _Member, order: Order, facts: MemberFacts
    ) -> list[tuple[Entry, tuple[int, ...]]]:
        program, at = self._program, order.placed_at
        running = [rebate for rebate in program.rebates if rebate.lasts(facts.today)]
        lines = sale_of(order, program.earning.base).lines
        granted = []
        for due in rebates_due(running, program.earning.base, lines, facts, program.point_value_minor):
            fund = program.funds.get(due.rebate.fund or "")
            got = due.amount_minor
            if fund is not None:
                counter = fund.counter(due.rebate.fund or "", facts.today)
                got = self._funds.take(counter, got, fund.limit_minor)
            self.outcome.desired_minor += due.desired_minor
            if got:
                limited = due.limited(got)
                grant = program.rebate_grant(limited, at, self._zone, _POLICY)
                granted.append((self._grant(member, grant, at, due.rebate.id), limited.by_line_minor))
                gain = Gain(due.rebate.id, "rebates", due.desired_minor, got)
                member.past.keep(Earnings((gain,)), at)
        return granted

    # What comes back, and what ends

    def _take_returns(self, until: datetime) -> None:
        while self._returns and self._returns[0][0] <= until:
            at, _, undone = heapq.heappop(self._returns)
            member, order = undone.member, undone.order
            self._settle(member, at)
            if undone.spent is not None:
                share = share_of_credit(order)
                back = Undoing(undone.spent, share=share)
                if back.left_minor(Account.SPENT) > 0:
                    member.books.restore(back, at, self._cause(order), self._program.grace)
            for entry, by_line in undone.granted:
                taken = Undoing(entry, share=share_of_earned(order, by_line))
                if taken.left_minor(Account.CLAWBACK) > 0:
                    member.books.claw_back(taken, at, self._cause(order))
            member.returns -= 1
            self._fold(member)

    def _settle(self, member: _Member, at: datetime) -> None:
        """Let what was pending become spendable, and end what has ended."""
        books = member.books
        books.settle(at)
        for lot_id in [lot.id for lot in books.lots.values() if lot.is_open and has_ended(lot, at)]:
            books.expire(lot_id, at)
        self._fold(member)

    # Below: how

    def _grant(self, member: _Member, grant: Grant, at: datetime, rule: str) -> Entry:
        entry = member.books.earn(grant, at, Cause(f"grant/{next(self._numbers)}", "simulation", rule=rule))
        self.outcome.by_rule[rule] += grant.amount_minor
        if grant.terms.expires_at is not None:
            member.books.mark_noticed([entry.draws[0].of_lot], at)
        return entry

    def _fold(self, member: _Member) -> None:
        """Add what was entered to the sums; who has many orders need not keep every entry."""
        for entry in member.books.entries:
            for draw in entry.draws:
                self.outcome.accounts[draw.source] -= draw.amount_minor
                self.outcome.accounts[draw.target] += draw.amount_minor
        member.books.entries.clear()

    def _cause(self, order: Order) -> Cause:
        number = next(self._numbers)
        return Cause(f"order/{order.id}/{number}", "simulation", source_type="order", source_id=order.id)

    def _mint(self) -> str:
        return f"{next(self._numbers):032x}"


def simulate(
    program: Program,
    zone: str,
    orders: Iterable[PastOrder],
    assumptions: Assumptions = Assumptions(),  # frozen
    members: Mapping[str, MemberFacts] | None = None,
) -> Outcome:
    """Return what came of a program on these orders, oldest first."""
    return Simulation(program, zone, assumptions, members).run(orders)


def _unpaid(order: Order) -> Order:
    """The order before any credit paid for it; what came back of it stays."""
    return paid_with(order, 0) if order.credit_minor else order


def _forget_closed(books: Books) -> None:
    """Drop lots that nothing is left in and nothing will come back to."""
    for lot_id in [lot.id for lot in books.lots.values() if not lot.is_open]:
        del books.lots[lot_id]
