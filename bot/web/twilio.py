"""Twilio's webhooks: an incoming message, and how far one of ours has come."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.channels.channel import AddressUnusable, ContactStopped
from bot.channels.twilio.signature import SIGNATURE_HEADER, Verifier
from bot.channels.twilio.twiml import CONTENT_TYPE, EMPTY, response
from bot.channels.twilio.webhook import (
    MESSAGES_PATH,
    STATUS_PATH,
    StatusReport,
    parse_inbound,
    parse_status,
    read_form,
)
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import inbound_work
from bot.conversation.receipts import Receipt, Receipts
from bot.conversation.work import Result
from bot.core.errors import Refused, RetryLater
from bot.core.messages import Inbound
from bot.web.bodies import body_of, refusal
from bot.web.limits import InboundLimits
from bot.web.metrics import Metrics

BODY_MAX = 64 * 1024
_NUMBER_CHARACTERS_MIN = 8  # the shortest numbers have seven digits behind the plus
_FORM = "application/x-www-form-urlencoded"
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TwilioWebhooks:
    """Answers Twilio's requests; everything it needs is given by the application."""

    verifier: Verifier
    public_url: str
    dispatcher: Dispatcher
    receipts: Receipts
    limits: InboundLimits
    metrics: Metrics
    clock: Callable[[], datetime]
    says_stop: Callable[[Inbound], bool]
    is_known: Callable[[Inbound], Awaitable[bool]]

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [web.post(MESSAGES_PATH, self.messages), web.post(STATUS_PATH, self.status)]

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Take an incoming message and answer it in the response."""
        started_at = self.clock()
        try:
            form = await self._verified_form(request)
            inbound = parse_inbound(form, started_at)
        except Refused as refused:
            return self._refuse(refused)
        try:
            if not _is_person(inbound) or not await self._may_come(inbound):
                self.metrics.inbound.labels("ignored").inc()
                return web.Response(body=EMPTY, content_type=CONTENT_TYPE)
            result = await self.dispatcher.submit(inbound_work(inbound))
            self.metrics.inbound.labels(result.outcome).inc()
            self.metrics.seconds.observe((self.clock() - started_at).total_seconds())
            return await self._answer(request, result)
        except RetryLater:
            # Not stored: Twilio keeps the message and its log shows that we did not take it.
            self.metrics.inbound.labels("not_stored").inc()
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="try again later")

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Record how far one of our messages has come."""
        try:
            form = await self._verified_form(request)
            report = parse_status(form, request.query_string)
        except Refused as refused:
            return self._refuse(refused)
        self.metrics.statuses.labels(report.state.value).inc()
        if report.contact_id is not None and report.message_id is not None:
            try:
                await self.receipts.record(_receipt(report, report.contact_id, report.message_id))
            except Exception:  # whatever the database says: Twilio may report again
                _logger.exception("status_not_recorded", contact=report.contact_id)
                return self._refuse(Refused("the status cannot be recorded", "report it again later", 503))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _verified_form(self, request: web.Request) -> list[tuple[str, str]]:
        body = await body_of(request, BODY_MAX)
        is_form = request.content_type == _FORM
        form = read_form(body) if is_form else []
        header = request.headers.get(SIGNATURE_HEADER)
        if not self.verifier.verify(request.raw_path, form if is_form else body, header):
            raise Refused("the signature does not fit", "sign with this account's auth token", 403)
        if not is_form:
            raise Refused("the body is no form", f"post {_FORM}", 415)
        return form

    async def _may_come(self, inbound: Inbound) -> bool:
        address, at = inbound.address, inbound.received_at
        if self.limits.allows(address, at) or self.says_stop(inbound):
            return True
        # A process that has just started knows nobody: only now is it worth asking the database.
        if self.limits.is_stranger(address) and await self.is_known(inbound):
            return self.limits.allows(address, at, is_known=True)
        _logger.warning("inbound_limited", channel=inbound.channel)
        return False

    async def _answer(self, request: web.Request, result: Result) -> web.StreamResponse:
        if not result.replies:
            return web.Response(body=EMPTY, content_type=CONTENT_TYPE)
        if result.inline_until is not None and self.clock() >= result.inline_until:
            await self.dispatcher.give_back(result)
            return web.Response(body=EMPTY, content_type=CONTENT_TYPE)
        answer = web.Response(body=response(result.replies, self.public_url), content_type=CONTENT_TYPE)
        try:
            await answer.prepare(request)
            await answer.write_eof()
        except OSError:
            await self.dispatcher.give_back(result)
        else:
            self.dispatcher.written(result)
        return answer

    def _refuse(self, refused: Refused) -> web.Response:
        self.metrics.refused.labels(str(refused.status)).inc()
        return refusal(refused)


def _is_person(inbound: Inbound) -> bool:
    """Whether a person may be behind it; answering a machine (a short code, a name) could go on for ever."""
    if inbound.channel != "sms":
        return True
    return inbound.address.startswith("+") and len(inbound.address) >= _NUMBER_CHARACTERS_MIN


def _receipt(report: StatusReport, contact_id: str, message_id: str) -> Receipt:
    return Receipt(
        contact_id=contact_id,
        message_id=message_id,
        provider="twilio",
        provider_id=report.provider_id,
        state=report.state,
        error_code=str(report.error_code) if report.error_code is not None else None,
        segments=report.segments,
        stopped=isinstance(report.error, ContactStopped),
        unusable=isinstance(report.error, AddressUnusable),
        again=report.error.again if report.error is not None else None,
    )
