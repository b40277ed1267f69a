"""A filter over an event's properties: `where: {status: paid, total: "> 50"}`."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue

_COMPARISON = re.compile(r"\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*\Z", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?\Z")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One property's condition; `path` leads into nested properties."""

    path: tuple[str, ...]
    sign: str
    operand: JsonValue

    def holds(self, properties: Mapping[str, JsonValue]) -> bool:
        """Whether the property is as wanted; one that is missing only satisfies `!=`.

        Of a list of things one has to be as wanted: `products.category` is met by a single product of it, and
        `!=` by none that is equal.
        """
        found = [*values_at(dict(properties), self.path)]
        if self.sign == "!=":
            return not any(_same(value, self.operand) for value in found)
        return any(self._is_wanted(value) for value in found)

    def _is_wanted(self, value: JsonValue) -> bool:
        if self.sign == "in":
            assert isinstance(self.operand, list)
            return any(_same(value, wanted) for wanted in self.operand)
        if self.sign in _ORDER:
            found, wanted = _as_number(value), _as_number(self.operand)
            return found is not None and wanted is not None and _ORDER[self.sign](found, wanted)
        return _same(value, self.operand)


@dataclass(frozen=True, slots=True)
class Where:
    """All clauses must hold."""

    clauses: tuple[Clause, ...] = ()

    def holds(self, properties: Mapping[str, JsonValue]) -> bool:
        """Whether an event's properties fit."""
        return all(clause.holds(properties) for clause in self.clauses)


def where(properties: Mapping[str, JsonValue]) -> Where:
    """Compile a filter.

    Raises:
        ValueError: with a sentence for the marketer, when an order is asked of something that has none.
    """
    return Where(tuple(_clause(name, wanted) for name, wanted in properties.items()))


def values_at(value: JsonValue, path: tuple[str, ...]) -> Iterator[JsonValue]:
    """Yield what stands at a property's path, of each thing of a list on the way; None where nothing does."""
    if not path:
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from values_at(one, path)
    else:
        yield from values_at(value.get(path[0]) if isinstance(value, dict) else None, path[1:])


def _clause(name: str, wanted: JsonValue) -> Clause:
    path = tuple(name.split("."))
    if isinstance(wanted, list):
        return Clause(path, "in", wanted)
    if isinstance(wanted, dict):
        raise ValueError(f"{name}: write nested properties with a dot, like {name}.city")  # noqa: TRY004  a marketer's mistake
    found = _COMPARISON.match(wanted) if isinstance(wanted, str) else None
    if found is None:
        return Clause(path, "=", wanted)
    sign, operand = found.groups()
    number = float(operand) if _NUMBER.match(operand) else None
    if sign in _ORDER and number is None:
        raise ValueError(f"{name}: {sign} needs a number, not '{operand}'")
    return Clause(path, sign, operand if number is None else number)


def _same(value: JsonValue, wanted: JsonValue) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    found, number = _as_number(value), _as_number(wanted)
    return found == number if found is not None and number is not None else value == wanted


def _as_number(value: JsonValue) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    return float(value) if isinstance(value, str) and _NUMBER.match(value.strip()) else None
