"""Properties inside of properties, by paths like `products.price`; a list counts as each of its items.

A property whose own name has dots in it is meant by that path, too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue


@dataclass(frozen=True, slots=True)
class Sieve:
    """What is dropped of an object, and of the objects in it; `known` None: all else stays."""

    dropped: frozenset[str]
    known: frozenset[str] | None
    below: Mapping[str, "Sieve"]

    def takes(self, name: str) -> bool:
        """Whether a property stays, at least in part."""
        return name not in self.dropped and (self.known is None or name in self.known)

    def left(self, values: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return what stays: the very same where all of it does."""
        kept = {
            name: self.below[name].within(value) if name in self.below else value
            for name, value in values.items()
            if self.takes(name)
        }
        is_whole = len(kept) == len(values) and all(
            kept[name] is values[name] for name in self.below if name in kept
        )
        return values if is_whole else kept

    def within(self, value: JsonValue) -> JsonValue:
        """Return what stays of a value: of an object, or of each item of a list."""
        if isinstance(value, dict):
            left = self.left(value)
            return value if left is value else dict(left)
        if isinstance(value, list):
            items = [self.within(one) for one in value]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        return value


def sieve(dropped: Collection[str], known: Collection[str] | None = None) -> Sieve:
    """Return what drops these paths, and where some of an object's paths are `known`, all others of it."""
    ends, named = _by_first(dropped), _by_first(known or ())
    below = {
        first: sieve(ends.get(first, ()), named.get(first)) for first in sorted(ends.keys() | named.keys())
    }
    return Sieve(frozenset(dropped), None if known is None else frozenset(known) | named.keys(), below)


def first_of(path: str) -> str:
    """Return the property that a path begins with."""
    return path.partition(".")[0]


def _by_first(paths: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        first, dot, rest = path.partition(".")
        if dot:
            found[first].append(rest)
    return found
