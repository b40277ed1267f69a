"""Two years of one member, lived through the real ledger: orders, credit earned, told of, spent, expired."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from random import Random

from bot.core.consent import ConsentChange, ConsentSource, Evidence, opt_in, opt_out
from bot.core.contact import Address, Contact, Event, Order, OrderLine
from bot.core.deeds.order_told import completed
from bot.core.email.mailbox import EMAIL
from bot.core.ids import bucket_of, derived_id, new_contact_id, new_id
from bot.core.ledger.books import Books
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, days_good, has_ended, spendable_until
from bot.core.ledger.wallet import Wallet
from bot.core.local_time import instant_of, local_date
from bot.core.loyalty.earning import PaidLine, earned
from bot.core.loyalty.notices import due_notices, next_notice_at
from bot.core.loyalty.program import Program
from bot.core.phone import locale_in
from bot.demo.catalogue import BY_SKU
from bot.demo.people import Basket, Person

GROUP = "loyalty"
_JOIN_WORDS = {"en": "LOYALTY", "es": "LEALTAD", "zh_Hans": "会员"}
_LETTER_WORDS = {
    "en": "Offers and news by email",
    "es": "Ofertas y novedades por correo",
    "zh_Hans": "优惠和消息（邮件）",
}
_POLICY = "program@1"  # what a new shop has published
_OPENS, _CLOSES = 7, 18
_TOLD_WITHIN = timedelta(seconds=30)
"""How long a notice takes to be delivered."""
_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class GivenNotice:
    """A notice that the member got: which lot, how many days before its end, when."""

    lot_id: str
    days: int
    at: datetime


@dataclass(slots=True)
class Life:
    """Everything the shop knows of one member after it was lived."""

    person: Person
    contact: Contact
    address: Address
    books: Books
    consent: list[ConsentChange] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notices: list[GivenNotice] = field(default_factory=list)
    mailbox: Address | None = None
    random: Random = field(default_factory=Random)

    def new_id(self, at: datetime) -> str:
        """Mint an id in the member's bucket."""
        return new_id(at, self.contact.bucket, self.random.randbytes)


def live(person: Person, program: Program, now: datetime, random: Random) -> Life:
    """Live a member's two years up to `now`."""
    return _Living(person, program, now, random).life


class _Living:
    """A member's events in the order in which they happen; some of them bring others about."""

    def __init__(self, person: Person, program: Program, now: datetime, random: Random) -> None:
        self._person, self._program, self._now, self._random = person, program, now, random
        self._todo: list[tuple[datetime, int, str, str]] = []
        self._order = count()
        joined_at = self._some_time(person.joined_days_ago)
        contact_id = new_contact_id(joined_at, random.randbytes)
        contact = Contact(
            id=contact_id,
            bucket=bucket_of(contact_id),
            locale=locale_in("MX" if person.number.startswith("+52") else "US", person.locale),
            zone=person.zone,
            zone_is_known=person.zone_is_known,
            first_name=person.first_name,
            birthday_on=person.birthday_on,
            created_at=joined_at,
            enrolled_at=joined_at,
        )
        stopped_at = None if person.stopped_days_ago is None else self._some_time(person.stopped_days_ago)
        self._at = joined_at
        self.life = Life(
            person,
            contact,
            Address("sms", person.number, stopped_at=stopped_at),
            Books(Wallet(contact_id), lots_complete=True, mint=self._mint),
            mailbox=None if person.mailbox is None else Address(EMAIL, person.mailbox),
            random=random,
        )
        self._join(joined_at)
        if stopped_at is not None:
            self._say(opt_out, "STOP", stopped_at)
        self._plan_orders(joined_at)
        for number, treat in enumerate(person.treats):
            assert treat.days > 0, "it is still good"
            self._plan(self._some_time(treat.given_days_ago), "treat", str(number))
        self._run()

    # What happens

    def _run(self) -> None:
        while self._todo and self._todo[0][0] <= self._now:
            at, _, what, subject = heapq.heappop(self._todo)
            self._at = at
            if what == "order":
                self._place_order(at)
            elif what == "treat":
                self._treat(int(subject), at)
            elif what == "notice":
                self._notice(at)
            else:
                self._end(subject, at)
        self._at = self._now
        self.life.books.settle(self._now)

    def _join(self, at: datetime) -> None:
        life, actor = self.life, f"contact/{self.life.contact.id}"
        self._say(opt_in, _JOIN_WORDS[self._person.locale], at)
        if life.mailbox is not None:
            words, value = _LETTER_WORDS[self._person.locale], life.mailbox.value
            agreed = Evidence(GROUP, EMAIL, words, ConsentSource.PAGES, at, address=value)
            life.consent.append(opt_in(agreed))
        life.events.append(Event("Member Enrolled", at, {}))
        grant = self._program.welcome_grant(at, self._person.zone, _POLICY)
        if grant is not None:
            self._earn(grant, at, Cause("welcome", actor, source_type="flow", source_id="enroll"))

    def _place_order(self, at: datetime) -> None:
        life, random = self.life, self._random
        is_last = not any(what == "order" for _, _, what, _ in self._todo)
        lines = _lines(self._basket(is_last=is_last))
        total = sum(line.quantity * line.unit_minor for line in lines)
        order_id = derived_id(f"demo/{life.contact.id}/{len(life.orders)}", life.contact.bucket)
        credit = 0
        if random.random() < self._person.spends:
            credit = min(life.books.spendable(at), total)
        source = random.choice(("counter", "counter", "web", "sms"))
        if credit:
            actor = f"contact/{life.contact.id}"
            cause = Cause(f"order/{order_id}", actor, source_type="order", source_id=order_id)
            life.books.redeem(credit, at, cause)
        order = Order(
            order_id, source, at, lines, total, credit, status="completed", cash_minor=total - credit
        )
        life.orders.append(order)
        life.events.append(Event("Order Completed", at, completed(self._program, order)))
        rules, lines_paid = self._program, [PaidLine(total, credit_minor=credit)]
        paid = earned(lines_paid, rules.earning.rate, rules.point_value_minor)
        if paid.total_minor:
            grant = self._program.earned_grant(paid.total_minor, at, self._person.zone, _POLICY)
            cause = Cause(f"earn/{order_id}", "shop", source_type="order", source_id=order_id)
            self._earn(grant, at, cause)

    def _treat(self, number: int, at: datetime) -> None:
        treat, zone = self._person.treats[number], self._person.zone
        last_day = local_date(self._now, zone) + timedelta(days=treat.days)
        terms = days_good(at, last_day, zone, self._program.grace)
        grant = Grant(treat.amount_minor, terms, "promotional", "adjustment", _POLICY)
        cause = Cause(f"treat/{number}", "operator/demo", "A treat for a regular", "campaign", "treats")
        self.life.books.adjust_up(grant, at, cause)
        self._watch(self.life.books.entries[-1].draws[0].of_lot)

    def _earn(self, grant: Grant, at: datetime, cause: Cause) -> None:
        entry = self.life.books.earn(grant, at, cause)
        self._watch(entry.draws[0].of_lot)

    def _notice(self, at: datetime) -> None:
        """Tell the member of all that ends, as the jobs do; who said STOP is told nothing."""
        life, policy, zone = self.life, self._program.notices, self._person.zone
        given = {(notice.lot_id, notice.days): notice.at for notice in life.notices}
        notice = due_notices(life.books.lots.values(), at, zone, policy, given)
        if notice is None:
            return
        life.notices += [GivenNotice(lot_id, days, at) for lot_id, days in notice.given]
        stopped_at = life.address.stopped_at
        if stopped_at is None or at < stopped_at:
            life.books.mark_noticed([line.lot_id for line in notice.lines], at + _TOLD_WITHIN)
        for line in notice.lines:
            self._plan_notice(line.lot_id, at)

    def _end(self, lot_id: str, at: datetime) -> None:
        books = self.life.books
        lot = books.lots[lot_id]
        if not has_ended(lot, at):  # nobody could be told: its grace goes on
            end = spendable_until(lot)
            if end is not None and end > at:
                self._plan(end, "end", lot_id)
            return
        reason = "" if lot.noticed_at else "no notice of its end was delivered; the grace has passed"
        books.expire(lot_id, at, reason)

    def _say(self, change: Callable[[Evidence], ConsentChange], words: str, at: datetime) -> None:
        evidence = Evidence(GROUP, "sms", words, ConsentSource.KEYWORD, at, f"SM{self._mint()}")
        self.life.consent.append(change(evidence))

    # When it happens

    def _plan_orders(self, joined_at: datetime) -> None:
        days_ago = float(self._person.joined_days_ago)
        while (days_ago := days_ago - self._gap()) > 0:
            at = self._some_time(int(days_ago))
            if joined_at < at < self._now:
                self._plan(at, "order", "")

    def _gap(self) -> float:
        return max(1.0, self._random.gauss(self._person.every_days, self._person.every_days / 3))

    def _watch(self, lot_id: str) -> None:
        lot = self.life.books.lots[lot_id]
        self._plan_notice(lot_id, lot.active_from - _BEFORE)
        if lot.expires_at is not None:
            self._plan(lot.expires_at, "end", lot_id)

    def _plan_notice(self, lot_id: str, after: datetime) -> None:
        lot = self.life.books.lots[lot_id]
        at = next_notice_at(lot, self._person.zone, self._program.notices, after)
        if at is not None:
            self._plan(at, "notice", lot_id)

    def _plan(self, at: datetime, what: str, subject: str) -> None:
        heapq.heappush(self._todo, (at, next(self._order), what, subject))

    def _some_time(self, days_ago: int) -> datetime:
        """A moment of that day at which the shop is open, by the member's own clock; never after now."""
        day = local_date(self._now, self._person.zone) - timedelta(days=days_ago)
        clock = time(self._random.randint(_OPENS, _CLOSES - 1), self._random.randrange(60))
        at = instant_of(day, clock, self._person.zone) + timedelta(seconds=self._random.randrange(60))
        return min(at, self._now - timedelta(minutes=1)).astimezone(UTC)

    def _basket(self, *, is_last: bool) -> Basket:
        person = self._person
        if is_last and person.last_basket is not None:
            return person.last_basket
        usual, *others = person.favourites
        is_usual = not others or self._random.randrange(3) > 0
        return usual if is_usual else self._random.choice(others)

    def _mint(self) -> str:
        return self.life.new_id(self._at)


def _lines(basket: Basket) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(sku, product.name, quantity, product.price_minor, product.category)
        for sku, quantity in basket
        for product in (BY_SKU[sku],)
    )
