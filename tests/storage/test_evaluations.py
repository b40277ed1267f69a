"""Evaluations: a row for each change of a verdict, and none for what is decided again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.core.contact import JsonValue
from bot.core.flow.evaluations import EVALUATION, Evaluation
from bot.core.ids import bucket_of, instant
from bot.storage import evaluations
from bot.storage.driver import Database, Statement
from bot.storage.kept import WRITERS

_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_ONE, _OTHER = "a" * 32, "b" * 32


async def _decided(
    database: Database,
    day: int,
    *verdicts: tuple[str, str],
    contact: str = _ONE,
    facts: Mapping[str, JsonValue] | None = None,
) -> None:
    """Let these verdicts be decided at steps on a day."""
    rows, row = WRITERS[EVALUATION]
    values = [
        row(contact, Evaluation("gift", step, _NOON + day * _DAY, verdict, facts or {}))
        for step, verdict in verdicts
    ]
    await database.transact(lambda c: c.write_all([(rows, values)]))


async def _kept(database: Database) -> list[tuple[str, str, int, int, str]]:
    """Return (step, verdict, since which day, until which day, facts)."""
    found = await database.query(
        lambda c: c.read(
            Statement("SELECT step, verdict, at, last_at, facts FROM evaluation ORDER BY contact, step, at")
        )
    )
    return [
        (row[0], row[1], (instant(row[2]) - _NOON).days, (instant(row[3]) - _NOON).days, row[4])
        for row in found
    ]


async def test_what_is_decided_again_is_one_row_and_a_change_is_another(database: Database) -> None:
    await _decided(database, 0, ("", "reentry"), ("large", "else"), facts={"total": 3})
    await _decided(database, 1, ("", "reentry"), facts={"total": 4})
    await _decided(database, 2, ("", "entered"), ("large", "then"))
    await _decided(database, 3, ("", "reentry"), ("large", "then"))
    await _decided(database, 3, ("", "control"), contact=_OTHER)
    assert await _kept(database) == [
        ("", "reentry", 0, 1, '{"total":4}'),
        ("", "entered", 2, 2, "{}"),
        ("", "reentry", 3, 3, "{}"),
        ("large", "else", 0, 0, '{"total":3}'),
        ("large", "then", 2, 3, "{}"),
        ("", "control", 3, 3, "{}"),
    ]


async def test_what_was_not_decided_for_long_is_forgotten(database: Database) -> None:
    await _decided(database, 0, ("", "reentry"), ("large", "else"))
    await _decided(database, 0, ("", "reentry"), contact=_OTHER)
    await _decided(database, 5, ("", "reentry"))
    gone = await database.transact(lambda c: evaluations.forget(c, bucket_of(_ONE), before=_NOON + 3 * _DAY))
    assert gone == 1
    assert [(step, last) for step, _, _, last, _ in await _kept(database)] == [("", 5), ("", 0)]


async def test_what_steps_decided_is_forgotten_sooner(database: Database) -> None:
    await _decided(database, 0, ("", "reentry"), ("large", "else"))
    await _decided(database, 5, ("small", "then"))
    before = _NOON + 3 * _DAY
    gone = await database.transact(lambda c: evaluations.forget_steps(c, bucket_of(_ONE), before))
    assert gone == 1
    assert [step for step, *_ in await _kept(database)] == ["", "small"]
