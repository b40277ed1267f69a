"""A turn: one trigger handled for one contact, from a fixed snapshot to recorded effects.

Nothing here reads or writes the world. The engine and the handlers look at the snapshot, record
what shall happen, and the conversation layer commits all of it together or nothing of it. A turn may
therefore be decided again from a fresh snapshot at any time.
"""

from bot.core.turn.facts import consent_facts, zones_of
from bot.core.turn.shop import Shop
from bot.core.turn.snapshot import CREDIT, NeedsMore, NeedsUnits, OpenWallet, Snapshot
from bot.core.turn.turn import Turn

__all__ = [
    "CREDIT",
    "NeedsMore",
    "NeedsUnits",
    "OpenWallet",
    "Shop",
    "Snapshot",
    "Turn",
    "consent_facts",
    "zones_of",
]
