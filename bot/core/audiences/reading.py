"""Makes figures and tests of what was written, and collects what is wrong with it, each at its place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.core.audiences.amounts import Comparison, comparison
from bot.core.audiences.parts import MEASURES, Measures, Of, Timed, window_of
from bot.core.audiences.rule import FIGURE, TraitKind, TraitRule, Window
from bot.core.audiences.where import ANY, Test, Where, tests, where
from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.parse import complaint, suggestion
from bot.core.flow.reader import Document, Path, together

Kept = Callable[[str], timedelta | None]
"""For how long events of a name are kept; None: for good."""
KeysAt = Callable[[Path], Sequence[str]]
WithoutKind = Callable[[Path, JsonValue], tuple[Path, str, str]]
_NO_PROPERTY = frozenset({TraitKind.COUNT, TraitKind.DAYS_SINCE})


def for_good(_event: str) -> None:
    """Say that events are kept for good."""


def validated(
    document: Document, model: type[BaseModel], keys_at: KeysAt, without_kind: WithoutKind
) -> BaseModel:
    """Take a document for what a model describes.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        found = [_complaint(document, one, keys_at, without_kind) for one in _causes(error)]
        raise together(list({(one.line, one.column): one for one in reversed(found)}.values())) from error


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """A misspelt key is first of all misspelt: that the right one is missing follows from it."""
    found = error.errors(include_url=False)
    misspelt = {one["loc"][:-1] for one in found if one["type"] == "extra_forbidden"}
    return [one for one in found if one["type"] != "missing" or one["loc"][:-1] not in misspelt]


def _complaint(
    document: Document, found: ErrorDetails, keys_at: KeysAt, without_kind: WithoutKind
) -> FlowError:
    if found["loc"][-1:] == ("[key]",):
        name, ctx = path_in(document, found["loc"]), found.get("ctx", {})
        return document.complaint(name, ctx["problem"], ctx["remedy"], at_key=True)
    if found["type"] != "union_tag_not_found":
        return complaint(document, found, keys_at)
    path = path_in(document, found["loc"])
    path, problem, remedy = without_kind(path, value_at(document, path))
    return document.complaint(path, problem, remedy, at_key=True)


def path_in(document: Document, location: tuple[str | int, ...]) -> Path:
    """Follow pydantic's location through what was really written."""
    path: list[str | int] = []
    value: JsonValue = document.value
    for part in location:
        match value, part:
            case dict(), str() if part in value:
                value = value[part]
            case list(), int() if part < len(value):
                value = value[part]
            case _:
                continue
        path.append(part)
    return tuple(path)


def value_at(document: Document, path: Path) -> JsonValue:
    """Return what was written at a path."""
    value: JsonValue = document.value
    for part in path:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
    return value


@dataclass(slots=True)
class Reading:
    """The document at hand and the complaints about it."""

    document: Document
    kept: Kept = for_good
    complaints: list[FlowError] = field(default_factory=list)

    def complain(self, path: Path, problem: str, remedy: str, *, at_key: bool = False) -> None:
        """Record a complaint about the value (or the key) at `path`."""
        self.complaints.append(self.document.complaint(path, problem, remedy, at_key=at_key))

    def complain_halves(self, path: Path, error: ValueError) -> None:
        """Record what a parser said, whose sentence has a semicolon between problem and remedy."""
        problem, _, remedy = str(error).partition("; ")
        self.complain(path, problem, remedy or "look at the examples in docs/audiences.md")

    def complain_unknown(
        self, path: Path, problem: str, name: str, known: Sequence[str], home: str, *, at_key: bool = False
    ) -> None:
        """Record that nothing has a name; `home` is where it would be written."""
        meant = suggestion(name, known)
        self.complain(path, problem, f"did you mean `{meant}`?" if meant else home, at_key=at_key)

    def finish(self) -> None:
        """Raise what was found: FlowError, with one complaint for each mistake."""
        if self.complaints:
            raise together(self.complaints)

    # Pieces

    def filter(self, written: Mapping[str, JsonValue], path: Path) -> Where:
        """Read `where:`."""
        found: list[Test] = []
        for name, wanted in written.items():
            try:
                found += where({name: wanted}).tests
            except ValueError as error:
                self.complain_halves((*path, name), error)
        return where_of(found)

    def tests(self, name: str, wanted: JsonValue, path: Path) -> tuple[Test, ...]:
        """Read what one value must be."""
        try:
            return tests({name: wanted})
        except ValueError as error:
            self.complain_halves(path, error)
            return ()

    def tests_alone(self, wanted: JsonValue, path: Path) -> tuple[Test, ...]:
        """Read what a figure must be, of which there is but one."""
        try:
            return tests({FIGURE: wanted})
        except ValueError as error:
            self.complain_halves(path, ValueError(str(error).removeprefix(f"{FIGURE}: ")))
            return ()

    def comparison(self, written: object, path: Path) -> Comparison:
        """Read `> 2`."""
        try:
            return comparison(written)
        except ValueError as error:
            self.complain_halves(path, error)
            return Comparison("=", 0)

    def window(self, part: Timed, path: Path, events: Sequence[str]) -> Window | None:
        """Read `within:` or `between:`; nothing may look back further than events are kept."""
        bounds = window_of(part)
        if bounds is None:
            return None
        key = "within" if part.between is None else "between"
        self.refuse_too_long(bounds[0], events, (*path, key))
        return Window(*bounds)

    def refuse_too_long(self, begins: timedelta, events: Sequence[str], path: Path) -> None:
        """Complain of what looks back further than events are kept."""
        for event in events:
            kept = self.kept(event)
            if kept is not None and kept < begins:
                problem = f"`{event}` is kept for {in_words(kept)}; this looks {in_words(begins)} back"
                self.complain(path, problem, "look back less, or keep it longer in events.yaml")

    def measure(self, part: Measures, kind: str, path: Path) -> TraitRule:
        """Read a figure, as an unnamed rule."""
        of: Of = getattr(part, kind)
        rule = TraitRule(
            "",
            TraitKind(kind),
            of.event,
            self.filter(of.where, (*path, kind, "where")),
            of.property or "",
            window=self.window(part, path, [of.event]),
        )
        if rule.kind in _NO_PROPERTY and rule.path:
            self.complain(
                (*path, kind, "property"),
                f"`{kind}` looks at the event alone",
                "remove `property`; what it must be goes into `where`",
                at_key=True,
            )
        if rule.kind not in _NO_PROPERTY and not rule.path:
            self.complain(
                (*path, kind),
                f"`{kind}` is of a property, and none is named",
                f"write {{event: {of.event}, property: revenue}}",
            )
        return rule


def where_of(found: Sequence[Test]) -> Where:
    """Put tests together: equal filters are equal in whatever order they are written."""
    if not found:
        return ANY
    return Where(tuple(sorted(found, key=lambda test: (test.path, test.sign, repr(test.operands)))))


def unnamed(rule: TraitRule) -> TraitRule:
    """Give a rule the key that equal ones share."""
    return replace(rule, key=f"{rule.kind}:{rule.digest}")


def measure_in(part: Measures, kinds: Sequence[str] = MEASURES) -> list[str]:
    """Return the figures that are written in one clause."""
    return [kind for kind in kinds if getattr(part, kind) is not None]


def in_words(length: timedelta) -> str:
    """Return a duration as it is written, like 90d or 1d12h."""
    units = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
    said, rest = "", length
    for unit, each in units.items():
        count, rest = divmod(rest, each)
        said += f"{count}{unit}" if count else ""
    return said + (f"{rest.total_seconds():g}s" if rest or not said else "")
