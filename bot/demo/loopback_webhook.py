"""What the loopback Twilio posts to the account's server, signed: incoming messages and statuses.

Parameters: https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status.
"""

import logging
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import aiohttp
import phonenumbers
from yarl import URL

from bot.channels.twilio.signature import SIGNATURE_HEADER, sign
from bot.demo.loopback_message import API_VERSION, Faults, Message

log = logging.getLogger(__name__)

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_SERVER_ERROR = 500
_EXCHANGES_KEPT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """How the account's server answered, after so many attempts; `status` None: not at all."""

    attempts: int
    status: int | None = None
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One post as it went over the wire, and how it was answered."""

    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    answer: Answer


class Webhooks:
    """Posts to the account's server; `open` inside the loop before use, `close` after."""

    def __init__(self, auth_token: str, timeout: timedelta, faults: Faults) -> None:
        self._auth_token = auth_token
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds())
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None
        self.exchanges: deque[Exchange] = deque(maxlen=_EXCHANGES_KEPT)
        """The latest posts, oldest first: for the curious."""

    async def open(self) -> None:
        """Get ready to post."""
        self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a signed form as Twilio does: once more, with the same token, if the first try fails.

        Never to another machine: a demo that is configured with a public URL must not post there.
        """
        url = url.partition("#")[0]  # the fragment holds options for Twilio; it is neither sent nor signed
        if not is_loopback(url):
            log.warning("webhook_not_on_this_machine")
            return Answer(0)
        headers = {
            SIGNATURE_HEADER: sign(self._auth_token, url, list(form.items())),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        answer = await self._try(1, url, form, headers)
        failed = answer.status is None or answer.status >= _SERVER_ERROR
        if form.get("SmsStatus") == "received":
            failed = self._faults.take(form["From"], "lost_webhook_answer") is not None or failed
            failed = failed and self._faults.take(form["From"], "no_retry") is None
        if failed:
            answer = await self._try(2, url, form, headers)
        self.exchanges.append(Exchange(url, form, headers, answer))
        return answer

    async def _try(
        self, attempt: int, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> Answer:
        assert self._session is not None, "open it first"
        try:
            async with self._session.post(
                URL(url, encoded=True),  # exactly what was signed
                data=urlencode(form).encode(),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                return Answer(attempt, answer.status, answer.content_type, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("webhook_failed", extra={"attempt": attempt, "why": type(error).__name__})
            return Answer(attempt)


def incoming_form(message: Message, opt_out_type: str | None) -> dict[str, str]:
    """Return what Twilio says of a message that came in."""
    form = _place("To", message.to) | _place("From", message.sender)
    form |= {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "To": message.to,
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.sender,
        "ApiVersion": API_VERSION,
    }
    if message.messaging_service_sid is not None:
        form["MessagingServiceSid"] = message.messaging_service_sid
    for number, url in enumerate(message.media):
        form |= {f"MediaUrl{number}": url, f"MediaContentType{number}": "image/png"}
    if opt_out_type is not None:
        form["OptOutType"] = opt_out_type
    return form


def status_form(message: Message, status: str, error_code: int | None, now: datetime) -> dict[str, str]:
    """Return what Twilio says when one of the account's messages reaches a status."""
    form = {
        "SmsSid": message.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.to,
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.sender,
        "ApiVersion": API_VERSION,
    }
    if message.messaging_service_sid is not None:
        form["MessagingServiceSid"] = message.messaging_service_sid
    if error_code is not None:
        form["ErrorCode"] = str(error_code)
    if status == "delivered":
        form["RawDlrDoneDate"] = now.strftime("%y%m%d%H%M")
    return form


def is_loopback(url: str) -> bool:
    """Whether a URL is on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK_HOSTS


def _place(whose: str, number: str) -> dict[str, str]:
    """Return where a number is from, as far as its first digits say."""
    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:  # a short code
        country = ""
    place = {"City": "SAN FRANCISCO", "State": "CA", "Zip": "94105"} if country == "US" else {}
    return {f"{whose}{name}": place.get(name, "") for name in ("City", "State", "Zip")} | {
        f"{whose}Country": country
    }
