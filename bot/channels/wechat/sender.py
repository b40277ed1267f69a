"""Sending on WeChat: by customer service or as a subscribe message, whichever way was chosen.

There is no list of sent messages at WeChat, and no key by which the same message would be taken only once:
where an answer is lost, nobody can be asked, and the message is never sent again (see `bot.jobs.
reconciliation`).
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import aiohttp
import structlog

from bot.channels.channel import OperatorNeeded, SendError, SendLater, Sent, SentInPart
from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.errors import MEDIA_CODES, NO_MENU_MESSAGES
from bot.channels.wechat.pictures import Pictures
from bot.channels.wechat.shared import Remembered, Shared
from bot.channels.wechat.token import MayForce
from bot.channels.wechat.transport import WECHAT_API, Json, Transport
from bot.channels.wechat.wire import FORMAL, Means, Request, pictures_of, requests_of
from bot.core.gate import Cleared
from bot.core.messages import OutboxState, Outgoing
from bot.core.ways import WayKind
from bot.core.wechat_address import WECHAT, appid_of

_BEGUN_WITHIN_SECONDS = 40.0
"""No request of a message begins later than that: its lease is two minutes."""
_logger = structlog.get_logger(__name__)


class WechatChannel:
    """All of the shop's accounts; make it inside the running loop, and close it there."""

    name = WECHAT

    def __init__(  # noqa: PLR0913  # what it needs of the outside, each with its usual value
        self,
        accounts: Sequence[WechatAccount],
        *,
        base_url: str = WECHAT_API,
        shared: Shared | None = None,
        folder: Path | None = None,
        pictures: aiohttp.BaseConnector | None = None,
        version: str = FORMAL,
        timeout: timedelta = timedelta(seconds=8),
    ) -> None:
        """Without `shared` this process remembers for itself; `folder` and `pictures`: see `Pictures`."""
        shared = shared or Remembered()
        self._transport = Transport(base_url, timeout=timeout)
        self._clients = {
            account.appid: WechatClient(account, self._transport, _forcing(shared, account.appid))
            for account in accounts
        }
        self._minis = {account.name: account.appid for account in accounts if not account.is_official}
        self._pictures = Pictures(shared, folder, pictures)
        self._without_menus: set[str] = set()
        self._version = version

    async def send(self, cleared: Cleared) -> Sent:
        """Hand a message over once, in as many requests as it takes.

        Raises:
            SendError: by its subclass; `SentInPart` where a part of its text left and another was refused.
        """
        message, way = cleared.message, cleared.way or WayKind.CUSTOMER_SERVICE
        client = self._clients.get(appid_of(message.address))
        if client is None:
            raise OperatorNeeded(f"no WeChat account with the appid {appid_of(message.address)} is set up")
        return await _Sending(self, client, cleared, way).hand_over()

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._pictures.close()
        await self._transport.close()

    # Below: for `_Sending`

    async def means(self, client: WechatClient, message: Outgoing, way: WayKind) -> Means:
        """Return how a message may look now: its pictures are uploaded where they were not."""
        account = client.account
        has_menus = account.appid not in self._without_menus
        means = Means(account, self._minis, {}, has_menus, self._version)
        wanted = pictures_of(message, way, means)
        if not wanted:
            return means
        found = await self._pictures.media_ids(client, wanted)
        return Means(account, self._minis, found, has_menus, self._version)

    async def learn(self, client: WechatClient, means: Means, code: int | None) -> bool:
        """Learn from a refusal; True where the message may now look another way."""
        if code == NO_MENU_MESSAGES and means.has_menus:
            self._without_menus.add(client.account.appid)
            return True
        if code in MEDIA_CODES and means.pictures:
            await self._pictures.forget(client, means.pictures.keys())
            return True
        return False


class _Sending:
    """One message on its way."""

    def __init__(self, channel: WechatChannel, client: WechatClient, cleared: Cleared, way: WayKind) -> None:
        self._channel = channel
        self._client = client
        self._message = cleared.message
        self._way = way
        self._late_at = time.monotonic() + _BEGUN_WITHIN_SECONDS
        self._means = Means(client.account)
        self._requests: tuple[Request, ...] = ()

    async def hand_over(self) -> Sent:
        """Post all of it; cards and pictures only adorn a text that has left whole."""
        await self._look()
        first = await self._posted(0)
        texts, not_adorned = sum(request.is_text for request in self._requests), None
        for number in range(1, len(self._requests)):
            try:
                await self._posted(number)
            except SendError as error:
                if number < texts:
                    raise SentInPart(f"only the beginning was taken: {error}", code=error.code) from error
                _logger.warning("sent_without_adornment", message=self._message.id, why=str(error))
                not_adorned = error
                break
        return Sent(provider_id=_name(first), state=OutboxState.SENT, not_adorned=not_adorned)

    async def _look(self) -> None:
        """Decide how the message looks."""
        self._means = await self._channel.means(self._client, self._message, self._way)
        self._requests = requests_of(self._message, self._way, self._means)

    async def _posted(self, number: int) -> Json:
        """Post one of the requests; once more where the message can look another way that may be taken."""
        try:
            return await self._post(self._requests[number])
        except SendError as error:
            refused, before = error, len(self._requests)
        if not await self._channel.learn(self._client, self._means, refused.code):
            raise refused
        await self._look()
        if number and len(self._requests) != before:
            raise refused
        return await self._post(self._requests[number])

    async def _post(self, request: Request) -> Json:
        if time.monotonic() > self._late_at:
            raise SendLater("it was not handed over in time")
        return await self._client.post(request.path, request.body)


def _forcing(shared: Shared, appid: str) -> MayForce:
    async def may_force() -> bool:
        return await shared.may_force(appid)

    return may_force


def _name(answer: Json) -> str:
    """Return the platform's name of a message, which only some of its answers tell."""
    name = answer.get("msgid")
    return str(name) if isinstance(name, (int, str)) else ""
