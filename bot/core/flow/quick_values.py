"""Compiles Liquid's expressions (paths, literals, filters, conditions) into plain functions of a frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from liquid import Environment, RenderContext, Undefined
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.filtered import Filter as FilterNode
from liquid.builtin.expressions.primitive import Blank, Empty, IntegerLiteral, Literal, Nil, RangeLiteral
from liquid.expression import Expression
from liquid.template import BoundTemplate

from bot.core.dates import STYLES
from bot.core.flow.filters import (
    CHARACTERS_MAX,
    DAY_CHARACTERS,
    NUMBER_MAX,
    OF_ENVIRONMENT,
    OURS,
    STANDARD,
    Filter,
    Frame,
)
from bot.core.money import money

Value = Callable[[Frame], object]

MISSING = Undefined("")
_OF_THE_WHOLE = frozenset({"size", "first", "last"})
"""What a path may ask of a thing that has no such key."""
_ENDS: Mapping[object, object] = {"first": 0, "last": -1}
_NOT_FOUND = (KeyError, TypeError, IndexError)
_LOOP: Mapping[str, Callable[[int, int], object]] = {
    "first": lambda index, _length: index == 0,
    "index": lambda index, _length: index + 1,
    "index0": lambda index, _length: index,
    "last": lambda index, length: index == length - 1,
    "length": lambda _index, length: length,
    "rindex": lambda index, length: length - index,
    "rindex0": lambda index, length: length - index - 1,
}
"""What `forloop` knows, by its index from 0 and its length."""


class NotEverydayError(Exception):
    """Something in the template is not compiled here."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop around what is compiled: its name for the thing at hand, and where the frame keeps it.

    In the frame's registers stand the thing, its index from 0 and the length, one after the other.
    """

    name: str
    register: int


@dataclass(frozen=True, slots=True)
class Names:
    """What names mean at one place of a template: loops around it, innermost last; names it assigns."""

    context: RenderContext
    """Knows how Liquid finds `size`, `first` and the like; nothing of it changes."""
    assigned: frozenset[str] = frozenset()
    loops: tuple[Loop, ...] = ()

    @classmethod
    def of(cls, template: BoundTemplate, assigned: frozenset[str] = frozenset()) -> "Names":
        """Return what names mean outside all loops."""
        return cls(RenderContext(template), assigned)

    @property
    def env(self) -> Environment:
        """Liquid's environment, which some filters ask."""
        return self.context.env

    def within(self, loop: Loop) -> "Names":
        """Return what names mean inside a further loop."""
        return replace(self, loops=(*self.loops, loop))

    def loop_of(self, name: str) -> Loop | None:
        """Return the innermost loop that gives this name."""
        return next((loop for loop in reversed(self.loops) if loop.name == name), None)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known when the template is compiled."""

    value: object

    def __call__(self, _frame: Frame) -> object:
        """Return it."""
        return self.value


def value_of(expression: Expression, names: Names) -> Value:
    """Compile an expression that gives a value.

    Raises:
        NotEverydayError: It is left to Liquid.
    """
    if isinstance(expression, Path):
        return _path(expression, names)
    if isinstance(expression, Nil):
        return Constant(None)
    if isinstance(expression, Literal):
        return Constant(expression.value)
    if isinstance(expression, Empty | Blank):
        return Constant(expression)
    if isinstance(expression, FilteredExpression):
        value = value_of(expression.left, names)
        for used in expression.filters or ():
            value = _filtered(value, used, names)
        return value
    if isinstance(expression, RangeLiteral):
        start, stop = expression.start, expression.stop
        if isinstance(start, IntegerLiteral) and isinstance(stop, IntegerLiteral):
            return Constant(range(start.value, max(start.value, stop.value + 1)))
    raise NotEverydayError


# Paths


def _path(path: Path, names: Names) -> Value:
    first, *rest = path.path
    if not isinstance(first, str):
        raise NotEverydayError
    loop = names.loop_of(first)
    if loop is not None:
        return _below(_register(loop.register), rest, names)
    if first == "forloop" and names.loops:
        return _of_loop(names.loops[-1], rest)
    if first in names.assigned:
        return _below(_assigned_or_given(first), rest, names)
    if rest and all(isinstance(part, str) and part not in _OF_THE_WHOLE for part in rest):
        if len(rest) == 1:
            return _key(first, rest[0], names)
        if len(rest) == 2:  # noqa: PLR2004  # the two lengths that most paths have
            return _key_of_key(first, rest[0], rest[1], names)
    return _below(_given(first), rest, names)


def _key(first: str, second: object, names: Names) -> Value:
    item = names.context.get_item

    def look(frame: Frame) -> object:
        try:
            value = frame.values[first]
            return value[second] if value.__class__ is dict else item(value, second)
        except _NOT_FOUND:
            return MISSING

    return look


def _key_of_key(first: str, second: object, third: object, names: Names) -> Value:
    item = names.context.get_item

    def look(frame: Frame) -> object:
        try:
            value = frame.values[first]
            value = value[second] if value.__class__ is dict else item(value, second)
            return value[third] if value.__class__ is dict else item(value, third)
        except _NOT_FOUND:
            return MISSING

    return look


def _key_of(root: Value, second: object, names: Names) -> Value:
    item = names.context.get_item

    def look(frame: Frame) -> object:
        value = root(frame)
        try:
            return value[second] if value.__class__ is dict else item(value, second)
        except _NOT_FOUND:
            return MISSING

    return look


def _given(first: str) -> Value:
    def look(frame: Frame) -> object:
        try:
            return frame.values[first]
        except _NOT_FOUND:
            return MISSING

    return look


def _assigned_or_given(first: str) -> Value:
    def look(frame: Frame) -> object:
        if first in frame.assigned:
            return frame.assigned[first]
        try:
            return frame.values[first]
        except _NOT_FOUND:
            return MISSING

    return look


def _register(number: int) -> Value:
    return lambda frame: frame.registers[number]


def _of_loop(loop: Loop, rest: Sequence[object]) -> Value:
    known = _LOOP.get(str(rest[0])) if len(rest) == 1 else None
    if known is None:
        raise NotEverydayError
    at, of = loop.register + 1, loop.register + 2
    return lambda frame: known(frame.registers[at], frame.registers[of])  # type: ignore[arg-type]  # both whole


def _below(root: Value, rest: Sequence[object], names: Names) -> Value:
    """Compile what stands after the first name; a part may be a path itself, as in `a[b]`."""
    if not rest:
        return root
    if len(rest) == 1 and isinstance(rest[0], str) and rest[0] not in _OF_THE_WHOLE:
        return _key_of(root, rest[0], names)
    item = names.context.get_item
    parts = [_path(part, names) if isinstance(part, Path) else part for part in rest]
    if any(isinstance(part, Path) for part in rest):

        def look_up(frame: Frame) -> object:
            try:
                value = root(frame)
                for part in parts:
                    value = item(value, part(frame) if callable(part) else part)
            except _NOT_FOUND:
                return MISSING
            return value

        return look_up

    def look(frame: Frame) -> object:
        try:
            value = root(frame)
            for part in parts:
                if value.__class__ is dict and part in value:
                    value = value[part]  # what is a key of a dictionary, Liquid finds first as well
                elif value.__class__ is list:
                    value = len(value) if part == "size" else value[_ENDS.get(part, part)]  # type: ignore[call-overload]  # or fails, as in Liquid
                else:
                    value = item(value, part)
        except _NOT_FOUND:
            return MISSING
        return value

    return look


# Filters


def _filtered(value: Value, used: FilterNode, names: Names) -> Value:
    positional = [value_of(each.value, names) for each in used.args if not isinstance(each, KeywordArgument)]
    named = {
        each.name: value_of(each.value, names) for each in used.args if isinstance(each, KeywordArgument)
    }
    short = _shortened(value, used, positional) if not named else None
    if short is not None:
        return short
    if used.name in OURS:
        return _with_frame(OURS[used.name], value, positional, named)
    if used.name not in STANDARD:
        raise NotEverydayError
    standard = STANDARD[used.name]
    if used.name in OF_ENVIRONMENT:
        standard = partial(standard, environment=names.env)
    if named:
        return lambda frame: standard(
            value(frame),
            *[argument(frame) for argument in positional],
            **{name: argument(frame) for name, argument in named.items()},
        )
    if not positional:
        return lambda frame: standard(value(frame))
    if len(positional) == 1:
        (only,) = positional
        return lambda frame: standard(value(frame), only(frame))
    return lambda frame: standard(value(frame), *[argument(frame) for argument in positional])


def _with_frame(ours: Filter, value: Value, positional: list[Value], named: dict[str, Value]) -> Value:
    if not positional and not named:
        return lambda frame: ours(frame, value(frame))
    return lambda frame: ours(
        frame,
        value(frame),
        *[argument(frame) for argument in positional],
        **{name: argument(frame) for name, argument in named.items()},
    )


def _shortened(value: Value, used: FilterNode, positional: list[Value]) -> Value | None:
    """Return a shorter way for the filters and values that most texts have."""
    if used.name == "money" and not positional:
        return _as_money(value)
    if len(positional) != 1 or not isinstance(positional[0], Constant):
        return None
    constant = positional[0].value
    if not isinstance(constant, str):
        return None
    if used.name == "date" and constant in STYLES:
        return _as_date(value, constant)
    if used.name == "default" and len(constant) <= CHARACTERS_MAX:
        return _or_default(value, constant)
    return None


def _as_money(value: Value) -> Value:
    ours = OURS["money"]

    def write(frame: Frame) -> object:
        amount = value(frame)
        if amount.__class__ is int and -NUMBER_MAX <= amount <= NUMBER_MAX:
            here = frame.surroundings()
            return money(amount, here.currency, here.exponent, frame.locale)
        return ours(frame, amount)

    return write


def _as_date(value: Value, style: str) -> Value:
    ours = OURS["date"]

    def say(frame: Frame) -> object:
        when = value(frame)
        if isinstance(when, str) and len(when) == DAY_CHARACTERS:  # a run keeps days as text
            when = date.fromisoformat(when)
        if when.__class__ is date or when.__class__ is datetime:
            here = frame.surroundings()
            return here.in_words(when, style, frame.locale)
        return ours(frame, when, style)

    return say


def _or_default(value: Value, otherwise: str) -> Value:
    standard = STANDARD["default"]

    def choose(frame: Frame) -> object:
        known = value(frame)
        if known is None or known is MISSING:
            return otherwise
        return standard(known, otherwise)

    return choose
