"""Compiles the everyday part of Liquid's syntax tree into plain functions that mean the same, only faster.

Everyday is: text, outputs with filters, `if`, `unless` and a `for` over a list. Whatever else a template
holds, it is left to Liquid whole. Where something goes wrong in here, Liquid is asked again: its complaint
names the place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from liquid import RenderContext, Undefined
from liquid.ast import BlockNode, Node
from liquid.builtin import content, output
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.filtered import Filter as FilterNode
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
from liquid.builtin.expressions.primitive import Blank, Empty, Literal, Nil
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate

from bot.core.flow.filters import ITEMS_MAX, OF_ENVIRONMENT, OURS, STANDARD, Frame

Value = Callable[[Frame], object]
Body = Callable[[Frame], str]
Test = Callable[[Frame], bool]

_MISSING = Undefined("")
_COMPARISONS = (EqExpression, NeExpression, LtExpression, GtExpression, LeExpression, GeExpression)
_ORDERED: Mapping[type[Expression], Callable[[object, object], bool]] = {
    LtExpression: lambda left, right: left < right,  # type: ignore[operator]  # asked of one kind only
    GtExpression: lambda left, right: left > right,  # type: ignore[operator]
    LeExpression: lambda left, right: left <= right,  # type: ignore[operator]
    GeExpression: lambda left, right: left >= right,  # type: ignore[operator]
    EqExpression: lambda left, right: left == right,
    NeExpression: lambda left, right: left != right,
}
_ALIKE = frozenset({str, int, float})
"""Kinds that Liquid compares as Python does, among themselves."""


_OF_LOOP = frozenset({"first", "index", "index0", "last", "length", "rindex", "rindex0"})


class _NotEverydayError(Exception):
    """Something in the template is not compiled here."""


def quick_body(template: BoundTemplate) -> Body | None:
    """Return a function that writes the template, None where it holds more than the everyday."""
    try:
        return _Compiler(template).sequence(template.nodes)
    except _NotEverydayError:
        return None


def quick_value(template: BoundTemplate) -> Value | None:
    """Return a function that gives the value of a template's one output, None where it is not everyday."""
    (node,) = template.nodes
    assert isinstance(node, output.OutputNode)
    try:
        return _Compiler(template).value(node.expression)
    except _NotEverydayError:
        return None


def quick_test(template: BoundTemplate, condition: Expression) -> Test | None:
    """Return a function that says whether a condition holds, None where it is not everyday."""
    try:
        return _Compiler(template).test(condition)
    except _NotEverydayError:
        return None


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


class _Compiler:
    def __init__(self, template: BoundTemplate) -> None:
        # Knows how Liquid finds `size`, `first` and the like; nothing of it changes.
        self._context = RenderContext(template)
        self._is_in_loop = False

    # Text

    def sequence(self, nodes: Sequence[Node]) -> Body:
        parts = tuple(self._part(node) for node in nodes)

        def write(frame: Frame) -> str:
            return "".join([part if part.__class__ is str else part(frame) for part in parts])  # type: ignore[operator]  # not a str: a Body

        return write

    def _part(self, node: Node) -> str | Body:
        if isinstance(node, content.ContentNode):
            return node.text
        if isinstance(node, output.OutputNode):
            return self._output(node.expression)
        if isinstance(node, IfNode | UnlessNode):
            return self._if(node)
        if isinstance(node, ForNode):
            return self._for(node)
        raise _NotEverydayError

    def _output(self, expression: Expression) -> Body:
        value = self.value(expression)

        def write(frame: Frame) -> str:
            said = value(frame)
            return said if isinstance(said, str) else to_liquid_string(said, autoescape=False)

        return write

    def _if(self, node: IfNode | UnlessNode) -> Body:
        first = self.test(node.condition)
        wanted = isinstance(node, IfNode)
        body = self._block(node.consequence)
        others = tuple((self.test(other.expression), self._block(other.block)) for other in node.alternatives)
        default = self._block(node.default) if node.default else None

        def write(frame: Frame) -> str:
            if first(frame) is wanted:
                return body(frame)
            for test, other in others:
                if test(frame):
                    return other(frame)
            return default(frame) if default is not None else ""

        return write

    def _for(self, node: ForNode) -> Body:
        loop = node.expression
        if self._is_in_loop or loop.limit or loop.offset or loop.reversed:
            raise _NotEverydayError
        things, name = self.value(loop.iterable), loop.identifier
        default = self._block(node.default) if node.default else None
        self._is_in_loop = True
        body = self._block(node.block)
        self._is_in_loop = False

        def write(frame: Frame) -> str:
            found = things(frame)
            if found is None or found is _MISSING or found == []:
                return default(frame) if default is not None else ""
            if found.__class__ is not list or len(found) > ITEMS_MAX:
                raise ValueError(name)  # what it then means, Liquid knows
            return "".join([body(frame.within(inner)) for inner in _turns(name, found, frame.values)])

        return write

    def _block(self, block: BlockNode) -> Body:
        if block.blank:
            raise _NotEverydayError  # Liquid leaves out the space in it
        return self.sequence(block.nodes)

    # Values

    def value(self, expression: Expression) -> Value:
        if isinstance(expression, Path):
            return self._path(expression)
        if isinstance(expression, Nil):
            return _constant(None)
        if isinstance(expression, Literal):
            return _constant(expression.value)
        if isinstance(expression, Empty | Blank):
            return _constant(expression)
        if isinstance(expression, FilteredExpression):
            value = self.value(expression.left)
            for used in expression.filters or ():
                value = self._filtered(value, used)
            return value
        raise _NotEverydayError

    def _path(self, path: Path) -> Value:
        if not isinstance(path.path[0], str) or any(isinstance(part, Path) for part in path.path):
            raise _NotEverydayError
        first, rest, item = path.path[0], tuple(path.path[1:]), self._context.get_item
        if first == "forloop" and (len(rest) != 1 or rest[0] not in _OF_LOOP):
            raise _NotEverydayError

        def look(frame: Frame) -> object:
            try:
                value = frame.values[first]
                for part in rest:
                    # What is a key of a dictionary, Liquid finds first as well.
                    value = value[part] if value.__class__ is dict and part in value else item(value, part)
            except (KeyError, TypeError, IndexError):
                return _MISSING
            return value

        return look

    def _filtered(self, value: Value, used: FilterNode) -> Value:
        positional = [self.value(each.value) for each in used.args if not isinstance(each, KeywordArgument)]
        named = {each.name: self.value(each.value) for each in used.args if isinstance(each, KeywordArgument)}
        if used.name in OURS:
            ours = OURS[used.name]
            if not positional and not named:
                return lambda frame: ours(frame, value(frame))
            return lambda frame: ours(
                frame,
                value(frame),
                *[argument(frame) for argument in positional],
                **{name: argument(frame) for name, argument in named.items()},
            )
        if used.name not in STANDARD or used.name in OF_ENVIRONMENT:
            raise _NotEverydayError
        standard = STANDARD[used.name]
        return lambda frame: standard(
            value(frame),
            *[argument(frame) for argument in positional],
            **{name: argument(frame) for name, argument in named.items()},
        )

    # Conditions

    def test(self, expression: Expression) -> Test:
        if isinstance(expression, BooleanExpression):
            return self.test(expression.expression)
        if isinstance(expression, LogicalAndExpression):
            left, right = self.test(expression.left), self.test(expression.right)
            return lambda frame: left(frame) and right(frame)
        if isinstance(expression, LogicalOrExpression):
            left, right = self.test(expression.left), self.test(expression.right)
            return lambda frame: left(frame) or right(frame)
        if isinstance(expression, (*_COMPARISONS, ContainsExpression)):
            return self._comparison(expression)
        value = self.value(expression)

        def holds(frame: Frame) -> bool:
            known = value(frame)
            return known is not None and known is not False and known is not _MISSING

        return holds

    def _comparison(self, expression: Expression) -> Test:
        kind, like = type(expression), expression
        left, right = self.value(expression.left), self.value(expression.right)  # type: ignore[attr-defined]  # all comparisons have both
        compare, context = _ORDERED.get(kind), self._context

        def holds(frame: Frame) -> bool:
            one, other = left(frame), right(frame)
            if compare is not None and one.__class__ is other.__class__ and one.__class__ in _ALIKE:
                return compare(one, other)
            asked = kind(like.token, _Given(one, like), _Given(other, like))  # type: ignore[call-arg]
            return bool(asked.evaluate(context))

        return holds


class _Inner(dict[str, object]):
    """The names of one turn of a loop, before those around it."""

    __slots__ = ("outer",)

    outer: Mapping[str, object]

    def __missing__(self, name: str) -> object:
        return self.outer[name]


def _turns(name: str, things: list[object], outer: Mapping[str, object]) -> Iterator[_Inner]:
    length = len(things)
    for number, thing in enumerate(things):
        inner = _Inner()
        inner.outer = outer
        inner["forloop"] = {
            "first": number == 0,
            "index": number + 1,
            "index0": number,
            "last": number == length - 1,
            "length": length,
            "rindex": length - number,
            "rindex0": length - number - 1,
        }
        inner[name] = thing  # last: a loop over `forloop` itself is its author's joke
        yield inner


def _constant(value: object) -> Value:
    return lambda _frame: value
