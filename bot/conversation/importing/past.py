"""Rows of the past that are written together, without a turn: orders that earn nothing, and events.

Nothing here moves credit, sends a message or starts a flow. Figures of contacts are kept current by what is
written, as if it had been told when it happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.conversation import Conversation
from bot.conversation.importing import whom
from bot.conversation.importing.chunks import Outcome, Place, Refusal
from bot.conversation.tracking.handed import Handed, Told
from bot.conversation.tracking.ingest import Ingest
from bot.conversation.tracking.telling import Telling
from bot.core.audiences.rule import Happened
from bot.core.importing.orders import PastOrder
from bot.core.importing.rows import Rejected
from bot.core.loyalty.program import Program
from bot.core.own_events import OURS
from bot.storage import orders, past_orders
from bot.storage.driver import Connection

_SCATTERED = "is there already with other amounts or lines: its rows must stand side by side"

PastRows = tuple[tuple[Place, ...], PastOrder]
"""An order, and the rows that tell of it."""


@dataclass(slots=True)
class PastOrders:
    """A chunk of orders."""

    conversation: Conversation
    orders: Sequence[PastRows]
    rejected: Sequence[Refusal]
    now: datetime

    @property
    def rows(self) -> int:
        """See `Chunk`."""
        return sum(len(places) for places, _ in self.orders) + len(self.rejected)

    async def take(self, connection: Connection) -> Outcome:
        """See `Chunk`."""
        outcome = Outcome(rejected=list(self.rejected))
        names = [order.names for _, order in self.orders]
        found = await whom.lock_or_make(connection, self.conversation, names, self.now)
        owned: list[tuple[PastRows, str]] = []
        for one in self.orders:
            try:
                contact = found.one_of(one[1].names)
            except Rejected as rejected:
                outcome.rejected += [(place, rejected) for place in one[0]]
            else:
                assert contact is not None, "who was not known was made"
                owned.append((one, contact))
        new = await self._new(connection, owned, outcome)
        currency = _program(self.conversation).currency
        told = [(order, contact) for (_, order), contact in new]
        happened: dict[str, list[Happened]] = {}
        for contact, event in await past_orders.write(connection, told, currency.code, currency.exponent):
            happened.setdefault(contact, []).append(event)
        await self.conversation.keeping.keep_current(
            connection,
            self.conversation.decider,
            happened,
            {},
            self.now,
            newcomers=found.made,
            contacts=found.locked,
            starts_flows=False,
        )
        outcome.taken += sum(len(places) for (places, _), _ in new)
        return outcome

    async def _new(
        self, connection: Connection, owned: Sequence[tuple[PastRows, str]], outcome: Outcome
    ) -> list[tuple[PastRows, str]]:
        """Leave out what is on record, or what was told of somebody else's."""
        first = await past_orders.claim(connection, [(order.reference, whose) for (_, order), whose in owned])
        new = [one for one, is_first in zip(owned, first, strict=True) if is_first]
        told_before = [one for one, is_first in zip(owned, first, strict=True) if not is_first]
        if not told_before:
            return new
        owners = [await orders.claim(connection, order.reference, whose) for (_, order), whose in told_before]
        kept = await past_orders.there(
            connection,
            [(order.reference, owner) for ((_, order), _), owner in zip(told_before, owners, strict=True)],
        )
        kept |= {order.reference: past_orders.Kept.of(order) for (_, order), _ in new}
        for ((places, order), contact), owner in zip(told_before, owners, strict=True):
            on_record = kept.get(order.reference)
            is_theirs = owner == contact or contact == await orders.owner_for_good(
                connection, contact, order.reference
            )
            if is_theirs and on_record is None:
                new.append(((places, order), contact))
                kept[order.reference] = past_orders.Kept.of(order)
            elif is_theirs and on_record is not None and on_record.is_same(order):
                outcome.known += len(places)
            else:
                why = _SCATTERED if is_theirs else "is somebody else's: check whose it is"
                rejected = Rejected("order", f"{order.reference} {why}")
                outcome.rejected += [(place, rejected) for place in places]
        return new


@dataclass(slots=True)
class PastEvents:
    """A chunk of events, as if a source had tracked them."""

    conversation: Conversation
    telling: Telling
    events: Sequence[tuple[Place, Handed]]
    rejected: Sequence[Refusal]

    @property
    def rows(self) -> int:
        """See `Chunk`."""
        return len(self.events) + len(self.rejected)

    async def take(self, connection: Connection) -> Outcome:
        """See `Chunk`."""
        outcome = Outcome(rejected=list(self.rejected))
        handed, plan = [], self.telling.decisions.publication.plan
        for place, one in self.events:
            message = one.told[0].message
            assert message.event is not None, "rows are events"
            unplanned = plan.refusal(message.event)
            if unplanned is not None:
                outcome.rejected.append((place, Rejected("event", f"'{message.event}': {unplanned}")))
            elif self.telling.order(message) is not None:
                why = "orders are imported with `regulars import orders`"
                outcome.rejected.append(
                    (place, Rejected("event", f"'{message.event}' tells of an order: {why}"))
                )
            elif message.event in OURS:
                outcome.rejected.append((place, Rejected("event", f"'{message.event}' is told by us alone")))
            else:
                one.told = [Told(self.telling.taken(message), each.source) for each in one.told]
                handed.append((place, one))
        ingest = Ingest(
            self.conversation,
            self.telling,
            self.conversation.keeping.keep_current,
            [each for _, each in handed],
            doubts=True,  # a file may come again at any time
        )
        for (place, _), refused in zip(handed, await ingest.run(connection), strict=True):
            if refused:
                outcome.rejected.append((place, Rejected(whom.ERASED, next(iter(refused)))))
            else:
                outcome.taken += 1
        return outcome


def _program(conversation: Conversation) -> Program:
    return conversation.decider.shop.program
