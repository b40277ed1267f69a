"""The mailbox beside the phone: letters as a mail program shows them, with its button to unsubscribe."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import ClientSession, ClientTimeout, web

from bot.app import Running
from bot.conversation.looking import look_in
from bot.conversation.operations import Body, operation_work
from bot.conversation.shop import consent_told
from bot.core.contact import SubscriptionState
from bot.core.deeds import tracked
from bot.core.email.mailbox import EMAIL
from bot.core.groups import state_in
from bot.core.phone import NotAContact, to_e164
from bot.core.turn import Turn
from bot.demo.history import GROUP
from bot.demo.mailbox import LoopbackMail, Post
from bot.demo.people import mailbox_of
from bot.storage import contacts

PATH = "/mailbox/"
"""Where it is, below `/demo`."""

_WORDS = "I agree to emails: said on the demo's page."
_PAGE_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'self'"
)
# As a mail program shows a letter: its own styles and pictures, no script, links in a window of their own.
_LETTER_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; base-uri 'self'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 0; padding: .75rem; background: Canvas; color: CanvasText; overflow-wrap: anywhere; }
h1 { font-size: 1.05rem; margin: 0 0 .5rem; } p { margin: .4rem 0; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-bottom: 1px solid color-mix(in srgb, CanvasText 18%, transparent); }
li a { display: block; padding: .6rem .2rem; color: inherit; text-decoration: none; }
li a:hover { background: color-mix(in srgb, CanvasText 6%, transparent); }
small, .soft { color: color-mix(in srgb, CanvasText 72%, transparent); font-size: .85rem; }
iframe { width: 100%; height: 32rem; border: 1px solid color-mix(in srgb, CanvasText 18%, transparent);
  border-radius: 8px; background: #fff; }
button { font: inherit; padding: .4rem .9rem; border-radius: 8px; min-height: 2.5rem; }
nav, form { display: inline-block; margin: 0 .5rem .5rem 0; }
pre { white-space: pre-wrap; font-size: .85rem; }
"""
_TOLD = {
    "yes": '<p role="status"><strong>You unsubscribed.</strong></p>',
    "no": '<p role="status"><strong>The shop did not take it.</strong> Write STOP to it, or try again.</p>',
}
"""What the mail program says after its button was pressed."""
_PATIENCE = ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """Answers below `/demo/mailbox/`: the letters of whoever has a number."""

    app: Running
    mail: LoopbackMail
    clock: Callable[[], datetime]

    def application(self) -> web.Application:
        """Everything below it; its pages may stand beside the phone."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/", self._letters),
                web.get("/{letter:[0-9]+}", self._letter),
                web.get("/{letter:[0-9]+}/html", self._html),
                web.post("/{letter:[0-9]+}/unsubscribe", self._unsubscribe),
                web.post("/agree", self._agree),
            ]
        )
        application.on_response_prepare.append(_framed)
        return application

    async def _letters(self, request: web.Request) -> web.Response:
        number = _number(request)
        found = self.mail.of(mailbox_of(number))
        items = "".join(
            f'<li><a href="{post.number}?number={quote(number)}"><strong>{escape(post.subject)}</strong><br>'
            f"<small>{escape(str(post.message['From']))} · {post.at:%b %-d, %H:%M} UTC</small></a></li>"
            for post in reversed(found)
        )
        listed = f"<ul>{items}</ul>" if items else "<p>No letter so far.</p>"
        return _answer(
            f"<h1>{escape(mailbox_of(number))}</h1>{await self._standing(number)}{listed}", refresh=True
        )

    async def _standing(self, number: str) -> str:
        """Say whether the shop may write here, with a way to let it."""
        shop, now, own = self.app.decisions.shop, self.clock(), mailbox_of(number)
        contact = await self.app.database.query(lambda c: contacts.find(c, "sms", number))
        if contact is None:
            return '<p class="soft">The shop does not know this number yet: text LOYALTY first.</p>'

        def agreed(turn: Turn) -> bool:
            there = (EMAIL, own) in turn.addresses
            return there and state_in(turn.subscriptions, GROUP, EMAIL) is SubscriptionState.SUBSCRIBED

        if await self.app.database.query(lambda c: look_in(c, shop, contact, now, agreed)):
            return '<p class="soft">The shop may write here.</p>'
        return (
            '<p class="soft">The shop may not write here: it was never told this mailbox, or you left.</p>'
            f'<form method="post" action="agree?number={quote(number)}">'
            "<button>Leave my mailbox with the shop, and agree to letters</button></form>"
        )

    async def _agree(self, request: web.Request) -> web.Response:
        number = _number(request)
        at, own = self.clock(), mailbox_of(number)
        evidence: Body = {"source": "demo", "at": at.isoformat(), "words": _WORDS}
        told: Body = {"group": GROUP, "channel": EMAIL, "subscribed": True, "words": _WORDS}
        known: Body = {"channel": EMAIL, "value": own, "evidence": dict(evidence)}
        for name, body in ((tracked.IDENTIFY, known), (consent_told.TELL, told)):
            key = f"demo:{secrets.token_hex(8)}"
            work = operation_work(name, body, key=key, at=at, address=("sms", number))
            await self.app.dispatcher.submit(work)
        raise web.HTTPSeeOther(f"./?number={quote(number)}")

    async def _letter(self, request: web.Request) -> web.Response:
        number, post = _number(request), self._found(request)
        message, where = post.message, f"number={quote(number)}"
        unsubscribe = (
            f'<form method="post" action="{post.number}/unsubscribe?{where}">'
            "<button>Unsubscribe</button></form>"
            if _one_click(post)
            else ""
        )
        return _answer(
            f'<nav><a href="./?{where}">← All letters</a></nav>{unsubscribe}'
            f"{_TOLD.get(request.query.get('left', ''), '')}{await self._standing(number)}"
            f'<h1>{escape(post.subject)}</h1><p class="soft">{escape(str(message["From"]))}'
            f" · {post.at:%b %-d, %H:%M} UTC</p>"
            f'<iframe title="The letter" src="{post.number}/html?{where}"></iframe>'
            f"<details><summary>Its text part</summary><pre>{escape(post.part('plain'))}</pre></details>"
        )

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        """Do what a mail program does: post to the letter's address, and say what came of it."""
        number, post = _number(request), self._found(request)
        async with (
            ClientSession(timeout=_PATIENCE) as session,
            session.post(_one_click(post), data={"List-Unsubscribe": "One-Click"}) as answer,
        ):
            left = "yes" if answer.status == HTTPStatus.OK else "no"
        raise web.HTTPSeeOther(f"../{post.number}?number={quote(number)}&left={left}")

    async def _html(self, request: web.Request) -> web.Response:
        post = self._found(request)
        html = post.part("html") or f"<pre>{escape(post.part('plain'))}</pre>"
        html = html.replace("<head>", '<head><base target="_blank">', 1)
        return web.Response(text=html, content_type="text/html", charset="utf-8")

    def _found(self, request: web.Request) -> Post:
        wanted, own = int(request.match_info["letter"]), mailbox_of(_number(request))
        for post in self.mail.of(own):
            if post.number == wanted:
                return post
        raise web.HTTPNotFound


def _one_click(post: Post) -> str:
    """The address to which a mail program posts that its reader leaves; empty where there is none."""
    return str(post.message["List-Unsubscribe"] or "").strip("<>")


def _number(request: web.Request) -> str:
    try:
        return to_e164(request.query.get("number", ""))
    except NotAContact as error:
        raise web.HTTPBadRequest(text="That is no phone number.") from error


def _answer(inside: str, *, refresh: bool = False) -> web.Response:
    again = '<meta http-equiv="refresh" content="3">' if refresh else ""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}<title>Mailbox</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{inside}</main></body></html>"
    )
    return web.Response(text=html, content_type="text/html", charset="utf-8")


async def _framed(request: web.Request, response: web.StreamResponse) -> None:
    """Let these pages, and no others of the demo, stand in a frame of ours."""
    is_letter = request.path.endswith("/html")
    response.headers["Content-Security-Policy"] = _LETTER_CSP if is_letter else _PAGE_CSP
    response.headers["Referrer-Policy"] = "same-origin"  # without, forms do not say where they come from
