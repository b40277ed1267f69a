"""What a turn records when a part of an order comes back: a lot of its own, a record, an event; once."""

from datetime import date

from bot.core.deeds.crediting import foreseen_minor
from bot.core.ledger.earned import EarnRecord
from bot.core.loyalty.program import Program
from tests.core.deeds.test_crediting import BUN, LATTE, Earner, events, kept, order, program

BACK = {
    "id": "back10",
    "title": {"en": "10% back", "es": "10 % de vuelta"},
    "rate": "10%",
    "spend_within": "30d",
}


def rebated(**changes: object) -> Program:
    return program(rebates=[{**BACK, **changes}], funds={"autumn": {"limit": "1.00"}})


def back(records: list[EarnRecord]) -> EarnRecord:
    return next(record for record in records if record.rule == "rebate/back10")


def test_what_comes_back_is_a_lot_of_its_own_beside_what_the_order_earns() -> None:
    turn, credited = Earner(rebated())(order(LATTE, BUN))
    record = back(kept(turn))
    assert (record.granted_minor, record.by_line_minor, record.because) == (150, (110, 40), ())
    lot = turn.books.lots[record.lot_id]
    assert (lot.kind, lot.fund, lot.available_minor) == ("rebate", "rebates", 150)
    assert (lot.source_type, lot.source_id) == ("order", "b" * 30 + "05")
    assert lot.expires_on == date(2026, 12, 24)
    assert record in credited.records
    assert turn.books.spendable(turn.now) == 150
    assert turn.books.spendable(turn.now, "b" * 30 + "05") == 0, "never on the order that earned it"
    assert events(turn)["Rebate Granted"] == {
        "rebate": "back10",
        "title": "10% back",
        "amount": 150,
        "desired": 150,
        "order_id": "b" * 30 + "05",
        "reference": "",
        "spendable_from": turn.now.isoformat(),
        "is_pending": False,
        "expires_on": "2026-12-24",
    }


def test_an_order_that_is_told_twice_gets_it_back_once() -> None:
    earner = Earner(rebated())
    turn, _ = earner(order(LATTE))
    for known in (tuple(kept(turn)), (back(kept(turn)),)):
        earner.past["earned/order/" + "b" * 30 + "05"] = known
        again, _ = earner(order(LATTE))
        assert "Rebate Granted" not in events(again)


def test_a_fund_and_a_bound_limit_what_comes_back_and_say_so() -> None:
    turn, _ = Earner(rebated(most="1.20", fund="autumn"))(order(LATTE, BUN))
    record = back(kept(turn))
    assert (record.desired_minor, record.granted_minor) == (150, 100)
    assert record.because == ("credit order 120 -30", "fund autumn 100 -20")


def test_nothing_comes_back_of_an_empty_fund_and_that_is_recorded_too() -> None:
    earner = Earner(rebated(fund="autumn"))
    earner.left["budget/autumn/all"] = 0
    turn, _ = earner(order(LATTE))
    assert (back(kept(turn)).granted_minor, back(kept(turn)).lot_id) == (0, "")
    assert "Rebate Granted" not in events(turn)


def test_what_an_order_would_earn_is_foreseen_without_a_trace() -> None:
    earner = Earner(rebated(fund="autumn"))
    turn, _ = earner(order(LATTE))
    before = len(turn.effects.kept)
    assert foreseen_minor(turn, order(LATTE, BUN)) == 75 + 150
    assert len(turn.effects.kept) == before
