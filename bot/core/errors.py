"""The error tree: one branch per remedy, so that a caller knows what to do by catching a branch.

RegularsError
├── TellMember     the contact asked for what cannot be had: say so kindly, change nothing
├── RetryLater     the world is busy: the same call may succeed later
├── NeverRetry     the same call can never succeed: record it and show an operator
    ├── CannotStart    a port or the database is not as it must be: mend it and start again
├── FlowError      a marketer's file is wrong: file, line, column, problem, remedy
└── Refused        a request from outside is wrong: what, where and what to do
"""

from dataclasses import dataclass, field
from datetime import timedelta


class RegularsError(Exception):
    """Root of every error Regulars raises on purpose."""


class TellMember(RegularsError):
    """The contact asked for something that cannot be had now.

    `code` is what a flow may branch on (`not_enough_credit`), `facts` what its text may name.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class RetryLater(RegularsError):
    """The same call may succeed later, not before `after` when that is known."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class NeverRetry(RegularsError):
    """The same call can never succeed."""


class CannotStart(RegularsError):
    """Something around us is not as it must be; the text says what to do."""


@dataclass(eq=False)
class FlowError(RegularsError):
    """One complaint about a marketer's file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    problem: str
    remedy: str
    others: tuple["FlowError", ...] = field(default=())

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def __str__(self) -> str:
        """`file:line:column: problem (remedy)`, the form editors can jump to."""
        return f"{self.file}:{self.line}:{self.column}: {self.problem} ({self.remedy})"


class Refused(RegularsError):
    """A request from outside that is refused; `status` is the HTTP status that says so."""

    def __init__(self, what: str, remedy: str, status: int = 400) -> None:
        super().__init__(f"{what} ({remedy})")
        self.what = what
        self.remedy = remedy
        self.status = status
