"""Files of a shop: encodings, delimiters, quotes, objects and Parquet, in bounded memory."""

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.conversation.importing.files import Format, SourceFile, Unread, look_at
from bot.core.errors import FlowError
from bot.core.importing.mapping import Layout


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def look(path: Path, layout: Layout | None = None, *, grouped: bool = False) -> SourceFile:
    return look_at(path, layout or Layout(), grouped=grouped)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_taken_from_the_first_line_and_told(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(["id", "name", "a note"]) + "\n" + delimiter.join(["1", "Ana", '"x, y; z"']) + "\n"
    source = look(written(tmp_path, "a.csv", text))
    assert source.headers == ("id", "name", "a note")
    assert list(source.rows()) == [(2, ["1", "Ana", "x, y; z"])]
    between = "tab" if delimiter == "\t" else f"'{delimiter}'"
    assert source.told() == f"CSV, utf-8, {between} between columns"


def test_a_mark_at_the_beginning_is_no_part_of_a_name(tmp_path: Path) -> None:
    source = look(written(tmp_path, "a.csv", b"\xef\xbb\xbfid,name\r\n1,Zo\xc3\xab\r\n"))
    assert source.headers == ("id", "name")
    assert list(source.rows()) == [(2, ["1", "Zoë"])]


def test_what_is_not_utf_8_is_told_with_its_place_and_read_when_it_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,name\n1,Ana\n2,Zoë\n".encode("latin-1"))
    with pytest.raises(FlowError) as raised:
        list(look(path).rows())
    assert str(raised.value).startswith("a.csv:3:5: this is not utf-8: there is a byte eb that means nothing")
    assert "--encoding" in raised.value.remedy
    assert [row for _, row in look(path, Layout(encoding="latin-1")).rows()] == [["1", "Ana"], ["2", "Zoë"]]


def test_utf_16_is_not_guessed_either(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id\n1\n".encode("utf-16"))
    with pytest.raises(FlowError, match="this begins as utf-16 does"):
        look(path)
    assert list(look(path, Layout(encoding="utf-16")).rows()) == [(2, ["1"])]


def test_a_quoted_text_may_have_lines_and_quotes(tmp_path: Path) -> None:
    source = look(written(tmp_path, "a.csv", 'id,words\n1,"Yes,\n""text"" me\n"\n\n2,no\n'))
    assert list(source.rows()) == [(4, ["1", 'Yes,\n"text" me\n']), (6, ["2", "no"])]


def test_a_row_of_another_width_is_left_out_and_the_next_is_read(tmp_path: Path) -> None:
    source = look(written(tmp_path, "a.csv", "a,b\n1\n1,2\n1,2,3\n"))
    lines = list(source.rows())
    assert lines[1] == (3, ["1", "2"])
    short, long = lines[0][1], lines[2][1]
    assert isinstance(short, Unread)
    assert short.why == "there are 1 columns where the first line has 2"
    assert isinstance(long, Unread)


def test_a_quote_that_nobody_closed_is_told_by_the_line_where_it_began(tmp_path: Path) -> None:
    text = "a,b\n1,2\n" + '3,"' + "x" * 1_200_000 + "\n"
    rows = look(written(tmp_path, "a.csv", text)).rows()
    assert next(rows) == (2, ["1", "2"])
    with pytest.raises(FlowError, match=r"a\.csv:3:1: the row cannot be read: .*never closed"):
        next(rows)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", "\n1,2\n", "the file begins with an empty line"),
        ("a.csv", "a,a\n1,2\n", "the column 'a' is there twice"),
        ("a.xls", "x", "what kind of file this is cannot be seen from its name"),
        ("a.parquet", "x", "this is no Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str, content: str, complaint: str) -> None:
    with pytest.raises(FlowError, match=complaint):
        look(written(tmp_path, name, content))


def test_objects_have_the_names_of_all_of_them_and_of_what_is_in_them(tmp_path: Path) -> None:
    text = '{"id": 1, "traits": {"plan": "pro"}}\n\n{"id": 2, "b": [1]}\nnope\n[1]\n'
    source = look(written(tmp_path, "a.ndjson", text))
    assert source.headers == ("id", "traits", "traits.plan", "b")
    lines = list(source.rows())
    assert lines[:2] == [(1, [1, {"plan": "pro"}, "pro", None]), (3, [2, None, None, [1]])]
    assert [type(values) for _, values in lines[2:]] == [Unread, Unread]


def test_an_order_may_hold_its_lines(tmp_path: Path) -> None:
    text = '{"order": "A", "lines": [{"sku": "tea", "price": 2}, {"sku": "cup", "price": 3}]}\n'
    text += '{"order": "B", "sku": "x"}\n'
    source = look(written(tmp_path, "a.ndjson", text), grouped=True)
    assert source.headers == ("order", "sku", "price")
    assert [row for _, row in source.rows()] == [["A", "tea", 2], ["A", "cup", 3], ["B", "x", None]]


def test_parquet_is_read_by_columns_with_its_own_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    nanoseconds = pa.array([at, None], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"id": [1, 2], "name": ["Ana", None], "at": nanoseconds}), path)
    source = look(path)
    assert (source.format, source.headers, source.size) == (Format.PARQUET, ("id", "name", "at"), 2)
    source.columns = ("at", "id")
    assert list(source.rows()) == [(1, (at, 1)), (2, (None, 2))]
    assert source.look() == 2


def test_a_large_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("id,name\n")
        file.writelines(f"{number},somebody called {number}\n" for number in range(200_000))
    source = look(path)
    tracemalloc.start()
    rows = sum(1 for _ in source.rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 200_000
    assert source.look() == path.stat().st_size
    assert peak < 1_000_000
