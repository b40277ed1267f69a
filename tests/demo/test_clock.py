"""The movable clock goes on with real time, only ever forward, and is where it was after a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.demo.clock import DATABASE, DemoClock, clock_beside

NEARLY = timedelta(seconds=5)


def test_it_tells_real_time_until_it_is_moved(tmp_path: Path) -> None:
    assert abs(DemoClock(tmp_path / "clock")() - datetime.now(UTC)) < NEARLY


def test_it_moves_forward_and_never_back(tmp_path: Path) -> None:
    clock = DemoClock(tmp_path / "clock")
    day = clock() + timedelta(days=1)
    clock.forward_to(day)
    assert day <= clock() < day + NEARLY
    clock.forward_to(day - timedelta(hours=3))
    assert day <= clock() < day + NEARLY


def test_a_restart_does_not_turn_it_back(tmp_path: Path) -> None:
    clock = DemoClock(tmp_path / "clock")
    clock.forward_to(clock() + timedelta(days=8))
    clock.keep()
    assert DemoClock(tmp_path / "clock").ahead == clock.ahead


def test_commands_go_by_the_clock_of_the_demo_whose_database_they_read(tmp_path: Path) -> None:
    assert clock_beside(tmp_path / DATABASE) is None, "it was never moved"
    clock = DemoClock(tmp_path / "clock")
    clock.forward_to(clock() + timedelta(days=4))
    clock.keep()
    beside = clock_beside(tmp_path / DATABASE)
    assert beside is not None
    assert beside.ahead == clock.ahead
    assert clock_beside(tmp_path / "regulars.sqlite") is None, "no demo's"
