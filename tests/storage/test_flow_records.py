"""What is on record of a contact and a flow, as of an instant: whatever came since hides none of it."""

from datetime import timedelta

from bot.core.flow.evaluations import EVALUATION, Evaluation
from bot.core.ids import bucket_of, microseconds
from bot.core.messages import MessageClass
from bot.core.turn import Turn
from bot.storage import contacts as contact_rows
from bot.storage import flow_records
from bot.storage.driver import Database, Statement
from bot.storage.kept import WRITERS
from tests.storage.scripted import NOW, contacts, turn

_DAY = timedelta(days=1)
_STATE = '{"channel":"sms","frames":[],"variables":{},"asked_at":null,"suspended_at":null}'
_RUN = Statement("""
    INSERT INTO run (
        bucket, contact, id, flow, revision, status, version, state, started_at, changed_at, step
    ) VALUES (:bucket, :contact, :id, 'gift', 1, 'done', 1, :state, :at, :at, '')
""")


async def _went_through(database: Database, contact_id: str, times: int) -> None:
    """Let a contact go through a flow so many times, once a day, with a message of each of two steps."""
    bucket = bucket_of(contact_id)
    runs = [
        {
            "bucket": bucket,
            "contact": contact_id,
            "id": f"{number:030x}{bucket:02x}",
            "state": _STATE,
            "at": microseconds(NOW + number * _DAY),
        }
        for number in range(times)
    ]
    await database.transact(lambda c: c.run(_RUN, runs))

    def say(turn: Turn) -> None:
        for step in ("hello", "bye"):
            turn.say(step, flow="gift", step=step, message_class=MessageClass.REPLY)

    for number in range(times):
        await turn(database, contact_id, f"day {number}", say, NOW + number * _DAY)


async def _decided(database: Database, contact_id: str, times: int) -> None:
    """Let it be decided otherwise at the door with every hour, so many times."""
    rows, row = WRITERS[EVALUATION]
    values = [
        row(contact_id, Evaluation("gift", "", NOW + number * _DAY / 24, str(number)))
        for number in range(times)
    ]
    for value in values:
        await database.transact(lambda c, value=value: c.write_all([(rows, [value])]))  # type: ignore[misc]  # bound now


async def test_what_came_since_does_not_hide_what_was(database: Database) -> None:
    (contact_id,) = await contacts(database)
    await _went_through(database, contact_id, 53)
    await _decided(database, contact_id, 503)
    contact = await database.query(lambda c: contact_rows.known(c, contact_id))
    assert contact is not None
    for step, many in ((None, 4), ("bye", 4)):
        found = await database.query(
            lambda c, step=step: flow_records.record(c, contact, "gift", [], step, at=NOW + _DAY)  # type: ignore[misc]  # bound now
        )
        assert [one.run.started_at for one in found.runs] == [NOW + _DAY, NOW]
        assert len(found.messages) == many
        assert [one.verdict for one in found.evaluations[:2]] == ["24", "23"]
    today = await database.query(lambda c: flow_records.record(c, contact, "gift", []))
    assert (len(today.runs), len(today.evaluations)) == (50, 500)
