"""Who opens a short link: a person, or a machine that looks at it for one; only people are counted."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.email.mailbox import EMAIL

EVENT = "Link Clicked"
"""What flows start on or wait for when somebody opens a link."""

_AT_ONCE = timedelta(seconds=3)
"""Nobody reads a text and opens its link on a desktop in this time; scanners do."""

_AT_ONCE_BY_EMAIL = timedelta(seconds=10)
"""Mail servers look behind links before they deliver a letter, and call themselves what they like."""

_HOUR_SECONDS = 3600


class VisitKind(StrEnum):
    """What a visit is taken for."""

    PERSON = "person"
    PREVIEW = "preview"  # a messenger shows what is behind the link
    PREFETCH = "prefetch"  # a browser loads it in case somebody should tap it
    SCANNER = "scanner"  # a security product, a crawler, a script
    CHECK = "check"  # HEAD: whether it is there


# Messengers that fetch a link to show it. Apple's Messages calls itself facebookexternalhit and Twitterbot.
_PREVIEWS = re.compile(
    r"facebookexternalhit|facebot|twitterbot|whatsapp/|telegrambot|slackbot|slack-imgproxy|discordbot"
    r"|linkedinbot|skypeuripreview|applebot|bingpreview|googlemessages|google web preview|iframely|embedly"
    r"|vkshare|viber|kakaotalk-scrap|linespider|mattermost|rocket\.chat|snap url preview|preview"
)
# Cubot makes telephones.
_SCANNERS = re.compile(
    r"(?<!cu)bot(?=[\s/;,)+:_-]|$)|crawl|spider|curl/|wget/|python|aiohttp|httpx|okhttp|go-http-client|java/"
    r"|apache-httpclient|libwww|node-fetch|axios/|undici|guzzle|\b(?:ruby|perl|php)/|headless|phantomjs"
    r"|puppeteer|playwright|selenium|scanner|barracuda|proofpoint|mimecast|forcepoint|fireeye|trendmicro"
    r"|symantec|sophos|zscaler|palo ?alto|virustotal|urlscan|safelinks|netcraft|nessus|zgrab|masscan|censys"
    r"|monitor|pingdom|uptime|google-safety|apis-google|feedfetcher"
)
_MOBILE = re.compile(r"mobile|android|iphone|ipad|ipod")
_PURPOSES = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")


def kind_of_visit(
    method: str, headers: Mapping[str, str], since_sent: timedelta, channel: str = ""
) -> VisitKind:
    """Tell who visits a link that was handed to the provider so long ago; `headers` ignore case.

    Where in doubt it is no person: a click too few is a smaller harm than a flow that a machine starts.
    """
    if method != "GET":
        return VisitKind.CHECK
    if any(re.search("prefetch|prerender|preview", headers.get(name, "").lower()) for name in _PURPOSES):
        return VisitKind.PREFETCH
    agent = headers.get("User-Agent", "").lower()
    if _PREVIEWS.search(agent):
        return VisitKind.PREVIEW
    if not agent or _SCANNERS.search(agent) or not _wants_a_page(headers):
        return VisitKind.SCANNER
    if channel == EMAIL and since_sent < _AT_ONCE_BY_EMAIL:
        return VisitKind.SCANNER
    if since_sent < _AT_ONCE and not _MOBILE.search(agent):
        return VisitKind.SCANNER
    return VisitKind.PERSON


def kind_of_look(method: str, headers: Mapping[str, str]) -> VisitKind:
    """Tell who loads the picture of a letter: a person's mail program, or a machine that looks ahead for it.

    Apple's Mail loads every picture when a letter arrives and calls itself Mozilla/5.0 and no more
    (https://www.apple.com/legal/privacy/data/en/mail-privacy-protection/); Gmail's proxy loads it when
    somebody looks.
    """
    if method != "GET":
        return VisitKind.CHECK
    agent = headers.get("User-Agent", "").lower().strip()
    if agent == "mozilla/5.0":
        return VisitKind.PREFETCH
    if "googleimageproxy" in agent or "yahoomailproxy" in agent:
        return VisitKind.PERSON
    if not agent or _SCANNERS.search(agent) or _PREVIEWS.search(agent):
        return VisitKind.SCANNER
    return VisitKind.PERSON


def click_key(code: str, at: datetime) -> str:
    """Return the trigger's key: a contact's clicks on one link count once for each hour of the clock."""
    return f"click:{code}:{int(at.timestamp()) // _HOUR_SECONDS}"


def _wants_a_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser asks for a page to show; browsers say so, and most scripts do not think of it."""
    return (
        "text/html" in headers.get("Accept", "") and headers.get("Sec-Fetch-Dest", "document") == "document"
    )
