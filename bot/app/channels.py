"""The channels that the settings name, and what turns are told of the settings."""

import hashlib
import hmac
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.app.databases import Clock
from bot.channels.app import AppChannel
from bot.channels.channel import Channel
from bot.channels.twilio.sender import TwilioAccount, TwilioChannel
from bot.config import Settings, TwilioSettings, texts
from bot.config.email import EmailSettings
from bot.conversation.frames import Frames
from bot.conversation.publication import ShopSettings
from bot.core.email.links import LetterLinks, LetterNames
from bot.core.email.mailbox import EMAIL
from bot.core.gate import Policy
from bot.core.in_app import APP
from bot.core.senders import MAIN, SenderPool
from bot.jobs.public_network import connector
from bot.jobs.wechat_shared import SharedInDatabase
from bot.storage.driver import Database

if TYPE_CHECKING:
    from bot.channels.email.sender import MailServer


def channels_of(settings: Settings, database: Database, clock: Clock) -> dict[str, Channel]:
    """What messages leave by, by the name of the channel."""
    channels: dict[str, Channel] = {APP: AppChannel()}
    if settings.twilio is not None:
        channels["sms"] = _sms(settings, settings.twilio)
    if settings.wechat:
        channels["wechat"] = _wechat(settings, database, clock)
    if settings.email is not None:
        channels[EMAIL] = _email(settings, settings.email, database, clock)
    return channels


def _email(settings: Settings, email: EmailSettings, database: Database, clock: Clock) -> Channel:
    from bot.channels.email.sender import EmailChannel  # noqa: PLC0415  # what few need

    secrets = tuple(secret.encode() for secret in settings.secrets)
    return EmailChannel(
        mail_server(email),
        links=LetterLinks(settings.public_url, secrets),
        names=LetterNames(secrets),
        frames=Frames(database).find,
        clock=clock,
    )


def mail_server(email: EmailSettings) -> "MailServer":
    """The mail server that the settings name."""
    from bot.channels.email.sender import MailServer  # noqa: PLC0415  # what few need

    return MailServer(
        host=email.host,
        port=email.port,
        security=email.security,
        sender=email.sender,
        username=email.username,
        password=email.password,
        bounces=email.bounces,
    )


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


def shop_settings(settings: Settings) -> ShopSettings:
    """What turns are told of the settings."""
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
