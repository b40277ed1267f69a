"""Members and their credit: enrolled, looked at, adjusted; and what they did."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.core.contact import Contact, JsonValue
from bot.core.deeds.telling import teller_of
from bot.core.groups import states_by_channel, states_of_texts
from bot.core.ledger.books import Books
from bot.core.ledger.explained import Line, Sums
from bot.core.ledger.phrases import Teller, tell
from bot.core.ledger.wallet import MAIN_WALLET, Balance
from bot.core.phone import NotAContact, to_e164
from bot.storage import contacts, explaining
from bot.storage import history as histories
from bot.storage.contacts import Portrait
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, member_id, no_member, operate
from bot.web.api.bodies import (
    AdjustBody,
    BalanceQuery,
    EnrollBody,
    EventBody,
    HistoryQuery,
    ReinstateBody,
    WalletQuery,
)
from bot.web.rest.asked import Json, Told, stamp
from bot.web.rest.cursors import placed, wholes, written_wholes
from bot.web.rest.problems import one_field


async def enroll(asked: Asked) -> Told:
    """Make somebody a member."""
    body = asked.body_as(EnrollBody)
    fields = body.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"phone"})
    return await operate(asked, "member.enroll", fields, address=("sms", person(body.phone, "#/phone")))


async def adjust(asked: Asked) -> Told:
    """Give or take credit by hand."""
    body = asked.body_as(AdjustBody)
    contact_id = await member_id(asked, asked.path["member"], "path/member")
    told: Json = body.model_dump(mode="json", exclude_none=True)
    fields: Json = {**told, "by": asked.who.name}
    return await operate(asked, "credit.adjust", fields, contact_id=contact_id)


async def reinstate(asked: Asked) -> Told:
    """Give back credit that has ended."""
    body = asked.body_as(ReinstateBody)
    contact_id = await member_id(asked, asked.path["member"], "path/member")
    fields = body.model_dump(mode="json", exclude_none=True)
    by = f"api/{asked.who.name}"
    return await operate(asked, "credit.reinstate", {**fields, "by": by}, contact_id=contact_id)


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
            "subscriptions": states_of_texts(portrait.snapshot.subscriptions),
            "subscriptions_by_channel": states_by_channel(portrait.snapshot.subscriptions),
            "wallet": sums(_balance(asked, portrait)),
        }
    )


async def wallet(asked: Asked) -> Told:
    """Say what can be spent, what is coming, what ends when."""
    name, now = asked.query_as(WalletQuery).wallet, asked.door.clock()

    async def look(connection: Connection, contact: Contact) -> Told:
        balance = (await histories.opened(connection, contact.id, name)).balance(now)
        return Told(await _wallet(asked, connection, contact.id, name, balance, now))

    return await _of_member(asked, look)


async def balance(asked: Asked) -> Told:
    """Say what the wallet showed at an instant."""
    query = asked.query_as(BalanceQuery)

    async def look(connection: Connection, contact: Contact) -> Told:
        balance = await histories.balance_at(connection, contact.id, query.at, query.wallet)
        return Told(await _wallet(asked, connection, contact.id, query.wallet, balance, query.at))

    return await _of_member(asked, look)


async def history(asked: Asked) -> Told:
    """Explain the wallet line by line, newest first."""
    query, now = asked.query_as(HistoryQuery), asked.door.clock()
    (place,) = placed(query.cursor, ("",))
    begins, program = wholes(place), asked.door.shop().program

    async def look(connection: Connection, contact: Contact) -> Told:
        found = await explaining.explanation(connection, contact.id, now, query.wallet, begins, query.limit)
        teller = teller_of(program, contact.locale, contact.zone, now, query.wallet)
        currency, exponent = _unit(asked, query.wallet)
        return Told(
            {
                "id": contact.id,
                "name": query.wallet,
                "currency": currency,
                "exponent": exponent,
                "lines": [_line(line, teller) for line in found.lines],
                "before": _sums(found.carried),
                "next": written_wholes(found.older),
            }
        )

    return await _of_member(asked, look)


async def _wallet(  # whose, which, and what it showed when
    asked: Asked, connection: Connection, contact_id: str, name: str, shown: Balance, at: datetime
) -> Json:
    currency, exponent = _unit(asked, name)
    return {
        "id": contact_id,
        "wallets": list(await histories.wallet_names(connection, contact_id)),
        "name": name,
        "at": stamp(at),
        "currency": currency,
        "exponent": exponent,
        "wallet": sums(shown),
        "endings": [
            {
                "amount_minor": ending.amount_minor,
                "good_through": ending.good_through.isoformat() if ending.good_through else None,
                "ends_at": stamp(ending.ends_at) if ending.ends_at else None,
            }
            for ending in shown.endings
        ],
        "coming": [
            {"amount_minor": waiting.amount_minor, "spendable_from": stamp(waiting.active_from)}
            for waiting in shown.pending
        ],
    }


def _unit(asked: Asked, name: str) -> tuple[str | None, int]:
    """The currency of a wallet and its exponent; none where its unit is a stamp."""
    found = asked.door.shop().program.currency_called("" if name == MAIN_WALLET else name)
    return (found.code, found.exponent) if found is not None else (None, 0)


def _line(line: Line, teller: Teller) -> dict[str, JsonValue]:
    return {
        "number": line.number,
        "entry": line.entry_id,
        "contact": line.contact_id,
        "at": stamp(line.at),
        "kind": line.kind.value,
        "says": tell(line, teller),
        "amount_minor": line.amount_minor,
        "change": _sums(line.change),
        "after": _sums(line.after),
        "source_type": line.source_type,
        "source_id": line.source_id,
        "rule": line.rule,
        "until": line.until.isoformat() if line.until else None,
        "starts_at": stamp(line.starts_at) if line.starts_at else None,
        "undoes": line.undoes,
        "desired_minor": line.desired_minor,
        "words": line.words,
    }


def _sums(of: Sums) -> dict[str, JsonValue]:
    return {
        "available_minor": of.available_minor,
        "pending_minor": of.pending_minor,
        "held_minor": of.held_minor,
        "debt_minor": of.debt_minor,
    }


async def _of_member(asked: Asked, look: Callable[[Connection, Contact], Awaitable[Told]]) -> Told:
    contact_id = await member_id(asked, asked.path["member"], "path/member")

    async def ask(connection: Connection) -> Told:
        contact = await contacts.known(connection, contact_id)
        if contact is None:
            raise no_member("path/member")
        return await look(connection, contact)

    return await asked.door.database.query(ask)


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
