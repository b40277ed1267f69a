"""Texts and conditions in Liquid: checked when they are compiled, bounded when they are rendered.

What they may hold is said in `bot.core.flow.liquid_rules`; the everyday part of it is rendered by plain
functions (`bot.core.flow.quick`), the rest by Liquid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from liquid.builtin import output
from liquid.builtin.tags import if_tag
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.token import Token

from bot.core.contact import JsonValue
from bot.core.errors import FlowError, RegularsError
from bot.core.flow.filters import Frame, TextContext
from bot.core.flow.liquid_rules import (
    OUTPUT_MAX,
    Place,
    complaints,
    contained,
    parse_template,
    typos,
    written_variables,
)
from bot.core.flow.quick import Body, quick_body, quick_test, quick_value
from bot.core.flow.quick_conditions import Test
from bot.core.flow.quick_values import Value

_IF = "{% if "
_FAILURES = (LiquidError, RecursionError, TypeError, ValueError, ArithmeticError, LookupError)


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
class Text:
    """A compiled text; `source` is what its author wrote, without space around it."""

    source: str
    place: Place
    variables: tuple[Variable, ...] = ()
    _template: BoundTemplate | None = field(default=None, repr=False, compare=False)
    _body: Body | None = field(default=None, repr=False, compare=False)
    _value: Value | None = field(default=None, repr=False, compare=False)
    contained: tuple[Variable, ...] = ()
    """What it asks for with `contains`, below the variable that may have it."""

    @property
    def template(self) -> BoundTemplate | None:
        """Its syntax tree, for what looks at texts without rendering them; None where it has no Liquid."""
        return self._template

    @property
    def is_quick(self) -> bool:
        """Whether it is rendered without Liquid."""
        return self._template is None or self._body is not None

    def writes_bare(self, path: tuple[str, ...]) -> bool:
        """Whether it writes the variable, or what is below it, without `default` or an `if` on it around."""
        return self._template is not None and any(
            written[: len(path)] == path and not any(guard[: len(path)] == path for guard in guards)
            for written, guards in written_variables(self._template)
        )

    def render(self, context: Mapping[str, object], locale: str) -> str:
        """Write the text for a context in a locale.

        Raises:
            TemplateFailed: A filter met a value it cannot take, or a bound was passed.
        """
        if self._body is not None:
            try:
                return self._body(Frame(context, locale)).strip()
            except _FAILURES:
                pass  # Liquid fails alike, and knows where
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
        if self._value is not None:
            try:
                return _as_json(self._value(Frame(context, locale)))
            except _FAILURES:
                pass  # Liquid fails alike, and knows where
        try:
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
    contained: tuple[Variable, ...] = ()
    """As a text's."""

    @property
    def is_quick(self) -> bool:
        """Whether it is asked without Liquid."""
        return self._test is not None

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
        _raise_first(list(typos(source, 0, place, source)))
        return Text(source.strip(), place)
    template = parse_template(source, place)
    _raise_first(list(complaints(template, source, place)))
    return Text(
        source.strip(),
        place,
        _variables(template, source, place),
        template,
        quick_body(template),
        quick_value(template) if _lone_output(template) else None,
        _contained(template, source, place),
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
    template = parse_template(whole, place)
    _raise_first(list(complaints(template, whole, place)))
    node = template.nodes[0]
    assert isinstance(node, if_tag.IfNode)
    here = Place(file, line, column)
    test = quick_test(template, node.condition)
    variables, asked = _variables(template, whole, place), _contained(template, whole, place)
    return Condition(source, here, variables, template, node.condition, test, asked)


def _variables(template: BoundTemplate, source: str, place: Place) -> tuple[Variable, ...]:
    found = []
    for variables in template.analyze(include_partials=False).globals.values():
        for variable in variables:
            path = tuple(part for part in variable.segments if isinstance(part, str | int))
            line, column = place.of(source, variable.span.index)
            found.append(Variable(path, line, column))
    return tuple(sorted(found, key=lambda variable: (variable.line, variable.column)))


def _contained(template: BoundTemplate, source: str, place: Place) -> tuple[Variable, ...]:
    return tuple(Variable(path, *place.of(source, index)) for path, index in contained(template))


def _raise_first(found: list[FlowError]) -> None:
    if found:
        first, *others = found
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
