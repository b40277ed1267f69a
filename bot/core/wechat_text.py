"""Texts on WeChat: how long one may be, where a longer one is parted, and what in it would become a link."""

import re
import unicodedata

from bot.core.messages import Outgoing

TEXT_BYTES_MAX = 2048
"""How long one text may be, in UTF-8; nowhere official, but longer ones were refused."""

_LINK = re.compile(r"<a\b[^>]*>.*?</a>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?=\s*/?\s*a\b)", re.IGNORECASE)
# Where a text is parted, the best place first.
_ENDS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？]|[.!?](?=\s)"),
    re.compile(r"\s|[，、；]"),
)
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}
_SKIN = range(0x1F3FB, 0x1F400)
_FLAG = range(0x1F1E6, 0x1F200)


def without_links(text: str) -> str:
    """Return a text in which nothing becomes a link (`<a>`): names and notes of contacts are in it too."""
    return _TAG.sub("＜", text) if "<" in text else text


def parts_of(text: str, most: int = TEXT_BYTES_MAX) -> tuple[str, ...]:
    """Part a text so that each part has at most so many bytes of UTF-8.

    It is cut between paragraphs, lines, sentences or words, whichever fills a part at least by half; never
    within a character, an emoji of several, or a link.
    """
    parts = []
    while len(text.encode()) > most:
        end = _end(text, most)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    if text or not parts:
        parts.append(text)
    return tuple(part for part in parts if part)


def pieces_of(message: Outgoing) -> int:
    """Return how many customer-service messages a message is: its texts, its card, its pictures."""
    form = message.form
    text = message.body if form is None or form.options else form.head or message.body
    text = without_links(text).strip()  # as it is sent: what would be a link takes more bytes
    texts = len(parts_of(text)) if text else 0
    has_card = form is not None and form.card is not None
    return max(texts + has_card + len(message.media), 1)


def _end(text: str, most: int) -> int:
    fits = len(text.encode()[:most].decode("utf-8", "ignore"))
    links = [found.span() for found in _LINK.finditer(text)]
    fits = _outside(fits, links) or fits  # a link longer than a part is cut: it cannot be sent at all
    for ends in _ENDS:
        places = (found.end() for found in ends.finditer(text, 0, fits))
        best = max((at for at in places if at >= fits // 2 and _outside(at, links) == at), default=0)
        if best:
            return best
    at = fits
    while at > 0 and _is_joined(text, at):
        at -= 1
    return at or fits


def _outside(at: int, links: list[tuple[int, int]]) -> int:
    return next((start for start, end in links if start < at < end), at)


def _is_joined(text: str, at: int) -> bool:
    """Whether the characters on both sides are shown as one."""
    before, after = text[at - 1], text[at]
    if after in _JOINERS or before == "\u200d" or unicodedata.combining(after) or ord(after) in _SKIN:
        return True
    if ord(after) not in _FLAG:
        return False
    letters = 0  # of flags, two each
    while letters < at and ord(text[at - 1 - letters]) in _FLAG:
        letters += 1
    return letters % 2 == 1
