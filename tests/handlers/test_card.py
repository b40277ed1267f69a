"""How full the contact's stamp cards are."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.program import Program
from bot.core.turn import OpenWallet
from handlers.card import card
from tests.handlers.scene import CONTACT, PROGRAM, Scene

CARDS = [
    {"id": "coffee", "name": {"en": "Coffee card", "es": "Tarjeta"}, "buy": 8, "get": {"credit": 6}},
    {"id": "tea", "name": "Tea card", "buy": 4, "get": {"reward": "latte"}},
    {"id": "old", "name": "Old card", "buy": 4, "get": {"credit": 1}, "until": "2026-11-23"},
]


def asked(coffee: Wallet, tea: Wallet, locale: str = "en", cards: object = CARDS) -> Mapping[str, JsonValue]:
    written = PROGRAM.model_dump(by_alias=True, include={"name", "currency"}) | {
        "point_value": "0.01",
        "earning": {"rate": "5%", "cards": cards},
        "rewards": [{"id": "latte", "name": {"en": "Any latte", "es": "Un latte"}, "cost": "6.00"}],
    }
    past = {"wallet/card/coffee": OpenWallet(coffee), "wallet/card/tea": OpenWallet(tea)}
    scene = Scene(program=Program.model_validate(written), locale=locale, past=past)
    return card(scene.turn()) or {}


def test_the_fullest_card_comes_first_and_says_what_it_becomes() -> None:
    found = asked(Wallet(CONTACT, id="card/coffee"), Wallet(CONTACT, id="card/tea"), "es")
    assert found["count"] == 2, "one is over"
    assert found["cards"] == [
        {"name": "Tea card", "have": 0, "of": 4, "missing": 4, "credit": 0, "title": "Un latte"},
        {"name": "Tarjeta", "have": 0, "of": 8, "missing": 8, "credit": 600, "title": ""},
    ]


def test_stamps_that_are_owed_are_missing() -> None:
    found = asked(Wallet(CONTACT, id="card/coffee"), Wallet(CONTACT, id="card/tea", debt_minor=6))
    cards = found["cards"]
    assert isinstance(cards, list)
    assert cards[1] == {
        "name": "Tea card",
        "have": 0,
        "of": 4,
        "missing": 10,
        "credit": 0,
        "title": "Any latte",
    }


def test_a_program_without_cards_has_none() -> None:
    nothing = Wallet(CONTACT)
    assert asked(nothing, nothing, cards=[]) == {"cards": [], "count": 0}
