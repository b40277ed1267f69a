"""Chinese."""

from bot.core.wording.grammar import Page

PAGE = Page(language="zh_Hans", words={}, triggers="", plain=())
SIMPLIFIED: dict[int, str] = {}
TRADITIONAL = "zh_Hant"


def is_traditional(text: str) -> bool:
    return False
