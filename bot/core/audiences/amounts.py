"""Numbers of events in millionths: added and compared exactly, in whatever order they come."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot.core.contact import JsonValue

MILLION = 1_000_000
NUMBER_MAX = 10**12
"""What is larger, to either side, is no figure of a shop and counts as no number."""
TOTAL_MAX = 2**62
"""Where sums stop growing: what a column holds."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)
_QUICK_MAX = 10**9  # below, a float with six decimals times a million is off by far less than a half
_COMPARISON = re.compile(r"\s*(>=|<=|!=|=|>|<)?\s*(.+?)\s*", re.DOTALL)
_DECIMALS = 6

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    "=": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
}


def millionths(value: JsonValue) -> int | None:
    """Return a number, or a text that is one, in millionths; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * MILLION if -NUMBER_MAX <= value <= NUMBER_MAX else None
    if isinstance(value, float) and -_QUICK_MAX < value < _QUICK_MAX:
        return round(value * MILLION)
    if isinstance(value, str):
        text = value.strip()
        return _exact(text) if _NUMBER.fullmatch(text) else None
    return _exact(repr(value)) if isinstance(value, float) and math.isfinite(value) else None


def _exact(text: str) -> int | None:
    number = Decimal(text)
    if not -NUMBER_MAX <= number <= NUMBER_MAX:
        return None
    return int((number * MILLION).to_integral_value())


def plain(amount: int, of: int = 1) -> int | float:
    """Return millionths (divided by `of`) as a number people read."""
    whole, rest = divmod(amount, MILLION * of)
    return amount / (MILLION * of) if rest else whole


def added(one: int, other: int) -> int:
    """Return the sum of two totals."""
    return max(-TOTAL_MAX, min(one + other, TOTAL_MAX))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a number must be, like `> 300`; `wanted` in millionths."""

    sign: str
    wanted: int

    def holds(self, amount: int, of: int = 1) -> bool:
        """Whether an amount of millionths, divided by `of`, is as wanted."""
        return SIGNS[self.sign](amount, self.wanted * of)

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.sign} {plain(self.wanted)}"


def comparison(written: object) -> Comparison:
    """Read `> 300`, `<= 2.5`, `!= 0`, or a number alone, which must be met exactly.

    Raises:
        ValueError: with a sentence for the marketer.
    """
    text = "" if isinstance(written, bool) or not isinstance(written, (int, float, str)) else str(written)
    found = _COMPARISON.fullmatch(text)
    remedy = 'write it in quotes, like "> 3", ">= 3", "< 3" or "= 3"'
    if found is None:
        raise ValueError(f"{_said(written)} is no comparison with a number; {remedy}")
    try:
        number = Decimal(found[2])
    except InvalidOperation as error:
        raise ValueError(f"{_said(written)} is no comparison with a number; {remedy}") from error
    if not number.is_finite() or abs(number) > NUMBER_MAX:
        raise ValueError(f"'{text}' is further than figures go; compare with less than a million million")
    if number != round(number, _DECIMALS):
        raise ValueError(f"'{text}' is finer than figures are kept; write at most {_DECIMALS} decimals")
    return Comparison(found[1] or "=", int(number * MILLION))


def _said(written: object) -> str:
    if written is None:
        return "nothing"
    if isinstance(written, bool):
        return "true" if written else "false"
    return f"'{written}'" if isinstance(written, (str, int, float)) else "this"
