"""Orders are read from CSV and NDJSON, exactly, and what is wrong is said with its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.errors import FlowError
from bot.insights.order_files import read_orders

CSV = """member,order,at,sku,category,quantity,price,discount,returned,returned_at
ana,1,2026-03-01T09:30:00,FLT,coffee,2,9.00,1.00,,
ana,1,2026-03-01T09:30:00,CRO,bakery,3,10.00,,2.50,2026-03-05T10:00:00Z
ben,2,2026-02-01T12:00:00Z,,,,4.5,,,
"""


def written(folder: Path, text: str, name: str = "orders.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_csv_file_has_a_line_for_each_product(tmp_path: Path) -> None:
    ben, ana = read_orders(written(tmp_path, CSV), "America/New_York", 2)
    assert (ben.member, ben.order.total_minor, ben.returned_at) == ("ben", 450, None)
    assert ana.order.placed_at == datetime(2026, 3, 1, 14, 30, tzinfo=UTC)  # the shop's own time
    assert ana.returned_at == datetime(2026, 3, 5, 10, tzinfo=UTC)
    flat_whites, croissants = ana.order.lines
    assert (flat_whites.quantity, flat_whites.unit_minor, flat_whites.discount_minor) == (2, 450, 100)
    assert (croissants.gross_minor, croissants.returned_minor) == (1000, 250)  # no third of a cent
    assert (ana.order.total_minor, ana.order.cash_minor) == (1800, 1800)


def test_an_order_may_be_an_object_with_its_lines(tmp_path: Path) -> None:
    text = (
        '{"member": "ana", "order": 1, "at": "2026-03-01T14:30:00Z",'
        ' "lines": [{"sku": "FLT", "price": 4.1}, {"sku": "CRO", "price": "3.90"}]}\n\n'
        '{"member": "ana", "order": 2, "at": "2026-03-02", "price": 1100}\n'
    )
    first, second = read_orders(written(tmp_path, text, "orders.ndjson"), "Asia/Shanghai", 2)
    assert [line.unit_minor for line in first.order.lines] == [410, 390]
    assert second.order.placed_at == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert second.order.total_minor == 110_000


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ana,1,2026-03-01,4.505", "2:1: '4.505' is no amount of whole cents"),
        ("ana,1,2026-03-01,much", "2:1: 'much' is no amount"),
        ("ana,1,2026-03-01,-4", "2:1: '-4' is no amount of whole cents, 0 or more"),
        ("ana,1,yesterday,4.50", "2:1: 'yesterday' is no time"),
        ("ana,,2026-03-01,4.50", "2:1: 'order' is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(FlowError, match=r"orders\.csv") as wrong:
        read_orders(written(tmp_path, f"member,order,at,price\n{line}\n"), "UTC", 2)
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("member,order,at\n", "orders.csv", "'price' is missing"),
        ("member,order,at,price,colour\n", "orders.csv", "'colour' is not known here"),
        ("member,order,at,price,discount\na,1,2026-03-01,4,5\n", "orders.csv", "more is taken off"),
        ("member,order,at,price,quantity\na,1,2026-03-01,4,0\n", "orders.csv", "'0' is no quantity"),
        ('{"member": ', "orders.ndjson", "this is no JSON"),
        ("[1]", "orders.ndjson", "this is no object"),
    ],
)
def test_so_is_what_is_wrong_with_the_file(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(FlowError, match=said):
        read_orders(written(tmp_path, text, name), "UTC", 2)
