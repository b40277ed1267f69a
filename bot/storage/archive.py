"""Revisions that were in force once."""

from bot.storage.driver import Connection, Statement

_WAS_PUBLISHED = Statement("SELECT 1 FROM revision WHERE flow = :flow AND source = :source LIMIT 1")


async def was_published(connection: Connection, flow: str, source: str) -> bool:
    """Whether exactly this text of a file is a revision, in force or not."""
    return bool(await connection.read(_WAS_PUBLISHED, flow=flow, source=source))
