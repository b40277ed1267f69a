"""Compiles what nearly every text uses of Liquid into plain functions that mean the same, only faster.

Each function writes its part of the text to a list; `quick_values` and `quick_conditions` do what stands in
brackets. A template that holds more is left to Liquid whole. So is a rendering in which anything unusual
happens: Liquid then does it, or its complaint names the place.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod
from sys import getsizeof

from liquid import RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin import content, output
from liquid.builtin.expressions import LoopExpression, StringLiteral
from liquid.builtin.expressions.primitive import Continue
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate

from bot.core.flow.filters import ITEMS_MAX, Frame
from bot.core.flow.liquid_rules import ASSIGNED_MAX, OUTPUT_MAX
from bot.core.flow.quick_conditions import Test, equal, test_of
from bot.core.flow.quick_values import MISSING, Loop, Names, NotEverydayError, Value, value_of

Body = Callable[[Frame], str]
Write = Callable[[Frame, list[str]], None]

_SURELY_SHORT = OUTPUT_MAX // 4
"""In characters: Liquid counts bytes, four at most for each."""
_PIECES_MAX = 2 * ITEMS_MAX
_LOOPS_MAX = 4
"""How many loops may stand inside one another before Liquid's own bound on depth comes near."""
_REGISTERS = 3


class _AskLiquidError(ValueError):
    """This rendering is left to Liquid."""


class _Break(Exception):
    """Leaves a loop."""


class _Continue(Exception):
    """Goes on with a loop's next thing."""


def quick_body(template: BoundTemplate) -> Body | None:
    """Return a function that writes the template, None where it holds more than is compiled."""
    compiler = _Compiler()
    assigned = frozenset(_assigned(template.nodes, RenderContext(template)))
    try:
        write = compiler.sequence(template.nodes, Names.of(template, assigned))
    except NotEverydayError:
        return None
    registers = compiler.registers

    def plain(frame: Frame) -> str:
        out: list[str] = []
        write(frame, out)
        text = "".join(out)
        if len(text) > _SURELY_SHORT:
            raise _AskLiquidError
        return text

    def with_memory(frame: Frame) -> str:
        frame.registers, frame.assigned = [None] * registers, {}
        out: list[str] = []
        write(frame, out)
        _check_length(out)  # before it is joined: loops make much of little
        return "".join(out)

    return with_memory if registers or assigned else plain


def quick_value(template: BoundTemplate) -> Value | None:
    """Return a function that gives the value of a template's one output, None where it is not compiled."""
    (node,) = template.nodes
    assert isinstance(node, output.OutputNode)
    try:
        return value_of(node.expression, Names.of(template))
    except NotEverydayError:
        return None


def quick_test(template: BoundTemplate, condition: Expression) -> Test | None:
    """Return a function that says whether a condition holds, None where it is not compiled."""
    try:
        return test_of(condition, Names.of(template))
    except NotEverydayError:
        return None


class _Compiler:
    """Compiles the nodes of one template; `registers` counts what its loops keep in the frame."""

    def __init__(self) -> None:
        self.registers = 0

    def sequence(self, nodes: Iterable[Node], names: Names) -> Write:
        parts = list(self._parts(nodes, names))
        if not parts:
            return _nothing
        last = parts.pop()[0] if parts[-1][1] is None else ""
        pairs = tuple((text, part) for text, part in parts if part is not None)
        if not pairs:
            return lambda _frame, out: out.append(last)
        if len(pairs) == 1 and not last and not pairs[0][0]:
            return pairs[0][1]

        def write(frame: Frame, out: list[str]) -> None:
            for text, part in pairs:
                if text:
                    out.append(text)
                part(frame, out)
            if last:
                out.append(last)

        return write

    def _parts(self, nodes: Iterable[Node], names: Names) -> Iterator[tuple[str, Write | None]]:
        """Give each thing to do with the text before it, and at the end the text after all."""
        text = ""
        for node in nodes:
            if isinstance(node, content.ContentNode):
                text += node.text
            elif not isinstance(node, CommentNode | InlineCommentNode):
                yield text, self._write(node, names)
                text = ""
        if text:
            yield text, None

    def _write(self, node: Node, names: Names) -> Write:
        if isinstance(node, output.OutputNode):
            return _output(value_of(node.expression, names))
        if isinstance(node, IfNode | UnlessNode):
            return self._if(node, names)
        if isinstance(node, ForNode):
            return self._for(node, names)
        if isinstance(node, CaseNode):
            return self._case(node, names)
        if isinstance(node, AssignNode):
            return _assign(str(node.name), value_of(node.expression, names))
        if isinstance(node, CaptureNode):
            return _capture(str(node.name), self._block(node.block, names))
        if isinstance(node, BreakNode | ContinueNode) and names.loops:
            return _break if isinstance(node, BreakNode) else _continue
        raise NotEverydayError

    def _block(self, block: BlockNode, names: Names) -> Write:
        write = self.sequence(block.nodes, names)
        if not block.blank:
            return write
        if all(isinstance(node, content.ContentNode) for node in block.nodes):
            return _nothing
        return lambda frame, _out: write(frame, [])  # Liquid leaves out the space in it

    def _if(self, node: IfNode | UnlessNode, names: Names) -> Write:
        first = test_of(node.condition, names)
        wanted = isinstance(node, IfNode)
        body = self._block(node.consequence, names)
        others = tuple(
            (test_of(other.expression, names), self._block(other.block, names)) for other in node.alternatives
        )
        default = self._block(node.default, names) if node.default else _nothing

        def either(frame: Frame, out: list[str]) -> None:
            if first(frame) is wanted:
                body(frame, out)
            elif default is not _nothing:
                default(frame, out)

        def one_of_many(frame: Frame, out: list[str]) -> None:
            if first(frame) is wanted:
                body(frame, out)
                return
            for test, other in others:
                if test(frame):
                    other(frame, out)
                    return
            default(frame, out)

        return one_of_many if others else either

    def _case(self, node: CaseNode, names: Names) -> Write:
        value, same = value_of(node.expression, names), equal(node.expression, names)
        blocks: list[tuple[tuple[Value, ...] | None, Write]] = []
        for block in node.blocks:
            if isinstance(block, MultiExpressionBlockNode):
                wanted = tuple(value_of(each, names) for each in block.expression.expressions)
                blocks.append((wanted, self._block(block.block, names)))
            else:
                blocks.append((None, self._block(block, names)))

        def write(frame: Frame, out: list[str]) -> None:
            is_open = True
            for wanted, body in blocks:
                if wanted is None:
                    if is_open:
                        body(frame, out)
                    continue
                known = value(frame)
                for _ in range(sum([same(known, each(frame)) for each in wanted])):
                    body(frame, out)  # as often as it is meant, so Liquid has it
                    is_open = False

        return write

    def _for(self, node: ForNode, names: Names) -> Write:
        expression, register = node.expression, self.registers
        if len(names.loops) >= _LOOPS_MAX or expression.identifier == "forloop":
            raise NotEverydayError
        self.registers += _REGISTERS
        things = _Things(expression, names)
        default = self._block(node.default, names) if node.default else _nothing
        inside = names.within(Loop(str(expression.identifier), register))
        body = self._block(node.block, inside)
        lengths = [loop.register + 2 for loop in names.loops]

        def write(frame: Frame, out: list[str]) -> None:
            found = things(frame)
            if not found:
                default(frame, out)
                return
            registers, length = frame.registers, len(found)
            if length * prod(registers[each] for each in lengths) > ITEMS_MAX:  # type: ignore[misc]  # whole numbers
                raise _AskLiquidError
            registers[register + 2] = length
            for index, thing in enumerate(found):
                registers[register] = thing
                registers[register + 1] = index
                try:
                    body(frame, out)
                except _Continue:
                    continue
                except _Break:
                    break
                if len(out) > _PIECES_MAX:
                    raise _AskLiquidError

        return write


class _Things:
    """What a loop goes through: a list, from `offset` on, `limit` at most, perhaps backwards."""

    __slots__ = ("_limit", "_offset", "_reversed", "_value")

    def __init__(self, expression: LoopExpression, names: Names) -> None:
        self._value = value_of(expression.iterable, names)
        self._limit = value_of(expression.limit, names) if expression.limit else None
        if isinstance(expression.offset, Continue | StringLiteral):
            raise NotEverydayError
        self._offset = value_of(expression.offset, names) if expression.offset else None
        self._reversed = expression.reversed

    def __call__(self, frame: Frame) -> Sequence[object]:
        found = self._value(frame)
        if found is None or found is MISSING:
            found = ()
        if not isinstance(found, list | tuple | range):
            raise _AskLiquidError
        if self._limit is not None or self._offset is not None:
            found = found[self._slice(len(found), frame)]
        return found[::-1] if self._reversed else found

    def _slice(self, length: int, frame: Frame) -> slice:
        offset = self._offset(frame) if self._offset else 0
        limit = self._limit(frame) if self._limit else length
        if offset.__class__ is not int or limit.__class__ is not int or offset < 0 or limit <= 0:
            raise _AskLiquidError  # Liquid has rules of its own for these
        return slice(offset, offset + limit)


def _output(value: Value) -> Write:
    def write(frame: Frame, out: list[str]) -> None:
        said = value(frame)
        if said.__class__ is str:
            out.append(said)
        elif said is not None and said is not MISSING:
            out.append(to_liquid_string(said, autoescape=False))

    return write


def _assign(name: str, value: Value) -> Write:
    def write(frame: Frame, _out: list[str]) -> None:
        _keep(frame, name, value(frame))

    return write


def _capture(name: str, body: Write) -> Write:
    def write(frame: Frame, out: list[str]) -> None:
        captured: list[str] = []
        body(frame, captured)
        _check_length([*out, *captured])
        _keep(frame, name, "".join(captured))

    return write


def _keep(frame: Frame, name: str, value: object) -> None:
    frame.assigned[name] = value
    if sum(getsizeof(each, 1) for each in frame.assigned.values()) > ASSIGNED_MAX:
        raise _AskLiquidError


def _check_length(out: list[str]) -> None:
    if sum(map(len, out)) > _SURELY_SHORT:
        raise _AskLiquidError


def _nothing(_frame: Frame, _out: list[str]) -> None:
    """Write nothing."""


def _break(_frame: Frame, _out: list[str]) -> None:
    raise _Break


def _continue(_frame: Frame, _out: list[str]) -> None:
    raise _Continue


def _assigned(nodes: Iterable[Node], context: RenderContext) -> Iterator[str]:
    """Name what a template assigns anywhere."""
    for node in nodes:
        yield from map(str, node.template_scope())
        yield from _assigned(node.children(context), context)
