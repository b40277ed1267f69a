"""What to do about each of WeChat's error codes: in an answer (HTTP 200 all the same) or in an event.

Codes: https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html and the
page of each API. Our own words go into the error: WeChat's `errmsg` may hold OpenIDs and tokens. Of it only
the name of a template's field and the address of this machine are taken over.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from bot.channels.channel import (
    AccountSpent,
    AddressUnusable,
    Filtered,
    NoGrant,
    NotFollowing,
    NoticeWrong,
    NotRegistered,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SenderSlowed,
    SendLater,
    SendNever,
    WindowClosed,
    WindowUsedUp,
)


class CodeOver(SendNever):
    """A code of a page's (`wx.login`, a phone number's) is none, used, or over: it must get another."""


class ShopperRefused(SendNever):
    """The platform takes the shopper for a fraud: nothing is to be done for them."""


class ShopperAway(SendNever):
    """The shopper has not been in the mini program for two hours: what they wrote cannot be looked at."""


class PageWrong(SendNever):
    """A page, scene or query of a code or link is wrong: a marketer or programmer must correct it."""


class AlreadyTold(SendNever):
    """It was told before, and cannot be told anew: it is as good as done."""


BUSY = -1
TOKEN_CODES = frozenset({40001, 40014, 42001})
"""The access token is wrong, no token or over: another may help."""
MEDIA_CODES = frozenset({40004, 40007})
"""The picture that was uploaded before is gone or of another kind: uploading it again may help."""
NO_MENU_MESSAGES = 40200
"""The account may not send menu messages (test accounts, subscription accounts): the text says the same."""
NOT_WHITELISTED = 40164

# How long to leave it alone.
_PATIENCE: Mapping[int, timedelta] = {
    43108: timedelta(seconds=5),
    44990: timedelta(seconds=2),
    44991: timedelta(minutes=1),
    45011: timedelta(minutes=1),
    10060001: timedelta(minutes=2),
    **dict.fromkeys(TOKEN_CODES, timedelta(seconds=30)),
}

_REMEDIES: Mapping[type[SendError], Mapping[int, str]] = {
    SendLater: {
        BUSY: "the platform is busy",
        43108: "another message to this contact is being sent",
        10060001: "the payment is not known there, or not yet",
        10060012: "the platform is busy",
        268485216: "the platform is busy",
    },
    SenderSlowed: {
        44990: "too many requests in a second",
        44991: "too many requests in a minute",
        45011: "too many requests in a minute",
        40001: "the access token is refused, also a new one",
        40014: "the access token is refused, also a new one",
        42001: "the access token is refused, also a new one",
    },
    AccountSpent: {
        45009: "the account's requests of today are used up",
        44993: "the account's requests of today are used up",
    },
    WindowClosed: {
        45015: "the contact has not written lately",
    },
    WindowUsedUp: {
        45047: "the contact was answered as often as its window allows",
    },
    NoGrant: {
        43101: "the contact has granted no further message of this template",
    },
    NotRegistered: {
        43104: "the account may not use this",
        43107: "the account's right to send this is suspended",
        48001: "the account may not use this API",
        48004: "the account's use of this API is suspended",
        48006: "the account's use of this API is suspended",
        50001: "the account may not use this API",
        50002: "the account is restricted",
        85079: "the mini program has no released version",
        85407: "the account may not make links",
        1400001: "the account's phone numbers are used up: buy more in the console",
        40200: "the account may not send messages of this kind",
    },
    OperatorNeeded: {
        40002: "the grant type is refused",
        40013: "the appid is wrong",
        40125: "the secret is wrong",
        40243: "the secret is frozen: unfreeze it in the console",
        41002: "the appid is missing",
        41004: "the secret is missing",
        NOT_WHITELISTED: "this machine's address is not in the account's IP whitelist",
        61024: "the account is run by a third party: its secret cannot be used",
        89501: "an administrator must first confirm this machine's address",
        89503: "an administrator must first confirm this machine's address",
        89506: "this machine's address was refused by an administrator",
        89507: "this machine's address was refused by an administrator",
    },
    CodeOver: {
        40029: "the code is none, or over",
        40163: "the code was used before",
    },
    ShopperRefused: {
        40226: "the platform blocks this shopper",
    },
    ShopperAway: {
        61010: "the shopper has not been in the mini program for two hours",
    },
    PageWrong: {
        40097: "a part of it is wrong",
        40129: "the scene of a check is wrong",
        40169: "the scene of a code is wrong",
        40212: "the query of a link is wrong",
        85401: "a link may last from a minute to 30 days",
        85402: "the version of the mini program is none",
    },
    AlreadyTold: {
        10060002: "this payment's goods were told to be sent before",
        10060003: "this payment's goods were told anew before",
    },
    NotFollowing: {
        43004: "the contact does not follow the account",
        43019: "the contact has put the account on its blacklist",
    },
    AddressUnusable: {
        40003: "the OpenID is not one of this account's",
        46004: "the contact does not exist",
    },
    NoticeWrong: {
        40037: "the template is not the account's",
        41028: "the form id of the template is wrong",
        41030: "the template's page is not of the published mini program",
        40165: "the page is not of the published mini program",
        47003: "a field of the template is wrong",
    },
    Filtered: {
        45168: "a word in the message is refused",
        87014: "the content is refused",
    },
    SendNever: {
        40004: "the picture's kind is wrong",
        40007: "the picture's media id is wrong",
        44004: "the message is empty",
        45002: "the message is too long",
        45008: "the message has too many parts",
        70000: "refused to protect minors",
        10060004: "the payment is in no state to be sent",
        10060005: "the kind of delivery is wrong",
    },
}
_KINDS = {code: (kind, why) for kind, codes in _REMEDIES.items() for code, why in codes.items()}
_RETURN_CODES = (
    "see https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html"
)

_SERVER_ERROR, _TOO_MANY_REQUESTS = 500, 429
# `argument invalid! data.thing1.value invalid rid: …`: https://developers.weixin.qq.com/miniprogram/dev/server/
# API/mp-message-management/subscribe-message/api_sendmessage says that errmsg names the field.
_FIELD = re.compile(r"\bdata\.([A-Za-z_]+[0-9]*)\b|\b([a-z_]+[0-9]+)(?:\.DATA|\.value)?\b")
_MACHINE = re.compile(r"invalid ip ([0-9a-fA-F.:]{3,45})")


def error_for_code(code: int, errmsg: str = "") -> SendError:
    """Return the error that says what to do about WeChat's code; codes we do not know are final."""
    kind, why = _KINDS.get(code, (SendNever, _RETURN_CODES))
    if kind is NoticeWrong and (field := field_of(errmsg)):
        why = f"{why}: {field}"
    elif code == NOT_WHITELISTED and (machine := machine_of(errmsg)):
        why = f"{why}: add {machine}"
    return kind(f"WeChat {code}: {why}", code=code, after=_PATIENCE.get(code))


def error_for_status(status: int) -> SendError:
    """Return the error for an HTTP answer that is no success; above 499 it may have been taken."""
    if status >= _SERVER_ERROR:
        return OutcomeUnknown(f"WeChat answered {status}")
    if status == _TOO_MANY_REQUESTS:
        return SenderSlowed("WeChat answered 429: too many requests")
    return OperatorNeeded(f"{status} is not WeChat's API: check REGULARS_WECHAT_BASE_URL")


def field_of(errmsg: str) -> str:
    """Return the template's field (`thing1`) that an errmsg of 47003 names; empty where it names none."""
    found = _FIELD.search(errmsg)
    return (found[1] or found[2] or "") if found else ""


def machine_of(errmsg: str) -> str:
    """Return this machine's address as an errmsg of 40164 names it; empty where it names none."""
    found = _MACHINE.search(errmsg)
    return found[1] if found else ""
