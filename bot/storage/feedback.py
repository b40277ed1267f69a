"""Answers to questions of flows as rows, and the quotes among them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from bot.core.feedback import (
    QUOTES_MAX,
    ApprovedQuote,
    GivenAnswer,
    Quote,
    QuoteState,
)
from bot.core.ids import bucket_of, derived_id, instant, microseconds
from bot.storage import revisions
from bot.storage.driver import Asked, Connection, Statement
from bot.storage.families import family
from bot.storage.rows import RowValues, loaded, stored, to_json

_COLUMNS = """
    a.id, a.flow, a.revision, a.step, a.variant, a.run, a.kind, a.at, a.channel, a.language, a.choice,
    a.score, a.words, a.quote_state, a.quote, a.decided_at, a.decided_by
"""
_ONE = Statement(f"""
    SELECT {_COLUMNS} FROM answer a WHERE a.bucket = :bucket AND a.contact = :contact AND a.id = :id
""")  # noqa: S608  # our own constants
# Few answers have a state at all, and an index of theirs: nothing else is looked at.
_QUOTES = Statement(f"""
    SELECT a.contact, {_COLUMNS} FROM answer a
    WHERE a.quote_state IS NOT NULL AND a.quote_state = :state ORDER BY a.at DESC, a.id LIMIT :most
""")  # noqa: S608  # our own constants
_CALLED = Statement(f"""
    SELECT a.contact, {_COLUMNS} FROM answer a
    WHERE a.bucket = :bucket AND a.quote_state IS NOT NULL AND a.id = :id
""")  # noqa: S608  # our own constants
_QUOTED = Statement(f"""
    SELECT {_COLUMNS} FROM answer a WHERE a.bucket = :bucket AND a.contact = :contact
        AND a.quote_state IN ('{QuoteState.ALLOWED}', '{QuoteState.APPROVED}') ORDER BY a.id
""")  # noqa: S608  # our own constants
_DECIDE = Statement("""
    UPDATE answer SET quote_state = :state, quote = :quote, decided_at = :at, decided_by = :by
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND quote_state = :before
    RETURNING id
""")

_SHOWN = Statement(f"""
    SELECT 1 FROM answer WHERE bucket = :bucket AND contact = :contact
        AND quote_state = '{QuoteState.APPROVED}' LIMIT 1
""")  # noqa: S608  # our own constant


def answer_row(contact_id: str, given: GivenAnswer) -> RowValues:
    """Values of `answer`."""
    contact_id = given.contact_id or contact_id
    return (
        bucket_of(contact_id),
        contact_id,
        given.id,
        given.flow,
        given.revision,
        given.step,
        given.variant,
        given.run,
        given.kind,
        microseconds(given.at),
        given.channel,
        given.language,
        given.choice,
        given.score,
        given.words,
        given.quote_state,
        to_json(given.quote._asdict()) if given.quote is not None else None,
        stored(given.decided_at),
        given.decided_by,
    )


async def answer(connection: Connection, contact_id: str, answer_id: str) -> GivenAnswer | None:
    """A contact's answer by its id; None where there is none."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "id": answer_id}
    found = await connection.read(_ONE, **own)
    return _given(found[0]) if found else None


async def quoted(connection: Connection, contact_id: str) -> tuple[GivenAnswer, ...]:
    """Answers of a contact, and of all joined to it, that others are shown, or would be if approved."""
    members = [one.contact_id for one in await family(connection, contact_id)]
    asked: list[Asked] = [(_QUOTED, {"bucket": bucket_of(one), "contact": one}) for one in members]
    answers: list[GivenAnswer] = []
    for member, found in zip(members, await connection.read_all(asked), strict=True):
        whose = "" if member == contact_id else member
        answers += [replace(_given(row), contact_id=whose) for row in found]
    return tuple(answers)


async def quotes(
    connection: Connection, state: QuoteState, most: int = QUOTES_MAX
) -> list[tuple[str, GivenAnswer]]:
    """Answers whose quote is in a state, with whose they are; newest first."""
    found = await connection.read(_QUOTES, state=state, most=most)
    return [(str(row[0]), _given(row[1:])) for row in found]


async def approved(connection: Connection) -> tuple[ApprovedQuote, ...]:
    """The quotes that texts may use, newest first."""
    found = await quotes(connection, QuoteState.APPROVED)
    return tuple(
        ApprovedQuote(given.quote, given.flow, given.language, given.at)
        for _, given in found
        if given.quote is not None
    )


async def called(connection: Connection, answer_id: str) -> tuple[str, GivenAnswer] | None:
    """The answer of this id, and whose it is; None where none of the id was allowed to be quoted."""
    found = await connection.read(_CALLED, bucket=bucket_of(answer_id), id=answer_id)
    return (str(found[0][0]), _given(found[0][1:])) if found else None


async def decide(  # noqa: PLR0913  # a decision is what it is made of
    connection: Connection,
    contact_id: str,
    given: GivenAnswer,
    state: QuoteState,
    quote: Quote | None,
    *,
    by: str,
    at: datetime,
    generation: str,
) -> bool:
    """Let a quote be in another state, known to all within a second; False where it has changed."""
    changed = await connection.read(
        _DECIDE,
        bucket=bucket_of(contact_id),
        contact=contact_id,
        id=given.id,
        before=given.quote_state,
        state=state,
        quote=to_json(quote._asdict()) if quote is not None else None,
        at=microseconds(at),
        by=by,
    )
    if changed:
        await revisions.touch(connection, generation)
    return bool(changed)


async def forget_quotes(connection: Connection, contact_id: str, now: datetime) -> None:
    """Let nobody show what an erased person wrote any more; the words themselves go with all others."""
    found = await connection.read(_SHOWN, bucket=bucket_of(contact_id), contact=contact_id)
    if found:
        named = derived_id(f"erased/{contact_id}/{microseconds(now)}", bucket_of(contact_id))
        await revisions.touch(connection, named)


def _given(row: Sequence[Any]) -> GivenAnswer:
    quote = orjson.loads(row[14]) if row[14] else None
    return GivenAnswer(
        id=row[0],
        flow=row[1],
        revision=row[2],
        step=row[3],
        variant=row[4],
        run=row[5],
        kind=row[6],
        at=instant(row[7]),
        channel=row[8],
        language=row[9],
        choice=row[10],
        score=row[11],
        words=row[12],
        quote_state=QuoteState(row[13]) if row[13] is not None else None,
        quote=Quote(quote["words"], quote["by"]) if quote is not None else None,
        decided_at=loaded(row[15]),
        decided_by=row[16],
    )
