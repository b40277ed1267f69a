"""A phone, a loopback Twilio and a running application between them, over real HTTP on a real database."""

import atexit
import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from bot.app import Running, open_database, prepare_database, running, serving
from bot.config import Settings, load_settings
from bot.conversation.publishing import compile_folder, publish, read_folder
from bot.core.contact import Order, OrderLine, Product
from bot.core.ids import bucket_of, new_id
from bot.core.ledger.wallet import MAIN_WALLET
from bot.demo.loopback_network import DEMO_NUMBER, Account, OptOut, Texted
from bot.demo.loopback_twilio import LoopbackTwilio
from bot.storage import revisions, rows, schema, tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement
from bot.storage.revisions import Revision
from tests.ports import free_port

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # Tuesday, noon in New York
NUMBER = "+12125550100"
SID = "AC" + "0" * 32
TOKEN = "loopback-token"  # opens the loopback, which is open anyway
FLOWS = Path(__file__).parents[2] / "flows"
PRODUCTS = (
    Product("LATTE", "Oat latte", "coffee", 550),
    Product("BUN", "Cinnamon bun", "bakery", 400),
    Product("TEA", "Jasmine tea", "tea", 350),
)
JOURNEYS = (
    "onboarding",
    "usage_tip",
    "review",
    "win_back",
    "near_tier",
    "milestone",
    "weekly_drop",
    "vip_invite",
)
_TABLES = tables.Row.metadata.tables
_COMPILED: dict[bytes, list[Revision]] = {}
_ROUNDS_MAX = 20
_QUIET_ROUNDS = 2


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved, or goes `step` ahead at every look: a very slow machine."""

    now: datetime = NOON
    step: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        self.now += self.step
        return self.now


@dataclass(slots=True)
class Chat:
    """What one phone says and hears; `text` and `heard` are for others."""

    app: Running
    loopback: LoopbackTwilio
    clock: Clock
    url: str
    log: io.StringIO
    number: str = NUMBER
    seen: dict[str, int] = field(default_factory=dict)

    async def __call__(
        self, body: str, *, media: tuple[str, ...] = (), number: str | None = None
    ) -> list[str]:
        """Text; returns what the webhook answered."""
        texted = await self.text(body, media=media, number=number)
        return self.replies(texted)

    async def text(self, body: str, *, media: tuple[str, ...] = (), number: str | None = None) -> Texted:
        """Text; returns what became of it."""
        self.clock.now += timedelta(seconds=3)
        texted = await self.loopback.text(number or self.number, body, media=media)
        await self.loopback.settle()
        self.seen[number or self.number] = len(self.loopback.received(number or self.number))
        return texted

    def replies(self, texted: Texted) -> list[str]:
        """Return the texts of the webhook's answer."""
        return [self.loopback.network.messages[sid].body for sid in texted.replies]

    async def later(self, *, strike: bool = True, **ahead: float) -> list[str]:
        """Move the clock, strike the jobs unless told not to, and return what arrived on the phone."""
        self.clock.now += timedelta(**ahead)
        if strike:
            await self.strike()
        return self.news()

    async def strike(self) -> None:
        """Strike every job until there is nothing left to do, and let messages and statuses arrive."""
        quiet = 0
        for _ in range(_ROUNDS_MAX):
            done = await self.app.clockwork.strike_all()
            await self.loopback.settle()
            quiet = 0 if done else quiet + 1
            if quiet == _QUIET_ROUNDS:  # what one strike releases from quiet hours, the next one sends
                return
        raise AssertionError("the jobs never come to rest")

    def news(self, number: str | None = None) -> list[str]:
        """Return what arrived on a phone since it was last asked."""
        number = number or self.number
        received = self.loopback.received(number)
        before, self.seen[number] = self.seen.get(number, 0), len(received)
        return received[before:]

    async def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        found = await self.app.database.query(lambda c: c.read(Statement(sql), **parameters))
        return [tuple(row) for row in found]

    async def run(self, sql: str, **parameters: object) -> None:
        """Change the database behind the application's back."""
        await self.app.database.transact(lambda c: c.run(Statement(sql), [parameters]))

    async def contact_id(self, number: str | None = None) -> str:
        """Return the contact behind a phone."""
        found = await self.rows(
            "SELECT d.contact FROM directory d WHERE d.kind = 'sms' AND d.value = :number",
            number=number or self.number,
        )
        return str(found[0][0])

    async def of(
        self, table: str, columns: str, order: str, *, number: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Return columns of the contact's rows in a table."""
        contact = await self.contact_id(number)
        return await self.rows(
            f'SELECT {columns} FROM "{table}" WHERE bucket = :bucket AND contact = :contact ORDER BY {order}',  # noqa: S608  # ours
            bucket=bucket_of(contact),
            contact=contact,
        )

    async def outbox(self, columns: str = "state", number: str | None = None) -> list[tuple[Any, ...]]:
        """Return the outgoing messages of a phone's contact, oldest first."""
        return await self.of("outbox", columns, "id", number=number)

    async def order(self, *lines: tuple[str, int], number: str | None = None, days_ago: int = 3) -> None:
        """Put an order of (SKU, quantity) in the book."""
        contact = await self.contact_id(number)
        products = {product.sku: product for product in PRODUCTS}
        bought = tuple(
            OrderLine(sku, products[sku].name, quantity, products[sku].price_minor) for sku, quantity in lines
        )
        order = Order(
            id=f"shop-{days_ago}",
            source="shop",
            status="completed",
            placed_at=self.clock() - timedelta(days=days_ago),
            total_minor=sum(line.quantity * line.unit_minor for line in bought),
            credit_minor=0,
            lines=bought,
        )
        head, more = rows.order_rows(contact, order)

        async def put(connection: Connection) -> None:
            await connection.write(Rows(_TABLES["shop_order"], Present.FAIL), [head])
            await connection.write(Rows(_TABLES["order_line"], Present.FAIL), more)

        await self.app.database.transact(put)

    async def wallet(self, number: str | None = None) -> tuple[int, ...]:
        """Return (pending, available, held, debt) in cents."""
        columns = "id, pending_minor, available_minor, held_minor, debt_minor"
        found = {name: tuple(sums) for name, *sums in await self.of("wallet", columns, "id", number=number)}
        return found.get(MAIN_WALLET, (0, 0, 0, 0))

    async def subscriptions(self, number: str | None = None) -> dict[str, str]:
        """Return the state of each subscription group."""
        columns = "subscription_group, state"
        return dict(await self.of("subscription", columns, "subscription_group", number=number))

    async def triggers(self, number: str | None = None) -> list[tuple[Any, ...]]:
        """Return (kind, state) of every trigger, oldest first."""
        return await self.of("trigger", "kind, state", "at, key", number=number)

    async def runs(self, number: str | None = None) -> list[tuple[Any, ...]]:
        """Return (flow, status) of every run, oldest first."""
        return await self.of("run", "flow, status", "id", number=number)

    async def entries(self, number: str | None = None) -> list[tuple[Any, ...]]:
        """Return (reason, its words) of every entry, oldest first."""
        return await self.of("entry", "reason, reason_text", "number", number=number)

    async def ends(self, number: str | None = None) -> list[datetime]:
        """Return when each lot ends, soonest first."""
        found = await self.of("lot", "expires_at", "expires_at", number=number)
        return [datetime.fromtimestamp(at / 1_000_000, UTC) for (at,) in found]

    async def move_to(self, at: datetime) -> list[str]:
        """Move the clock to an instant, strike the jobs, and return what arrived."""
        assert at >= self.clock.now, "time goes forward"
        self.clock.now = at
        await self.strike()
        return self.news()


def unlinked(texts: list[str]) -> list[str]:
    """Return texts with LINK in place of short links, which are never the same."""
    return [re.sub(r"http://\S+/l/\w+", "LINK", text) for text in texts]


@asynccontextmanager
async def chatting(  # noqa: PLR0913  # what a conversation is made of
    url: str,
    *,
    clock: Clock | None = None,
    flows: Path | None = None,
    opt_out: OptOut = "off",
    role: Any = "all",  # noqa: ANN401  # the literals of bot.app
    loopback: LoopbackTwilio | None = None,
    settings: Mapping[str, str] | None = None,
    database: Database | None = None,
    strikes: bool = False,
) -> AsyncIterator[Chat]:
    """Run the application and a loopback Twilio; jobs are struck by hand unless the clockwork `strikes`.

    Unless others are given the flows are those that we ship, without what begins by itself for days.
    """
    clock = clock or Clock()
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    account = Account(SID, TOKEN, f"{public}/twilio/messages", opt_out=opt_out)
    loopback = loopback or LoopbackTwilio(account, latency=timedelta(0), clock=clock)
    log = io.StringIO()
    async with loopback:
        chosen = load_settings(
            {
                "DATABASE_URL": url,
                "REGULARS_PORT": str(port),
                "REGULARS_PUBLIC_URL": public,
                "REGULARS_SECRET": "s" * 32,
                "REGULARS_ZONE": "America/New_York",
                "REGULARS_FLOWS": str(flows or quiet_flows()),
                "REGULARS_TWILIO_ACCOUNT_SID": SID,
                "REGULARS_TWILIO_AUTH_TOKEN": TOKEN,
                "REGULARS_TWILIO_FROM": DEMO_NUMBER,
                "REGULARS_TWILIO_BASE_URL": loopback.url,
                **(settings or {}),
            }
        )
        if database is None:
            database = await prepared(chosen, clock)
        await database.transact(lambda connection: revisions.put_products(connection, PRODUCTS))
        async with (
            logging_to(log),
            running(chosen, role=role, clock=clock, database=database) as app,
            serving(app) as base,
        ):
            if not strikes:
                app.clockwork.pause()
            yield Chat(app, loopback, clock, base, log)


async def prepared(settings: Settings, clock: Clock) -> Database:
    """Do as `prepare_database`, but compile the same files only once: that takes longer than all the rest."""
    content = hashlib.sha256()
    for where in (settings.flows, settings.locales):
        for file in sorted(where.rglob("*.*")):
            content.update(f"\n{file.relative_to(where)}\n".encode() + file.read_bytes())
    compiled = _COMPILED.get(content.digest())
    if compiled is not None:
        database = await open_database(settings)
        if await schema.is_newest(database):
            if not await database.query(revisions.generation):
                now = clock()
                published = [replace(one, published_at=now) for one in compiled]
                await database.transact(lambda c: publish(c, published, new_id(now, 0, os.urandom)))
            return database
        await database.close()
    database = await prepare_database(settings, clock)
    _COMPILED[content.digest()] = compile_folder(read_folder(settings.flows, settings.locales), clock())
    return database


@asynccontextmanager
async def logging_to(stream: io.StringIO) -> AsyncIterator[None]:
    """Log as the application does, but without its last line of defence against personal data."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.reset_defaults()


@cache
def quiet_flows() -> Path:
    """The shipped files but for journeys: whoever joins or orders would hear of them for weeks."""
    where = Path(tempfile.mkdtemp(prefix="regulars-flows-"))
    atexit.register(shutil.rmtree, where, ignore_errors=True)
    journeys = shutil.ignore_patterns(*(f"{name}.yaml" for name in JOURNEYS))
    shutil.copytree(FLOWS, where / "flows", ignore=journeys)
    shutil.copytree(FLOWS.parent / "locales", where / "locales")
    return where / "flows"


def folder(where: Path, **flows: str) -> Path:
    """Make a folder of flows: the shipped program and keywords, and these."""
    made = where / "flows"
    made.mkdir(exist_ok=True)
    for name in ("program.yaml", "keywords.yaml"):
        (made / name).write_text((FLOWS / name).read_text())
    for name, text in flows.items():
        (made / f"{name}.yaml").write_text(text)
    return made


def shipped(where: Path, *names: str, **flows: str) -> Path:
    """Make a folder with some of the shipped flows, and these."""
    return folder(where, **{name: (FLOWS / f"{name}.yaml").read_text() for name in names}, **flows)


__all__ = ["FLOWS", "NOON", "NUMBER", "Chat", "Clock", "chatting", "folder", "quiet_flows", "shipped"]
