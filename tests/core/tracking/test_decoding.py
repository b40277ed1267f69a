"""What clients write as JSON, oddly at times."""

import pytest

from bot.core.tracking.decoding import decoded


def test_json_is_read() -> None:
    assert decoded(b'{"a": [1, 2.5, true, null, "\xe2\x98\x95"]}') == {"a": [1, 2.5, True, None, "☕"]}


def test_half_an_emoji_costs_a_letter_and_no_batch() -> None:
    # JSON.stringify("☕😀".slice(0, 2)), as JavaScript cuts texts.
    assert decoded(rb'{"title": "\u2615\ud83d", "whole": "\ud83d\ude00"}') == {
        "title": "☕\N{REPLACEMENT CHARACTER}",
        "whole": "😀",
    }


def test_what_python_writes_for_no_number_is_null() -> None:
    # json.dumps of nan, inf and -inf, as segment-analytics-python sends them.
    assert decoded(b"[NaN, Infinity, -Infinity, 1e999, 1]") == [None, None, None, None, 1]


def test_nul_is_left_out_also_of_names() -> None:
    assert decoded(b'{"a\\u0000b": ["x\\u0000"]}') == {"ab": ["x"]}


def test_a_mark_of_the_byte_order_is_no_part_of_it() -> None:
    assert decoded(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_endless_digits_are_no_endless_integer() -> None:
    assert decoded(b"[NaN, " + b"9" * 30 + b"]") == [None, 1e30]
    assert decoded(b"[NaN, " + b"9" * 5000 + b"]") == [None, None]


@pytest.mark.parametrize(
    "body",
    [
        b'["\\u0000", ' + b"[" * 900 + b"]" * 901,
        b"",
        b"{",
        b"{'a': 1}",
        b"\xff\xfe",
        b"[" * 2000,
        b"[" * 200_000 + b"]" * 200_000,
        b"undefined",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # every parser words it in its own way
        decoded(body)
