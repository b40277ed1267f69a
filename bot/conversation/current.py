"""Keeps the publication in force: loads it, notices when another one is published, loads old revisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from bot.conversation.decide import Decisions
from bot.conversation.publication import Pinned, Publication, ShopSettings, build
from bot.core.flow.handler import HandlerSpec
from bot.storage import feedback, halts, held, revisions
from bot.storage.driver import Connection, Database

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class CurrentPublication:
    """The publication in force, as this process knows it."""

    database: Database
    settings: ShopSettings
    handlers: Mapping[str, HandlerSpec]
    pinned: Pinned = field(default_factory=Pinned)

    async def load(self) -> Decisions:
        """Load what is in force, a broken program included. Raises FlowError where none is published."""
        return await self.database.query(self._load)

    async def load_if_new(self, known: Decisions) -> Decisions | None:
        """Load what is in force if it is not `known`; None where nothing was published since.

        Raises:
            FlowError: its program is broken, and what is known is not.
        """
        newest = await self.database.query(revisions.generation)
        if newest == known.publication.generation:
            return None
        newer = await self.load()
        if newer.publication.broken is not None and known.publication.broken is None:
            raise newer.publication.broken
        _logger.info("publication_loaded", generation=newest)
        return newer

    async def load_revision(self, connection: Connection, flow: str, number: int) -> None:
        """Load a revision that a waiting run stands in."""
        self.pinned.keep(flow, number, await revisions.revision(connection, flow, number))

    async def _load(self, connection: Connection) -> Decisions:
        generation = await revisions.generation(connection)
        published = await revisions.published(connection)
        products = await revisions.products(connection)
        policy = replace(self.settings.policy, held=await held.held(connection))
        settings = replace(self.settings, policy=policy, halted=await halts.halted(connection))
        settings = replace(settings, quotes=await feedback.approved(connection))
        publication: Publication = build(
            published, products, settings, generation=generation, pinned=self.pinned
        )
        return Decisions.under(publication, self.handlers)
