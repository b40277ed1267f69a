"""Page links: they open a session of their contact at the H5 pages, at one of them, until they end.

Texts name pages by their bare address, which opens nothing; it is signed for the contact where the message
leaves, or where its short link is visited, so that no token is stored. The token stands in the fragment of
the address, which browsers send to no server: it is in no log of ours and in no proxy's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from bot.core.signed_links import ID_BYTES, UNTIL_BYTES, read_signed, read_until, signed, until_bytes

PATH = "/w/"
"""Where the H5 pages are."""
PAGES = ("wallet", "reorder", "rewards", "referral", "checkin", "today", "inbox", "privacy")
"""The pages that a link may open."""
LASTS = timedelta(days=3)
"""How long a link in a text opens a session: whoever comes later texts again for a new one."""
AT_ONCE = timedelta(minutes=10)
"""How long the address is good that a short link leads to: it is used while the page loads."""

_PURPOSE = "page"
_ORDER, _CAMPAIGN, _TOKEN = "?order=", "?c=", "t="
_CHANNEL = "@"
_WHERE = rf"({'|'.join(PAGES)})(?:\?order=([0-9a-f]{{32}}))?"
_BARE = re.compile(rf"{_WHERE}(?:\?c=([a-z][a-z0-9_]{{0,63}}))?")
_OPENS = re.compile(rf"{_WHERE}(?:{_CHANNEL}([a-z]{{1,16}}))?")
SIGNED = re.compile(rf"https?://[^\s#]+{PATH}#{_WHERE}[?&]{_TOKEN}[\w-]+", re.ASCII)
"""A link that `PageLinks.url` made, in a text: its page and order are the groups."""


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """Whose session a link opens, at which page, until (exclusive); `order_id` is what `reorder` is about.

    `channel` is by which its message went; empty: by text.
    """

    contact_id: str
    page: str
    until: datetime
    order_id: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Makes and reads page links; the newest of `secrets` comes first and signs, all of them are believed."""

    public_url: str
    secrets: tuple[bytes, ...]

    @property
    def prefix(self) -> str:
        """What all addresses of pages begin with."""
        return f"{self.public_url}{PATH}#"

    def url(
        self, contact_id: str, page: str, until: datetime, order_id: str = "", *, channel: str = ""
    ) -> str:
        """Return the link that opens a page as this contact until then, to the whole second."""
        token = self.token(contact_id, page, until, order_id, channel=channel)
        return f"{self.bare(page, order_id)}{'&' if order_id else '?'}{_TOKEN}{token}"

    def bare(self, page: str, order_id: str = "", campaign: str = "") -> str:
        """Return the address of a page as it is stored and told: it opens nothing by itself.

        That of a `campaign` leads into the mini program, where there is a link of it (see `campaign_links`).
        """
        if campaign:
            return f"{self.prefix}{page}{_CAMPAIGN}{campaign}"
        return f"{self.prefix}{page}{_ORDER}{order_id}" if order_id else f"{self.prefix}{page}"

    def all_bare(self) -> Mapping[str, str]:
        """Return the addresses of all pages by their names."""
        return _all_bare(self.prefix)

    def token(
        self, contact_id: str, page: str, until: datetime, order_id: str = "", *, channel: str = ""
    ) -> str:
        """Return what is signed of the link."""
        assert page in PAGES, page
        where = f"{page}{_ORDER}{order_id}" if order_id else page
        where = f"{where}{_CHANNEL}{channel}" if channel else where
        body = bytes.fromhex(contact_id) + until_bytes(until) + where.encode()
        return signed(self.secrets, _PURPOSE, body)

    def read(self, token: str) -> OpenedPage | None:
        """Return what a token opens, whether or not its time is over; None where it is none of ours."""
        body = read_signed(self.secrets, _PURPOSE, token)
        if body is None or len(body) <= ID_BYTES + UNTIL_BYTES:
            return None
        where = _OPENS.fullmatch(body[ID_BYTES + UNTIL_BYTES :].decode("ascii", "replace"))
        if where is None:
            return None
        until = read_until(body[ID_BYTES : ID_BYTES + UNTIL_BYTES])
        return OpenedPage(body[:ID_BYTES].hex(), where[1], until, where[2] or "", where[3] or "")

    def is_bare(self, url: str) -> bool:
        """Whether an address is one that `bare` returned."""
        return url.startswith(self.prefix) and _BARE.fullmatch(url, len(self.prefix)) is not None

    def campaign_of(self, bare: str) -> str:
        """Return the campaign that a bare address is of; empty where it is of none."""
        where = _BARE.fullmatch(bare, len(self.prefix))
        return (where[3] or "") if where is not None else ""

    def sign(self, bare: str, contact_id: str, until: datetime, *, channel: str = "") -> str:
        """Return the link of a bare address, for this contact until then."""
        where = _BARE.fullmatch(bare, len(self.prefix))
        assert where is not None, "asked by `is_bare` before"
        return self.url(contact_id, where[1], until, where[2] or "", channel=channel)


@lru_cache(maxsize=4)
def _all_bare(prefix: str) -> dict[str, str]:
    return {page: f"{prefix}{page}" for page in PAGES}
