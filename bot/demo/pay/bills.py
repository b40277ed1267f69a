"""The bills of the loopback WeChat Pay: what happened on a day, as CSV with its odd backticks.

https://pay.weixin.qq.com/doc/v3/merchant/4012791871 (trade bill), …/4012791877 (fund flow bill).
"""

from datetime import UTC, date, datetime

from bot.demo.pay.book import BEIJING, Book, PayProblem, Refund, Trade

_TRADES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,"
    "商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
_TRADES_SUM = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_FLOWS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
_FLOWS_SUM = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
_BYTE_ORDER_MARK = "\ufeff"


def bill(book: Book, kind: str, on_day: date) -> bytes:
    """Write the bill of a day; raises PayProblem where nothing happened, or the day is not over."""
    if on_day >= local(book.clock()).date():
        raise PayProblem(400, "INVALID_REQUEST", "bill_date")
    lines, total = (_trades if kind == "tradebill" else _flows)(book, on_day)
    if not lines:
        raise PayProblem(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    head, sums = (_TRADES, _TRADES_SUM) if kind == "tradebill" else (_FLOWS, _FLOWS_SUM)
    return "\r\n".join([_BYTE_ORDER_MARK + head, *lines, sums, total, ""]).encode()


def local(at: datetime) -> datetime:
    """An instant on the platform's calendar."""
    return at.astimezone(UTC) + BEIJING


def _trades(book: Book, on_day: date) -> tuple[list[str], str]:
    paid = [one for one in book.trades.values() if one.paid_at and local(one.paid_at).date() == on_day]
    back = [
        one for one in book.refunds.values() if local(one.made_at).date() == on_day and one.status != "CLOSED"
    ]
    lines = [_paid(book, one) for one in paid] + [_refunded(book, one) for one in back]
    total, returned = sum(one.total for one in paid), sum(one.amount for one in back)
    sums = [len(lines), _yuan(total), _yuan(returned), "0.00", "0.00000", _yuan(total), _yuan(returned)]
    return lines, _row(*sums)


def _paid(book: Book, one: Trade) -> str:
    assert one.paid_at is not None
    return _row(
        *(_time(one.paid_at), one.appid, book.mchid, "0", "", one.transaction_id, one.number, one.openid),
        *("JSAPI", "SUCCESS", "OTHERS", one.currency, _yuan(one.total), "0.00", "0", "0", "0.00", "0.00"),
        *("", "", one.asked.get("description"), "", "0.00000", "0.60%", _yuan(one.total), "0.00", ""),
    )


def _refunded(book: Book, one: Refund) -> str:
    trade = one.trade
    status = "SUCCESS" if one.status == "SUCCESS" else "PROCESSING"
    return _row(
        *(_time(one.made_at), trade.appid, book.mchid, "0", "", trade.transaction_id, trade.number),
        *(trade.openid, "JSAPI", "REFUND", "OTHERS", trade.currency, "0.00", "0.00", one.refund_id),
        *(one.number, _yuan(one.amount), "0.00", "ORIGINAL", status, trade.asked.get("description"), ""),
        *("0.00000", "0.60%", "0.00", _yuan(one.amount), ""),
    )


def _flows(book: Book, on_day: date) -> tuple[list[str], str]:
    found: list[tuple[datetime, str, str, str, bool, int]] = []
    found += [
        (trade.paid_at, trade.transaction_id, "交易", trade.number, True, trade.total)
        for trade in book.trades.values()
        if trade.paid_at is not None
    ]
    for refund in book.refunds.values():
        found.append((refund.made_at, refund.refund_id, "退款", refund.number, False, refund.amount))
        if refund.status == "CLOSED":
            found.append((refund.made_at, refund.refund_id, "退款撤销", refund.number, True, refund.amount))
    for one in book.transfers.values():
        found.append((one.made_at, one.transfer_id, "商家转账", one.number, False, one.amount))
        if one.state in {"FAIL", "CANCELLED"} and one.changed_at is not None:
            found.append((one.changed_at, one.transfer_id, "商家转账退回", one.number, True, one.amount))
    mine = sorted(one for one in found if local(one[0]).date() == on_day)
    came = [one[5] for one in mine if one[4]]
    went = [one[5] for one in mine if not one[4]]
    lines = [
        _row(
            _time(at),
            name,
            name,
            kind,
            kind,
            "收入" if came_in else "支出",
            _yuan(amount),
            "0.00",
            "",
            "",
            mark,
        )
        for at, name, kind, mark, came_in, amount in mine
    ]
    return lines, _row(len(mine), len(came), _yuan(sum(came)), len(went), _yuan(sum(went)))


def _row(*values: object) -> str:
    return ",".join(f"`{'' if value is None else str(value).replace(',', ' ')}" for value in values)


def _time(at: datetime) -> str:
    return local(at).strftime("%Y-%m-%d %H:%M:%S")


def _yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
