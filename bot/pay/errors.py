"""What to do about each of WeChat Pay's error codes: https://pay.weixin.qq.com/doc/v3/merchant/4012081721.

Our own words go into the error: its `message` may name people. Codes we do not know are final where the
status says that the request is wrong, and unknown where it says that the server is.
"""

from datetime import timedelta

from bot.core.pay_errors import PayLater, PayMisset, PayRefused, PayUnknown

NOT_THERE_CODES = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND"})
"""What is asked about was never asked for."""
ORDER_PAID = frozenset({"ORDERPAID", "ORDER_PAID"})
"""The payment was paid."""
ORDER_CLOSED = frozenset({"ORDER_CLOSED", "ORDERCLOSED"})
"""The payment was closed."""
BALANCE = "NOT_ENOUGH"
"""The merchant's account has not enough: it may tomorrow."""

_LATER = {
    "FREQUENCY_LIMITED": "too many requests",
    "FREQUENCY_LIMIT_EXCEED": "too many requests",
    "RATELIMIT_EXCEEDED": "too many requests",
    "RATE_LIMITED": "too many requests",
    "FREQUENCY_LIMIT": "too many requests",
    "QUOTA_EXCEED": "the day's quota is used up",
    BALANCE: "the merchant's account has not enough",
    "USER_PAYING": "the shopper is paying just now",
    "USERPAYING": "the shopper is paying just now",
    "STATEMENT_CREATING": "the bill is being made",
}
_PATIENCE = {
    "FREQUENCY_LIMITED": timedelta(minutes=1),
    "QUOTA_EXCEED": timedelta(hours=6),
    BALANCE: timedelta(hours=1),
    "STATEMENT_CREATING": timedelta(hours=1),
}
_UNKNOWN = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "ACCEPTED", "PROCESSING"})
_MISSET = {
    "SIGN_ERROR": "our signature is not believed: look at the key, its serial and this machine's clock",
    "NO_AUTH": "the merchant has no right to this: apply for it in the merchant platform",
    "MCH_NOT_EXISTS": "the merchant number is none",
    "MCHID_NOT_EXIST": "the merchant number is none",
    "APPID_MCHID_NOT_MATCH": "the appid is not bound to the merchant: bind it in the merchant platform",
    "APPID_NOT_EXIST": "the appid is none",
    "ACCOUNT_ERROR": "the merchant's account is restricted",
    "ACCOUNTERROR": "the merchant's account is restricted",
    "NOTIFY_URL_ERROR": "the notify address is refused",
}
_RATE, _SERVER, _UNAUTHORIZED, _FORBIDDEN = 429, 500, 401, 403
_WORD = 40


def error_for(status: int, code: str, message: str) -> Exception:
    """Return the error that says what to do about an answer that is no success."""
    del message  # it may name people
    code = code[:_WORD]
    said = code or f"HTTP {status}"
    if code in _LATER or (not code and status == _RATE):
        return PayLater(f"WeChat Pay: {_LATER.get(code, 'too many requests')}", code, _PATIENCE.get(code))
    if code in _UNKNOWN or status >= _SERVER:
        return PayUnknown(f"WeChat Pay answered {said}")
    if code in _MISSET or status in {_UNAUTHORIZED, _FORBIDDEN}:
        return PayMisset(f"WeChat Pay {said}: {_MISSET.get(code, 'it does not believe us')}", code)
    if status == _RATE:
        return PayLater(f"WeChat Pay: {said}", code)
    if not code:
        return PayMisset(f"{said} is not WeChat Pay's API: check REGULARS_WECHAT_PAY_BASE_URL")
    return PayRefused(f"WeChat Pay {code}", code)
