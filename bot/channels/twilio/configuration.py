"""What an account has configured at Twilio: whether it is active, and where its numbers post what comes in.

https://www.twilio.com/docs/iam/api/account,
https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
https://www.twilio.com/docs/messaging/api/short-code-resource,
https://www.twilio.com/docs/messaging/api/service-resource.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Self, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from bot.channels.twilio.sender import TwilioAccount

_API = "https://api.twilio.com"
_MESSAGING = "https://messaging.twilio.com"
_OK, _UNAUTHORIZED, _NOT_FOUND = 200, 401, 404
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class CannotAsk(Exception):
    """Twilio did not answer, or not as its documentation says; the text names no secret."""


class WrongCredentials(CannotAsk):
    """The account SID or its token is wrong."""


class Account(BaseModel):
    """The account itself: `status` active, suspended or closed; `type` Full or Trial."""

    status: str
    type: str = "Full"


class Number(BaseModel):
    """A number or short code, and where Twilio posts messages to it."""

    sms_url: str | None = None
    sms_method: str | None = None
    sms_fallback_url: str | None = None
    sms_application_sid: str | None = None


class Service(BaseModel):
    """A messaging service; its own address counts unless it leaves that to each number."""

    inbound_request_url: str | None = None
    inbound_method: str | None = None
    fallback_url: str | None = None
    use_inbound_webhook_on_number: bool = False


class _Numbers(BaseModel):
    incoming_phone_numbers: list[Number] = []
    short_codes: list[Number] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """What the account is, and when Twilio says it is."""

    account: Account
    at: datetime | None


M = TypeVar("M", bound=BaseModel)


class Configuration:
    """Asks Twilio, only reading; use it as a context."""

    def __init__(self, account: TwilioAccount) -> None:
        base = account.base_url.rstrip("/")
        credentials = base64.b64encode(f"{account.account_sid}:{account.auth_token}".encode()).decode("ascii")
        self._account = f"{base}/2010-04-01/Accounts/{account.account_sid}"
        self._services = f"{_MESSAGING if base == _API else base}/v1/Services"
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"},
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def account(self) -> Answer:
        """Ask about the account, and the time.

        Raises:
            CannotAsk: or WrongCredentials.
        """
        status, body, date = await self._get(f"{self._account}.json", {})
        if status != _OK:
            raise CannotAsk(f"Twilio answered {status} when asked about the account")
        return Answer(_read(Account, body), _instant(date))

    async def number(self, number: str) -> Number | None:
        """Ask about a number (or short code) of the account; None where it has no such. Raises CannotAsk."""
        kind, name = "SMS/ShortCodes", "ShortCode"
        if number.startswith("+"):
            kind, name = "IncomingPhoneNumbers", "PhoneNumber"
        status, body, _ = await self._get(f"{self._account}/{kind}.json", {name: number})
        if status != _OK:
            raise CannotAsk(f"Twilio answered {status} when asked about its numbers")
        page = _read(_Numbers, body)
        return next(iter([*page.incoming_phone_numbers, *page.short_codes]), None)

    async def service(self, sid: str) -> Service | None:
        """Ask about a messaging service; None where there is no such. Raises CannotAsk."""
        status, body, _ = await self._get(f"{self._services}/{sid}", {})
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise CannotAsk(f"Twilio answered {status} when asked about its messaging services")
        return _read(Service, body)

    async def _get(self, url: str, query: Mapping[str, str]) -> tuple[int, bytes, str | None]:
        try:
            async with self._session.get(url, params=query, allow_redirects=False) as answer:
                body = await answer.read()
                status, date = answer.status, answer.headers.get("Date")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CannotAsk(f"Twilio cannot be reached: {type(error).__name__}") from error
        if status == _UNAUTHORIZED:
            raise WrongCredentials("Twilio does not know the account SID with this token")
        return status, body, date


def _read(model: type[M], body: bytes) -> M:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise CannotAsk("Twilio's answer cannot be understood: is the base URL right?") from error


def _instant(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
