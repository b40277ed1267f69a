"""Checkout: quote, hold, capture, void; each a turn of the member who pays."""

from bot.storage import contacts, orders
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, member_id, operate
from bot.web.api.bodies import CaptureBody, HoldBody, QuoteBody, VoidBody
from bot.web.api.orders import another_members
from bot.web.rest.asked import Json, Told, ask_for


async def quote(asked: Asked) -> Told:
    """Price a basket."""
    body = asked.body_as(QuoteBody)
    contact_id = await member_id(asked, body.member, "#/member")
    return await ask_for(asked, "checkout.quote", _fields(body), contact_id)


async def hold(asked: Asked) -> Told:
    """Price a basket and set aside what it takes."""
    body = asked.body_as(HoldBody)
    contact_id = await member_id(asked, body.member, "#/member")

    async def claim(connection: Connection) -> str | None:
        whose = await contacts.known(connection, await orders.claim(connection, body.order, contact_id))
        return whose.id if whose else None

    if await asked.door.database.transact(claim) != contact_id:
        raise another_members()
    return await _operate(asked, "checkout.hold", body)


async def capture(asked: Asked) -> Told:
    """Spend what an order holds."""
    return await _operate(asked, "checkout.capture", asked.body_as(CaptureBody), of_order=True)


async def void(asked: Asked) -> Told:
    """Give up what an order holds."""
    return await _operate(asked, "checkout.void", asked.body_as(VoidBody), of_order=True)


async def _operate(
    asked: Asked, name: str, body: HoldBody | CaptureBody | VoidBody, *, of_order: bool = False
) -> Told:
    contact_id = await member_id(asked, body.member, "#/member")
    order: Json = {"order": asked.path["order"]} if of_order else {}
    return await operate(asked, name, {**_fields(body), **order}, contact_id=contact_id)


def _fields(body: QuoteBody | CaptureBody | VoidBody) -> Json:
    fields: Json = body.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"member"})
    return fields
