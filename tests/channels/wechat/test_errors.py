"""Each of WeChat's codes says what to do next, in our own words."""

from datetime import timedelta

import pytest

from bot.channels.channel import (
    AccountSpent,
    AddressUnusable,
    ContactStopped,
    Filtered,
    NoGrant,
    NotFollowing,
    NoticeWrong,
    NotRegistered,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SenderSlowed,
    SendLater,
    SendNever,
    WayShut,
    WindowClosed,
    WindowUsedUp,
)
from bot.channels.wechat.errors import error_for_code, error_for_status, field_of, machine_of
from bot.core.pacing import Rests


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-1, SendLater),
        (43108, SendLater),
        (40001, SenderSlowed),
        (42001, SenderSlowed),
        (45011, SenderSlowed),
        (44990, SenderSlowed),
        (44991, SenderSlowed),
        (45009, AccountSpent),
        (44993, AccountSpent),
        (45015, WindowClosed),
        (45047, WindowUsedUp),
        (43101, NoGrant),
        (48001, NotRegistered),
        (43104, NotRegistered),
        (43107, NotRegistered),
        (40125, OperatorNeeded),
        (40164, OperatorNeeded),
        (40243, OperatorNeeded),
        (43004, NotFollowing),
        (40003, AddressUnusable),
        (47003, NoticeWrong),
        (40037, NoticeWrong),
        (41030, NoticeWrong),
        (45168, Filtered),
        (70000, SendNever),
        (99999, SendNever),
    ],
)
def test_the_remedy_of_a_code(code: int, kind: type[SendError]) -> None:
    error = error_for_code(code, "touser oABC-openid")
    assert type(error) is kind
    assert error.code == code
    assert str(code) in str(error)
    assert "oABC" not in str(error)


@pytest.mark.parametrize(
    ("code", "wait"),
    [(45011, timedelta(minutes=1)), (44990, timedelta(seconds=2)), (43108, timedelta(seconds=5))],
)
def test_how_long_a_limit_lasts(code: int, wait: timedelta) -> None:
    again = error_for_code(code).again
    assert again is not None
    assert again.after == wait


def test_a_spent_day_rests_the_account_and_a_shut_way_nobody() -> None:
    spent, shut = error_for_code(45009).again, error_for_code(45047).again
    assert spent is not None
    assert spent.rests is Rests.ACCOUNT
    assert shut is not None
    assert (shut.rests, shut.after) == (Rests.NOBODY, timedelta(milliseconds=1))
    assert shut.most is not None, "a way that is found shut again and again must come to an end"
    assert isinstance(error_for_code(45047), WayShut)


def test_whoever_follows_no_longer_counts_as_opted_out() -> None:
    assert isinstance(error_for_code(43004), ContactStopped)


@pytest.mark.parametrize(
    ("errmsg", "field"),
    [
        ("argument invalid! data.thing1.value invalid rid: 65f0-2b", "thing1"),
        ("argument invalid! data.character_string3.value is empty", "character_string3"),
        ("argument invalid! data.amount12 should be …", "amount12"),
        ("argument invalid! phrase3 invalid", "phrase3"),
        ("argument invalid!", ""),
        ("", ""),
    ],
)
def test_a_wrong_field_is_named(errmsg: str, field: str) -> None:
    assert field_of(errmsg) == field
    assert str(error_for_code(47003, errmsg)).endswith(field or "a field of the template is wrong")


def test_a_machine_that_may_not_ask_is_named() -> None:
    errmsg = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6"
    assert machine_of(errmsg) == "203.0.113.7"
    assert "add 203.0.113.7" in str(error_for_code(40164, errmsg))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, OutcomeUnknown),
        (503, OutcomeUnknown),
        (429, SenderSlowed),
        (404, OperatorNeeded),
        (301, OperatorNeeded),
    ],
)
def test_an_answer_that_is_no_success(status: int, kind: type[SendError]) -> None:
    assert type(error_for_status(status)) is kind
