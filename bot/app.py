"""The composition root: puts the parts together from the settings, starts and stops them in order."""

import asyncio
import hashlib
import hmac
import math
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import aiohttp
import asyncpg
from aiohttp import web

from bot.channels.channel import Channel
from bot.channels.twilio.sender import TwilioAccount, TwilioChannel
from bot.channels.twilio.signature import Verifier
from bot.config import SECRET_BYTES, Settings, TwilioSettings, texts
from bot.conversation.batch import Batch, Conversation
from bot.conversation.checking import look_over
from bot.conversation.clicks import Clicks
from bot.conversation.contents import Contents
from bot.conversation.current import CurrentPublication
from bot.conversation.decide import Decisions
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.newcomers import is_known
from bot.conversation.publication import ShopSettings
from bot.conversation.publishing import Published, compile_folder, publish, read_folder
from bot.conversation.receipts import Receipts
from bot.conversation.work import Result, Work
from bot.core import wording
from bot.core.errors import CannotStart
from bot.core.flow.handler import HandlerSpec, by_name
from bot.core.flow.reader import together
from bot.core.gate import Policy
from bot.core.ids import new_id
from bot.core.senders import MAIN, SenderPool
from bot.core.signed_links import SignedLinks
from bot.jobs.calls import ShopCalls
from bot.jobs.clockwork import Clockwork, Job
from bot.jobs.due import DueWork
from bot.jobs.learning import Learning
from bot.jobs.outbox import OutboxDelivery, nowhere
from bot.jobs.public_network import connector
from bot.jobs.rates import Rates
from bot.jobs.reconciliation import Reconciliation
from bot.jobs.relays import Relays
from bot.jobs.stock_news import StockNews
from bot.jobs.sweeping import Sweeper
from bot.jobs.wechat_shared import SharedInDatabase
from bot.logs import AccessLogger
from bot.storage import figures, revisions, schema
from bot.storage.behind import Behind
from bot.storage.driver import Database
from bot.storage.kept_secret import kept_secret
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from bot.storage.tally import Tally
from bot.web.api import openapi
from bot.web.api.asked import Door
from bot.web.api.door import PREFIX as API_PREFIX
from bot.web.api.door import ShopApi
from bot.web.api.table import ROUTES
from bot.web.contents import ContentLinks
from bot.web.health import Health
from bot.web.invitations import Invitations
from bot.web.limits import InboundLimits, Limit, Limiter
from bot.web.links import LinkVisits
from bot.web.metrics import Metrics
from bot.web.twilio import BODY_MAX, TwilioWebhooks
from handlers import (
    bundle,
    card,
    checkin,
    claimed,
    drop,
    earn,
    enroll,
    gift,
    handed_out,
    history,
    hours,
    how,
    invited,
    link,
    offers,
    only,
    person,
    redeem,
    refer,
    reorder,
    rewards,
    snooze,
    tier,
    undo,
    usual,
    wheel,
    why,
)

if TYPE_CHECKING:
    from bot.web.wechat import WechatCallbacks

Clock = Callable[[], datetime]
Role = Literal["all", "web", "worker"]

HANDLERS: Mapping[str, HandlerSpec] = by_name(
    (
        bundle.bundles,
        bundle.order_bundle,
        card.card,
        checkin.checkin,
        claimed.claimed,
        drop.drops,
        drop.give_up_drop,
        drop.take_drop,
        earn.earn,
        enroll.enroll,
        gift.gift,
        gift.give,
        handed_out.handed_out,
        history.history,
        hours.hours,
        how.how,
        invited.invited,
        link.link,
        link.link_code,
        link.prove,
        offers.offers,
        only.only,
        person.desk,
        person.leave_desk,
        person.person,
        redeem.redeem,
        refer.refer,
        reorder.reorder,
        rewards.rewards,
        snooze.resume,
        snooze.snooze,
        tier.tier,
        undo.undo,
        usual.usual,
        wheel.proof,
        wheel.spin,
        wheel.wheel,
        why.why,
    )
)
"""What flows may call with `do:`; a new handler joins here."""

_TALLY_SECONDS = 3
"""How often a process adds what it counted to the database."""

JOBS_CONNECTIONS = 4
"""How many of a process's 8 connections jobs may hold: the rest is for turns and requests."""

MESSAGES = Limit(burst=30, per_minute=30)
"""What one address may send."""


def utc_now() -> datetime:
    """The clock of every process but demo and tests."""
    return datetime.now(UTC)


async def open_database(settings: Settings) -> Database:
    """Open the database the settings name. Raises CannotStart."""
    try:
        if settings.sqlite_file is not None:
            return SqliteDatabase(str(settings.sqlite_file))
        return await PostgresDatabase.open(settings.database_url)
    except (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CannotStart(
            f"the database cannot be reached: {reason}; check DATABASE_URL and that it runs"
        ) from error


async def prepare_database(settings: Settings, clock: Clock) -> Database:
    """Open the database, bring it to the newest schema, publish the folder's files if none ever was."""
    database = await open_database(settings)
    if not await schema.is_newest(database):
        from bot.storage import migrate  # noqa: PLC0415  # its tools take as long to load as all the rest

        await migrate.upgrade(settings.database_url)
    if not await database.query(revisions.generation):
        await publish_folder(database, settings, clock)
    return database


async def push(database: Database, settings: Settings, clock: Clock, *, force: bool = False) -> Published:
    """Look over the folder as `flows check` does and publish what has changed.

    Raises:
        FlowError: with every complaint, also about what files say of each other (see `others`).
    """
    look = look_over(settings.flows, settings.locales, HANDLERS)
    if look.errors:
        raise together([complaint.error for complaint in look.errors])
    return await publish_folder(database, settings, clock, force=force)


async def publish_folder(
    database: Database, settings: Settings, clock: Clock, *, force: bool = False
) -> Published:
    """Publish what has changed, each file looked at by itself. Raises FlowError."""
    now = clock()
    files = compile_folder(read_folder(settings.flows, settings.locales), now)
    return await database.transact(
        lambda connection: publish(connection, files, new_id(now, 0, os.urandom), force=force)
    )


@dataclass(slots=True)
class Running:
    """A running application."""

    settings: Settings
    database: Database
    behind: Database
    """The same, for jobs: whoever writes to us never waits for them."""
    conversation: Conversation
    dispatcher: Dispatcher
    receipts: Receipts
    clockwork: Clockwork
    current: CurrentPublication
    metrics: Metrics
    clock: Clock

    @property
    def decisions(self) -> Decisions:
        """What decides turns now."""
        assert isinstance(self.conversation.decider, Decisions)
        return self.conversation.decider

    async def reload(self) -> int:
        """Use what was published since; 1 when something was."""
        newer = await self.current.load_if_new(self.decisions)
        if newer is None:
            return 0
        self.conversation.decider = newer
        return 1

    async def problem(self) -> str | None:
        """Say why messages cannot be handled now; None when they can."""
        if not self.dispatcher.is_running:
            return "turns are not taken any more"
        try:
            await self.database.query(revisions.generation)
        except Exception as error:  # noqa: BLE001  # whatever the database says, the answer is: not ready
            return f"the database does not answer: {type(error).__name__}"
        return None


@asynccontextmanager
async def running(  # noqa: PLR0913  # each has its usual value; tests and rehearsals give others
    settings: Settings,
    *,
    role: Role = "all",
    clock: Clock = utc_now,
    database: Database | None = None,
    channels: Mapping[str, Channel] | None = None,
    at: Callable[[str], None] = nowhere,
    decided: Decisions | None = None,
) -> AsyncIterator[Running]:
    """Start everything but the web server; stopped in reverse, works in hand finished.

    `at` is called at each named point of the sending road: for drills. `decided` is the publication in force
    where somebody has compiled it before: for rehearsals, which start again and again.
    """
    async with AsyncExitStack() as stack:
        if database is None:
            database = await prepare_database(settings, clock)
        stack.push_async_callback(database.close)
        if not settings.secrets:
            made = secrets.token_urlsafe(SECRET_BYTES)
            settings = replace(settings, secrets=(await kept_secret(database, made),))
        current = CurrentPublication(database, _shop_settings(settings), HANDLERS)
        conversation = Conversation(
            decider=decided or await current.load(),
            clock=clock,
            load_revision=current.load_revision,
            hash_address=address_hashes(settings),
        )
        if role != "worker":
            wording.prepare()  # else the first who does not text a keyword waits for it
        tally = Tally()
        stack.push_async_callback(tally.flush, database)  # after all that counts has come to its end
        dispatcher = Dispatcher(database, conversation, tally)
        dispatcher.start()
        stack.push_async_callback(dispatcher.close)
        receipts = Receipts(database, dispatcher, clock, lambda: conversation.decider.shop.senders, tally)
        stopping = asyncio.Event()
        if channels is None:
            channels = _channels(settings, database, clock) if role != "web" else {}
        for channel in channels.values():
            stack.push_async_callback(channel.close)
        app = Running(
            settings=settings,
            database=database,
            behind=database if database.dialect == "sqlite" else Behind(database, JOBS_CONNECTIONS),
            conversation=conversation,
            dispatcher=dispatcher,
            receipts=receipts,
            clockwork=Clockwork((), stopping),
            current=current,
            metrics=Metrics(),
            clock=clock,
        )
        # Every process records itself which of its replies were written; first, as other jobs wait for that.
        jobs = [Job("replies", 1, dispatcher.settle), Job("publication", 1, app.reload)]
        jobs.append(Job("tally", _TALLY_SECONDS, lambda: tally.flush(database)))
        if role != "web":
            jobs += await _worker_jobs(app, channels, stopping, stack, at, tally)
        app.clockwork = Clockwork(jobs, stopping)
        app.clockwork.start()
        stack.push_async_callback(app.clockwork.close)
        yield app


async def take_turn(settings: Settings, database: Database, work: Work, clock: Clock = utc_now) -> Result:
    """Run one turn for a command, under the publication in force; what it causes is left to the workers."""
    current = CurrentPublication(database, _shop_settings(settings), HANDLERS)
    conversation = Conversation(
        decider=await current.load(),
        clock=clock,
        load_revision=current.load_revision,
        hash_address=address_hashes(settings),
    )
    (result,) = await database.transact(Batch(conversation, [work]).run)
    assert result is not None, "one work waits for no other"
    return result


async def decisions(settings: Settings, database: Database) -> Decisions:
    """What is decided by under the publication in force, for commands that only look."""
    return await CurrentPublication(database, _shop_settings(settings), HANDLERS).load()


def due_jobs(app: Running, stopping: asyncio.Event) -> list[Job]:
    """The jobs that turn what has become due into turns."""
    due = DueWork(app.behind, app.dispatcher, app.clock, lambda: app.decisions, stopping)
    sweeper = Sweeper(
        app.behind, app.clock, lambda: app.decisions, stopping, due.expired, app.conversation.entropy
    )

    def told(work: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
        """What needs the program waits while the stored one is broken: it would fail for good otherwise."""

        async def unless_broken() -> int:
            return 0 if app.decisions.publication.broken is not None else await work()

        return unless_broken

    return [
        Job("timers", 1, told(due.timers)),
        Job("schedules", 15, told(due.schedules)),
        Job("triggers", 1, told(due.triggers)),
        Job("relays", 1, told(Relays(app.behind, app.dispatcher, app.clock, stopping).hand_on)),
        Job("expired", 30, told(sweeper.sweep)),
        Job("checkouts", 30, told(due.checkouts)),
        Job("notices", 30, told(due.notices)),
        Job("standings", 30, told(due.standings)),
        Job("refills", 60, told(due.running_low)),
        Job("learning", 600, told(Learning(app.behind, app.clock, lambda: app.decisions.shop).learn)),
        Job("stock_news", 15, told(StockNews(app.behind, stopping).spread)),
    ]


async def _worker_jobs(
    app: Running,
    channels: Mapping[str, Channel],
    stopping: asyncio.Event,
    stack: AsyncExitStack,
    at: Callable[[str], None],
    tally: Tally,
) -> list[Job]:
    outbox = OutboxDelivery(
        app.behind,
        channels,
        app.receipts,
        lambda: app.decisions.shop.policy,
        app.clock,
        stopping,
        at,
        Rates(lambda: app.decisions.shop.senders),
        tally=tally,
    )
    app.dispatcher.queued = lambda buckets: app.clockwork.soon(
        Job("outbox_at_once", 0, lambda: outbox.replies_of(buckets))
    )
    unknown = Reconciliation(app.behind, channels, app.receipts, app.clock, stopping, at=at)

    jobs = [
        *due_jobs(app, stopping),
        Job("outbox_leases", 30, outbox.give_up),
        Job("outbox_held", 15, outbox.release),
        Job("outbox_replies", 0.25, outbox.replies),
        Job("outbox_service", 0.5, outbox.service),
        Job("outbox_bulk", 0.5, outbox.bulk),
        Job("outbox_unknown", 15, unknown.find_out),
    ]
    shop = app.settings.shop
    if shop is not None:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector(only_public=shop.only_public))
        )
        calls = ShopCalls(app.behind, session, shop.webhook_url, shop.webhook_secrets, app.clock, stopping)
        jobs.append(Job("shop_calls", 2, calls.make))
    return jobs


@asynccontextmanager
async def serving(app: Running, *, extra: web.Application | None = None) -> AsyncIterator[str]:
    """Answer HTTP on the settings' host and port; gives the base URL."""
    server = web.Application(client_max_size=BODY_MAX)
    server.add_routes(
        Health(
            app.problem,
            app.metrics,
            app.settings.metrics_token,
            lambda: app.dispatcher.backlog,
            lambda: app.database.query(lambda c: figures.figures(c, app.clock())),
            app.clock,
        ).routes()
    )
    server.add_routes(LinkVisits(Clicks(app.database, app.clock), app.metrics, app.clock).routes())
    server.add_routes(_content_links(app).routes())
    server.add_routes(Invitations(lambda: app.decisions.publication, app.clock).routes())
    if app.settings.twilio is not None:
        server.add_routes(_twilio_webhooks(app).routes())
    if app.settings.wechat:
        wechat = _wechat_callbacks(app)
        server.add_routes(wechat.routes())
        server.on_cleanup.append(lambda _: wechat.close())
    server.add_subapp(API_PREFIX, _shop_api(app).application())
    server.add_routes([openapi.route_of(ROUTES, app.settings.public_url)])
    if extra is not None:
        server.add_subapp("/demo/", extra)
    runner = web.AppRunner(server, access_log_class=AccessLogger, shutdown_timeout=10)
    await runner.setup()
    try:
        site = web.TCPSite(runner, app.settings.host, app.settings.port, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            port = app.settings.port
            raise CannotStart(
                f"port {port} cannot be listened on ({error.strerror}): end what runs there,"
                f" or set REGULARS_PORT to another, like {port + 1}"
            ) from error
        yield f"http://{app.settings.host}:{app.settings.port}"
    finally:
        await runner.cleanup()


def _shop_api(app: Running) -> ShopApi:
    per_minute = app.settings.api_requests_per_minute
    door = Door(
        app.database,
        app.dispatcher,
        app.clock,
        lambda: app.decisions.shop,
        address_hashes(app.settings),
    )
    return ShopApi(door, ROUTES, app.metrics, Limiter(Limit(burst=per_minute, per_minute=per_minute)))


def _twilio_webhooks(app: Running) -> TwilioWebhooks:
    twilio = app.settings.twilio
    assert twilio is not None, "only where Twilio is set up"
    return TwilioWebhooks(
        verifier=Verifier(twilio.auth_tokens, app.settings.public_url),
        public_url=app.settings.public_url,
        dispatcher=app.dispatcher,
        receipts=app.receipts,
        limits=InboundLimits(
            MESSAGES,
            Limit(burst=10 * app.settings.newcomers_per_minute, per_minute=app.settings.newcomers_per_minute),
        ),
        metrics=app.metrics,
        clock=app.clock,
        says_stop=lambda inbound: app.decisions.says_stop(inbound),  # noqa: PLW0108  # always the latest decisions
        is_known=lambda inbound: is_known(app.database, inbound),
    )


def _wechat_callbacks(app: Running) -> "WechatCallbacks":
    from bot.web.wechat import Door, WechatCallbacks  # noqa: PLC0415  # cryptography, which few need

    return WechatCallbacks(
        doors={account.name: Door.of(account, os.urandom) for account in app.settings.wechat},
        dispatcher=app.dispatcher,
        receipts=app.receipts,
        limits=Limiter(MESSAGES),
        metrics=app.metrics,
        clock=app.clock,
        says_stop=lambda inbound: app.decisions.says_stop(inbound),  # noqa: PLW0108  # always the latest decisions
    )


def _content_links(app: Running) -> ContentLinks:
    settings = app.settings
    secrets_ = tuple(secret.encode() for secret in settings.secrets)
    shop_secret = settings.shop.webhook_secrets[0] if settings.shop is not None else None
    links = SignedLinks(settings.public_url, secrets_)
    return ContentLinks(Contents(app.database, app.clock), links, app.clock, shop_secret)


def _channels(settings: Settings, database: Database, clock: Clock) -> dict[str, Channel]:
    channels: dict[str, Channel] = {}
    if settings.twilio is not None:
        channels["sms"] = _sms(settings, settings.twilio)
    if settings.wechat:
        channels["wechat"] = _wechat(settings, database, clock)
    return channels


def _wechat(settings: Settings, database: Database, clock: Clock) -> Channel:
    from bot.channels.wechat.sender import WechatChannel  # noqa: PLC0415  # 0.35 s and 17 MB, which few need

    return WechatChannel(
        settings.wechat,
        base_url=settings.wechat_base_url,
        shared=SharedInDatabase(database, clock),
        folder=settings.flows,
        pictures=connector(only_public=not texts.is_loopback(settings.wechat_base_url)),
    )


def _sms(settings: Settings, twilio: TwilioSettings) -> Channel:
    account = TwilioAccount(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_tokens[0],
        sender=twilio.messaging_service_sid or twilio.sender or "",
        public_url=settings.public_url,
        base_url=twilio.base_url,
    )
    return TwilioChannel(account)


def _shop_settings(settings: Settings) -> ShopSettings:
    twilio = settings.twilio
    senders = {}
    if twilio is not None:
        numbers = (twilio.sender,) if twilio.sender else ()
        # Nobody said how fast they may be, and Twilio queues what is too fast for up to ten hours.
        senders[MAIN] = SenderPool(
            MAIN,
            numbers,
            messaging_service=twilio.messaging_service_sid,
            segments_per_second=math.inf,
        )
    zone = settings.zone.key
    return ShopSettings(
        zone=zone,
        senders=senders,
        policy=Policy(zone=zone),
        public_url=settings.public_url,
        secrets=tuple(secret.encode() for secret in settings.secrets),
    )


def address_hashes(settings: Settings) -> Callable[[str], tuple[str, ...]]:
    """Hash with every secret of a rotation: what was suppressed under the older one still is."""
    keys = [secret.encode() for secret in settings.secrets]
    return lambda address: tuple(hmac.new(key, address.encode(), hashlib.sha256).hexdigest() for key in keys)
