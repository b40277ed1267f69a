"""Decides experiments whose own rule says so: as a revision, with a note and an audit line."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.conversation import experimenting
from bot.conversation.experimenting import BY_RULE, Decision
from bot.conversation.publication import Publication
from bot.core.errors import FlowError
from bot.storage.driver import Database

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Winners:
    """Asks the rules of experiments that are not decided."""

    database: Database
    publication: Callable[[], Publication]
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def decide(self) -> int:
        """Decide what is clear; returns how many were."""
        decided = 0
        publication = self.publication()
        for experiment in publication.shop.experiments.values():
            if experiment.winner is None or experiment.decided is not None or self.stopping.is_set():
                continue
            now = self.clock()
            found = await experimenting.result(self.database, publication, experiment.name, now)
            if found.verdict.arm is None:
                continue
            decision = Decision(
                experiment.name, found.verdict.arm, BY_RULE, found.verdict.why, experimenting.told(found.read)
            )
            try:
                await experimenting.decide(self.database, publication, decision, now)
            except FlowError as error:
                _logger.exception("experiment_not_decided", experiment=experiment.name, problem=str(error))
                continue
            _logger.info("experiment_decided", experiment=experiment.name, arm=decision.arm)
            decided += 1
        return decided
