"""What `doctor` looks at for WeChat: each account's credentials, its callback, its templates and its menu."""

import os
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from bot import app
from bot.channels.channel import OperatorNeeded, SendError
from bot.channels.wechat.account import Format, Mode, WechatAccount
from bot.cli.doctor_database import clock
from bot.cli.findings import Finding, failure, skipped, warning, well
from bot.cli.wechat import asking, minis_of
from bot.config import Settings, texts
from bot.core.errors import RegularsError
from bot.core.flow.wechat_forms import NO_FORMS, TemplateText, WechatForms
from bot.storage import revisions

if TYPE_CHECKING:  # it takes a third of a second to import
    from bot.channels.wechat.client import WechatClient

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_OK, _FORBIDDEN, _NOT_FOUND = 200, 403, 404
_DATE_EXACT_TO = timedelta(seconds=2)  # the header has whole seconds, and the answer takes its time
_PORTS = {None, 80, 443}
_FIELD = re.compile(r"\{\{\s*([A-Za-z_]+[0-9]+)\.DATA\s*\}\}")
_PROBE = {"MsgType": "event", "Event": "debug_demo", "CreateTime": "0", "FromUserName": "doctor"}
"""The event that the console's own tester posts: it is verified like any other, and means nothing."""


async def findings(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at every account that is set up."""
    if not settings.wechat:
        yield skipped("WeChat", "not set up", "set REGULARS_WECHAT_<NAME>_APPID … to be there")
        return
    forms = await _forms(settings)
    is_first = True
    for account in settings.wechat:
        async with asking(settings, account) as client:
            asked = await _credentials(client)
            yield asked
            if is_first and client.answered_at is not None:
                yield clock("WeChat's", client.answered_at - app.utc_now(), _DATE_EXACT_TO)
                is_first = False
            if not asked.remedy:
                async for finding in _console(settings, client, forms):
                    yield finding
    async for finding in _callbacks(settings):
        yield finding


async def _forms(settings: Settings) -> WechatForms:
    """What is published of it: nothing, where the database cannot be read; that is said elsewhere."""
    try:
        database = await app.open_database(settings)
    except RegularsError:
        return NO_FORMS
    try:
        if not await database.query(revisions.generation):
            return NO_FORMS
        return (await app.decisions(settings, database)).shop.wechat
    except Exception:  # noqa: BLE001  # what is wrong with the database or the files was said above
        return NO_FORMS
    finally:
        await database.close()


async def _credentials(client: "WechatClient") -> Finding:
    account = client.account
    named = f"REGULARS_WECHAT_{account.name.upper()}"
    try:
        await client.check_token()
    except OperatorNeeded as error:
        remedy = f"look at {named}_APPID and …_SECRET, and at the IP whitelist in the account's console"
        return failure("WeChat", f"{account.name}: {error}", remedy)
    except SendError as error:
        remedy = "see this machine's way out and REGULARS_WECHAT_BASE_URL"
        return failure("WeChat", f"{account.name}: {error}", remedy)
    kind = "official account" if account.is_official else "mini program"
    if account.mode is not Mode.SAFE:
        remedy = f"choose safe mode in its console, then set {named}_MODE=safe"
        said = f"{account.name}: pushes come in {account.mode} mode, which anybody can forge who saw one"
        return warning("WeChat", said, remedy)
    return well("WeChat", f"{account.name}: the {kind} takes our appid and secret")


async def _console(settings: Settings, client: "WechatClient", forms: WechatForms) -> AsyncGenerator[Finding]:
    """Look at what stands in the account's console: templates and menu."""
    account = client.account
    mine = [one for one in forms.templates.values() if _belongs(one, settings, account)]
    if mine:
        try:
            listed = {
                str(one.get("priTmplId", "")): str(one.get("content", "")) for one in await client.templates()
            }
        except SendError as error:
            yield warning("templates", f"{account.name}: {error}", "look at them in its console")
        else:
            for template in mine:
                yield _template(account, template, listed.get(template.template_id))
    if account.is_official:
        yield await _menu(settings, client, forms)


def _belongs(template: TemplateText, settings: Settings, account: WechatAccount) -> bool:
    if template.account:
        return template.account == account.name
    minis = minis_of(settings)
    return account.name in minis if minis else True


def _template(account: WechatAccount, template: TemplateText, content: str | None) -> Finding:
    where = f"{account.name}: {template.name}"
    if content is None:
        remedy = "copy the template's ID from its console into wechat.yaml"
        return failure("templates", f"{where} has an ID that the account does not know", remedy)
    there, ours = set(_FIELD.findall(content)), {key for key, _ in template.fields}
    if there == ours:
        return well("templates", f"{where} has the fields of the account's own")
    missing, foreign = sorted(there - ours), sorted(ours - there)
    said = [f"{', '.join(missing)} missing"] if missing else []
    said += [f"{', '.join(foreign)} not in it"] if foreign else []
    return failure("templates", f"{where}: {'; '.join(said)}", "give wechat.yaml the fields of the template")


async def _menu(settings: Settings, client: "WechatClient", forms: WechatForms) -> Finding:
    from bot.channels.wechat.menu import is_shown, menu_of

    account = client.account
    buttons = forms.menu(account.name)
    if not buttons:
        return skipped("menu", f"{account.name}: wechat.yaml has none")
    try:
        if is_shown(menu_of(buttons, minis_of(settings)), await client.menu()):
            return well("menu", f"{account.name}: followers see the menu of wechat.yaml")
    except RegularsError as error:
        return warning("menu", f"{account.name}: {error}", "correct wechat.yaml or the settings")
    remedy = f"`regulars wechat menu push --account {account.name}`"
    return warning("menu", f"{account.name}: followers see another menu than wechat.yaml's", remedy)


async def _callbacks(settings: Settings) -> AsyncGenerator[Finding]:
    """Ask our own callback as the platform would: rightly signed, wrongly signed, in plain text."""
    parts = urlsplit(settings.public_url)
    if not texts.is_loopback(settings.public_url) and parts.port not in _PORTS:
        remedy = "let a proxy pass port 443 on: WeChat posts to ports 80 and 443 only"
        yield failure("callback", f"WeChat does not post to port {parts.port}", remedy)
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for account in settings.wechat:
            yield await _callback(session, f"{settings.public_url}/wechat/{account.name}", account)


async def _callback(session: aiohttp.ClientSession, url: str, account: WechatAccount) -> Finding:
    named = f"REGULARS_WECHAT_{account.name.upper()}"
    echo = os.urandom(8).hex()
    status, body = await _asked(session, url, {**_signed(account.tokens[0]), "echostr": echo})
    if status is None:
        remedy = "start `regulars serve`, and let DNS and proxy lead there"
        return (skipped if texts.is_loopback(url) else failure)("callback", f"{url} does not answer", remedy)
    if status == _NOT_FOUND:
        remedy = "start the server with this account's settings, and let the proxy pass /wechat/ on"
        return failure("callback", f"there is nothing at {url}", remedy)
    if status != _OK or body != echo:
        remedy = f"give the server the same {named}_TOKEN as here; let the proxy keep paths and queries"
        return failure("callback", f"{url} refuses what WeChat signs (it answers {status})", remedy)
    wrong, _ = await _asked(session, url, {**_signed("a wrong token"), "echostr": echo})
    if wrong != _FORBIDDEN:
        return failure("callback", f"{url} takes a wrong signature", "see what answers there")
    if account.mode is Mode.PLAIN:
        return well("callback", f"{url} is what to enter in the account's console")
    return await _sealed(session, url, account)


async def _sealed(session: aiohttp.ClientSession, url: str, account: WechatAccount) -> Finding:
    from bot.channels.wechat.crypto import RANDOM_BYTES, Envelope, signature
    from bot.channels.wechat.shapes import write_json, write_xml

    write = write_xml if account.format is Format.XML else write_json
    named = f"REGULARS_WECHAT_{account.name.upper()}"
    probe = {**_PROBE, "ToUserName": account.original_id or "doctor"}
    query = _signed(account.tokens[0])
    plain, _ = await _asked(session, url, query, write(dict(probe)))
    if plain != _FORBIDDEN:
        return failure("callback", f"{url} takes plain text", f"set the server's {named}_MODE=safe")
    sealed = Envelope(account.appid, account.aes_keys).seal(write(dict(probe)), os.urandom(RANDOM_BYTES))
    query = _signed(account.tokens[0])
    query["msg_signature"] = signature(account.tokens[0], query["timestamp"], query["nonce"], sealed)
    status, body = await _asked(session, url, query | {"encrypt_type": "aes"}, write({"Encrypt": sealed}))
    if status != _OK or body != "success":
        remedy = f"give the server the same {named}_APPID, …_AES_KEY and …_FORMAT as here"
        return failure("callback", f"{url} refuses an encrypted push (it answers {status})", remedy)
    return well("callback", f"{url} takes what is encrypted and signed, and nothing else")


def _signed(token: str) -> dict[str, str]:
    from bot.channels.wechat.crypto import signature

    timestamp, nonce = str(int(app.utc_now().timestamp())), os.urandom(6).hex()
    return {"timestamp": timestamp, "nonce": nonce, "signature": signature(token, timestamp, nonce)}


async def _asked(
    session: aiohttp.ClientSession, url: str, query: dict[str, str], body: bytes | None = None
) -> tuple[int | None, str]:
    """Ask with GET, or post a body; returns the status and what was answered, None where nobody did."""
    target = URL(f"{url}?{urlencode(query)}", encoded=True)
    method = "GET" if body is None else "POST"
    try:
        async with session.request(method, target, data=body, allow_redirects=False) as answer:
            return answer.status, (await answer.content.read(1000)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None, ""
