"""What a turn records when credit comes: lots by rule, records to claw back by, stamps, events."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.core.contact import Event, JsonValue, Order, OrderLine
from bot.core.counting import Take
from bot.core.deeds.crediting import Credited, credit_event, credit_order
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Cause
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.gains import Bought, Tally
from bot.core.loyalty.program import Program
from bot.core.loyalty.standing import Standing
from bot.core.turn import NeedsMore, NeedsUnits, OpenWallet, Turn
from tests.handlers.scene import CONTACT, NOW, Scene

LATTE = OrderLine("LATTE", "Oat latte", 2, 550, category="coffee")
BUN = OrderLine("BUN", "Cinnamon bun", 1, 400, category="bakery")
CARD = {"id": "coffee", "name": {"en": "Coffee card"}, "category": "coffee", "buy": 4, "get": {"credit": 5}}


def program(**changes: object) -> Program:
    written = {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%", "pending": "14d"},
        "expiry": {"after": "12 months"},
    }
    return Program.model_validate(written | changes)


def order(*lines: OrderLine, shipping: int = 0, tax: int = 0, credit: int = 0, currency: str = "") -> Order:
    total = sum(line.gross_minor for line in lines)
    return Order(
        "b" * 30 + "05",
        "shop",
        NOW,
        lines,
        total,
        credit,
        currency=currency,
        shipping_minor=shipping,
        tax_minor=tax,
    )


class Earner:
    """A member, what was before, and funds: a turn is decided again until it has all it asks for."""

    def __init__(self, rules: Program, past: Mapping[str, object] | None = None, *, stamps: int = 0) -> None:
        """`past` is by name of what is needed, `stamps` are on the coffee card."""
        self.scene = Scene(program=rules)
        self.asked: list[str] = []
        self.past = dict(past or {})
        self.card = Wallet(CONTACT, id="card/coffee")
        self.stamps = stamps
        self.left: dict[str, int] = {}

    def __call__(self, what: Order | Event, key: str = "SM1") -> tuple[Turn, Credited]:
        """Credit it in a fresh turn."""
        more: dict[str, object] = dict(self.past)
        taken: dict[Take, int] = {}
        for _ in range(20):
            scene = replace(self.scene, past=more)
            turn = scene.turn(key)
            turn.snapshot = replace(turn.snapshot, taken=taken)
            try:
                if self.stamps:
                    self._stamp(turn)
                found = credit_order(turn, what) if isinstance(what, Order) else credit_event(turn, what, key)
            except NeedsMore as needs:
                self.asked.append(needs.name)
                more[needs.name] = self._answer(needs.name)
            except NeedsUnits as needs:
                taken[needs.take] = needs.take.granted(self.left.get(needs.take.counter, needs.take.of or 0))
            else:
                return turn, found
        raise AssertionError("it never has enough")

    def _answer(self, name: str) -> object:
        kind = name.partition("/")[0]
        if kind == "wallet":
            return OpenWallet(Wallet(CONTACT, id=name.partition("/")[2]))
        if kind == "codes":
            return {}
        known = {"earned": (), "granted": Tally(), "earlier_orders": (), "standing": None, "fulfilments": ()}
        return {**known, "claimed": 0, "counter": None, "offers_given": 0}[kind]

    def _stamp(self, turn: Turn) -> None:
        card = turn.program.earning.cards[0]
        grant = turn.program.stamps_grant(self.stamps, card, turn.now, "UTC", "program@1")
        turn.wallet("card/coffee").earn(grant, turn.now, Cause("before", "tester"))


def events(turn: Turn) -> dict[str, Mapping[str, JsonValue]]:
    return {event.name: event.properties for event in turn.effects.events}


def kept(turn: Turn) -> list[EarnRecord]:
    found = [record for (table, _), record in turn.effects.kept.items() if table == "earned"]
    assert all(isinstance(record, EarnRecord) for record in found)
    return found  # type: ignore[return-value]  # just asserted


def test_an_order_earns_pending_credit_that_says_until_when_and_why() -> None:
    turn, credited = Earner(program())(order(LATTE, BUN))
    assert credited.granted_minor == 75
    assert credited.spendable_from == NOW + timedelta(days=14)
    (record,) = kept(turn)
    assert record.source == f"order/{'b' * 30}05"
    assert (record.rule, record.wallet, record.policy) == ("base", "main", "program@1")
    assert (record.desired_minor, record.granted_minor, record.by_line_minor) == (75, 75, (55, 20))
    lot = turn.books.lots[record.lot_id]
    assert (lot.pending_minor, lot.active_from, lot.policy) == (75, NOW + timedelta(days=14), "program@1")
    told = events(turn)["Credit Granted"]
    assert (told["amount"], told["why"], told["rule"], told["is_pending"]) == (75, "order", "base", True)
    assert told["spendable_from"] == (NOW + timedelta(days=14)).isoformat()


def test_every_rule_has_its_own_lot_and_they_are_told_together() -> None:
    rules = [
        {"id": "gift", "credit": 1, "pending": "0d", "expiry": {"after": "30d"}},
        {"id": "twice", "category": "coffee", "multiplier": 2},
    ]
    turn, credited = Earner(program(earning={"rate": "5%", "pending": "14d", "rules": rules}))(
        order(LATTE, BUN)
    )
    assert {record.rule: record.granted_minor for record in kept(turn)} == {
        "base": 75,
        "gift": 100,
        "twice": 55,
    }
    assert len(turn.books.lots) == 3
    assert credited.spendable_from == NOW
    assert [event.name for event in turn.effects.events] == ["Credit Granted"]
    told = events(turn)["Credit Granted"]
    assert told["amount"] == 230
    assert told["rules"] == {"base": 75, "gift": 100, "twice": 55}


def test_an_order_earns_once() -> None:
    earner = Earner(program())
    turn, _ = earner(order(LATTE))
    earner.past["earned/order/" + "b" * 30 + "05"] = tuple(kept(turn))
    again, credited = earner(order(LATTE, BUN))
    assert not credited.records
    assert not again.effects.events
    twice, _ = Earner(program())(order(LATTE))
    assert credit_order(twice, order(LATTE)).granted_minor == 0, "nor twice in one turn"


def test_whoever_is_no_member_earns_nothing() -> None:
    earner = Earner(program())
    earner.scene = replace(earner.scene, is_member=False)
    turn, credited = earner(order(LATTE))
    assert credited.granted_minor == 0
    assert not turn.effects.kept


def test_a_cap_counts_what_was_granted_before_and_in_this_turn() -> None:
    rules = program(earning={"rate": "10%", "caps": [{"per": "day", "most": "2.00"}]})
    midnight = datetime(2026, 11, 24, 5, 0, tzinfo=NOW.tzinfo)
    at = round(midnight.timestamp() * 1_000_000)
    earner = Earner(rules, {f"granted/{at}||main": Tally(1, 50)})
    turn, credited = earner(order(LATTE))
    assert credited.granted_minor == 110
    second = credit_order(
        _with(turn, {"earned/order/" + "c" * 32: ()}), replace(order(LATTE, BUN), id="c" * 32)
    )
    assert second.granted_minor == 40
    assert kept(turn)[1].because == ("cap day 200 -110",)


def _with(turn: Turn, more: Mapping[str, object]) -> Turn:
    turn.snapshot = replace(turn.snapshot, more={**turn.snapshot.more, **more})
    return turn


def test_a_fund_pays_what_is_left_of_it_and_an_empty_one_leaves_a_record() -> None:
    rules = program(
        earning={"rules": [{"id": "tea", "rate": "10%", "fund": "autumn"}]},
        funds={"autumn": {"limit": 20, "per": "month"}},
    )
    earner = Earner(rules)
    earner.left["budget/autumn/2026-11"] = 30
    turn, credited = earner(order(LATTE))
    assert credited.granted_minor == 30
    (record,) = kept(turn)
    assert (record.desired_minor, record.because) == (110, ("fund autumn 2000 -80",))
    assert turn.books.lots[record.lot_id].fund == "autumn"
    earner.left["budget/autumn/2026-11"] = 0
    turn, credited = earner(order(LATTE))
    assert credited.granted_minor == 0
    assert not turn.effects.events
    (record,) = kept(turn)
    assert (record.granted_minor, record.entry_id, record.because) == (0, "", ("fund autumn 2000 -110",))


def test_what_a_fund_has_within_a_point_goes_back() -> None:
    rules = program(
        point_value="0.10",
        earning={"rules": [{"id": "tea", "rate": "10%", "fund": "autumn"}]},
        funds={"autumn": {"limit": 20}},
    )
    earner = Earner(rules)
    earner.left["budget/autumn/all"] = 37
    turn, credited = earner(order(LATTE))
    assert credited.granted_minor == 30
    assert turn.effects.given_back == {"budget/autumn/all": 7}


def test_a_first_order_that_is_kept_already_is_still_the_first() -> None:
    first = program(earning={"rules": [{"id": "first", "credit": 1, "for": {"first_order": True}}]})
    earner = Earner(first)
    here = order(LATTE)
    earner.scene = replace(earner.scene, orders=(here,))
    assert earner(here)[1].granted_minor == 100
    earner.scene = replace(earner.scene, orders=(replace(here, id="e" * 32), here))
    assert earner(here)[1].granted_minor == 0


def test_tiers_multiply_and_are_asked_only_where_they_do() -> None:
    levels = [{"id": "gold", "name": "Gold", "spend": 100, "multiplier": 2}]
    rules = program(tiers={"levels": levels, "per": "year"})
    standing = Standing(kind="tier", value="gold", since_at=NOW)
    turn, credited = Earner(rules, {"standing/tier": standing})(order(LATTE))
    assert credited.granted_minor == 110
    assert [record.rule for record in kept(turn)] == ["base", "tier/gold"]
    plain = Earner(program())
    plain(order(LATTE))
    assert not plain.asked, "a plain program needs nothing but what the order earned before"


def test_repeat_purchases_ask_for_earlier_orders() -> None:
    again = {"id": "again", "credit": 1, "category": "coffee", "repeat": {"nth": 2, "within": "30d"}}
    earner = Earner(program(earning={"rules": [again]}))
    assert earner(order(LATTE))[1].granted_minor == 0
    name = next(name for name in earner.asked if name.startswith("earlier_orders"))
    before = Bought("c" * 32, NOW - timedelta(days=3), frozenset({"FLAT"}), frozenset({"coffee"}))
    earner.past[name] = (before,)
    assert earner(order(LATTE))[1].granted_minor == 100


def test_another_currency_has_a_wallet_and_one_the_program_has_no_more_earns_nothing() -> None:
    rules = program(currencies=[{"code": "JPY", "exponent": 0, "point_value": 1}])
    turn, credited = Earner(rules)(order(LATTE, currency="JPY"))
    assert credited.granted_minor == 0, "nothing in the program's own currency"
    assert [(record.wallet, record.granted_minor) for record in kept(turn)] == [("JPY", 55)]
    assert turn.wallet("JPY").wallet.pending_minor == 55
    assert not turn.books.lots
    turn, credited = Earner(rules)(order(LATTE, currency="EUR"))
    assert (credited.granted_minor, kept(turn)) == (0, [])


def test_shipping_and_tax_count_where_the_program_says_so() -> None:
    bought = order(LATTE, shipping=300, tax=100, credit=100)
    assert Earner(program())(bought)[1].granted_minor == 55
    rules = program(earning={"rate": "5%", "base": {"shipping": True, "tax": True}})
    _, credited = Earner(rules)(bought)
    assert credited.granted_minor == 70, "5 % of 11.00 + 3.00 + 1.00 less what credit paid of these"
    assert credited.records[0].by_line_minor == (55, 11, 4)


# Events


def reviewed(number: int) -> Event:
    return Event("Product Reviewed", NOW, {"review_id": number})


REVIEW = {"id": "review", "event": "Product Reviewed", "credit": 1, "proof": "review_id"}


def test_an_event_earns_once_for_a_proof_and_at_once() -> None:
    earner = Earner(program(earning={"pending": "14d", "rules": [REVIEW]}))
    turn, credited = earner(reviewed(7), "m1")
    assert credited.granted_minor == 100
    assert credited.spendable_from == NOW, "nothing about it can be returned"
    (record,) = kept(turn)
    assert record.source.startswith("proof/")
    assert events(turn)["Credit Granted"]["why"] == "event"
    earner.past[f"earned/{record.source}"] = (record,)
    _, credited = earner(reviewed(7), "m2")
    assert not credited.records
    assert credited.earnings.left_out == {"review": "proven_before"}
    assert earner(reviewed(8), "m3")[1].granted_minor == 100


def test_an_event_without_proof_is_known_by_its_key() -> None:
    rule = {"id": "survey", "event": "Survey Answered", "credit": "0.50"}
    earner = Earner(program(earning={"rules": [rule]}))
    first, _ = earner(Event("Survey Answered", NOW), "m1")
    other, _ = earner(Event("Survey Answered", NOW), "m2")
    assert kept(first)[0].source != kept(other)[0].source
    assert not Earner(program())(Event("Survey Answered", NOW), "m1")[0].effects.events


# Cards


def test_stamps_are_credit_of_their_own_and_tell_how_many_are_missing() -> None:
    earning = {"rate": "5%", "cards": [CARD]}
    turn, credited = Earner(program(earning=earning))(order(LATTE, BUN))
    assert credited.granted_minor == 75, "stamps are no credit"
    stamps = next(record for record in kept(turn) if record.wallet == "card/coffee")
    assert (stamps.rule, stamps.granted_minor, stamps.by_line_minor) == ("card/coffee", 2, (2, 0))
    assert turn.wallet("card/coffee").spendable(NOW) == 2
    told = events(turn)["Card Stamped"]
    assert (told["stamps"], told["have"], told["of"], told["missing"]) == (2, 2, 4, 2)


def test_a_full_card_becomes_its_credit_and_the_rest_is_on_the_next() -> None:
    earner = Earner(program(earning={"cards": [CARD]}), stamps=7)
    turn, _ = earner(order(LATTE))
    assert turn.wallet("card/coffee").spendable(NOW) == 1
    assert turn.books.spendable(NOW) == 1000, "two cards were full"
    assert {lot.kind for lot in turn.books.lots.values()} == {"card"}
    told = [event.properties for event in turn.effects.events if event.name == "Card Completed"]
    assert [each["amount"] for each in told] == [500, 500]
    stamped = events(turn)["Card Stamped"]
    assert (stamped["have"], stamped["missing"], stamped["completed"]) == (1, 3, 2)


MUG = {"id": "mug", "name": "Mug", "cost": 6, "stock": 1}


def full_card(get: Mapping[str, object], **changes: object) -> Turn:
    """A turn in which a card is filled."""
    rules = program(earning={"cards": [CARD | {"get": get}]}, rewards=[MUG], **changes)
    earner = Earner(rules, stamps=3)
    turn, _ = earner(order(LATTE))
    return turn


def test_a_full_card_may_be_a_reward_that_is_claimed_at_once() -> None:
    turn = full_card({"reward": "mug"})
    told = events(turn)["Card Completed"]
    assert (told["becomes"], told["title"], told["amount"]) == ("reward", "Mug", 0)
    (claimed,) = [kept for (table, _), kept in turn.effects.kept.items() if table == "fulfilment"]
    assert told["code"] == getattr(claimed, "code", None)
    assert turn.books.spendable(NOW) == 0, "the credit was granted for it, and spent on it"
    assert [entry.reason.value for entry in turn.books.entries] == ["earn", "redeem"]


def test_where_the_reward_is_gone_its_credit_stays() -> None:
    earner = Earner(program(earning={"cards": [CARD | {"get": {"reward": "mug"}}]}, rewards=[MUG]), stamps=3)
    earner.left[earner.scene.program.rewards[0].counter] = 0
    turn, _ = earner(order(LATTE))
    told = events(turn)["Card Completed"]
    assert (told["amount"], told["code"]) == (600, None)
    assert turn.books.spendable(NOW) == 600


def test_a_full_card_may_be_an_offer() -> None:
    turn = full_card({"offer": "half"}, offers={"half": {"title": "Half off", "percent": "50%"}})
    told = events(turn)["Card Completed"]
    assert (told["becomes"], told["title"], told["percent"]) == ("offer", "Half off", 50)
    assert told["code"]
    assert not turn.books.lots


@pytest.mark.parametrize("rule", [{"until": "2020-01-01"}, {"for": {"tag": "gold"}}])
def test_where_the_offer_cannot_be_given_the_stamps_stay(rule: Mapping[str, object]) -> None:
    offers = {"half": {"title": "Half off", "percent": "50%", **rule}}
    turn = full_card({"offer": "half"}, offers=offers)
    assert turn.wallet("card/coffee").spendable(NOW) == 5, "as many as were on it"
    assert "Card Completed" not in events(turn)
    assert events(turn)["Card Stamped"]["completed"] == 0


def test_of_two_full_cards_one_stays_full_where_a_member_may_have_the_offer_once() -> None:
    offers = {"half": {"title": "Half off", "percent": "50%", "per_member": 1}}
    rules = program(earning={"cards": [CARD | {"get": {"offer": "half"}}]}, offers=offers)
    turn, _ = Earner(rules, stamps=7)(order(LATTE))
    assert turn.wallet("card/coffee").spendable(NOW) == 5, "seven and two, less the four of one card"
    assert events(turn)["Card Stamped"]["completed"] == 1


def test_what_a_card_becomes_must_be_there() -> None:
    for get in ({"reward": "cup"}, {"offer": "half"}):
        with pytest.raises(ValidationError, match=r"card 'coffee' becomes '(cup|half)', which is no"):
            program(earning={"cards": [CARD | {"get": get}]}, rewards=[MUG])
