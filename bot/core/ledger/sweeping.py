"""What the end of credit records where nothing else is due: the plain case of `Books.expire`, for the sweep.

The sweep of a large shop has one entry for each lot to make and nothing to decide. Whatever is not plain
(credit that is to be activated first, a checkout that timed out) is for a turn with open books.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.ledger.chain import personal_hash, sealed
from bot.core.ledger.entries import Account, Draw, Entry, Reason
from bot.core.ledger.lots import Lot, has_ended
from bot.core.ledger.recorder import SYSTEM
from bot.core.ledger.wallet import Wallet

UNNOTICED = "no notice of its end was delivered; the grace has passed"
"""Why an entry ended credit whose owner was not told."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The entries that end a wallet's lots, and the wallet after them."""

    wallet: Wallet
    entries: tuple[Entry, ...]


def swept(wallet: Wallet, lots: Sequence[Lot], now: datetime, mint: Callable[[], str]) -> Swept | None:
    """End what has ended of a wallet's open lots (all of them); None where a turn has to do it.

    No hold of it may be overdue.
    """
    entries = []
    for lot in sorted(lots, key=lambda lot: lot.id):
        if lot.pending_minor and lot.active_from <= now:
            return None
        if (lot.pending_minor or lot.available_minor) and has_ended(lot, now):
            entry = _entry(wallet, lot, now, mint)
            entries.append(entry)
            wallet = Wallet(
                wallet.contact_id,
                wallet.pending_minor - lot.pending_minor,
                wallet.available_minor - lot.available_minor,
                wallet.held_minor,
                wallet.debt_minor,
                entry.number,
                entry.hash,
                wallet.version + 1,
                wallet.id,
            )
    return Swept(wallet, tuple(entries))


def _entry(wallet: Wallet, lot: Lot, now: datetime, mint: Callable[[], str]) -> Entry:
    words = "" if lot.noticed_at is not None else UNNOTICED
    salt = mint() + mint() if words else ""
    draws = tuple(
        Draw(account, Account.BREAKAGE, lot.id, amount)
        for account, amount in (
            (Account.PENDING, lot.pending_minor),
            (Account.AVAILABLE, lot.available_minor),
        )
        if amount
    )
    unsealed = Entry(
        id=mint(),
        contact_id=wallet.contact_id,
        number=wallet.entry_count + 1,
        reason=Reason.EXPIRE,
        key=f"auto/expire/{lot.id}/{wallet.version}",
        effective_at=now,
        actor=SYSTEM,
        reason_text=words,
        salt=salt,
        personal_hash=personal_hash(salt, words),
        source_type="lot",
        source_id=lot.id,
        rule=lot.policy,
        draws=draws,
        reverses=None,
        previous_hash=wallet.last_hash or wallet.genesis,
        hash="",
    )
    return sealed(unsealed)
