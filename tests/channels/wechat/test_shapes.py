"""XML and JSON come to the same shape; what is neither, or a trap, is refused."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.account import Format
from bot.channels.wechat.shapes import below, each, read, read_json, read_xml, text_of, write_json, write_xml
from bot.core.errors import Refused
from tests.channels.wechat.vectors import cases, needs_vectors


def plain(value: Any) -> Any:  # noqa: ANN401 -- JSON of the vectors
    """The vectors' own reading, numbers as texts and nothing as an empty one."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return "" if value is None else str(value)


def stripped(value: Any) -> Any:  # noqa: ANN401 -- see plain
    if isinstance(value, dict):
        return {name: stripped(inner) for name, inner in value.items()}
    return [stripped(inner) for inner in value] if isinstance(value, list) else value.strip()


@needs_vectors
@pytest.mark.parametrize("case", cases("wechat_messages_events.json"))
def test_every_push_of_the_vectors_reads_as_they_say(case: dict[str, Any]) -> None:
    fields = read(case["raw"].strip().encode(), Format(case["format"]))
    assert stripped(fields) == stripped(plain(case["derived_dict"]))


def test_xml_and_json_of_one_push_are_alike() -> None:
    xml = b"<xml><A>1</A><B/><C><D><![CDATA[x & y]]></D></C><E>1</E><E>2</E></xml>"
    expected = {"A": "1", "B": "", "C": {"D": "x & y"}, "E": ["1", "2"]}
    assert read_xml(xml) == expected
    assert read_json(b'{"A": 1, "B": null, "C": {"D": "x & y"}, "E": ["1", 2]}') == expected


@pytest.mark.parametrize(
    ("inside", "fields"),
    [
        ("<A><![CDATA[<!DOCTYPE html>]]></A><B>1</B>", {"A": "<!DOCTYPE html>", "B": "1"}),
        ("<A>a<!-- said -->b</A><B/>", {"A": "ab", "B": ""}),
        ("<a:A>1</a:A>", {"a:A": "1"}),
        ('<A xmlns="x">1</A>', {"A": "1"}),
        ("\n <A>1</A> and <B>2</B>\n", {"A": "1", "B": "2"}),
        ("<A>1</A><A>2</A><A>3</A>", {"A": ["1", "2", "3"]}),
    ],
)
def test_what_is_read_quickly_and_what_is_not_are_alike(inside: str, fields: dict[str, object]) -> None:
    assert read_xml(f"<xml>{inside}</xml>".encode()) == fields
    nested = f"<xml>{inside}<N><M>1</M></N></xml>"  # which is always read by the slower parser
    assert read_xml(nested.encode()) == fields | {"N": {"M": "1"}}


def test_numbers_and_truths_are_texts() -> None:
    assert read_json(b'{"a": 12345678901234567890, "b": 1.5, "c": true, "d": "a\\u0000b"}') == {
        "a": "12345678901234567890",
        "b": "1.5",
        "c": "true",
        "d": "ab",
    }


BOMBS = {
    "entity": b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><A>&a;</A></xml>',
    "billion laughs": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml>&b;</xml>',
    "external": b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>',
    "external dtd": b'<!DOCTYPE xml SYSTEM "http://example.com/x.dtd"><xml><A>1</A></xml>',
    "parameter": b'<!DOCTYPE xml [<!ENTITY % a SYSTEM "http://example.com/x">%a;]><xml/>',
    "unknown entity": b"<xml><A>&nbsp;</A></xml>",
    "deep": b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>",
    "two roots": b"<xml/><xml/>",
    "another root": b"<html><A>1</A></html>",
    "a text alone": b"<xml>hello</xml>",
    "no end": b"<xml><A>1</A>",
    "nothing": b"",
    "zeros": b"\0" * 100,
    "a DTD behind a NUL": b"<!DOC\0TYPE xml><xml><A>1</A></xml>",
    "a NUL in it": b"<xml><A>&#0;</A></xml>",
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_xml_that_is_a_trap_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_xml(body)


def test_another_encoding_that_it_declares_is_not_believed() -> None:
    body = '<?xml version="1.0" encoding="iso-8859-1"?><xml><A>中</A></xml>'.encode()
    assert read_xml(body) == {"A": "中"}


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'"x"', b"1", b"[" * 60_000, b'{"a":' * 30 + b"1" + b"}" * 30),
        *(b'{"a": NaN}', b'{"a": "\\ud800"}', b'{"a": 1,,}', b'{"a": 1} x'),
    ],
)
def test_json_that_is_a_trap_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_json(body)


# As people's texts were seen to come: https://github.com/offu/WeRoBot/issues/420,
# https://github.com/silenceper/wechat/issues/750, https://github.com/w7corp/easywechat/issues/989
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b" \x1dc", "\x20c"),
        (b"\x02", ""),
        ("清".encode()[:2] + b"!", "\ufffd!"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a\0b", "ab"),
        ("\ufffe余额".encode(), "余额"),
    ],
)
def test_what_xml_cannot_hold_is_left_out_of_what_people_wrote(text: bytes, shown: str) -> None:
    assert read_xml(b"<xml><A><![CDATA[" + text + b"]]></A><B>1</B></xml>") == {"A": shown, "B": "1"}
    if b"\xbf\xbe" not in text:  # which JSON may hold
        assert read_json(b'{"A": "' + text + b'", "B": 1}') == {"A": shown, "B": "1"}


def test_a_comma_too_many_is_passed_over_but_none_of_a_text() -> None:
    """As the platform's own pages print pushes."""
    body = b'{"List": [{"A": ",}", "B": "a\\",]",}, ], "C": "x" ,\n}'
    assert read_json(body) == {"List": [{"A": ",}", "B": 'a",]'}], "C": "x"}


def test_the_mark_of_an_encoding_is_no_part_of_it() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": "1"}
    assert read_xml(b"\xef\xbb\xbf<xml><a>1</a></xml>") == {"a": "1"}


@given(st.binary(max_size=200))
def test_whatever_comes_reads_or_is_refused(body: bytes) -> None:
    for form in Format:
        try:
            read(body, form)
        except Refused:
            continue


@given(st.text(max_size=100))
def test_every_text_survives_being_written(text: str) -> None:
    text = "".join(one for one in text if one in "\t\n" or (one >= " " and not "\ud800" <= one <= "\udfff"))
    text = text.replace("\ufffe", "").replace("\uffff", "")
    assert read_xml(write_xml({"A": text, "B": {"C": 7}})) == {"A": text, "B": {"C": "7"}}
    assert read_json(write_json({"A": text})) == {"A": text}


def test_what_xml_cannot_hold_is_left_out() -> None:
    assert read_xml(write_xml({"A": "a\x00b\x0bc\ufffe"})) == {"A": "abc"}


def test_the_end_of_a_section_cannot_be_smuggled_in() -> None:
    hostile = "]]></A><MsgType>x</MsgType><A><![CDATA["
    written = write_xml({"A": hostile})
    assert read_xml(written) == {"A": hostile}
    [element] = ET.fromstring(written)  # noqa: S314 -- of our own making
    assert (element.tag, element.text) == ("A", hostile)


def test_fields_are_asked_for_by_the_shape_they_should_have() -> None:
    fields = read_xml(b"<xml><A> x </A><B><C>1</C></B><L><C>1</C></L><L><C>2</C></L></xml>")
    assert (text_of(fields, "A"), text_of(fields, "B"), text_of(fields, "nothing")) == ("x", "", "")
    assert (below(fields, "B"), below(fields, "A")) == ({"C": "1"}, {})
    assert [each(fields, name) for name in ("A", "B", "L", "nothing")] == [
        [],
        [{"C": "1"}],
        [{"C": "1"}, {"C": "2"}],
        [],
    ]
