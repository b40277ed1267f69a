"""What a route is asked: by whom, for what; and the roads by which it answers."""

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import operation_work
from bot.conversation.work import Result
from bot.core.contact import JsonValue
from bot.core.ids import Entropy, instant, new_id
from bot.core.quickly import quickly_made
from bot.core.turn import Shop
from bot.storage.driver import Connection, Database
from bot.web.rest.fields import Body, Query
from bot.web.rest.problems import ApiProblem, FieldProblem, one_field

_FIELD = re.compile(r"([a-z_]+(?:\.[a-z_0-9]+)*): (.+)", re.DOTALL)

B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)
W_co = TypeVar("W_co", covariant=True)
Json = Mapping[str, JsonValue]


def _nothing() -> None:
    """Nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Door:
    """What every API needs of the application."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    shop: Callable[[], Shop]
    """What turns know of the shop now."""
    hash_address: Callable[[str], Sequence[str]]
    """The keyed hashes of an address, the newest secret's first."""
    entropy: Entropy = os.urandom
    erased: Callable[[], None] = _nothing
    """Is told that somebody was erased: what this process remembers of anybody is looked up again."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[W_co]):
    """One request, understood; `who` asks, `once` is its Idempotency-Key, empty where none is."""

    door: Door
    who: W_co
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


@quickly_made
@dataclass(frozen=True, slots=True)
class Told:
    """An answer; `is_replay` says that it is what was answered to the same request before."""

    body: Json
    status: int = 200
    is_replay: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


async def ask_for(asked: Asked[object], name: str, body: Json, contact_id: str) -> Told:
    """Have an operation tell something that changes nothing: asked again, it may tell something else."""
    now = asked.door.clock()
    key = f"asked/{new_id(now, 0, asked.door.entropy)}"
    work = operation_work(name, body, key=key, at=now, contact_id=contact_id)
    return told(await asked.door.dispatcher.submit(work))


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
        unknown = (code.replace("_", " "), "look at the facts")
        what, remedy = SAID.get(code) or ON_PAGES.get(code, unknown)
        known = facts if isinstance(facts, dict) else {}
        return ApiProblem(status, code.replace("_", "-"), what, remedy, headers=headers, facts=known)
    what, remedy = str(problem["what"]), str(problem["remedy"])
    named = _FIELD.fullmatch(what)  # operations begin with the field, where it is one
    if named:
        pointer = "#/" + named[1].replace(".", "/")
        error = FieldProblem(pointer, named[2], remedy)
        return ApiProblem(
            status, "refused", f"{pointer}: {named[2]}", remedy, headers=headers, errors=[error]
        )
    return ApiProblem(status, "refused", what, remedy, headers=headers)


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
ON_PAGES: Mapping[str, tuple[str, str]] = {
    "drop_over": ("the drop is over, or not for this shopper", "GET /mp/drops lists what is on and next"),
    "not_open": ("the drop is not open to this shopper yet", "`at` says when it is"),
    "had_yours": ("the shopper has as many of the drop as one may", "GET /mp/drops says how many more"),
    "not_reserved": ("nothing of the drop is reserved", "GET /mp/drops shows what is, as `mine`"),
    "too_early": ("this day is checked in on", "`next_at` says when the next one begins"),
    "no_checkin": ("the program has no check-in", "leave it out where `features.checkin` is false"),
    "no_wheel": ("there is no wheel to spin", "leave it out where `features.wheel` is false"),
    "not_here": ("the program keeps its wheel out of WeChat", "`in_wechat: true` in program.yaml lets it in"),
    "spun_today": ("the shopper has spun as often as one may today", "GET /mp/wheel counts `spins_left`"),
    "spun_enough": ("the shopper has had all spins", "GET /mp/wheel counts `spins_left`"),
}
"""What only shoppers are refused, likewise; their own words for it are the fact `says`."""


async def read(asked: Asked[object], ask: Callable[[Connection], Awaitable[Told]]) -> Told:
    """Answer from the database, without waiting for writers."""
    return await asked.door.database.query(ask)


def stamp(at: datetime) -> str:
    """An instant as we write it."""
    return at.isoformat().replace("+00:00", "Z")


def instant_of(stored: int) -> str:
    """A stored instant as we write it."""
    return stamp(instant(stored))
