"""Traits as they are told: of each the latest counts, by when it was said, in whatever order it comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from bot.core.contact import JsonValue
from bot.core.deeds.left import ERASED_AT
from bot.core.enrolling import WAITS
from bot.core.ids import microseconds

TRAITS_MAX = 200
"""How many traits are kept of a contact: every turn reads them."""
NAME_MAX = 100
_NOBODYS = (ERASED_AT, "wechat_", WAITS)
"""What attributes begin with that are ours alone."""
_BELIEVED = frozenset({"region", "tags"})
"""Attributes by which the program gives what is worth something: a public key cannot tell them."""

Traits = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ToldTraits:
    """What one message tells, and when; null takes a trait away."""

    at: datetime
    traits: Traits


@dataclass(frozen=True, slots=True)
class KnownTraits:
    """Traits of a contact, and when each was told, in microseconds; what was taken away has a time too."""

    traits: Traits
    times: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Times:
    """When each trait of a contact was told; `fields` is what sources that are believed said of its fields.

    What of these is in the contact's own fields is only known so: a person may have told us otherwise since.
    """

    of: Mapping[str, int] = field(default_factory=dict)
    fields: KnownTraits = KnownTraits({}, {})


def known(before: KnownTraits, told: Iterable[ToldTraits]) -> KnownTraits:
    """Add what is told to what is known; of what is told of one instant the same is kept in any order."""
    traits, times = dict(before.traits), dict(before.times)
    for one in told:
        at = microseconds(one.at)
        for name, value in one.traits.items():
            if name not in times and len(times) >= TRAITS_MAX:
                continue
            since = times.get(name)
            if since is not None and (since, _text(traits.get(name))) >= (at, _text(value)):
                continue
            times[name] = at
            if value is None:
                traits.pop(name, None)
            else:
                traits[name] = value
    return KnownTraits(traits, times)


def both(mine: KnownTraits, other: KnownTraits) -> KnownTraits:
    """Return what is known of two who are one: of each trait the latest; mine where neither has a time."""
    names = {*mine.traits, *mine.times, *other.traits, *other.times}
    traits: dict[str, JsonValue] = {}
    for name in names:
        ours, theirs = ((one.times.get(name), one.traits.get(name)) for one in (mine, other))
        has_mine = name in mine.traits or name in mine.times
        has_other = name in other.traits or name in other.times
        is_newer = (theirs[0] or 0, _text(theirs[1])) > (ours[0] or 0, _text(ours[1]))
        is_theirs = not has_mine or (has_other and theirs[0] is not None and is_newer)
        value = theirs[1] if is_theirs else ours[1]
        if value is not None:
            traits[name] = value
    times = {name: max(mine.times.get(name, 0), other.times.get(name, 0)) for name in names}
    return KnownTraits(traits, {name: at for name, at in times.items() if at})


def tellable(traits: Traits, *, is_believed: bool) -> dict[str, JsonValue]:
    """Leave out what a source may not tell: what is ours, and names that no file of ours could say."""
    return {
        name: value
        for name, value in traits.items()
        if 0 < len(name) <= NAME_MAX
        and not name.startswith(_NOBODYS)
        and (is_believed or name not in _BELIEVED)
    }


def _text(value: JsonValue) -> bytes:
    return b"" if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
