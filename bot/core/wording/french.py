"""French."""

from bot.core.wording.grammar import Page

PAGE = Page(language="fr", words={}, triggers="", plain=())
