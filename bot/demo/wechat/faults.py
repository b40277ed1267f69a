"""The faults one can ask the loopback WeChat for: in its API, and in its pushes to the account's server."""

from typing import Literal

from pydantic import Field

from bot.demo.faults import AnyFault, FaultsAhead

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


class Fault(AnyFault):
    """Something that shall go wrong; `times` is how often, None: until it is cleared.

    `account` (a name), `openid` and, in the API, `path` narrow whom and what it hits; None: any.
    """

    kind: FaultKind
    account: str | None = None
    openid: str | None = None
    path: str | None = None
    code: int = -1
    status: int = Field(default=502, ge=400, le=599)
    seconds: float = Field(default=0, ge=0, le=3600)


class Faults(FaultsAhead[Fault]):
    """What was asked to go wrong here."""

    def take(self, account: str, openid: str, *kinds: FaultKind, path: str = "") -> Fault | None:
        """Return the fault of one of these kinds that shall happen here and now, and count it down."""
        return self.first(
            lambda fault: (
                fault.kind in kinds
                and fault.account in (None, account)
                and fault.openid in (None, openid)
                and fault.path in (None, path)
            )
        )
