"""What `doctor` looks at outside: the public URL, asked as Twilio signs its requests, and Twilio itself."""

from collections.abc import AsyncGenerator, Collection
from datetime import timedelta
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot import app
from bot.channels.twilio.configuration import CannotAsk, Configuration, Number, Service, WrongCredentials
from bot.channels.twilio.sender import TwilioAccount
from bot.channels.twilio.signature import SIGNATURE_HEADER, sign
from bot.channels.twilio.webhook import MESSAGES_PATH, STATUS_PATH
from bot.cli.doctor_database import clock
from bot.cli.findings import Finding, failure, skipped, warning, well
from bot.config import EVERYWHERE, TWILIO, Settings, TwilioSettings, texts
from bot.core.errors import RegularsError
from bot.storage import revisions

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_OK, _NO_CONTENT, _FORBIDDEN, _NOT_FOUND = 200, 204, 403, 404
_DATE_EXACT_TO = timedelta(seconds=2)  # the header has whole seconds, and the answer takes its time
# A status callback of no message of ours: the server verifies it like any other and writes nothing.
_PROBE = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "sent", "AccountSid": ""}
_QUERY = "?contact=doctor&message=a+probe"


async def public_url(settings: Settings) -> AsyncGenerator[Finding]:
    """Look whether the public URL leads to this bot and what Twilio signs for it is taken."""
    url = settings.public_url
    if texts.is_loopback(url):
        remedy = "set REGULARS_PUBLIC_URL to the https:// address the world reaches it by"
        yield warning("public URL", f"{url}, which only this machine reaches", remedy)
    elif not url.startswith("https://"):
        yield warning("public URL", f"{url} is not encrypted", "use https://")
    else:
        yield well("public URL", url)
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        if not await _is_answered(session, settings) and texts.is_loopback(url):
            yield skipped("reachable", "no server runs here", "start `regulars serve`, then ask again")
            return
        reachable = await _reachable(session, url)
        yield reachable
        if reachable.remedy and "not ready" not in reachable.said:
            return
        if settings.twilio is None:
            yield skipped("signature", "Twilio is not set up")
        else:
            yield await _signature(session, url, settings.twilio)


async def findings(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at the account, its clock, and where its numbers post what comes in."""
    twilio = settings.twilio
    if twilio is None:
        remedy = "set REGULARS_TWILIO_ACCOUNT_SID, …_AUTH_TOKEN and …_FROM; until then no SMS comes or goes"
        yield warning("Twilio", "not set up", remedy)
        return
    sender = twilio.messaging_service_sid or twilio.sender or ""
    account = TwilioAccount(
        twilio.account_sid, twilio.auth_tokens[0], sender, settings.public_url, twilio.base_url
    )
    async with Configuration(account) as ask:
        try:
            answer = await ask.account()
        except WrongCredentials as error:
            remedy = "take REGULARS_TWILIO_ACCOUNT_SID and …_AUTH_TOKEN from Twilio's console"
            yield failure("Twilio", str(error), remedy)
            return
        except CannotAsk as error:
            remedy = "see this machine's way out, REGULARS_TWILIO_BASE_URL, and https://status.twilio.com"
            yield failure("Twilio", str(error), remedy)
            return
        where = "" if twilio.base_url == TWILIO else f" at {twilio.base_url}"
        if answer.account.status != "active":
            yield failure("Twilio", f"the account is {answer.account.status}", "see Twilio's console")
        elif answer.account.type == "Trial":
            yield warning(
                "Twilio", "the account is on trial: it sends to verified numbers only", "upgrade it"
            )
        else:
            yield well("Twilio", f"the account is active{where}, sends from {sender}")
        if answer.at is not None:
            yield clock("Twilio's", answer.at - app.utc_now(), _DATE_EXACT_TO)
        wanted = settings.public_url + MESSAGES_PATH
        for name in sorted(await _senders(settings, twilio)):
            try:
                yield await _webhook(ask, name, wanted)
            except CannotAsk as error:
                yield warning("webhook", f"{name}: {error}", "look at it in Twilio's console")


async def _is_answered(session: aiohttp.ClientSession, settings: Settings) -> bool:
    """Whether anybody listens on our own port."""
    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    try:
        async with session.get(f"http://{host}:{settings.port}/healthz", allow_redirects=False):
            return True
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _reachable(session: aiohttp.ClientSession, url: str) -> Finding:
    try:
        async with session.get(f"{url}/readyz", allow_redirects=False) as answer:
            body = await answer.text()
            status, leads_to = answer.status, answer.headers.get("Location", "")
    except aiohttp.ClientConnectorCertificateError:
        return failure("reachable", "its certificate does not fit", "renew it, or name the whole chain")
    except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as error:
        said = f"nobody answers there ({type(error).__name__})"
        return failure("reachable", said, "see that `regulars serve` runs, and DNS, proxy and firewall")
    if leads_to:
        target = leads_to.removesuffix("/readyz").partition("?")[0]
        return failure("reachable", f"it leads on to {target}", "set REGULARS_PUBLIC_URL to where it leads")
    if status == _OK and '"ready"' in body:
        return well("reachable", "a bot answers there, and is ready")
    if '"not ready"' in body:
        return failure("reachable", "a bot answers there and is not ready", "see its log")
    remedy = "let the proxy pass everything on to `regulars serve`, paths unchanged"
    return failure("reachable", f"something else answers there, with {status}", remedy)


async def _signature(session: aiohttp.ClientSession, url: str, twilio: TwilioSettings) -> Finding:
    """Ask our own webhook as Twilio would, once rightly signed and once not."""
    target = f"{url}{STATUS_PATH}{_QUERY}"
    form = _PROBE | {"AccountSid": twilio.account_sid}
    for number, token in enumerate(twilio.auth_tokens):
        status = await _posted(session, target, form, sign(token, target, list(form.items())))
        if status == _FORBIDDEN:
            which = "the second token" if number else "what Twilio signs"
            remedy = (
                "give the server the same REGULARS_PUBLIC_URL and …_AUTH_TOKEN as here, restart it,"
                " and let the proxy change neither path nor query"
            )
            return failure("signature", f"the server refuses {which} for {url}", remedy)
        if status == _NOT_FOUND:
            remedy = "start the server with the Twilio settings, and let the proxy pass /twilio/ on"
            return failure("signature", "there is no Twilio webhook behind it", remedy)
        if status != _NO_CONTENT:
            said = f"the webhook answers {status}" if status else "the webhook does not answer"
            return failure("signature", said, "see the server's log")
    if await _posted(session, target, form, sign("a wrong token", target, list(form.items()))) != _FORBIDDEN:
        remedy = "see what answers there: anybody could write as anybody"
        return failure("signature", "a wrong signature is taken", remedy)
    return well("signature", "what Twilio signs is taken, anything else is refused")


async def _posted(
    session: aiohttp.ClientSession, url: str, form: dict[str, str], signature: str
) -> int | None:
    headers = {SIGNATURE_HEADER: signature, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        async with session.post(
            URL(url, encoded=True), data=urlencode(form).encode(), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


async def _senders(settings: Settings, twilio: TwilioSettings) -> Collection[str]:
    """Whom we send from: the settings' sender, and those of the pools that are published."""
    found = {name for name in (twilio.messaging_service_sid, twilio.sender) if name}
    try:
        database = await app.open_database(settings)
    except RegularsError:
        return found
    try:
        if await database.query(revisions.generation):
            shop = (await app.decisions(settings, database)).shop
            found |= {name for pool in shop.senders.values() for name in pool.senders}
    except Exception:  # noqa: BLE001  # what is wrong with the database or the files was said above
        return found
    finally:
        await database.close()
    return found


async def _webhook(ask: Configuration, name: str, wanted: str) -> Finding:
    """Say where what comes in for a sender is posted to."""
    remedy = f"in Twilio's console, let messages that come in be posted to {wanted}"
    if name.startswith("MG"):
        service = await ask.service(name)
        if service is None:
            return failure("webhook", f"the account has no messaging service {name}", "correct the settings")
        if service.use_inbound_webhook_on_number:
            said = f"{name} leaves it to each of its numbers"
            return warning("webhook", said, f"{remedy}, for the service or for each number")
        found = _of_service(service)
    else:
        number = await ask.number(name)
        if number is None:
            return failure("webhook", f"{name} is not a number of this account", "correct the settings")
        found = number
    posted_to = (found.sms_url or "").partition("#")[0]
    if found.sms_application_sid:
        return warning("webhook", f"{name} leaves it to the application {found.sms_application_sid}", remedy)
    if posted_to != wanted:
        return failure("webhook", f"{name} posts to {posted_to or 'nobody'}", remedy)
    if (found.sms_method or "POST").upper() != "POST":
        return failure("webhook", f"{name} asks with {found.sms_method}", f"{remedy} (HTTP POST)")
    if not found.sms_fallback_url and "#" not in (found.sms_url or ""):
        remedy = "give the same address as fallback: what comes while we restart is then tried again"
        return warning("webhook", f"{name} posts to us, once", remedy)
    return well("webhook", f"{name} posts to {wanted}")


def _of_service(service: Service) -> Number:
    return Number(
        sms_url=service.inbound_request_url,
        sms_method=service.inbound_method,
        sms_fallback_url=service.fallback_url,
    )
