"""What the shop asks: of whom, and done once for its Idempotency-Key."""

from collections.abc import Awaitable, Callable

from bot.conversation.operations import REQUEST, REQUESTS, operation_work
from bot.conversation.whom import find_contact
from bot.core.api_keys import ApiKey
from bot.storage import api_answers, contacts
from bot.storage.api_answers import Kept
from bot.storage.driver import Connection
from bot.web.rest import asked as rest
from bot.web.rest.asked import Json, Told, key_used, told
from bot.web.rest.problems import ApiProblem, one_field

Asked = rest.Asked[ApiKey]
"""One request of a program of the shop's: `who` is its key."""


async def member_id(asked: Asked, text: str, pointer: str) -> str:
    """The id of the contact that is named so. Raises ApiProblem where nobody is."""
    found = await asked.door.database.query(lambda connection: find_contact(connection, text))
    if found is None:
        raise no_member(pointer)
    return found


def no_member(pointer: str) -> ApiProblem:
    """Say that nobody is known by what stands there."""
    return one_field(
        404, "no-such-member", pointer, "nobody is known by this", "make them one first: POST /api/members"
    )


async def operate(
    asked: Asked,
    name: str,
    body: Json,
    *,
    contact_id: str | None = None,
    address: tuple[str, str] | None = None,
    once: str = "",
) -> Told:
    """Have an operation done as a turn, once for its Idempotency-Key, and tell what it came to."""
    key = once or asked.once
    if await asked.door.database.query(lambda c: is_anothers(c, key, contact_id, address)):
        raise key_used(once)
    work = operation_work(
        name,
        body,
        key=f"{REQUESTS}{key}",
        at=asked.door.clock(),
        contact_id=contact_id,
        address=address,
    )
    return told(await asked.door.dispatcher.submit(work), once)


async def is_anothers(
    connection: Connection, key: str, contact_id: str | None, address: tuple[str, str] | None
) -> bool:
    """Whether the key was used for another contact, or for what concerns none."""
    owner = await contacts.find(connection, REQUEST, key)
    if owner is None:
        return await api_answers.is_used(connection, key)
    if address is not None:
        contact_id = await contacts.find(connection, *address)
    meant = await contacts.known(connection, contact_id) if contact_id else None
    used_for = await contacts.known(connection, owner)
    return meant is None or used_for is None or meant.id != used_for.id


async def do_once(
    asked: Asked, name: str, do: Callable[[Connection], Awaitable[Json]], *, path: Json | None = None
) -> Told:
    """Do what is no contact's turn, once for its Idempotency-Key; the request is its name, path and body.

    `path` stands for the path where that itself should leave no trace.
    """
    request = _request(asked, name, path)

    async def work(connection: Connection) -> Kept | None:
        if await contacts.find(connection, REQUEST, asked.once):
            return None
        return await api_answers.done_once(connection, asked.once, request, asked.door.clock(), do)

    kept = await asked.door.database.transact(work)
    if kept is None or kept.is_conflict:
        raise key_used()
    return Told(kept.result, is_replay=kept.is_replay)


async def answered_before(asked: Asked, name: str, path: Json | None = None) -> Told | None:
    """What this request came to, where it was no contact's turn. Raises ApiProblem where it was another."""
    request = _request(asked, name, path)
    kept = await asked.door.database.query(lambda c: api_answers.find(c, asked.once, request))
    if kept is not None and kept.is_conflict:
        raise key_used()
    return Told(kept.result, is_replay=True) if kept is not None else None


def _request(asked: Asked, name: str, path: Json | None) -> Json:
    body = asked.body.model_dump(mode="json", exclude_unset=True) if asked.body else {}
    return {"name": name, "path": dict(path if path is not None else asked.path), "body": body}
