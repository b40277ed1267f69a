"""The REST face of the loopback Twilio: create, fetch and list messages, refuse as the real one refuses.

https://www.twilio.com/docs/messaging/api/message-resource. Fields and codes are checked in our tests
by Twilio's own Python client.
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from hmac import compare_digest
from urllib.parse import urlencode

from aiohttp import web

from bot.demo.loopback_message import API_VERSION, Draft, Fault, Message
from bot.demo.loopback_network import Network
from bot.demo.loopback_webhook import is_loopback

_BODY_CHARACTERS_MAX = 1600
_PAGE_SIZE, _PAGE_SIZE_MAX = 50, 1000
_FOR_EVER_SECONDS = 3600
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_WHY = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21211: "Invalid 'To' Phone Number",
    21266: "'To' and 'From' number cannot be the same",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number is not a message-capable number of this account",
    21609: "Invalid 'StatusCallback' URL",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21705: "The Messaging Service is invalid",
}


class _Refusal(Exception):
    def __init__(self, code: int, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code, self.status, self.retry_after = code, status, retry_after

    def response(self) -> web.Response:
        answer = {
            "code": self.code,
            "message": _WHY.get(self.code, f"Error {self.code}"),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return web.json_response(answer, status=self.status, headers=headers)


class Api:
    """The message resource over a network, and what the account has configured."""

    def __init__(self, network: Network) -> None:
        self._network = network
        credentials = f"{network.account.sid}:{network.account.auth_token}".encode()
        self._authorization = b"Basic " + base64.b64encode(credentials)

    def routes(self) -> list[web.RouteDef]:
        """The paths it answers."""
        account = f"/{API_VERSION}/Accounts/{{account}}"
        messages = f"{account}/Messages"
        return [
            web.get(f"{account}.json", self._answer(self._account)),
            web.get(f"{account}/IncomingPhoneNumbers.json", self._answer(self._numbers)),
            web.get(f"{account}/SMS/ShortCodes.json", self._answer(self._short_codes)),
            # On messaging.twilio.com, which has no account in its paths.
            web.get("/v1/Services/{service}", self._answer(self._service)),
            web.post(f"{messages}.json", self._answer(self._create)),
            web.get(f"{messages}.json", self._answer(self._list)),
            web.get(f"{messages}/{{sid}}.json", self._answer(self._fetch)),
        ]

    def _answer(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answered(request: web.Request) -> web.Response:
            try:
                self._authenticate(request)
                return await handler(request)
            except _Refusal as refusal:
                return refusal.response()

        return answered

    def _authenticate(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not compare_digest(given, self._authorization) or (
            request.match_info.get("account", self._network.account.sid) != self._network.account.sid
        ):
            raise _Refusal(20003, 401)

    async def _account(self, _request: web.Request) -> web.Response:
        sid = self._network.account.sid
        return web.json_response(
            {"sid": sid, "friendly_name": "Loopback", "status": "active", "type": "Full"}
        )

    async def _numbers(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"incoming_phone_numbers": self._listed("phone_number", "PhoneNumber", request)}
        )

    async def _short_codes(self, request: web.Request) -> web.Response:
        return web.json_response({"short_codes": self._listed("short_code", "ShortCode", request)})

    def _listed(self, field: str, parameter: str, request: web.Request) -> list[dict[str, str]]:
        """The account's numbers of a kind, or the one that is asked for, each with the account's webhook."""
        account = self._network.account
        is_number = parameter == "PhoneNumber"
        return [
            {
                field: number,
                "account_sid": account.sid,
                "sms_url": account.webhook_url,
                "sms_method": "POST",
                "sms_fallback_url": account.webhook_url,
                "status_callback": "",
            }
            for number in account.numbers
            if number.startswith("+") == is_number and request.query.get(parameter, number) == number
        ]

    async def _service(self, request: web.Request) -> web.Response:
        account = self._network.account
        sid = request.match_info["service"]
        if sid != account.messaging_service_sid:
            raise _Refusal(20404, 404)
        return web.json_response(
            {
                "sid": sid,
                "account_sid": account.sid,
                "inbound_request_url": account.webhook_url,
                "inbound_method": "POST",
                "fallback_url": account.webhook_url,
                "status_callback": None,
                "use_inbound_webhook_on_number": False,
            }
        )

    async def _create(self, request: web.Request) -> web.Response:
        form = await request.post()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        media = tuple(url for url in form.getall("MediaUrl", []) if isinstance(url, str))
        to = fields.get("To", "")
        faults = self._network.faults
        if fault := faults.take(to, "reject"):
            raise _refusal_of(fault)
        if faults.take(to, "drop_request"):
            return _cut(request)
        draft = self._draft(fields, media)
        message = self._network.dispatch(draft)
        created = web.json_response(message.resource(), status=201)  # as it is now: it goes on travelling
        if fault := faults.take(to, "slow_answer", "no_answer"):
            await asyncio.sleep(fault.seconds if fault.kind == "slow_answer" else _FOR_EVER_SECONDS)
        if fault := faults.take(to, "error_answer"):
            raise _refusal_of(fault)
        if faults.take(to, "drop_answer"):
            return _cut(request)
        return created

    def _draft(self, fields: dict[str, str], media: tuple[str, ...]) -> Draft:
        account = self._network.account
        to, body, sender = fields.get("To", ""), fields.get("Body", ""), fields.get("From", "")
        service, callback = fields.get("MessagingServiceSid", ""), fields.get("StatusCallback")
        if service and service != account.messaging_service_sid:
            raise _Refusal(21705)
        draft = Draft(
            to=to,
            sender=sender or (account.numbers[0] if service else ""),
            body=body,
            media=media,
            status_callback=callback,
            by_service=bool(service),
        )
        problems = {
            21604: not to,
            21603: not draft.sender,
            21602: not body and not media,
            21617: len(body) > _BODY_CHARACTERS_MAX,
            21211: not _E164.fullmatch(to),
            21606: draft.sender not in account.numbers,
            21266: to == draft.sender,
            21609: callback is not None and not is_loopback(callback),
            21610: self._network.blocks(to, draft.sender),
        }
        for code, is_so in problems.items():
            if is_so:
                raise _Refusal(code)
        return draft

    async def _fetch(self, request: web.Request) -> web.Response:
        message = self._network.messages.get(request.match_info["sid"])
        if message is None:
            raise _Refusal(20404, 404)
        return web.json_response(message.resource())

    async def _list(self, request: web.Request) -> web.Response:
        query = request.query
        if fault := self._network.faults.take(query.get("To", ""), "reject_list"):
            raise _refusal_of(fault)
        listed = self._network.listed(query.get("To", ""))
        wanted = [message for message in reversed(listed) if _fits(message, query.items())]
        size = min(_count(query.get("PageSize"), _PAGE_SIZE), _PAGE_SIZE_MAX) or _PAGE_SIZE
        page = _count(query.get("Page"), 0)
        start = page * size
        chosen = wanted[start : start + size]

        def uri(number: int) -> str:
            rest = [(name, value) for name, value in query.items() if name not in ("Page", "PageSize")]
            return f"{request.path}?{urlencode([*rest, ('PageSize', size), ('Page', number)])}"

        return web.json_response(
            {
                "messages": [message.resource() for message in chosen],
                "page": page,
                "page_size": size,
                "start": start,
                "end": max(start, start + len(chosen) - 1),
                "uri": uri(page),
                "first_page_uri": uri(0),
                "next_page_uri": uri(page + 1) if start + size < len(wanted) else None,
                "previous_page_uri": uri(page - 1) if page else None,
            }
        )


def _cut(request: web.Request) -> web.Response:
    """Break the connection; what is returned is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _refusal_of(fault: Fault) -> _Refusal:
    usual = {429: 20429, 401: 20003, 404: 20404}.get(fault.status, 20500 if fault.status >= 500 else 21211)  # noqa: PLR2004  # RFC 9110
    return _Refusal(fault.code or usual, fault.status, fault.retry_after)


def _fits(message: Message, filters: Iterable[tuple[str, str]]) -> bool:
    """Whether a message passes `To`, `From`, `DateSent`, `DateSent>` (from) and `DateSent<` (until)."""
    for name, value in filters:
        if name == "To" and message.to != value:
            return False
        if name == "From" and message.sender != value:
            return False
        if name in ("DateSent", "DateSent>", "DateSent<") and not _sent(message, name, value):
            return False
    return True


def _sent(message: Message, name: str, value: str) -> bool:
    try:
        limit = datetime.fromisoformat(value)
    except ValueError as error:
        raise _Refusal(20001) from error
    if message.sent_at is None:
        return False
    limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
    sent_at = message.sent_at
    if len(value) == len("2026-11-22"):  # a day: compare days
        sent_at = sent_at.replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "DateSent>":
        return sent_at >= limit
    if name == "DateSent<":
        return sent_at <= limit
    return sent_at.date() == limit.date()


def _count(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else otherwise
