"""Every table, as SQLModel says it, and the registry that says how each is distributed."""

from sqlalchemy import Table

from bot.storage.tables import (
    contacts,
    house,
    journeys,
    ledger,
    messages,
    pages,
    program,
    shop,
    tracking,
    wechat,
)
from bot.storage.tables.base import FOREVER, NAMING, Kind, Row
from bot.storage.tables.contacts import IS_MEMBER
from bot.storage.tables.ledger import LOT_OPEN

__all__ = [
    "FOREVER",
    "IS_MEMBER",
    "KINDS",
    "LOT_OPEN",
    "NAMING",
    "Kind",
    "Row",
    "contacts",
    "house",
    "journeys",
    "kind_of",
    "ledger",
    "messages",
    "pages",
    "program",
    "shop",
    "tracking",
    "wechat",
]

KINDS: dict[str, Kind] = {
    "directory": Kind.DIRECTORY,
    "suppression": Kind.DIRECTORY,
    "parked_refund": Kind.DIRECTORY,
    "api_answer": Kind.DIRECTORY,
    "seen_message": Kind.DIRECTORY,
    "counter": Kind.COUNTER,
    "sender": Kind.COUNTER,
    "step_figure": Kind.COUNTER,
    "tally": Kind.COUNTER,
    "audience_size": Kind.COUNTER,
    "built": Kind.COUNTER,
    "learnt": Kind.COUNTER,
    "product": Kind.SHARED,
    "revision": Kind.SHARED,
    "setting": Kind.SHARED,
    "audit": Kind.SHARED,
    "api_key": Kind.SHARED,
    "wechat_media": Kind.SHARED,
    "bill": Kind.SHARED,
    "campaign_link": Kind.SHARED,
    "import_run": Kind.SHARED,
    "experiment_note": Kind.SHARED,
}
"""The registry: every table not named here is contact-owned."""


def kind_of(table: Table) -> Kind:
    """Say how a table is spread over several servers."""
    return KINDS.get(table.name, Kind.CONTACT_OWNED)
