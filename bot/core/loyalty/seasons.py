"""A season: one added file whose rules, offers and multipliers join the program for some days.

What it holds is joined to what the program's file holds before either means anything, so that every section
reads and checks a season's entries as its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from bot.core.loyalty.eligibility import EXPERIMENT_ARM, Lasting
from bot.core.loyalty.fields import Day, Rule, Text
from bot.core.loyalty.program import Program

Path = tuple[str | int, ...]
Entries = tuple[dict[str, Any], ...]

_DATE = 10
_LASTING: tuple[Path, ...] = (
    ("earning", "rules"),
    ("earning", "cards"),
    ("tiers", "multipliers"),
    ("rebates",),
    ("rewards",),
    ("drops",),
    ("bundles",),
    ("offers",),
)
"""The sections whose entries last as long as the season, unless they say less or open once."""
_OTHERS: tuple[Path, ...] = (("funds",),)


class _Earning(Rule):
    rules: Entries = ()
    cards: Entries = ()


class _Tiers(Rule):
    multipliers: Entries = ()


class Season(Lasting):
    """A season's file; what its sections hold is read when they have joined the program."""

    season: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: Text | None = None
    from_on: Day = Field(alias="from")
    until_on: Day = Field(alias="until")
    experiment: str | None = Field(None, pattern=EXPERIMENT_ARM)
    earning: _Earning = _Earning()
    tiers: _Tiers = _Tiers()
    funds: dict[str, Any] = Field(default_factory=dict)
    offers: dict[str, Any] = Field(default_factory=dict)
    rebates: Entries = ()
    rewards: Entries = ()
    drops: Entries = ()
    bundles: Entries = ()

    @model_validator(mode="after")
    def _has_arms_for_all(self) -> Self:
        if self.experiment is not None and self.tiers.multipliers:
            problem = "`tiers.multipliers` are for everybody, and the season is for one arm of an experiment"
            raise ValueError(f"{problem}; write earning rules with `multiplier`, or leave one of both out")
        return self

    @model_validator(mode="after")
    def _stays_within_itself(self) -> Self:
        first, last = self.from_on.isoformat(), self.until_on.isoformat()
        for path in _LASTING:
            for key, entry in _entries(_at(self.model_dump(), path)):
                if _is_once(path, entry):
                    if not first <= str(entry["at"])[:_DATE] <= last:
                        where = f"{path[0]}.{key}"
                        raise ValueError(f"`{where}` opens outside its season; let `at` be within it")
                    continue
                starts, ends = str(entry.get("from", first))[:_DATE], str(entry.get("until", last))[:_DATE]
                if starts < first or ends > last:
                    where = ".".join(map(str, (*path, key)))
                    raise ValueError(f"`{where}` lasts longer than its season; leave out `from` and `until`")
        return self


@dataclass(frozen=True, slots=True)
class Joined:
    """A program's file with seasons joined to it; `origins` are the places that came from seasons.

    Each leads from a path of the whole to (number of the season, path in its file).
    """

    value: dict[str, Any]
    origins: Mapping[Path, tuple[int, Path]]

    def origin(self, path: Path) -> tuple[int, Path] | None:
        """Return where the value at a path was written; None: in the program's own file."""
        for length in range(len(path), 0, -1):
            found = self.origins.get(path[:length])
            if found is not None:
                return found[0], (*found[1], *path[length:])
        return None


def joined(program: Mapping[str, Any], seasons: Sequence[Season]) -> Joined:
    """Join seasons to a program as it is written.

    Raises:
        ValueError: (number of the season, path in it, problem, remedy) where a name is taken already.
    """
    whole = deepcopy(dict(program))
    origins: dict[Path, tuple[int, Path]] = {}
    for number, season in enumerate(seasons):
        written = season.model_dump(by_alias=True)
        usual = {"from": season.from_on.isoformat(), "until": season.until_on.isoformat()}
        for path in (*_LASTING, *_OTHERS):
            for key, entry in _entries(_at(written, path)):
                lasts = path in _LASTING and not _is_once(path, entry)
                added = {**usual, **entry} if lasts else entry
                if season.experiment is not None and path in _LASTING:
                    added = {**added, "for": {"experiment": season.experiment, **added.get("for", {})}}
                place = _put(whole, path, key, added)
                if place is None:
                    problem = f"'{key}' is in the program already"
                    raise ValueError(number, (*path, key), problem, "give it another name")
                origins[place] = (number, (*path, key))
    return Joined(whole, origins)


def with_policies(program: Program, found: Joined, policies: Sequence[str]) -> Program:
    """Return the program whose rules know the revision of the season they are of, `id@version`."""
    earning = program.earning
    rules, cards = list(earning.rules), list(earning.cards)
    for path, (number, _) in found.origins.items():
        index = path[-1]
        if path[:2] == ("earning", "rules") and isinstance(index, int):
            rules[index] = rules[index].model_copy(update={"policy": policies[number]})
        elif path[:2] == ("earning", "cards") and isinstance(index, int):
            cards[index] = cards[index].model_copy(update={"policy": policies[number]})
    changed = earning.model_copy(update={"rules": tuple(rules), "cards": tuple(cards)})
    return program.model_copy(update={"earning": changed})


def _is_once(path: Path, entry: Mapping[str, Any]) -> bool:
    """Whether it is a drop that opens once: it says when, and lasts no longer than it says."""
    return path == ("drops",) and entry.get("at") is not None


def _at(value: Mapping[str, Any], path: Path) -> object:
    found: object = value
    for key in path:
        found = found.get(str(key)) if isinstance(found, Mapping) else None
    return found


def _entries(section: object) -> Iterator[tuple[str | int, dict[str, Any]]]:
    if isinstance(section, Mapping):
        yield from ((key, entry) for key, entry in section.items() if isinstance(entry, dict))
    elif isinstance(section, (list, tuple)):
        yield from ((key, entry) for key, entry in enumerate(section) if isinstance(entry, dict))


def _put(whole: dict[str, Any], path: Path, key: str | int, entry: dict[str, Any]) -> Path | None:
    """Add an entry to a section; returns where it is now, None if its name is taken."""
    section: Any = whole
    for part in path[:-1]:
        section = section.setdefault(part, {})
    last = path[-1]
    if isinstance(key, str):
        named = section.setdefault(last, {})
        if key in named:
            return None
        named[key] = entry
        return (*path, key)
    listed = list(section.get(last) or ())
    section[last] = [*listed, entry]
    return (*path, len(listed))
