"""The web server: everything that answers HTTP."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from aiohttp import web

from bot.app.apis import add_apis
from bot.app.running import Running
from bot.app.tracking import add_tracking
from bot.channels.twilio.signature import Verifier
from bot.conversation.campaigns import Campaigns
from bot.conversation.cashier import Cashier
from bot.conversation.clicks import Clicks
from bot.conversation.contents import Contents
from bot.conversation.letters import Readers
from bot.conversation.newcomers import is_known
from bot.core.audiences.rule import Happened
from bot.core.campaign_links import CampaignTokens
from bot.core.email.links import LetterLinks, LetterNames
from bot.core.email.reports import Report
from bot.core.errors import CannotStart
from bot.core.page_links import PageLinks
from bot.core.signed_links import SignedLinks
from bot.jobs.wechat_shared import SharedInDatabase
from bot.logs import AccessLogger
from bot.storage import figures, letters
from bot.storage.driver import Connection
from bot.web.bodies import leave_the_rest
from bot.web.contents import ContentLinks
from bot.web.email_reports import EmailReports
from bot.web.h5 import H5Pages
from bot.web.health import Health
from bot.web.invitations import Invitations
from bot.web.join import JoinPages
from bot.web.letters import LetterDoor
from bot.web.limits import InboundLimits, Limit, Limiter
from bot.web.links import LinkVisits
from bot.web.twilio import BODY_MAX, TwilioWebhooks

if TYPE_CHECKING:
    from bot.web.pay import PayNotices
    from bot.web.wechat import WechatCallbacks
    from bot.web.wechat_people import People

MESSAGES = Limit(burst=30, per_minute=30)
"""What one address may send."""


@asynccontextmanager
async def serving(app: Running, *, extra: web.Application | None = None) -> AsyncIterator[str]:
    """Answer HTTP on the settings' host and port; gives the base URL."""
    server = web.Application(client_max_size=BODY_MAX)
    server.on_response_prepare.append(leave_the_rest)
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
    server.add_routes(_link_visits(app).routes())
    server.add_routes(H5Pages(lambda: app.decisions.publication).routes())
    server.add_routes(_content_links(app).routes())
    server.add_routes(_invitations(app).routes())
    server.add_routes(_letter_door(app).routes())
    if app.settings.email is not None and app.settings.email.reports_token:
        server.add_routes(_email_reports(app, app.settings.email.reports_token).routes())
    server.add_routes(_join_pages(app).routes())
    if app.settings.twilio is not None:
        server.add_routes(_twilio_webhooks(app).routes())
    if app.settings.wechat:
        wechat = _wechat_callbacks(app)
        server.add_routes(wechat.routes())
        server.on_cleanup.append(lambda _: wechat.close())
    if app.cashier is not None:
        server.add_routes(_pay_notices(app, app.cashier).routes())
    add_tracking(server, app)  # before the APIs: Leanplum's address is the prefix of the shop's
    add_apis(server, app)
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

    accounts = app.settings.wechat
    minis = {account.name: account.appid for account in accounts if not account.is_official}
    return WechatCallbacks(
        doors={account.name: Door.of(account, os.urandom, minis) for account in accounts},
        dispatcher=app.dispatcher,
        receipts=app.receipts,
        limits=Limiter(MESSAGES),
        metrics=app.metrics,
        clock=app.clock,
        says_stop=lambda inbound: app.decisions.says_stop(inbound),  # noqa: PLW0108  # always the latest decisions
        people=_people(app),
    )


def _people(app: Running) -> "People | None":
    """Who asks WeChat about followers; None where no account is bound to others."""
    settings = app.settings
    if not any(account.is_bound for account in settings.wechat):
        return None
    from bot.channels.wechat.followers import Followers  # noqa: PLC0415  # 0.35 s and 17 MB, which few need
    from bot.web.wechat_people import People  # noqa: PLC0415  # same

    shared = SharedInDatabase(app.database, app.clock)
    followers = Followers(settings.wechat, base_url=settings.wechat_base_url, may_force=shared.may_force)
    return People(followers, app.dispatcher, app.clock)


def _pay_notices(app: Running, cashier: Cashier) -> "PayNotices":
    from bot.app.paying import merchant_of  # noqa: PLC0415  # cryptography, which few need
    from bot.web.pay import PayNotices  # noqa: PLC0415  # same

    return PayNotices(merchant_of(app.settings), cashier, app.metrics, app.clock)


def _link_visits(app: Running) -> LinkVisits:
    pages = PageLinks(app.settings.public_url, _secrets(app))

    async def keep(connection: Connection, contact: str, one: Happened, now: datetime) -> None:
        await app.conversation.keeping.keep_one(connection, app.decisions, contact, one, now)

    clicks = Clicks(app.database, app.clock, keep=keep)
    return LinkVisits(clicks, app.metrics, app.clock, pages, _campaigns(app))


def _email_reports(app: Running, token: str) -> EmailReports:
    async def find(report: Report) -> tuple[str, str] | None:
        return await app.database.query(lambda c: letters.find(c, report.message_id, report.contact_id))

    return EmailReports(token, LetterNames(_secrets(app)), app.receipts, find)


def _letter_door(app: Running) -> LetterDoor:
    readers = Readers(app.database, app.dispatcher, app.clock, lambda: app.decisions.shop)
    return LetterDoor(LetterLinks(app.settings.public_url, _secrets(app)), readers, app.clock)


def _invitations(app: Running) -> Invitations:
    campaigns = _campaigns(app)
    into_mini = campaigns.friends_address if campaigns is not None else None
    return Invitations(lambda: app.decisions.publication, app.clock, into_mini)


def _join_pages(app: Running) -> JoinPages:
    settings = app.settings
    return JoinPages(
        lambda: app.decisions.publication,
        app.dispatcher,
        app.clock,
        settings.public_url,
        settings.privacy_url,
    )


def _campaigns(app: Running) -> Campaigns | None:
    """What leads into a mini program; None where the shop has none."""
    if all(account.is_official for account in app.settings.wechat):
        return None
    return Campaigns(app.database, CampaignTokens(_secrets(app)), app.clock)


def _secrets(app: Running) -> tuple[bytes, ...]:
    return tuple(secret.encode() for secret in app.settings.secrets)


def _content_links(app: Running) -> ContentLinks:
    settings = app.settings
    shop_secret = settings.shop.webhook_secrets[0] if settings.shop is not None else None
    links = SignedLinks(settings.public_url, _secrets(app))
    return ContentLinks(Contents(app.database, app.clock), links, app.clock, shop_secret)
