"""What the loopback WeChat Pay knows: trades, refunds and transfers of one merchant, and its money."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEIJING = timedelta(hours=8)
CONFIRM_WITHIN = timedelta(hours=24)
TRANSFER_LEAST = 10
_NUMBER_DIGITS = 28


class PayProblem(Exception):
    """What the API answers where it does not do what is asked."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(slots=True)
class Trade:
    """A payment that was asked for."""

    number: str
    asked: dict[str, object]
    appid: str
    openid: str
    total: int
    currency: str
    expires_at: datetime
    notify_url: str
    prepay_id: str
    made_at: datetime
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_at: datetime | None = None
    refunds: list["Refund"] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """Cash of a trade on its way back."""

    number: str
    trade: Trade
    amount: int
    refund_id: str
    notify_url: str
    made_at: datetime
    status: str = "PROCESSING"
    done_at: datetime | None = None


@dataclass(slots=True)
class Transfer:
    """Cash for a shopper's wallet."""

    number: str
    asked: dict[str, object]
    appid: str
    openid: str
    amount: int
    transfer_id: str
    package: str
    notify_url: str
    made_at: datetime
    state: str = "WAIT_USER_CONFIRM"
    why: str = ""
    changed_at: datetime | None = None


class Book:
    """All that happened; its clock is the platform's."""

    def __init__(self, mchid: str, clock: Callable[[], datetime], float_minor: int) -> None:
        self.mchid = mchid
        self.clock = clock
        self.trades: dict[str, Trade] = {}
        self.refunds: dict[str, Refund] = {}
        self.transfers: dict[str, Transfer] = {}
        self.balance = float_minor
        """What the merchant's account holds."""

    # Trades

    def prepay(self, asked: dict[str, object]) -> Trade:
        """Take a payment that is asked for: once, or again with the very same words."""
        number = _text(asked, "out_trade_no", 6, 32)
        before = self.trades.get(number)
        if before is not None:
            if before.state == "SUCCESS" or before.refunds:
                raise PayProblem(400, "ORDERPAID", "该订单已支付")
            if before.state == "CLOSED":
                raise PayProblem(400, "ORDER_CLOSED", "订单已关闭")
            if before.asked != asked:
                raise PayProblem(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
            return before
        amount, payer = _object(asked, "amount"), _object(asked, "payer")
        total = amount.get("total")
        if not isinstance(total, int) or total < 1:
            raise PayProblem(400, "PARAM_ERROR", "amount.total")
        self._is_mine(asked)
        expires_at = datetime.fromisoformat(_text(asked, "time_expire", 1, 64))
        if expires_at < self.clock():
            raise PayProblem(400, "PARAM_ERROR", "time_expire")
        trade = Trade(
            number=number,
            asked=asked,
            appid=_text(asked, "appid", 1, 32),
            openid=_text(payer, "openid", 1, 128),
            total=total,
            currency=str(amount.get("currency", "CNY")),
            expires_at=expires_at,
            notify_url=_notify_url(asked),
            prepay_id=f"wx{secrets.token_hex(17)}",
            made_at=self.clock(),
        )
        _text(asked, "description", 1, 127)
        self.trades[number] = trade
        return trade

    def trade(self, number: str) -> Trade:
        """Find a trade."""
        if number not in self.trades:
            raise PayProblem(404, "ORDER_NOT_EXIST", "订单不存在")
        return self.trades[number]

    def close(self, number: str) -> None:
        """Let nobody pay a trade any more."""
        trade = self.trade(number)
        if trade.state == "SUCCESS" or trade.refunds:
            raise PayProblem(400, "ORDERPAID", "该订单已支付")
        trade.state = "CLOSED"

    def pay(self, trade: Trade) -> None:
        """Let the shopper pay a trade."""
        if trade.state != "NOTPAY":
            raise PayProblem(400, "ORDERPAID" if trade.state == "SUCCESS" else "ORDER_CLOSED", "不能支付")
        if self.clock() >= trade.expires_at:
            raise PayProblem(400, "ORDER_CLOSED", "订单已过期")
        trade.state, trade.paid_at = "SUCCESS", self.clock()
        trade.transaction_id = f"42{_digits()}"
        self.balance += trade.total

    # Refunds

    def refund(self, asked: dict[str, object]) -> tuple[Refund, bool]:
        """Give cash of a trade back, once for each number; returns whether it is new."""
        number = _text(asked, "out_refund_no", 1, 64)
        trade = self.trade(_text(asked, "out_trade_no", 6, 32))
        amount = _object(asked, "amount")
        wanted, total = amount.get("refund"), amount.get("total")
        if not isinstance(wanted, int) or wanted < 1 or total != trade.total:
            raise PayProblem(400, "PARAM_ERROR", "amount")
        before = self.refunds.get(number)
        if before is not None:
            if before.trade is not trade or before.amount != wanted:
                raise PayProblem(400, "INVALID_REQUEST", "退款单号重复，参数不一致")
            return before, False
        if trade.state != "SUCCESS":
            raise PayProblem(403, "INVALID_REQUEST", "订单未支付")
        if sum(one.amount for one in trade.refunds if one.status != "CLOSED") + wanted > trade.total:
            raise PayProblem(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
        if wanted > self.balance:
            raise PayProblem(403, "NOT_ENOUGH", "基本账户余额不足")
        made = Refund(number, trade, wanted, f"50{_digits()}", _notify_url(asked), self.clock())
        self.balance -= wanted
        trade.refunds.append(made)
        self.refunds[number] = made
        return made, True

    def refund_ends(self, refund: Refund, status: str) -> None:
        """Let a refund come to its end."""
        if refund.status in {"PROCESSING", "ABNORMAL"} and status != refund.status:
            refund.status = status
            refund.done_at = self.clock() if status == "SUCCESS" else None
            if status == "CLOSED":
                self.balance += refund.amount

    def refund_of(self, number: str) -> Refund:
        """Find a refund."""
        if number not in self.refunds:
            raise PayProblem(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return self.refunds[number]

    # Transfers

    def transfer(self, asked: dict[str, object], reports: set[str]) -> Transfer:
        """Offer cash to a shopper, once for each number."""
        number = _text(asked, "out_bill_no", 1, 32)
        before = self.transfers.get(number)
        if before is not None:
            if before.asked != asked:
                raise PayProblem(400, "ALREADY_EXISTS", "订单号已存在，参数不一致")
            return before
        amount = asked.get("transfer_amount")
        if not isinstance(amount, int) or amount < TRANSFER_LEAST:
            raise PayProblem(400, "INVALID_REQUEST", "转账金额小于最低限额")
        told = asked.get("transfer_scene_report_infos")
        infos = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        if {str(one.get("info_type")) for one in infos} != reports or not all(
            one.get("info_content") for one in infos
        ):
            raise PayProblem(400, "PARAM_ERROR", "transfer_scene_report_infos")
        _text(asked, "transfer_scene_id", 1, 36)
        _text(asked, "transfer_remark", 1, 32)
        if amount > self.balance:
            raise PayProblem(403, "NOT_ENOUGH", "资金不足")
        made = Transfer(
            number=number,
            asked=asked,
            appid=_text(asked, "appid", 1, 32),
            openid=_text(asked, "openid", 1, 64),
            amount=amount,
            transfer_id=f"13{_digits()}",
            package=secrets.token_urlsafe(48),
            notify_url=str(asked.get("notify_url", "")),
            made_at=self.clock(),
        )
        self.balance -= amount
        self.transfers[number] = made
        return made

    def transfer_of(self, number: str) -> Transfer:
        """Find a transfer; one that nobody confirmed in time has lapsed."""
        found = self.transfers.get(number)
        if found is None:
            raise PayProblem(404, "NOT_FOUND", "记录不存在")
        self.lapse(found)
        return found

    def lapse(self, transfer: Transfer) -> bool:
        """Let a transfer lapse whose time is over; True where it did now."""
        is_over = self.clock() >= transfer.made_at + CONFIRM_WITHIN
        if transfer.state != "WAIT_USER_CONFIRM" or not is_over:
            return False
        self.transfer_ends(transfer, "FAIL", "OVERDUE_CLOSE")
        return True

    def transfer_ends(self, transfer: Transfer, state: str, why: str = "") -> None:
        """Let a transfer come to its end; what was not paid comes back."""
        if transfer.state in {"SUCCESS", "FAIL", "CANCELLED"}:
            return
        transfer.state, transfer.why, transfer.changed_at = state, why, self.clock()
        if state in {"FAIL", "CANCELLED"}:
            self.balance += transfer.amount

    def cancel(self, number: str) -> Transfer:
        """Take a transfer back that nobody confirmed yet."""
        found = self.transfer_of(number)
        if found.state == "WAIT_USER_CONFIRM":
            self.transfer_ends(found, "CANCELLED")
        elif found.state not in {"CANCELING", "CANCELLED"}:
            raise PayProblem(400, "INVALID_REQUEST", "当前状态不可撤销")
        return found

    def _is_mine(self, asked: dict[str, object]) -> None:
        if asked.get("mchid") != self.mchid:
            raise PayProblem(400, "PARAM_ERROR", "mchid")


def told_at(at: datetime) -> str:
    """Write an instant as the API does."""
    return (at.astimezone(UTC) + BEIJING).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def _digits() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(_NUMBER_DIGITS - 2))


def _text(asked: dict[str, object], name: str, least: int, most: int) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or not least <= len(found) <= most:
        raise PayProblem(400, "PARAM_ERROR", name)
    return found


def _object(asked: dict[str, object], name: str) -> dict[str, object]:
    found = asked.get(name)
    if not isinstance(found, dict):
        raise PayProblem(400, "PARAM_ERROR", name)
    return found


def _notify_url(asked: dict[str, object]) -> str:
    url = _text(asked, "notify_url", 8, 256)
    if "?" in url:
        raise PayProblem(400, "PARAM_ERROR", "notify_url")
    return url
