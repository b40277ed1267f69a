"""What audiences may ask of contacts beside their figures, read for many contacts at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.audiences.audience import Credit, Topic
from bot.core.contact import Address, Contact, Pending, SubscriptionState
from bot.core.deeds.figures import NO_CREDIT, credit_in
from bot.core.deeds.tier_turns import TIER
from bot.core.ids import bucket_of
from bot.core.ledger.books import Books
from bot.core.quickly import quickly_made
from bot.core.turn import Snapshot
from bot.storage.driver import Connection, Statement
from bot.storage.rows import ADDRESS_COLUMNS, address_from
from bot.storage.snapshots import Wanted, load_snapshots

_TIERS = Statement(f"""
    SELECT s.contact, s.value FROM @each(keys: bucket integer, contact text)
    JOIN standing s ON s.bucket = keys.bucket AND s.contact = keys.contact AND s.kind = '{TIER}'
""")  # noqa: S608  # our own constant
_ADDRESSES = Statement(f"""
    SELECT a.contact, {ADDRESS_COLUMNS} FROM @each(keys: bucket integer, contact text)
    JOIN address a ON a.bucket = keys.bucket AND a.contact = keys.contact
    ORDER BY a.contact, a.created_at, a.channel, a.value
""")  # noqa: S608  # our own constants


@quickly_made
@dataclass(frozen=True, slots=True)
class Facts:
    """What is so of one contact; what was not asked for is as of somebody who has nothing."""

    contact: Contact
    subscriptions: Mapping[str, SubscriptionState]
    pending: Mapping[str, Pending]
    tier: str | None = None
    credit: Credit = NO_CREDIT


async def facts(
    connection: Connection, contacts: Mapping[str, Contact], topics: Collection[Topic], now: datetime
) -> dict[str, Facts]:
    """What is so of these contacts, as far as these topics ask."""
    snapshots = dict[str, Snapshot]()
    if Topic.CONSENT in topics or Topic.WALLET in topics:
        wanted = {contact: Wanted(lots=True) for contact in contacts} if Topic.WALLET in topics else None
        snapshots = await load_snapshots(connection, contacts, wanted)
    tiers = dict[str, str]()
    if Topic.TIER in topics:
        keys = [(bucket_of(contact), contact) for contact in contacts]
        # Whether it is over is for the job of standings to say; it says so within a minute.
        tiers = {row[0]: row[1] for row in await connection.read(_TIERS, keys=keys) if row[1]}
    return {
        contact.id: _facts(contact, snapshots.get(contact.id), tiers.get(contact.id), topics, now)
        for contact in contacts.values()
    }


async def addresses(connection: Connection, contacts: Collection[str]) -> dict[str, list[Address]]:
    """The addresses of these contacts, and the names by which others know them, oldest first."""
    keys = [(bucket_of(contact), contact) for contact in contacts]
    found: dict[str, list[Address]] = {}
    for row in await connection.read(_ADDRESSES, keys=keys):
        found.setdefault(row[0], []).append(address_from(row[1:]))
    return found


def _facts(
    contact: Contact, snapshot: Snapshot | None, tier: str | None, topics: Collection[Topic], now: datetime
) -> Facts:
    tier = tier if contact.is_member else None
    if snapshot is None:
        return Facts(contact, {}, {}, tier)
    credit = NO_CREDIT
    if Topic.WALLET in topics:
        books = Books(snapshot.wallet, snapshot.lots, snapshot.holds, lots_complete=True, mint=str)
        credit = credit_in(books, now)
    return Facts(contact, snapshot.subscriptions, snapshot.pending, tier, credit)
