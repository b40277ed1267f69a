"""Links to our pages in texts on WeChat: where there is a mini program, its page is tapped instead."""

import re
from collections.abc import Mapping

from bot.channels.wechat.account import WechatAccount
from bot.core.page_links import SIGNED

_CALLED = {"checkin": "today"}
"""Pages that are called otherwise in the mini program."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def has_page_links(text: str) -> bool:
    """Whether a text leads to one of our pages."""
    return SIGNED.search(text) is not None


def with_mini_pages(text: str, account: WechatAccount, minis: Mapping[str, str]) -> str:
    """Put the mini program's pages in place of links to ours, for a text in which nothing else is a link.

    In a mini program it is that program's own; in an official account the only one there is.
    """
    if account.is_official and len(minis) != 1:
        return text
    appid = next(iter(minis.values())) if account.is_official else account.appid
    label = "点此打开" if _CHINESE.search(text) else "Mini Program"

    def link(found: re.Match[str]) -> str:
        path = f"pages/{_CALLED.get(found[1], found[1])}{f'?order={found[2]}' if found[2] else ''}"
        return f'<a data-miniprogram-appid="{appid}" data-miniprogram-path="{path}">{label}</a>'

    return SIGNED.sub(link, text)
