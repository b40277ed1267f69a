"""Quotes of a person are taken back wherever they were written; on both databases."""

from collections.abc import Callable

from bot.core.deeds.answering import withdraw_quotes
from bot.core.feedback import TABLE, GivenAnswer, Quote, QuoteState
from bot.core.ids import bucket_of, derived_id
from bot.core.turn import Turn
from bot.storage import feedback, revisions
from bot.storage.driver import Database
from tests.storage.joining import join
from tests.storage.scripted import NOW, contacts, turn

SHOWN = Quote("The oolong", "Ana")


def allowed(contact: str, state: QuoteState, quote: Quote | None = None) -> GivenAnswer:
    """An answer that its writer let us quote."""
    return GivenAnswer(
        id=derived_id(f"answer/{state}", bucket_of(contact)),
        flow="feedback",
        revision=1,
        step="liked",
        variant="",
        run=derived_id("run", bucket_of(contact)),
        kind="ask",
        at=NOW,
        channel="sms",
        language="en",
        words="The oolong",
        quote_state=state,
        quote=quote,
    )


def gives(one: GivenAnswer) -> Callable[[Turn], None]:
    return lambda it: it.keep(TABLE, one.id, one)


async def take_back(database: Database, contact: str, key: str = "unquote") -> int:
    """Take a person's words back; returns how many answers it was about."""
    counts: list[int] = []
    await turn(database, contact, key, lambda it: counts.append(withdraw_quotes(it)))
    return counts[-1]


async def of_state(database: Database, state: QuoteState) -> list[tuple[str, Quote | None]]:
    """Whose answers are in a state, and what of them may be shown."""
    found = await database.query(lambda c: feedback.quotes(c, state))
    return sorted((contact, given.quote) for contact, given in found)


async def test_words_of_all_who_were_joined_are_taken_back(database: Database) -> None:
    survivor, loser, another = await contacts(database, 3)
    await turn(database, survivor, "e1", lambda it: it.adopt(enrolled_at=NOW))
    await turn(database, survivor, "a1", gives(allowed(survivor, QuoteState.ALLOWED)))
    await turn(database, loser, "a2", gives(allowed(loser, QuoteState.APPROVED, SHOWN)))
    await turn(database, another, "a3", gives(allowed(another, QuoteState.APPROVED, SHOWN)))
    await join(database, loser, survivor)

    assert await take_back(database, survivor) == 2
    withdrawn: list[tuple[str, Quote | None]] = [(survivor, None), (loser, None)]
    assert await of_state(database, QuoteState.WITHDRAWN) == sorted(withdrawn)
    assert await of_state(database, QuoteState.APPROVED) == [(another, SHOWN)]
    assert await take_back(database, survivor, "again") == 0


async def test_what_somebody_approves_at_the_same_moment_is_loaded_anew(database: Database) -> None:
    (contact,) = await contacts(database)
    await turn(database, contact, "a1", gives(allowed(contact, QuoteState.ALLOWED)))
    before = await database.query(revisions.generation)
    assert await take_back(database, contact) == 1
    assert await database.query(revisions.generation) != before
