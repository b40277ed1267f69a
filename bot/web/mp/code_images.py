"""Pictures of codes that friends scan: a mini program's own, drawn by WeChat, or a QR code of a link."""

import base64
import io
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import segno

from bot.channels.wechat.account import WechatAccount

if TYPE_CHECKING:  # it takes a third of a second to import, and few have accounts
    from bot.channels.wechat.mini import MiniPrograms

_KEPT_MAX = 500
_SCALE = 6


@dataclass(frozen=True, slots=True)
class CodeImages:
    """The latest pictures that WeChat drew: a code's never changes, and it draws 5,000 a minute at most."""

    _kept: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)

    async def of_mini(self, minis: "MiniPrograms", account: WechatAccount, scene: str, page: str) -> str:
        """The code that opens a page of a mini program with a scene, as a data URL. Raises SendError."""
        name = (account.appid, scene)
        known = self._kept.get(name)
        if known is None:
            image = await minis.code_image(account, scene, page)
            known = self._kept[name] = _data_url(image.kind, image.content)
            while len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        return known


@lru_cache(maxsize=_KEPT_MAX)
def of_link(link: str) -> str:
    """The QR code of a link as a data URL."""
    drawn = io.BytesIO()
    segno.make_qr(link, error="m").save(drawn, kind="png", scale=_SCALE, border=4)
    return _data_url("image/png", drawn.getvalue())


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
