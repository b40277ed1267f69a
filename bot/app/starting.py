"""Everything but the web server, started and stopped in order."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Literal

import structlog

from bot.app.channels import address_hashes, channels_of, shop_settings
from bot.app.databases import Clock, prepare_database, utc_now
from bot.app.handlers import HANDLERS
from bot.app.jobs import TALLY_SECONDS, worker_jobs
from bot.app.running import Running
from bot.channels.channel import Channel
from bot.config import SECRET_BYTES, Settings
from bot.conversation.batch import Batch
from bot.conversation.cashier import Cashier
from bot.conversation.conversation import Conversation
from bot.conversation.current import CurrentPublication
from bot.conversation.decide import Decisions
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.receipts import Receipts
from bot.conversation.shown import Shown
from bot.conversation.tracking.tracker import Tracker
from bot.conversation.work import Result, Work
from bot.core import wording
from bot.core.flow.costs import LIST_PRICE, Price
from bot.core.local_time import local_date
from bot.core.loyalty.places import PayBy
from bot.jobs.clockwork import Clockwork, Job
from bot.jobs.outbox import nowhere
from bot.storage import segment_prices
from bot.storage.behind import Behind
from bot.storage.driver import Database
from bot.storage.kept_secret import kept_secret
from bot.storage.learnt import Learnt
from bot.storage.tally import Tally
from bot.web.metrics import Metrics

Role = Literal["all", "web", "worker"]
_logger = structlog.get_logger(__name__)


JOBS_CONNECTIONS = 4
"""How many of a process's 10 connections jobs may hold: the rest is for turns, requests and answers."""


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
        current = CurrentPublication(database, shop_settings(settings), HANDLERS)
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
        learnt = Learnt()
        stack.push_async_callback(lambda: learnt.flush(database, clock()))
        tracker = Tracker(database, conversation, conversation.keeping.keep_current, learnt)
        tracker.start()
        stack.push_async_callback(tracker.close)
        receipts = Receipts(database, dispatcher, clock, lambda: conversation.decider.shop.senders, tally)
        shown = Shown(receipts)
        stack.push_async_callback(shown.record)
        stopping = asyncio.Event()
        if channels is None:
            channels = channels_of(settings, database, clock) if role != "web" else {}
        for channel in channels.values():
            stack.push_async_callback(channel.close)
        app = Running(
            settings=settings,
            database=database,
            behind=database if database.dialect == "sqlite" else Behind(database, JOBS_CONNECTIONS),
            conversation=conversation,
            dispatcher=dispatcher,
            receipts=receipts,
            shown=shown,
            clockwork=Clockwork((), stopping),
            current=current,
            metrics=Metrics(),
            clock=clock,
            tally=tally,
            cashier=_cashier(settings, database, dispatcher, stack, clock, tally),
            tracker=tracker,
        )
        _say_who_cannot_pay(app)
        if role != "web":
            price = Price(*settings.segment_price) if settings.segment_price else LIST_PRICE
            await segment_prices.note(database, price, local_date(clock(), settings.zone.key))
        # Every process records itself which of its replies were written; first, as other jobs wait for that.
        jobs = [Job("replies", 1, dispatcher.settle), Job("publication", 1, app.reload)]
        jobs.append(Job("shown", 1, shown.record))
        jobs.append(Job("tally", TALLY_SECONDS, lambda: tally.flush(database)))
        jobs.append(Job("learnt", TALLY_SECONDS, lambda: learnt.flush(database, clock())))
        if role != "web":
            jobs += await worker_jobs(app, channels, stopping, stack, at, tally)
        app.clockwork = Clockwork(jobs, stopping)
        app.clockwork.start()
        stack.push_async_callback(app.clockwork.close)
        yield app


def _say_who_cannot_pay(app: Running) -> None:
    """Tell the operator that WeChat Pay is not offered, where the shop means it to be."""
    shop, pay = app.decisions.shop, app.settings.pay
    currency = shop.program.currency.code
    if pay is not None and shop.selling.offers_to_pay(PayBy.WECHAT) and not pay.takes(currency):
        _logger.error("wechat_pay_not_offered", currency=currency, remedy="write the program in CNY")


def _cashier(
    settings: Settings,
    database: Database,
    dispatcher: Dispatcher,
    stack: AsyncExitStack,
    clock: Clock,
    tally: Tally,
) -> Cashier | None:
    if settings.pay is None:
        return None
    from bot.app.paying import till_of  # noqa: PLC0415  # cryptography, which few need

    till = till_of(settings, clock)
    stack.push_async_callback(till.close)
    return Cashier(database, dispatcher, till, clock, takes=settings.pay.takes, tally=tally)


async def take_turn(settings: Settings, database: Database, work: Work, clock: Clock = utc_now) -> Result:
    """Run one turn for a command, under the publication in force; what it causes is left to the workers."""
    current = CurrentPublication(database, shop_settings(settings), HANDLERS)
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
    return await CurrentPublication(database, shop_settings(settings), HANDLERS).load()
