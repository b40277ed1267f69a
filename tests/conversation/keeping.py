"""Contacts with events on a real database, and figures and audiences that are kept of them."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import Any

from bot.conversation.audiences import Keeping
from bot.core.audiences.audience import Audiences, Topic
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.figures import Figures
from bot.core.audiences.rule import Happened
from bot.core.audiences.traits_file import read_traits
from bot.core.contact import Contact, Event, JsonValue
from bot.core.flow.reader import read
from bot.core.ids import IdSource, bucket_of, instant, new_contact_id
from bot.core.triggers import Trigger
from bot.core.turn import Shop
from bot.jobs.audiences import AudienceUpkeep
from bot.storage import revisions, rows, tables, turns
from bot.storage.driver import Connection, Database, Present, Rows, Statement
from tests.storage.scripted import SHOP

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_EVENT = Rows(tables.Row.metadata.tables["event"], Present.FAIL)
_CONTACT = Rows(tables.Row.metadata.tables["contact"], Present.REPLACE)
HIGH_VALUE = """
    high_value:
      all:
        - {event: Order Completed, count: "> 2", within: 90d}
        - {sum: {event: Order Completed, property: revenue}, is: "> 300"}
"""


def figures_of(audiences: str, traits: str = "") -> Figures:
    """Read audiences and traits as files are read."""
    named = read_traits(read(dedent(traits), "flows/traits.yaml")) if traits else ()
    by_name = {one.rule.key: one.rule for one in named}
    found = (
        read_audiences(read(dedent(audiences), "flows/audiences.yaml"), Around(traits=by_name))
        if audiences
        else ()
    )
    return Figures(Audiences(found, by_name.values()))


@dataclass(frozen=True, slots=True)
class Deciding:
    """A publication as far as figures ask; flows start on the events of these names."""

    shop: Shop
    starting: frozenset[str] = frozenset({"Audience Entered", "Audience Exited"})
    generation: str = ""

    def starts_on(self, event: Event) -> bool:
        """Whether the event is one of those."""
        return event.name in self.starting


@dataclass(slots=True)
class Kept:
    """The database, its clock, and what is published."""

    database: Database
    decisions: Deciding
    now: datetime = NOON
    keeping: Keeping = field(default_factory=lambda: Keeping(IdSource(os.urandom)))
    upkeep: AudienceUpkeep = field(init=False)

    def __post_init__(self) -> None:
        """Let jobs see the same."""
        self.upkeep = AudienceUpkeep(
            self.database, self.keeping, lambda: self.decisions, lambda: self.now, asyncio.Event()
        )

    @classmethod
    def of(cls, database: Database, audiences: str, traits: str = "") -> "Kept":
        """Publish audiences and traits."""
        return cls(database, Deciding(replace(SHOP, figures=figures_of(audiences, traits))))

    def publish(self, audiences: str, traits: str = "") -> None:
        """Publish others in their place."""
        shop = replace(SHOP, figures=figures_of(audiences, traits))
        self.decisions = replace(self.decisions, shop=shop, generation=os.urandom(8).hex())

    async def built(self) -> int:
        """Build what is missing; returns of how many buckets."""
        await self.database.transact(lambda c: revisions.touch(c, self.decisions.generation))
        before = await self.upkeep.build()
        self.now += timedelta(seconds=5)  # where there may be other processes they are waited for
        return before + await self.upkeep.build()

    async def contact(self, **fields: Any) -> str:  # noqa: ANN401  # as `Contact` has them
        """Make a contact whom nothing was told of before."""
        contact_id = new_contact_id(self.now, os.urandom)
        contact = Contact(contact_id, bucket_of(contact_id), "en", "UTC", self.now, **fields)
        await self.database.transact(lambda c: c.write(_CONTACT, [rows.contact_row(contact)]))
        return contact_id

    async def happens(
        self,
        contact: str,
        *events: tuple[str, Mapping[str, JsonValue]] | tuple[str, Mapping[str, JsonValue], datetime],
        keeps: bool = True,
        **about: Any,  # noqa: ANN401  # as `keep_current` is told
    ) -> list[tuple[str, Trigger]]:
        """Let events happen to a contact, in one transaction, kept current unless told not to."""
        happened = [
            Happened(
                self.keeping.ids.mint(self.now, bucket_of(contact)),
                one[0],
                one[2] if len(one) == 3 else self.now,
                one[1],
            )
            for one in events
        ]

        async def happen(connection: Connection) -> list[tuple[str, Trigger]]:
            await turns.lock(connection, [contact])
            event_rows = [
                rows.event_row(contact, one.id, Event(one.name, one.at, one.properties)) for one in happened
            ]
            await connection.write(_EVENT, event_rows)
            if not keeps:
                return []
            return await self.keeping.keep_current(
                connection, self.decisions, {contact: happened}, {}, self.now, **about
            )

        return await self.database.transact(happen)

    async def order(self, contact: str, revenue: float = 150, *, ago: timedelta = timedelta()) -> None:
        """Let a contact buy something."""
        await self.happens(contact, ("Order Completed", {"revenue": revenue}, self.now - ago))

    async def changes(
        self,
        contact: str,
        topic: Topic,
        **fields: Any,  # noqa: ANN401  # as `Contact` has them
    ) -> list[tuple[str, Trigger]]:
        """Change fields of a contact."""

        async def change(connection: Connection) -> list[tuple[str, Trigger]]:
            known = (await turns.lock(connection, [contact]))[contact]
            await connection.write(_CONTACT, [rows.contact_row(replace(known, **fields))])
            return await self.keeping.keep_current(
                connection, self.decisions, {}, {contact: {topic}}, self.now
            )

        return await self.database.transact(change)

    async def later(self, **ahead: float) -> int:
        """Let time pass, and strike the job; returns how often somebody was judged anew."""
        self.now += timedelta(**ahead)
        return await self.upkeep.refresh()

    async def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return [
            tuple(row) for row in await self.database.query(lambda c: c.read(Statement(sql), **parameters))
        ]

    async def moves(self, contact: str) -> list[str]:
        """What the contact's events say of audiences, in order, as `+name` and `-name`."""
        found = await self.rows(
            "SELECT e.name, e.properties FROM event e WHERE e.bucket = :bucket AND e.contact = :contact"
            " AND e.name LIKE 'Audience%' ORDER BY e.id",
            bucket=bucket_of(contact),
            contact=contact,
        )
        return [
            ("+" if name == "Audience Entered" else "-") + properties.split('"')[3]
            for name, properties in found
        ]

    async def audiences(self, contact: str) -> set[str]:
        """The audiences that the contact is in by what is kept."""
        found = await self.rows(
            "SELECT m.audience FROM audience_member m WHERE m.bucket = :bucket AND m.contact = :contact"
            " AND m.is_in",
            bucket=bucket_of(contact),
            contact=contact,
        )
        return {row[0] for row in found}

    async def looks_at(self, contact: str) -> list[datetime]:
        """When time may move the contact."""
        found = await self.rows(
            "SELECT m.look_at FROM audience_member m WHERE m.bucket = :bucket AND m.contact = :contact"
            " AND m.look_at IS NOT NULL ORDER BY m.look_at",
            bucket=bucket_of(contact),
            contact=contact,
        )
        return [instant(row[0]) for row in found]


Make = Callable[..., Kept]
