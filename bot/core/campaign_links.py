"""Campaign links: they open a page of the mini program from a text message, and tell whom the text was for.

One URL Link of WeChat's serves a whole campaign and is made before it is needed; what is one person's is the
signed token that `cq` adds to it (https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/
url-link.html). Texts carry the address of our own page instead, as a short link, which leads on where it is
opened: into the mini program while there is a link of the campaign, else to the page in the browser.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.core.loyalty.referral import scene_of
from bot.core.page_links import PAGES
from bot.core.signed_links import ID_BYTES, UNTIL_BYTES, read_signed, read_until, signed, until_bytes

LASTS = timedelta(days=30)
"""WeChat makes none that are good for longer."""
RENEWED_BEFORE = timedelta(days=10)
"""A link is made anew while the old one is still good for longer than any text that names it is opened."""
TOKEN_LASTS = timedelta(days=7)
"""How long a token says who was texted; later it tells of the campaign alone."""
PARAMETER = "c"
"""What the page gets the token as."""
CAMPAIGN_OPENED = "Campaign Opened"
FRIENDS = "friends"
"""The campaign by which the page of an invitation leads into the mini program."""

_PURPOSE = "campaign"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class CampaignLink:
    """A link of WeChat's that opens a page for all who get a campaign, until then (exclusive)."""

    campaign: str
    account: str
    page: str
    url: str
    made_at: datetime
    expires_at: datetime

    def is_due(self, page: str, now: datetime) -> bool:
        """Whether it shall be made anew."""
        return self.page != page or now >= self.expires_at - RENEWED_BEFORE


@dataclass(frozen=True, slots=True)
class Came:
    """Whom a campaign texted, and until when (exclusive) who opens the link is taken for them."""

    contact_id: str
    campaign: str
    until: datetime


@dataclass(frozen=True, slots=True)
class CampaignTokens:
    """Makes and reads tokens; the newest of `secrets` comes first and signs, all of them are believed."""

    secrets: tuple[bytes, ...]

    def token(self, contact_id: str, campaign: str, until: datetime) -> str:
        """Return what says whom a campaign texted."""
        body = bytes.fromhex(contact_id) + until_bytes(until) + campaign.encode()
        return signed(self.secrets, _PURPOSE, body)

    def read(self, token: str) -> Came | None:
        """Return what a token says, whether or not its time is over; None where it is none of ours."""
        body = read_signed(self.secrets, _PURPOSE, token)
        if body is None or len(body) <= ID_BYTES + UNTIL_BYTES:
            return None
        campaign = body[ID_BYTES + UNTIL_BYTES :].decode("ascii", "replace")
        if not _NAME.fullmatch(campaign):
            return None
        return Came(body[:ID_BYTES].hex(), campaign, read_until(body[ID_BYTES : ID_BYTES + UNTIL_BYTES]))

    def address(self, link: CampaignLink, contact_id: str, until: datetime) -> str:
        """Return the address by which one person opens a campaign's page."""
        token = self.token(contact_id, link.campaign, until)
        return f"{link.url}?cq={quote(f'{PARAMETER}={token}', safe='')}"


def friends_address(link: CampaignLink, code: str) -> str:
    """Return the address by which a friend opens the mini program with a member's code."""
    return f"{link.url}?cq={quote(scene_of(code), safe='')}"


def page_in_browser(page: str) -> str:
    """Return which of our pages in the browser stands for one of the mini program's."""
    named = page.rpartition("/")[2]
    return named if named in PAGES else PAGES[0]
