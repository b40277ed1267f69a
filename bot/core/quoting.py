"""Which words of an answer may be shown: all of them, or an excerpt; nobody is made to say anything else."""

from bot.core.errors import Refused
from bot.core.feedback import GivenAnswer, Quote, QuoteState

ELLIPSIS = "…"
_MAY_BE = {
    QuoteState.APPROVED: {QuoteState.ALLOWED, QuoteState.DECLINED, QuoteState.APPROVED},
    QuoteState.DECLINED: {QuoteState.ALLOWED, QuoteState.APPROVED},
    QuoteState.WITHDRAWN: {QuoteState.ALLOWED, QuoteState.APPROVED, QuoteState.DECLINED},
}
"""From which states a person of the shop may bring a quote into another: what was withdrawn stays so."""


def decided(given: GivenAnswer, state: QuoteState, *, by: str, excerpt: str | None = None) -> Quote | None:
    """Return what is shown from now on; None: nothing.

    Raises:
        Refused: the state it is in does not allow it, or the excerpt is not what was written.
    """
    if given.quote_state not in _MAY_BE[state]:
        raise Refused(
            f"the quote is {given.quote_state or 'not allowed'} and cannot be {state}",
            "see `regulars quotes review`",
        )
    if state is not QuoteState.APPROVED:
        return None
    words = " ".join((excerpt if excerpt is not None else given.words).split())
    if not words or not is_excerpt(words, given.words):
        raise Refused("this is not what was written", f"leave words out with {ELLIPSIS}, and change none")
    return Quote(words, by)


def is_excerpt(excerpt: str, words: str) -> bool:
    """Whether all parts of an excerpt, between its ellipses, stand in the words, in their order."""
    rest = " ".join(words.split()).casefold()
    parts = [part.strip() for part in excerpt.replace("...", ELLIPSIS).casefold().split(ELLIPSIS)]
    for part in filter(None, parts):
        _, found, rest = rest.partition(part)
        if not found:
            return False
    return any(parts)
