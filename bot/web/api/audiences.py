"""Audiences over the API: which there are, who is in, and why somebody is."""

from datetime import timedelta

from bot.conversation import audience_looks
from bot.conversation.audience_looks import Listed, Why
from bot.core.audiences.audience import Explained
from bot.core.contact import JsonValue
from bot.core.local_time import local_date
from bot.storage import audience_sizes, members
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, member_id, no_member
from bot.web.api.bodies import PageQuery
from bot.web.rest.asked import Told, read, stamp
from bot.web.rest.cursors import an_id, placed, written
from bot.web.rest.problems import ApiProblem, one_field

_DAYS = timedelta(days=90)


async def listed(asked: Asked) -> Told:
    """List the audiences in force."""
    door = asked.door
    found = await audience_looks.listed(door.database, door.shop().figures)
    return Told({"audiences": [_told(one) for one in found]})


async def one(asked: Asked) -> Told:
    """Show one, with its sizes of the last 90 days."""
    door, name = asked.door, _name(asked)
    shop = door.shop()
    (found,) = [
        one for one in await audience_looks.listed(door.database, shop.figures) if one.audience.name == name
    ]
    since = local_date(door.clock(), shop.zone) - _DAYS
    sizes = await door.database.query(lambda c: audience_sizes.history(c, name, since))
    history: list[JsonValue] = [{"on": size.day.isoformat(), "size": size.size} for size in sizes]
    return Told({**_told(found), "history": history})


async def who(asked: Asked) -> Told:
    """List who is in, some at a time."""
    name, query = _name(asked), asked.query_as(PageQuery)
    after = an_id(placed(query.cursor, ("",))[0])

    async def ask(connection: Connection) -> Told:
        found = await members.page(connection, name, after, query.limit + 1)
        page = found[: query.limit]
        following = written((page[-1][0],)) if len(found) > len(page) else None
        told: list[JsonValue] = [{"id": contact, "since": stamp(since)} for contact, since in page]
        return Told({"members": told, "next": following})

    return await read(asked, ask)


async def standing(asked: Asked) -> Told:
    """Say which audiences a contact is in."""
    door = asked.door
    contact_id = await member_id(asked, asked.path["member"], "path/member")
    found = await door.database.query(lambda c: audience_looks.standing(c, door.shop(), contact_id))
    told: list[JsonValue] = [
        {"name": name, "since": stamp(membership.since_at)} for name, membership in found.items()
    ]
    return Told({"id": contact_id, "audiences": told})


async def why(asked: Asked) -> Told:
    """Say why a contact is in an audience or not."""
    door, name = asked.door, _name(asked)
    contact_id = await member_id(asked, asked.path["member"], "path/member")

    async def ask(connection: Connection) -> Why | None:
        return await audience_looks.explain(connection, door.shop(), name, contact_id, door.clock())

    found = await door.database.query(ask)
    if found is None:
        raise no_member("path/member")
    explained, membership = found
    is_since = membership is not None and membership.is_in and explained.holds
    return Told(
        {
            "id": contact_id,
            "audience": name,
            "is_in": explained.holds,
            "since": stamp(membership.since_at) if membership is not None and is_since else None,
            "look_at": stamp(explained.look_at) if explained.look_at is not None else None,
            "why": clause(explained),
        }
    )


def clause(explained: Explained) -> dict[str, JsonValue]:
    """A clause as it was written, and what was found, with the clauses inside it."""
    told: dict[str, JsonValue] = {
        "clause": explained.text,
        "line": explained.line,
        "holds": explained.holds,
        "seen": explained.seen,
        "wanted": explained.wanted,
    }
    if explained.parts:
        told["parts"] = [clause(part) for part in explained.parts]
    return told


def _name(asked: Asked) -> str:
    name = asked.path["audience"]
    if name not in asked.door.shop().figures.audiences.audiences:
        raise no_audience()
    return name


def no_audience() -> ApiProblem:
    """Refuse a name that no audience in force has."""
    return one_field(
        404, "no-such-audience", "path/audience", "is not known", "take a name from GET /api/audiences"
    )


def _told(one: Listed) -> dict[str, JsonValue]:
    return {
        "name": one.audience.name,
        "title": one.audience.title,
        "description": one.audience.description,
        "size": one.size,
        "built": one.is_built,
        "sync": [str(sync) for sync in one.audience.syncs],
    }
