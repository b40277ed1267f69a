"""Links of campaigns into mini programs: one for each campaign and account, shared by all processes."""

from collections.abc import Sequence
from typing import Any

from bot.core.campaign_links import CampaignLink
from bot.core.ids import instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

_LINKS = Statement("""
    SELECT l.campaign, l.account, l.page, l.url, l.made_at, l.expires_at FROM campaign_link l
    ORDER BY l.campaign, l.account
""")
_LINK = Statement("""
    SELECT l.campaign, l.account, l.page, l.url, l.made_at, l.expires_at FROM campaign_link l
    WHERE l.campaign = :campaign ORDER BY l.expires_at DESC LIMIT 1
""")
_ROWS = Rows(tables.Row.metadata.tables["campaign_link"], Present.REPLACE)


async def links(connection: Connection) -> list[CampaignLink]:
    """All that were made, good or not."""
    return [_link(row) for row in await connection.read(_LINKS)]


async def link(connection: Connection, campaign: str) -> CampaignLink | None:
    """The link of a campaign that is good for longest, or was."""
    found = await connection.read(_LINK, campaign=campaign)
    return _link(found[0]) if found else None


async def keep(connection: Connection, made: CampaignLink) -> None:
    """Keep a link in place of the one before."""
    values = (made.campaign, made.account, made.page, made.url)
    await connection.write(_ROWS, [(*values, microseconds(made.made_at), microseconds(made.expires_at))])


def _link(row: Sequence[Any]) -> CampaignLink:
    return CampaignLink(row[0], row[1], row[2], row[3], instant(row[4]), instant(row[5]))
