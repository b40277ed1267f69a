"""Turns over a real database whose deeds a test scripts, and all that is stored of one contact."""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from bot.conversation.batch import Batch
from bot.conversation.conversation import Conversation
from bot.conversation.work import Result, Work
from bot.core.contact import Address, Contact, Event
from bot.core.gate import Policy
from bot.core.groups import plain_groups
from bot.core.ids import BUCKETS, IdSource, bucket_of, instant, new_contact_id
from bot.core.ledger.entries import Account, Draw, Entry, Extension, Reason
from bot.core.ledger.wallet import MAIN_WALLET, Wallet
from bot.core.loyalty.program import Program
from bot.core.messages import Inbound
from bot.core.senders import MAIN, SenderPool
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop, Turn
from bot.storage import rows, turns
from bot.storage.driver import Connection, Database, Statement
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from tests.core.loyalty.ledger_operations import Snapshot

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SHOP = Shop(
    program_policy="program@1",
    name="Leaf",
    zone="UTC",
    program=Program.model_validate(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "earning": {"rate": "5%"},
        }
    ),
    policy=Policy(zone="UTC"),
    groups=plain_groups(["loyalty"]),
    senders={MAIN: SenderPool(MAIN, ("+12125550199",))},
)

IDS = IdSource(os.urandom)
"""One for all turns of a test, as a process has one: ids rise in the order they are minted."""


async def open_at(url: str, *, connections: int = 8) -> Database:
    """Open the database at a URL, as the application does."""
    if url.startswith("sqlite"):
        return SqliteDatabase(url.partition(":///")[2])
    return await PostgresDatabase.open(url, connections=connections)


@dataclass
class Script:
    """A decider that does what was written down for the trigger's key."""

    deeds: dict[str, Callable[[Turn], None]] = field(default_factory=dict)
    shop: Shop = SHOP

    def decide(self, turn: Turn) -> None:
        """Do what the script says; nothing where it says nothing."""
        deed = self.deeds.get(turn.trigger.key)
        if deed is not None:
            deed(turn)

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:  # noqa: ARG002  # a Decider is asked so
        """Nothing a script hears is a revocation."""
        return False

    def hears(self, turn: Turn, event_name: str) -> bool:  # noqa: ARG002  # a Decider is asked so
        """Nobody listens."""
        return False

    def starts_on(self, event: Event) -> bool:  # noqa: ARG002  # a Decider is asked so
        """Nothing starts."""
        return False


async def no_revision(connection: Connection, flow: str, revision: int) -> None:
    """Scripted turns stand in no flow."""
    raise AssertionError(f"{flow}@{revision} was asked for")


def conversation(script: Script, clock: Callable[[], datetime] = lambda: NOW) -> Conversation:
    """What turns need: the script and a clock."""
    return Conversation(
        decider=script,
        clock=clock,
        load_revision=no_revision,
        hash_address=lambda address: (f"hash of {address}",),
        ids=IDS,
    )


async def contacts(database: Database, count: int = 1) -> list[str]:
    """Make contacts, each with a number and, while there are some, a bucket of its own; returns their ids."""
    newcomers, taken = [], set[int]()
    for _ in range(count):
        contact_id = new_contact_id(NOW, os.urandom)
        while len(taken) < BUCKETS and bucket_of(contact_id) in taken:
            contact_id = new_contact_id(NOW, os.urandom)
        taken.add(bucket_of(contact_id))
        contact = Contact(contact_id, bucket_of(contact_id), "en", "UTC", NOW, zone_is_known=True)
        newcomers.append((contact, Address("sms", f"+1212{int(contact_id[-12:], 16)}")))
    assert all(await database.transact(lambda c: turns.create(c, newcomers, NOW)))
    return [contact.id for contact, _ in newcomers]


def work(key: str, contact_id: str, at: datetime = NOW, *, is_stored: bool = False) -> Work:
    """A cause from nobody in particular."""
    return Work(Trigger(key, TriggerKind.START, at), contact_id=contact_id, is_stored=is_stored)


async def turn(
    database: Database, contact_id: str, key: str, deed: Callable[[Turn], None], at: datetime = NOW
) -> Result:
    """Run one turn, a batch of its own."""
    batch = Batch(conversation(Script({key: deed}), lambda: at), [work(key, contact_id, at)])
    (result,) = await database.transact(batch.run)
    assert result is not None
    return result


def asked(database: Database, sql: str, **parameters: object) -> "asyncio.Task[list[tuple[Any, ...]]]":
    """Ask the database something of the test's own."""

    async def ask() -> list[tuple[Any, ...]]:
        found = await database.query(lambda c: c.read(Statement(sql), **parameters))
        return [tuple(row) for row in found]

    return asyncio.get_running_loop().create_task(ask())


# All that is stored of one wallet

_WALLET = Statement("""
    SELECT pending_minor, available_minor, held_minor, debt_minor, entry_count, last_hash, version
    FROM wallet WHERE bucket = :bucket AND contact = :contact AND id = :wallet
""")
_LOTS = Statement(f"""
    SELECT {rows.LOT_COLUMNS} FROM lot l
    WHERE l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet
""")  # noqa: S608  # our own constant
_HOLDS = Statement("""
    SELECT id, order_id, state, expires_at, parts FROM hold
    WHERE bucket = :bucket AND contact = :contact AND wallet = :wallet
""")
_ENTRIES = Statement("""
    SELECT id, number, reason, key, effective_at, actor, reason_text, salt, personal_hash, source_type,
        source_id, rule, reverses, previous_hash, hash, extended
    FROM entry WHERE bucket = :bucket AND contact = :contact AND wallet = :wallet ORDER BY number
""")
_DRAWS = Statement("""
    SELECT number, source, target, lot, amount_minor, child_lot
    FROM draw WHERE bucket = :bucket AND contact = :contact AND wallet = :wallet ORDER BY number, line
""")


async def stored(connection: Connection, contact_id: str, wallet_id: str = MAIN_WALLET) -> Snapshot:
    """Read a wallet and everything behind it, by statements of the test's own."""
    of = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet_id}
    wallet = await connection.read(_WALLET, **of)
    draws: dict[int, list[Draw]] = {}
    for number, source, target, lot, amount, child in await connection.read(_DRAWS, **of):
        draws.setdefault(number, []).append(Draw(Account(source), Account(target), lot, amount, child))
    return Snapshot(
        wallet=replace(Wallet(contact_id, *(wallet[0] if wallet else ())), id=wallet_id),
        lots=tuple(rows.lot_from(row) for row in await connection.read(_LOTS, **of)),
        holds=tuple(rows.hold_from(row) for row in await connection.read(_HOLDS, **of)),
        entries=tuple(
            _entry(contact_id, row, draws.pop(row[1], [])) for row in await connection.read(_ENTRIES, **of)
        ),
    )


def _entry(contact_id: str, row: Sequence[Any], draws: list[Draw]) -> Entry:
    return Entry(
        id=row[0],
        contact_id=contact_id,
        number=row[1],
        reason=Reason(row[2]),
        key=row[3],
        effective_at=instant(row[4]),
        actor=row[5],
        reason_text=row[6],
        salt=row[7],
        personal_hash=row[8],
        source_type=row[9],
        source_id=row[10],
        rule=row[11],
        reverses=row[12],
        previous_hash=row[13],
        hash=row[14],
        draws=tuple(draws),
        extended=tuple(
            Extension(lot, date.fromisoformat(was_on), date.fromisoformat(expires_on))
            for lot, was_on, expires_on in (json.loads(row[15]) if row[15] else ())
        ),
    )
