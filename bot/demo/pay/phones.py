"""The shoppers' phones at the loopback WeChat Pay: they pay, decline, let it lapse, confirm what they get."""

from collections.abc import Callable
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.demo.pay.book import Book, PayProblem, Refund, Trade, Transfer, told_at
from bot.demo.pay.crypto import fits
from bot.demo.pay.notifying import Notifier

_INVOKED_WITHIN = timedelta(minutes=5)
OK, CANCELED = "requestPayment:ok", "requestPayment:fail cancel"


class Phones:
    """Every shopper's phone: what a page calls, and what the shopper does there."""

    def __init__(self, book: Book, merchant_key: RSAPublicKey, notifier: Notifier) -> None:
        self._book = book
        self._merchant_key = merchant_key
        self._notifier = notifier
        self.on_paid: list[Callable[[Trade], None]] = []
        """Who else is to know of what was paid: whoever keeps the money until the goods are sent."""

    def shown(self, appid: str, args: dict[str, str]) -> Trade:
        """Call up a payment as `wx.requestPayment` does: signed by the merchant, and of now."""
        package = args.get("package", "")
        lines = (appid, args.get("timeStamp", ""), args.get("nonceStr", ""), package)
        is_signed = args.get("signType") == "RSA" and fits(
            self._merchant_key, args.get("paySign", ""), *lines
        )
        if not is_signed:
            raise PayProblem(400, "SIGN_ERROR", "支付验证签名失败")
        trade = next(
            (one for one in self._book.trades.values() if package == f"prepay_id={one.prepay_id}"), None
        )
        if trade is None or trade.appid != appid:
            raise PayProblem(400, "PARAM_ERROR", "prepay_id")
        return trade

    def pay(self, appid: str, args: dict[str, str]) -> str:
        """Pay what is shown; returns what the page is told."""
        trade = self.shown(appid, args)
        self._book.pay(trade)
        for hear in self.on_paid:
            hear(trade)
        self.tell_paid(trade)
        return OK

    def decline(self, appid: str, args: dict[str, str]) -> str:
        """Close the sheet."""
        self.shown(appid, args)
        return CANCELED

    def confirm(self, package: str) -> Transfer:
        """Take the cash of a transfer, as `wx.requestMerchantTransfer` lets a shopper do."""
        found = next((one for one in self._book.transfers.values() if one.package == package), None)
        if found is None or found.state != "WAIT_USER_CONFIRM" or self._book.lapse(found):
            raise PayProblem(400, "PARAM_ERROR", "package")
        self._book.transfer_ends(found, "SUCCESS")
        self.tell_transfer(found)
        return found

    def tell_paid(self, trade: Trade) -> None:
        """Tell the merchant that a trade was paid."""
        self._notifier.tell(
            trade.notify_url, "TRANSACTION.SUCCESS", "transaction", trade_told(self._book, trade)
        )

    def tell_refund(self, refund: Refund) -> None:
        """Tell the merchant what became of a refund."""
        told: dict[str, object] = {
            "mchid": self._book.mchid,
            "transaction_id": refund.trade.transaction_id,
            "out_trade_no": refund.trade.number,
            "refund_id": refund.refund_id,
            "out_refund_no": refund.number,
            "refund_status": refund.status,
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": refund.trade.total,
                "refund": refund.amount,
                "payer_total": refund.trade.total,
                "payer_refund": refund.amount,
            },
        }
        if refund.done_at is not None:
            told["success_time"] = told_at(refund.done_at)
        self._notifier.tell(refund.notify_url, f"REFUND.{refund.status}", "refund", told)

    def tell_transfer(self, transfer: Transfer) -> None:
        """Tell the merchant what became of a transfer."""
        told: dict[str, object] = {
            "out_bill_no": transfer.number,
            "transfer_bill_no": transfer.transfer_id,
            "state": transfer.state,
            "mch_id": self._book.mchid,
            "transfer_amount": transfer.amount,
            "openid": transfer.openid,
            "fail_reason": transfer.why,
            "create_time": told_at(transfer.made_at),
            "update_time": told_at(transfer.changed_at or transfer.made_at),
        }
        self._notifier.tell(transfer.notify_url, "MCHTRANSFER.BILL.FINISHED", "mch_payment", told)


def trade_told(book: Book, trade: Trade) -> dict[str, object]:
    """What is told of a trade."""
    state = "REFUND" if trade.refunds else trade.state
    told: dict[str, object] = {
        "appid": trade.appid,
        "mchid": book.mchid,
        "out_trade_no": trade.number,
        "trade_type": "JSAPI",
        "trade_state": state,
        "trade_state_desc": state,
        "attach": "",
        "payer": {"openid": trade.openid},
        "amount": {"total": trade.total, "currency": trade.currency},
    }
    if trade.paid_at is not None:
        told |= {
            "transaction_id": trade.transaction_id,
            "bank_type": "OTHERS",
            "success_time": told_at(trade.paid_at),
            "amount": {
                "total": trade.total,
                "payer_total": trade.total,
                "currency": trade.currency,
                "payer_currency": trade.currency,
            },
        }
    return told
