"""Checking in gives a day's credit once, keeps the ladder, and never more than fund and cap hold."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.errors import TellMember
from bot.core.loyalty.checkin import Checkin
from bot.core.loyalty.funds import Fund
from bot.core.turn import Turn
from handlers.checkin import checkin
from tests.handlers.scene import NOW, PROGRAM, Scene
from tests.handlers.taking import Member


def member(**written: object) -> Member:
    ladder = Checkin.model_validate({"rewards": ["0.10", "0.20", "1.00"], **written})
    funds = {"games": Fund.model_validate({"limit": "0.50", "per": "month"})}
    program = PROGRAM.model_copy(update={"checkin": ladder, "funds": funds})
    return Member(Scene(program=program))


def on(someone: Member, day: int, *, zone: str = "America/New_York") -> None:
    """Let the member's next turns be that many days later, in that zone."""

    def there(turn: Turn) -> None:
        turn.now = NOW + timedelta(days=day)
        turn.contact = replace(turn.contact, zone=zone)

    someone.prepare = there


def refused(someone: Member) -> TellMember:
    with pytest.raises(TellMember) as caught:
        someone.does(checkin)
    assert caught.value.code in checkin.problems
    return caught.value


def test_it_rises_with_the_days() -> None:
    someone, got = member(), []
    for day in range(4):
        on(someone, day)
        result = someone.does(checkin)
        got.append((result["granted"], result["days"], result["next"]))
    assert got == [(10, 1, 20), (20, 2, 100), (100, 3, 100), (100, 4, 100)]
    (entry,) = someone.last.books.entries
    assert (entry.key, entry.source_type) == ("checkin/2026-11-27", "checkin")
    assert [event.name for event in someone.last.effects.events] == ["Credit Granted", "Checked In"]


def test_once_a_day_and_the_next_time_is_told() -> None:
    someone = member()
    someone.does(checkin)
    problem = refused(someone)
    assert problem.code == "too_early"
    assert datetime.fromisoformat(str(problem.facts["next_at"])) == NOW + timedelta(hours=9)
    assert problem.facts["next"] == 20


def test_another_zone_gives_no_second_day() -> None:
    someone = member()
    someone.does(checkin)
    on(someone, 0, zone="Asia/Tokyo")  # Wednesday there
    assert refused(someone).code == "too_early"


def test_a_missed_day_is_told() -> None:
    someone = member(missed={"step_back": 1})
    for day in (0, 1):
        on(someone, day)
        someone.does(checkin)
    on(someone, 3)
    result = someone.does(checkin)
    assert (result["missed"], result["granted"], result["days"]) == (1, 20, 1)


def test_a_fund_that_runs_dry_gives_what_it_has_and_the_day_counts() -> None:
    someone = member(fund="games")
    someone.units["budget/games/2026-11"] = 15
    someone.does(checkin)
    on(someone, 1)
    result = someone.does(checkin)
    assert (result["granted"], result["desired"], result["days"]) == (5, 20, 2)
    on(someone, 2)
    assert someone.does(checkin)["granted"] == 0
    assert not someone.last.books.entries
    assert someone.units == {"budget/games/2026-11": 0}


def test_a_cap_of_the_day_takes_nothing_of_the_fund_beyond_it() -> None:
    someone = member(fund="games", most_per_day="0.15")
    assert someone.does(checkin)["granted"] == 10
    assert someone.units == {"cap/checkin/2026-11-24": 5, "budget/games/2026-11": 40}
    someone.units["cap/checkin/2026-11-25"] = 15
    someone.units["budget/games/2026-11"] = 7
    on(someone, 1)
    assert someone.does(checkin)["granted"] == 7
    assert someone.units["cap/checkin/2026-11-25"] == 8, "what the fund had not is left to others"


def test_its_credit_is_good_as_long_as_it_says() -> None:
    assert member(expiry={"after": "30d"}).does(checkin)["expires_on"] == "2026-12-24"


def test_it_is_for_whom_the_program_says_and_only_if_it_has_one() -> None:
    gold: dict[str, object] = {"for": {"tier": ["gold"]}}
    assert refused(member(**gold)).code == "not_for_you"
    stranger = member()
    stranger.scene.is_member = False
    assert refused(stranger).code == "not_for_you"
    assert refused(Member(Scene())).code == "no_checkin"
