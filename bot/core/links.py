"""Links in texts: where they stand, and the short ones made in their place, one for each contact and message.

Only what marketers wrote themselves is shortened: a short link lends the shop's name to wherever it leads,
so an address that came from outside (an answer, an event) goes out as it is, unless its host is one of ours.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.core.ids import bucket_of
from bot.core.page_links import LASTS, PageLinks

PATH = "/l/"
LIFETIME = timedelta(days=60)

# What ends a link wherever it stands: space, quotes, brackets of prose, CJK punctuation, and the backslash,
# which browsers take for a slash and which would so hide the true host.
_ENDS = r"\s\x00-\x1f\x7f<>\"\\`“”„‟‘’‚«»‹›…\u3000-\u3003\u3008-\u3011\u3014-\u301f！（），：；？［］｛｝｡､"
_LINK = re.compile(rf"https?://[^{_ENDS}]+", re.IGNORECASE)
_AFTER = ".,;:!?'"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_AUTHORITY = re.compile(r"https?://([^/?#]+)", re.IGNORECASE)
_HOST = re.compile(r"([\w-]+(?:\.[\w-]+)*)\.?(?::\d{1,5})?")
# In Liquid: a host that is written out, not one that a variable begins or goes on with.
_WRITTEN_HOST = re.compile(r"https?://([\w.-]+)(?::\d{1,5})?(?![\w@{.-]|:\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A short link made for one contact; `url` is where it leads, exactly as it was written."""

    code: str
    url: str
    message_id: str
    flow: str
    step: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ShortLinks:
    """How links are shortened: our own host, and the `hosts` that may be led to."""

    public_url: str
    hosts: frozenset[str]
    lifetime: timedelta = LIFETIME
    usual: bool | None = None
    """Whether they are where a flow does not say: in all messages, in none, or (None) in all but answers."""

    @property
    def prefix(self) -> str:
        """What stands before the code."""
        return f"{self.public_url}{PATH}"

    def may_shorten(self, url: str) -> bool:
        """Whether a link leads to a host that marketers wrote, and is none of ours already."""
        return host_of(url) in self.hosts and not url.startswith(self.prefix)

    def is_page(self, url: str) -> bool:
        """Whether a link is the bare address of one of our pages, which a short link opens."""
        return PageLinks(self.public_url, ()).is_bare(url)

    def lasts(self, url: str) -> timedelta:
        """How long a short link leads to this one."""
        return min(LASTS, self.lifetime) if self.is_page(url) else self.lifetime


def spans(text: str) -> list[tuple[int, int]]:
    """Return where links stand; a full stop or bracket behind one is the sentence's."""
    if "://" not in text:
        return []
    found = []
    for match in _LINK.finditer(text):
        end = match.start() + len(_without_punctuation(match.group()))
        if host_of(text[match.start() : end]):
            found.append((match.start(), end))
    return found


def shorten(
    body: str, rules: ShortLinks, mint: Callable[[], str], *, only_pages: bool = False
) -> tuple[str, dict[str, str]]:
    """Put short links in place of those that may be; returns the body and code → url. `mint` gives ids.

    The code of a page is all that is asked of who opens it, so it is too long to be found by trying.
    """
    codes: dict[str, str] = {}
    parts, at = [], 0
    for start, end in spans(body):
        url = body[start:end]
        is_page = rules.is_page(url)
        if not is_page and (only_pages or not rules.may_shorten(url)):
            continue
        if url not in codes:
            codes[url] = code_of(mint(), PAGE_CODE_LENGTH if is_page else CODE_LENGTH)
        parts += [body[at:start], rules.prefix, codes[url]]
        at = end
    if not codes:
        return body, {}
    return "".join([*parts, body[at:]]), {code: url for url, code in codes.items()}


def sign_pages(body: str, pages: PageLinks, contact_id: str, until: datetime, channel: str) -> str:
    """Sign the addresses of pages in a text for this contact, where they are not shortened."""
    for start, end in reversed(spans(body)):
        if pages.is_bare(body[start:end]):
            link = pages.sign(body[start:end], contact_id, until, channel=channel)
            body = f"{body[:start]}{link}{body[end:]}"
    return body


def host_of(url: str) -> str:
    """Return the host a link leads to, in lower case; empty where it has none, or hides it behind a name."""
    authority = _AUTHORITY.match(url)
    host = _HOST.fullmatch(authority.group(1)) if authority else None
    return host.group(1).lower() if host else ""


def hosts_in(sources: Iterable[str]) -> frozenset[str]:
    """Return the hosts that are written out in texts as marketers wrote them, Liquid and all."""
    return frozenset(
        host.rstrip(".").lower()
        for source in sources
        if "://" in source
        for host in _WRITTEN_HOST.findall(source)
    )


def as_location(url: str) -> str:
    """Write a link as HTTP sends it: the same address, with what is not ASCII in percent signs (RFC 3987).

    The host becomes what DNS knows it as. Empty where the link is no http or https one.
    """
    if not host_of(url):
        return ""
    if url.isascii():
        return url
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    try:
        known = authority.encode("idna").decode()
    except UnicodeError:
        known = quote(authority, safe=_ASCII)
    return f"{scheme}://{known}{quote(rest[len(authority) :], safe=_ASCII)}"


def _without_punctuation(url: str) -> str:
    while True:
        last = url[-1]
        is_extra = last in _AFTER or (last in _BRACKETS and url.count(last) > url.count(_BRACKETS[last]))
        if not is_extra:
            return url
        url = url[:-1]


_ASCII = "".join(map(chr, range(0x21, 0x7F)))

# ------------------------------------------------------------------------------------------ codes

# Nothing that is misread or mistyped: no 0 and O, no 1, I and L; one case, as keyboards like to change it.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_DIGITS = {character: digit for digit, character in enumerate(_ALPHABET)}
CODE_LENGTH, PAGE_CODE_LENGTH = 10, 13
# The last hexadecimal digits of an id: 40 or 54 random bits, then the bucket's 8.
_RANDOM_AND_BUCKET = {CODE_LENGTH: 12, PAGE_CODE_LENGTH: 16}


def code_of(new_id: str, length: int = CODE_LENGTH) -> str:
    """Make a code from a freshly minted id that is used for nothing else: random bits and the bucket."""
    number = int(new_id[-_RANDOM_AND_BUCKET[length] :], 16)
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def bucket_of_code(code: str) -> int | None:
    """Return the bucket that a code carries; None for what is no code."""
    digits = _RANDOM_AND_BUCKET.get(len(code))
    if digits is None or not _DIGITS.keys() >= {*code}:
        return None
    number = 0
    for character in code:
        number = number * len(_ALPHABET) + _DIGITS[character]
    written = f"{number:0{digits}x}"
    return bucket_of(written) if len(written) == digits else None
