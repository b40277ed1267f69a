"""Money and numbers as a locale writes them, in characters that an SMS holds without paying double.

Babel knows the patterns; taking one apart costs tens of microseconds, so each locale's and currency's
pattern is taken apart once and amounts are then written by hand. The same few amounts are said over and
over, so the latest are kept.
"""

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

from bot.core.segments import plain_spaces, segment


@lru_cache(maxsize=8192)
def money(amount_minor: int, currency: str, exponent: int, locale: str) -> str:
    """Write an amount of minor units, as in `$24.00`, `24,00 €`, `-$1,234.50` or `¥300`.

    `exponent` says how many decimals the currency has (2: cents, 0: yen).
    """
    return _pattern(currency, exponent, locale).write(amount_minor)


def number(amount: int, locale: str) -> str:
    """Write a whole number with the locale's grouping, as in `1,234`."""
    return _digits(locale).grouped(amount) if amount >= 0 else f"-{_digits(locale).grouped(-amount)}"


@lru_cache(maxsize=1024)
def babel_locale(locale: str) -> Locale:
    """Return Babel's locale for a tag of ours (`es_MX`, `zh-Hans`); English for one it does not know."""
    tag = locale.replace("-", "_")
    while tag:
        try:
            return Locale.parse(tag)
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("_")[0]
    return Locale("en")


@dataclass(frozen=True, slots=True)
class _Digits:
    """How a locale writes the digits of a whole number."""

    group: str
    primary: int
    secondary: int

    def grouped(self, amount: int) -> str:
        digits = str(amount)
        if len(digits) <= self.primary:
            return digits
        head, parts = digits[: -self.primary], [digits[-self.primary :]]
        while head:
            parts.append(head[-self.secondary :])
            head = head[: -self.secondary]
        return self.group.join(reversed(parts))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A money pattern taken apart: what stands around the digits, and how they are divided."""

    prefix: str
    suffix: str
    negative_prefix: str
    negative_suffix: str
    decimal: str
    exponent: int
    digits: _Digits

    def write(self, amount_minor: int) -> str:
        size = abs(amount_minor)
        if self.exponent:
            whole, rest = divmod(size, 10**self.exponent)
            text = f"{self.digits.grouped(whole)}{self.decimal}{rest:0{self.exponent}d}"
        else:
            text = self.digits.grouped(size)
        if amount_minor < 0:
            return f"{self.negative_prefix}{text}{self.negative_suffix}"
        return f"{self.prefix}{text}{self.suffix}"


@lru_cache(maxsize=1024)
def _digits(locale: str) -> _Digits:
    known = babel_locale(locale)
    primary, secondary = known.decimal_formats[None].grouping
    return _Digits(plain_spaces(get_group_symbol(known)), primary, secondary)


@lru_cache(maxsize=4096)
def _pattern(currency: str, exponent: int, locale: str) -> _Pattern:
    known = babel_locale(locale)
    pattern = known.currency_formats["standard"]
    primary, secondary = pattern.grouping
    symbol = _symbol(currency, known)
    prefix, negative_prefix = (_around(side, symbol, "before") for side in pattern.prefix)
    suffix, negative_suffix = (_around(side, symbol, "after") for side in pattern.suffix)
    return _Pattern(
        prefix=prefix,
        suffix=suffix,
        negative_prefix=negative_prefix,
        negative_suffix=negative_suffix,
        decimal=plain_spaces(get_decimal_symbol(known)),
        exponent=exponent,
        digits=_Digits(plain_spaces(get_group_symbol(known)), primary, secondary),
    )


def _symbol(currency: str, locale: Locale) -> str:
    symbol = plain_spaces(get_currency_symbol(currency, locale))
    return currency if segment(symbol).expensive else symbol  # PLN for zł: one ł would double an SMS


def _around(side: str, symbol: str, where: str) -> str:
    """Put the symbol in; a code of letters keeps a space to the digits, as CLDR asks."""
    text = plain_spaces(side).replace("¤", symbol)
    if where == "before" and text.endswith(symbol) and symbol[-1:].isalpha():
        return f"{text} "
    if where == "after" and text.startswith(symbol) and symbol[:1].isalpha():
        return f" {text}"
    return text
