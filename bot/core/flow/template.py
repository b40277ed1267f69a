"""Texts and conditions in Liquid: checked when they are compiled, bounded when they are rendered.

Liquid's limits stop loops, nesting and assignments; they do not cover expressions (one chain of filters
ran 29 seconds). So ranges, filters and tags are checked here once, in the syntax tree, and every filter
guards the size of what it takes and gives (`bot.core.flow.filters`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from liquid import Environment
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import FilteredExpression, LoopExpression, StringLiteral
from liquid.builtin.expressions.filtered import Filter
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
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.token import TOKEN_TAG, Token

from bot.core.contact import JsonValue
from bot.core.dates import STYLES, is_style
from bot.core.errors import FlowError, RegularsError
from bot.core.flow.filters import CHARACTERS_MAX, FILTERS, ITEMS_MAX, PLURALS, Frame, TextContext
from bot.core.flow.quick import Body, Test, Value, quick_body, quick_test, quick_value

FILTERS_MAX = 6
OUTPUT_MAX = 10_000
_SURELY_SHORT = OUTPUT_MAX // 4
"""In characters: Liquid counts bytes, four at most for each."""
_ASSIGNED_MAX = 100_000
_IF = "{% if "
_TAGS = "if, elsif, else, unless, case, for, break, continue, assign, capture and comment"
# What people write who know other tools: it would be sent as it stands.
_TYPO = re.compile(r"\{\{|\}\}|\{%|%\}|\{\s*[A-Za-z_][\w.]*\s*\}|%\{?[a-z]+_[a-z_]+\}?%")


class TemplateFailed(RegularsError):
    """A text or condition could not be rendered with these values."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}:{line}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable a text takes from its context, and where it stands in the file."""

    path: tuple[str | int, ...]
    line: int
    column: int

    def __str__(self) -> str:
        """The path as it is written, without brackets."""
        return ".".join(str(part) for part in self.path)


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


@dataclass(frozen=True, slots=True)
class Text:
    """A compiled text; `source` is what its author wrote, without space around it."""

    source: str
    place: Place
    variables: tuple[Variable, ...] = ()
    _template: BoundTemplate | None = field(default=None, repr=False, compare=False)
    _body: Body | None = field(default=None, repr=False, compare=False)
    _value: Value | None = field(default=None, repr=False, compare=False)

    @property
    def is_quick(self) -> bool:
        """Whether it is rendered without Liquid."""
        return self._template is None or self._body is not None

    def render(self, context: Mapping[str, object], locale: str) -> str:
        """Write the text for a context in a locale.

        Raises:
            TemplateFailed: A filter met a value it cannot take, or a bound was passed.
        """
        if self._body is not None:
            try:
                text = self._body(Frame(context, locale)).strip()
            except _FAILURES:
                pass  # Liquid fails alike, and knows where
            else:
                if len(text) <= _SURELY_SHORT:
                    return text
        return self.render_by_liquid(context, locale)

    def render_by_liquid(self, context: Mapping[str, object], locale: str) -> str:
        """Write the text as `render` does, without its shortcut.

        Raises:
            TemplateFailed: A filter met a value it cannot take, or a bound was passed.
        """
        if self._template is None:
            return self.source
        buffer = LimitedStringIO(limit=OUTPUT_MAX)
        try:
            self._template.render_with_context(TextContext(self._template, context, locale), buffer)
        except _FAILURES as error:
            raise _failed(self.place, error) from error
        return buffer.getvalue().strip()

    def value(self, context: Mapping[str, object], locale: str) -> JsonValue:
        """Return the value itself when the text is one `{{ … }}` and nothing else, otherwise the text."""
        node = _lone_output(self._template)
        if node is None or self._template is None:
            return self.render(context, locale)
        try:
            if self._value is not None:
                return _as_json(self._value(Frame(context, locale)))
            return _as_json(node.expression.evaluate(TextContext(self._template, context, locale)))
        except _FAILURES as error:
            raise _failed(self.place, error) from error


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition in Liquid's own language, as in `balance.available >= 500`."""

    source: str
    place: Place
    variables: tuple[Variable, ...]
    _template: BoundTemplate = field(repr=False, compare=False)
    _expression: Expression = field(repr=False, compare=False)
    _test: Test | None = field(default=None, repr=False, compare=False)

    def holds(self, context: Mapping[str, object]) -> bool:
        """Whether the condition holds; a name the context does not know counts as nil.

        Raises:
            TemplateFailed: Things were compared that cannot be.
        """
        if self._test is not None:
            try:
                return self._test(Frame(context, "en"))
            except _FAILURES:
                pass  # Liquid fails alike, and says why
        return self.holds_by_liquid(context)

    def holds_by_liquid(self, context: Mapping[str, object]) -> bool:
        """Whether the condition holds, without the shortcut of `holds`.

        Raises:
            TemplateFailed: Things were compared that cannot be.
        """
        try:
            return bool(self._expression.evaluate(TextContext(self._template, context, "en")))
        except _FAILURES as error:
            raise _failed(self.place, error) from error


def compile_text(source: str, *, file: str, line: int, column: int) -> Text:
    """Compile a text whose first character stands at line and column of the file.

    Raises:
        FlowError: The text is no Liquid we allow; `others` holds what else is wrong with it.
    """
    source = source.rstrip()
    place = Place(file, line, column)
    if "{{" not in source and "{%" not in source:
        _raise_first(list(_typos(source, 0, place, source)))
        return Text(source.strip(), place)
    template = _parse(source, place)
    _raise_first(list(_complaints(template, source, place)))
    return Text(
        source.strip(),
        place,
        _variables(template, source, place),
        template,
        quick_body(template),
        quick_value(template) if _lone_output(template) else None,
    )


def compile_condition(source: str, *, file: str, line: int, column: int) -> Condition:
    """Compile a condition whose first character stands at line and column of the file.

    Raises:
        FlowError: The condition cannot be read.
    """
    if "%}" in source or "{{" in source or "{%" in source:
        raise FlowError(
            file,
            line,
            column,
            "a condition is written without brackets",
            "write it as in: balance.available >= 500",
        )
    whole = f"{_IF}{source} %}}.{{% endif %}}"
    place = Place(file, line, column - len(_IF))
    template = _parse(whole, place)
    _raise_first(list(_complaints(template, whole, place)))
    node = template.nodes[0]
    assert isinstance(node, if_tag.IfNode)
    here = Place(file, line, column)
    test = quick_test(template, node.condition)
    return Condition(source, here, _variables(template, whole, place), template, node.condition, test)


class _Environment(Environment):
    """Liquid with the tags and filters we allow; there is nothing to load and nothing to include."""

    block_nesting_limit = 10
    loop_iteration_limit = ITEMS_MAX
    local_namespace_limit = _ASSIGNED_MAX
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


_ENVIRONMENT = _Environment()
_FAILURES = (LiquidError, RecursionError, TypeError, ValueError, ArithmeticError, LookupError)


def _parse(source: str, place: Place) -> BoundTemplate:
    if len(source) > CHARACTERS_MAX:
        raise place.error(
            source, 0, f"the text is longer than {CHARACTERS_MAX} characters", "make it shorter"
        )
    try:
        return _ENVIRONMENT.from_string(source)
    except LiquidError as error:
        token = error.token
        index = token.start_index if token else 0
        if token is not None and token.kind == TOKEN_TAG and token.value not in _ENVIRONMENT.tags:
            raise place.error(
                source, index, f"there is no tag '{token.value}' here", f"a text may use {_TAGS}"
            ) from error
        problem = f"this is not valid Liquid: {error.message}"
        raise place.error(source, index, problem, "check the braces and what stands between them") from error


def _complaints(template: BoundTemplate, source: str, place: Place) -> Iterator[FlowError]:
    context = TextContext(template, {}, "en")
    try:
        for node in _nodes(template.nodes, context):
            if isinstance(node, content.ContentNode):
                yield from _typos(node.text, node.token.start_index, place, source)
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


def _typos(text: str, start: int, place: Place, source: str) -> Iterator[FlowError]:
    for found in _TYPO.finditer(text):
        name = found.group().strip("{}% ") or "member.first_name"
        problem = f"'{found.group()}' would be sent as it stands"
        yield place.error(source, start + found.start(), problem, f"a variable is written {{{{ {name} }}}}")


def _variables(template: BoundTemplate, source: str, place: Place) -> tuple[Variable, ...]:
    found = []
    for variables in template.analyze(include_partials=False).globals.values():
        for variable in variables:
            path = tuple(part for part in variable.segments if isinstance(part, str | int))
            line, column = place.of(source, variable.span.index)
            found.append(Variable(path, line, column))
    return tuple(sorted(found, key=lambda variable: (variable.line, variable.column)))


def _raise_first(complaints: list[FlowError]) -> None:
    if complaints:
        first, *others = complaints
        first.others = tuple(others)
        raise first


def _failed(place: Place, error: Exception) -> TemplateFailed:
    token: Token | None = getattr(error, "token", None)
    message = error.message if isinstance(error, LiquidError) else f"{type(error).__name__}: {error}"
    line = place.of(token.source, token.start_index)[0] if token else place.line
    return TemplateFailed(place.file, line, str(message))


def _lone_output(template: BoundTemplate | None) -> output.OutputNode | None:
    if template is None or len(template.nodes) != 1 or not isinstance(template.nodes[0], output.OutputNode):
        return None
    return template.nodes[0]


def _as_json(value: object) -> JsonValue:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | range):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    return None
