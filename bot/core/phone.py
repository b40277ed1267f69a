"""Phone numbers: any spelling in, E.164 out, and what a number tells of where its owner lives."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import localedata

from bot.core.local_time import zone_of

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber as ParsedNumber


class NotAContactReason(StrEnum):
    """Why a sender is nobody we could text."""

    EMPTY = "empty"
    OTHER_CHANNEL = "other_channel"  # whatsapp:+1…, messenger:…
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"  # a sender name: it cannot be answered
    IMPOSSIBLE = "impossible"  # no country has such a number


class NotAContact(ValueError):
    """The text is no phone number of a person."""

    def __init__(self, reason: NotAContactReason) -> None:
        super().__init__(f"not a phone number we could text: {reason.value.replace('_', ' ')}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number and what it lets us guess.

    `zones` are all zones its owner may live in, sorted; `zone` is the best guess, None where there is no
    clue (then the shop's serves). `region` is the ISO country, empty for numbers of no country.
    """

    e164: str
    region: str
    zones: tuple[str, ...]
    zone: str | None
    locale: str


_PLAIN = re.compile(r"\+[1-9][0-9]{7,14}")
_CHANNEL = re.compile(r"([a-z]+):", re.IGNORECASE)
_SHORT_CODE_MAX = 6  # digits; https://www.twilio.com/docs/glossary/what-is-a-short-code
_DIGITS_MAX = 15  # ITU-T E.164


def to_e164(text: str, default_region: str = "US") -> str:
    """Return the number in E.164; quick where it is spelled so already, as providers do.

    Raises:
        NotAContact: where `text` is no number of a person.
    """
    return text if _PLAIN.fullmatch(text) else parse_number(text, default_region).e164


@lru_cache(maxsize=8192)
def parse_number(text: str, default_region: str = "US", shop_zone: str | None = None) -> PhoneNumber:
    """Read a number in any spelling; without a country code it is of `default_region`.

    Raises:
        NotAContact: where `text` is no number of a person.
    """
    number = _parsed(_spelled_plainly(text), default_region)
    e164 = f"+{number.country_code}{_national(number)}"
    region = _region(number, default_region)
    zones = _zones(number)
    return PhoneNumber(e164, region, zones, _best_zone(zones, shop_zone), locale_of(region))


def region_of(e164: str) -> str:
    """Return the ISO country of a number; empty where it has none or is no number of a person."""
    try:
        return parse_number(e164).region
    except NotAContact:
        return ""


def zones_of_number(e164: str) -> tuple[str, ...]:
    """Return every zone the owner of an E.164 number may be in, best guess first; none where it is not known.

    North American numbers, whose zones follow from their first digits alone, are not taken apart for it:
    that would cost more than all the rest of a reminder.
    """
    if e164.startswith("+1"):
        return _zones_of_prefix(e164[1:])
    try:
        return parse_number(e164).zones
    except NotAContact:
        return ()


def _zones_of_prefix(digits: str) -> tuple[str, ...]:
    from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX  # noqa: PLC0415  as below

    for length in range(TIMEZONE_LONGEST_PREFIX, 0, -1):
        zones: tuple[str, ...] | None = TIMEZONE_DATA.get(digits[:length])
        if zones is not None:
            return zones
    return ()


def _spelled_plainly(text: str) -> str:
    spelled = unicodedata.normalize("NFKC", text).strip()
    channel = _CHANNEL.match(spelled)
    if channel is not None:
        if channel[1].lower() not in {"tel", "sms"}:
            raise NotAContact(NotAContactReason.OTHER_CHANNEL)
        spelled = spelled[channel.end() :].strip()
    if any(character.isalpha() for character in spelled):
        raise NotAContact(NotAContactReason.ALPHANUMERIC)
    digits = "".join(str(unicodedata.digit(character)) for character in spelled if character.isdecimal())
    if not digits:
        raise NotAContact(NotAContactReason.EMPTY)
    if len(digits) <= _SHORT_CODE_MAX:
        raise NotAContact(NotAContactReason.SHORT_CODE)
    if len(digits) > _DIGITS_MAX + 2:
        raise NotAContact(NotAContactReason.IMPOSSIBLE)
    if "+" in spelled[:2]:
        return f"+{digits}"
    return "+" + digits[2:] if digits.startswith("00") else digits


def _parsed(spelled: str, default_region: str) -> "ParsedNumber":
    """Parse; where no reading is a valid number, take one of the right length: plans change."""
    import phonenumbers  # noqa: PLC0415  0.1 s and 14 MB that a process without new contacts need not pay

    readings = [spelled] if spelled.startswith("+") else [spelled, f"+{spelled}"]
    possible: list[ParsedNumber] = []
    for reading in readings:
        try:
            number = phonenumbers.parse(reading, None if reading.startswith("+") else default_region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
        if phonenumbers.is_possible_number(number):
            possible.append(number)
    if not possible:
        raise NotAContact(NotAContactReason.IMPOSSIBLE)
    return possible[0]


def _national(number: "ParsedNumber") -> str:
    import phonenumbers  # noqa: PLC0415  as above

    return phonenumbers.national_significant_number(number)


def _region(number: "ParsedNumber", default_region: str) -> str:
    import phonenumbers  # noqa: PLC0415  as above

    region = phonenumbers.region_code_for_number(number)
    if region is None:
        regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
        region = default_region if default_region in regions else regions[0]
    return "" if region == "001" else region


def _zones(number: "ParsedNumber") -> tuple[str, ...]:
    from phonenumbers import timezone  # noqa: PLC0415  as above

    return tuple(zone for zone in timezone.time_zones_for_number(number) if zone != timezone.UNKNOWN_TIMEZONE)


# Zones are compared on a day of northern winter, so that the answer does not depend on when it is asked.
_COMPARED_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _best_zone(zones: tuple[str, ...], shop_zone: str | None) -> str | None:
    if len(zones) == 1:
        return zones[0]
    if not zones or shop_zone is None or shop_zone in zones:
        return shop_zone if zones else None
    home = _offset(shop_zone)
    return min(zones, key=lambda zone: (abs(_offset(zone) - home), zone))


def _offset(zone: str) -> timedelta:
    offset = _COMPARED_AT.astimezone(zone_of(zone)).utcoffset()
    assert offset is not None
    return offset


_REGIONS_OF_LOCALE = {
    "es": "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE",
    "fr": "BE BF BJ CD CG CI CM FR GA GF GN GP LU MC ML MQ NC NE PF RE SN TG YT",
    "de": "AT CH DE LI",
    "pt": "AO BR CV GW MZ PT ST",
    "it": "IT SM VA",
    "nl": "NL SR",
    "ja": "JP",
    "ko": "KR",
    "ru": "BY KG KZ RU",
    "pl": "PL",
    "tr": "TR",
    "ar": "AE BH DZ EG IQ JO KW LB LY MA OM QA SA SY TN YE",
    "zh_Hans": "CN",
    "zh_Hant": "HK MO TW",
}
_LOCALES = {region: locale for locale, regions in _REGIONS_OF_LOCALE.items() for region in regions.split()}


# The region that a language alone stands for in the CLDR: `es` writes 24,00 US$, as in Spain.
_HOMES = {
    home[:2]: home[3:]
    for homes in ("ar_EG de_DE en_US es_ES fr_FR it_IT ja_JP", "ko_KR nl_NL pl_PL pt_BR ru_RU tr_TR")
    for home in homes.split()
}


def locale_of(region: str) -> str:
    """Return the locale most people of a region read; English where we do not know better."""
    language = _LOCALES.get(region)
    return "en" if language is None else locale_in(region, language)


def locale_in(region: str, language: str) -> str:
    """Return how a language is written in a region: `es_MX`, or `es` where the CLDR knows nothing special."""
    if "_" in language or language not in _HOMES or region == _HOMES[language]:
        return language
    local = f"{language}_{region}"
    return local if localedata.exists(local) else language
