"""Addresses on WeChat carry the account in which an OpenID means somebody."""

import pytest

from bot.core.wechat_address import appid_of, openid_of, wechat_address


def test_an_address_names_account_and_person() -> None:
    address = wechat_address("wx0123456789abcdef", "o9AgO5Kd5ggOC-bXrbNODIiE3bGY")
    assert address == "wx0123456789abcdef/o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
    assert (appid_of(address), openid_of(address)) == ("wx0123456789abcdef", "o9AgO5Kd5ggOC-bXrbNODIiE3bGY")


@pytest.mark.parametrize(("appid", "openid"), [("", "o1"), ("wx1", ""), ("wx/1", "o1"), ("wx1", "o 1")])
def test_what_is_no_id_makes_no_address(appid: str, openid: str) -> None:
    with pytest.raises(ValueError, match="no appid"):
        wechat_address(appid, openid)
