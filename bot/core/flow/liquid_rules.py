"""What of Liquid a text may use, checked in its syntax tree when it is compiled.

Liquid's limits stop loops, nesting and assignments; they do not cover expressions (one chain of filters
ran 29 seconds). So ranges, filters and tags are checked here once, and every filter guards the size of
what it takes and gives (`bot.core.flow.filters`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TextIO

from liquid import Environment, RenderContext
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import FilteredExpression, LoopExpression, StringLiteral
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import ContainsExpression
from liquid.builtin.expressions.path import Path as VariablePath
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate
from liquid.token import TOKEN_TAG

from bot.core.dates import STYLES, is_style
from bot.core.errors import FlowError
from bot.core.flow.filters import CHARACTERS_MAX, FILTERS, ITEMS_MAX, PLURALS, TextContext

FILTERS_MAX = 6
OUTPUT_MAX = 10_000
TEMPLATE_CHARACTERS_MAX = 200_000
"""How long the template of an email may be, all of what it looks like included."""
ASSIGNED_MAX = 100_000
_TAGS = "if, elsif, else, unless, case, for, break, continue, assign, capture and comment"
# What people write who know other tools: it would be sent as it stands.
_TYPO = re.compile(r"\{\{|\}\}|\{%|%\}|\{\s*[A-Za-z_][\w.]*\s*\}|%\{?[a-z]+_[a-z_]+\}?%")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first character of a source stands; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def error(self, source: str, index: int, problem: str, remedy: str) -> FlowError:
        """Make a complaint about the character at `index` of the source."""
        line, column = self.of(source, index)
        return FlowError(self.file, line, column, problem, remedy)

    def of(self, source: str, index: int) -> tuple[int, int]:
        """Return line and column of a character; a block text is indented alike on every line."""
        before = source[: max(index, 0)]
        return self.line + before.count("\n"), self.column + len(before) - (before.rfind("\n") + 1)


class _Environment(Environment):
    """Liquid with the tags and filters we allow; there is nothing to load and nothing to include."""

    block_nesting_limit = 10
    loop_iteration_limit = ITEMS_MAX
    local_namespace_limit = ASSIGNED_MAX
    output_stream_limit = OUTPUT_MAX
    context_depth_limit = 12

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register what we allow and nothing else."""
        assert not extra
        for tag in (
            content.Literal,
            illegal.Illegal,
            output.Output,
            if_tag.IfTag,
            unless_tag.UnlessTag,
            case_tag.CaseTag,
            for_tag.ForTag,
            for_tag.BreakTag,
            for_tag.ContinueTag,
            assign_tag.AssignTag,
            capture_tag.CaptureTag,
            comment_tag.CommentTag,
            inline_comment_tag.InlineCommentTag,
        ):
            self.add_tag(tag)


class _HtmlNode(output.OutputNode):
    """Writes a value into HTML; none opens a hole of the letter it stands in (see `bot.core.email.holes`)."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        text = to_liquid_string(value, context.autoescape)
        return buffer.write(text if hasattr(value, "__html__") else text.translate(_NO_HOLES))


class _HtmlOutput(output.Output):
    node_class = _HtmlNode


class _HtmlEnvironment(_Environment):
    """The same for HTML: values are escaped."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register what we allow and nothing else."""
        super().setup_tags_and_filters(extra=extra)
        self.add_tag(_HtmlOutput)


_NO_HOLES = {2: None, 3: None}
_ENVIRONMENT = _Environment()
_HTML_ENVIRONMENT = _HtmlEnvironment(autoescape=True)


def parse_template(source: str, place: Place, *, is_html: bool = False) -> BoundTemplate:
    """Read a source as Liquid; values are escaped where it is HTML.

    Raises:
        FlowError: It is none, or uses tags we do not allow.
    """
    most = TEMPLATE_CHARACTERS_MAX if is_html else CHARACTERS_MAX
    if len(source) > most:
        raise place.error(source, 0, f"the text is longer than {most} characters", "make it shorter")
    try:
        return (_HTML_ENVIRONMENT if is_html else _ENVIRONMENT).from_string(source)
    except LiquidError as error:
        token = error.token
        index = token.start_index if token else 0
        if token is not None and token.kind == TOKEN_TAG and token.value not in _ENVIRONMENT.tags:
            raise place.error(
                source, index, f"there is no tag '{token.value}' here", f"a text may use {_TAGS}"
            ) from error
        problem = f"this is not valid Liquid: {error.message}"
        raise place.error(source, index, problem, "check the braces and what stands between them") from error


def complaints(
    template: BoundTemplate, source: str, place: Place, *, is_html: bool = False
) -> Iterator[FlowError]:
    """Complain about what is Liquid and not allowed, or (but in HTML) looks like Liquid and is none."""
    context = TextContext(template, {}, "en")
    try:
        for node in _nodes(template.nodes, context):
            if isinstance(node, content.ContentNode) and not is_html:
                yield from typos(node.text, node.token.start_index, place, source)
            for expression in node.expressions():
                yield from _expression_complaints(expression, source, place, in_loop=False)
    except RecursionError:
        yield place.error(source, 0, "the text is nested too deeply", "make it simpler")


def _nodes(nodes: list[Node], context: TextContext) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _nodes(list(node.children(context)), context)


def _expression_complaints(
    expression: Expression, source: str, place: Place, *, in_loop: bool
) -> Iterator[FlowError]:
    if isinstance(expression, RangeLiteral):
        yield from _range_complaints(expression, source, place, in_loop=in_loop)
    if isinstance(expression, FilteredExpression):
        filters = expression.filters or []
        if len(filters) > FILTERS_MAX:
            index = filters[FILTERS_MAX].token.start_index
            yield place.error(
                source, index, f"more than {FILTERS_MAX} filters in a row", "use `assign` for what is between"
            )
        for used in filters:
            yield from _filter_complaints(used, source, place)
    loops = isinstance(expression, LoopExpression)
    for child in expression.children():
        yield from _expression_complaints(child, source, place, in_loop=loops)


def _range_complaints(
    literal: RangeLiteral, source: str, place: Place, *, in_loop: bool
) -> Iterator[FlowError]:
    index = literal.token.start_index
    if not in_loop:
        yield place.error(
            source, index, "a range stands outside a `for`", "use it as in {% for i in (1..5) %}"
        )
    start, stop = literal.start, literal.stop
    if not isinstance(start, IntegerLiteral) or not isinstance(stop, IntegerLiteral):
        return  # its length is known when it is rendered, and bounded then
    if stop.value - start.value >= ITEMS_MAX:
        yield place.error(source, index, f"a range of more than {ITEMS_MAX}", "make it smaller")


def _filter_complaints(used: Filter, source: str, place: Place) -> Iterator[FlowError]:
    index = used.token.start_index
    if used.name not in FILTERS:
        near = get_close_matches(used.name, FILTERS, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(sorted(FILTERS))}"
        yield place.error(source, index, f"there is no filter '{used.name}'", remedy)
    named = [getattr(argument, "name", None) for argument in used.args]
    if used.name == "plural" and ("other" not in named or not {*named} <= PLURALS):
        remedy = "write it as in {{ count | plural: one: '# drink', other: '# drinks' }}"
        yield place.error(
            source, index, "`plural` needs the forms of the language, `other` among them", remedy
        )
    if used.name == "date" and used.args and isinstance(used.args[0].value, StringLiteral):
        style = used.args[0].value.value
        if not is_style(style):
            remedy = f"use {', '.join(STYLES)}, or a pattern like '%d.%m.%Y'"
            yield place.error(source, index, f"there is no date style '{style}'", remedy)


Written = tuple[str | int, ...]
"""The path of a variable, like ("member", "first_name")."""


def written_variables(template: BoundTemplate) -> Iterator[tuple[Written, frozenset[Written]]]:
    """Every variable the text writes out without `default`, with those that are asked about around it."""
    yield from _written(template.nodes, frozenset(), TextContext(template, {}, "en"))


def _written(
    nodes: list[Node], guards: frozenset[Written], context: TextContext
) -> Iterator[tuple[Written, frozenset[Written]]]:
    for node in nodes:
        inside = list(node.children(context))
        if isinstance(node, output.OutputNode):
            yield from ((path, guards) for path in _paths(node.expressions()) if not _has_default(node))
            continue
        # An `elsif` is a child of its `if`: what one of them asks about, the author thought of in all.
        asking = [node, *(child for child in inside if not isinstance(child, output.OutputNode))]
        asked = _paths(expression for each in asking for expression in each.expressions())
        yield from _written(inside, guards | {*asked}, context)


def _paths(expressions: Iterable[Expression]) -> Iterator[Written]:
    for expression in expressions:
        if isinstance(expression, VariablePath):
            yield tuple(part for part in expression.path if isinstance(part, str | int))
        yield from _paths(expression.children())


def contained(template: BoundTemplate) -> Iterator[tuple[Written, int]]:
    """Every literal that is asked for with `contains`, below the variable that may have it, and its place."""
    for node in _nodes(template.nodes, TextContext(template, {}, "en")):
        for expression in node.expressions():
            yield from _contained(expression)


def _contained(expression: Expression) -> Iterator[tuple[Written, int]]:
    if isinstance(expression, ContainsExpression):
        whole, part = expression.left, expression.right
        if isinstance(whole, VariablePath) and isinstance(part, StringLiteral):
            yield (*next(_paths([whole])), part.value), part.token.start_index
    for child in expression.children():
        yield from _contained(child)


def _has_default(node: output.OutputNode) -> bool:
    filtered = node.expression
    return isinstance(filtered, FilteredExpression) and any(
        used.name == "default" for used in filtered.filters or []
    )


def typos(text: str, start: int, place: Place, source: str) -> Iterator[FlowError]:
    """Complain about what looks like a variable in a text that starts at `start` of the source."""
    for found in _TYPO.finditer(text):
        name = found.group().strip("{}% ") or "member.first_name"
        problem = f"'{found.group()}' would be sent as it stands"
        yield place.error(source, start + found.start(), problem, f"a variable is written {{{{ {name} }}}}")
