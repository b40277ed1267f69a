"""SMS segments as Twilio counts and bills them, and the characters that make a text more expensive.

GSM-7 carries 160 characters in one segment, 153 in each of several; a single character outside it turns the
whole text into UCS-2 with 70 and 67.  https://www.twilio.com/docs/glossary/what-sms-character-limit
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.core.links import spans

# 3GPP TS 23.038: the basic character set (one unit each) and its extension (two: an escape comes first).
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM_7 = _BASIC | _EXTENDED
_ODD = re.compile(f"[^{re.escape(''.join(sorted(_GSM_7)))}]")


class Encoding(StrEnum):
    """How the characters travel."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ONE_MAX = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_EACH_MAX = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}  # each of several carries a header


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What a text costs.

    `units` are septets in GSM-7, 16-bit units in UCS-2. `expensive` names each character outside GSM-7 with
    its index: without them the text would be GSM-7.
    """

    encoding: Encoding
    segments: int
    units: int
    expensive: tuple[tuple[int, str], ...] = ()


def segment(text: str) -> Segmentation:
    """Count the segments Twilio bills for `text`, sent as it is; an empty text counts as one."""
    if _GSM_7.issuperset(text):
        units = len(text) + sum(map(text.count, _EXTENDED))
        return Segmentation(Encoding.GSM_7, _segments(text, units, Encoding.GSM_7), units)
    expensive = tuple((index, character) for index, character in enumerate(text) if character not in _GSM_7)
    units = sum(map(_units_ucs_2, text))
    return Segmentation(Encoding.UCS_2, _segments(text, units, Encoding.UCS_2), units, expensive)


def _segments(text: str, units: int, encoding: Encoding) -> int:
    if units <= _ONE_MAX[encoding]:
        return 1
    room = _EACH_MAX[encoding]
    if encoding is Encoding.UCS_2:
        return _filled(_sizes_ucs_2(text), room)
    if units == len(text):
        return -(-units // room)
    return _filled([1 + (character in _EXTENDED) for character in text], room)


def _filled(sizes: list[int], room: int) -> int:
    segments, left = 1, room
    for size in sizes:
        if size > left:  # what belongs together is not cut: an escaped character, an emoji of several
            segments, left = segments + 1, room
        left -= size
    return segments


def _sizes_ucs_2(text: str) -> list[int]:
    room = _EACH_MAX[Encoding.UCS_2]
    sizes: list[int] = []
    for cluster in _clusters(text):
        size = sum(map(_units_ucs_2, cluster))
        sizes += [size] if size <= room else map(_units_ucs_2, cluster)
    return sizes


def _units_ucs_2(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004  beyond it UTF-16 needs a pair


# ------------------------------------------------------------------------------------------ characters

_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def _clusters(text: str) -> Iterator[str]:
    """Yield what people see as one character: with its marks, joined emoji, the two letters of a flag."""
    cluster = ""
    for character in text:
        if cluster and not _continues(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _continues(cluster: str, character: str) -> bool:
    codepoint = ord(character)
    if character == _JOINER or codepoint in _SKIN_TONES or unicodedata.category(character)[0] == "M":
        return cluster not in "\r\n"
    if cluster[-1] == _JOINER:
        return unicodedata.category(character) in {"So", "Cn"}
    return codepoint in _REGIONAL and ord(cluster[0]) in _REGIONAL and len(cluster) == 1


# ------------------------------------------------------------------------------------------ cheaper texts

# Twilio's Smart Encoding: what it puts in place of look-alikes, two spaces for one included. First
# what Unicode itself calls a form of an ASCII character, then what it does not, or says otherwise.
# https://www.twilio.com/docs/messaging/services/smart-encoding-char-list
_FORMS = (*range(0xFE10, 0xFE6C), *range(0xFF01, 0xFF5F), 0x2026, 0x203C)
_REPLACED_BY = {
    '"': "«»“”ʺˮ‟„❝❞〝〞",
    "'": "‘’ʻˈʼʽʹ‛´ˊ`ˋ❛❜\u0313\u0314\ufe10\ufe11",
    "/": "÷⧸\u0337\u0338⁄∕",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    "\\": "⧹⧵\u20e5",
    "_": "\u0332‗",
    "|": "\u20d2\u20d3∣⎸⎹⏐⎜⎟",
    "-": "⎼⎽―‐⁃—–•",
    "!": "ǃ",
    ",": "‚\u0326﹑､、",
    "(": "❨❪⟮⦅",
    ")": "❩❫⟯⦆",
    "*": "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊❋⧆",
    "+": "˖",
    ".": "。｡",
    ":": "ː˸⦂꞉",
    ";": "⁏",
    "=": "\u0347꞊",
    "^": "ˆ\u0302\u1dcd",
    "{": "❴",
    "}": "❵",
    "~": "˜˷\u0330\u0334\u0303∼",
    ">": "‹",
    "<": "›",
    " ": "\u2001\u2028\u2029",
    "  ": "\xa0\u2000\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
    "\x80\x8d\x90\x9b\x9f",
    "       ": "\t",
    "": "\x00\x03\x04\x10\x11\x12\x13\x14\x17\x19\u200b\u2060\ufeff",
}
_SMALL_CAPITALS = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "ABCDEFGHIJKLMNOPRSTUVWYZ")
_SMART: dict[int, str | int] = {
    **{form: plain for form in _FORMS if (plain := unicodedata.normalize("NFKC", chr(form))).isascii()},
    **{ord(character): plain for plain, characters in _REPLACED_BY.items() for character in characters},
    **_SMALL_CAPITALS,
}
_SMART_BUT_MARKS = {code: plain for code, plain in _SMART.items() if unicodedata.category(chr(code)) != "Mn"}


def smart(text: str) -> str:
    """Replace look-alikes by GSM-7 characters, as Twilio's Smart Encoding does, so that a text gets cheaper.

    Accents typed apart from their letter are joined to it first: it would take them for quotes and carets.
    """
    if text.isascii():
        return text.translate(_SMART)
    return unicodedata.normalize("NFC", text.translate(_SMART_BUT_MARKS)).translate(_SMART)


def as_sent(text: str) -> str:
    """Return what goes out for a text: with look-alikes replaced where that makes it GSM-7.

    Where something else keeps it UCS-2 (a name, an emoji, Chinese) it goes out as it was written: it costs
    the same. Links are never touched.
    """
    odd = _ODD.search(text)
    if odd is None or _stays_odd(odd.group()):
        return text
    parts, at = [], 0
    for start, end in spans(text):
        parts += [smart(text[at:start]), text[start:end]]
        at = end
    cheaper = "".join([*parts, smart(text[at:])])
    return text if _ODD.search(cheaper) else cheaper


def odd(text: str) -> list[tuple[int, str]]:
    """Return the characters, with their index, that keep a text UCS-2 also as it is sent."""
    if not segment(smart(text)).expensive:
        return []
    return [
        (index, character)
        for index, character in enumerate(text)
        if character not in _GSM_7 and not _GSM_7.issuperset(smart(character))
    ]


@lru_cache(maxsize=4096)
def _stays_odd(character: str) -> bool:
    """Whether a character outside GSM-7 keeps any text UCS-2; a mark may join the letter before it."""
    return unicodedata.category(character)[0] != "M" and not _GSM_7.issuperset(smart(character))


_PLAIN = {
    **dict.fromkeys(map(ord, "\xa0\u202f\u2007\u2009"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200e\u200f\u061c\u2060\ufeff"), None),
    ord("\u2212"): "-",
}


def plain_spaces(text: str) -> str:
    """Write the spaces, direction marks and minus signs of CLDR's numbers and dates as GSM-7 can."""
    return text if text.isascii() else text.translate(_PLAIN)
