"""Which arms of experiments contacts met, as rows and as turns ask."""

from collections.abc import Sequence

import orjson

from bot.core.experiments.exposure import Exposure
from bot.core.ids import bucket_of, instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.families import family
from bot.storage.rows import RowValues, to_json

_ROWS = Rows(tables.Row.metadata.tables["exposure"], Present.KEEP)
_MET = Statement("""
    SELECT keys.contact, keys.experiment, e.arm
    FROM @each(keys: bucket integer, contact text, experiment text)
    JOIN exposure e ON e.bucket = keys.bucket AND e.contact = keys.contact
        AND e.experiment = keys.experiment
""")
_HAS_JOINED = Statement("""
    SELECT DISTINCT keys.contact FROM @each(keys: bucket integer, contact text)
    JOIN joined j ON j.bucket = keys.bucket AND j.contact = keys.contact
""")


_OF_CONTACT = Statement("""
    SELECT e.experiment, e.arm, e.at, e.facts, e.run FROM exposure e
    WHERE e.bucket = :bucket AND e.contact = :contact ORDER BY e.experiment
""")


def exposure_row(contact_id: str, exposure: Exposure) -> RowValues:
    """Values of `exposure`."""
    return (
        bucket_of(contact_id),
        contact_id,
        exposure.experiment,
        exposure.arm,
        microseconds(exposure.at),
        exposure.run,
        to_json({"shares": exposure.shares}),
    )


async def keep(connection: Connection, contact_id: str, met_now: Sequence[Exposure]) -> None:
    """Keep what a contact has met now; what it met before stays."""
    await connection.write(_ROWS, [exposure_row(contact_id, one) for one in met_now])


async def all_of(connection: Connection, contact_id: str) -> tuple[Exposure, ...]:
    """All that a contact itself has met."""
    found = await connection.read(_OF_CONTACT, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(
        Exposure(experiment, arm, instant(at), str(orjson.loads(facts).get("shares", "")), run)
        for experiment, arm, at, facts, run in found
    )


async def met(connection: Connection, contact_id: str, experiment: str) -> str | None:
    """The arm of an experiment that a contact met; None where it met none."""
    return (await met_together(connection, [(contact_id, experiment)]))[contact_id, experiment]


async def met_together(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str | None]:
    """The same of several, by contact and experiment: what was met first by whoever the contact has been."""
    found: dict[tuple[str, str], str | None] = dict.fromkeys(asked)
    keys = [(bucket_of(contact), contact, experiment) for contact, experiment in found]
    for contact, experiment, arm in await connection.read(_MET, keys=keys):
        found[contact, experiment] = arm
    unmet = sorted({contact for (contact, _), arm in found.items() if arm is None})
    if not unmet:
        return found
    several = await connection.read(_HAS_JOINED, keys=[(bucket_of(one), one) for one in unmet])
    for (contact,) in several:
        others = [one.contact_id for one in await family(connection, contact) if one.contact_id != contact]
        wanted = [experiment for one, experiment in found if one == contact]
        keys = [(bucket_of(one), one, experiment) for one in others for experiment in wanted]
        for _, experiment, arm in await connection.read(_MET, keys=keys):
            found[contact, experiment] = found[contact, experiment] or arm
    return found
