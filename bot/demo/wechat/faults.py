"""The faults one can ask the loopback WeChat for: in its API, and in its pushes to the account's server."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "refuse",  # the API answers with `code`, and does nothing
    "http",  # the API answers with the HTTP `status`, and does nothing
    "drop_request",  # the connection breaks, and nothing was done
    "drop_answer",  # done, then the connection breaks
    "slow_answer",  # done, answered after `seconds`
    "late_answer",  # done, answered with `code` all the same
    "no_json",  # done, answered with a page of HTML
    "lose_push_answer",  # what the server answers to a push is lost: it is pushed again
    "double_push",  # a push comes twice at the same time
    "late_push",  # a push comes `seconds` late
    "wrong_token",  # a push is signed with another token
    "same_query",  # retries of a push come with the very query of the first
]


class Fault(BaseModel):
    """Something that shall go wrong; `times` is how often, None: until it is cleared.

    `account` (a name), `openid` and, in the API, `path` narrow whom and what it hits; None: any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    account: str | None = None
    openid: str | None = None
    path: str | None = None
    code: int = -1
    status: int = Field(default=502, ge=400, le=599)
    seconds: float = Field(default=0, ge=0, le=3600)
    times: int | None = Field(default=1, ge=1)


class Faults:
    """The faults that were asked for and have not happened yet, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int | None]] = []

    def __iter__(self) -> Iterator[Fault]:
        """Yield each with the times it has left."""
        return iter([fault.model_copy(update={"times": left}) for fault, left in self._waiting])

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        """Let everything work again."""
        self._waiting.clear()

    def take(self, account: str, openid: str, *kinds: FaultKind, path: str = "") -> Fault | None:
        """Return the fault of one of these kinds that shall happen here and now, and count it down."""
        for place, (fault, left) in enumerate(self._waiting):
            hits = (
                fault.kind in kinds
                and fault.account in (None, account)
                and fault.openid in (None, openid)
                and fault.path in (None, path)
            )
            if hits:
                if left is not None and left <= 1:
                    del self._waiting[place]
                elif left is not None:
                    self._waiting[place] = (fault, left - 1)
                return fault
        return None
