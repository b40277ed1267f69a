"""What a route is asked: by which key, for what; and the roads by which it answers."""

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import REQUEST, REQUESTS, operation_work
from bot.conversation.whom import find_contact
from bot.conversation.work import Result
from bot.core.api_keys import ApiKey
from bot.core.contact import JsonValue
from bot.core.ids import Entropy, instant, new_id
from bot.core.turn import Shop
from bot.storage import api_answers, contacts
from bot.storage.api_answers import Kept
from bot.storage.driver import Connection, Database
from bot.web.api.fields import Body, Query
from bot.web.api.problems import ApiProblem, FieldProblem, one_field

_FIELD = re.compile(r"([a-z_]+(?:\.[a-z_0-9]+)*): (.+)", re.DOTALL)

B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)
Json = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Door:
    """What the API needs of the application."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    shop: Callable[[], Shop]
    """What turns know of the shop now."""
    hash_address: Callable[[str], Sequence[str]]
    """The keyed hashes of an address, the newest secret's first."""
    entropy: Entropy = os.urandom


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, understood; `key` says who asks, `once` is its Idempotency-Key, empty where none is."""

    door: Door
    key: ApiKey
    path: Mapping[str, str]
    body: Body | None = None
    query: Query | None = None
    once: str = ""

    def body_as(self, model: type[B]) -> B:
        """The body, of the type that the route table says."""
        assert isinstance(self.body, model), "the route table says which it is"
        return self.body

    def query_as(self, model: type[Q]) -> Q:
        """The query, of the type that the route table says."""
        assert isinstance(self.query, model), "the route table says which it is"
        return self.query


@dataclass(frozen=True, slots=True)
class Told:
    """An answer; `is_replay` says that it is what was answered to the same request before."""

    body: Json
    status: int = 200
    is_replay: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


Does = Callable[[Asked], Awaitable[Told]]


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


async def ask_for(asked: Asked, name: str, body: Json, contact_id: str) -> Told:
    """Have an operation tell something that changes nothing: asked again, it may tell something else."""
    now = asked.door.clock()
    key = f"asked/{new_id(now, 0, asked.door.entropy)}"
    work = operation_work(name, body, key=key, at=now, contact_id=contact_id)
    return told(await asked.door.dispatcher.submit(work))


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


def key_used(once: str = "") -> ApiProblem:
    """Refuse another payload with the same key: 422, draft-ietf-httpapi-idempotency-key-header-07, 2.7."""
    pointer = "#/id" if once else "header/Idempotency-Key"
    return one_field(
        422, "key-used", pointer, "was used for another request", "give every new request a key of its own"
    )


def told(result: Result, once: str = "") -> Told:
    """What a turn came to. Raises ApiProblem for what it refused."""
    if result.is_conflict:
        raise key_used(once)
    if result.result is None:
        raise ApiProblem(
            503,
            "failed",
            "it could not be done, and nothing of it was",
            "send it again with the same Idempotency-Key; where that goes on, look at our log",
            headers={"Retry-After": "60"},
        )
    problem = result.result.get("problem")
    if isinstance(problem, dict):
        raise refused(problem, is_replay=result.is_duplicate)
    return Told(result.result, is_replay=result.is_duplicate)


def refused(problem: Json, *, is_replay: bool) -> ApiProblem:
    """Say what an operation refused; the same again for the same request."""
    headers = {"Idempotent-Replayed": "true"} if is_replay else {}
    status = problem.get("status")
    assert isinstance(status, int), "operations refuse with a status"
    if "code" in problem:
        code, facts = str(problem["code"]), problem.get("facts")
        what, remedy = SAID.get(code, (code.replace("_", " "), "look at the facts"))
        known = facts if isinstance(facts, dict) else {}
        return ApiProblem(status, code.replace("_", "-"), what, remedy, headers=headers, facts=known)
    what, remedy = str(problem["what"]), str(problem["remedy"])
    named = _FIELD.fullmatch(what)  # operations begin with the field, where it is one
    errors = [FieldProblem("#/" + named[1].replace(".", "/"), named[2], remedy)] if named else []
    return ApiProblem(status, "refused", what, remedy, headers=headers, errors=errors)


ANOTHER_MEMBERS = ("the order is another member's", "tell who bought it, or no member")
SAID: Mapping[str, tuple[str, str]] = {
    "another_members": ANOTHER_MEMBERS,
    "not_enough_credit": ("there is not so much credit", "ask for less: the wallet says what can be spent"),
    "price_changed": ("it would be more to pay than was quoted", "quote again, and show what it is now"),
    "reward_gone": ("the program has no such reward", "take the id of one from program.yaml"),
    "not_for_you": ("the reward is not for this member", "see whom the program gives it to"),
    "had_it": ("the member has had it as often as one may", "offer another one"),
    "sold_out": ("nothing is left of it", "offer another one, or raise its stock"),
}
"""What an operation refuses and what to do, by its code; another try is another request, with another key."""


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


async def read(asked: Asked, ask: Callable[[Connection], Awaitable[Told]]) -> Told:
    """Answer from the database, without waiting for writers."""
    return await asked.door.database.query(ask)


def stamp(at: datetime) -> str:
    """An instant as we write it."""
    return at.isoformat().replace("+00:00", "Z")


def instant_of(stored: int) -> str:
    """A stored instant as we write it."""
    return stamp(instant(stored))
