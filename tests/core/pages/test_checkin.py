"""Checking in on the page: the ladder, which day is today's, and one tap for it."""

from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.loyalty.checkin import Checkin
from bot.core.loyalty.funds import Fund
from bot.core.pages import checkin
from bot.core.turn import Turn
from tests.handlers.scene import NOW, PROGRAM, Scene
from tests.handlers.taking import Member


def member(*, locale: str = "en", is_member: bool = True, **written: object) -> Member:
    ladder = Checkin.model_validate({"rewards": ["0.10", "0.20", "1.00"], **written})
    funds = {"games": Fund.model_validate({"limit": "0.10", "per": "month"})}
    program = PROGRAM.model_copy(update={"checkin": ladder, "funds": funds})
    return Member(Scene(program=program, locale=locale, is_member=is_member))


def on(someone: Member, day: int) -> None:
    def then(turn: Turn) -> None:
        turn.now = NOW + timedelta(days=day)

    someone.prepare = then


def tap(someone: Member) -> dict[str, JsonValue]:
    return dict(someone.does(lambda turn: checkin.check_in(turn, {})))


def days(told: dict[str, JsonValue]) -> list[tuple[object, ...]]:
    found = told["days"]
    assert isinstance(found, list)
    return [(one["day"], one["done"], one["is_today"]) for one in found if isinstance(one, dict)]


def test_the_ladder_rises_and_today_is_marked() -> None:
    someone = member()
    before = dict(someone.does(checkin.shown))
    assert days(before) == [(1, False, True), (2, False, False), (3, False, False)]
    assert (before["done_today"], before["in_a_row"], before["says"]) == (False, 0, "Today brings $0.10.")
    after = tap(someone)
    assert days(after) == [(1, True, True), (2, False, False), (3, False, False)]
    assert (after["done_today"], after["in_a_row"]) == (True, 1)
    assert after["earned"] == after["available"] == {"minor": 10, "text": "$0.10"}
    assert after["says"] == "$0.10 for you. Tomorrow brings $0.20."
    again = dict(someone.does(checkin.shown))
    assert (again["says"], again["next_at"]) == (
        "Today is done. Tomorrow brings $0.20.",
        "2026-11-25T05:00:00Z",
    )
    on(someone, 1)
    assert days(dict(someone.does(checkin.shown))) == [(1, True, False), (2, False, True), (3, False, False)]


def test_the_top_stays_the_top() -> None:
    someone = member()
    for day in range(3):
        on(someone, day)
        tap(someone)
    on(someone, 3)
    told = tap(someone)
    assert days(told) == [(1, True, False), (2, True, False), (3, True, True)]
    assert told["in_a_row"] == 4


def test_a_second_tap_of_the_day_is_refused_in_words() -> None:
    someone = member()
    tap(someone)
    with pytest.raises(TellMember) as caught:
        tap(someone)
    assert caught.value.code == "too_early"
    assert (
        caught.value.facts["says"] == "You have checked in already. The next day begins tomorrow at 12:00 AM."
    )


def test_who_missed_a_day_is_greeted_and_an_empty_pot_is_told() -> None:
    someone = member(fund="games")
    tap(someone)
    on(someone, 2)
    assert someone.does(checkin.shown)["says"] == "Good to see you again! Today brings $0.10."
    told = tap(someone)
    assert told["earned"] == {"minor": 0, "text": "$0.00"}
    assert told["says"] == (
        "Today's pot is empty, so there is no credit, but your day counts. Tomorrow brings $0.20."
    )


def test_without_a_ladder_for_them_there_are_no_days() -> None:
    stranger = member(is_member=False)
    told = stranger.does(checkin.shown)
    assert (told["days"], told["says"]) == ([], "This is for members. Joining is free and takes one tap.")
    with pytest.raises(TellMember, match="not_a_member"):
        tap(stranger)
    assert Member(Scene()).does(checkin.shown)["says"] == "There is no check-in right now."


def test_in_chinese() -> None:
    someone = member(locale="zh_Hans", expiry={"after": "30d"})
    assert tap(someone)["says"] == "签到成功，获得US$0.10，有效期至12月24日。明天得US$0.20。"
