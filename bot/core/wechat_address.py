"""Addresses on WeChat: an OpenID means somebody in one account only, so each carries its account's appid."""

import re

WECHAT = "wechat"
"""The channel of WeChat addresses."""
UNIONID = "unionid"
"""The channel of addresses that join a person's OpenIDs of several accounts; nothing is ever sent there."""

_APPID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def wechat_address(appid: str, openid: str) -> str:
    """Return the address of a person in one account. Raises ValueError where either is no such id."""
    if not _APPID.fullmatch(appid) or not _OPENID.fullmatch(openid):
        raise ValueError("no appid or no OpenID")
    return f"{appid}/{openid}"


def appid_of(address: str) -> str:
    """Return the appid of an address on WeChat."""
    return address.partition("/")[0]


def openid_of(address: str) -> str:
    """Return the OpenID of an address on WeChat."""
    return address.partition("/")[2]
