"""What the reader makes of YAML, and what it says of YAML that means something else than it looks."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.reader import BYTES_MAX, Mark, read


def value(scalar: str) -> JsonValue:
    return read(f"key: {scalar}", "f.yaml").value["key"]


def complaint(source: str | bytes) -> FlowError:
    with pytest.raises(FlowError) as caught:
        read(source, "f.yaml")
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "12:30",
        "no",
        "yes",
        "on",
        "off",
        "012",
        "+15551234567",
        "2026-12-24",
        "0x1F",
        "1_000",
        "1e999",
        "=",
        ".",
        "-",
    ],
)
def test_what_looks_like_text_to_people_is_text(text: str) -> None:
    if text == "-":
        text = "--"
    assert value(text) == text


def test_long_digits_keep_every_one_of_them() -> None:
    assert value("9" * 5000) == "9" * 5000


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("5", 5),
        ("-3", -3),
        ("1.50", 1.5),
    ],
)
def test_what_looks_like_a_value_is_one(written: str, meant: JsonValue) -> None:
    assert value(written) == meant
    assert type(value(written)) is type(meant)


def test_quoted_values_and_keys_are_always_text() -> None:
    document = read("1: '5'\ntrue: \"no\"\nnull: x\n", "f.yaml")
    assert document.value == {"1": "5", "true": "no", "null": "x"}


def test_every_value_key_and_text_has_its_place() -> None:
    document = read('a: 1\nb:\n  - c: "x"\n    d: |\n      hello\n', "f.yaml")
    marks = document.marks
    assert marks.of(("b", 0, "c")) == Mark(3, 8)
    assert marks.text(("b", 0, "c")) == Mark(3, 9)
    assert marks.key(("b", 0, "d")) == Mark(4, 5)
    assert marks.text(("b", 0, "d")) == Mark(5, 7)
    assert marks.of(("b", 0, "c", "deeper")) == Mark(3, 8)


@pytest.mark.parametrize(
    ("source", "line", "column", "problem", "remedy"),
    [
        (
            "say: {{ name }}",
            1,
            6,
            "unquoted {{ … }} is read as YAML",
            "put quotes around text that starts with {{",
        ),
        ("say: {{ name }}, hi", 1, 6, "unquoted {{", "put quotes"),
        ("steps:\n  - say: {{ name }} hi\n", 2, 10, "unquoted {{", "put quotes"),
        ("say: {% if x %}", 1, 6, "unquoted {%", "put quotes"),
        ("say: Price: 5", 1, 11, "a second colon", 'say: "Price: 5"'),
        ("say: You are #1 today", 1, 14, "would be lost", "put quotes around the whole text"),
        ("a:\n\tb: 1", 2, 1, "indented with a tab", "ordinary spaces"),
        ("a:\n  b: 1\n\u00a0 c: 2", 3, 1, "an unusual kind of space", "ordinary spaces"),
        ("a: 1\nb: 2\na: 3", 3, 1, "`a` is given twice (first on line 1)", "keep one"),
        ("a: &x 1", 1, 4, "&x is read as a YAML anchor", "write the value out"),
        ("a: 1\nb: *a", 2, 4, "*a is read as a YAML alias", "put quotes around it"),
        ("a: *bold* text", 1, 9, "* or & is read as YAML", "put quotes"),
        ("<<: {a: 1}", 1, 1, "merge keys", "write the values out"),
        ("a: !important now", 1, 4, "starts with !", "put quotes"),
        ("a: {say:}", 1, 8, "a colon inside { } or [ ]", "put quotes"),
        ("a: @ana", 1, 4, "starts with @", "put quotes"),
        ("a: 'open\nb: 1", 1, 4, "opened here and never closed", "close the quotes"),
        ("flow: x\nsay：hello\n", 2, 4, "full-width colon", "type `:`"),
        ("---\na: 1\n---\nb: 2", 3, 1, "a second document", "remove the `---`"),
        ("? [a]\n: b", 1, 3, "a key must be one word", "name: value"),
        ("a: 'x\u0007y'", 1, 6, "invisible control character (U+0007)", "delete it"),
        ("a: [1, 2\nb: 3", 2, 2, "this is not YAML", "brackets"),
        ("", 1, 1, "the file is empty", "begin with `flow:`"),
        ("# nothing\n", 1, 1, "the file is empty", "begin with `flow:`"),
        ("- a\n- b", 1, 1, "the file holds a list", "begin with `flow:`"),
        ("hello", 1, 1, "the file holds a single text", "begin with `flow:`"),
        ("say：hello", 1, 1, "the file holds a single text", "full-width"),
        ("[" * 100_000, 1, 41, "nested deeper than 40", "call"),
        ("a: " + "x" * BYTES_MAX, 1, 1, "too large", "split it"),
        (b"a: ok\nb: \xff", 2, 4, "not UTF-8", "save it again as UTF-8"),
    ],
)
def test_a_trap_is_explained_where_it_stands(
    source: str | bytes, line: int, column: int, problem: str, remedy: str
) -> None:
    error = complaint(source)
    assert (error.file, error.line, error.column) == ("f.yaml", line, column)
    assert problem in error.problem
    assert remedy in error.remedy


def test_several_mistakes_are_said_together() -> None:
    error = complaint("a: 1\na: 2\nb: #2\nc: see #3\n")
    assert [each.line for each in (error, *error.others)] == [2, 4]


def test_what_only_looks_like_a_trap_is_fine() -> None:
    source = (
        "a: b # comment\nb: '{{ x }}'\nc: |\n  Price: 5\n\n  \tindented {{ x }} #1\nd: http://x.y\ne: 5 # 1\n"
    )
    assert read(source, "f.yaml").value == {
        "a": "b",
        "b": "{{ x }}",
        "c": "Price: 5\n\n\tindented {{ x }} #1\n",
        "d": "http://x.y",
        "e": 5,
    }


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    assert read("\ufeffa: 1\r\nb: 2\r\n".encode(), "f.yaml").value == {"a": 1, "b": 2}


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=string.ascii_letters + " \n\t:-#{}[]'\"|>&*!%@,?0123：{", max_size=60))
def test_whatever_stands_in_a_file_is_read_or_explained(source: str) -> None:
    error = None
    try:
        read(source, "f.yaml")
    except FlowError as refused:
        error = refused
    if error is not None:
        assert 1 <= error.line <= source.count("\n") + 2
        assert error.column >= 1
        assert error.problem
        assert error.remedy
