"""Each of Twilio's refusals says what to do next, and a broken answer is never taken for one."""

from datetime import timedelta

import pytest

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
from bot.channels.twilio.errors import error_for_answer, error_for_code
from bot.core.errors import NeverRetry, RetryLater

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (14107, SenderSlowed),
        (20429, SenderSlowed),
        (21611, SenderSlowed),
        (30001, SenderSlowed),
        (30022, SenderSlowed),
        (30023, DailyLimitReached),
        (63018, SenderSlowed),
        (30003, SendLater),
        (30008, SendLater),
        (20003, OperatorNeeded),
        (21606, OperatorNeeded),
        (21408, NotRegistered),
        (30034, NotRegistered),
        (21610, ContactStopped),
        (30004, ContactStopped),
        (21211, AddressUnusable),
        (21614, AddressUnusable),
        (30005, AddressUnusable),
        (30006, AddressUnusable),
        (21617, SendNever),
        (30007, Filtered),
        (99999, SendNever),
    ],
)
def test_the_remedy_of_a_code(code: int, kind: type[SendError]) -> None:
    error = error_for_code(code)
    assert type(error) is kind
    assert error.code == code
    assert str(code) in str(error)


def test_remedies_are_branches_of_the_one_tree() -> None:
    assert isinstance(error_for_code(20429), RetryLater)
    assert isinstance(error_for_code(20003), RetryLater)
    assert isinstance(error_for_code(21610), NeverRetry)
    assert not isinstance(error_for_answer(500, None, None), RetryLater | NeverRetry)


def test_an_unreachable_phone_is_left_alone_for_hours() -> None:
    after = error_for_code(30003).after
    assert after is not None
    assert after >= HOUR
    assert error_for_code(30003).most == 2, "one more try, hours later"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21610, ContactStopped),
        (401, 20003, OperatorNeeded),
        (429, 20429, SenderSlowed),
        (429, None, SenderSlowed),
        (400, 12345, SendNever),
        (404, None, OperatorNeeded),  # a proxy or a wrong base URL, not Twilio
        (302, None, OperatorNeeded),
        (500, None, OutcomeUnknown),
        (503, 20429, OutcomeUnknown),  # a server error may come after the message was taken
    ],
)
def test_an_answer_by_status_and_code(status: int, code: int | None, kind: type[SendError]) -> None:
    error = error_for_answer(status, code, HOUR)
    assert type(error) is kind
    assert error.after == HOUR
