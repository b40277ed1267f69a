"""A person's rights: everything that is stored of them, and none of it any more."""

import structlog

from bot.storage import audit, erasing, exporting
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, answered_before, do_once, member_id, no_member
from bot.web.api.bodies import EraseBody
from bot.web.rest.asked import Json, Told

_logger = structlog.get_logger(__name__)


async def export(asked: Asked) -> Told:
    """Tell everything that is stored of a person."""
    contact_id = await member_id(asked, asked.path["member"], "path/member")
    now = asked.door.clock()
    found = await asked.door.database.query(lambda c: exporting.exported(c, contact_id, now))
    if found is None:
        raise no_member("path/member")
    _logger.info("exported", contact=contact_id, key=asked.who.id)
    return Told(found)


async def erase(asked: Asked) -> Told:
    """Forget a person; asked again with the same key, it says the same although nobody is there any more."""
    door, now, reason = asked.door, asked.door.clock(), asked.body_as(EraseBody).reason
    path: Json = {"member": door.hash_address(asked.path["member"])[0]}  # a number must not stay in a digest
    before = await answered_before(asked, "member.erase", path)
    if before is not None:
        return before
    contact_id = await member_id(asked, asked.path["member"], "path/member")

    async def do(connection: Connection) -> Json:
        erased = await erasing.erase(connection, contact_id, now, door.hash_address)
        if erased is None:
            raise no_member("path/member")
        deed = audit.deed(now, f"api/{asked.who.name}", "contact.erase", contact_id, reason)
        await audit.write(connection, deed)
        return {"id": contact_id, "addresses": erased.addresses, "suppressed": erased.suppressed}

    told = await do_once(asked, "member.erase", do, path=path)
    door.erased()
    return told
