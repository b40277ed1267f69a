"""Two contacts of whom one is joined to the other, on a real database, turn by turn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from bot.conversation.batch import Batch
from bot.conversation.inbox import restored
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue
from bot.core.deeds import joining, parting
from bot.core.ids import BUCKETS
from bot.core.triggers import Trigger, TriggerKind, relayed
from bot.core.turn import Turn
from bot.storage import due, turns
from bot.storage.auditing import Audited, audited
from bot.storage.driver import Connection, Database, Record, Statement
from bot.storage.due import StoredTrigger
from tests.storage.scripted import NOW, Script, conversation

_SUMS = Statement("""
    SELECT pending_minor, available_minor, held_minor, debt_minor FROM wallet WHERE contact = :contact
""")


def leaving(loser: str, survivor: str, key: str = "join/1") -> Work:
    """What asks a contact to leave all it has to another."""
    body: dict[str, JsonValue] = {
        "loser": loser,
        "survivor": survivor,
        "asked_by": survivor,
        "evidence": {"way": "typed"},
    }
    payload: dict[str, JsonValue] = {"operation": joining.LEAVE, "body": body}
    return Work(Trigger(key, TriggerKind.OPERATION, NOW, payload), contact_id=loser)


def splitting(survivor: str, other: str, key: str = "operator:1") -> Work:
    """What an operator asks for who undoes a joining."""
    body: dict[str, JsonValue] = {"other": other, "by": "operator/ana", "reason": "not the same person"}
    payload: dict[str, JsonValue] = {"operation": parting.SPLIT, "body": body}
    return Work(Trigger(key, TriggerKind.OPERATION, NOW, payload), contact_id=survivor)


class Joiner(Script):
    """A decider that does what joining asks for, and otherwise what its script says."""

    def decide(self, turn: Turn) -> None:
        """Leave, take over, or follow the script."""
        kind, payload = turn.trigger.kind, turn.trigger.payload
        if kind is TriggerKind.JOINED:
            joining.take_over(turn)
        elif kind is TriggerKind.OPERATION:
            body = payload["body"]
            assert isinstance(body, dict)
            if payload["operation"] == joining.LEAVE:
                joining.leave(turn, body)
            elif payload["operation"] == parting.SPLIT:
                turn.effects.result = parting.split(turn, body)
            elif payload["operation"] == parting.RETURNS:
                parting.come_back(turn, body)
        else:
            super().decide(turn)


async def run(
    database: Database,
    work: Work,
    deeds: Mapping[str, Callable[[Turn], None]] | None = None,
    at: datetime = NOW,
) -> Result:
    """Run one work, a batch of its own."""
    batch = Batch(conversation(Joiner(dict(deeds or {})), lambda: at), [work])
    (result,) = await database.transact(batch.run)
    assert result is not None
    return result


async def hand_on(database: Database, *, at: datetime = NOW, dies: bool = False) -> int:
    """Hand on what turns left for other contacts, as the job does; `dies` before it notes that it did."""
    handed = 0
    for bucket in await database.query(lambda c: due.buckets_with_triggers(c, at)):
        for stored in await database.query(partial(_relays, bucket, at)):
            contact, trigger = relayed(restored(stored).trigger)
            await run(database, Work(trigger, contact_id=contact), at=at)
            handed += 1
            if not dies:
                await database.transact(partial(_take, stored))
    return handed


async def _relays(bucket: int, at: datetime, connection: Connection) -> list[StoredTrigger]:
    return await due.relays(connection, bucket, at, 100)


async def _take(stored: StoredTrigger, connection: Connection) -> bool:
    return bool(await turns.take(connection, [(stored.contact_id, stored.key)]))


async def _audited(bucket: int, connection: Connection) -> Audited:
    return await audited(connection, bucket)


async def _sums(contact: str, connection: Connection) -> Sequence[Record]:
    return await connection.read(_SUMS, contact=contact)


async def join(
    database: Database, loser: str, survivor: str, key: str = "join/1", at: datetime = NOW
) -> None:
    """Join a contact to another, both turns of it."""
    await run(database, leaving(loser, survivor, key), at=at)
    await hand_on(database, at=at)


async def all_books_hold(database: Database) -> None:
    """Verify every wallet there is."""
    for bucket in range(BUCKETS):
        found = await database.query(partial(_audited, bucket))
        assert found.wrong == (), found.wrong


async def sums(database: Database, *contacts: str) -> tuple[int, ...]:
    """What these contacts have together: pending, available, held, less what they owe."""
    total = [0, 0, 0, 0]
    for contact in contacts:
        found = await database.query(partial(_sums, contact))
        for row in found:
            total = [before + more for before, more in zip(total, row, strict=True)]
    return tuple(total)
