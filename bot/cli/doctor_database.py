"""What `doctor` looks at in the database: itself, what is published, what waits, failed or is held."""

import shutil
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta

from bot import app
from bot.cli.checking import counted
from bot.cli.database import opened, problem_of
from bot.cli.findings import Finding, failure, skipped, warning, well
from bot.config import Settings
from bot.conversation import migrating
from bot.conversation.kinds import FLOW
from bot.conversation.published_files import compiled
from bot.core.errors import RegularsError
from bot.core.messages import Lane, UnsendableReason
from bot.core.pacing import BREAKS_AFTER, SenderState
from bot.storage import audit, calls, condition, figures, held, revisions
from bot.storage.condition import Condition
from bot.storage.driver import Database
from bot.storage.figures import Figures

_MEGABYTE = 1_000_000
_FREE_MIN_BYTES = 200 * _MEGABYTE
_FREE_WELL_BYTES = 2_000 * _MEGABYTE
_CONNECTIONS_FULL = 0.9
_CLOCK_WELL, _CLOCK_MAX = timedelta(seconds=2), timedelta(minutes=1)
_BACKUP_MAX = timedelta(days=2)
_WORKS = timedelta(minutes=3)
"""What a clock makes due is done within a strike or two: later, nobody strikes."""
_LATE = {
    Lane.REQUIRED: timedelta(minutes=2),
    Lane.REPLY: timedelta(minutes=2),
    Lane.SERVICE: timedelta(minutes=15),
    Lane.BULK: timedelta(hours=2),
}


async def findings(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at all of it."""
    problem = await problem_of(settings)
    if problem is not None:
        said, _, remedy = problem.rpartition("; ")
        yield failure("database", said, remedy)
        return
    async with opened(settings) as database:
        yield well("database", f"{database.dialect}, at the newest schema")
        async for finding in _condition(settings, database):
            yield finding
        yield await _publication(settings, database)
        yield await _stranded(database)
        now = app.utc_now()
        found = await database.query(lambda c: figures.figures(c, now))
        yield _work(found, now)
        yield _outbox(found, now)
        yield await _held(database, found)
        yield _senders(found.senders, now)
        yield _unknown(found, now)
        yield _dead(found)
        yield _calls(await database.query(calls.count_dead))
        yield await _backup(settings, database, now)


async def _condition(settings: Settings, database: Database) -> AsyncGenerator[Finding]:
    began_at = app.utc_now()
    ask = condition.of_sqlite if database.dialect == "sqlite" else condition.of_postgres
    found = await database.query(ask)
    for risk, remedy in found.risks:
        yield warning("durable", f"{risk}: what was committed may be lost", remedy)
    if not found.risks:
        yield well("durable", "what is committed stays")
    yield _size(settings, found)
    if found.connections is not None and found.connections_max is not None:
        said = f"{found.connections} of {found.connections_max}"
        if found.connections > found.connections_max * _CONNECTIONS_FULL:
            yield warning("connections", said, "raise max_connections: each process takes up to 8")
        else:
            yield well("connections", said)
    if found.now is not None:
        yield clock("the database's", found.now - began_at, timedelta())


def clock(whose: str, ahead: timedelta, exact_to: timedelta) -> Finding:
    """Say how far another clock is from this machine's."""
    off = abs(ahead)
    said = f"{whose} is {off.total_seconds():.1f} s {'ahead of' if ahead > timedelta() else 'behind'} ours"
    remedy = "let NTP set this machine's clock: expiry and quiet hours go by it"
    if off > _CLOCK_MAX:
        return failure("clock", said, remedy)
    if off > _CLOCK_WELL + exact_to:
        return warning("clock", said, remedy)
    return well("clock", f"{whose} agrees with ours")


def _size(settings: Settings, found: Condition) -> Finding:
    file = settings.sqlite_file
    if file is None:
        return well("size", f"{_bytes(found.size_bytes or 0)}; its disk is the server's to watch")
    parts = [file, file.with_name(f"{file.name}-wal")]
    size = sum(part.stat().st_size for part in parts if part.exists())
    free = shutil.disk_usage(file.absolute().parent).free
    said = f"{_bytes(size)}, {_bytes(free)} free on its disk"
    remedy = "make room: without it nothing is taken any more, STOP included"
    if free < _FREE_MIN_BYTES:
        return failure("size", said, remedy)
    if free < max(_FREE_WELL_BYTES, 2 * size):
        return warning("size", said, f"{remedy}; a backup needs {_bytes(size)} more")
    return well("size", said)


async def _publication(settings: Settings, database: Database) -> Finding:
    published = await database.query(revisions.published)
    if not published:
        return warning("published", "nothing", "`regulars flows push`")
    broken = [one.flow for one in published if one.kind == FLOW and compiled(one) is None]
    if broken:
        return failure("published", f"{', '.join(broken)} cannot be read", "`regulars flows push` newer ones")
    try:
        decided = await app.decisions(settings, database)
        if decided.publication.broken is not None:
            raise decided.publication.broken
    except RegularsError as error:
        return failure("published", str(error), "`regulars flows push`")
    flows = sum(one.kind == FLOW for one in published)
    return well("published", f"{counted(flows, 'flow')}, all of them compile")


async def _stranded(database: Database) -> Finding:
    stranded = await migrating.stranded(database, app.HANDLERS)
    if stranded:
        more = f" and {len(stranded) - 1} more" if len(stranded) > 1 else ""
        return failure(
            "runs", f"{stranded[0]}{more}", "bring it back, or push flows that say what becomes of them"
        )
    return well("runs", "whatever waits can go on")


def _work(found: Figures, now: datetime) -> Finding:
    late = {name: now - since for name, since in found.due_since.items() if now - since > _WORKS}
    if not late:
        return well("jobs", "nothing that is due waits")
    named = ", ".join(f"{name} since {_age(age)}" for name, age in sorted(late.items()))
    if set(late) == {"calls"}:
        return warning("jobs", f"due and not done: {named}", "see whether the shop's webhook answers")
    return failure(
        "jobs", f"due and not done: {named}", "start `regulars serve` or `regulars work`, or see its log"
    )


def _outbox(found: Figures, now: datetime) -> Finding:
    waiting = [f"{number} {lane.name.lower()}" for lane, number in found.queued.items() if number]
    said = f"{', '.join(waiting)} queued" if waiting else "nothing is queued"
    late = {lane: now - at for lane, at in found.queued_since.items() if now - at > _LATE[lane]}
    if not late:
        return well("outbox", said)
    ages = ", ".join(f"{lane.name.lower()} since {_age(age)}" for lane, age in sorted(late.items()))
    remedy = "`regulars outbox list` says why; see that a worker runs"
    if any(lane <= Lane.REPLY for lane in late):
        return failure("outbox", f"{said}; overdue: {ages}", remedy)
    return warning("outbox", f"{said}; overdue: {ages}", remedy)


async def _held(database: Database, found: Figures) -> Finding:
    names = sorted(await database.query(held.held))
    number = found.held.get(UnsendableReason.HELD_BY_OPERATOR.value, 0)
    others = sum(found.held.values()) - number
    if not names and not number:
        return well("held", f"{counted(others, 'message')} until their time, none by an operator")
    of = f"; whatever comes of {', '.join(names)}" if names else ""
    return warning("held", f"by an operator: {counted(number, 'message')}{of}", "`regulars outbox release`")


def _senders(states: Sequence[SenderState], now: datetime) -> Finding:
    for state in states:
        if state.open_until is not None and state.failures >= BREAKS_AFTER:
            said = f"{state.name} does not answer, {state.failures} failures in a row; tried again at"
            remedy = "see the provider's status page and this machine's way out"
            return failure("senders", f"{said} {state.open_until:%H:%M:%S} UTC", remedy)
    for state in states:
        if state.rests_until(now) > now:
            said = f"{state.name} was told to slow down until {state.rests_until(now):%Y-%m-%d %H:%M:%S} UTC"
            return warning(
                "senders", said, "lower segments_per_second or segments_per_day in flows/policy.yaml"
            )
    return well("senders", "none was told to rest")


def _unknown(found: Figures, now: datetime) -> Finding:
    if not found.unknown or found.unknown_since is None:
        return well("unknown", "every message that was handed over has an outcome")
    said = f"{counted(found.unknown, 'message')} may or may not have left"
    said += f", the oldest {_age(now - found.unknown_since)} ago"
    return warning("unknown", said, "`regulars outbox unknown` lists them; they are looked up by themselves")


def _dead(found: Figures) -> Finding:
    if found.dead:
        return warning("dead", counted(found.dead, "trigger"), "`regulars dead list` says why")
    return well("dead", "no turn failed for good")


def _calls(given_up: int) -> Finding:
    if given_up:
        said = f"{counted(given_up, 'call')} to the shop given up"
        return warning("calls", said, "`regulars calls list`; then `regulars calls replay --dead`")
    return well("calls", "the shop was told everything")


async def _backup(settings: Settings, database: Database, now: datetime) -> Finding:
    if settings.sqlite_file is None:
        found = await database.query(condition.of_postgres)
        if not found.is_archived:
            return skipped("backup", "PostgreSQL's are not known here", "see that pg_dump or archiving runs")
        if found.archived_at is None or now - found.archived_at > _BACKUP_MAX:
            since = f"since {_age(now - found.archived_at)}" if found.archived_at else "yet"
            return warning(
                "backup", f"nothing was archived {since}", "see archive_command in the server's log"
            )
        return well("backup", f"archived {_age(now - found.archived_at)} ago")
    last = await database.query(lambda c: audit.latest(c, "backup"))
    if last is None:
        return warning("backup", "none is on record", "`regulars backup FILE`, every night")
    if now - last.at > _BACKUP_MAX:
        return warning(
            "backup", f"the last is {_age(now - last.at)} old", "`regulars backup FILE`, every night"
        )
    return well("backup", f"{_age(now - last.at)} old: {last.subject}")


def _age(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} seconds"


def _bytes(number: int) -> str:
    for size, unit in ((1_000_000_000, "GB"), (_MEGABYTE, "MB")):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number // 1000} kB"
