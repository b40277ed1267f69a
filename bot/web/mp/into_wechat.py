"""Out of the browser into the mini program: WeChat's own link opens a page there as the shopper it is for."""

from datetime import timedelta
from typing import Literal
from urllib.parse import quote

from pydantic import Field

from bot.channels.channel import SendError
from bot.core.campaign_links import LASTS, PARAMETER, CampaignLink, CampaignTokens
from bot.storage import campaign_links
from bot.web.mp.asked import Asked, Shopper, house_of
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer, Id, Query
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import Route

TOKEN_LASTS = timedelta(minutes=10)
"""How long the link says whose it is: it is opened at once, on the telephone that asked for it."""
_CAMPAIGN = "page_{page}"
"""Under which name the link of a page is kept: one for all shoppers."""

Page = Literal[
    "wallet", "today", "rewards", "me", "products", "reorder", "orders", "order", "tiers", "referral", "inbox"
]


class IntoWechatQuery(Query):
    """Which page of the mini program; `order` is what `order` and `reorder` are about."""

    page: Page = "wallet"
    order: Id | None = None


class IntoWechatAnswer(Answer):
    """Where the page opens."""

    url: str = Field(description="a link of WeChat's; it is this shopper's for ten minutes")


async def open_there(asked: Asked) -> Told:
    """Say where a page opens there: the link serves everybody and is kept, the token is one's own."""
    house, query = house_of(asked), asked.query_as(IntoWechatQuery)
    mini = house.mini
    if mini is None:
        raise ApiProblem(404, "no-mini-program", "the shop has no mini program", "stay in the browser")
    now, account, page = house.clock(), mini.accounts[0], f"pages/{query.page}"
    name = _CAMPAIGN.format(page=query.page)
    link = await house.database.query(lambda connection: campaign_links.link(connection, name))
    if link is None or link.account != account.appid or link.is_due(page, now):
        try:
            url = await mini.url_link(account, page, "", now=now, until=now + LASTS)
        except SendError as error:
            raise ApiProblem(
                503,
                "wechat-busy",
                "WeChat makes no link now",
                "stay in the browser, or open the mini program by hand",
                headers={"Retry-After": "60"},
            ) from error
        link = made = CampaignLink(name, account.appid, page, url, now, now + LASTS)
        await house.database.transact(lambda connection: campaign_links.keep(connection, made))
    token = CampaignTokens(house.shop().secrets).token(asked.who.contact.id, name, now + TOKEN_LASTS)
    asks = f"{PARAMETER}={token}" + (f"&order={query.order}" if query.order else "")
    return Told({"url": f"{link.url}?cq={quote(asks, safe='')}"})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/into_wechat",
        name="openInWechat",
        summary="A link that opens a page in the mini program, from any browser",
        does=open_there,
        query=IntoWechatQuery,
        answer=IntoWechatAnswer,
        says_no={404: "no-mini-program: the shop has none"},
    ),
)
