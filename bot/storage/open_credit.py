"""What there is in wallets all over the shop: asked before a program no longer has their currency."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.storage.driver import Connection, Statement

# Once for a publication that changes its money, over all buckets: sums of `bigint` come as decimals.
_OPEN = Statement("""
    SELECT keys.wallet, COUNT(*),
        CAST(SUM(w.pending_minor + w.available_minor + w.held_minor) AS bigint),
        CAST(SUM(w.debt_minor) AS bigint)
    FROM @each(keys: wallet text)
    JOIN wallet w ON w.id = keys.wallet
    WHERE w.pending_minor + w.available_minor + w.held_minor + w.debt_minor > 0
    GROUP BY keys.wallet
""")


@dataclass(frozen=True, slots=True)
class OpenCredit:
    """How many contacts have, or owe, anything in the wallets of one name, and how much in all."""

    contacts: int
    credit_minor: int
    debt_minor: int


async def open_credit(connection: Connection, wallets: Iterable[str]) -> dict[str, OpenCredit]:
    """Return what is open in the wallets of these names; none where nothing is."""
    keys = [(wallet,) for wallet in wallets]
    found = await connection.read(_OPEN, keys=keys) if keys else []
    return {row[0]: OpenCredit(int(row[1]), int(row[2]), int(row[3])) for row in found}
