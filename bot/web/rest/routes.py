"""The shape of a route: a line of the table that answers requests and that `/openapi.json` is made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Never, TypeVar

from pydantic import BaseModel

from bot.core.api_keys import Scope
from bot.web.rest.asked import Asked, Told
from bot.web.rest.fields import Body, Query

Method = Literal["GET", "PUT", "POST"]
W_contra = TypeVar("W_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[W_contra]):
    """One thing an API does for who asks. `path` is below its prefix, `fields` are the types of its parts.

    What is no GET writes, unless it `only_asks`, and wants an Idempotency-Key unless the body brings its own
    (`key_in_body`).
    """

    method: Method
    path: str
    name: str
    summary: str
    does: Callable[[Asked[W_contra]], Awaitable[Told]]
    answer: type[BaseModel]
    body: type[Body] | None = None
    query: type[Query] | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    scope: Scope | None = None
    """What a key must be good for, where one asks with a key."""
    status: int = 200
    key_in_body: bool = False
    only_asks: bool = False
    says_no: Mapping[int, str] = field(default_factory=dict)
    """What else may be answered, by status: beside what every route may answer."""

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET" and not self.only_asks

    @property
    def wants_key(self) -> bool:
        """Whether a request must carry an Idempotency-Key."""
        return self.writes and not self.key_in_body


AnyRoute = Route[Never]
"""A route of whomever."""
