"""Any spelling of a number in, E.164 out, and what it tells of where its owner lives."""

import pytest

from bot.core.phone import (
    NotAContact,
    NotAContactReason,
    locale_in,
    locale_of,
    parse_number,
    to_e164,
    zones_of_number,
)


@pytest.mark.parametrize(
    "spelling",
    [
        "+14155550100",
        "(415) 555-0100",
        "415.555.0100",
        "1 415 555 0100",
        "+1 (415) 555\u20110100",
        "＋１４１５５５５０１００",
        "٤١٥٥٥٥٠١٠٠",
        "001 415 555 0100",
        "tel:+1-415-555-0100",
        " +1\u00a0415\u00a0555\u00a00100\n",
    ],
)
def test_every_spelling_is_one_number(spelling: str) -> None:
    assert parse_number(spelling).e164 == "+14155550100"
    assert to_e164(spelling) == "+14155550100"


@pytest.mark.parametrize(
    ("spelling", "region", "e164"),
    [
        ("0044 20 7946 0018", "US", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("8613800138000", "US", "+8613800138000"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+390612345678", "US", "+390612345678"),
    ],
)
def test_numbers_of_other_countries(spelling: str, region: str, e164: str) -> None:
    assert parse_number(spelling, region).e164 == e164


@pytest.mark.parametrize("number", ["+15551234567", "+15550000001"])
def test_numbers_no_plan_knows_yet_are_people_too(number: str) -> None:
    found = parse_number(number)
    assert (found.e164, found.region, found.zones, found.zone) == (number, "US", (), None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("whatsapp:+14155550100", NotAContactReason.OTHER_CHANNEL),
        ("WhatsApp:14155550100", NotAContactReason.OTHER_CHANNEL),
        ("12345", NotAContactReason.SHORT_CODE),
        ("729725", NotAContactReason.SHORT_CODE),
        ("TWILIO", NotAContactReason.ALPHANUMERIC),
        ("1-800-FLOWERS", NotAContactReason.ALPHANUMERIC),
        ("", NotAContactReason.EMPTY),
        ("+", NotAContactReason.EMPTY),
        ("²²²", NotAContactReason.SHORT_CODE),
        ("+999999999999", NotAContactReason.IMPOSSIBLE),
        ("+1" + "5" * 15, NotAContactReason.IMPOSSIBLE),
        ("1" * 400, NotAContactReason.IMPOSSIBLE),
    ],
)
def test_what_is_nobody_we_could_text(text: str, reason: NotAContactReason) -> None:
    with pytest.raises(NotAContact) as refused:
        parse_number(text)
    assert refused.value.reason is reason


def test_a_number_spelled_in_e164_is_taken_at_its_providers_word() -> None:
    assert to_e164("+999999999999") == "+999999999999"


@pytest.mark.parametrize(
    ("number", "shop", "zone"),
    [
        ("+14155550100", "America/New_York", "America/Los_Angeles"),
        ("+18005551212", "America/New_York", "America/New_York"),
        ("+61412345678", "Pacific/Auckland", "Australia/Lord_Howe"),
        ("+61412345678", None, None),
        ("+15551234567", "America/New_York", None),
        ("+8613800138000", None, "Asia/Shanghai"),
    ],
)
def test_the_zone_is_the_only_one_or_the_nearest_to_the_shop(
    number: str, shop: str | None, zone: str | None
) -> None:
    found = parse_number(number, "US", shop)
    assert found.zone == zone
    assert zone is None or zone in found.zones


@pytest.mark.parametrize(
    ("number", "locale"),
    [
        ("+14155550100", "en"),
        ("+525512345678", "es_MX"),
        ("+34612345678", "es"),
        ("+34 612 345 678", "es"),
        ("+17875551234", "es_PR"),
        ("+8613800138000", "zh_Hans"),
        ("+85251234567", "zh_Hant"),
        ("+886912345678", "zh_Hant"),
        ("+5511912345678", "pt"),
        ("+351912345678", "pt_PT"),
        ("+819012345678", "ja"),
        ("+447911123456", "en"),
    ],
)
def test_the_locale_is_guessed_from_the_country(number: str, locale: str) -> None:
    assert parse_number(number).locale == locale


@pytest.mark.parametrize(
    ("region", "language", "locale"),
    [
        ("US", "es", "es_US"),
        ("MX", "es", "es_MX"),
        ("MX", "en", "en"),  # the CLDR has no English of Mexico
        ("ES", "es", "es"),
        ("GB", "en", "en_GB"),
        ("US", "en", "en"),
        ("US", "zh_Hans", "zh_Hans"),
        ("", "es", "es"),
        ("US", "tlh", "tlh"),
    ],
)
def test_a_language_is_written_as_in_its_region(region: str, language: str, locale: str) -> None:
    assert locale_in(region, language) == locale


def test_regions_we_know_nothing_of_read_english() -> None:
    assert locale_of("") == "en"
    assert locale_of("ZZ") == "en"


@pytest.mark.parametrize(
    "number",
    [
        "+12125550100",
        "+13085550100",
        "+14165550100",
        "+18005550100",
        "+447911123456",
        "+8613800138000",
    ],
)
def test_zones_of_a_number_are_found_without_taking_it_apart(number: str) -> None:
    assert zones_of_number(number) == parse_number(number).zones != ()


def test_what_is_no_number_is_in_no_zone() -> None:
    assert zones_of_number("+99912") == ()
