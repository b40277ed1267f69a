"""Counters: what many take from. One row each: a batch holds it for one commit, however many of it take."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from bot.core.counting import Take
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

_SLOT = 0
# Nearly always there are enough, and as many to begin with as before: one statement for all who take.
_TAKE = Statement("""
    UPDATE counter SET units_left = units_left - :units
    WHERE name = :name AND slot = :slot AND units_left >= :units
        AND units_of = COALESCE(CAST(:of AS bigint), units_of)
    RETURNING name
""")
_LEFT = Statement("""
    SELECT c.units_left, c.units_of FROM counter c WHERE c.name = :name AND c.slot = :slot @lock(c)
""")
_SET = Statement("""
    UPDATE counter SET units_left = :units_left, units_of = :units_of WHERE name = :name AND slot = :slot
""")
_PEEK = Statement("""
    SELECT c.name, c.units_left FROM @each(keys: name text)
    JOIN counter c ON c.name = keys.name AND c.slot = 0
""")
_TABLE = tables.Row.metadata.tables["counter"]
_NEW = Rows(_TABLE, Present.KEEP)
_MORE = Rows(_TABLE, Present.ADD)


async def take(connection: Connection, takes: Iterable[Take]) -> dict[Take, int]:
    """Take units, counters in the order of their names; returns how many each take got.

    Where a take says another limit than the counter began with, what is left changes by the difference. A
    limit below what was taken counts as that: when it rises again, nothing is there to be taken twice.
    """
    granted: dict[Take, int] = {}
    wanted = sorted(takes, key=lambda take: (take.counter, take.number))
    for counter, these in groupby(wanted, key=lambda take: take.counter):
        of_one = list(these)
        granted |= await _whole(connection, counter, of_one) or await _in_turn(connection, counter, of_one)
    return granted


async def set_units(connection: Connection, name: str, units: int) -> None:
    """Say how many units there are from now on."""
    await connection.write(_NEW, [(name, _SLOT, units, units)])
    await _set(connection, name, units, units)


async def left(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """How many units are left, by name; a counter that nobody took from yet is missing."""
    found = await connection.read(_PEEK, keys=[(name,) for name in names])
    return {name: units for name, units in found}  # noqa: C416  # rows are no pairs to a type checker


async def give_back(connection: Connection, units: Mapping[str, int]) -> None:
    """Let units go back."""
    await connection.write(_MORE, [(name, _SLOT, more, 0) for name, more in sorted(units.items())])


async def _whole(connection: Connection, counter: str, takes: Sequence[Take]) -> dict[Take, int]:
    """Take all of what they want; nothing where it is not there, or the counter begins with another limit."""
    limits = {take.of for take in takes}
    if len(limits) > 1:
        return {}
    asked = {"name": counter, "slot": _SLOT, "units": sum(take.units for take in takes), "of": limits.pop()}
    return {take: take.units for take in takes} if await connection.read(_TAKE, **asked) else {}


async def _in_turn(connection: Connection, counter: str, takes: Sequence[Take]) -> dict[Take, int]:
    """Take what is there, one after the other."""
    granted = {}
    for one in takes:
        left, limit = await _locked(connection, one)
        if one.of is not None and one.of != limit:
            taken = limit - left
            limit = max(one.of, taken)
            left = limit - taken
        granted[one] = one.granted(left)
        await _set(connection, counter, left - granted[one], limit)
    return granted


async def _locked(connection: Connection, take: Take) -> tuple[int, int]:
    parameters = {"name": take.counter, "slot": _SLOT}
    found = await connection.read(_LEFT, **parameters)
    if not found and take.of is not None:
        await connection.write(_NEW, [(take.counter, _SLOT, take.of, take.of)])
        found = await connection.read(_LEFT, **parameters)
    return (found[0][0], found[0][1]) if found else (0, 0)


async def _set(connection: Connection, name: str, units_left: int, units_of: int) -> None:
    parameters = {"name": name, "slot": _SLOT, "units_left": units_left, "units_of": units_of}
    await connection.run(_SET, [parameters])
