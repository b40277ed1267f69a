"""The whole demo: a shop full of members, the bot, Twilio and WeChat on loopback, a page of phones."""

import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot import app
from bot.config import Settings, load_settings, with_secret
from bot.core.errors import RegularsError
from bot.demo import loading, wechat_shop
from bot.demo.clock import CLOCK, DATABASE, ZONE, DemoClock
from bot.demo.faces import TextFace, WechatFace
from bot.demo.hot_reload import hot_reload
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_thread import LoopbackThread, loopback_thread
from bot.demo.loopback_twilio import LoopbackTwilio
from bot.demo.mailbox import LoopbackMail, mail_server
from bot.demo.mailbox_page import PATH as MAILBOX
from bot.demo.mailbox_page import MailboxPage
from bot.demo.page import PhonePage
from bot.demo.pay.loopback import LoopbackPay
from bot.demo.people import people
from bot.demo.time_travel import TimeTravel
from bot.demo.wechat.loopback import LoopbackWechat
from bot.demo.wechat.pages import Paid

FOLDER = Path(".demo")
_HOST = "127.0.0.1"  # never anything else: whoever reaches it can text as anybody and move the clock
_SID = "AC" + "0" * 32
_LATENCY = timedelta(milliseconds=250)


class PortTaken(RegularsError):
    """Another program listens on the port already."""


@asynccontextmanager
async def demo(port: int, folder: Path = FOLDER, *, fresh: bool = False) -> AsyncIterator[str]:
    """Run the demo for as long as the context lasts; gives the page's URL. Raises `PortTaken`."""
    _check_port(port)
    _prepare(folder, fresh=fresh)
    clock = DemoClock(folder / CLOCK)
    account = Account(_SID, secrets.token_hex(16), f"http://{_HOST}:{port}/twilio/messages")
    async with AsyncExitStack() as stack:
        twilio = LoopbackTwilio(account, latency=_LATENCY, clock=clock)
        texts = await stack.enter_async_context(loopback_thread(twilio))
        wechat = LoopbackWechat(wechat_shop.accounts(f"http://{_HOST}:{port}"), clock=clock)
        chats = await stack.enter_async_context(loopback_thread(wechat))
        pay = LoopbackPay(latency=_LATENCY, clock=clock)
        # WeChat hears of payments too: it wants to be told that what was paid is on its way.
        paid = wechat.platform.pages.payments
        pay.phones.on_paid.append(lambda trade: paid.update({trade.transaction_id: Paid(trade.openid)}))
        pays = await stack.enter_async_context(loopback_thread(pay))
        mail = LoopbackMail(clock)
        mail_port = await stack.enter_async_context(mail_server(mail))
        outside = {
            **wechat.settings(),
            **pay.settings(folder),
            "REGULARS_SMTP_URL": f"smtp://{_HOST}:{mail_port}",
            "REGULARS_EMAIL_FROM": "The demo's shop <shop@mail.example>",
        }
        settings = _settings(port, folder, account, texts, outside, os.environ)
        database = await app.prepare_database(settings, clock)
        await app.push(database, settings, clock)
        if not await loading.is_loaded(database):
            await loading.load(database, clock())
        running = await stack.enter_async_context(app.running(settings, clock=clock, database=database))

        def set_up() -> None:
            wechat_shop.set_up(wechat, running.decisions.shop.name, running.decisions.shop.wechat)

        set_up()
        await stack.enter_async_context(hot_reload(running, set_up))
        travel = TimeTravel(running, clock, [texts, chats, pays])
        told = [person for person in people(1) if person.story]
        faces = [WechatFace(chats, one) for one in wechat.platform.accounts.values()]
        page = PhonePage(running, clock, TextFace(texts), faces, travel, told=told, pays=pays)
        pages = page.application()
        pages.add_subapp(MAILBOX, MailboxPage(running, mail, clock).application())
        url = await stack.enter_async_context(app.serving(running, extra=pages))
        yield f"{url}/demo/"


def _settings(  # each tells something
    port: int,
    folder: Path,
    account: Account,
    texts: LoopbackThread,
    outside: Mapping[str, str],
    environ: Mapping[str, str],
) -> Settings:
    """Settings of the demo's own: of the environment it takes the folder of flows alone, never a database."""
    own = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{(folder / DATABASE).resolve()}",
        "REGULARS_HOST": _HOST,
        "REGULARS_PORT": str(port),
        "REGULARS_ZONE": ZONE,
        "REGULARS_TWILIO_ACCOUNT_SID": account.sid,
        "REGULARS_TWILIO_AUTH_TOKEN": account.auth_token,
        "REGULARS_TWILIO_FROM": DEMO_NUMBER,
        "REGULARS_TWILIO_BASE_URL": texts.url,
        **outside,
        "REGULARS_SHOP_WEBHOOK_URL": f"http://{_HOST}:{port}/demo/shop",
        "REGULARS_SHOP_WEBHOOK_SECRET": secrets.token_urlsafe(32),
        "REGULARS_SHOP_WEBHOOK_NETWORK": "any",  # it is this machine
    }
    if flows := environ.get("REGULARS_FLOWS"):
        own["REGULARS_FLOWS"] = flows
    return with_secret(load_settings(own))


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} is in use: end what runs there, or try: regulars demo --port {port + 1}"
            ) from error


def _prepare(folder: Path, *, fresh: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not fresh:
        return
    for file in (*folder.glob(f"{DATABASE}*"), folder / CLOCK):
        file.unlink(missing_ok=True)
