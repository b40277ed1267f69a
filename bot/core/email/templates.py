"""Templates: MJML with Liquid, compiled to HTML once, and to the text that stands for it without HTML."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from html import unescape
from io import StringIO

import mjml
from liquid.exceptions import LiquidError
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate

from bot.core.email.holes import Frame, parted
from bot.core.email.usual import USUAL
from bot.core.errors import FlowError
from bot.core.flow.filters import TextContext
from bot.core.flow.liquid_rules import Place, complaints, parse_template
from bot.core.flow.reader import together
from bot.core.flow.template import TemplateFailed, Text, Variable, compile_text
from bot.core.links import hosts_in

FILLED_MAX = 50_000
"""How many characters the values of one letter may have."""

_TAG = re.compile(r"<!--.*?-->|<(/?)(mj(?:ml|-[a-z-]+))\b((?:\"[^\"]*\"|'[^']*'|[^'\">])*?)(/?)>", re.DOTALL)
# https://documentation.mjml.io: what mjml-python renders; anything else would vanish without a word.
_HEAD = ("title", "preview", "attributes", "all", "class", "style", "font", "breakpoint", "html-attributes")
_BODY = (
    *("body", "section", "wrapper", "group", "column", "text", "button", "image", "divider", "spacer"),
    *("table", "raw", "hero", "navbar", "navbar-link", "social", "social-element", "selector"),
    *("html-attribute", "accordion", "accordion-element", "accordion-title", "accordion-text"),
    *("carousel", "carousel-image"),
)
_KNOWN = frozenset({"mjml", "mj-head", *(f"mj-{name}" for name in (*_HEAD, *_BODY))})
_ATTRIBUTES = re.compile(r"<mj-attributes\b.*?</mj-attributes>", re.DOTALL)
_SAID = re.compile(r"<mj-(text|button|table|raw)\b((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>(.*?)</mj-\1>", re.DOTALL)
_HREF = re.compile(r"\bhref\s*=\s*\"([^\"]*)\"")
_LINE_ENDS = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6])>", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b[^>]*?\bhref\s*=\s*\"([^\"]*)\"[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>")
_LIQUID = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
# What is of the letter's look and not of what it says.
_NOT_SAID = re.compile(r"\{\{[^}]*\b(?:footer|unsubscribe_url|preferences_url)\b[^}]*\}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template; `text` is what it says without HTML, `hosts` are where its links lead."""

    name: str
    revision: int
    file: str
    frame: Frame
    text: Text
    variables: tuple[Variable, ...]
    hosts: frozenset[str]
    says_text: bool
    """Whether it shows the text of the step."""
    unsubscribes: bool
    """Whether it shows a link to unsubscribe, by itself or in the usual footer."""
    _liquid: BoundTemplate = field(repr=False, compare=False)

    def fill(self, names: Mapping[str, object], locale: str) -> str:
        """Fill it in for a context in a locale; put it together with `frame.whole`.

        Raises:
            TemplateFailed: a filter met a value it cannot take, or a bound was passed.
        """
        buffer: StringIO = LimitedStringIO(limit=FILLED_MAX)
        try:
            self._liquid.render_with_context(TextContext(self._liquid, names, locale), buffer)
        except (LiquidError, RecursionError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateFailed(self.file, 1, f"the template cannot be filled in: {error}") from error
        return buffer.getvalue()


def compile_template(source: str, *, name: str, file: str, revision: int = 0) -> Template:
    """Compile a template.

    Raises:
        FlowError: it is no MJML or Liquid that we allow; `others` holds what else is wrong with it.
    """
    place = Place(file, 1, 1)
    found = list(_structure(source, place))
    # Looked over as it is written, so that complaints name its lines; what is rendered comes after MJML.
    written = parse_template(source, place, is_html=True)
    found += complaints(written, source, place, is_html=True)
    if found:
        raise together(found)
    try:
        html = mjml.mjml2html(source)
    except ValueError as error:
        problem = f"this is not valid MJML: {error}"
        raise FlowError(file, 1, 1, problem, "check tags and attributes") from error
    frame, liquid = parted(html)
    bound = parse_template(liquid, place, is_html=True)
    variables = _variables(written, source, place)
    names = {str(one.path[0]) for one in variables}
    return Template(
        name=name,
        revision=revision,
        file=file,
        frame=frame,
        text=compile_text(_said(source), file=file, line=1, column=1),
        variables=variables,
        hosts=hosts_in([unescape(source)]),
        says_text="text" in names,
        unsubscribes=bool({"footer", "unsubscribe_url"} & names),
        _liquid=bound,
    )


@lru_cache(maxsize=1)
def usual_template() -> Template:
    """Return the one that is used where a step names none."""
    return compile_template(USUAL, name="", file="the usual letter")


def _structure(source: str, place: Place) -> Iterator[FlowError]:
    """Complain about unknown tags and those that are not closed: the compiler does not say where."""
    attributes = [found.span() for found in _ATTRIBUTES.finditer(source)]
    is_open: list[tuple[str, int]] = []
    for found in _TAG.finditer(source):
        closing, name, _, alone = found.groups()
        if name is None:
            continue
        index = found.start()
        if name == "mj-include":
            yield place.error(source, index, "a template includes no other", "write it out here")
        elif name not in _KNOWN and not any(start < index < end for start, end in attributes):
            near = get_close_matches(name, _KNOWN, n=1)
            remedy = f"did you mean {near[0]}?" if near else "https://documentation.mjml.io lists them"
            yield place.error(source, index, f"MJML has no <{name}>", remedy)
        if alone:
            continue
        if not closing:
            is_open.append((name, index))
        elif is_open and is_open[-1][0] == name:
            is_open.pop()
        else:
            opened = f"<{is_open[-1][0]}> is open" if is_open else "nothing is open"
            yield place.error(source, index, f"</{name}> closes what is not open", f"{opened} here")
            return
    if is_open:
        name, index = is_open[-1]
        yield place.error(source, index, f"<{name}> is never closed", f"write </{name}> where it ends")
    if "<mj-body" not in source:
        yield place.error(source, 0, "this is no MJML", "write <mjml><mj-body>…</mj-body></mjml>")


def _variables(template: BoundTemplate, source: str, place: Place) -> tuple[Variable, ...]:
    found = [
        Variable(
            tuple(part for part in variable.segments if isinstance(part, str | int)),
            *place.of(source, variable.span.index),
        )
        for variables in template.analyze(include_partials=False).globals.values()
        for variable in variables
    ]
    return tuple(sorted(found, key=lambda variable: (variable.line, variable.column)))


def _said(source: str) -> str:
    """Return the Liquid of what a template says, without what it looks like."""
    body = source[source.find("<mj-body") :]
    lines: list[str] = []
    for found in _SAID.finditer(body):
        kind, attributes, inside = found.groups()
        inside = _NOT_SAID.sub("", inside)
        if kind == "raw":
            lines += (part for part in _LIQUID.findall(inside) if part.startswith("{%"))
            continue
        inside = _ANCHOR.sub(lambda link: f"{link[2]} ({link[1]})", inside)
        text = "".join(
            part if number % 2 else unescape(_MARKUP.sub("", _LINE_ENDS.sub("\n", " ".join(part.split(" ")))))
            for number, part in enumerate(_LIQUID.split(inside))
        )
        text = "\n".join(line.strip() for line in text.strip().splitlines())
        if kind == "button":
            href = _HREF.search(attributes)
            text = f"{text}: {unescape(href[1])}" if href else text
        if text:
            lines += [text, ""]
    return "\n".join(lines).strip()
