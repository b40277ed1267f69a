"""Those who follow the shop's service accounts, as WeChat tells of them when it is asked."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.token import forcing
from bot.channels.wechat.transport import WECHAT_API, Transport
from bot.core.wechat_address import appid_of, openid_of


class Followers:
    """Of the accounts that an open platform binds; make it inside the running loop, and close it there."""

    def __init__(
        self,
        accounts: Sequence[WechatAccount],
        *,
        base_url: str = WECHAT_API,
        may_force: Callable[[str], Awaitable[bool]] | None = None,
        timeout: timedelta = timedelta(seconds=8),
    ) -> None:
        """Accounts of which nothing can be asked are left out; `may_force`: see `Shared`."""
        self._transport = Transport(base_url, timeout=timeout)
        self._clients = {
            account.appid: WechatClient(account, self._transport, forcing(may_force, account.appid))
            for account in accounts
            if account.is_official and account.is_bound
        }

    def may_be_asked_of(self, address: str) -> bool:
        """Whether the account of this address is one of them."""
        return appid_of(address) in self._clients

    async def unionid(self, address: str) -> str | None:
        """Return under which id all bound accounts know a follower; None: they do not follow any more.

        https://developers.weixin.qq.com/doc/offiaccount/User_Management/
        Get_users_basic_information_UnionID.html

        Raises:
            SendError: by its subclass.
        """
        told = (await self._clients[appid_of(address)].user(openid_of(address))).get("unionid")
        return told if isinstance(told, str) and told else None

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.close()
