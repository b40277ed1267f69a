"""Japanese."""

from bot.core.wording.grammar import Page

PAGE = Page(language="ja", words={}, triggers="", plain=())
