"""What WeChat Pay tells unasked at our notify address: verified, decrypted, and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.payments import Paid, PayoutState, RefundState
from bot.pay.found import PAID_STATES, paid_of, payout_state, refund_state, text
from bot.pay.merchant import Merchant
from bot.pay.signing import decrypted
from bot.pay.verifying import verify

_ALGORITHM = "AEAD_AES_256_GCM"
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class PaidNotice:
    """A payment was paid."""

    payment_id: str
    account: str
    paid: Paid


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """Something became of a refund."""

    refund_id: str
    state: RefundState
    provider_id: str


@dataclass(frozen=True, slots=True)
class PayoutNotice:
    """Something became of a payout."""

    payout_id: str
    state: PayoutState
    provider_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OtherNotice:
    """Something that is nothing to us, by its kind."""

    kind: str


Notice = PaidNotice | RefundNotice | PayoutNotice | OtherNotice


def opened(merchant: Merchant, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """Return what a notice says.

    Raises:
        Refused: it is not WeChat Pay's, not of now, not for this merchant, or no notice.
    """
    verify(merchant.platform_keys, headers, body, now)
    try:
        return _read(merchant, orjson.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        # Whatever is wrong inside: its text may be somebody's.
        raise Refused("it cannot be read", "look at REGULARS_WECHAT_PAY_APIV3_KEY", _BAD_REQUEST) from error


def plaintext(merchant: Merchant, told: Mapping[str, JsonValue]) -> bytes:
    """Decrypt the resource of a notice that was verified. Raises ValueError, KeyError or TypeError."""
    resource = told["resource"]
    if not isinstance(resource, dict) or resource["algorithm"] != _ALGORITHM:
        raise ValueError("it is encrypted in another way")
    return decrypted(
        merchant.apiv3_key,
        str(resource["nonce"]),
        str(resource.get("associated_data") or ""),
        str(resource["ciphertext"]),
    )


def _read(merchant: Merchant, told: JsonValue) -> Notice:
    if not isinstance(told, dict):
        raise TypeError("the notice is no object")
    kind = text(told, "event_type")
    inner = orjson.loads(plaintext(merchant, told))
    if not isinstance(inner, dict):
        raise TypeError("the resource is no object")
    if kind == "TRANSACTION.SUCCESS":
        _is_ours(merchant, inner, "mchid")
        if text(inner, "trade_state") not in PAID_STATES:
            return OtherNotice(f"{kind}/{text(inner, 'trade_state')}")
        return PaidNotice(text(inner, "out_trade_no"), text(inner, "appid"), paid_of(inner))
    if kind.startswith("REFUND."):
        _is_ours(merchant, inner, "mchid")
        state = refund_state(text(inner, "refund_status"))
        return RefundNotice(text(inner, "out_refund_no"), state, text(inner, "refund_id"))
    if kind == "MCHTRANSFER.BILL.FINISHED":
        _is_ours(merchant, inner, "mch_id", "mchid")
        return PayoutNotice(
            payout_id=text(inner, "out_bill_no"),
            state=payout_state(text(inner, "state")),
            provider_id=text(inner, "transfer_bill_no"),
            reason=str(inner.get("fail_reason") or ""),
        )
    return OtherNotice(kind)


def _is_ours(merchant: Merchant, inner: Mapping[str, JsonValue], *names: str) -> None:
    told = next((inner[name] for name in names if name in inner), None)
    if told != merchant.mchid:
        raise ValueError("it is another merchant's")
