"""Orders of the past from a file: CSV with a line for each product, or a JSON object on each line.

Columns: `member`, `order`, `at` (ISO 8601; without an offset it is the shop's own time), `price` (of all
items of the line, before discounts); and where they are known `sku`, `category`, `quantity`, `discount`,
`returned` (cash given back for the line) and `returned_at`. Amounts are in whole units of the currency.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core.contact import Order, OrderLine
from bot.core.errors import FlowError
from bot.core.loyalty.orders import PAID, priced

NEEDED = ("member", "order", "at", "price")
KNOWN = (*NEEDED, "sku", "category", "quantity", "discount", "returned", "returned_at")
_QUANTITY_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that there was: whose, what, and when some of it came back (`order` has all that ever did)."""

    member: str
    order: Order
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    member: str
    order: str
    at: datetime
    line: OrderLine
    returned_at: datetime | None


def read_orders(path: Path, zone: str, exponent: int) -> list[PastOrder]:
    """Read a file, oldest order first; `exponent` says how many decimals amounts may have.

    Raises:
        FlowError: with file, line, and what to do about it.
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        is_json = path.suffix in {".ndjson", ".jsonl", ".json"}
        rows = _json_rows(file, path.name) if is_json else _csv_rows(file, path.name)
        lines: dict[tuple[str, str], list[_Line]] = {}
        for number, row in rows:
            line = _read(row, path.name, number, (ZoneInfo(zone), exponent))
            lines.setdefault((line.member, line.order), []).append(line)
    found = [_order(of_order) for of_order in lines.values()]
    return sorted(found, key=lambda past: (past.order.placed_at, past.member, past.order.id))


def _csv_rows(file: Iterable[str], name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.DictReader(file)
    _check_names(reader.fieldnames or (), name, 1)
    for row in reader:
        yield reader.line_num, {key: value for key, value in row.items() if value}


def _json_rows(file: Iterable[str], name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Each object is a line, or an order whose `lines` are."""
    for number, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            found = json.loads(text, parse_float=Decimal)
        except ValueError as error:
            raise _wrong(
                name, number, f"this is no JSON: {error}", "write one object on each line"
            ) from error
        if not isinstance(found, dict):
            raise _wrong(name, number, "this is no object", "write one object on each line")
        lines = found.pop("lines", [{}])
        for line in lines:
            row = {**found, **line}
            _check_names(row, name, number)
            yield number, row


def _check_names(names: Iterable[str], file: str, number: int) -> None:
    names = set(names)
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise _wrong(file, number, f"'{missing[0]}' is missing", f"there must be {', '.join(NEEDED)}")
    unknown = sorted(names - set(KNOWN))
    if unknown:
        raise _wrong(file, number, f"'{unknown[0]}' is not known here", f"there may be {', '.join(KNOWN)}")


def _read(row: Mapping[str, object], file: str, number: int, how: tuple[ZoneInfo, int]) -> _Line:
    here, exponent = how

    def minor(name: str) -> int:
        return _minor(row.get(name, 0), file, number, exponent)

    for name in NEEDED:
        if row.get(name) in {None, ""}:
            raise _wrong(file, number, f"'{name}' is empty", "say it of every line")
    price, discount, returned = minor("price"), minor("discount"), minor("returned")
    if discount > price or returned > price - discount:
        raise _wrong(file, number, "more is taken off or given back than there is", "check the amounts")
    quantity = _quantity(row.get("quantity", 1), file, number)
    each, rest = divmod(price, quantity)
    line = OrderLine(
        sku=str(row.get("sku", "")),
        name="",
        # What does not divide is one thing at its price: to the cent before to the piece.
        quantity=1 if rest else quantity,
        unit_minor=price if rest else each,
        category=str(row.get("category", "")),
        discount_minor=discount,
        returned_minor=returned,
    )
    returned_at = row.get("returned_at")
    return _Line(
        member=str(row["member"]),
        order=str(row["order"]),
        at=_instant(row["at"], file, number, here),
        line=line,
        returned_at=_instant(returned_at, file, number, here) if returned_at else None,
    )


def _order(lines: list[_Line]) -> PastOrder:
    first = lines[0]
    order = Order(
        id=first.order,
        source="file",
        placed_at=min(line.at for line in lines),
        lines=tuple(line.line for line in lines),
        total_minor=0,
        status=PAID,
        reference=first.order,
    )
    came_back = [line.returned_at or line.at for line in lines if line.line.returned_minor]
    return PastOrder(first.member, priced(order), max(came_back, default=None))


def _minor(written: object, file: str, number: int, exponent: int) -> int:
    try:
        amount = Decimal(str(written))
    except InvalidOperation as error:
        raise _wrong(file, number, f"'{written}' is no amount", "write it in digits, like 4.50") from error
    minor = amount.scaleb(exponent)
    if not minor.is_finite() or minor < 0 or minor != minor.to_integral_value():
        problem = f"'{written}' is no amount of whole cents, 0 or more"
        raise _wrong(file, number, problem, f"write at most {exponent} decimals, like 4.50")
    return int(minor)


def _quantity(written: object, file: str, number: int) -> int:
    text = str(written)
    if not text.isdecimal() or not 0 < int(text) <= _QUANTITY_MAX:
        raise _wrong(file, number, f"'{text}' is no quantity", "write a whole number from 1 on")
    return int(text)


def _instant(written: object, file: str, number: int, here: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError as error:
        remedy = "write it like 2026-03-01T09:30:00Z"
        raise _wrong(file, number, f"'{written}' is no time", remedy) from error
    return (at if at.tzinfo is not None else at.replace(tzinfo=here)).astimezone(UTC)


def _wrong(file: str, number: int, problem: str, remedy: str) -> FlowError:
    return FlowError(file, number, 1, problem, remedy)
