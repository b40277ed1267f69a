"""The hosted join page of each group, and the same form for other pages: `/join/{group}`.

The page needs no script. What stands beside the box is kept as evidence, word for word: a form that was
opened before the wording changed is shown again.
"""

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

import structlog
from aiohttp import web

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import operation_work
from bot.conversation.publication import Publication
from bot.core.email.page_colors import css
from bot.core.errors import RegularsError, RetryLater
from bot.core.ids import Entropy
from bot.core.languages import fallbacks
from bot.core.pages.join_page import FULL, JOIN
from bot.core.phone import NotAContact, parse_number, region_of
from bot.core.replies import RequiredReply
from bot.web.bodies import form_of
from bot.web.join.page import PATH, Asked, form, page, spoken
from bot.web.join.texts import TEXTS
from bot.web.limits import Limit, Limiter, block_of, caller
from bot.web.link_pages import UNKNOWN, accepted
from bot.web.link_pages import page as plain_page

TRIES = Limit(burst=10, per_minute=1)
"""How often one address may send the form: a household joins together, a program is slowed."""
NUMBERS = Limit(burst=60, per_minute=5)
"""How many numbers of one block the form may name, from whatever addresses."""

_STATIC = Path(str(files("bot.web.join"))) / "static"
_SHOWN_SECONDS = 300
_POLICY = "Content-Security-Policy"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    # Nobody may lay our box under a button of theirs: who embeds the form has it by the script.
    _POLICY: (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
# Others' pages may ask for the form and send it; nothing of the visitor comes along that they do not have.
_FOR_OTHERS = {"Access-Control-Allow-Origin": "*", "Vary": "Accept, Accept-Language"}
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JoinPages:
    """Answers `/join/{group}`, `/join/{group}.js` and `/join/style.css`."""

    publication: Callable[[], Publication]
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    public_url: str
    policy_url: str | None = None
    entropy: Entropy = os.urandom
    tries: Limiter = field(default_factory=lambda: Limiter(TRIES))
    blocks: Limiter = field(default_factory=lambda: Limiter(NUMBERS))

    def routes(self) -> list[web.RouteDef]:
        """Where they are; the script comes first, or the page would take it for a group."""
        return [
            web.get(f"{PATH}style.css", self.style),
            web.get(f"{PATH}{{group}}.js", self.script),
            web.get(f"{PATH}{{group}}", self.show),
            web.post(f"{PATH}{{group}}", self.join),
        ]

    async def script(self, request: web.Request) -> web.Response:
        """What puts the form into another page."""
        if request.match_info["group"] not in self.publication().shop.groups:
            raise web.HTTPNotFound
        return _static("embed.js", "text/javascript")

    async def style(self, _: web.Request) -> web.Response:
        """How it looks, in the brand's colours."""
        colors = self.publication().shop.letters.brand.colors
        return _static("style.css", "text/css", css(colors, ".page, .join", ".page, .page .join"))

    async def show(self, request: web.Request) -> web.Response:
        """Ask."""
        asked = self._asked(request, request.query.get("lang", ""))
        return _nobody(request) if asked is None else self._answer(request, asked)

    async def join(self, request: web.Request) -> web.Response:
        """Hear, and let the number join; whatever is amiss is said beside the form, with what was typed."""
        asked = self._asked(request, "")
        if asked is None:
            return _nobody(request)
        if not self.tries.allows(caller(request), self.clock()):
            return self._answer(request, asked, HTTPStatus.TOO_MANY_REQUESTS, mistake="too_often")
        said = await form_of(request)
        asked = self._asked(request, said.get("language", "")) or asked
        phone = said.get("phone", "").strip()[:30]
        number = _number(phone, asked.numbers)
        mistake = (
            "wrong_phone"
            if number is None
            else "not_agreed"
            if said.get("agree") != "yes"
            else "changed"
            if said.get("shown") != asked.shown
            else ""
        )
        if mistake or number is None:
            return self._answer(request, asked, HTTPStatus.UNPROCESSABLE_ENTITY, phone=phone, mistake=mistake)
        if not said.get("website"):
            if not self.blocks.allows(block_of(number), self.clock()):
                return self._answer(
                    request, asked, HTTPStatus.TOO_MANY_REQUESTS, phone=phone, mistake="later"
                )
            try:
                await self._join(asked, number)
            except RegularsError:
                _logger.exception("not_joined_by_page")
                return self._answer(
                    request, asked, HTTPStatus.SERVICE_UNAVAILABLE, phone=phone, mistake="later"
                )
        facts = {"phone": number, "word": asked.word, "number": asked.number}
        text = asked.says("done_text" if asked.word and asked.number else "done_alone", **facts)
        return self._answer(request, asked, done=" ".join(one for one in (text, asked.welcome) if one))

    async def _join(self, asked: Asked, number: str) -> None:
        keywords, language = asked.publication.keywords_file, asked.language
        body = {
            "phone": number,
            "group": asked.group.name,
            "language": language,
            "words": asked.wording,
            "page": f"{self.public_url}{PATH}{asked.group.name}",
            "flow": asked.flow,
            "confirm": keywords.reply(RequiredReply.CONFIRM, language, asked.shop),
            "welcome": keywords.reply(RequiredReply.OPT_IN, language, asked.shop),
        }
        now = self.clock()
        key = f"join/{asked.group.name}/{self.entropy(16).hex()}"
        work = operation_work(JOIN, body, key=key, at=now, address=("sms", number))
        told = (await self.dispatcher.submit(work)).result
        if told is None or told.get("state") == FULL:
            raise RetryLater("whoever asked to join could not")

    def _asked(self, request: web.Request, language: str) -> Asked | None:
        publication = self.publication()
        group = publication.shop.groups.get(request.match_info["group"])
        if group is None:
            return None
        chosen = [language.replace("-", "_")] if re.fullmatch(r"[\w-]{2,20}", language) else []
        known = [tag for one in chosen for tag in fallbacks(one) if tag in TEXTS]
        languages = known or accepted(request.headers.get("Accept-Language", ""))
        return Asked(publication, group, spoken(languages), self.policy_url)

    def _answer(  # what stands there
        self,
        request: web.Request,
        asked: Asked,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        phone: str = "",
        mistake: str = "",
        done: str = "",
    ) -> web.Response:
        headers = {**_HEADERS, **_FOR_OTHERS, "Content-Language": asked.tag}
        if asked.brand.logo_origin:
            headers[_POLICY] = f"{_HEADERS[_POLICY]}; img-src {asked.brand.logo_origin}"
        if "application/json" in request.headers.get("Accept", ""):
            title = f"<h1>{escape(asked.says('done'))}</h1><p>{escape(done)}</p>"
            html = title if done else form(asked, phone=phone, mistake=mistake, base=self.public_url)
            told: Mapping[str, str] = {"state": "asked" if done else mistake or "open", "html": html}
            return web.json_response(told, status=status, headers=headers)
        html = page(asked, phone=phone, mistake=mistake, done=done)
        return web.Response(
            status=status, text=html, content_type="text/html", charset="utf-8", headers=headers
        )


def _number(phone: str, ours: Collection[str]) -> str | None:
    """Read a number of a country we text from; without a country code it is of the first of these.

    Texts to other countries cost many times as much, and some numbers there earn of it.
    """
    regions = [region_of(one) or "US" for one in ours] or ["US"]
    try:
        number = parse_number(phone, regions[0])
    except NotAContact:
        return None
    return number.e164 if number.region in regions or not ours else None


def _nobody(request: web.Request) -> web.Response:
    html, language = plain_page(UNKNOWN, accepted(request.headers.get("Accept-Language", "")))
    headers = {**_HEADERS, "Content-Language": language}
    return web.Response(status=HTTPStatus.NOT_FOUND, text=html, content_type="text/html", headers=headers)


def _static(name: str, kind: str, more: str = "") -> web.Response:
    headers = {
        **_FOR_OTHERS,
        "Cache-Control": f"public, max-age={_SHOWN_SECONDS}",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    body = (_STATIC / name).read_bytes() + more.encode()
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
