"""Whose an order is, and what was told of it before anybody knew: asked before its turn, by any process.

Of an order and a refund of it that come at the same time one always sees the other: the order is made its
contact's before its turn looks for what was told of it, a refund is kept before it looks whose order it is.
Of two who are said to have bought it, at the same time or not, one has: the turn of the other refuses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.conversation.operations import operation_work
from bot.conversation.shop.checkout_asked import read
from bot.conversation.shop.orders_asked import CancelAsked, RefundAsked
from bot.conversation.shop.orders_told import told_parked
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue
from bot.core.deeds.on_record import Parked
from bot.core.errors import Refused, RetryLater
from bot.core.loyalty.orders import CANCELED
from bot.core.phone import to_e164
from bot.storage import contacts, orders
from bot.storage.driver import Connection, Database

Body = Mapping[str, JsonValue]
REPORT, REFUND, CANCEL, MEET = "order.report", "order.refund", "order.cancel", "order.meet"
_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, by whatever the shop knows: our id, its own id of them, a phone number, a mailbox."""

    contact: str | None = None
    external: str | None = None
    phone: str | None = None
    email: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether it is said who bought, in whatever way."""
        return any((self.contact, self.external, self.phone, self.email))

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """What the directory may know them by; the first makes them known where none does.

        Raises:
            NotAContact: the number is none.
        """
        phone = to_e164(self.phone) if self.phone else None
        named = (("sms", phone), ("external", self.external), ("email", self.email and self.email.lower()))
        return [(channel, value) for channel, value in named if value]


async def bought_by(connection: Connection, references: Sequence[str], buyer: Buyer) -> str | tuple[str, str]:
    """Who is said to have bought an order: a contact's id, or the address under which nobody is known yet.

    Where nobody is named, it is whose it was before. `references` are what it is called by: the shop's own
    id, and ours where it was ordered by text.

    Raises:
        Refused: nobody is named, or there is no such contact.
    """
    if not buyer.is_named:
        for reference in references:
            found = await orders.owner(connection, reference)
            if found is not None:
                return found
    if buyer.contact is not None:
        known = await contacts.known(connection, buyer.contact)
        if known is None:
            raise Refused("customer.contact: there is nobody of this id", "check the id", _UNPROCESSABLE)
        return known.id
    for channel, value in buyer.addresses:
        found = await contacts.find(connection, channel, value)
        if found is not None:
            return found
    if not buyer.addresses:
        raise Refused(
            "customer: who bought it is not said", "name a phone, an email or an id", _UNPROCESSABLE
        )
    return buyer.addresses[0]


def meeting(address: tuple[str, str], at: datetime) -> Work:
    """A work that makes a contact of whoever is behind an address, without any consent; once."""
    return operation_work(MEET, {}, key="meet", at=at, address=address)


async def claim(connection: Connection, reference: str, contact_id: str) -> str:
    """Make an order a contact's; returns whose it is: of whom something of it is on record."""
    return await orders.claim(connection, reference, contact_id)


async def park(connection: Connection, name: str, body: Body, at: datetime) -> Body:
    """Keep a refund or cancellation of an order that nobody knows, with what was told of it before."""
    return told_parked(await orders.park(connection, parked_of(name, body), at))


def parked_of(name: str, body: Body) -> Parked:
    """What is kept of a refund or cancellation until its order is known."""
    if name == CANCEL:
        return Parked(read(CancelAsked, body).order, status=CANCELED)
    asked = read(RefundAsked, body)
    return Parked(asked.order, asked.told())


class Submits(Protocol):
    """What runs works: the dispatcher."""

    async def submit(self, work: Work) -> Result:
        """Run a work and return what became of it once it is committed."""


class Desk:
    """Takes what is told of orders to the contacts whose they are."""

    def __init__(self, database: Database, dispatcher: Submits) -> None:
        """Find contacts in `database`; `dispatcher` runs their turns."""
        self._database = database
        self._dispatcher = dispatcher

    async def report(self, body: Body, buyer: Buyer, *, key: str, at: datetime) -> Result:
        """Have an order told; who is not known yet becomes a contact. What is another's its turn refuses.

        Raises:
            Refused: nobody is named who could have bought it.
        """
        reference = str(body["order"])
        called = [str(body[name]) for name in ("order", "ours") if body.get(name)]
        whose = await self._database.query(lambda connection: bought_by(connection, called, buyer))
        if not isinstance(whose, str):
            whose = (await self._dispatcher.submit(meeting(whose, at))).contact_id
            if not whose:
                raise RetryLater("the buyer could not be made a contact")
        contact_id = whose
        await self._database.transact(lambda c: claim(c, reference, contact_id))
        return await self._dispatcher.submit(
            operation_work(REPORT, body, key=key, at=at, contact_id=contact_id)
        )

    async def give_back(self, name: str, body: Body, *, key: str, at: datetime) -> Result:
        """Have a refund or a cancellation told, or kept until its order is."""
        reference = str(body["order"])
        find = partial(orders.owner, reference=reference)
        contact_id = await self._database.query(find)
        if contact_id is None:
            kept = await self._database.transact(lambda connection: park(connection, name, body, at))
            contact_id = await self._database.query(find)
            if contact_id is None:
                return Result("", "parked", result=kept)
        return await self._dispatcher.submit(
            operation_work(name, body, key=key, at=at, contact_id=contact_id)
        )
