"""What `doctor` says of tracking: who sends, and whether much of it is refused."""

from collections.abc import AsyncGenerator

from bot.cli.checking import counted
from bot.cli.database import opened, problem_of
from bot.cli.findings import Finding, skipped, warning, well
from bot.cli.source import ACCEPTED, NOBODY, known
from bot.config import Settings

_NAME = "tracking"
_REFUSED_WELL = 0.01  # a share of what came


async def findings(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at every source in force."""
    if await problem_of(settings) is not None:
        yield skipped(_NAME, "the database cannot be looked at")
        return
    async with opened(settings) as database:
        found, counts = await known(database)
    live = [one for one in found if one.revoked_at is None]
    if not live:
        yield skipped(_NAME, "no site, app or server sends events", "`regulars source add` lets one")
        return
    accepted = sum(counts[one.id][ACCEPTED] for one in live if one.id in counts)
    strays = counts[NOBODY].total() if NOBODY in counts else 0
    said = f"{counted(len(live), 'source')}, {counted(accepted, 'message')} taken"
    yield well(_NAME, f"{said}, {counted(strays, 'request')} with a write key that is nobody's")
    for one in live:
        outcomes = counts.get(one.id)
        refused = outcomes.total() - outcomes[ACCEPTED] if outcomes else 0
        if outcomes and refused > outcomes.total() * _REFUSED_WELL:
            most = max((reason for reason in outcomes if reason != ACCEPTED), key=outcomes.__getitem__)
            said = f"{one.name}: {refused} of {outcomes.total()} messages were refused, most for {most}"
            yield warning(_NAME, said, "`regulars source list` counts them, docs/tracking.md explains them")
