"""Where a member stands: its tier with what is missing, and its code with what that has brought."""

from bot.conversation.looking import look_in
from bot.core.contact import JsonValue
from bot.core.deeds.referring import invitations, member_facts, own_code
from bot.core.deeds.tier_turns import benefits_in, standing_in
from bot.core.local_time import local_date
from bot.core.loyalty.referral import link_of
from bot.core.turn import Turn
from bot.storage import contacts
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, member_id, no_member
from bot.web.rest.asked import Told


async def standing(asked: Asked) -> Told:
    """Say which tier a member has and what its code has brought."""
    door = asked.door
    contact_id = await member_id(asked, asked.path["member"], "path/member")

    async def look(connection: Connection) -> Told:
        contact = await contacts.known(connection, contact_id)
        if contact is None:
            raise no_member("path/member")
        told = await look_in(connection, door.shop(), contact.id, door.clock(), _told)
        return Told({"id": contact.id, **told})

    # A transaction: whoever's code is asked for the first time gets it now.
    return await door.database.transact(look)


def _told(turn: Turn) -> dict[str, JsonValue]:
    return {"tier": _tier(turn), "referral": _referral(turn)}


def _tier(turn: Turn) -> dict[str, JsonValue] | None:
    tiers, told = turn.program.tiers, standing_in(turn)
    if tiers is None or told is None:
        return None
    locale, program = turn.contact.locale, turn.program
    return {
        "id": told.level.id if told.level else None,
        "name": program.text(told.level.name, locale) if told.level else None,
        "counts": tiers.metric.value,
        "total": told.total,
        "next": program.text(told.next_level.name, locale) if told.next_level else None,
        "to_next": told.to_next,
        "to_keep": told.to_keep,
        "keep_by": told.keep_by.isoformat() if told.keep_by else None,
        "until": told.secure_until.isoformat() if told.secure_until else None,
        "multiplier": str(float(benefits_in(turn).multiplier)),
    }


def _referral(turn: Turn) -> dict[str, JsonValue] | None:
    rules = turn.program.referral
    if rules is None or not turn.contact.is_member:
        return None
    code, brought = own_code(turn), invitations(turn)
    return {
        "running": rules.lasts(local_date(turn.now, turn.shop.zone)),
        "code": code,
        "link": link_of(turn.shop.public_url, code),
        "advocate_minor": rules.advocate_reward(member_facts(turn)),
        "friend_minor": rules.friend_minor or 0,
        "minimum_minor": rules.minimum_minor or 0,
        "invited": brought.invited,
        "joined": brought.joined,
        "qualified": brought.qualified,
        "pending_minor": brought.pending_minor,
        "earned_minor": brought.earned_minor,
    }
