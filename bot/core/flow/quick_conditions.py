"""Compiles Liquid's conditions into plain functions of a frame.

What is alike is compared as Python does; where kinds differ, Liquid's own classes are asked.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from liquid import RenderContext, Undefined
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.expression import Expression

from bot.core.flow.filters import Frame
from bot.core.flow.quick_values import MISSING, Constant, Names, Value, value_of

Test = Callable[[Frame], bool]
Compare = Callable[..., bool]
"""Of two values."""

_COMPARES: Mapping[type[Expression], Compare] = {
    LtExpression: operator.lt,
    GtExpression: operator.gt,
    LeExpression: operator.le,
    GeExpression: operator.ge,
    EqExpression: operator.eq,
    NeExpression: operator.ne,
}
_EQUALITIES = (EqExpression, NeExpression)
_NUMBERS = frozenset({int, float})
_ALIKE = frozenset({str, int, float})
"""Kinds that Liquid compares as Python does, among themselves."""
_PLAIN = frozenset({str, int, float, bool, list, dict})
"""Kinds that are never nil."""


def test_of(expression: Expression, names: Names) -> Test:
    """Compile a condition.

    Raises:
        NotEverydayError: It is left to Liquid.
    """
    if isinstance(expression, BooleanExpression):
        return test_of(expression.expression, names)
    if isinstance(expression, LogicalAndExpression):
        left, right = test_of(expression.left, names), test_of(expression.right, names)
        return lambda frame: left(frame) and right(frame)
    if isinstance(expression, LogicalOrExpression):
        left, right = test_of(expression.left, names), test_of(expression.right, names)
        return lambda frame: left(frame) or right(frame)
    if isinstance(expression, (*_COMPARES, ContainsExpression)):
        return _Comparison(expression, names).compiled()
    value = value_of(expression, names)

    def holds(frame: Frame) -> bool:
        known = value(frame)
        return known is True or not (known is None or known is False or isinstance(known, Undefined))

    return holds


def equal(like: Expression, names: Names) -> Compare:
    """Return what Liquid calls equal; `like` lends its place in the text."""
    slowly = _Slowly(EqExpression, like, names)

    def compare(one: object, other: object) -> bool:
        if one.__class__ is other.__class__ and one.__class__ in _ALIKE:
            return one == other
        return slowly(one, other)

    return compare


class _Given(Expression):
    """A value already known: so that Liquid's own classes compare what is not alike."""

    __slots__ = ("known",)

    def __init__(self, known: object, like: Expression) -> None:
        super().__init__(like.token)
        self.known = known

    def evaluate(self, _context: RenderContext) -> object:
        return self.known

    def children(self) -> list[Expression]:
        return []


@dataclass(frozen=True, slots=True)
class _Slowly:
    """Compares two values by Liquid's own classes."""

    kind: type[Expression]
    like: Expression
    names: Names

    def __call__(self, one: object, other: object) -> bool:
        asked = self.kind(self.like.token, _Given(one, self.like), _Given(other, self.like))  # type: ignore[call-arg]  # all comparisons are made so
        return bool(asked.evaluate(self.names.context))


@dataclass(slots=True)
class _Comparison:
    """Compiles a comparison: quick where the kinds are plain, by Liquid's own classes where they are not."""

    expression: Expression
    names: Names
    left: Value = field(init=False)
    right: Value = field(init=False)
    slowly: _Slowly = field(init=False)

    def __post_init__(self) -> None:
        self.left = value_of(self.expression.left, self.names)  # type: ignore[attr-defined]  # comparisons have both
        self.right = value_of(self.expression.right, self.names)  # type: ignore[attr-defined]
        self.slowly = _Slowly(type(self.expression), self.expression, self.names)

    def compiled(self) -> Test:
        compare = _COMPARES.get(type(self.expression))
        if compare is None:
            return self._contains()
        if isinstance(self.right, Constant):
            known = self.right.value
            kinds = self._kinds_like(known)
            if kinds:
                return self._with_constant(known, compare, kinds)
        return self._of_two(compare)

    def _kinds_like(self, known: object) -> frozenset[type]:
        """Say which kinds Liquid compares with a constant as Python does."""
        equality = isinstance(self.expression, _EQUALITIES)
        if known.__class__ in _NUMBERS:
            return _NUMBERS
        if known.__class__ is str:
            return frozenset({str})
        if not equality:
            return frozenset()
        if known.__class__ is bool:
            return frozenset({bool})
        return _PLAIN if known is None else frozenset()

    def _with_constant(self, known: object, compare: Compare, kinds: frozenset[type]) -> Test:
        left, slowly = self.left, self.slowly
        of_nothing = self._of_nothing(is_other_nothing=known is None)

        def holds(frame: Frame) -> bool:
            one = left(frame)
            if one.__class__ in kinds:
                return compare(one, known)
            if one is None or one is MISSING:
                return of_nothing
            return slowly(one, known)

        return holds

    def _of_two(self, compare: Compare) -> Test:
        left, right, slowly = self.left, self.right, self.slowly
        of_nothing, of_one = (self._of_nothing(is_other_nothing=is_nothing) for is_nothing in (True, False))

        def holds(frame: Frame) -> bool:
            one, other = left(frame), right(frame)
            if one.__class__ is other.__class__ and one.__class__ in _ALIKE:
                return compare(one, other)
            if one is None or one is MISSING:
                return of_nothing if other is None or other is MISSING else of_one
            if other is None or other is MISSING:
                return of_one
            return slowly(one, other)

        return holds

    def _of_nothing(self, *, is_other_nothing: bool) -> bool:
        """Say what comes of comparing nothing: it equals nothing, and stands in no order."""
        if isinstance(self.expression, EqExpression):
            return is_other_nothing
        return isinstance(self.expression, NeExpression) and not is_other_nothing

    def _contains(self) -> Test:
        left, right, slowly = self.left, self.right, self.slowly

        def holds(frame: Frame) -> bool:
            whole, part = left(frame), right(frame)
            if part.__class__ is str and (whole.__class__ is str or whole.__class__ is list):
                return part in whole
            return slowly(whole, part)

        return holds
