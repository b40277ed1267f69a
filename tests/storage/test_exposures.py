"""Arms that contacts met: kept once, asked for many at once, and over whoever a contact has been."""

from datetime import UTC, datetime

from bot.core.deeds.left import Joined
from bot.core.experiments.exposure import Exposure
from bot.storage.driver import Database
from bot.storage.exposures import met, met_together
from bot.storage.kept import WRITERS

_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_ONE, _OTHER, _THIRD = "a" * 32, "b" * 32, "c" * 32


async def _keep(database: Database, contact: str, table: str, what: object) -> None:
    rows, row = WRITERS[table]
    await database.transact(lambda c: c.write(rows, [row(contact, what)]))


def _exposure(experiment: str, arm: str) -> Exposure:
    return Exposure(experiment, arm, _NOW, "usual=5000,question=5000", "r" * 32)


async def test_the_first_arm_that_was_met_stays(database: Database) -> None:
    """Whoever says another later."""
    await _keep(database, _ONE, "exposure", _exposure("greeting", "usual"))
    await _keep(database, _ONE, "exposure", _exposure("greeting", "question"))
    await _keep(database, _ONE, "exposure", _exposure("hour", "noon"))
    assert await database.query(lambda c: met(c, _ONE, "greeting")) == "usual"
    assert await database.query(lambda c: met(c, _OTHER, "greeting")) is None
    asked = [(_ONE, "hour"), (_ONE, "greeting"), (_OTHER, "hour")]
    found = await database.query(lambda c: met_together(c, asked))
    assert found == {(_ONE, "hour"): "noon", (_ONE, "greeting"): "usual", (_OTHER, "hour"): None}


async def test_who_was_joined_keeps_the_arm_that_was_met_before(database: Database) -> None:
    """A person never meets two arms: not by becoming known, and not by the one who had met none."""
    await _keep(database, _OTHER, "exposure", _exposure("greeting", "question"))
    await _keep(database, _ONE, "joined", Joined(_OTHER, _NOW, "j", {}))
    await _keep(database, _THIRD, "joined", Joined(_ONE, _NOW, "j", {}))
    assert await database.query(lambda c: met(c, _THIRD, "greeting")) == "question"
    await _keep(database, _THIRD, "exposure", _exposure("hour", "noon"))
    found = await database.query(lambda c: met_together(c, [(_THIRD, "hour"), (_THIRD, "greeting")]))
    assert found == {(_THIRD, "hour"): "noon", (_THIRD, "greeting"): "question"}
