"""Orders: told as they are now, refunded by cumulative amounts, canceled, looked at."""

from datetime import datetime, timedelta

from bot.conversation.operations import REQUESTS
from bot.conversation.shop.desk import CANCEL, REFUND, Buyer, Desk
from bot.conversation.shop.orders_told import told_order
from bot.conversation.whom import find_contact
from bot.core.deeds.order_told import Settled
from bot.storage import contacts, orders
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, answered_before, do_once, is_anothers, no_member
from bot.web.api.bodies import OrderBody
from bot.web.api.members import person
from bot.web.rest.asked import ANOTHER_MEMBERS, Json, Told, key_used, told
from bot.web.rest.problems import ApiProblem, one_field

_PARKED = "parked"
_CLOCK_AHEAD = timedelta(minutes=5)
"""How fast a shop's clock may be: what is told within it is as of when it came."""


async def report(asked: Asked) -> Told:
    """Take an order as the shop tells it now."""
    body, reference = asked.body_as(OrderBody), asked.path["reference"]
    _refuse_future(body, asked.door.clock())
    buyer = await asked.door.database.query(lambda c: _who_bought(c, asked, reference, body.member))
    fields: Json = body.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"member"})
    result = await _desk(asked).report(
        {**fields, "order": reference}, buyer, key=_key(asked), at=asked.door.clock()
    )
    return told(result)


async def refund(asked: Asked) -> Told:
    """Take what came back of an order, all of it so far."""
    assert asked.body is not None, "the route table says so"
    return await _give_back(
        asked, REFUND, asked.body.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    )


async def cancel(asked: Asked) -> Told:
    """Give an order up."""
    return await _give_back(asked, CANCEL, {})


async def show(asked: Asked) -> Told:
    """Say how an order is by now."""
    reference = asked.path["reference"]

    async def look(connection: Connection) -> Told | None:
        contact_id = await orders.owner(connection, reference)
        if contact_id is None:
            return None
        order = await orders.order_called(connection, contact_id, reference)
        return Told({**told_order(Settled(order)), "moved": None}) if order is not None else None

    found = await asked.door.database.query(look)
    if found is None:
        raise one_field(404, "no-such-order", "path/reference", "is not known", "report the order first")
    return found


async def _give_back(asked: Asked, name: str, fields: Json) -> Told:
    before = await answered_before(asked, name)
    if before is not None:
        return before
    reference = asked.path["reference"]
    if await asked.door.database.query(lambda c: _is_of_another(c, asked, reference)):
        raise key_used()
    result = await _desk(asked).give_back(
        name, {**fields, "order": reference}, key=_key(asked), at=asked.door.clock()
    )
    if result.outcome != _PARKED or result.result is None:
        return told(result)
    parked = result.result

    async def keep(_connection: Connection) -> Json:
        return parked

    return await do_once(asked, name, keep)


def _refuse_future(body: OrderBody, now: datetime) -> None:
    """Refuse what is told of a day to come: it would earn, end and count by that day. Raises ApiProblem."""
    for name, at in (("placed_at", body.placed_at), ("changed_at", body.changed_at)):
        if at is not None and at > now + _CLOCK_AHEAD:
            remedy = f"tell when it was; here it is {now:%Y-%m-%dT%H:%M:%SZ}"
            raise one_field(422, "wrong-field", f"#/{name}", "is in the future", remedy)


async def _who_bought(connection: Connection, asked: Asked, reference: str, member: str | None) -> Buyer:
    """Whose the order is or becomes. Raises ApiProblem."""
    owner = await orders.owner(connection, reference)
    named = await find_contact(connection, member) if member else None
    if owner is not None and member is not None and not await orders.is_settled(connection, reference):
        owner = None  # a report that was refused named them
    if owner is not None and member is not None:
        known = await contacts.known(connection, owner)
        if known is None or known.id != await _survivor(connection, named):
            raise another_members()
    if owner is None and member is None:
        raise one_field(422, "wrong-field", "#/member", "is missing", "say who bought: nobody told us before")
    if await is_anothers(connection, asked.once, owner or named, None):
        raise key_used()
    return Buyer(contact=named) if named else _stranger(member) if member else Buyer()


def another_members() -> ApiProblem:
    """Say that what is asked for one member is another's."""
    return ApiProblem(409, "another-members", *ANOTHER_MEMBERS)


async def _survivor(connection: Connection, contact_id: str | None) -> str | None:
    contact = await contacts.known(connection, contact_id) if contact_id else None
    return contact.id if contact else None


async def _is_of_another(connection: Connection, asked: Asked, reference: str) -> bool:
    return await is_anothers(connection, asked.once, await orders.owner(connection, reference), None)


def _stranger(member: str) -> Buyer:
    """Somebody whom nobody knows yet, by an address that can make them known."""
    if member.startswith("+"):
        return Buyer(phone=person(member, "#/member"))
    channel, _, value = member.partition(":")
    if channel == "email":
        return Buyer(email=value)
    if channel == "external":
        return Buyer(external=value)
    raise no_member("#/member")


def _desk(asked: Asked) -> Desk:
    return Desk(asked.door.database, asked.door.dispatcher)


def _key(asked: Asked) -> str:
    return f"{REQUESTS}{asked.once}"
