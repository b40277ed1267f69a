"""German."""

from bot.core.wording.grammar import Page

PAGE = Page(language="de", words={}, triggers="", plain=())
