"""Gifts between three members: sent, handed on twice or never, credit is in one place (law 21)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.core.contact import Contact, JsonValue
from bot.core.deeds import gift_turns
from bot.core.deeds.gift_turns import ARRIVES, Proposal
from bot.core.gate import Policy
from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Account, Cause, Entry, Reason
from bot.core.ledger.holds import Hold
from bot.core.ledger.lots import Grant, Lot, days_good
from bot.core.ledger.refusals import InsufficientCredit
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import findings
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.program import Program
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, Shop, Snapshot, Turn

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "gifts": {},
    }
)
SHOP = Shop("Leaf", "UTC", PROGRAM, "program@1", Policy(zone="UTC"), {}, {})
MEMBERS = st.integers(min_value=0, max_value=2)


@dataclass
class Member:
    """A member's books, and the triggers it has claimed."""

    contact: Contact
    wallet: Wallet
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)

    def keep(self, books: Books) -> None:
        """Store what a turn did."""
        self.wallet, self.lots, self.holds = books.wallet, dict(books.lots), dict(books.holds)
        self.entries += books.entries


class Gifts(RuleBasedStateMachine):
    """Members earn, send, get what is handed on in any order and number, leave and come back; days pass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.ids = count(1)
        self.on_the_way: list[tuple[int, Trigger]] = []
        self.issued = 0
        self.members = []
        for number in range(3):
            contact_id = f"{number:030x}{number:02x}"
            contact = Contact(contact_id, number, "en", "UTC", START, enrolled_at=START)
            self.members.append(Member(contact, Wallet(contact_id)))

    def turn(self, number: int, more: Mapping[str, object] | None = None) -> Turn:
        member = self.members[number]
        return Turn(
            trigger=Trigger(f"t{next(self.ids)}", TriggerKind.START, self.now),
            snapshot=Snapshot(
                contact=member.contact,
                addresses=(),
                subscriptions={},
                runs=(),
                wallet=member.wallet,
                lots=tuple(member.lots.values()),
                holds=tuple(member.holds.values()),
                more=more or {},
            ),
            shop=SHOP,
            now=self.now,
            mint=lambda: f"{next(self.ids) * 7919:030x}{number:02x}",
        )

    def commit(self, number: int, turn: Turn) -> None:
        for books in turn.opened_books:
            self.members[number].keep(books)
        for contact_id, trigger in turn.effects.told:
            whose = next(n for n, one in enumerate(self.members) if one.contact.id == contact_id)
            self.on_the_way.append((whose, trigger))

    @rule(who=MEMBERS, amount=st.integers(1, 500), days=st.integers(1, 6), grace=st.integers(0, 3))
    def earn(self, who: int, amount: int, days: int, grace: int) -> None:
        turn = self.turn(who)
        last_day = self.now.date() + timedelta(days=days)
        terms = days_good(self.now, last_day, "UTC", timedelta(days=grace))
        grant = Grant(amount, terms, "promotional", f"fund{amount % 3}", "program@1")
        turn.books.earn(grant, self.now, Cause(turn.trigger.key, "tester"))
        self.issued += amount
        self.commit(who, turn)

    @rule(who=MEMBERS, whom=MEMBERS, amount=st.integers(1, 600))
    def send(self, who: int, whom: int, amount: int) -> None:
        turn = self.turn(who)
        before = sum(lot.available_minor for lot in self.members[who].lots.values())
        try:
            gift_turns.send(turn, Proposal(amount, self.members[whom].contact.id, ""))
        except InsufficientCredit:
            assert turn.books.spendable(self.now) < amount
            return  # nothing is kept of a turn that fails
        self.commit(who, turn)
        assert sum(lot.available_minor for lot in self.members[who].lots.values()) == before - amount

    @rule(which=st.integers(min_value=0), dies=st.booleans())
    def hand_on(self, which: int, dies: bool) -> None:  # noqa: FBT001  # drawn
        """Hand something on; whoever dies before noting it hands it on again."""
        if not self.on_the_way:
            return
        position = which % len(self.on_the_way)
        whose, trigger = self.on_the_way[position]
        if not dies:
            del self.on_the_way[position]
        member = self.members[whose]
        if trigger.key in member.claimed:
            return
        body = trigger.payload["body"]
        assert isinstance(body, dict)
        turn = self.told(whose, trigger, body, {})
        self.commit(whose, turn)
        member.claimed.add(trigger.key)

    def told(self, whose: int, trigger: Trigger, body: dict[str, JsonValue], more: dict[str, object]) -> Turn:
        turn = self.turn(whose, more)
        try:
            if trigger.payload["operation"] == ARRIVES:
                gift_turns.arrive(turn, body)
            else:
                gift_turns.come_back(turn, body)
        except NeedsMore as needs:
            entry_id = needs.name.removeprefix("undoing/")
            entries = self.members[whose].entries
            entry = next(one for one in entries if one.id == entry_id)
            earlier = tuple(one for one in entries if one.reverses == entry_id)
            return self.told(whose, trigger, body, {**more, needs.name: Undoing(entry, earlier)})
        return turn

    @rule(who=MEMBERS)
    def leave_or_come_back(self, who: int) -> None:
        member = self.members[who]
        enrolled_at = None if member.contact.is_member else self.now
        member.contact = replace(member.contact, enrolled_at=enrolled_at)

    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        """Time goes on, and what has ended is swept."""
        self.now += timedelta(days=days)
        for number, member in enumerate(self.members):
            turn = self.turn(number)
            for lot_id in tuple(member.lots):
                turn.books.expire(lot_id, self.now)
            self.commit(number, turn)

    @invariant()
    def credit_is_in_one_place(self) -> None:
        """What was issued is with somebody, on its way, or has ended."""
        there = transit = ended = 0
        for member in self.members:
            there += member.wallet.available_minor
            for entry in member.entries:
                transit += entry.moved_minor(target=Account.TRANSFER)
                transit -= entry.moved_minor(source=Account.TRANSFER)
                ended += entry.moved_minor(target=Account.BREAKAGE)
                ended -= entry.moved_minor(source=Account.BREAKAGE)
        assert transit >= 0
        assert there + transit + ended == self.issued

    @invariant()
    def every_gift_is_sent_once_and_arrives_or_returns_at_most_once(self) -> None:
        sent: dict[str, Entry] = {}
        landed: dict[str, int] = {}
        for member in self.members:
            for entry in member.entries:
                if entry.reason is Reason.GIVE:
                    assert entry.source_id not in sent
                    sent[entry.source_id] = entry
                elif entry.source_type == "gift":
                    landed[entry.source_id] = landed.get(entry.source_id, 0) + 1
        assert all(times == 1 for times in landed.values())
        assert landed.keys() <= sent.keys()

    @invariant()
    def a_gift_ends_when_it_would_have_ended(self) -> None:
        ends: dict[str, set[tuple[date | None, str, datetime | None]]] = {}
        lots = {lot.id: lot for member in self.members for lot in member.lots.values()}
        for member in self.members:
            for entry in member.entries:
                if entry.reason is Reason.GIVE:
                    given = [lots[draw.of_lot] for draw in entry.draws]
                    ends[entry.source_id] = {(lot.expires_on, lot.fund, lot.grace_until) for lot in given}
        for lot in lots.values():
            if lot.source_type == "gift" and lot.parent_lot_id is None:  # a child is good for the grace
                assert (lot.expires_on, lot.fund, lot.grace_until) in ends[lot.source_id]

    @invariant()
    def all_books_are_sound(self) -> None:
        for member in self.members:
            standing = Standing(member.wallet, tuple(member.lots.values()), tuple(member.holds.values()))
            assert findings(standing, member.entries) == []

    def teardown(self) -> None:
        """In the end everything is handed on, and nothing is left on its way."""
        for _ in range(1_000):
            if not self.on_the_way:
                break
            self.hand_on(0, dies=False)
        transit = sum(
            entry.moved_minor(target=Account.TRANSFER) - entry.moved_minor(source=Account.TRANSFER)
            for member in self.members
            for entry in member.entries
        )
        assert transit == 0


GiftsTest = Gifts.TestCase
GiftsTest.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
