"""Reads `flows/audiences.yaml`: audiences by name, each complaint with its place."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from bot.core.audiences import parts
from bot.core.audiences.amounts import MILLION
from bot.core.audiences.audience import Audience, Cycle, Sync, in_order
from bot.core.audiences.clauses import All, AnyOf, Clause, NoneOf
from bot.core.audiences.clauses_of_contact import Attribute, Consents, Holds, InTier, IsIn, IsMember
from bot.core.audiences.clauses_of_events import Figure, FigureIs, Through
from bot.core.audiences.reading import (
    Kept,
    Reading,
    for_good,
    measure_in,
    unnamed,
    validated,
    value_at,
    where_of,
)
from bot.core.audiences.rule import FIGURE, NUMERIC, Step, TraitKind, TraitRule, Window, digest_of
from bot.core.audiences.where import Sign, Test
from bot.core.contact import JsonValue
from bot.core.flow.fields import Part
from bot.core.flow.parse import suggestion
from bot.core.flow.reader import Document, Path
from bot.core.tracking.message import PAGE_VIEWED, SCREEN_VIEWED


@dataclass(frozen=True, slots=True)
class Around:
    """What audiences are read with: the computed traits by name, and what the other files know.

    `exponent` is how many decimals the currency has. `tiers` and `groups` are None where nobody says which
    there are. `kept` says for how long events are kept.
    """

    traits: Mapping[str, TraitRule] = field(default_factory=dict)
    exponent: int = 2
    tiers: Collection[str] | None = None
    groups: Collection[str] | None = None
    kept: Kept = for_good


def read_audiences(document: Document, around: Around) -> tuple[Audience, ...]:
    """Return the audiences that a document holds, each after those that it names.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = cast(
        "parts.AudiencesFile", validated(document, parts.AudiencesFile, _Keys(document), _without_kind)
    )
    reading = _Reading(Reading(document, around.kept), around)
    conditions = {name: reading.condition(part.condition, (name,)) for name, part in file.root.items()}
    reading.reading.finish()
    needed = {name: condition.audiences for name, condition in conditions.items()}
    try:
        order = in_order(needed)
    except Cycle as error:
        raise _circle(document, reading, error) from error
    digests: dict[str, str] = {}
    for name in order:
        digests[name] = _digest(document, name, conditions[name], around, digests)
    return tuple(
        _audience(document.file, name, file.root[name], conditions[name], digests[name]) for name in order
    )


def _audience(
    file: str, name: str, part: parts.AudienceDefinition, condition: Clause, digest: str
) -> Audience:
    syncs = tuple(Sync(word) for word in dict.fromkeys(part.sync))
    return Audience(name, condition, part.title, part.description, syncs, file, digest)


def _digest(
    document: Document, name: str, condition: Clause, around: Around, digests: Mapping[str, str]
) -> str:
    """What decides who is in: the condition with all that it names."""
    written = cast("dict[str, JsonValue]", document.value[name])
    rest = {key: value for key, value in written.items() if key not in parts.Heading.model_fields}
    figures = sorted({rule.digest for rule in condition.rules})
    return digest_of([rest, figures, sorted(digests[one] for one in condition.audiences), around.exponent])


def _circle(document: Document, reading: "_Reading", error: Cycle) -> Exception:
    *before, last = error.names
    path = reading.references[before[-1], last]
    said = " → ".join(error.names)
    if len(before) == 1:
        return document.complaint(path, f"`{last}` names itself", "remove it here")
    return document.complaint(path, f"audiences name each other in a circle: {said}", "remove one of them")


@dataclass(slots=True)
class _Reading:
    """Compiles conditions, and remembers which audience names which where."""

    reading: Reading
    around: Around
    references: dict[tuple[str, str], Path] = field(default_factory=dict)

    def condition(self, part: Part, path: Path) -> Clause:
        (kind,) = parts.kinds_in(value_at(self.reading.document, path))
        text, line = self._as_written(path), self.reading.document.marks.key((*path, kind)).line
        match part:
            case parts.AllPart():
                return All("all", line, self._below(part.all, (*path, "all")))
            case parts.AnyPart():
                return AnyOf("any", line, self._below(part.any, (*path, "any")))
            case parts.NonePart():
                return NoneOf("none", line, self._below(part.none, (*path, "none")))
            case parts.EventPart() | parts.PagePart() | parts.ScreenPart():
                comparison = self.reading.comparison(part.count, (*path, "count"))
                return Figure(text, line, self._happening(part, path), comparison)
            case parts.MeasurePart():
                return self._measure(part, path, text, line)
            case parts.TraitPart():
                return _joined(text, line, list(self._traits(part, path, line)))
            case parts.ComputedPart():
                return _joined(text, line, list(self._computed(part, path, line)))
            case parts.FunnelPart():
                return Through(text, line, self._funnel(part, path))
            case _:
                return self._of_contact(part, path, text, line)

    def _of_contact(self, part: Part, path: Path, text: str, line: int) -> Clause:
        match part:
            case parts.AudiencePart():
                return self._is_in(part, path, text, line)
            case parts.ConsentPart():
                one = part.consent
                self._refuse_unknown((*path, "consent", "group"), one.group, self.around.groups, _NO_GROUP)
                return Consents(text, line, one.group, frozenset(one.states), one.channel)
            case parts.TierPart():
                known = None if self.around.tiers is None else [*self.around.tiers, "none"]
                for tier in part.tier:
                    self._refuse_unknown((*path, "tier"), tier, known, _NO_TIER)
                return InTier(text, line, frozenset(part.tier))
            case parts.WalletPart():
                return _joined(text, line, list(self._wallet(part, path, line)))
            case parts.MemberPart():
                return IsMember(text, line, part.member)
        raise AssertionError(f"there is no other kind than {type(part)}")

    def _below(self, each: Sequence[Part], path: Path) -> tuple[Clause, ...]:
        is_list = isinstance(value_at(self.reading.document, path), list)
        return tuple(
            self.condition(part, (*path, number) if is_list else path) for number, part in enumerate(each)
        )

    def _as_written(self, path: Path) -> str:
        value = value_at(self.reading.document, path)
        if isinstance(value, dict):
            value = {key: each for key, each in value.items() if key not in parts.Heading.model_fields}
        return _inline(value)[1:-1] if isinstance(value, dict) else _inline(value)

    # Events

    def _happening(self, part: parts.EventPart | parts.PagePart | parts.ScreenPart, path: Path) -> TraitRule:
        event, where = self._event(part, part.where, path)
        window = self.reading.window(part, path, [event])
        return unnamed(TraitRule("", TraitKind.COUNT, event, where_of(where), window=window))

    def _event(
        self,
        part: parts.EventPart | parts.PagePart | parts.ScreenPart | parts.StepPart,
        where: Mapping[str, JsonValue],
        path: Path,
    ) -> tuple[str, list[Test]]:
        """The event of a clause; pages and screens are events with a name."""
        found = list(self.reading.filter(where, (*path, "where")).tests)
        page, screen = getattr(part, "page", None), getattr(part, "screen", None)
        if page is not None:
            return PAGE_VIEWED, [*found, Test(("name",), Sign.IS, (page,))]
        if screen is not None:
            return SCREEN_VIEWED, [*found, Test(("name",), Sign.IS, (screen,))]
        return getattr(part, "without", None) or getattr(part, "event", None) or "", found

    def _measure(self, part: parts.MeasurePart, path: Path, text: str, line: int) -> Clause:
        (kind,) = measure_in(part)
        rule = unnamed(self.reading.measure(part, kind, path))
        return self._figure(rule, None, part.wanted, (*path, "is"), text, line)

    def _figure(
        self, rule: TraitRule, cell: str | None, wanted: JsonValue, path: Path, text: str, line: int
    ) -> Clause:
        if rule.kind in NUMERIC and not isinstance(wanted, dict):
            each = wanted if isinstance(wanted, list) else [wanted]
            figures = [Figure(text, line, rule, self.reading.comparison(one, path), cell) for one in each]
            return figures[0] if len(figures) == 1 else AnyOf(text, line, tuple(figures))
        found = self.reading.tests_alone(wanted, path)
        if rule.kind in NUMERIC and any(test.sign is not Sign.EXISTS for test in found):
            self.reading.complain(path, "this is a number", 'compare it, like "> 3"; for not, use `none`')
        inside = (FIGURE,) if cell is None else (FIGURE, cell)
        return FigureIs(text, line, rule, tuple(replace(test, path=inside) for test in found))

    def _computed(self, part: parts.ComputedPart, path: Path, line: int) -> Iterator[Clause]:
        for name, wanted in part.computed.items():
            place = (*path, "computed", name)
            first, _, rest = name.partition(".")
            rule = self.around.traits.get(first)
            if rule is None:
                home = "define it in traits.yaml"
                problem = f"there is no computed trait `{first}`"
                known = [*self.around.traits]
                self.reading.complain_unknown(place, problem, first, known, home, at_key=True)
            elif bool(rest) != (rule.per is not None):
                problem = f"`{first}` is one figure" if rest else f"`{first}` is kept for each {rule.per}"
                remedy = f"write `{first}`" if rest else f"name one, as in `{first}.coffee`"
                self.reading.complain(place, problem, remedy, at_key=True)
            else:
                yield self._figure(rule, rest or None, wanted, place, _inline({name: wanted})[1:-1], line)

    def _funnel(self, part: parts.FunnelPart, path: Path) -> TraitRule:
        steps = tuple(self._step(step, (*path, "funnel", number)) for number, step in enumerate(part.funnel))
        first: Path = (*path, "funnel", 0)
        if steps[0].is_absent:
            self.reading.complain(first, "a funnel begins with what happened", "begin with an `event`")
        elif steps[0].within is not None:
            problem = "nothing is before the first step"
            remedy = "write `within` beside `funnel:` for how long ago all of it happened"
            self.reading.complain((*first, "within"), problem, remedy, at_key=True)
        window = None
        if part.within is not None:
            window = Window(part.within)
            self.reading.refuse_too_long(part.within, [step.event for step in steps], (*path, "within"))
        return unnamed(TraitRule("", TraitKind.FUNNEL, steps[0].event, window=window, steps=steps))

    def _step(self, part: parts.StepPart, path: Path) -> Step:
        event, where = self._event(part, part.where, path)
        return Step(event, where_of(where), part.within, part.without is not None)

    # What is known of the contact

    def _traits(self, part: parts.TraitPart, path: Path, line: int) -> Iterator[Clause]:
        for name, wanted in part.trait.items():
            tests = self.reading.tests(name, wanted, (*path, "trait", name))
            yield Attribute(_inline({name: wanted})[1:-1], line, name.split(".")[0], tests)

    def _wallet(self, part: parts.WalletPart, path: Path, line: int) -> Iterator[Clause]:
        unit = MILLION
        for _ in range(self.around.exponent):
            unit //= 10
        for account, wanted in part.wallet.items():
            comparison = self.reading.comparison(wanted, (*path, "wallet", account))
            yield Holds(_inline({account: wanted})[1:-1], line, account, comparison, unit)

    def _is_in(self, part: parts.AudiencePart, path: Path, text: str, line: int) -> Clause:
        self.references.setdefault((str(path[0]), part.audience), (*path, "audience"))
        known = self.reading.document.value
        self._refuse_unknown(
            (*path, "audience"), part.audience, known, "there is no audience `{}`; define it"
        )
        return IsIn(text, line, part.audience)

    def _refuse_unknown(self, path: Path, name: str, known: Collection[str] | None, said: str) -> None:
        if known is not None and name not in known:
            problem, _, home = said.format(name).partition("; ")
            self.reading.complain_unknown(path, problem, name, [*known], home)


_NO_GROUP = "policy.yaml describes no subscription group `{}`; describe it there under `groups:`"
_NO_TIER = "the program has no tier `{}`; define it in program.yaml"


def _joined(text: str, line: int, clauses: list[Clause]) -> Clause:
    """Several values of one clause must all be as wanted."""
    return clauses[0] if len(clauses) == 1 else All(text, line, tuple(clauses))


def _inline(value: JsonValue) -> str:
    """Return a value on one line, as it could be written."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_inline(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(_inline(each) for each in value) + "]"
        case bool():
            return "true" if value else "false"
    return str(value)


# Complaints


def _without_kind(path: Path, value: JsonValue) -> tuple[Path, str, str]:
    """Explain a condition whose kind cannot be told."""
    listing = ", ".join(parts.KINDS)
    if not isinstance(value, dict):
        return path, "a condition is expected here", f"write one of {listing}, each with what it needs"
    found = parts.kinds_in(value)
    if found:
        first, second = found[:2]
        problem = f"`{first}` and `{second}` stand in one condition"
        return (*path, second), problem, "put each on a line of its own under `all:` or `any:`"
    for key in value:
        meant = suggestion(key, parts.KINDS)
        if meant is not None:
            return (*path, key), f"`{key}` is no condition", f"did you mean `{meant}`?"
    return (*path, *list(value)[:1]), "this is no condition", f"write one of {listing}"


@dataclass(frozen=True, slots=True)
class _Keys:
    """Which keys may stand in a mapping."""

    document: Document

    def __call__(self, path: Path) -> Sequence[str]:
        model = self._model(path)
        known = [each.alias or name for name, each in model.model_fields.items()]
        if issubclass(model, parts.Measures):
            written = parts.kinds_in(value_at(self.document, path))
            known = [name for name in known if name not in parts.MEASURES or name in written]
        return [*known, *parts.Heading.model_fields] if len(path) == 1 else known

    def _model(self, path: Path) -> type[Part]:
        if path[-2:-1] == ("funnel",):
            return parts.StepPart
        if path[-1:] == ("consent",):
            return parts.Standing
        if path and path[-1] in parts.MEASURES:
            return parts.Of
        kinds = parts.kinds_in(value_at(self.document, path))
        return parts.KINDS[kinds[0]] if kinds else parts.Heading
