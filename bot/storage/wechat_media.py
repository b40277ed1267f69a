"""What all processes share of WeChat accounts: pictures that were uploaded, and tokens that were forced."""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.ids import microseconds
from bot.core.local_time import local_date
from bot.core.pacing import BEIJING
from bot.storage import senders, tables
from bot.storage.driver import Connection, Present, Rows, Statement

_FIND = Statement("""
    SELECT media_id FROM wechat_media WHERE appid = :appid AND digest = :digest AND expires_at > :now
""")
_KEEP = Rows(tables.Row.metadata.tables["wechat_media"], Present.REPLACE)
_OVER = Statement("DELETE FROM wechat_media WHERE expires_at <= :now")
_FORGET = Statement("DELETE FROM wechat_media WHERE appid = :appid AND digest = :digest")


async def media(connection: Connection, appid: str, picture: str, now: datetime) -> str | None:
    """Return the id of a picture in an account, as long as it is good."""
    found = await connection.read(_FIND, appid=appid, digest=_digest(picture), now=microseconds(now))
    return str(found[0][0]) if found else None


async def keep_media(
    connection: Connection, appid: str, picture: str, media_id: str, now: datetime, lasts: timedelta
) -> None:
    """Keep the id of a picture that was just uploaded, and no others for longer than they are good."""
    await connection.run(_OVER, [{"now": microseconds(now)}])
    await connection.write(_KEEP, [(appid, _digest(picture), media_id, microseconds(now + lasts))])


async def forget_media(connection: Connection, appid: str, pictures: Collection[str]) -> None:
    """Forget pictures, so that they are uploaded again."""
    await connection.run(_FORGET, [{"appid": appid, "digest": _digest(picture)} for picture in pictures])


async def may_force(
    connection: Connection, appid: str, now: datetime, *, apart: timedelta, a_day: int
) -> bool:
    """Whether a new token of an account may be forced now; then it counts for all processes."""
    name = f"token:{appid}"
    state = (await senders.lock(connection, [name]))[name]
    today = local_date(now, BEIJING).isoformat()
    times = state.segments_counted if state.counted_on == today else 0
    if times >= a_day or (state.slowed_until is not None and now < state.slowed_until):
        return False
    counted = replace(state, counted_on=today, segments_counted=times + 1, slowed_until=now + apart)
    await senders.keep(connection, [counted])
    return True


def _digest(picture: str) -> str:
    return hashlib.sha256(picture.encode("utf-8", "surrogatepass")).hexdigest()
