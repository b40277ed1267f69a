"""Members and their credit: enrolled, looked at, adjusted; and what they did."""

from bot.core.contact import JsonValue
from bot.core.loyalty.books import Books
from bot.core.loyalty.wallet import Balance
from bot.core.phone import NotAContact, to_e164
from bot.storage import contacts
from bot.storage.contacts import Portrait
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, Json, Told, member_id, operate, stamp
from bot.web.api.bodies import AdjustBody, EnrollBody, EventBody
from bot.web.api.problems import one_field


async def enroll(asked: Asked) -> Told:
    """Make somebody a member."""
    body = asked.body_as(EnrollBody)
    fields = body.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"phone"})
    return await operate(asked, "member.enroll", fields, address=("sms", person(body.phone, "#/phone")))


async def adjust(asked: Asked) -> Told:
    """Give or take credit by hand."""
    body = asked.body_as(AdjustBody)
    contact_id = await member_id(asked, asked.path["member"], "path/member")
    fields: Json = {"amount_minor": body.amount_minor, "reason": body.reason, "by": asked.key.name}
    return await operate(asked, "credit.adjust", fields, contact_id=contact_id)


async def track(asked: Asked) -> Told:
    """Record an event; its own id makes it happen once."""
    body = asked.body_as(EventBody)
    contact_id = await member_id(asked, body.member, "#/member")
    fields = body.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"member"})
    return await operate(asked, "event.track", fields, contact_id=contact_id, once=f"event/{body.id}")


async def show(asked: Asked) -> Told:
    """Say what is known of a contact."""
    portrait = await _portrait(asked)
    contact = portrait.contact
    return Told(
        {
            "id": contact.id,
            "member": contact.is_member,
            "enrolled_at": stamp(contact.enrolled_at) if contact.enrolled_at else None,
            "first_name": contact.first_name,
            "locale": contact.locale,
            "zone": contact.zone,
            "birthday": contact.birthday_on.isoformat() if contact.birthday_on else None,
            "attributes": dict(contact.attributes),
            "addresses": [
                {
                    "channel": one.channel,
                    "value": one.value,
                    "stopped": one.stopped_at is not None,
                    "unusable": one.unusable_reason,
                }
                for one in portrait.snapshot.addresses
            ],
            "subscriptions": {
                group: state.value for group, state in sorted(portrait.snapshot.subscriptions.items())
            },
            "wallet": sums(_balance(asked, portrait)),
        }
    )


async def wallet(asked: Asked) -> Told:
    """Say what can be spent, what is coming, what ends when."""
    portrait = await _portrait(asked)
    balance = _balance(asked, portrait)
    currency = asked.door.shop().program.currency
    return Told(
        {
            "id": portrait.contact.id,
            "currency": currency.code,
            "exponent": currency.exponent,
            "wallet": sums(balance),
            "endings": [
                {
                    "amount_minor": ending.amount_minor,
                    "good_through": ending.good_through.isoformat() if ending.good_through else None,
                    "ends_at": stamp(ending.ends_at) if ending.ends_at else None,
                }
                for ending in balance.endings
            ],
            "coming": [
                {"amount_minor": waiting.amount_minor, "spendable_from": stamp(waiting.active_from)}
                for waiting in balance.pending
            ],
        }
    )


def person(phone: str, pointer: str) -> str:
    """A phone number as we know it. Raises ApiProblem where it is nobody's."""
    try:
        return to_e164(phone)
    except NotAContact as error:
        raise one_field(
            422, "wrong-field", pointer, "is no phone number of a person", "write it like +12125550100"
        ) from error


def sums(balance: Balance) -> dict[str, JsonValue]:
    """A wallet's sums."""
    return {
        "available_minor": balance.available_minor,
        "pending_minor": balance.pending_minor,
        "held_minor": balance.held_minor,
        "debt_minor": balance.debt_minor,
    }


async def _portrait(asked: Asked) -> Portrait:
    contact_id = await member_id(asked, asked.path["member"], "path/member")

    async def look(connection: Connection) -> Portrait:
        return await contacts.portrait(connection, contact_id, runs=1, messages=1)

    return await asked.door.database.query(look)


def _balance(asked: Asked, portrait: Portrait) -> Balance:
    snapshot = portrait.snapshot
    books = Books(snapshot.wallet, snapshot.lots, snapshot.holds, lots_complete=True, mint=str)
    return books.balance(asked.door.clock())
