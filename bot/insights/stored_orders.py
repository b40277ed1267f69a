"""The shop's own orders of the past, as a simulation wants them: oldest first, with who placed them."""

from datetime import datetime
from functools import partial

from bot.core.contact import Order
from bot.core.ids import BUCKETS
from bot.core.loyalty.eligibility import MemberFacts
from bot.insights.order_files import PastOrder
from bot.storage.costing import members_with_orders
from bot.storage.driver import Database


async def stored_orders(
    database: Database, since: datetime, zone: str
) -> tuple[list[PastOrder], dict[str, MemberFacts]]:
    """Return members' orders since then, and what is known of these members; `zone` is the shop's."""
    found: list[PastOrder] = []
    facts: dict[str, MemberFacts] = {}
    for bucket in range(BUCKETS):
        read = partial(members_with_orders, bucket=bucket, since=since, zone=zone)
        for contact, member in (await database.query(read)).items():
            if member.orders:
                facts[contact] = member.facts
                found += [PastOrder(contact, order, _returned_at(order)) for order in member.orders]
    found.sort(key=lambda past: (past.order.placed_at, past.member, past.order.id))
    return found, facts


def _returned_at(order: Order) -> datetime | None:
    """When it came back as far as it ever did; None where it did not."""
    if not order.refunded_minor and not order.returned_credit_minor:
        return None
    return order.changed_at or order.placed_at
