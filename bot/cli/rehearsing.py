"""A whole Regulars for rehearsals: the folder's files, a database and a clock of its own, no network."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
from bot.core.email.mailbox import EMAIL
from bot.core.forms import Form
from bot.core.gate import Cleared
from bot.core.in_app import APP
from bot.core.messages import OutboxState
from bot.core.ways import WayKind
from bot.core.wechat_address import WECHAT
from bot.jobs.outbox import OutboxDelivery
from bot.storage import migrate
from bot.storage.sqlite import SqliteDatabase

START = datetime(2026, 11, 24, 17, tzinfo=UTC)
"""A Tuesday at noon for whoever holds the phone: every test begins here, so that "Friday" stays Friday."""


@dataclass(slots=True)
class Delivered:
    """Every channel: messages stay in this process, in the order they left."""

    name: str = "all"
    texts: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    async def send(self, cleared: Cleared) -> Sent:
        """Keep the message and a receipt for it, as a provider would give one."""
        outgoing = cleared.message
        self.texts.append(
            "\n".join(
                part for part in (_subject(cleared), outgoing.body, *outgoing.media, *_shown(cleared)) if part
            )
        )
        if outgoing.form is not None:
            self.forms.append(outgoing.form)
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
        database = SqliteDatabase(str(template), is_kept=False)
        try:
            await app.push(database, self.settings, lambda: START, force=True)
        except BaseException:
            await database.close()
            raise
        async with app.running(
            self.settings, role="web", clock=lambda: START, database=database, channels={}
        ) as running:
            # Nobody is there yet, and every phone would have to find that out.
            for job in app.due_jobs(running, asyncio.Event()):
                if job.name == "audiences_built":
                    await job.work()
            self._decided = running.decisions  # they never change, and take longer than most tests to compile

    @asynccontextmanager
    async def phone(
        self, language: str, *, at: datetime = START, channel: str = "sms"
    ) -> AsyncIterator[Phone]:
        """A phone of somebody who speaks `language`, at noon or `at`; on WeChat the person is there alone."""
        file = self.folder / f"{next(self._numbers)}.sqlite"
        shutil.copyfile(self.folder / "template.sqlite", file)
        clock, delivered = MovableClock(at), Delivered()
        # The web's role: jobs are struck by the phone alone, when its clock says so.
        async with app.running(
            self.settings,
            role="web",
            clock=clock,
            database=SqliteDatabase(str(file), is_kept=False),
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
                strike=_jobs(running, delivered),
                delivered=delivered.texts,
                forms=delivered.forms,
                channel=channel,
            )
            await phone.switch_on(language)
            yield phone


def _subject(cleared: Cleared) -> str:
    """What a letter is about; empty of anything else."""
    form = cleared.message.form
    return f"[email] {form.letter.subject}" if form is not None and form.letter is not None else ""


def _shown(cleared: Cleared) -> Iterator[str]:
    """What a message shows beside its text, a line for each; options are in the text already."""
    form = cleared.message.form
    if form is not None and form.card is not None:
        yield f"[card] {form.card.title}: {form.card.page}"
    if form is not None and form.notice is not None and cleared.way is WayKind.SUBSCRIBE:
        yield f"[{form.notice.template}] {', '.join(f'{k}: {v}' for k, v in form.notice.fields.items())}"


def _jobs(running: app.Running, delivered: Delivered) -> Callable[[], Awaitable[int]]:
    """What a worker does, once, without its patience: a job that fails fails the rehearsal."""
    going_on = asyncio.Event()  # nobody ever sets it
    outbox = OutboxDelivery(
        running.database,
        dict.fromkeys(("sms", WECHAT, APP, EMAIL), delivered),
        running.receipts,
        lambda: running.decisions.shop.policy,
        running.clock,
        going_on,
    )
    due = [job.work for job in app.due_jobs(running, going_on)]
    jobs = (*due, outbox.release, outbox.deliver)

    async def strike() -> int:
        done = sum([await job() for job in jobs])
        while delivered.receipts:
            await running.receipts.record(delivered.receipts.pop(0))
        return done

    return strike


@asynccontextmanager
async def rehearsal(settings: Settings) -> AsyncIterator[Rehearsal]:
    """A place for rehearsals of the settings' folder: `publish` first. Nothing of it is left or leaves it."""
    # Without a public address links stay as they are written, for the tests to name.
    alone = replace(settings, secrets=("rehearsal",), public_url="", twilio=None, shop=None)
    with tempfile.TemporaryDirectory(prefix="regulars-") as folder:
        yield Rehearsal(alone, Path(folder))
