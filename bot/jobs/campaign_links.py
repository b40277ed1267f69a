"""Has links of campaigns into mini programs made before any text needs them, and anew before they end."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from bot.channels.channel import SendError
from bot.core.campaign_links import LASTS, CampaignLink
from bot.core.flow.wechat_forms import Campaign
from bot.core.turn import Shop
from bot.storage import campaign_links
from bot.storage.driver import Database

if TYPE_CHECKING:  # it takes a third of a second to import, and few have accounts
    from bot.channels.wechat.mini import MiniPrograms

_logger = structlog.get_logger(__name__)


class CampaignLinks:
    """One link for each campaign of `wechat.yaml`; what cannot be made is asked for at the next strike.

    Until there is one, and where its account may make none, texts lead to the page in the browser.
    """

    def __init__(
        self,
        database: Database,
        mini: "MiniPrograms",
        shop: Callable[[], Shop],
        clock: Callable[[], datetime],
        stopping: asyncio.Event,
    ) -> None:
        self._database = database
        self._mini = mini
        self._shop = shop
        self._clock = clock
        self._stopping = stopping

    async def make(self) -> int:
        """Make those that are due; returns how many were made."""
        campaigns = self._shop().wechat.campaigns.values()
        if not campaigns:
            return 0
        known = {one.campaign: one for one in await self._database.query(campaign_links.links)}
        made = 0
        for campaign in campaigns:
            if self._stopping.is_set():
                break
            before = known.get(campaign.name)
            if before is None or before.is_due(campaign.page, self._clock()):
                made += await self._made(campaign)
        return made

    async def _made(self, campaign: Campaign) -> int:
        accounts = self._mini.accounts
        named = self._mini.account_of(campaign.account) if campaign.account else None
        account = named or (accounts[0] if len(accounts) == 1 and not campaign.account else None)
        if account is None:
            _logger.warning("campaign_without_account", campaign=campaign.name)
            return 0
        now = self._clock()
        until = now + LASTS
        try:
            url = await self._mini.url_link(account, campaign.page, "", now=now, until=until)
        except SendError as error:
            _logger.warning("campaign_link_not_made", campaign=campaign.name, why=str(error))
            return 0
        link = CampaignLink(campaign.name, account.appid, campaign.page, url, now, until)
        await self._database.transact(lambda connection: campaign_links.keep(connection, link))
        return 1
