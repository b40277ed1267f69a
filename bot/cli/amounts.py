"""Amounts as they are printed for an operator: as money in English, never as bare minor units."""

from babel.numbers import get_currency_precision

from bot.core.contact import JsonValue
from bot.core.loyalty.fields import Currency
from bot.core.money import money


def as_money(minor: JsonValue, currency: Currency) -> str:
    """Write minor units, as an answer has them, in the program's currency: `$24.00`."""
    return money(int(str(minor)), currency.code, currency.exponent, "en")


def in_currency(minor: int, code: str) -> str:
    """Write minor units of a currency of which only its code is known."""
    return money(minor, code, get_currency_precision(code), "en")
