"""Of which buckets a figure or an audience was made from what there was before it was asked for."""

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.core.ids import microseconds
from bot.storage import tables
from bot.storage.driver import Asked, Connection, Present, Record, Rows, Statement
from bot.storage.rows import RowValues

BUILT = Rows(tables.Row.metadata.tables["built"], Present.REPLACE)
"""What writes these rows."""
_BUILT = Statement("""
    SELECT b.what, b.bucket, b.digest FROM @each(keys: what text, bucket integer)
    JOIN built b ON b.what = keys.what AND b.bucket = keys.bucket
""")
_KNOWN = Statement("SELECT b.what, b.digest, COUNT(*) FROM built b GROUP BY b.what, b.digest")
_FORGET = Statement("""
    DELETE FROM built WHERE bucket = :bucket AND what IN (SELECT gone.what FROM @each(gone: what text))
""")

TRAIT, AUDIENCE = "trait:", "audience:"
"""Before the name of what was built: a figure's, as it is stored, or an audience's."""

_FORGET_TRAITS = Statement(f"DELETE FROM built WHERE what LIKE '{TRAIT}%'")  # noqa: S608  # our own constant
_DOUBT_AUDIENCES = Statement(f"""
    UPDATE built SET digest = '' WHERE what LIKE '{AUDIENCE}%' AND digest <> ''
""")  # noqa: S608  # our own constant
What = tuple[str, int]
"""A figure or an audience, and a bucket."""


def asked(places: Iterable[What]) -> Asked:
    """What reads which of these were built; `found` says what was found."""
    return _BUILT, {"keys": list(places)}


def found(rows: Iterable[Record]) -> dict[What, str]:
    """Which definition they were built by, as its digest."""
    return {(row[0], row[1]): row[2] for row in rows}


def row(what: str, bucket: int, digest: str, now: datetime) -> RowValues:
    """Values of `built`."""
    return (what, bucket, digest, microseconds(now))


async def of(connection: Connection, what: Collection[str], bucket: int) -> dict[str, str]:
    """By which definitions these were built in a bucket; one that was not is missing."""
    statement, parameters = asked((one, bucket) for one in what)
    return {
        name: digest for (name, _), digest in found(await connection.read(statement, **parameters)).items()
    }


async def progress(connection: Connection) -> dict[tuple[str, str], int]:
    """Of how many buckets everything was built, by what it is and its definition."""
    return {(row[0], row[1]): int(row[2]) for row in await connection.read(_KNOWN)}


async def forget(connection: Connection, bucket: int, gone: Collection[str]) -> None:
    """Forget that these were ever built in a bucket."""
    await connection.read(_FORGET, bucket=bucket, gone=[(one,) for one in gone])


async def doubt(connection: Connection) -> None:
    """Have figures folded and audiences judged anew of everybody: something was not kept current."""
    await connection.run(_FORGET_TRAITS, [{}])
    await connection.run(_DOUBT_AUDIENCES, [{}])
