"""What a text costs, counted as Twilio counts."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dates import STYLES, in_words
from bot.core.money import money, number
from bot.core.segments import Encoding, as_sent, plain_spaces, segment, smart

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "twilio_message_segments.json"


def vectors(section: str) -> list[dict[str, object]]:
    if not VECTORS.exists():
        pytest.skip(f"Twilio's vectors are not here: {VECTORS.parent.name}/{VECTORS.name}")
    found = json.loads(VECTORS.read_text(encoding="utf-8"))[section]
    assert isinstance(found, list)
    return found


def sizes(body: str) -> dict[str, object]:
    """What the vectors expect, in our figures: sizes are bits, a header has 48."""
    cost = segment(body)
    bits = cost.units * (7 if cost.encoding is Encoding.GSM_7 else 16)
    return {
        "encodingName": cost.encoding.value,
        "segments.length": cost.segments,
        "segmentsCount": cost.segments,
        "messageSize": bits,
        "totalSize": bits + (48 * cost.segments if cost.segments > 1 else 0),
        "numberOfUnicodeScalars": len(body),
    }


def test_counts_encodings_and_sizes_are_twilios() -> None:
    asked = 0
    for vector in vectors("vectors"):
        body, expected = vector["body"], vector["expect"]
        assert isinstance(body, str)
        assert isinstance(expected, dict)
        ours = sizes(body)
        for name in ours.keys() & expected.keys():
            asked += 1
            assert ours[name] == expected[name], f"{vector['describe']}: {name}"
    assert asked > 150


def test_smart_encoding_replaces_what_twilio_replaces() -> None:
    asked = 0
    for vector in vectors("vectors"):
        body, expected = vector["body"], vector["expect"]
        assert isinstance(body, str)
        assert isinstance(expected, dict)
        if vector["smart_encoding"]:
            asked += 1
            assert smart(body) == expected['graphemes.join("")'], vector["describe"]
    assert asked > 250


def test_every_look_alike_of_twilios_map_is_replaced() -> None:
    if not VECTORS.exists():
        pytest.skip("Twilio's vectors are not here")
    replaced = json.loads(VECTORS.read_text(encoding="utf-8"))["smart_encoding_map"]
    assert len(replaced) > 250
    wrong = {
        character: smart(character) for character, plain in replaced.items() if smart(character) != plain
    }
    assert not wrong


def test_the_last_of_several_segments_holds_what_is_left() -> None:
    """Twilio's segment internals: 6 header slots and one character in the third segment."""
    for vector in vectors("segment_internals"):
        body = vector["body"]
        assert isinstance(body, str)
        if vector["field"] == "segments.2.length":
            assert vector["expected"] == 7
            assert segment(body).segments == 3
            assert segment(body[:-1]).segments == 2


def test_expensive_characters_are_named_with_their_place() -> None:
    for vector in vectors("methods"):
        body = vector["body"]
        assert isinstance(body, str)
        assert [character for _, character in segment(body).expensive] == vector["expected"]
    assert segment("Café más").expensive == ((6, "á"),)


def test_characters_that_gsm_7_has_are_those_twilio_sends_so() -> None:
    if not VECTORS.exists():
        pytest.skip("Twilio's vectors are not here")
    septets = json.loads(VECTORS.read_text(encoding="utf-8"))["unicode_to_gsm7_septets"]
    for codepoint in range(0x3000):
        expected = septets.get(f"{codepoint:04x}")
        cost = segment(chr(codepoint))
        assert (cost.encoding is Encoding.GSM_7) == (expected is not None), hex(codepoint)
        if expected is not None:
            assert cost.units == len(expected)


def test_an_escaped_character_is_never_cut_in_two() -> None:
    assert segment("a" * 152 + "€" + "a" * 153).segments == 3
    assert segment("a" * 151 + "€" + "a" * 153).segments == 2


def test_an_emoji_of_several_stays_in_one_segment() -> None:
    family = "👨‍👩‍👧‍👦"
    assert segment(family).units == 11
    assert segment("ä" * 60 + family + "a" * 56).segments == 2
    assert segment("ä" * 60 + family + "a" * 57).segments == 3
    assert segment("🇲🇽" * 32).segments == 2
    assert segment("🇲🇽" * 33).segments == 3
    assert segment("á" * 64 + "👍🏽" + "á" * 63).segments == 2
    assert segment("á" * 64 + "👍🏽" + "á" * 64).segments == 3


def test_a_text_without_end_of_marks_still_counts() -> None:
    assert segment("e" + "\u0301" * 500).segments == 8


def test_smart_joins_accents_typed_apart() -> None:
    assert smart("cafe\u0301") == "café"
    assert smart("n\u0303") == "ñ"
    assert segment(smart("“Hello” – it’s…")).encoding is Encoding.GSM_7


def test_plain_spaces_write_money_and_dates_in_gsm_7() -> None:
    assert plain_spaces("24,00\xa0€ \u200f10:00\u202fAM \u22125") == "24,00 € 10:00 AM -5"
    assert segment(plain_spaces("24,00\xa0€ 10:00\u202fAM")).encoding is Encoding.GSM_7
    assert plain_spaces("余额 plain") == "余额 plain"


def test_what_is_sent_is_made_cheap_only_where_that_works() -> None:
    assert as_sent("It’s yours – “enjoy”…") == 'It\'s yours - "enjoy"...'
    assert as_sent("It’s yours, Zoë") == "It’s yours, Zoë"
    assert as_sent("您好，“会员”") == "您好，“会员”"
    assert as_sent("Plain, with {brackets} and €5") == "Plain, with {brackets} and €5"
    assert as_sent("cafe\u0301\xa0now") == "café  now"


def test_a_link_goes_out_as_it_was_written() -> None:
    assert as_sent("Don’t miss “https://a.example/x_y`”") == "Don't miss \"https://a.example/x_y'\""
    assert as_sent("Don’t miss https://a.example/–x") == "Don’t miss https://a.example/–x"


@given(st.text(st.sampled_from("aen ’“–…\xa0ǃ⁏\u0301\u0303\u0327ëș您Ω"), max_size=20))
def test_what_can_be_made_cheap_is(text: str) -> None:
    cheaper = smart(text)
    assert as_sent(text) == (cheaper if segment(cheaper).encoding is Encoding.GSM_7 else text)


@given(st.text(max_size=400))
def test_what_is_sent_never_costs_more(text: str) -> None:
    assert segment(as_sent(text)).encoding in {segment(text).encoding, Encoding.GSM_7}
    assert as_sent(text) in {text, as_sent(as_sent(text))}


NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
OF_A_SCRIPT = {
    "\u200c",
    "\u200d",
    "\u070f",
    "\u180e",
}  # letters of Persian, Syriac …: UCS-2 anyway


def _invisible(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in {"Zs", "Zl", "Cf", "Cc"}} - {" ", *OF_A_SCRIPT}


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP", "CHF", "MXN", "JPY", "CNY", "PLN"])
def test_money_in_no_language_brings_an_invisible_character(currency: str) -> None:
    for locale in locale_identifiers():
        for amount in (0, 5, 2400, 1_234_567_89, -1_234_567_89):
            text = money(amount, currency, 2, locale)
            assert not _invisible(text), (locale, text)
            dear = [character for _, character in segment(as_sent(text)).expensive]
            assert set(dear) <= set("⹁،٫٬"), (locale, text)  # decimal points of scripts that are UCS-2 anyway


def test_numbers_and_dates_in_no_language_bring_an_invisible_character() -> None:
    days = [NOW + timedelta(days=ahead) for ahead in (0, 1, 3, 9, 45, 200, 400)]
    patterns = (*STYLES, "%A, %d. %B %Y, %I:%M %p")
    for locale in locale_identifiers():
        texts = [number(amount, locale) for amount in (7, 1234, -1_234_567)]
        texts += [
            in_words(day, style, locale=locale, zone="America/New_York", now=NOW)
            for style in patterns
            for day in days
        ]
        for text in texts:
            assert not _invisible(text), (locale, text)
            signs = [c for _, c in segment(as_sent(text)).expensive if unicodedata.category(c)[0] in "SZ"]
            assert not signs, (locale, text)


@given(st.text(max_size=400))
def test_more_text_never_costs_less(text: str) -> None:
    assert segment(text + "a").segments >= segment(text).segments
    cost = segment(text)
    assert cost.segments >= 1
    assert bool(cost.expensive) == (cost.encoding is Encoding.UCS_2)


@given(st.text(max_size=400))
def test_smart_never_makes_a_gsm_7_text_expensive(text: str) -> None:
    if segment(text).encoding is Encoding.GSM_7:
        assert segment(smart(text)).encoding is Encoding.GSM_7
    assert smart(smart(text)) == smart(text)
