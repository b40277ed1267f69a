"""The jobs of a process: which clocks strike, and what for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import aiohttp

from bot.app.running import Running
from bot.channels.channel import Channel
from bot.jobs.audiences import AudienceUpkeep
from bot.jobs.calls import ShopCalls
from bot.jobs.clockwork import Job
from bot.jobs.due import DueWork
from bot.jobs.forgetting import EVERY, Forgetting
from bot.jobs.learning import Learning
from bot.jobs.outbox import OutboxDelivery
from bot.jobs.public_network import connector
from bot.jobs.rates import Rates
from bot.jobs.reconciliation import Reconciliation
from bot.jobs.relays import Relays
from bot.jobs.retention import Retention
from bot.jobs.seen_messages import SeenMessages
from bot.jobs.stock_news import StockNews
from bot.jobs.sweeping import Sweeper
from bot.jobs.wechat_shared import SharedInDatabase
from bot.jobs.winners import Winners
from bot.storage.behind import Behind
from bot.storage.tally import Tally

_ANSWERS_CONNECTIONS = 3
"""How many of a process's connections answers have that left for the outbox, beside those of jobs."""
TALLY_SECONDS = 3
"""How often a process adds what it counted to the database."""


def due_jobs(app: Running, stopping: asyncio.Event) -> list[Job]:
    """The jobs that turn what has become due into turns."""
    due = DueWork(app.behind, app.dispatcher, app.clock, lambda: app.decisions, stopping)
    sweeper = Sweeper(
        app.behind, app.clock, lambda: app.decisions, stopping, due.expired, app.conversation.entropy
    )
    audiences = AudienceUpkeep(
        app.behind, app.conversation.keeping, lambda: app.decisions, app.clock, stopping
    )
    winners = Winners(app.behind, lambda: app.decisions.publication, app.clock, stopping)
    retention = Retention(app.behind, lambda: app.decisions.publication.plan, app.clock, stopping)

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
        Job("seen_messages", 600, told(SeenMessages(app.behind, app.clock, stopping).forget)),
        Job("retention", 21_600, told(retention.remove)),
        Job("forgetting", EVERY.total_seconds(), Forgetting(app.behind, app.clock, stopping).forget),
        Job("learning", 600, told(Learning(app.behind, app.clock, lambda: app.decisions.shop).learn)),
        Job("audiences_built", 5, told(audiences.build)),
        Job("audiences", 10, told(audiences.refresh)),
        Job("audience_sizes", 300, told(audiences.count)),
        Job("winners", 3_600, told(winners.decide)),
        Job("stock_news", 15, told(StockNews(app.behind, stopping).spread)),
    ]


async def worker_jobs(
    app: Running,
    channels: Mapping[str, Channel],
    stopping: asyncio.Event,
    stack: AsyncExitStack,
    at: Callable[[str], None],
    tally: Tally,
) -> list[Job]:
    """The jobs of a process that sends: what is due, the outbox, and the shop's own webhook."""
    is_shared = app.database.dialect != "sqlite"
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
        answers_database=Behind(app.database, _ANSWERS_CONNECTIONS) if is_shared else None,
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
    if any(not account.is_official for account in app.settings.wechat):
        jobs.append(_campaign_links(app, stopping, stack))
    if app.cashier is not None:
        from bot.app.paying import pay_jobs  # noqa: PLC0415  # cryptography, which few need

        jobs += pay_jobs(app, app.cashier, stopping, stack, at)
    return jobs


def _campaign_links(app: Running, stopping: asyncio.Event, stack: AsyncExitStack) -> Job:
    from bot.channels.wechat.mini import MiniPrograms  # noqa: PLC0415  # 0.35 s and 17 MB, which few need
    from bot.jobs.campaign_links import CampaignLinks  # noqa: PLC0415  # only beside it

    settings, shared = app.settings, SharedInDatabase(app.behind, app.clock)
    mini = MiniPrograms(settings.wechat, base_url=settings.wechat_base_url, may_force=shared.may_force)
    stack.push_async_callback(mini.close)
    links = CampaignLinks(app.behind, mini, lambda: app.decisions.shop, app.clock, stopping)
    return Job("campaign_links", 600, links.make)
