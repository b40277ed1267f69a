"""How the texts of flows do: figures of steps by revision, and the revisions they were published in."""

from bot.core.message_figures import CLICKED, LEFT, REPLIED, SENT
from bot.storage.driver import Connection, Statement

_FIGURES = Statement(f"""
    SELECT f.flow, f.revision, f.step, f.what, SUM(f.times) FROM step_figure f
    WHERE f.what IN ('{SENT}', '{REPLIED}', '{CLICKED}', '{LEFT}')
    GROUP BY f.flow, f.revision, f.step, f.what
""")  # noqa: S608  # our own constants

Counts = dict[tuple[str, int, str], dict[str, int]]
"""How often what happened, by flow, revision and step."""


async def counts(connection: Connection) -> Counts:
    """How often texts were sent, answered, clicked in, and followed by an opt-out."""
    found: Counts = {}
    for flow, revision, step, what, times in await connection.read(_FIGURES):
        found.setdefault((str(flow), int(revision), str(step)), {})[str(what)] = int(times)
    return found
