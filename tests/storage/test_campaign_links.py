"""Links of campaigns are kept once for each campaign and account, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.campaign_links import LASTS, CampaignLink
from bot.storage import campaign_links
from bot.storage.driver import Database

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
SPRING = CampaignLink("spring", "wx1", "pages/wallet", "https://wxaurl.cn/a", NOW, NOW + LASTS)


async def test_the_latest_link_of_a_campaign_takes_the_place_of_the_one_before(database: Database) -> None:
    assert await database.query(lambda c: campaign_links.link(c, "spring")) is None
    newer = replace(SPRING, url="https://wxaurl.cn/b", expires_at=NOW + LASTS + timedelta(days=20))
    other = replace(SPRING, campaign="autumn")
    for made in (SPRING, newer, other):
        await database.transact(lambda c, made=made: campaign_links.keep(c, made))  # type: ignore[misc]  # bound now
    assert await database.query(lambda c: campaign_links.link(c, "spring")) == newer
    assert await database.query(campaign_links.links) == [other, newer]
