"""The loop of an import: each chunk is committed with how far it came, or, on trial, let go again."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.conversation.importing.assembling import Assembly
from bot.conversation.importing.by_turns import ByTurns, RowFailed
from bot.conversation.importing.chunks import Chunk, Outcome, Refusal
from bot.conversation.importing.rejects import Rejects
from bot.conversation.tracking.people import NameTaken
from bot.core.importing.rows import Rejected
from bot.storage import import_runs
from bot.storage.driver import Connection, Database
from bot.storage.import_runs import Counts, ImportRun

_PAUSE = 0.1
"""How much of the time that a chunk took others have the database to themselves, where it has one writer."""
_TRIES = 5
_EXAMPLES = 3


class _OnTrial(Exception):
    """A chunk was taken on trial: its transaction is let go."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("on trial")
        self.outcome = outcome


@dataclass(slots=True)
class Importer:
    """Takes all rows of a file; `on_trial` it keeps nothing of them, and says the same of each."""

    database: Database
    assembly: Assembly
    rejects: Rejects
    on_trial: bool = False
    examples: dict[str, list[Refusal]] = field(default_factory=dict)
    """A few rejected rows by what of them was wrong, as they come."""

    async def run(self, progress: Callable[[ImportRun], None]) -> ImportRun:
        """Go on to the end; `progress` hears of every chunk.

        Raises:
            FlowError: the file cannot be read on. What was taken before is committed.
            TakenOver: another process imports the same file.
        """
        run = self.assembly.run
        chunks = self.assembly.chunks(run.position)
        while True:
            # Reading is pure work for some milliseconds: what else this process does goes on between.
            following = list(islice(chunks, 1))
            if not following:
                break
            began_at = time.perf_counter()
            run = await self._take(run, following[0])
            progress(run)
            pause = _PAUSE * (time.perf_counter() - began_at) if self.database.dialect == "sqlite" else 0
            await asyncio.sleep(pause)
        if self.on_trial:
            return replace(run, state=import_runs.State.DONE)
        now = self.assembly.conversation.clock()
        run = await self.database.transact(
            lambda c: import_runs.advance(c, run, run.position, Counts(), now, is_over=True)
        )
        progress(run)
        return run

    async def _take(self, run: ImportRun, chunk: Chunk) -> ImportRun:
        """Take a chunk; rows whose turns break off are rejected, and the others taken without them."""
        tries = _TRIES
        while True:
            try:
                return await self._commit(run, chunk)
            except RowFailed as failed:
                assert isinstance(chunk, ByTurns), "only turns break off"
                chunk = _without(chunk, failed)
            except NameTaken:
                tries -= 1
                if not tries:
                    raise

    async def _commit(self, run: ImportRun, chunk: Chunk) -> ImportRun:
        written = 0

        async def take(connection: Connection) -> tuple[ImportRun, Outcome]:
            nonlocal written
            outcome = await chunk.take(connection)
            if self.on_trial:
                raise _OnTrial(outcome)
            written = self.rejects.write(outcome.rejected)
            now = self.assembly.conversation.clock()
            more = _counts(outcome, written)
            after = await import_runs.advance(
                connection, run, run.position + chunk.rows, more, now, is_over=False
            )
            return after, outcome

        try:
            after, outcome = await self.database.transact(take)
        except _OnTrial as trial:
            outcome = trial.outcome
            written = self.rejects.write(outcome.rejected)
            counts = run.counts + _counts(outcome, written)
            after = replace(run, position=run.position + chunk.rows, counts=counts)
        self.rejects.keep(written)
        self._remember(outcome.rejected)
        return after

    def _remember(self, rejected: Sequence[Refusal]) -> None:
        for refusal in sorted(rejected, key=lambda one: one[0].number):
            kept = self.examples.setdefault(refusal[1].what, [])
            if len(kept) < _EXAMPLES:
                kept.append(refusal)


def _without(chunk: ByTurns, failed: RowFailed) -> ByTurns:
    left = [one for one in chunk.wanted if one[0] != failed.places]
    assert len(left) < len(chunk.wanted), "it was among them"
    why = Rejected("failed", str(failed))
    return replace(chunk, wanted=left, rejected=[*chunk.rejected, *((place, why) for place in failed.places)])


def _counts(outcome: Outcome, written: int) -> Counts:
    rejected = Counter(why.what for _, why in outcome.rejected)
    return Counts(outcome.taken, outcome.known, dict(rejected), written)
