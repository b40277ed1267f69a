"""Makes figures and audiences of what there was before they were asked for, some contacts at a time.

Whoever is made is locked, so that nothing that happens meanwhile is lost: it is written before and seen, or
comes after and is added. Doing it again makes the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.audiences import Deciding, Keeper, Keeping
from bot.core.audiences.figures import Concern, Figures
from bot.core.ids import BUCKETS
from bot.storage import built, members, revisions, traits, turns
from bot.storage.built import AUDIENCE, TRAIT
from bot.storage.driver import Connection


def wanted(figures: Figures) -> dict[str, str]:
    """What is to be built, each with the digest of its definition."""
    of_traits = {TRAIT + stored: "" for stored in figures.stored.values()}
    return of_traits | {AUDIENCE + name: one.digest for name, one in figures.audiences.audiences.items()}


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not built yet in a bucket; `silent` audiences never were, by whatever definition."""

    figures: frozenset[str]
    audiences: frozenset[str]
    silent: frozenset[str]

    @property
    def is_nothing(self) -> bool:
        """Whether all is built."""
        return not self.figures and not self.audiences


async def missing(connection: Connection, figures: Figures) -> dict[int, Missing]:
    """What is not built yet, by bucket."""
    wants = wanted(figures)
    places = [(what, bucket) for what in wants for bucket in range(BUCKETS)]
    statement, parameters = built.asked(places)
    known = built.found(await connection.read(statement, **parameters))
    found = {}
    for bucket in range(BUCKETS):
        names = figures.audiences.audiences
        one = Missing(
            frozenset(key for key, stored in figures.stored.items() if (TRAIT + stored, bucket) not in known),
            frozenset(
                name for name in names if known.get((AUDIENCE + name, bucket)) != wants[AUDIENCE + name]
            ),
            frozenset(name for name in names if (AUDIENCE + name, bucket) not in known),
        )
        if not one.is_nothing:
            found[bucket] = one
    return found


async def build(  # what is built, and of whom
    connection: Connection,
    keeping: Keeping,
    decisions: Deciding,
    contacts: Collection[str],
    what: Missing,
    now: datetime,
) -> None:
    """Make what is missing of some contacts, whose events and changes are in by now."""
    if not contacts:
        return
    keeper = Keeper(connection, keeping, decisions, now, silent=what.silent, is_building=True)
    keeper.contacts = await turns.lock(connection, contacts)
    await keeper.keep(
        {contact: Concern(anew=set(what.figures), audiences=set(what.audiences)) for contact in contacts}
    )


async def finish(
    connection: Connection, figures: Figures, buckets: Mapping[int, Missing], now: datetime
) -> None:
    """Record that all contacts of these buckets have what was missing."""
    wants = wanted(figures)
    await connection.write(
        built.BUILT,
        [
            built.row(what, bucket, wants[what], now)
            for bucket, one in buckets.items()
            for what in (
                *(TRAIT + figures.stored[key] for key in one.figures),
                *(AUDIENCE + name for name in one.audiences),
            )
        ],
    )


async def look_again(
    connection: Connection,
    keeping: Keeping,
    decisions: Deciding,
    due: Sequence[tuple[str, str]],
    now: datetime,
) -> None:
    """Judge contacts anew for audiences, as (contact, audience) that time may have moved them in or out."""
    audiences = decisions.shop.figures.audiences
    found: dict[str, Concern] = {}
    for contact, audience in due:
        if audience in audiences.audiences:
            found.setdefault(contact, Concern()).audiences.update(
                audiences.concerned_by_audiences([audience])
            )
    keeper = Keeper(connection, keeping, decisions, now)
    keeper.contacts = await turns.lock(connection, found.keys())
    if keeper.contacts:
        await keeper.keep(found)
    judged = keeper.contacts.keys()
    lost = [(contact, audience) for contact, audience in due if contact not in judged]
    lost += [(contact, audience) for contact, audience in due if audience not in audiences.audiences]
    await members.look_no_more(connection, lost)


async def forget(connection: Connection, generation: str, gone: Collection[str], bucket: int) -> bool:
    """Drop what a bucket keeps of what is gone, and that it was built; returns whether it may be dropped.

    It may not where another publication is in force by now, which may want it. None is published meanwhile.
    """
    await revisions.lock(connection)
    if await revisions.generation(connection) != generation:
        return False
    await traits.forget_gone(connection, bucket, _named(TRAIT, gone))
    await members.forget_gone(connection, bucket, _named(AUDIENCE, gone))
    await built.forget(connection, bucket, gone)
    return True


async def gone(connection: Connection, figures: Figures) -> list[str]:
    """What was built and is in force no more."""
    wants = wanted(figures)
    return sorted({what for what, _ in await built.progress(connection)} - wants.keys())


def _named(kind: str, what: Collection[str]) -> list[str]:
    return [one.removeprefix(kind) for one in what if one.startswith(kind)]
