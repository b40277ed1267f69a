"""Mappings: guessed where headers make it plain, else read from a file that is told where it is wrong."""

from zoneinfo import ZoneInfo

import pytest

from bot.core.errors import FlowError
from bot.core.flow.reader import read
from bot.core.importing.kinds import KINDS
from bot.core.importing.mapping import FieldMap, Layout, guessed, layout_of, mapping_of, missing
from bot.core.importing.rows import RowReader
from bot.core.importing.values import How

ORDERS = KINDS["orders"]
HEADERS = ("Kunde", "Nummer", "Datum", "Artikel", "Netto", "Rabatt", "Gutschein", "Filiale")
WHOLE = """\
import: orders
columns:
  external: Kunde
  order: Nummer
  at: Datum
  sku: Artikel
  paid: Netto
  discount: [Rabatt, Gutschein]
  facts.shop: Filiale
values: {currency: EUR}
translate: {status: {bezahlt: paid}}
read: {delimiter: ";", encoding: latin-1, decimal: ",", dates: "%d.%m.%Y", zone: Europe/Berlin, region: de}
"""


def mapped(text: str, headers: tuple[str, ...] = HEADERS) -> FieldMap:
    return mapping_of(read(text, "map.yaml"), ORDERS, headers)


def complaints(text: str, headers: tuple[str, ...] = HEADERS) -> list[str]:
    with pytest.raises(FlowError) as raised:
        mapped(text, headers)
    return [str(one) for one in (raised.value, *raised.value.others)]


def test_a_mapping_says_what_is_read_from_where() -> None:
    mapping = mapped(WHOLE)
    assert mapping.columns["discount"] == ("Rabatt", "Gutschein")
    assert mapping.values == {"currency": "EUR"}
    assert mapping.translate == {"status": {"bezahlt": "paid"}}
    assert mapping.left_out == ()
    assert mapping.layout == Layout("latin-1", ";", ",", ("%d.%m.%Y",), "Europe/Berlin", "DE")
    assert "discount: Rabatt + Gutschein" in list(mapping.told())
    assert "currency: always 'EUR'" in list(mapping.told())
    assert layout_of(read(WHOLE, "map.yaml")) == mapping.layout


def test_columns_of_rejected_rows_that_are_ours_are_nobodys_attributes() -> None:
    contacts, headers = KINDS["contacts"], ("external", "plan", "_row", "_line", "_why", "_written")
    text = 'columns: {external: external, attributes: "*"}'
    reader = RowReader(mapping_of(read(text, "map.yaml"), contacts, headers), headers, How(ZoneInfo("UTC")))
    found = reader.read(("u1", "pro", "4", "5", "phone: is none", ""))
    assert reader.rest_of(found) == {"plan": "pro"}
    assert guessed(contacts, headers).left_out == ("plan",)


def test_whatever_is_read_otherwise_has_another_digest() -> None:
    one = mapped(WHOLE)
    others = [WHOLE.replace("EUR", "USD"), WHOLE.replace("bezahlt", "ok"), WHOLE.replace("%d.%m", "%m.%d")]
    assert one.digest == mapped(WHOLE).digest
    assert len({one.digest, *(mapped(other).digest for other in others)}) == 4


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (
            "sku: Artikel",
            "sku: Artikl",
            "map.yaml:6:8: the file has no column 'Artikl' (it has Kunde, Nummer,",
        ),
        ("  sku: Artikel", "  skew: Artikel", "map.yaml:6:9: orders have no `skew` (there may be external,"),
        (
            "  sku: Artikel\n",
            "",
            "nothing says `sku`: the product (name its column, or give it under `values`)",
        ),
        ("  external: Kunde\n", "", "nothing says whom a row is about (name the column of one of external,"),
        ("  paid: Netto\n", "", "nothing says what a row cost (name the column of one of paid, price,"),
        (
            "import: orders",
            "import: contacts",
            "this mapping is for contacts (give a mapping for orders, or call",
        ),
        ("sku: Artikel", "sku: [Artikel, Netto]", "only amounts of several columns can be added"),
        ("sku: Artikel", 'sku: "*"', "`*` stands for all other columns (use it for facts)"),
        ("{currency: EUR}", "{currency: EUR, sku: x}", "`sku` is read from a column too (keep one of them)"),
        (
            "{currency: EUR}",
            "{order: A1}",
            "`order` is of every row another (name its column under `columns`)",
        ),
        ("latin-1", "klingon", "there is no encoding 'klingon' (say utf-8, latin-1"),
        ("latin-1", "base64", "there is no encoding 'base64'"),
        ('";"', '";;"', "a delimiter is one character"),
        ("Europe/Berlin", "Berlin", "map.yaml:12:"),
        ("region: de", "region: Germany", "'GERMANY' is no country (write two letters, like US)"),
        ("region: de", "religion: de", "`religion` is not known here (there may be encoding,"),
        ("values:", "constants:", "`constants` is not known here (there may be import, columns,"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_remedy(before: str, after: str, complaint: str) -> None:
    assert before in WHOLE
    told = complaints(WHOLE.replace(before, after, 1))
    assert any(complaint in one for one in told), told
    assert all(one.startswith("map.yaml:") for one in told)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(complaints(WHOLE.replace("Artikel", "A").replace("Netto", "B").replace("latin-1", "c"))) == 3


def test_plain_headers_need_no_mapping() -> None:
    headers = ("User ID", "order_number", "Order Date", "SKU", "Product Name", "QTY", "Line Total", "notes")
    mapping = guessed(ORDERS, headers)
    assert mapping.columns == {
        "external": ("User ID",),
        "order": ("order_number",),
        "at": ("Order Date",),
        "sku": ("SKU",),
        "name": ("Product Name",),
        "quantity": ("QTY",),
        "price": ("Line Total",),
    }
    assert mapping.left_out == ("notes",)
    assert list(missing(ORDERS, set(mapping.columns))) == []


def test_what_is_not_plain_is_missing_and_not_guessed() -> None:
    mapping = guessed(KINDS["consents"], ("phone", "list", "opted_in_at"))
    problems = [problem for problem, _ in missing(mapping.kind, set(mapping.columns))]
    assert [problem.partition(":")[0] for problem in problems] == [
        "nothing says `state`",
        "nothing says `words`",
        "nothing says `channel`",
    ]


def test_an_object_is_one_column_and_not_its_parts_too() -> None:
    headers = ("userId", "event", "timestamp", "properties", "properties.title", "context", "context.ip")
    mapping = guessed(KINDS["events"], headers)
    assert mapping.columns["properties"] == ("properties",)
    assert "properties.title" not in mapping.columns
    assert mapping.left_out == ("context", "context.ip")
