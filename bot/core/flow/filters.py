"""The filters a text may use: our own for money, dates and plurals, and a bounded choice of Liquid's."""

import re
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from types import NoneType

from babel.numbers import get_currency_precision
from liquid import RenderContext, Undefined
from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError, LiquidError, UnknownFilterError
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.utils import ReadOnlyChainMap

from bot.core.dates import in_words, is_style
from bot.core.money import babel_locale, money, number

HERE = "@here"
"""Where a context keeps the surroundings its filters need; no Liquid name can be spelt like it."""

CHARACTERS_MAX = 5_000
ITEMS_MAX = 1_000
NUMBER_MAX = 10**15
DAY_CHARACTERS = len("2026-11-27")
PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})

Filter = Callable[..., object]
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Here:
    """What filters know beyond their input: the instant, the contact's zone, the program's money."""

    now: datetime
    zone: str
    currency: str
    exponent: int
    point_minor: int = 1
    """What one point is worth, in minor units."""
    is_read_at_once: bool = True
    """Whether the text answers a message: any other may wait for the morning."""
    exponents: Mapping[str, int] = field(default_factory=dict)
    """How many decimals the program's further currencies have, by their codes."""

    def in_words(self, when: datetime | date, style: str, locale: str) -> str:
        """Say a day or an instant as it is here (see `bot.core.dates`)."""
        return in_words(
            when,
            style,
            locale=locale,
            zone=self.zone,
            now=self.now,
            is_read_at_once=self.is_read_at_once,
        )


class Frame:
    """The values and surroundings of one rendering."""

    __slots__ = ("assigned", "locale", "registers", "values")

    assigned: dict[str, object]
    """What the text assigned so far; only there for texts that assign."""
    registers: list[object]
    """What the loops of the text are at; only there for texts with loops."""

    def __init__(self, values: Mapping[str, object], locale: str) -> None:
        self.values = values
        self.locale = locale

    def surroundings(self) -> Here:
        """Return the surroundings; a text with money or dates cannot be written without."""
        try:
            here = self.values[HERE]
        except KeyError as error:
            raise FilterArgumentError("the currency and the zone are not known here", token=None) from error
        assert isinstance(here, Here)
        return here


class TextContext(RenderContext):
    """Liquid's render context with our surroundings, and without its `now` that reads the clock."""

    __slots__ = ("frame",)

    def __init__(self, template: BoundTemplate, values: Mapping[str, object], locale: str) -> None:
        super().__init__(template, globals=values)
        self.scope = ReadOnlyChainMap(self.locals, values, self.counters)
        self.frame = Frame(values, locale)

    def filter(self, name: str, token: Token | None) -> Filter:
        """Return the filter, bound to this context when it is one of ours."""
        if name in OURS:
            return partial(OURS[name], self.frame)
        if name not in STANDARD:
            raise UnknownFilterError(f"unknown filter '{name}'", token=token)
        found = STANDARD[name]
        return partial(found, environment=self.env) if name in OF_ENVIRONMENT else found


def _money(context: Frame, value: object, currency: object = None) -> str:
    """Write minor units in a currency, by its code; in the program's own where none is said."""
    amount = _whole(value)
    here = context.surroundings()
    code = str(currency or here.currency)
    if amount is None:
        return ""
    if code == here.currency or not _CURRENCY.fullmatch(code):
        return money(amount, here.currency, here.exponent, context.locale)
    exponent = here.exponents[code] if code in here.exponents else get_currency_precision(code)
    return money(amount, code, exponent, context.locale)


def _points(context: Frame, value: object) -> str:
    """Write minor units as whole points."""
    amount = _whole(value)
    return "" if amount is None else number(amount // context.surroundings().point_minor, context.locale)


def _number(context: Frame, value: object) -> str:
    """Write a whole number with the locale's grouping."""
    amount = _whole(value)
    return "" if amount is None else number(amount, context.locale)


def _date(context: Frame, value: object, style: object = "short") -> str:
    """Say a date or an instant; text is read as ISO 8601, `now` and `today` are the turn's."""
    here = context.surroundings()
    when = _instant_or_day(value, here)
    if when is None:
        return ""
    if not isinstance(style, str) or not is_style(style):
        raise FilterArgumentError(f"unknown date style {style!r}", token=None)
    return here.in_words(when, style, context.locale)


def _plural(context: Frame, value: object, **forms: object) -> str:
    """Choose the form that the locale uses for this count; `#` stands for the count."""
    count = _whole(value) or 0
    form = forms.get(babel_locale(context.locale).plural_form(count), forms.get("other", ""))
    return str(form).replace("#", number(count, context.locale))


def _whole(value: object) -> int | None:
    if value is None or isinstance(value, Undefined) or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FilterArgumentError(f"expected a number, found {type(value).__name__}", token=None)
    return int(value)


def _instant_or_day(value: object, here: Here) -> datetime | date | None:
    if value is None or isinstance(value, Undefined) or value == "":
        return None
    if isinstance(value, date):  # a datetime is one too
        return value
    if value in {"now", "today"}:
        return here.now
    if not isinstance(value, str):
        raise FilterArgumentError(f"expected a date, found {type(value).__name__}", token=None)
    if len(value) == DAY_CHARACTERS:
        return date.fromisoformat(value)
    instant = datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_BOUNDED = frozenset({Frame, NoneType, bool, date, datetime, float})
"""Kinds that have no size worth asking for."""


def _guarded(name: str, function: Filter) -> Filter:
    """Bound what goes in and what comes out: Liquid's own limits do not cover filters."""

    def run(*values: object, **named: object) -> object:
        for value in values:
            _check_size(name, value)
        for value in named.values():
            _check_size(name, value)
        try:
            result = function(*values, **named)
        except LiquidError:
            raise
        except (ArithmeticError, AttributeError, LookupError, ValueError) as error:
            raise FilterArgumentError(f"{name}: {error}", token=None) from error
        _check_size(name, result)
        return result

    return run


def _of_list(function: Filter) -> Filter:
    """Take nothing for an empty list: a variable that is not set must not fail a text."""

    def run(value: object, *arguments: object, **named: object) -> object:
        return function([] if value is None else value, *arguments, **named)

    return run


def _check_size(name: str, value: object) -> None:
    if value.__class__ in _BOUNDED:
        return
    if isinstance(value, str):
        if len(value) > CHARACTERS_MAX:
            raise FilterArgumentError(f"{name}: more than {CHARACTERS_MAX} characters", token=None)
    elif isinstance(value, int):
        if not -NUMBER_MAX <= value <= NUMBER_MAX:
            raise FilterArgumentError(f"{name}: a number beyond {NUMBER_MAX}", token=None)
    elif isinstance(value, Sized) and len(value) > ITEMS_MAX:
        raise FilterArgumentError(f"{name}: more than {ITEMS_MAX} items", token=None)


OURS: Mapping[str, Filter] = {
    name: _guarded(name, function)
    for name, function in {
        "money": _money,
        "points": _points,
        "number": _number,
        "date": _date,
        "plural": _plural,
    }.items()
}
"""Our filters; the first argument is the frame."""

STANDARD: Mapping[str, Filter] = {
    name: _guarded(name, function)
    for name, function in {
        "abs": math.abs_,
        "append": string.append,
        "at_least": math.at_least,
        "at_most": math.at_most,
        "capitalize": string.capitalize,
        "ceil": math.ceil,
        "compact": _of_list(array.compact),
        "default": misc.default,
        "divided_by": math.divided_by,
        "downcase": string.downcase,
        "first": _of_list(array.first),
        "floor": math.floor,
        "join": _of_list(array.join),
        "last": _of_list(array.last),
        "map": _of_list(array.map_),
        "minus": math.minus,
        "modulo": math.modulo,
        "plus": math.plus,
        "prepend": string.prepend,
        "remove": string.remove,
        "replace": string.replace,
        "reverse": _of_list(array.reverse),
        "round": math.round_,
        "size": misc.size,
        "slice": string.slice_,
        "sort": _of_list(array.sort),
        "split": string.split,
        "squish": string.squish,
        "strip": string.strip,
        "sum": _of_list(array.sum_),
        "times": math.times,
        "truncate": string.truncate,
        "truncatewords": string.truncatewords,
        "uniq": _of_list(array.uniq),
        "upcase": string.upcase,
        "url_encode": string.url_encode,
        "where": _of_list(array.where),
    }.items()
}
"""What we allow of Liquid's own."""

OF_ENVIRONMENT = frozenset({"first", "join", "last", "url_encode"})
"""Filters that Liquid gives its environment beside the values."""

FILTERS = frozenset((*OURS, *STANDARD))
