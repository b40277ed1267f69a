"""What a text can grow to: its placeholders filled with usual values, or with the longest there may be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from liquid.ast import BlockNode, Node
from liquid.builtin import content, output
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.template import BoundTemplate

from bot.core.flow.filters import HERE, Here, TextContext
from bot.core.flow.template import Text
from bot.core.links import PAGE_CODE_LENGTH, PATH
from bot.core.names import NAME_MAX
from bot.core.segments import odd, smart

LENGTHS: Mapping[str, tuple[int, int]] = {
    "first_name": (8, NAME_MAX),
    "name": (12, 40),
    "title": (20, 60),
    "text": (20, 160),
    "code": (8, 20),
    "sku": (8, 20),
    "url": (40, 120),
    "locale": (2, 10),
    "email": (22, 60),
}
"""How many characters a value has, usually and at most, by the last name of its path."""

OTHER_LENGTH = (12, 30)
"""The same for every other name; `truncate` says it for one text."""

MONEY_MINOR = (24_00, 9_999_99)
NUMBERS = (120, 99_999)
PAGE_PREFIX = f"https://your.shop{PATH}"
"""What stands before the code of a page's short link, until it is known where they are."""

ITEMS = (2, 5)
"""How many things a list has."""

_NUMBER_FILTERS = frozenset({"points", "number", "abs", "at_least", "at_most", "ceil", "floor", "round"})
_ARITHMETIC = frozenset({"plus", "minus", "times", "divided_by", "modulo"})
_LIST_FILTERS = frozenset(
    {"compact", "first", "join", "last", "map", "reverse", "sort", "sum", "uniq", "where"}
)
_COUNTS = frozenset({"index", "index0", "rindex", "rindex0", "length", "size", "count", "days", "quantity"})
_FAILURES = (LiquidError, ArithmeticError, LookupError, TypeError, ValueError)
_DAY = timedelta(days=1)
_MONDAY = datetime(2027, 1, 4, 12, tzinfo=UTC)
_USUAL_DAY = _MONDAY + 40 * _DAY
# Every weekday in every month, on days of two digits of another year; and the days that are said as such.
_DAYS = (
    *(datetime(2028, month, day, 22, 50, tzinfo=UTC) for month in range(1, 13) for day in range(22, 29)),
    *(_MONDAY + ahead * _DAY for ahead in range(7)),
)


@dataclass(frozen=True, slots=True)
class Odd:
    """A character no GSM-7 text can have: at `index` of the source, or in what a placeholder there says."""

    character: str
    index: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Grown:
    """A text as long as it gets: among GSM-7 texts, and (`dear`) where an odd character makes it UCS-2."""

    longest: str
    dear: str | None = None
    odd: tuple[Odd, ...] = ()
    has_names: bool = False
    """Whether people's own words are in it, in whatever letters they are written."""
    written: int = 0
    """How many characters of it are the author's."""

    def then(self, other: "Grown") -> "Grown":
        """Return this followed by another."""
        dear = [
            one + another
            for one, another in (
                (self.dear, other.dear),
                (self.dear, other.longest),
                (self.longest, other.dear),
            )
            if one is not None and another is not None
        ]
        return Grown(
            self.longest + other.longest,
            max(dear, key=_pairs, default=None),
            (*self.odd, *other.odd),
            self.has_names or other.has_names,
            self.written + other.written,
        )

    def or_else(self, other: "Grown") -> "Grown":
        """Return the longer of two ways a text may go."""
        dear = [one.dear for one in (self, other) if one.dear is not None]
        return Grown(
            max(self.longest, other.longest, key=_septets),
            max(dear, key=_pairs, default=None),
            (*self.odd, *other.odd),
            self.has_names or other.has_names,
            max(self.written, other.written),
        )


EMPTY = Grown("")


def grown(text: Text, locale: str, here: Here, *, most: bool) -> Grown:
    """Fill a text's placeholders with usual values or (`most`) the longest, in the language it is said in."""
    template = text.template
    if template is None:
        return _written(text.source, 0)
    return _Growing(template=template, locale=locale, here=here, most=most).of(template.nodes)


def surroundings(currency: str, exponent: int) -> Here:
    """Return the surroundings in which texts are grown: a day like any other, the shop's money."""
    return Here(now=_MONDAY, zone="UTC", currency=currency, exponent=exponent)


def _written(text: str, start: int) -> Grown:
    found = tuple(Odd(character, start + index) for index, character in odd(text))
    return Grown(text, text if found else None, found, written=len(text))


def _septets(text: str) -> int:
    return len(smart(text))


def _pairs(text: str) -> int:
    return len(text.encode("utf-16-le"))


@dataclass(slots=True, kw_only=True)
class _Growing:
    """Walks through one text's syntax tree."""

    template: BoundTemplate
    locale: str
    here: Here
    most: bool
    assigned: dict[str, Grown] = field(default_factory=dict)

    def of(self, nodes: Iterable[Node]) -> Grown:
        """Return what nodes say one after the other."""
        whole = EMPTY
        for node in nodes:
            whole = whole.then(self._node(node))
        return whole

    def _node(self, node: Node) -> Grown:
        match node:
            case content.ContentNode():
                return _written(node.text, node.token.start_index)
            case output.OutputNode():
                return self._said(node.expression, node.token.start_index)
            case if_tag.IfNode() | unless_tag.UnlessNode() | case_tag.CaseNode():
                return self._longest_of(self._children(node))
            case for_tag.ForNode():
                return self._repeated(node)
            case assign_tag.AssignNode():
                self.assigned[str(node.name)] = self._said(node.expression, node.token.start_index)
                return EMPTY
            case capture_tag.CaptureNode():
                self.assigned[str(node.name)] = self.of(node.block.nodes)
                return EMPTY
            case BlockNode():
                return self.of(node.nodes)
            case _:
                return self.of(self._children(node))

    def _children(self, node: Node) -> list[Node]:
        return list(node.children(TextContext(self.template, {}, self.locale)))

    def _longest_of(self, ways: Sequence[Node]) -> Grown:
        longest = EMPTY
        for way in ways:
            longest = longest.or_else(self._node(way))
        return longest

    def _repeated(self, node: for_tag.ForNode) -> Grown:
        once, whole = self._node(node.block), EMPTY
        for _ in range(ITEMS[self.most]):
            whole = whole.then(once)
        whole = Grown(whole.longest, whole.dear, once.odd, once.has_names, whole.written)
        return whole.or_else(self._node(node.default)) if node.default is not None else whole

    def _said(self, expression: Expression, index: int) -> Grown:
        """Return the longest an expression says; where it cannot be worked out, about what values take."""
        names = [path for path in _paths(expression) if isinstance(path.path[0], str)]
        if len(names) == 1 and str(names[0]) in self.assigned and not _filters(expression):
            return self.assigned[str(names[0])]
        said: list[str] = []
        for value in self._samples(expression, names[0] if names else None):
            try:
                said.append(self._evaluated(expression, names, value))
            except _FAILURES:
                continue
        longest = max(said, key=_septets, default="x" * OTHER_LENGTH[self.most])
        strange = [one for one in said if odd(one)]
        found = tuple(
            {
                character: Odd(character, index, one)
                for one in sorted(strange, key=_pairs)
                for _, character in odd(one)
            }.values()
        )
        return Grown(longest, max(strange, key=_pairs, default=None), found, _is_own_words(names, expression))

    def _evaluated(self, expression: Expression, names: Sequence[Path], value: object) -> str:
        values: dict[str, object] = {HERE: self.here}
        for number, path in enumerate(reversed(names)):
            is_first = number == len(names) - 1
            _put(values, path, value if is_first else NUMBERS[self.most])
        context = TextContext(self.template, values, self.locale)
        return _as_text(expression.evaluate(context))

    def _samples(self, expression: Expression, path: Path | None) -> Iterator[object]:
        if path is None:
            yield None
            return
        if self.most:
            yield None  # what `default` says then
        name = str(path.path[-1])
        if str(path.path[0]) in {"page", "mini"} or name == "link":
            yield PAGE_PREFIX + "x" * PAGE_CODE_LENGTH
            return
        used = next((one for one in _filters(expression) if one != "default"), "")
        if used == "date":
            yield from _DAYS if self.most else (_USUAL_DAY,)
        elif used == "money":
            yield MONEY_MINOR[self.most]
        elif used == "plural":
            yield from (1, 2, 5, 11, 100, NUMBERS[self.most]) if self.most else (5,)
        elif used in _NUMBER_FILTERS or used in _ARITHMETIC or (not used and name in _COUNTS):
            yield NUMBERS[self.most]
        elif used in _LIST_FILTERS:
            yield ["x" * OTHER_LENGTH[self.most]] * ITEMS[self.most]
        elif str(path.path[0]) in self.assigned:
            yield self.assigned[str(path.path[0])].longest
        else:
            yield "x" * LENGTHS.get(name, OTHER_LENGTH)[self.most]


_FIXED = frozenset({"shop", "program", "contact", "forloop", "balance", "expiring", "page", "mini"})
"""Names whose values are nobody's own words."""
_OUR_LETTERS = _NUMBER_FILTERS | _ARITHMETIC | {"money", "date", "plural", "size", "url_encode"}
"""Filters that write letters of ours, whatever they are given."""


def _is_own_words(names: Sequence[Path], expression: Expression) -> bool:
    return (
        bool(names)
        and str(names[0].path[0]) not in _FIXED
        and str(names[0].path[-1]) not in _COUNTS
        and _OUR_LETTERS.isdisjoint(_filters(expression))
    )


def _filters(expression: Expression) -> list[str]:
    if not isinstance(expression, FilteredExpression):
        return []
    return [used.name for used in expression.filters or ()]


def _paths(expression: Expression) -> Iterator[Path]:
    if isinstance(expression, Path):
        yield expression
    for child in expression.children():
        yield from _paths(child)


def _put(values: dict[str, object], path: Path, value: object) -> None:
    """Let a path lead to a value; a part that is itself a variable, or a number, leads nowhere."""
    *parents, last = [str(part) for part in path.path]
    for name in parents:
        below = values.setdefault(name, {})
        if not isinstance(below, dict):
            return
        values = below
    values[last] = value


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "".join(map(_as_text, value))
    return value.isoformat() if isinstance(value, date) else str(value)
