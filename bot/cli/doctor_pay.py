"""What `doctor` looks at for WeChat Pay: keys, clock, appids, the notify address, the currency, the bills."""

import os
from collections.abc import AsyncGenerator, Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from bot import app
from bot.cli.doctor_database import clock
from bot.cli.findings import Finding, failure, skipped, warning, well
from bot.config import Settings, texts
from bot.core.errors import RegularsError
from bot.core.loyalty.places import PayBy
from bot.core.pay_errors import PayLater, PayMisset, PayRefused, PayUnknown
from bot.storage import bills, revisions

if TYPE_CHECKING:  # they take long to import
    from bot.pay.merchant import Merchant

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_DATE_EXACT_TO = timedelta(seconds=2)
_NOT_FOUND, _REFUSED = 404, frozenset({400, 401, 403})
_NEVER_ASKED = "0" * 32
_BILL_LATE = timedelta(days=2, hours=12)


async def findings(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at the merchant that is set up."""
    if settings.pay is None:
        yield skipped("WeChat Pay", "not set up", "set REGULARS_WECHAT_PAY_MCHID …: docs/wechat-pay.md")
        return
    from bot.app.paying import till_of

    till = till_of(settings, app.utc_now)
    try:
        yield await _asked(till.trade(_NEVER_ASKED))
        if till.answered_at is not None:
            yield clock("WeChat Pay's", till.answered_at - app.utc_now(), _DATE_EXACT_TO)
    finally:
        await till.close()
    if all(account.is_official for account in settings.wechat):
        yield warning(
            "WeChat Pay", "there is no mini program to pay in", "set REGULARS_WECHAT_<NAME>_KIND=mini …"
        )
    async for finding in _notify(settings, till.merchant):
        yield finding
    async for finding in _kept(settings):
        yield finding


async def _asked(asking: Awaitable[object]) -> Finding:
    """Ask about a payment that never was: the answer shows that both sides believe each other."""
    remedy = "look at REGULARS_WECHAT_PAY_SERIAL, …_PRIVATE_KEY, …_PUBLIC_KEY, …_PUBLIC_KEY_ID and the clock"
    try:
        await asking
    except PayMisset as error:
        return failure("WeChat Pay", str(error), remedy)
    except PayUnknown as error:
        return failure("WeChat Pay", str(error), remedy)
    except (PayLater, PayRefused) as error:
        return failure(
            "WeChat Pay", str(error), "see this machine's way out and REGULARS_WECHAT_PAY_BASE_URL"
        )
    return well("WeChat Pay", "it believes our signature, and we believe its own")


async def _notify(settings: Settings, merchant: "Merchant") -> AsyncGenerator[Finding]:
    """Ask our own notify address as strangers would, and as WeChat Pay's probe does."""
    url = merchant.notify_url
    is_near = texts.is_loopback(settings.public_url)
    if not is_near and urlsplit(url).scheme != "https":
        yield failure("pay notices", f"{url} is not https", "set REGULARS_PUBLIC_URL to your https:// one")
    timestamp, serial = str(int(app.utc_now().timestamp())), next(iter(merchant.platform_keys), "")
    signed = {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": os.urandom(8).hex(),
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA",
    }
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        unsigned, probed = await _posted(session, url, {}), await _posted(session, url, signed)
    if unsigned is None or probed is None:
        remedy = "start `regulars serve`, and let DNS and proxy lead there"
        yield (skipped if is_near else failure)("pay notices", f"{url} does not answer", remedy)
    elif _NOT_FOUND in {unsigned, probed}:
        remedy = "start the server with these settings, and let the proxy pass /wechat/ on"
        yield failure("pay notices", f"there is nothing at {url}", remedy)
    elif unsigned not in _REFUSED or probed not in _REFUSED:
        said = f"{url} answers {unsigned} and {probed} to what is signed by nobody"
        yield failure("pay notices", said, "see what answers there: WeChat Pay's probe must be refused")
    else:
        yield well("pay notices", f"{url} refuses what WeChat Pay did not sign")


async def _posted(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int | None:
    try:
        async with session.post(url, data=b"{}", headers=headers, allow_redirects=False) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


async def _kept(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at the program's currency, and at what the last bill said."""
    assert settings.pay is not None, "only where WeChat Pay is set up"
    try:
        database = await app.open_database(settings)
    except RegularsError:
        return  # said elsewhere
    try:
        if not await database.query(revisions.generation):
            return
        shop = (await app.decisions(settings, database)).shop
        code = shop.program.currency.code
        if shop.selling.offers_to_pay(PayBy.WECHAT) and not settings.pay.takes(code):
            remedy = "write the program in CNY, or take `wechat` out of `pay` in shop.yaml"
            yield failure("WeChat Pay", f"nobody can pay in {code}, so it is not offered", remedy)
        found = await database.query(lambda c: bills.listed(c, 3))
    except Exception:  # noqa: BLE001  # what is wrong with the database or the files was said above
        return
    finally:
        await database.close()
    if not found:
        yield skipped("bills", "none was looked at yet", "a worker does it daily, at 10:30 in Beijing")
        return
    newest = found[0]
    count = sum(len(one.differences) for one in found if one.on_day == newest.on_day)
    if app.utc_now() - newest.at > _BILL_LATE:
        yield failure("bills", f"the last one is of {newest.on_day}", "start `regulars work`, see its log")
    elif count:
        yield failure("bills", f"{count} on which we differ on {newest.on_day}", "`regulars pay bills`")
    else:
        yield well("bills", f"all is as WeChat Pay says, through {newest.on_day}")
