"""What all processes share of WeChat accounts, in the database: see `bot.channels.wechat.shared`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.wechat.shared import MEDIA_LASTS
from bot.channels.wechat.token import FORCED_A_DAY, FORCED_APART_SECONDS
from bot.storage import wechat_media
from bot.storage.driver import Database


@dataclass(frozen=True, slots=True)
class SharedInDatabase:
    """`Shared` by all that have the database in common."""

    database: Database
    clock: Callable[[], datetime]

    async def may_force(self, appid: str) -> bool:
        """Whether a new token may be forced now."""
        apart = timedelta(seconds=FORCED_APART_SECONDS)
        return await self.database.transact(
            lambda c: wechat_media.may_force(c, appid, self.clock(), apart=apart, a_day=FORCED_A_DAY)
        )

    async def media(self, appid: str, picture: str) -> str | None:
        """Return the id of a picture, while it lasts."""
        return await self.database.query(lambda c: wechat_media.media(c, appid, picture, self.clock()))

    async def keep_media(self, appid: str, picture: str, media_id: str) -> None:
        """Keep the id of a picture."""
        now = self.clock()
        await self.database.transact(
            lambda c: wechat_media.keep_media(c, appid, picture, media_id, now, MEDIA_LASTS)
        )

    async def forget_media(self, appid: str, pictures: Collection[str]) -> None:
        """Forget ids."""
        await self.database.transact(lambda c: wechat_media.forget_media(c, appid, pictures))
