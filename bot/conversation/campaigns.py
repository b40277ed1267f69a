"""Where a campaign's text leads: into the mini program, as the one whom it was texted to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.core.campaign_links import FRIENDS, TOKEN_LASTS, CampaignLink, CampaignTokens, friends_address
from bot.storage import campaign_links
from bot.storage.driver import Database

_STILL_GOOD = timedelta(minutes=5)
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Looks up links of campaigns."""

    database: Database
    tokens: CampaignTokens
    clock: Callable[[], datetime]

    async def address(self, campaign: str, contact_id: str, sent_at: datetime) -> str | None:
        """Return where one person is led; None where there is no link that is still good."""
        link = await self._link(campaign)
        return self.tokens.address(link, contact_id, sent_at + TOKEN_LASTS) if link is not None else None

    async def friends_address(self, code: str) -> str | None:
        """Return where a friend is led who has a member's code; None as above."""
        link = await self._link(FRIENDS)
        return friends_address(link, code) if link is not None else None

    async def _link(self, campaign: str) -> CampaignLink | None:
        try:
            link = await self.database.query(lambda connection: campaign_links.link(connection, campaign))
        except Exception:  # whatever the database says: the link is followed without it
            _logger.exception("campaign_not_looked_up")
            return None
        return link if link is not None and link.expires_at > self.clock() + _STILL_GOOD else None
