"""Amounts as clients write them, a number or a text, in exact minor units."""

import re
from decimal import ROUND_HALF_UP, Decimal

from bot.core.contact import JsonValue

MINOR_MAX = 10**12
"""More than that is no sum of a shop's."""
_PLAIN = re.compile(r"-?\d{1,24}(\.\d{1,24})?", re.ASCII)


class NoAmount(ValueError):
    """What stands there is no amount; the text says what it is."""


def read_number(value: JsonValue) -> Decimal:
    """Read a number as it was meant: a float is what it is written as, 19.99 and not 19.98999….

    Raises:
        NoAmount: it is none, or a text with more than digits: nobody knows what `1,234` is.
    """
    number = None
    if isinstance(value, str):
        number = Decimal(value) if _PLAIN.fullmatch(value.strip()) else None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(str(value))
    if number is None or not number.is_finite():
        raise NoAmount(f"{_shown(value)} is no amount; write a number, like 1234.50")
    return number


def in_minor(amount: Decimal, exponent: int) -> int:
    """Return an amount in minor units of a currency with that many decimals; half a unit is rounded up.

    Raises:
        NoAmount: it is below 0, or far too large.
    """
    minor = int(amount.scaleb(exponent).to_integral_value(ROUND_HALF_UP))
    if not 0 <= minor <= MINOR_MAX:
        raise NoAmount(f"{amount} is below 0" if minor < 0 else f"{amount:.6g} is too much")
    return minor


def read_minor(value: JsonValue, exponent: int) -> int:
    """Read an amount in minor units. Raises NoAmount."""
    return in_minor(read_number(value), exponent)


def _shown(value: JsonValue) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return f"'{str(value)[:40]}'"
