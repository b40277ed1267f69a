"""Looking at audiences without changing anything: how large one would be, who is in, and why somebody is."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.conversation import building
from bot.conversation.audiences import Keeper, Keeping, is_nobody
from bot.core.audiences.audience import Audience, Explained, Known
from bot.core.audiences.figures import Concern, Figures
from bot.core.contact import Contact, Event
from bot.core.deeds.figures import with_named
from bot.core.ids import BUCKETS, IdSource
from bot.core.turn import Shop
from bot.storage import built, joined, members
from bot.storage.driver import Connection, Database
from bot.storage.reach import Reach, add_reach

_AT_ONCE = 1_000
Why = tuple[Explained, members.Membership | None]
"""Why somebody is in an audience or not, and where they stand by what is kept."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """What is looked at, published or not: nothing starts by looking."""

    shop: Shop

    def starts_on(self, event: Event) -> bool:  # noqa: ARG002  # as all deciders
        """Nothing."""
        return False


@dataclass(slots=True)
class Preview:
    """How large an audience would be now, and some of who would be in."""

    size: int = 0
    contacts: int = 0
    """Of how many."""
    sample: list[Contact] = field(default_factory=list)
    reach: Reach = field(default_factory=Reach)
    """By which channels those who would be in can be reached: who starts a journey may not be."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An audience in force, and how many are in; `built` is of how many buckets it is made."""

    audience: Audience
    size: int
    built: int

    @property
    def is_built(self) -> bool:
        """Whether it was made of all that there was before it was published."""
        return self.built == BUCKETS


def keeping_nothing() -> Keeping:
    """What a look needs where it is to mint no id."""
    return Keeping(IdSource(bytes))


async def listed(database: Database, figures: Figures) -> list[Listed]:
    """The audiences in force, by name."""
    names = sorted(figures.audiences.audiences)
    sizes = await database.query(lambda c: members.sizes(c, names))
    progress = await database.query(built.progress)
    wants = building.wanted(figures)
    return [
        Listed(
            figures.audience(name),
            sizes[name],
            progress.get((built.AUDIENCE + name, wants[built.AUDIENCE + name]), 0),
        )
        for name in names
    ]


async def preview(  # what is looked at, and how much of it
    database: Database,
    shop: Shop,
    name: str,
    now: datetime,
    *,
    sample: int = 10,
    seen: Callable[[int], None] = lambda _: None,
) -> Preview:
    """Judge every contact, some at a time, from figures that are kept and events where there are none.

    `seen` is told how many contacts were looked at so far.
    """
    told, keeping, draw = Preview(), keeping_nothing(), random.Random(name)  # noqa: S311  # the same each time
    for bucket in range(BUCKETS):
        after = ""
        while people := await database.query(
            lambda c, bucket=bucket, after=after: members.people(c, bucket, after, _AT_ONCE)  # type: ignore[misc]  # bound now
        ):
            after = people[-1].id
            verdicts = await database.query(
                lambda c, people=people: judged(c, keeping, shop, name, people, now)  # type: ignore[misc]  # bound now
            )
            for contact, is_in in verdicts:
                told.contacts += 1
                if is_in:
                    told.size += 1
                    _draw(told, contact, sample, draw)
            inside = [contact.id for contact, is_in in verdicts if is_in]
            await database.query(lambda c, inside=inside: add_reach(c, inside, told.reach))  # type: ignore[misc]  # bound now
            seen(told.contacts)
    return told


def _draw(told: Preview, contact: Contact, most: int, draw: random.Random) -> None:
    """Let everybody have the same chance to be in the sample."""
    if len(told.sample) < most:
        told.sample.append(contact)
    elif (place := draw.randrange(told.size)) < most:
        told.sample[place] = contact


async def judged(  # who is judged, and by what
    connection: Connection,
    keeping: Keeping,
    shop: Shop,
    name: str,
    people: Sequence[Contact],
    now: datetime,
) -> list[tuple[Contact, bool]]:
    """Whether each of these contacts is in an audience now."""
    names = with_named([name], shop.figures.audiences.audiences)
    known = await _known(connection, keeping, shop, names, people, now)
    return [
        (contact, shop.figures.audiences.judged(names, known[contact.id])[name].is_in)
        for contact in people
        if contact.id in known
    ]


async def explain(
    connection: Connection, shop: Shop, name: str, contact_id: str, now: datetime
) -> Why | None:
    """Why a contact is in an audience or not, and where it stands by what is kept; None: there is nobody."""
    contact = await joined.contact_called(connection, contact_id, contact_id)
    if contact is None or is_nobody(contact):
        return None
    audiences = shop.figures.audiences
    names = with_named([name], audiences.audiences)
    known = (await _known(connection, keeping_nothing(), shop, names, [contact], now))[contact.id]
    inside = frozenset(one for one, verdict in audiences.judged(names, known).items() if verdict.is_in)
    standing = await members.of_contact(connection, contact.id)
    whole = replace(known, audiences=inside)
    return shop.figures.audience(name).condition.explained(whole), standing.get(name)


async def standing(connection: Connection, shop: Shop, contact_id: str) -> Mapping[str, members.Membership]:
    """Which audiences in force a contact is in by what is kept, and since when."""
    contact = await joined.contact_called(connection, contact_id, contact_id)
    own = await members.of_contact(connection, contact.id) if contact is not None else {}
    return {
        name: one
        for name, one in sorted(own.items())
        if one.is_in and name in shop.figures.audiences.audiences
    }


async def _known(  # who is looked at, and by what
    connection: Connection,
    keeping: Keeping,
    shop: Shop,
    names: Sequence[str],
    people: Sequence[Contact],
    now: datetime,
) -> dict[str, Known]:
    """What these audiences ask of contacts, as if they were in none so far."""
    keeper = Keeper(connection, keeping, Undecided(shop), now)
    keeper.contacts = {contact.id: contact for contact in people if not is_nobody(contact)}
    return await keeper.known({contact: Concern(audiences=set(names)) for contact in keeper.contacts})
