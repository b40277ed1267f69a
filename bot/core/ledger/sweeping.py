"""What the end of credit records where nothing else is due: the plain case of `Books.expire`, for the sweep.

The sweep of a large shop has one entry for each lot to make and nothing to decide, so it goes without books
and objects of their own. Whatever is not plain (credit that is to be activated first, a checkout that timed
out) is for a turn.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

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

    number: int
    id: str
    key: str
    words: str
    salt: str
    personal_hash: str
    lot: str
    policy: str
    previous_hash: str
    hash: str
    draws: Sequence[tuple[str, int]]


def ends(lots: Iterable[DueLot], at: int, ids: Iterator[str]) -> list[End]:
    """Return the entries that end lots of one wallet, by number; nothing else of the wallet may be due.

    `at` is in microseconds; `ids` are new ones in its bucket, as many as `ids_for` says.
    """
    made: list[End] = []
    previous = ""
    for passed, lot in enumerate(lots):
        contact, wallet, _, _, count, last, version, lot_id, pending, available, policy, is_noticed = lot
        previous = previous or last or genesis(wallet)
        number, key = count + passed + 1, f"auto/expire/{lot_id}/{version + passed}"
        words = salt = hidden = ""
        if not is_noticed:
            words, salt = UNNOTICED, next(ids) + next(ids)
            hidden = personal_hash(salt, words)
        entry_id = next(ids)
        draws = [(source, minor) for source, minor in ((_PENDING, pending), (_AVAILABLE, available)) if minor]
        moved = [(source, _BREAKAGE, lot_id, minor, None) for source, minor in draws]
        # In the order of `entry_hash`.
        hash_ = digest(
            (
                previous,
                contact,
                number,
                entry_id,
                _EXPIRE,
                key,
                at,
                SYSTEM,
                OF_LOT,
                lot_id,
                policy,
                None,
                moved,
                hidden,
            )
        )
        made.append(End(number, entry_id, key, words, salt, hidden, lot_id, policy, previous, hash_, draws))
        previous = hash_
    return made


def ids_for(lots: Iterable[DueLot]) -> int:
    """How many ids `ends` takes for these lots."""
    return sum(1 if lot.is_noticed else 3 for lot in lots)
