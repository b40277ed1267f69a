"""What a text costs, counted as Twilio counts."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.segments import Encoding, plain_spaces, segment, smart

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
