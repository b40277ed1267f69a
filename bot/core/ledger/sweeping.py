"""What the end of credit records where nothing else is due: the plain case of `Books.expire`, for the sweep.

The sweep of a large shop has one entry for each lot to make and nothing to decide, so it goes without books
and objects of their own. Whatever is not plain (credit that is to be activated first, a checkout that timed
out) is for a turn.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.core.ids import microseconds
from bot.core.ledger.chain import digest, personal_hash
from bot.core.ledger.entries import Account, Reason
from bot.core.ledger.recorder import SYSTEM
from bot.core.ledger.wallet import genesis

UNNOTICED = "no notice of its end was delivered; the grace has passed"
"""Why an entry ended credit whose owner was not told."""
OF_LOT = "lot"
"""The source type of an entry that ends a lot."""
_EXPIRE, _BREAKAGE = Reason.EXPIRE.value, Account.BREAKAGE.value
_PENDING, _AVAILABLE = Account.PENDING.value, Account.AVAILABLE.value


class DueLot(NamedTuple):
    """A lot that has ended, and its wallet before the sweep, as they are stored."""

    contact_id: str
    wallet: str
    wallet_pending_minor: int
    wallet_available_minor: int
    entry_count: int
    last_hash: str
    version: int
    id: str
    pending_minor: int
    available_minor: int
    policy: str
    is_noticed: bool


class End(NamedTuple):
    """The entry that ends a lot, as far as it differs from others; `draws` are (from, minor units)."""

    lot: str
    policy: str
    id: str
    number: int
    key: str
    words: str
    salt: str
    personal_hash: str
    previous_hash: str
    hash: str
    draws: Sequence[tuple[str, int]]


def ends(lots: Iterable[DueLot], now: datetime, ids: Iterator[str]) -> list[End]:
    """Return the entries that end lots of one wallet, by number; nothing else of the wallet may be due.

    `ids` are new ones in its bucket, as many as `ids_for` says.
    """
    made: list[End] = []
    at = microseconds(now)
    for passed, lot in enumerate(lots):
        previous = made[-1].hash if made else lot.last_hash or genesis(lot.wallet)
        number = lot.entry_count + passed + 1
        key = f"auto/expire/{lot.id}/{lot.version + passed}"
        words = "" if lot.is_noticed else UNNOTICED
        salt = next(ids) + next(ids) if words else ""
        hidden = personal_hash(salt, words)
        draws = []
        if lot.pending_minor:
            draws.append((_PENDING, lot.pending_minor))
        if lot.available_minor:
            draws.append((_AVAILABLE, lot.available_minor))
        entry_id = next(ids)
        moved = [(source, _BREAKAGE, lot.id, minor, None) for source, minor in draws]
        own = (lot.contact_id, number, entry_id, _EXPIRE, key, at, SYSTEM, OF_LOT, lot.id, lot.policy, None)
        hash_ = digest((previous, *own, moved, hidden))
        made.append(
            End(lot.id, lot.policy, entry_id, number, key, words, salt, hidden, previous, hash_, draws)
        )
    return made


def ids_for(lots: Iterable[DueLot]) -> int:
    """How many ids `ends` takes for these lots."""
    return sum(1 if lot.is_noticed else 3 for lot in lots)
