"""Reads `flows/traits.yaml`: computed traits by name, each complaint with its place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from bot.core.audiences.parts import MEASURES, Of, TraitDefinition, TraitsFile
from bot.core.audiences.reading import Kept, Reading, for_good, measure_in, validated, value_at
from bot.core.audiences.rule import TraitRule
from bot.core.contact import JsonValue
from bot.core.flow.reader import Document, Path

_KINDS = ("count", *MEASURES)
_OF_VALUES = frozenset({"most_frequent", "unique_list", "unique_count"})


@dataclass(frozen=True, slots=True)
class Trait:
    """A computed trait that marketers named."""

    rule: TraitRule
    title: str = ""
    description: str = ""


def read_traits(document: Document, kept: Kept = for_good) -> tuple[Trait, ...]:
    """Return the computed traits that a document holds; `kept` says for how long events are kept.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = cast("TraitsFile", validated(document, TraitsFile, _Keys(document), _no_unions))
    reading = Reading(document, kept)
    found = [_trait(reading, name, part) for name, part in file.root.items()]
    reading.finish()
    return tuple(one for one in found if one is not None)


def _trait(reading: Reading, name: str, part: TraitDefinition) -> Trait | None:
    path: Path = (name,)
    written, known = value_at(reading.document, path), measure_in(part, _KINDS)
    kinds = [key for key in written if key in known] if isinstance(written, dict) else []
    if not kinds:
        remedy = "add one, like `count: Order Completed`"
        reading.complain(path, "nothing says what it is made of", remedy, at_key=True)
        return None
    if len(kinds) > 1:
        problem = f"`{kinds[0]}` and `{kinds[1]}` stand in one trait"
        reading.complain((*path, kinds[1]), problem, "make a trait of each", at_key=True)
        return None
    if part.per is not None and kinds[0] in _OF_VALUES:
        problem = f"`{kinds[0]}` keeps every value, and `per` would keep them once more for each {part.per}"
        reading.complain((*path, "per"), problem, "remove it", at_key=True)
    rule = replace(reading.measure(part, kinds[0], path), key=name, name=name, per=part.per)
    return Trait(rule, part.title, part.description)


def _no_unions(path: Path, _value: JsonValue) -> tuple[Path, str, str]:
    raise AssertionError(f"no union is at {path}")


@dataclass(frozen=True, slots=True)
class _Keys:
    """Which keys may stand in a mapping."""

    document: Document

    def __call__(self, path: Path) -> Sequence[str]:
        inside = path[-1] if path else ""
        is_of = len(path) > 1 and inside in _KINDS and isinstance(value_at(self.document, path), dict)
        return list((Of if is_of else TraitDefinition).model_fields)
