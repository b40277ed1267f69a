"""Invitations: what a friend sees who opens the link with a member's code, and the code as a picture.

The page says what to text and opens the text, ready to send; whose code it is, or whether it is anybody's,
it does not tell. It is known when it is texted.
"""

import io
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote

import segno
from aiohttp import web

from bot.conversation.publication import Publication
from bot.core.flow.compiled import KeywordStarter
from bot.core.languages import fallbacks
from bot.core.local_time import local_date
from bot.core.loyalty.referral import PATH, Referring, link_of, read_code
from bot.core.money import money
from bot.core.turn import Shop
from bot.web.link_pages import UNKNOWN, accepted, page

_OPT_IN = "opt-in"
_AFTER = ".,;:!?)'\""
# The picture is always the same; the page follows what is published.
_IMAGE_SECONDS = 86_400
_HEADERS = {
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; frame-ancestors 'none'",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "A friend invites you to {shop}",
            "reward": "{amount} for your first order{minimum}.",
            "minimum": " of {minimum} or more",
            "over": "Nothing is given for coming with a friend's code right now. You can join all the same.",
            "text": "Text {words} to {number}",
            "alone": "Text us {words}",
            "mini": "Or open it in WeChat",
            "image": "QR code of this page",
            "terms": (
                "By texting it you join {shop} rewards by text: recurring messages, consent is not a"
                " condition of purchase. Msg & data rates may apply. Reply HELP for help, STOP to cancel."
            ),
        },
        "es": {
            "title": "Te invitan a {shop}",
            "reward": "{amount} por tu primer pedido{minimum}.",
            "minimum": " de {minimum} o más",
            "over": "Ahora no hay nada que ganar por venir con una clave. Puedes unirte igualmente.",
            "text": "Envía {words} al {number}",
            "alone": "Envíanos {words}",
            "mini": "O ábrelo en WeChat",
            "image": "Código QR de esta página",
            "terms": (
                "Al enviarlo te unes a los premios de {shop} por SMS: mensajes periódicos; el consentimiento"
                " no es condición de compra. Pueden aplicarse tarifas de mensajes y datos. Responde AYUDA"
                " para obtener ayuda, STOP para cancelar."
            ),
        },
        "zh_Hans": {
            "title": "朋友邀请您加入{shop}",
            "reward": "首次下单{minimum}可得{amount}。",
            "minimum": "满{minimum}",
            "over": "目前没有邀请奖励活动，您仍可加入会员。",
            "text": "发送“{words}”到{number}",
            "alone": "给我们发送“{words}”",
            "mini": "或在微信中打开",
            "image": "本页二维码",
            "terms": (
                "发送即表示加入{shop}短信会员，会定期收到短信；同意与否不影响购买。"
                "可能产生短信和流量费用。回复 HELP 获取帮助，回复 STOP 退订。"
            ),
        },
    }
)
"""What the page says, by language; `en` where it is written in none that the visitor reads."""


@dataclass(frozen=True, slots=True)
class Invitations:
    """Answers `/r/{code}` and its picture `/r/{code}.svg`."""

    publication: Callable[[], Publication]
    clock: Callable[[], datetime]
    into_mini: Callable[[str], Awaitable[str | None]] | None = None
    """Where a code leads into the shop's mini program; None where it has none."""

    def routes(self) -> list[web.RouteDef]:
        """Where they are; the picture comes first, or the page would take it for a code."""
        return [web.get(f"{PATH}{{code}}.svg", self.image), web.get(f"{PATH}{{code}}", self.invitation)]

    async def invitation(self, request: web.Request) -> web.Response:
        """Say what to text, in the visitor's language."""
        code = read_code(request.match_info["code"].rstrip(_AFTER))
        languages = accepted(request.headers.get("Accept-Language", ""))
        if code is None:
            html, language = page(UNKNOWN, languages)
            return _answer(html, language, HTTPStatus.NOT_FOUND)
        publication = self.publication()
        language = _first(languages, TEXTS)
        words = f"{_join_word(publication, language)} {code}"
        mini = await self.into_mini(code) if self.into_mini is not None else None
        html = _invitation(publication.shop, words, code, language, self.clock(), mini=mini)
        return _answer(html, language)

    async def image(self, request: web.Request) -> web.Response:
        """Draw the link of a code."""
        code = read_code(request.match_info["code"])
        link = link_of(self.publication().shop.public_url, code) if code is not None else None
        if link is None:
            raise web.HTTPNotFound
        headers = {**_HEADERS, "Cache-Control": f"public, max-age={_IMAGE_SECONDS}"}
        return web.Response(body=qr_code(link), content_type="image/svg+xml", headers=headers)


@lru_cache(maxsize=256)
def qr_code(text: str) -> bytes:
    """Draw a text as a QR code, in SVG."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="svg", scale=8, xmldecl=False)
    return drawn.getvalue()


def _invitation(  # what stands on the page
    shop: Shop, words: str, code: str, language: str, now: datetime, *, mini: str | None
) -> str:
    texts, tag = TEXTS[language], language.replace("_", "-")
    pool = shop.pool("sms")
    number = pool.numbers[0] if pool is not None and pool.numbers else ""
    says = texts["text" if number else "alone"].format(words=words, number=number)
    title = texts["title"].format(shop=shop.name)
    # `?&body=` is what telephones of both makers read (RFC 5724 says `?body=`, which one of them does not).
    button = f'<a href="sms:{quote(number, safe="+")}?&amp;body={quote(words)}">{escape(says)}</a>'
    opens = f'<p><a href="{escape(mini)}">{escape(texts["mini"])}</a></p>' if mini is not None else ""
    return (
        f'<!doctype html><html lang="{tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(_reward(shop, language, now))}</p><p><strong>{button}</strong></p>{opens}"
        f'<p><img src="{PATH}{code}.svg" alt="{escape(texts["image"])}" width="232" height="232"></p>'
        f"<p><small>{escape(texts['terms'].format(shop=shop.name))}</small></p></body></html>"
    )


def _reward(shop: Shop, language: str, now: datetime) -> str:
    texts, rules = TEXTS[language], shop.program.referral
    if rules is None or rules.friend_minor is None or not rules.lasts(local_date(now, shop.zone)):
        return texts["over"]
    return texts["reward"].format(
        amount=_money(shop, rules.friend_minor, language), minimum=_minimum(shop, rules, language)
    )


def _minimum(shop: Shop, rules: Referring, language: str) -> str:
    if rules.minimum_minor is None:
        return ""
    return TEXTS[language]["minimum"].format(minimum=_money(shop, rules.minimum_minor, language))


def _money(shop: Shop, amount_minor: int, language: str) -> str:
    currency = shop.program.currency
    return money(amount_minor, currency.code, currency.exponent, language)


def _join_word(publication: Publication, language: str) -> str:
    """The word that joins, in that language, or in the one that the shop writes first."""
    starters = [
        starter
        for flow in publication.flows.values()
        for starter in flow.starters
        if isinstance(starter, KeywordStarter) and starter.category == _OPT_IN and starter.words
    ]
    spoken = [starter for starter in starters if starter.language == language]
    return next((starter.words[0] for starter in (*spoken, *starters)), "")


def _first(languages: Iterable[str], written: Mapping[str, object]) -> str:
    found = (tag for language in languages for tag in fallbacks(language) if tag in written)
    return next(found, "en")


def _answer(html: str, language: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    headers = {**_HEADERS, "Content-Language": language.replace("_", "-")}
    return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=headers)
