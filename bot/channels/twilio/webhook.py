"""What Twilio posts to us, parsed: an incoming message, or how far one of ours has come.

Parameters: https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status. New ones appear without
notice, so whatever we do not know is signed over and otherwise ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, unquote

import phonenumbers

from bot.channels.channel import SendError
from bot.channels.twilio.errors import error_for_code
from bot.channels.twilio.signature import FormPairs
from bot.core.errors import Refused
from bot.core.messages import Inbound, OutboxState

MESSAGES_PATH = "/twilio/messages"
STATUS_PATH = "/twilio/status"

_FIELDS_MAX = 500  # Twilio sends about 25
_MEDIA_MAX = 10
_ADDRESS_CHARACTERS_MAX = 128
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_OUR_ID = re.compile(r"[0-9a-f]{32}")
_CHANNEL = re.compile(r"([a-z]+):(.+)")
_FACTS = {
    "FromCity": "city",
    "FromState": "state",
    "FromZip": "zip",
    "FromCountry": "country",
    "NumSegments": "segments",
    "ProfileName": "profile_name",
    "MessagingServiceSid": "messaging_service_sid",
}
_OPT_OUT_TYPES = ("STOP", "START", "HELP")
# Every other status (accepted, scheduled, queued, sending, sent, and what Twilio invents tomorrow) says
# that Twilio has the message, which to us is one state.
_STATES = {
    "delivered": OutboxState.DELIVERED,
    "partially_delivered": OutboxState.DELIVERED,
    "read": OutboxState.DELIVERED,
    "undelivered": OutboxState.UNDELIVERED,
    "failed": OutboxState.FAILED,
    "canceled": OutboxState.CANCELED,
}


@dataclass(frozen=True, slots=True)
class StatusReport:
    """How far one of our messages has come, as Twilio says; reports may arrive twice and out of order.

    `message_id` and `contact_id` are our own ids, from the callback's query: None when the message was not
    sent by us.
    """

    provider_id: str
    message_id: str | None
    contact_id: str | None
    state: OutboxState
    error_code: int | None = None
    segments: int | None = None

    @property
    def error(self) -> SendError | None:
        """What to do about the failure, if this reports one."""
        return None if self.error_code is None else error_for_code(self.error_code)


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Read a urlencoded form, blank values kept, in a third of the time `parse_qsl` takes.

    Bytes that are not UTF-8 stay in the text as surrogate escapes, so that the signature can be
    checked over exactly what was sent; parsing replaces them.
    """
    if body.count(b"&") >= _FIELDS_MAX:
        raise Refused("The form has too many fields", f"send at most {_FIELDS_MAX}", 413)
    # Encoded plus signs, which every number has, are most of the escapes: decoding them in one go is safe,
    # since a `+` can neither complete nor begin another escape.
    text = body.decode("utf-8", "surrogateescape").replace("+", " ").replace("%2B", "+")
    return [
        (name, value) if "%" not in pair else (_unquote(name), _unquote(value))
        for pair in text.split("&")
        for name, _, value in (pair.partition("="),)
        if name or value
    ]


def parse_inbound(form: FormPairs, received_at: datetime) -> Inbound:
    """Parse an incoming message.

    Raises:
        Refused: a field without which nothing can be answered is missing or no such thing.
    """
    fields = dict(form)
    country = fields.get("FromCountry") or None
    channel, address = _address(_required(fields, "From"), country)
    media = (
        fields.get(f"MediaUrl{n}") for n in range(min(_number(fields.get("NumMedia", "")) or 0, _MEDIA_MAX))
    )
    opt_out_type = fields.get("OptOutType", "").upper()
    return Inbound(
        provider="twilio",
        provider_id=_sid(fields),
        channel=channel,
        address=address,
        to=_address(fields.get("To", ""), fields.get("ToCountry") or country)[1],
        text=_clean(fields.get("Body", "")),
        media=tuple(_clean(url) for url in media if url),
        received_at=received_at,
        opt_out_type=opt_out_type if opt_out_type in _OPT_OUT_TYPES else None,
        facts={fact: _clean(fields[name]) for name, fact in _FACTS.items() if fields.get(name)},
    )


def parse_status(form: FormPairs, query: str) -> StatusReport:
    """Parse a status callback; `query` is the query of the URL it was posted to.

    Raises:
        Refused: it does not say which message or which status.
    """
    fields = dict(form)
    status = fields.get("MessageStatus") or _required(fields, "SmsStatus")
    ours = dict(parse_qsl(query))
    return StatusReport(
        provider_id=_sid(fields),
        message_id=_our_id(ours, "message"),
        contact_id=_our_id(ours, "contact"),
        state=state_of(status),
        error_code=_number(fields.get("ErrorCode", "")),
        segments=_number(fields.get("NumSegments", "")),
    )


def state_of(status: str) -> OutboxState:
    """Return what one of Twilio's statuses of a message means to us."""
    return _STATES.get(status.lower(), OutboxState.SENT)


def status_url(public_url: str, contact_id: str, message_id: str) -> str:
    """Return the status callback URL of one message.

    It carries our id, because a callback may overtake the answer that tells us Twilio's.
    """
    return f"{public_url.rstrip('/')}{STATUS_PATH}?contact={contact_id}&message={message_id}"


def _our_id(query: Mapping[str, str], name: str) -> str | None:
    value = query.get(name, "")
    return value if _OUR_ID.fullmatch(value) else None


def _required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "").strip()
    if not value:
        raise Refused(f"{name} is missing", "post the form that Twilio posts")
    return value


def _sid(fields: Mapping[str, str]) -> str:
    # SmsSid and SmsMessageSid are its deprecated names; Twilio sends all three.
    sid = fields.get("MessageSid") or fields.get("SmsSid") or fields.get("SmsMessageSid") or ""
    if not sid:
        raise Refused("MessageSid is missing", "post the form that Twilio posts")
    if not _SID.fullmatch(sid):
        raise Refused("MessageSid is not an id", "post the form that Twilio posts")
    return sid


def _address(raw: str, country: str | None) -> tuple[str, str]:
    """Return the channel and the address on it: E.164 if it can be read so, else what it says."""
    if _E164.fullmatch(raw):  # nearly always
        return "sms", raw
    channel = "sms"
    if prefixed := _CHANNEL.fullmatch(raw):  # `whatsapp:+1…`, `rcs:…`
        channel, raw = prefixed.groups()
    address = _clean(raw).strip()
    if len(address) > _ADDRESS_CHARACTERS_MAX:
        raise Refused("From or To is too long", "post the form that Twilio posts")
    return channel, _e164(address, country) or address


def _e164(spelled: str, country: str | None) -> str | None:
    digits = re.sub(r"[\s().\-/]", "", spelled)
    if not re.fullmatch(r"\+?[0-9]{7,15}", digits, re.ASCII):
        return None  # a short code or a name
    # A `+` that nobody escaped arrives as a space: then the country code is there all the same.
    for spelling in (digits, f"+{digits.removeprefix('+')}"):
        try:
            number = phonenumbers.parse(spelling, country)
        except phonenumbers.NumberParseException:
            continue
        # Not `is_possible_number`: that one takes a number without its area code for possible.
        if phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _unquote(text: str) -> str:
    return unquote(text, errors="surrogateescape")


def _clean(text: str) -> str:
    """Replace what is not UTF-8 and drop NUL, which PostgreSQL cannot store."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
