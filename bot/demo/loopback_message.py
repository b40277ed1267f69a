"""The message resource of the loopback Twilio, and the faults one can ask it for.

Fields: https://www.twilio.com/docs/messaging/api/message-resource#message-properties.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from bot.demo.faults import AnyFault, FaultsAhead

API_VERSION = "2010-04-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message somebody wants sent; `by_service` lets the messaging service choose the number."""

    to: str
    sender: str
    body: str
    media: tuple[str, ...] = ()
    status_callback: str | None = None
    by_service: bool = False


@dataclass(slots=True, kw_only=True)
class Message:
    """One message as Twilio keeps it; `status` moves on as it travels."""

    sid: str
    account_sid: str
    direction: Literal["inbound", "outbound-api", "outbound-reply"]
    sender: str
    to: str
    body: str
    media: tuple[str, ...]
    segments: int
    status: str
    created_at: datetime
    messaging_service_sid: str | None = None
    status_callback: str | None = None
    sent_at: datetime | None = None
    updated_at: datetime | None = None
    error_code: int | None = None

    @property
    def our_id(self) -> str | None:
        """The id under which the sender knows it, from the callback URL's query."""
        if self.status_callback is None:
            return None
        return parse_qs(urlsplit(self.status_callback).query).get("message", [None])[0]

    def resource(self) -> dict[str, object]:
        """Return what the REST API shows of it."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"
        unassigned = self.messaging_service_sid is not None and self.status == "accepted"
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "date_updated": format_datetime(self.updated_at or self.created_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None if self.error_code is None else f"Error {self.error_code}",
            "from": None if unassigned else self.sender,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": str(len(self.media)),
            "num_segments": "0" if unassigned else str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "tags": None,
            "to": self.to,
            "uri": f"{uri}.json",
        }


FaultKind = Literal[
    "reject",  # refused when sending, with `code` and `status`, perhaps `retry_after`
    "drop_request",  # the connection breaks and nothing was accepted
    "drop_answer",  # accepted, then the connection breaks before the answer
    "slow_answer",  # accepted, answered after `seconds`
    "no_answer",  # accepted, never answered
    "error_answer",  # accepted, answered with `status` all the same
    "undelivered",  # accepted and sent, then not delivered, with `code`
    "failed",  # accepted, never sent, with `code`
    "duplicate_callbacks",  # every status is reported twice
    "reversed_callbacks",  # the last status is reported first
    "late_callbacks",  # each status is reported `seconds` later
    "no_callbacks",  # no status is ever reported
    "late_list",  # a message is listed only `seconds` after it was created
    "reject_list",  # the list is refused with `status`
    "no_retry",  # the webhook is posted once, whatever comes back: Twilio's own default after a lost answer
    "lost_webhook_answer",  # the webhook's first answer to a text from `number` is lost: posted again
]


class Fault(AnyFault):
    """Something that shall go wrong: for one phone number or, without one, for all.

    `times` is how often; None: until it is cleared.
    """

    kind: FaultKind
    number: str | None = None
    code: int | None = Field(default=None, ge=1)
    status: int = Field(default=400, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    seconds: float = Field(default=0, ge=0, le=3600)


class Faults(FaultsAhead[Fault]):
    """What was asked to go wrong here."""

    def take(self, number: str, *kinds: FaultKind) -> Fault | None:
        """Return the fault of one of these kinds that shall happen to this number now, and count it down."""
        return self.first(lambda fault: fault.kind in kinds and fault.number in (None, number))
