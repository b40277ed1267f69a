"""What comes back: `POST /email/reports` takes a mail server's report as it is, whole and unread.

Who runs a mail server pipes the mailbox of bounces here with curl; services that receive mail for others post
it in a form. What a report says is believed of letters alone whose signed name it carries.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.channels.channel import AddressUnusable
from bot.channels.email.errors import bounced
from bot.conversation.receipts import Receipt, Receipts
from bot.core.email.links import LetterNames
from bot.core.email.mailbox import EMAIL
from bot.core.email.reports import Report, ReportKind, read_report
from bot.core.errors import Refused
from bot.core.messages import OutboxState
from bot.web.bodies import body_of, posted, refusal

PATH = "/email/reports"
SIZE_MAX = 1_000_000
"""Reports may quote the whole letter; longer ones are cut by their servers."""
_FORM_FIELDS = ("body-mime", "email", "message")
"""How services call the field that holds a message: Mailgun, SendGrid, and whoever writes their own."""
_COMPLAINT = "complaint"
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EmailReports:
    """Answers `/email/reports`; `find` looks up a letter's contact and what the server calls it."""

    token: str
    names: LetterNames
    receipts: Receipts
    find: Callable[[Report], Awaitable[tuple[str, str] | None]]

    def routes(self) -> list[web.RouteDef]:
        """Where it is."""
        return [web.post(PATH, self.report)]

    async def report(self, request: web.Request) -> web.Response:
        """Take one report; what is none, or none of ours, is taken too, as nobody can mend it."""
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = header or request.query.get("token", "")
        if not compare_digest(given.encode(), self.token.encode()):
            return web.Response(status=HTTPStatus.FORBIDDEN, text="the token does not fit\n")
        try:
            report = read_report(await _message(request), self.names)
        except Refused as refused:
            return refusal(refused)
        if report is None:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        try:
            found = await self.find(report)
            if found is not None:
                await self.receipts.record(_receipt(report, *found))
        except Exception:  # whatever the database says: it may be posted again
            _logger.exception("report_not_recorded", kind=report.kind.value)
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="try again later\n")
        _logger.info("letter_reported", kind=report.kind.value, status=report.status)
        return web.Response(status=HTTPStatus.NO_CONTENT)


async def _message(request: web.Request) -> bytes:
    """Return the message that was posted. Raises Refused: it is too large, or cannot be read."""
    request = request.clone(client_max_size=SIZE_MAX)
    if request.content_type in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        form = await posted(request)
        value = next((form[name] for name in _FORM_FIELDS if name in form), b"")
        return value.encode("utf-8", "replace") if isinstance(value, str) else value
    return await body_of(request, SIZE_MAX)


def _receipt(report: Report, contact_id: str, provider_id: str) -> Receipt:
    """What a report says of message and mailbox; who complains has the letter, and wants no other."""
    if report.kind is ReportKind.BOUNCED:
        error = bounced(report.status)
        return Receipt(
            contact_id,
            report.message_id,
            EMAIL,
            provider_id,
            OutboxState.UNDELIVERED,
            error_code=report.status or "bounced",
            unusable=isinstance(error, AddressUnusable),
            again=error.again,
        )
    complained = report.kind is ReportKind.COMPLAINED
    return Receipt(
        contact_id,
        report.message_id,
        EMAIL,
        provider_id,
        OutboxState.DELIVERED,
        error_code=_COMPLAINT if complained else None,
        stopped=complained,
    )
