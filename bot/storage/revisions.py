"""Revisions: the published files of marketers, immutable, and the catalogue they speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import Product
from bot.core.ids import instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import to_json

_PUBLISHED = Statement("""
    SELECT flow, revision, kind, file, source, translations, checksum, published_at, published_by
    FROM revision WHERE state = 'published' ORDER BY flow
""")
_ONE = Statement("""
    SELECT flow, revision, kind, file, source, translations, checksum, published_at, published_by
    FROM revision WHERE flow = :flow AND revision = :revision
""")
_HISTORY = Statement("""
    SELECT flow, revision, kind, file, source, translations, checksum, published_at, published_by
    FROM revision WHERE flow = :flow ORDER BY revision DESC LIMIT :most
""")
_NEWEST = Statement("SELECT COALESCE(MAX(revision), 0) FROM revision WHERE flow = :flow")
_ARCHIVE = Statement("UPDATE revision SET state = 'archived' WHERE flow = :flow AND state = 'published'")
_SETTING = Statement("SELECT value FROM setting WHERE name = :name")
_WAITING = Statement("""
    SELECT flow, revision, step, COUNT(*) FROM run WHERE status = 'waiting'
    GROUP BY flow, revision, step ORDER BY flow, revision, step
""")
_PRODUCTS = Statement("""
    SELECT p.sku, p.name, p.category, p.price_minor, p.facts, c.name IS NOT NULL
    FROM product p LEFT JOIN counter c ON c.name = 'stock/' || p.sku AND c.slot = 0
    WHERE p.is_sold ORDER BY p.sku
""")

_TABLES = tables.Row.metadata.tables
_REVISION = Rows(_TABLES["revision"], Present.FAIL)
_SET = Rows(_TABLES["setting"], Present.REPLACE)
_PRODUCT = Rows(_TABLES["product"], Present.REPLACE)

FAMILY, SIZE, PHOTO = "family", "size", "photo"
"""The facts of a product that say of what it is a size, and which; and where a picture of it is."""
_GENERATION = "publication"
_FIRST = Rows(_TABLES["setting"], Present.KEEP)
_LOCK = Statement(f"SELECT s.name FROM setting s WHERE s.name = '{_GENERATION}' @lock(s)")  # noqa: S608  # our own name


@dataclass(frozen=True, slots=True)
class Revision:
    """A published file; `translations` is locale → message → translation, as far as the file uses them."""

    flow: str
    revision: int
    kind: str
    file: str
    source: str
    translations: dict[str, dict[str, str]]
    checksum: str
    published_at: datetime
    published_by: str = ""


async def published(connection: Connection) -> list[Revision]:
    """Every file in force."""
    return [_revision(row) for row in await connection.read(_PUBLISHED)]


async def revision(connection: Connection, flow: str, number: int) -> Revision | None:
    """One revision, in force or not."""
    found = await connection.read(_ONE, flow=flow, revision=number)
    return _revision(found[0]) if found else None


async def history(connection: Connection, flow: str, most: int) -> list[Revision]:
    """A flow's latest revisions, newest first."""
    return [_revision(row) for row in await connection.read(_HISTORY, flow=flow, most=most)]


async def lock(connection: Connection) -> None:
    """Let one process publish at a time; the others read what it published."""
    await connection.write(_FIRST, [(_GENERATION, "")])
    await connection.read(_LOCK)


async def generation(connection: Connection) -> str:
    """What changes whenever anything is published: compare it to know whether to load again."""
    found = await connection.read(_SETTING, name=_GENERATION)
    return str(found[0][0]) if found else ""


async def publish(connection: Connection, files: Sequence[Revision], generation_id: str) -> list[Revision]:
    """Put files in force, each as the next revision of its flow; the ones before are archived."""
    numbered = []
    for file in files:
        ((newest,),) = await connection.read(_NEWEST, flow=file.flow)
        numbered.append(
            Revision(
                file.flow,
                int(newest) + 1,
                file.kind,
                file.file,
                file.source,
                file.translations,
                file.checksum,
                file.published_at,
                file.published_by,
            )
        )
    await connection.run(_ARCHIVE, [{"flow": file.flow} for file in numbered])
    await connection.write(_REVISION, [_row(file) for file in numbered])
    await connection.write(_SET, [(_GENERATION, generation_id)])
    return numbered


async def withdraw(connection: Connection, flows: Sequence[str], generation_id: str) -> None:
    """Take flows out of force; runs inside them go on in their revision."""
    await connection.run(_ARCHIVE, [{"flow": flow} for flow in flows])
    await connection.write(_SET, [(_GENERATION, generation_id)])


async def touch(connection: Connection, generation_id: str) -> None:
    """Let every process load again what is in force, and what is set beside it."""
    await connection.write(_SET, [(_GENERATION, generation_id)])


def generation_row(_contact_id: str, generation_id: str) -> tuple[str, str]:
    """The row of `setting` by which `touch` does it, for a turn."""
    return _GENERATION, generation_id


async def waiting(connection: Connection) -> list[tuple[str, int, str, int]]:
    """How many runs wait where: (flow, revision, step, runs)."""
    return [(row[0], row[1], row[2], row[3]) for row in await connection.read(_WAITING)]


async def products(connection: Connection) -> dict[str, Product]:
    """What the shop sells now, by SKU."""
    return {row[0]: _product(row) for row in await connection.read(_PRODUCTS)}


async def put_products(connection: Connection, stocked: Sequence[Product]) -> None:
    """Add or change products."""
    await connection.write(
        _PRODUCT,
        [(one.sku, one.name, one.category, one.price_minor, True, to_json(_facts(one))) for one in stocked],
    )


def _product(row: Sequence[Any]) -> Product:
    sku, name, category, price_minor, stored, is_counted = row
    facts = orjson.loads(stored)
    family, size, photo = (str(facts.get(fact) or "") for fact in (FAMILY, SIZE, PHOTO))
    return Product(sku, name, category, price_minor, family, size, photo, bool(is_counted))


def _facts(product: Product) -> dict[str, str]:
    told = {FAMILY: product.family, SIZE: product.size, PHOTO: product.photo}
    return {name: said for name, said in told.items() if said}


def _revision(row: Sequence[object]) -> Revision:
    flow, number, kind, file, source, translations, checksum, at, by = row
    assert isinstance(number, int)
    assert isinstance(at, int)
    return Revision(
        flow=str(flow),
        revision=number,
        kind=str(kind),
        file=str(file),
        source=str(source),
        translations=orjson.loads(str(translations)),
        checksum=str(checksum),
        published_at=instant(at),
        published_by=str(by),
    )


def _row(file: Revision) -> tuple[str | int, ...]:
    return (
        file.flow,
        file.revision,
        "published",
        file.kind,
        file.file,
        file.source,
        to_json(file.translations),
        1,
        file.checksum,
        microseconds(file.published_at),
        file.published_by,
    )
