"""Credit comes: what an order or an event earns is granted in a turn, recorded by rule, and told as events.

Every cause that earns goes this one road: orders the shop reports, reorders by message, tracked events.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.contact import Event, JsonValue, Order
from bot.core.deeds.claiming import claim, name_of, reward_of
from bot.core.deeds.experimenting import arms_of
from bot.core.deeds.figures import asked_in
from bot.core.deeds.offering import give_offer, told_offer
from bot.core.deeds.rebating import foreseen_rebates_minor, grant_rebates
from bot.core.deeds.rebating import needs as rebates_need
from bot.core.deeds.tier_turns import tier_of
from bot.core.deeds.unclaiming import claimed_by_card
from bot.core.errors import TellMember
from bot.core.ids import microseconds
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Cause, Entry
from bot.core.ledger.lots import Grant
from bot.core.local_time import local_date, start_of_day
from bot.core.loyalty.earnings import earn_for_event, earn_for_order
from bot.core.loyalty.eligibility import MemberFacts, facts_of
from bot.core.loyalty.gains import MAIN, Bought, Earnings, Gain, Tally, Terms
from bot.core.loyalty.sales import sale_of, terms_of
from bot.core.loyalty.stamps import Card, full_cards, progress
from bot.core.payments import is_waiting
from bot.core.turn import Turn

CREDIT_GRANTED, CARD_STAMPED, CARD_COMPLETED = "Credit Granted", "Card Stamped", "Card Completed"
_NEVER_BOUGHT = frozenset({"canceled", "cancelled", "rejected"})
"""What orders are called that were never bought."""


@dataclass(frozen=True, slots=True)
class Credited:
    """What a source earned, as it was granted; `spendable_from` is when the first of the credit can be."""

    earnings: Earnings
    records: tuple[EarnRecord, ...] = ()
    spendable_from: datetime | None = None

    @property
    def granted_minor(self) -> int:
        """The credit granted in the program's own currency."""
        return self.earnings.total()


def credit_order(turn: Turn, order: Order) -> Credited:
    """Grant what an order earns, by the rules and rebates of the day it was placed; once for each order.

    The order need not be kept in the turn yet. Nothing for whoever is no member, and nothing in a currency
    that the program had when the order came on record and has no more.
    """
    zone = turn.shop.zone
    today = local_date(order.placed_at, zone)
    source = f"order/{order.id}"
    if not _may_earn(turn, order) or _earned(turn, source):
        return Credited(Earnings())
    terms = terms_of(turn.program, zone, today, order.currency)
    member = _member(turn, terms, today, order.id)
    sale = sale_of(order, terms.earning.base)
    found = earn_for_order(terms, sale, member, _Past(turn), _taker(turn, terms), turn.now)
    why: dict[str, JsonValue] = {"why": "order", "order_id": order.id, "reference": order.reference}
    credited = _credit(turn, terms, found, source, why)
    back = grant_rebates(turn, order, sale.lines, member) if terms.is_own_currency else ()
    return replace(credited, records=(*credited.records, *back))


def foreseen_minor(turn: Turn, order: Order) -> int:
    """What an order would earn in its currency if it were placed now, rebates among it.

    Nothing is granted, and no fund is asked.
    """
    if not _may_earn(turn, order):
        return 0
    zone = turn.shop.zone
    today = local_date(turn.now, zone)
    terms = terms_of(turn.program, zone, today, order.currency)
    member = _member(turn, terms, today, order.id)
    sale = sale_of(order, terms.earning.base)
    found = earn_for_order(terms, sale, member, _Past(turn), _take_nothing, turn.now)
    rebates_minor = foreseen_rebates_minor(turn, sale.lines, member) if terms.is_own_currency else 0
    return found.total(terms.wallet) + rebates_minor


def credit_event(turn: Turn, event: Event, key: str) -> Credited:
    """Grant what an event earns; `key` tells it from every other event.

    A rule that asks for a proof gives once for each proof, whichever event brings it. Nothing is granted for
    it again where the turn itself records the event.
    """
    turn.effects.credited.append(event)
    zone = turn.shop.zone
    today = local_date(event.at, zone)
    terms = terms_of(turn.program, zone, today)
    if not turn.contact.is_member or not terms.earning.hears(event.name):
        return Credited(Earnings())
    member = _member(turn, terms, today, "")
    found = earn_for_event(terms, event, member, _Past(turn), _taker(turn, terms), turn.now)
    records: list[EarnRecord] = []
    starts: list[datetime] = []
    for gain in found.gains:
        source = _proof_source(gain.rule, gain.proof) if gain.proof else f"event/{_digest(key)}"
        credited = _credit(turn, terms, Earnings((gain,)), source, {"why": "event", "event": event.name})
        records += credited.records
        starts += [credited.spendable_from] if credited.spendable_from is not None else []
    return Credited(found, tuple(records), min(starts, default=None))


def _may_earn(turn: Turn, order: Order) -> bool:
    return turn.contact.is_member and turn.program.currency_called(order.currency) is not None


# Granting


def _credit(turn: Turn, terms: Terms, found: Earnings, source: str, why: Mapping[str, JsonValue]) -> Credited:
    granted = [(gain, _grant(turn, terms, gain)) for gain in found.gains]
    records = []
    for gain, grant in granted:
        entry = _issue(turn, gain, grant, source) if gain.granted else None
        record = _record(turn, gain, entry, grant, source)
        turn.keep("earned", f"{source}/{gain.rule}", record)
        records.append(record)
    starts = [max(grant.terms.active_from, turn.now) for gain, grant in granted if gain.granted]
    for wallet in dict.fromkeys(gain.wallet for gain in found.gains if gain.granted):
        card = terms.earning.card(wallet)
        if card is not None:
            _stamp(turn, card, found.total(wallet), why)
        else:
            _tell(turn, wallet, [each for each in granted if each[0].wallet == wallet], why)
    return Credited(found, tuple(records), min(starts, default=None))


def _grant(turn: Turn, terms: Terms, gain: Gain) -> Grant:
    now, zone, policy = turn.now, turn.contact.zone, gain.policy or turn.shop.program_policy
    card = terms.earning.card(gain.wallet)
    if card is not None:
        return turn.program.stamps_grant(gain.granted, card, now, zone, policy)
    rule = terms.earning.rule(gain.rule)
    return turn.program.earned_grant(gain.granted, now, zone, policy, rule, wallet=gain.wallet)


def _issue(turn: Turn, gain: Gain, grant: Grant, source: str) -> Entry:
    source_type, _, source_id = source.partition("/")
    cause = Cause(
        f"earn/{source}/{gain.rule}",
        actor=f"contact/{turn.contact.id}",
        source_type=source_type,
        source_id=source_id,
        rule=grant.policy,
    )
    return turn.wallet(gain.wallet).earn(grant, turn.now, cause)


def _record(turn: Turn, gain: Gain, entry: Entry | None, grant: Grant, source: str) -> EarnRecord:
    return EarnRecord(
        source=source,
        rule=gain.rule,
        wallet=gain.wallet,
        entry_id=entry.id if entry is not None else "",
        lot_id=entry.draws[0].of_lot if entry is not None else "",
        desired_minor=gain.desired,
        granted_minor=gain.granted,
        by_line_minor=gain.by_line,
        because=tuple(because.as_text() for because in gain.because),
        policy=grant.policy,
        at=turn.now,
    )


def _tell(
    turn: Turn, wallet: str, granted: Sequence[tuple[Gain, Grant]], why: Mapping[str, JsonValue]
) -> None:
    """Track that credit came, once for all the rules of a source: a member hears of it in one message."""
    given = [(gain, grant) for gain, grant in granted if gain.granted]
    first = min(given, key=lambda each: each[1].terms.active_from)[1]
    starts_at = max(first.terms.active_from, turn.now)
    largest = max(given, key=lambda each: each[0].granted)[0]
    turn.track(
        CREDIT_GRANTED,
        {
            **why,
            "amount": sum(gain.granted for gain, _ in given),
            "desired": sum(gain.desired for gain, _ in granted),
            "wallet": wallet,
            "currency": turn.program.currency.code if wallet == MAIN else wallet,
            "rule": largest.rule,
            "rules": {gain.rule: gain.granted for gain, _ in given},
            "spendable_from": starts_at.isoformat(),
            "is_pending": starts_at > turn.now,
            "expires_on": first.terms.expires_on.isoformat() if first.terms.expires_on else None,
        },
    )


# Cards


def _stamp(turn: Turn, card: Card, stamps: int, why: Mapping[str, JsonValue]) -> None:
    """Track the stamps, and turn every full card into what it becomes."""
    books = turn.wallet(card.wallet)
    full = full_cards(card, books.spendable(turn.now))
    completed = [facts for _ in range(full) if (facts := _complete(turn, card)) is not None]
    now = progress(card, books.spendable(turn.now), books.wallet.debt_minor)
    turn.track(
        CARD_STAMPED,
        {
            **why,
            "card": card.id,
            "card_name": turn.program.text(card.name, turn.contact.locale),
            "stamps": stamps,
            "have": now.stamps,
            "of": now.of,
            "missing": now.missing,
            "completed": len(completed),
        },
    )
    for facts in completed:
        turn.track(CARD_COMPLETED, facts)


def _complete(turn: Turn, card: Card) -> dict[str, JsonValue] | None:
    """Spend a full card, and give what it becomes; an offer that cannot be given leaves it full, and None.

    A reward is claimed with credit granted for it: if it is gone, the credit stays.
    """
    books = turn.wallet(card.wallet)
    key = f"{card.wallet}/{books.wallet.entry_count}"
    cause = Cause(key, f"contact/{turn.contact.id}", source_type="card", source_id=card.id)
    offered: dict[str, JsonValue] = {}
    if card.get.offer is not None:
        try:
            offered = dict(told_offer(turn, give_offer(turn, card.get.offer, key)))
        except TellMember:
            return None
    spent = books.redeem(card.buy, turn.now, cause)
    facts: dict[str, JsonValue] = {
        "card": card.id,
        "card_name": turn.program.text(card.name, turn.contact.locale),
        "becomes": card.get.kind,
        "amount": 0,
        "code": None,
        **offered,
    }
    if offered:
        return facts
    reward = reward_of(turn, card.get.reward)
    amount = card.get.credit_minor or (reward.cost_minor if reward is not None else 0)
    if not amount:
        return facts
    policy = card.policy or turn.shop.program_policy
    grant = turn.program.card_grant(amount, card, turn.now, turn.contact.zone, policy)
    granted = turn.books.earn(grant, turn.now, replace(cause, key=f"earn/{key}"))
    facts["amount"] = amount
    if reward is not None:
        with suppress(TellMember):
            claimed = claim(turn, reward.id)
            claimed_by_card(turn, claimed, card.wallet, spent, granted)
            name = name_of(turn, reward.id)
            facts |= {"reward": reward.id, "title": name, "code": claimed.code, "amount": 0}
    return facts


# What was before


@dataclass(frozen=True, slots=True)
class _Past:
    """The member's past as the database and this turn know it; see `bot.core.loyalty.gains.Past`."""

    turn: Turn

    def granted(self, wallet: str, rule: str | None, since: datetime | None) -> Tally:
        """What was granted before this turn, and in it."""
        at = microseconds(since) if since is not None else 0
        before = self.turn.needed("granted", f"{at}|{rule or ''}|{wallet}")
        assert isinstance(before, Tally)
        here = [
            record.granted_minor
            for (table, _), record in self.turn.effects.kept.items()
            if table == "earned"
            and isinstance(record, EarnRecord)
            and record.wallet == wallet
            and rule in {None, record.rule}
            and record.granted_minor
        ]
        return Tally(before.times + len(here), before.granted_minor + sum(here))

    def bought(self, since: date) -> Sequence[Bought]:
        """What was bought before this turn."""
        at = start_of_day(since, self.turn.shop.zone)
        found = self.turn.needed("earlier_orders", str(microseconds(at)))
        assert isinstance(found, tuple)
        return found

    def is_proven(self, rule: str, proof: str) -> bool:
        """Whether it was given for before this turn, or in it."""
        return _earned(self.turn, _proof_source(rule, proof))


def _proof_source(rule: str, proof: str) -> str:
    """The source that a proof's grant is recorded under; what proves may be personal, so it is hashed."""
    return f"proof/{_digest(f'{rule}/{proof}')}"


def _earned(turn: Turn, source: str) -> bool:
    found = turn.needed("earned", source)
    assert isinstance(found, tuple)
    here = any(table == "earned" and key.startswith(f"{source}/") for table, key in turn.effects.kept)
    return bool(found) or here


def was_bought(order: Order) -> bool:
    """Whether somebody bought it: it was not given up, and does not wait for its payment."""
    return order.status not in _NEVER_BOUGHT and not is_waiting(order)


def _member(turn: Turn, terms: Terms, today: date, order_id: str) -> MemberFacts:
    needs = terms.earning.needs(today) | rebates_need(turn)
    before = 0
    if "orders" in needs:
        before = sum(order.id != order_id and was_bought(order) for order in turn.orders())
    return facts_of(
        turn.contact,
        today,
        turn.shop.zone,
        tier=tier_of(turn) if "tier" in needs else None,
        orders_before=before,
        arms=arms_of(turn, needs),
        audiences=asked_in(turn, needs),
    )


def _taker(turn: Turn, terms: Terms) -> Callable[[str, int, int], int]:
    def take(counter: str, units: int, limit: int) -> int:
        if not limit:
            return 0
        got = turn.take(counter, units, of=limit, partial=True)
        part = got % terms.point_minor  # a fund whose limit was changed may end within a point
        if part:
            turn.give_back(counter, part)
        return got - part

    return take


def _take_nothing(_counter: str, units: int, _limit: int) -> int:
    """Answer as a fund that holds enough."""
    return units


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
