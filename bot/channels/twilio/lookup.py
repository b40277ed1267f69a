"""Asking Twilio which messages it has taken for a number: the only way to know, where an answer was lost.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources. The list is
asked by number alone and dates are compared here. `DateSent` leaves out what is still queued, reads only the
day of an instant (https://github.com/twilio/twilio-java/issues/501), and lists filtered by it were seen to
miss new messages for many minutes (https://github.com/twilio/twilio-java/issues/442).
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

import aiohttp
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from bot.channels.channel import Listed, SendLater
from bot.channels.twilio.errors import error_for_code
from bot.channels.twilio.webhook import state_of

_PAGE_SIZE = 500
_PAGES_MAX = 10
_OK = 200
# Twilio puts this before each text while an account is on trial.
_TRIAL = "Sent from your Twilio trial account - "

_Instant = Annotated[
    datetime,
    BeforeValidator(lambda text: parsedate_to_datetime(text) if isinstance(text, str) else text),
]


class _Resource(BaseModel):
    sid: str
    direction: str
    status: str
    date_created: _Instant
    sender: str | None = Field(default=None, alias="from")
    messaging_service_sid: str | None = None
    body: str | None = None
    num_media: int = 0
    num_segments: int = 0
    error_code: int | None = None


class _Page(BaseModel):
    messages: list[_Resource]
    next_page_uri: str | None = None


async def messages_to(session: aiohttp.ClientSession, url: str, to: str, since: datetime) -> list[Listed]:
    """List what Twilio took for `to` since then, oldest first; `url` is the account's `…/Messages.json`.

    Raises:
        SendLater: it could not be asked, answered with an error, or has more than we read.
    """
    path = url[url.index("/", url.index("://") + 3) :]
    found: list[_Resource] = []
    page = await _page(session, url, {"To": to, "PageSize": str(_PAGE_SIZE)})
    for _ in range(_PAGES_MAX):
        found += page.messages
        if page.next_page_uri is None:
            break
        if not page.next_page_uri.startswith(f"{path}?"):  # our credentials go nowhere else
            raise SendLater("Twilio's list continues somewhere else: check the base URL")
        page = await _page(session, url.removesuffix(path) + page.next_page_uri, {})
    else:
        raise SendLater(f"Twilio's list of this number is longer than {_PAGES_MAX * _PAGE_SIZE}")
    ours = [one for one in found if one.direction.startswith("outbound") and one.date_created >= since]
    return [_listed(one) for one in sorted(ours, key=lambda one: (one.date_created, one.sid))]


async def _page(session: aiohttp.ClientSession, url: str, query: Mapping[str, str]) -> _Page:
    try:
        async with session.get(url, params=query, allow_redirects=False) as answer:
            body = await answer.read()
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SendLater(f"Twilio's list cannot be read: {type(error).__name__}") from error
    if status != _OK:
        raise SendLater(f"Twilio's list answered {status}")
    try:
        return _Page.model_validate_json(body)
    except ValidationError as error:
        raise SendLater("Twilio's list cannot be understood") from error


def _listed(one: _Resource) -> Listed:
    return Listed(
        provider_id=one.sid,
        senders=tuple(name for name in (one.sender, one.messaging_service_sid) if name),
        body=(one.body or "").removeprefix(_TRIAL),
        media=one.num_media,
        created_at=one.date_created,
        state=state_of(one.status),
        segments=one.num_segments or None,
        error=None if one.error_code is None else error_for_code(one.error_code),
    )
