"""What the ledger writes: an entry, its draws, and the moves between accounts that are legal.

A draw is a debit and a credit at once, so an entry balances by construction. The program's accounts
(`issue`, `spent`, `breakage`, `clawback`, `writeoff`) have no row of their own: they are sums over draws,
so nobody waits for a lock on the program.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.core.quickly import quickly_made


class Account(StrEnum):
    """Where credit can be; `debt` is the member's contra account (what the program is owed)."""

    ISSUE = "issue"
    SPENT = "spent"
    BREAKAGE = "breakage"
    CLAWBACK = "clawback"
    WRITEOFF = "writeoff"
    TRANSFER = "transfer"
    PENDING = "pending"
    AVAILABLE = "available"
    HELD = "held"
    DEBT = "debt"


class Reason(StrEnum):
    """Why an entry was made."""

    EARN = "earn"
    ACTIVATE = "activate"
    REDEEM = "redeem"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRE = "expire"
    ADJUST = "adjust"
    REVERSE = "reverse"
    RESTORE = "restore"
    CLAW_BACK = "claw_back"
    REPAY = "repay"
    EXTEND = "extend"
    REINSTATE = "reinstate"
    GIVE = "give"
    RECEIVE = "receive"
    JOIN = "join"


_A = Account
LEGAL_MOVES = frozenset(
    {
        (_A.ISSUE, _A.PENDING),  # earn
        (_A.ISSUE, _A.AVAILABLE),
        (_A.PENDING, _A.AVAILABLE),  # activate
        (_A.PENDING, _A.CLAWBACK),  # claw back
        (_A.AVAILABLE, _A.CLAWBACK),
        (_A.DEBT, _A.CLAWBACK),  # the shortfall of a claw-back
        (_A.BREAKAGE, _A.CLAWBACK),  # a claw-back of what had ended unused
        (_A.AVAILABLE, _A.DEBT),  # repay
        (_A.DEBT, _A.WRITEOFF),
        (_A.AVAILABLE, _A.SPENT),  # redeem
        (_A.AVAILABLE, _A.HELD),  # hold
        (_A.HELD, _A.SPENT),  # capture
        (_A.HELD, _A.AVAILABLE),  # release
        (_A.HELD, _A.BREAKAGE),  # release of a lot that ended meanwhile
        (_A.AVAILABLE, _A.BREAKAGE),  # expire
        (_A.PENDING, _A.BREAKAGE),
        (_A.SPENT, _A.AVAILABLE),  # restore, into the lot or its grace child
        (_A.SPENT, _A.BREAKAGE),  # restore of a lot that ended and gets no grace
        (_A.CLAWBACK, _A.AVAILABLE),  # reverse of a debit adjustment
        (_A.CLAWBACK, _A.BREAKAGE),
        (_A.BREAKAGE, _A.AVAILABLE),  # reverse of an expiry, or a reinstatement, into a child lot
        (_A.AVAILABLE, _A.TRANSFER),  # give to another member
        (_A.TRANSFER, _A.AVAILABLE),  # receive, or back where it could not arrive
        (_A.TRANSFER, _A.BREAKAGE),  # back to a lot that ended meanwhile
        (_A.PENDING, _A.TRANSFER),  # join: a lot crosses whole, with what became of it
        (_A.SPENT, _A.TRANSFER),
        (_A.BREAKAGE, _A.TRANSFER),
        (_A.CLAWBACK, _A.TRANSFER),
        (_A.TRANSFER, _A.DEBT),
        (_A.TRANSFER, _A.PENDING),
        (_A.TRANSFER, _A.SPENT),
        (_A.TRANSFER, _A.CLAWBACK),
        (_A.DEBT, _A.TRANSFER),
    },
)
"""Every (source, target) a draw may have."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Draw:
    """What an entry moves: `amount_minor` > 0 from `source` to `target`.

    `lot_id` is the lot both sides belong to, None where debt arises (no lot is behind it).
    `child_lot_id` is the lot that receives the amount when that is not the lot it came from (grace).
    """

    source: Account
    target: Account
    lot_id: str | None
    amount_minor: int
    child_lot_id: str | None = None

    @property
    def of_lot(self) -> str:
        """The lot it comes from; ask only of draws that have one."""
        assert self.lot_id is not None, "a debt has no lot"
        return self.lot_id


@dataclass(frozen=True, slots=True)
class Extension:
    """A lot's end that an entry moved: it was good through one day, in its zone, and is through a later."""

    lot_id: str
    was_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry is asked for: who, under which key, for what.

    `key` makes it happen once per contact; keys that begin with `auto/` are the ledger's own.
    `actor` and `source_id` name things by id and are never personal; `reason_text` may be personal (an
    operator's words): it is hashed with a salt that erasure deletes. `rule` is the policy as `id@version`.
    """

    key: str
    actor: str
    reason_text: str = ""
    source_type: str = ""
    source_id: str = ""
    rule: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Entry:
    """One immutable movement of credit; `number` counts 1..n without gaps in its wallet.

    `salt` and `reason_text` are emptied by erasure; `personal_hash` stays, so that the chain still proves
    itself. `reverses` is the id of the entry that this one undoes, wholly or in part. An entry that moves
    the ends of lots has `extended` and no draws.
    """

    id: str
    contact_id: str
    number: int
    reason: Reason
    key: str
    effective_at: datetime
    actor: str
    reason_text: str
    salt: str
    personal_hash: str
    source_type: str
    source_id: str
    rule: str
    draws: tuple[Draw, ...]
    reverses: str | None
    previous_hash: str
    hash: str
    extended: tuple[Extension, ...] = ()

    @property
    def total_minor(self) -> int:
        """The sum of its draws."""
        return sum(draw.amount_minor for draw in self.draws)

    @property
    def crosses_in(self) -> bool:
        """Whether it took over what a contact left that was joined to this one."""
        came = any(
            (draw.source is Account.TRANSFER and draw.target is not Account.DEBT)
            or draw.source is Account.DEBT
            for draw in self.draws
        )
        return self.reason is Reason.JOIN and self.reverses is None and came

    def moved_minor(self, source: Account | None = None, target: Account | None = None) -> int:
        """The sum of the draws with that source and target; None matches every account."""
        return sum(
            draw.amount_minor
            for draw in self.draws
            if (source is None or draw.source is source) and (target is None or draw.target is target)
        )
