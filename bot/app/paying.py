"""WeChat Pay, where a merchant is set up: who it is, and how it is asked.

Imported only there: it takes cryptography, which few need.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from bot.app.databases import Clock
from bot.app.running import Running
from bot.channels.channel import OutcomeUnknown, SendError, SendLater
from bot.channels.wechat.errors import AlreadyTold
from bot.channels.wechat.mini import Delivery, MiniPrograms, Shipment
from bot.config import Settings
from bot.config.pay import PaySettings
from bot.conversation.cashier import Cashier
from bot.core.contact import Order
from bot.core.deeds.order_told import SHIPPED
from bot.core.loyalty.orders import in_words
from bot.core.loyalty.places import PlaceKind, place_in
from bot.core.pay_errors import PayLater, PayRefused, PayUnknown
from bot.core.payments import Payment
from bot.core.wechat_address import openid_of
from bot.jobs.bills import BillJob
from bot.jobs.clockwork import Job
from bot.jobs.payments import PaymentJobs
from bot.jobs.wechat_shared import SharedInDatabase
from bot.pay.client import WechatPay
from bot.pay.merchant import Merchant
from bot.web.pay import PATH


def merchant_of(settings: Settings) -> Merchant:
    """The merchant that is set up."""
    pay = settings.pay
    assert pay is not None, "only where WeChat Pay is set up"
    return Merchant(
        mchid=pay.mchid,
        serial=pay.serial,
        private_key=_private_key(pay),
        apiv3_key=pay.apiv3_key,
        platform_keys={name: _public_key(pem) for name, pem in pay.platform_keys.items()},
        public_key_id=pay.public_key_id,
        notify_url=f"{settings.public_url}{PATH}",
        base_url=pay.base_url,
        payout_scene=pay.payout_scene,
        payout_reports=pay.payout_reports,
    )


def till_of(settings: Settings, clock: Clock) -> WechatPay:
    """WeChat Pay, as it is asked; whoever makes it closes it."""
    return WechatPay(merchant_of(settings), clock)


class MiniShipping:
    """Tells WeChat of goods on their way, by the mini program they were paid in."""

    def __init__(self, minis: MiniPrograms, clock: Clock) -> None:
        """Take the mini programs that are set up."""
        self._minis = minis
        self._clock = clock

    async def __call__(self, payment: Payment, order: Order) -> None:
        """Tell it; what was paid elsewhere than in a mini program of ours needs no word.

        Raises:
            PayLater, PayUnknown, PayRefused: as they say.
        """
        account = self._minis.account_of(payment.account)
        if account is None:
            return
        try:
            await self._minis.shipped(account, shipment_of(payment, order, self._clock()))
        except AlreadyTold:
            return
        except SendLater as error:
            raise PayLater("WeChat hears of no goods now", str(error.code or ""), error.after) from error
        except OutcomeUnknown as error:
            raise PayUnknown("WeChat may have heard of the goods") from error
        except SendError as error:
            raise PayRefused("WeChat takes no word of the goods", str(error.code or "")) from error


def shipment_of(payment: Payment, order: Order, now: datetime) -> Shipment:
    """What WeChat is told: brought by a carrier it knows, by the shop itself, or picked up."""
    shipped = order.facts.get(SHIPPED)
    told = shipped if isinstance(shipped, dict) else {}
    tracking, company = str(told.get("tracking") or ""), str(told.get("carrier") or "")
    place = place_in(order.facts)
    if tracking and company:
        delivery = Delivery.EXPRESS
    elif place is not None and place.kind is PlaceKind.PICKUP:
        delivery = Delivery.PICK_UP
    else:
        delivery = Delivery.CITY
    return Shipment(
        transaction_id=payment.transaction_id,
        openid=openid_of(payment.address),
        delivery=delivery,
        items=in_words(order),
        at=now,
        tracking=tracking if delivery is Delivery.EXPRESS else "",
        company=company if delivery is Delivery.EXPRESS else "",
    )


def pay_jobs(
    app: Running,
    cashier: Cashier,
    stopping: asyncio.Event,
    stack: AsyncExitStack,
    at: Callable[[str], None],
) -> list[Job]:
    """The jobs by which cash is paid, given back, paid out and held against the bill."""
    jobs = PaymentJobs(
        database=app.behind,
        cashier=cashier,
        shipping=_shipping(app, stack),
        remark=lambda _: _remark(app),
        clock=app.clock,
        stopping=stopping,
        at=at,
    )
    pay = app.settings.pay
    assert pay is not None, "only where WeChat Pay is set up"
    bill = BillJob(app.behind, cashier, pay.mchid, app.clock, stopping)
    return [
        Job("payments", 5, jobs.unpaid),
        Job("payment_refunds", 5, jobs.refunds),
        Job("payouts", 15, jobs.payouts),
        Job("bills", 600, bill.hold),
    ]


def _shipping(app: Running, stack: AsyncExitStack) -> MiniShipping | None:
    settings = app.settings
    if all(account.is_official for account in settings.wechat):
        return None
    shared = SharedInDatabase(app.database, app.clock)
    minis = MiniPrograms(settings.wechat, base_url=settings.wechat_base_url, may_force=shared.may_force)
    stack.push_async_callback(minis.close)
    return MiniShipping(minis, app.clock)


def _remark(app: Running) -> str:
    """What a payout says: the program's own words, in the language of who gets it in China."""
    shop = app.decisions.shop
    rule = shop.program.cash_back
    return shop.program.text(rule.remark, "zh_Hans") if rule is not None and rule.remark else shop.name


def _private_key(pay: PaySettings) -> RSAPrivateKey:
    key = load_pem_private_key(pay.private_key, None)
    assert isinstance(key, RSAPrivateKey), "the settings were checked"
    return key


def _public_key(pem: bytes) -> RSAPublicKey:
    key = load_pem_public_key(pem)
    assert isinstance(key, RSAPublicKey), "the settings were checked"
    return key
