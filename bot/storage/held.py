"""What the operator holds back for now: names of flows, subscription groups and message classes."""

from bot.storage import revisions
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.tables import Row

_NAME = "held"
_READ = Statement("SELECT value FROM setting WHERE name = :name")
_SET = Rows(Row.metadata.tables["setting"], Present.REPLACE)


async def held(connection: Connection) -> frozenset[str]:
    """Every name that is held back; the gate lets nothing of theirs go but answers."""
    found = await connection.read(_READ, name=_NAME)
    return frozenset(str(found[0][0]).split()) if found else frozenset()


async def hold(connection: Connection, name: str, generation: str) -> None:
    """Hold a name back; every process knows within a second."""
    await _change(connection, await _locked(connection) | {name}, generation)


async def let_go(connection: Connection, name: str, generation: str) -> bool:
    """Hold a name back no longer; False where it was not held."""
    names = await _locked(connection)
    await _change(connection, names - {name}, generation)
    return name in names


async def _locked(connection: Connection) -> frozenset[str]:
    await revisions.lock(connection)
    return await held(connection)


async def _change(connection: Connection, names: frozenset[str], generation: str) -> None:
    await connection.write(_SET, [(_NAME, " ".join(sorted(names)))])
    await revisions.touch(connection, generation)
