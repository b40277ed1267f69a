"""WeChat Pay's bills as it writes them: CSV whose fields begin with a backtick, with their sums at the end.

https://pay.weixin.qq.com/doc/v3/merchant/4012791871 and …/4012791877
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from bot.core.bills import FlowLine, TradeLine

_REFUND_STATES = frozenset({"REFUND", "REVOKED"})
_PAYOUTS = "转账"


class BillUnreadable(ValueError):
    """A bill is not as bills are, or its lines do not come to its sums."""


def trades(bill: bytes) -> list[TradeLine]:
    """Read a trade bill. Raises BillUnreadable."""
    rows, sums = _read(bill, "总交易单数")
    lines = [_trade(row) for row in rows]
    paid = sum(line.amount_minor for line in lines if not line.is_refund)
    back = sum(line.amount_minor for line in lines if line.is_refund)
    if (len(lines), paid, back) != (
        _count(sums, "总交易单数"),
        _minor(_field(sums, "订单总金额")),
        _minor(_field(sums, "申请退款总金额")),
    ):
        raise BillUnreadable("the lines do not come to the sums")
    return lines


def payouts(bill: bytes) -> list[FlowLine]:
    """Read the payouts of a fund flow bill, and those that came back. Raises BillUnreadable."""
    rows, sums = _read(bill, "资金流水总笔数")
    if len(rows) != _count(sums, "资金流水总笔数"):
        raise BillUnreadable("the lines do not come to the sums")
    came, went = 0, 0
    found = []
    for row in rows:
        amount = _minor(_field(row, "收支金额(元)"))
        is_in = _field(row, "收支类型") == "收入"
        came, went = came + (amount if is_in else 0), went + (0 if is_in else amount)
        if _PAYOUTS in _field(row, "业务名称") or _PAYOUTS in _field(row, "业务类型"):
            found.append(FlowLine(_field(row, "业务凭证号"), amount if is_in else -amount))
    if (came, went) != (_minor(_field(sums, "收入金额")), _minor(_field(sums, "支出金额"))):
        raise BillUnreadable("the lines do not come to the sums")
    return found


def _trade(row: Mapping[str, str]) -> TradeLine:
    if _field(row, "交易状态") in _REFUND_STATES:
        return TradeLine(
            is_refund=True,
            number=_field(row, "商户退款单号"),
            amount_minor=_minor(_field(row, "申请退款金额")),
        )
    return TradeLine(
        is_refund=False, number=_field(row, "商户订单号"), amount_minor=_minor(_field(row, "订单金额"))
    )


def _read(bill: bytes, first_of_sums: str) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the rows by the names of their columns, and the sums by theirs."""
    try:
        text = bill.decode("utf-8-sig").replace("\r\n", "\n")
        read = [_fields(line) for line in text.split("\n") if line]
        at = next(number for number, row in enumerate(read) if row[0] == first_of_sums)
        rows = [_named(read[0], row) for row in read[1:at]]
        return rows, _named(read[at], read[at + 1])
    except (UnicodeDecodeError, StopIteration, IndexError) as error:
        raise BillUnreadable("it is no bill") from error


def _fields(line: str) -> list[str]:
    """Part a line: a name may hold commas and quotes, only the backticks are WeChat's."""
    return line[1:].split(",`") if line.startswith("`") else line.split(",")


def _named(names: list[str], row: list[str]) -> dict[str, str]:
    if len(row) < len(names):
        raise BillUnreadable("a line has too few fields")
    return {name.strip(): text.strip() for name, text in zip(names, row, strict=False)}


def _field(row: Mapping[str, str], name: str) -> str:
    if name not in row:
        raise BillUnreadable(f"there is no {name}")
    return row[name]


def _count(row: Mapping[str, str], name: str) -> int:
    text = _field(row, name)
    if not (text.isascii() and text.isdigit()):
        raise BillUnreadable(f"{name} is no number")
    return int(text)


def _minor(yuan: str) -> int:
    try:
        minor = Decimal(yuan) * 100
    except InvalidOperation as error:
        raise BillUnreadable("an amount is none") from error
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise BillUnreadable("an amount has a part of a fen")
    return int(minor)
