"""When members need more of what they use up: who is due, whose favourite it is, and everybody's pace."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.pace import Pace, Paces
from bot.core.loyalty.refill import Bought, Refill, Refills
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.due import buckets, peek
from bot.storage.rows import RowValues, loaded, stored, to_json

_COLUMNS = """
    r.category, r.sku, r.bought_at, r.expected_at, r.from_at, r.until_at, r.prompt_at, r.facts
"""
_OF_CONTACT = Statement(f"""
    SELECT {_COLUMNS} FROM refill r WHERE r.bucket = :bucket AND r.contact = :contact ORDER BY r.category
""")  # noqa: S608  # our own constants
_OF_BUCKET = Statement("""
    SELECT r.category, r.facts FROM refill r WHERE r.bucket = :bucket
""")
_DUE_PEEK = peek("refill", "t.prompt_at IS NOT NULL AND t.prompt_at <= :now")
_ANY_PEEK = peek("refill", "t.bought_at <= :now")
_DUE = Statement("""
    SELECT r.contact, MAX(r.prompt_at), COUNT(*) FROM refill r
    WHERE r.bucket = :bucket AND r.prompt_at IS NOT NULL AND r.prompt_at <= :now
    GROUP BY r.contact ORDER BY r.contact LIMIT :most
""")
_FAVOURITE = Statement("""
    SELECT DISTINCT r.contact FROM refill r
    JOIN contact c ON c.bucket = r.bucket AND c.id = r.contact AND c.merged_into IS NULL
    WHERE r.bucket = :bucket AND r.sku = :sku AND r.contact > :after
    ORDER BY r.contact LIMIT :most
""")
_PACES = "refill/paces"
_SETTING = Statement("SELECT s.value FROM setting s WHERE s.name = :name")
_SET = Rows(tables.Row.metadata.tables["setting"], Present.REPLACE)


@dataclass(frozen=True, slots=True)
class DueRefill:
    """A contact who may be asked; `mark` changes whenever there is a new cause."""

    contact_id: str
    mark: str


def refill_row(contact_id: str, refill: Refill) -> RowValues:
    """Values of `refill`."""
    facts: dict[str, object] = {
        "bought": [[one.bought_on.isoformat(), one.sku, one.quantity, one.order_id] for one in refill.bought]
    }
    if refill.asked_at is not None:
        facts["asked_at"] = microseconds(refill.asked_at)
    if refill.why_not:
        facts["why_not"] = refill.why_not
    return (
        bucket_of(contact_id),
        contact_id,
        refill.category,
        refill.sku,
        microseconds(refill.bought_at),
        microseconds(refill.expected_at),
        microseconds(refill.from_at),
        microseconds(refill.until_at),
        stored(refill.prompt_at),
        to_json(facts),
    )


async def refills(connection: Connection, contact_id: str) -> Refills:
    """What a contact uses up, and everybody's pace."""
    found = await connection.read(_OF_CONTACT, bucket=bucket_of(contact_id), contact=contact_id)
    return Refills({row[0]: _refill(row) for row in found}, await paces(connection))


async def buckets_with_due(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which somebody may be asked."""
    return await buckets(connection, _DUE_PEEK, now)


async def buckets_with_any(connection: Connection) -> list[int]:
    """Buckets in which somebody uses something up."""
    return await buckets(connection, _ANY_PEEK, datetime.max.replace(tzinfo=UTC))


async def due(connection: Connection, bucket: int, now: datetime, most: int) -> list[DueRefill]:
    """Contacts of a bucket who may be asked."""
    found = await connection.read(_DUE, bucket=bucket, now=microseconds(now), most=most)
    return [DueRefill(contact, f"{latest}.{count}") for contact, latest, count in found]


async def whose_favourite(
    connection: Connection, bucket: int, sku: str, *, after: str = "", most: int
) -> list[str]:
    """Contacts of a bucket whose favourite of its category a product is, in order, behind `after`."""
    found = await connection.read(_FAVOURITE, bucket=bucket, sku=sku, after=after, most=most)
    return [row[0] for row in found]


async def bought_in(connection: Connection, bucket: int) -> list[tuple[str, tuple[Bought, ...]]]:
    """What the contacts of a bucket bought, by category: what paces are learnt from."""
    found = await connection.read(_OF_BUCKET, bucket=bucket)
    return [(category, _bought(orjson.loads(facts))) for category, facts in found]


async def paces(connection: Connection) -> Paces:
    """Everybody's pace, as last learnt."""
    found = await connection.read(_SETTING, name=_PACES)
    if not found:
        return Paces()
    learnt = orjson.loads(found[0][0])
    return Paces(Pace(**learnt["usual"]), {name: Pace(**pace) for name, pace in learnt["by_name"].items()})


async def keep_paces(connection: Connection, learnt: Paces) -> None:
    """Keep everybody's pace."""
    await connection.write(_SET, [(_PACES, to_json(asdict(learnt)))])


def _refill(row: Sequence[Any]) -> Refill:
    facts = orjson.loads(row[7])
    return Refill(
        category=row[0],
        sku=row[1],
        bought_at=instant(row[2]),
        expected_at=instant(row[3]),
        from_at=instant(row[4]),
        until_at=instant(row[5]),
        prompt_at=loaded(row[6]),
        bought=_bought(facts),
        asked_at=loaded(facts.get("asked_at")),
        why_not=facts.get("why_not", ""),
    )


def _bought(facts: dict[str, Any]) -> tuple[Bought, ...]:
    items: Iterable[Sequence[Any]] = facts["bought"]
    return tuple(Bought(date.fromisoformat(day), sku, quantity, order) for day, sku, quantity, order in items)
