"""Pictures for cards and messages: uploaded to an account once, and again when the platform forgot them."""

import asyncio
import time
from collections.abc import Collection
from pathlib import Path

import aiohttp
import structlog

from bot.channels.channel import SendError
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.shared import Shared

BYTES_MAX = 10 * 1024 * 1024
"""https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html"""
_KINDS = ((b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)
_OK = 200
_WEB = ("http://", "https://")
_FAILED_FOR_SECONDS = 60.0
_FAILED_MAX = 1000
_logger = structlog.get_logger(__name__)


class Pictures:
    """Pictures by their addresses: URLs, or files in the folder of the flows."""

    def __init__(
        self,
        shared: Shared,
        folder: Path | None = None,
        connector: aiohttp.BaseConnector | None = None,
        *,
        patience_seconds: float = 15.0,
    ) -> None:
        """`connector` makes connections to pictures; None: to anywhere."""
        self._patience_seconds = patience_seconds
        self._shared = shared
        self._folder = folder
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._uploading = asyncio.Lock()
        self._failed: dict[tuple[str, str], float] = {}

    async def media_ids(self, client: WechatClient, pictures: Collection[str]) -> dict[str, str]:
        """Return the media ids of those that can be had in time; what cannot is left out, and logged."""
        found: dict[str, str] = {}
        try:
            async with asyncio.timeout(self._patience_seconds):
                for picture in pictures:
                    media_id = await self._media_id(client, picture)
                    if media_id is not None:
                        found[picture] = media_id
        except TimeoutError:  # a message must not wait for others' pictures until its lease is over
            _logger.warning("pictures_too_slow", account=client.account.name)
        return found

    async def forget(self, client: WechatClient, pictures: Collection[str]) -> None:
        """Upload them anew the next time."""
        await self._shared.forget_media(client.account.appid, [self._key(picture) for picture in pictures])

    async def close(self) -> None:
        """Close connections."""
        await self._session.close()

    async def _media_id(self, client: WechatClient, picture: str) -> str | None:
        appid, key = client.account.appid, self._key(picture)
        if (found := await self._shared.media(appid, key)) is not None:
            return found
        async with self._uploading:  # who wants the same meanwhile finds it afterwards
            if self._failed.get((appid, key), 0.0) > time.monotonic():
                return None
            if (found := await self._shared.media(appid, key)) is not None:
                return found
            media_id, problem = await self._uploaded(client, picture)
            if media_id is None:
                _logger.warning("picture_not_uploaded", picture=picture.partition("?")[0], why=problem)
                if len(self._failed) >= _FAILED_MAX:
                    self._failed.clear()
                self._failed[appid, key] = time.monotonic() + _FAILED_FOR_SECONDS
                return None
            await self._shared.keep_media(appid, key, media_id)
            return media_id

    def _key(self, picture: str) -> str:
        """What its id is kept under: of a file, also when it was last changed."""
        if self._folder is None or picture.startswith(_WEB):
            return picture
        try:
            return f"{picture} {(self._folder / picture).stat().st_mtime_ns}"
        except (OSError, ValueError):
            return picture

    async def _uploaded(self, client: WechatClient, picture: str) -> tuple[str | None, str]:
        """Upload it; returns its id, or None and the problem."""
        try:
            content = await self._content(picture)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return None, f"cannot be read: {type(error).__name__}"
        kind = next((kind for begins, kind in _KINDS if content.startswith(begins)), None)
        if kind is None:
            return None, "is no PNG, JPEG or GIF"
        if len(content) > BYTES_MAX:
            return None, f"has more than {BYTES_MAX} bytes"
        try:
            return await client.upload_image(content, f"picture.{kind.partition('/')[2]}", kind), ""
        except SendError as error:
            return None, str(error)

    async def _content(self, picture: str) -> bytes:
        """Read a picture, or the beginning of one that is too large."""
        if not picture.startswith(_WEB):
            return await asyncio.to_thread(self._file, picture)
        async with self._session.get(picture, allow_redirects=False) as answer:
            if answer.status != _OK:
                raise ValueError("not there")
            content = bytearray()
            async for chunk in answer.content.iter_any():
                content += chunk
                if len(content) > BYTES_MAX:
                    answer.close()
                    break
            return bytes(content)

    def _file(self, name: str) -> bytes:
        if self._folder is None:
            raise ValueError("no folder to look in")
        folder = self._folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise ValueError("outside of the folder")
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
