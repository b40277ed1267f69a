"""Who follows a service account: its pushes name an OpenID, and WeChat tells the person when it is asked.

Somebody has an OpenID in each account, and one UnionID in all that an open platform binds. The login of a
mini program tells it, the pushes of a service account do not. So of accounts that are said to be bound WeChat
is asked, once the push was answered; whoever it turns out to be has one wallet in the chat and on the pages.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.channels.channel import OperatorNeeded, SendError
from bot.channels.wechat.followers import Followers
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.deeds.joining import IDENTIFY
from bot.core.errors import RetryLater
from bot.core.gestures import GestureKind
from bot.core.ids import microseconds
from bot.core.messages import Inbound
from bot.core.wechat_address import UNIONID, WECHAT

_REMEMBERED = 100_000
_AT_ONCE = 4
_WAITING_MAX = 1_000
"""How many may wait to be asked about; whoever writes meanwhile is asked about when they write again."""
_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class People:
    """Asks once for each follower in the life of this process; what fails is asked when they write again."""

    followers: Followers
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    _asked: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    def heard(self, inbound: Inbound) -> None:
        """Hear that somebody wrote or did something; returns at once."""
        address, gesture = inbound.address, inbound.gesture
        leaves = gesture is not None and gesture.kind is GestureKind.UNFOLLOW
        if leaves:
            self._asked.pop(address, None)  # what was known of them is forgotten; they may come back
        is_known = bool(inbound.facts.get(UNIONID)) or address in self._asked
        if leaves or is_known or len(self._asking) >= _WAITING_MAX:
            return
        if not self.followers.may_be_asked_of(address):
            return
        self._asked[address] = None
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        task = asyncio.create_task(self._ask(address))
        self._asking.add(task)
        task.add_done_callback(self._done)

    async def settle(self) -> None:
        """Wait until nobody is being asked about."""
        while self._asking:
            await asyncio.wait(self._asking)

    async def close(self) -> None:
        """Ask about nobody any more: they are asked about when they write again."""
        for task in self._asking:
            task.cancel()
        await self.settle()
        await self.followers.close()

    async def _ask(self, address: str) -> None:
        async with self._gate:
            try:
                unionid = await self.followers.unionid(address)
                if unionid is not None:
                    await self._know(address, unionid)
            except (SendError, RetryLater) as error:
                if not isinstance(error, OperatorNeeded):  # or each push would ask in vain
                    self._asked.pop(address, None)
                _logger.warning("follower_not_told", error=type(error).__name__, reason=str(error))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("follower_not_known", error=type(error).__name__)

    async def _know(self, address: str, unionid: str) -> None:
        at = self.clock()
        who = hashlib.sha256(address.encode()).hexdigest()[:32]
        body: dict[str, JsonValue] = {"channel": UNIONID, "value": unionid, "evidence": {"way": UNIONID}}
        key = f"wechat:union:{who}:{microseconds(at)}"
        await self.dispatcher.begin(operation_work(IDENTIFY, body, key=key, at=at, address=(WECHAT, address)))
