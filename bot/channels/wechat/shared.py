"""What all processes share of an account: which pictures were uploaded, and when a token was forced."""

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Protocol

from bot.channels.wechat.token import Forced

MEDIA_LASTS = timedelta(days=3) - timedelta(hours=6)
"""How long an uploaded picture can be used: three days, less than it may take until it is shown.

https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html
"""


class Shared(Protocol):
    """What all processes share of the accounts."""

    async def may_force(self, appid: str) -> bool:
        """Whether a new token may be forced now; who asks and may, does."""

    async def media(self, appid: str, picture: str) -> str | None:
        """Return the id under which the platform still has a picture; None: it must be uploaded."""

    async def keep_media(self, appid: str, picture: str, media_id: str) -> None:
        """Keep the id of a picture that was uploaded just now."""

    async def forget_media(self, appid: str, pictures: Collection[str]) -> None:
        """Forget ids that the platform does not know."""


class Remembered:
    """`Shared` of one process that is alone: for commands and tests."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._media: dict[tuple[str, str], tuple[str, float]] = {}
        self._forced: dict[str, Forced] = {}

    async def may_force(self, appid: str) -> bool:
        """Whether a new token may be forced now."""
        return await self._forced.setdefault(appid, Forced())()

    async def media(self, appid: str, picture: str) -> str | None:
        """Return the id of a picture, while it lasts."""
        media_id, until = self._media.get((appid, picture), ("", 0.0))
        return media_id if time.monotonic() < until else None

    async def keep_media(self, appid: str, picture: str, media_id: str) -> None:
        """Keep the id of a picture."""
        self._media[appid, picture] = media_id, time.monotonic() + MEDIA_LASTS.total_seconds()

    async def forget_media(self, appid: str, pictures: Collection[str]) -> None:
        """Forget ids."""
        for picture in pictures:
            self._media.pop((appid, picture), None)
