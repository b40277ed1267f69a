"""The faults one can ask the loopback WeChat Pay for: in its API, and in its notices."""

from typing import Literal

from pydantic import Field

from bot.demo.faults import AnyFault, FaultsAhead

FaultKind = Literal[
    "refuse",  # the API answers with `code` and `status`, and does nothing
    "drop_request",  # the connection breaks, and nothing was done
    "drop_answer",  # done, then the connection breaks
    "slow_answer",  # done, answered after `seconds`
    "late_answer",  # done, answered with `code` and `status` all the same
    "no_json",  # done, answered with a page of HTML
    "wrong_signature",  # done, and the answer is signed by somebody else
    "skewed_clock",  # its clock is `seconds` ahead
    "pay_at_once",  # the shopper pays before the answer to the prepay is there
    "abnormal_refund",  # the bank does not take the refund
    "closed_refund",  # the refund is closed
    "failed_payout",  # the payout fails once it was confirmed
    "lose_notice",  # a notice never comes
    "double_notice",  # a notice comes twice at the same time
    "late_notice",  # a notice comes `seconds` late
    "lose_notice_answer",  # what is answered to a notice is lost: it comes again
]


class Fault(AnyFault):
    """Something that shall go wrong; `times` is how often, None: until it is cleared.

    `path` narrows what it hits in the API: what the path begins with; `method` narrows it further.
    """

    kind: FaultKind
    path: str = ""
    method: str = ""
    code: str = "SYSTEM_ERROR"
    status: int = Field(default=500, ge=400, le=599)
    seconds: float = Field(default=0, ge=-86400, le=86400)


class Faults(FaultsAhead[Fault]):
    """What was asked to go wrong here."""

    def take(self, *kinds: FaultKind, path: str = "", method: str = "") -> Fault | None:
        """Return the fault of one of these kinds that shall happen here and now, and count it down."""
        return self.first(
            lambda fault: fault.kind in kinds and path.startswith(fault.path) and fault.method in {"", method}
        )
