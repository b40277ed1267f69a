"""A crowd of members with open sessions, made in bulk, who ask at the same moment over real HTTP."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from bot.core.contact import Address, Contact
from bot.core.ids import bucket_of, new_contact_id, new_id
from bot.core.sessions import LASTS, Session, StartedBy, hash_of, new_secret, token_of
from bot.storage import tables, turns
from bot.storage.driver import Connection, Present, Rows
from bot.storage.sessions import session_row
from tests.conversation.chat import Chat
from tests.web.api.conftest import Answered

_SESSION = Rows(tables.Row.metadata.tables["session"], Present.FAIL)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Seat:
    """One of the crowd: who it is, the token it shows, the address it asks from."""

    contact_id: str
    token: str
    caller: str


async def crowd(chat: Chat, count: int, *, locale: str = "en") -> list[Seat]:
    """Make members, each with an open session; each asks from an address of its own."""
    seats: list[Seat] = []
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))

        async def put(connection: Connection, numbers: range = numbers) -> list[Seat]:
            return await _put(connection, chat, numbers, locale)

        seats += await chat.app.database.transact(put)
    return seats


async def _put(connection: Connection, chat: Chat, numbers: range, locale: str) -> list[Seat]:
    now, newcomers, sessions, seats = chat.clock.now, [], [], []
    for number in numbers:
        contact_id = new_contact_id(now, os.urandom)
        bucket = bucket_of(contact_id)
        zone = "America/New_York"
        contact = Contact(contact_id, bucket, locale, zone, now, zone_is_known=True, enrolled_at=now)
        newcomers.append((contact, Address("sms", f"+1212{5_000_000 + number}")))
        secret, session_id = new_secret(os.urandom), new_id(now, bucket, os.urandom)
        link = StartedBy.LINK
        session = Session(session_id, contact_id, hash_of(secret), "sms", "", link, now, now + LASTS[link])
        sessions.append(session_row(contact_id, session))
        caller = f"198.51.{number // 250}.{number % 250}"
        seats.append(Seat(contact_id, token_of(session_id, secret), caller))
    assert all(await turns.create(connection, newcomers, now))
    await connection.write(_SESSION, sessions)
    return seats


async def all_at_once(  # noqa: PLR0913  # a request, by whom, how often
    chat: Chat,
    seats: Sequence[Seat],
    path: str,
    body: object = None,
    *,
    times: int = 1,
    once: str = "same-tap",
    connections: int = 100,
) -> list[list[Answered]]:
    """Have everybody POST the same, each `times` at the same moment with one key; what each was answered."""
    content = None if body is None else json.dumps(body).encode()
    url = f"{chat.url}/mp{path}"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:

        async def ask(seat: Seat) -> Answered:
            headers = {
                "Authorization": f"Bearer {seat.token}",
                "Idempotency-Key": once,
                "X-Forwarded-For": seat.caller,
                "Content-Type": "application/json",
            }
            async with session.post(url, data=content, headers=headers) as answer:
                return Answered(answer.status, dict(answer.headers), await answer.read())

        asked = [ask(seat) for _ in range(times) for seat in seats]
        answers = await asyncio.gather(*asked)
    return [[answers[turn * len(seats) + place] for turn in range(times)] for place in range(len(seats))]
