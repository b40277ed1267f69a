"""A whole Regulars for rehearsals: the folder's files, a database and a clock of its own, no network."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bot import app
from bot.channels.channel import Sent
from bot.config import Settings
from bot.conversation.decide import Decisions
from bot.conversation.receipts import Receipt
from bot.conversation.rehearsal import MovableClock, Phone
from bot.core.gate import Cleared
from bot.core.messages import OutboxState
from bot.jobs.outbox import OutboxDelivery
from bot.storage import migrate
from bot.storage.sqlite import SqliteDatabase

START = datetime(2026, 11, 24, 17, tzinfo=UTC)
"""A Tuesday at noon for whoever holds the phone: every test begins here, so that "Friday" stays Friday."""


@dataclass(slots=True)
class Delivered:
    """A channel whose messages stay in this process, in the order they left."""

    name: str = "sms"
    texts: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    async def send(self, cleared: Cleared) -> Sent:
        """Keep the message and a receipt for it, as a provider would give one."""
        outgoing = cleared.message
        self.texts.append("\n".join(part for part in (outgoing.body, *outgoing.media) if part))
        provider_id = f"rehearsal:{outgoing.id}"
        receipt = Receipt(
            contact_id=outgoing.contact_id,
            message_id=outgoing.id,
            provider="rehearsal",
            provider_id=provider_id,
            state=OutboxState.DELIVERED,
        )
        self.receipts.append(receipt)
        return Sent(provider_id, OutboxState.SENT)

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(slots=True)
class Rehearsal:
    """Gives phones, each with a database in which nobody else is."""

    settings: Settings
    folder: Path
    _numbers: "count[int]" = field(default_factory=count)
    _decided: Decisions | None = None

    async def publish(self) -> None:
        """Put the folder's files in force for the phones from here on. Raises FlowError."""
        template = self.folder / "template.sqlite"
        if not template.exists():
            await migrate.upgrade(f"sqlite+aiosqlite:///{template}")
        database = SqliteDatabase(str(template))
        try:
            await app.push(database, self.settings, lambda: START, force=True)
        finally:
            await database.close()
        self._decided = None

    @asynccontextmanager
    async def phone(self, language: str, *, at: datetime = START) -> AsyncIterator[Phone]:
        """A phone of somebody who speaks `language`, at noon or `at`."""
        file = self.folder / f"{next(self._numbers)}.sqlite"
        shutil.copyfile(self.folder / "template.sqlite", file)
        clock, channel = MovableClock(at), Delivered()
        # The web's role: jobs are struck by the phone alone, when its clock says so.
        async with app.running(
            self.settings,
            role="web",
            clock=clock,
            database=SqliteDatabase(str(file)),
            channels={},
            decided=self._decided,
        ) as running:
            self._decided = (
                running.decisions
            )  # it never changes, and to compile it takes longer than most tests
            phone = Phone(
                database=running.database,
                dispatcher=running.dispatcher,
                conversation=running.conversation,
                clock=clock,
                strike=_jobs(running, channel),
                delivered=channel.texts,
            )
            await phone.switch_on(language)
            yield phone


def _jobs(running: app.Running, channel: Delivered) -> Callable[[], Awaitable[int]]:
    """What a worker does, once, without its patience: a job that fails fails the rehearsal."""
    going_on = asyncio.Event()  # nobody ever sets it
    outbox = OutboxDelivery(
        running.database,
        {channel.name: channel},
        running.receipts,
        lambda: running.decisions.shop.policy,
        running.clock,
        going_on,
    )
    due = [job.work for job in app.due_jobs(running, going_on)]
    jobs = (*due, outbox.release, outbox.deliver)

    async def strike() -> int:
        done = sum([await job() for job in jobs])
        while channel.receipts:
            await running.receipts.record(channel.receipts.pop(0))
        return done

    return strike


@asynccontextmanager
async def rehearsal(settings: Settings) -> AsyncIterator[Rehearsal]:
    """A place for rehearsals of the settings' folder: `publish` first. Nothing of it is left or leaves it."""
    # Without a public address links stay as they are written, for the tests to name.
    alone = replace(settings, secrets=("rehearsal",), public_url="", twilio=None, shop=None)
    with tempfile.TemporaryDirectory(prefix="regulars-") as folder:
        yield Rehearsal(alone, Path(folder))
