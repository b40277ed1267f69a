"""The shape of a route: a line of the table that answers requests and that `/openapi.json` is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from bot.core.api_keys import Scope
from bot.web.api.asked import Does
from bot.web.api.fields import Body, Query

Method = Literal["GET", "PUT", "POST"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing the API does. `path` is below `/api`; `fields` are the types of its `{parts}`.

    What is no GET writes, unless it `only_asks`, and wants an Idempotency-Key unless the body brings its own
    (`key_in_body`).
    """

    method: Method
    path: str
    name: str
    summary: str
    scope: Scope
    does: Does
    answer: type[BaseModel]
    body: type[Body] | None = None
    query: type[Query] | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
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
