"""Free wording: whether a text revokes consent, in whatever words of eight languages, and why we think so.

Pure and deterministic. Every text goes the same way: cut into sentences, then words, understood in spite of
typos (`spelling`), then patterns of kinds of words (`grammar`) from a page for each language (`english`,
`spanish`, …, and `anywhere` for what is said in all of them). To teach it a wording, write it into the page's
words or patterns; to add a language, write a page and name it in `_PAGES`.

Asked only after the exact words of `bot.core.compliance` found nothing.
"""

from bot.core.wording.grammar import Verdict
from bot.core.wording.reading import Reading, prepare, read

__all__ = ["Reading", "Verdict", "prepare", "read"]
