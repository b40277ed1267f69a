"""What to do about each of Twilio's error codes, at once or in a status callback.

Code N is described at https://www.twilio.com/docs/api/errors/N. Our own words, not Twilio's message,
go into the error: Twilio's names phone numbers, which must not reach a log.
"""

from collections.abc import Mapping
from datetime import timedelta

from bot.channels.channel import (
    AddressUnusable,
    ContactStopped,
    DailyLimitReached,
    Filtered,
    NotRegistered,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SenderSlowed,
    SendLater,
    SendNever,
)

# How long to leave it alone, and how often one message is handed over at most: a phone that is switched off
# is worth one more try when its owner may be back, an unexplained failure one more soon.
_PATIENCE: Mapping[int, tuple[timedelta, int]] = {
    30003: (timedelta(hours=4), 2),
    30008: (timedelta(minutes=30), 2),
    30009: (timedelta(minutes=5), 2),
    30017: (timedelta(minutes=15), 4),
}

_REMEDIES: Mapping[type[SendError], Mapping[int, str]] = {
    SenderSlowed: {
        14107: "sending faster than this sender may",
        20429: "too many requests at once",
        21611: "the sender's queue is full",
        30001: "the queue overflowed",
        30022: "sending faster than the carrier allows the campaign",
        63018: "the channel's rate limit is reached",
    },
    DailyLimitReached: {
        30023: "the carrier's daily limit of the brand is reached",
    },
    SendLater: {
        30003: "the phone is switched off or out of reach",
        30008: "the carrier gave no reason",
        30009: "a part of the message got lost",
        30017: "the carrier's network is congested",
    },
    NotRegistered: {
        21408: "the account may not send to this country",
        30032: "the toll-free number is not verified",
        30033: "the A2P 10DLC campaign is suspended",
        30034: "the number is not registered for A2P 10DLC",
        30035: "the number's A2P 10DLC registration is not finished",
    },
    OperatorNeeded: {
        20003: "the account SID or auth token is wrong",
        20008: "test credentials cannot send",
        20403: "the account may not do this",
        20404: "the account does not exist",
        21212: "the From number is not valid",
        21601: "the From number cannot send SMS",
        21603: "neither a From number nor a messaging service is configured",
        21606: "the From number is not the account's own or cannot send there",
        21607: "the From number is not the account's own",
        21609: "the status callback URL is not valid: check REGULARS_PUBLIC_URL",
        21659: "the From number is not a Twilio number",
        21660: "the From number belongs to another account",
        21661: "the From number cannot send SMS",
        21703: "the messaging service has no numbers",
        21705: "the messaging service does not exist",
        30002: "the account is suspended",
    },
    ContactStopped: {
        21610: "the contact has opted out at Twilio",
        30004: "the contact or the carrier blocks our messages",
    },
    AddressUnusable: {
        21211: "the number is not valid",
        21214: "the number cannot be reached",
        21217: "the number is not valid",
        21265: "the number is a short code",
        21614: "the number is not a mobile number",
        21635: "the number is a landline",
        30005: "the number is unknown or no longer in service",
        30006: "the number is a landline or its carrier cannot be reached",
    },
    Filtered: {
        30007: "the carrier filtered the message",
    },
    SendNever: {
        21266: "sender and recipient are the same number",
        21602: "the message is empty",
        21604: "the message has no recipient",
        21608: "a trial account sends only to verified numbers",
        21612: "this sender cannot reach this number",
        21617: "the message is longer than 1600 characters",
        21619: "the message has neither text nor media",
        21620: "a media URL is not valid",
        21623: "the message has too many media",
        30011: "the number cannot receive MMS",
        30019: "the media are too large for the carrier",
    },
}
_KINDS = {code: (kind, why) for kind, codes in _REMEDIES.items() for code, why in codes.items()}

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def error_for_code(code: int, after: timedelta | None = None) -> SendError:
    """Return the error that says what to do about Twilio's code; codes we do not know are final."""
    kind, why = _KINDS.get(code, (SendNever, "see https://www.twilio.com/docs/api/errors/"))
    patience, most = _PATIENCE.get(code, (None, None))
    return kind(f"Twilio {code}: {why}", code=code, after=after or patience, most=most)


def error_for_answer(status: int, code: int | None, after: timedelta | None) -> SendError:
    """Return the error for an HTTP answer that is not a success.

    A server error is no refusal: the message may have been taken before the answer broke, and Twilio
    has no idempotency key to try again with.
    """
    if status >= _SERVER_ERROR:
        return OutcomeUnknown(f"Twilio answered {status}", code=code, after=after)
    if status == _TOO_MANY_REQUESTS:
        return SenderSlowed("Twilio answered 429: too many requests", code=code, after=after)
    if code is not None:
        return error_for_code(code, after)
    return OperatorNeeded(f"{status} without a code is not Twilio's API: check the base URL", after=after)
