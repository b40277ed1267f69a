"""What an app or page shows to a contact: variables by audience and by arm, and that the arm was met."""

from collections.abc import Mapping
from datetime import datetime

from bot.core.experiments.experiment import Experiment
from bot.core.experiments.exposure import Exposure
from bot.core.variables import Shown, Variables
from bot.storage import exposures, members
from bot.storage.driver import Connection, Database


async def shown_to(
    database: Database,
    contact_id: str,
    variables: Variables,
    tried: Mapping[str, Experiment],
    now: datetime,
) -> Shown:
    """Say what a contact sees; arms that it meets for the first time are written down before it sees them."""
    asked = [one.name for one in variables.experiments if one.name in tried]

    async def look(connection: Connection) -> tuple[frozenset[str], dict[str, str | None]]:
        standing = await members.of_contact(connection, contact_id)
        met = await exposures.met_together(connection, [(contact_id, name) for name in asked])
        return (
            frozenset(name for name, one in standing.items() if one.is_in),
            {name: met[contact_id, name] for name in asked},
        )

    audiences, met = await database.query(look)
    arms: dict[str, str] = {}
    fresh: list[Exposure] = []
    for name in asked:
        experiment, arm = tried[name], met[name]
        if arm is None and experiment.decided is None:
            is_in = experiment.audience is None or experiment.audience in audiences
            arm = experiment.arm_of(contact_id, now=now, is_in_audience=is_in)
            if arm is not None:
                fresh.append(Exposure(name, arm, now, experiment.shares))
        if arm is not None or experiment.decided is not None:
            arms[name] = experiment.way_of(arm)
    if fresh:
        await database.transact(lambda c: exposures.keep(c, contact_id, fresh))
    return variables.shown_to(contact_id, audiences, arms)
