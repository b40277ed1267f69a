"""How fast the outbox delivers beside a plain batch claim, and whether answers wait behind bulk messages.

Run `python -m benchmarks.outbox [--database URL] [--quick | --backlog N]`; benchmarks/README.md says how to
read it.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import structlog

from benchmarks.databases import Database as Server_
from benchmarks.databases import Sqlite, own_postgres, postgres_at
from benchmarks.members import number
from benchmarks.posts import ACCOUNT_SID, AUTH_TOKEN, SHOP_NUMBER
from benchmarks.processes import Server, end_in_order, free_port, machine
from benchmarks.report import Report, at_least, at_most, median, ratio, say, spread
from benchmarks.subjects import regulars_settings
from bot.app import Running, open_database, prepare_database, running
from bot.channels.channel import Channel, Sent
from bot.channels.twilio.sender import TwilioAccount, TwilioChannel
from bot.cli.serving import settle_memory
from bot.config import Settings, load_settings
from bot.conversation.inbox import inbound_work
from bot.core.contact import Address, Contact
from bot.core.effects import Queued
from bot.core.gate import Cleared
from bot.core.ids import BUCKETS, IdSource, microseconds, new_contact_id
from bot.core.messages import Inbound, Lane, MessageClass, OutboxState, Outgoing
from bot.jobs.outbox import BULK, OutboxDelivery
from bot.storage import rows, tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement

OF_PLAIN_MIN = 1 / 3
OVER_IDLE_MAX = 2.0
FULL, QUICK = 1_000_000, 20_000
MEASURED, MEASURED_QUICK = 20_000, 4_000
REPLIES, REPLIES_QUICK = 300, 200
ROUNDS = 3
REPLY_EVERY_SECONDS = 0.025
_CHUNK = 2_000
_START = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""A civil hour in every zone of the contacts, so that no gate holds their messages."""
_BEGAN = time.perf_counter()
_TABLES = tables.Row.metadata.tables
_BODY = "A treat for our regulars: every second oat latte is on us until Sunday. Reply STOP to opt out."

# The plain batch claim: no lane, no order within a contact, no consent, no gate, no sender. Claimed in one
# commit before anything could be handed over, finished in another one after it: as safe as ours.
_PLAIN_CLAIM = Statement("""
    UPDATE outbox SET state = 'sending', lease_until = :lease, attempts = attempts + 1, state_at = :now
    WHERE bucket = :bucket AND (contact, id) IN (SELECT o.contact, o.id FROM outbox o
        WHERE o.bucket = :bucket AND o.state = 'queued' AND o.lane = :lane AND o.due_at <= :now
        ORDER BY o.due_at LIMIT :most @skip_locked(o))
    RETURNING contact, id, address, body
""")
_PLAIN_FINISH = Statement("""
    UPDATE outbox SET state = 'sent', state_at = :now, lease_until = NULL, provider_id = :provider_id
    WHERE bucket = :bucket AND contact = :contact AND id = :id
""")


def clock() -> datetime:
    """A clock that runs, begun at a civil hour."""
    return _START + timedelta(seconds=time.perf_counter() - _BEGAN)


# The messages


async def fill(database: Database, messages: int) -> None:
    """Queue a marketing message for each of so many members who agreed to them."""
    ids = IdSource(os.urandom)
    for begin in range(0, messages, _CHUNK):
        values: dict[str, list[rows.RowValues]] = {
            name: [] for name in ("contact", "address", "subscription", "outbox")
        }
        for index in range(begin, min(begin + _CHUNK, messages)):
            _fill_one(values, index, ids)

        async def write(connection: Connection, values: dict[str, list[rows.RowValues]] = values) -> None:
            for name, these in values.items():
                await connection.write(Rows(_TABLES[name], Present.FAIL), these)

        await database.transact(write)


def _fill_one(values: dict[str, list[rows.RowValues]], index: int, ids: IdSource) -> None:
    contact_id = new_contact_id(_START, os.urandom)
    bucket = int(contact_id[-2:], 16)
    contact = Contact(contact_id, bucket, "en", "America/New_York", _START, zone_is_known=True)
    address = Address("sms", number(index + 100_000))
    values["contact"].append(rows.contact_row(contact))
    values["address"].append(rows.address_row(contact, address, _START))
    values["subscription"].append(
        (bucket, contact_id, "loyalty", "subscribed", microseconds(_START), None, None)
    )
    message = Outgoing(
        id=ids.mint(_START, bucket),
        contact_id=contact_id,
        channel="sms",
        address=address.value,
        sender=SHOP_NUMBER,
        message_class=MessageClass.MARKETING,
        group="loyalty",
        body=_BODY,
        media=(),
        key="bulk#0",
        flow="bulk",
        step="say",
        due_at=_START - timedelta(minutes=1),
        valid_until=None,
        language="en",
    )
    queued = Queued(message, OutboxState.QUEUED)
    values["outbox"].append(rows.outbox_row(queued, "bulk", _START, inline_until=None))


async def waiting(database: Database) -> int:
    """How many messages wait."""
    count = Statement("SELECT count(*) FROM outbox o WHERE o.state = 'queued'")
    found = await database.query(lambda c: c.read(count))
    return int(found[0][0])


# What is measured


@dataclass(slots=True)
class Watched:
    """A channel that notes when answers are with the provider, and stops a delivery after so many sends."""

    inner: Channel | None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    left: int = sys.maxsize
    taken_at: dict[str, float] = field(default_factory=dict)
    sent: int = 0
    name: str = "sms"

    async def send(self, cleared: Cleared) -> Sent:
        """Hand it on, or, without another channel, take it at once."""
        outgoing = cleared.message
        if self.inner is not None:
            sent = await self.inner.send(cleared)
        else:
            sent = Sent(provider_id=f"SM{outgoing.id}", state=OutboxState.SENT, segments=1)
        self.sent += 1
        if outgoing.lane <= Lane.REPLY:
            self.taken_at[outgoing.id] = time.perf_counter()
        if self.sent >= self.left:
            self.stopping.set()
        return sent

    async def close(self) -> None:
        """Whoever made the other channel closes it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast rows went, and what CPU each took of this process."""

    rows: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Rows per second."""
        return round(self.rows / self.seconds, 1)

    def figures(self) -> dict[str, object]:
        """What is reported."""
        return {
            "rows": self.rows,
            "per_second": self.per_second,
            "cpu_us_per_row": round(self.cpu_seconds * 1_000_000 / self.rows, 1),
        }


async def plain(database: Database, most: int, at_once: int, workers: int) -> Pace:
    """Claim and finish rows by two statements for each batch."""
    buckets = list(range(BUCKETS))
    random.shuffle(buckets)
    left, done = iter(buckets), 0

    async def work() -> None:
        nonlocal done
        for bucket in left:
            while done < most:
                claimed = await database.transact(
                    lambda c, bucket=bucket: c.read(  # type: ignore[misc]  # bound now
                        _PLAIN_CLAIM,
                        bucket=bucket,
                        lane=Lane.BULK.value,
                        now=microseconds(clock()),
                        lease=microseconds(clock() + timedelta(minutes=2)),
                        most=at_once,
                    )
                )
                if not claimed:
                    break
                now = microseconds(clock())
                many = [
                    {
                        "bucket": bucket,
                        "contact": row[0],
                        "id": row[1],
                        "now": now,
                        "provider_id": f"SM{row[1]}",
                    }
                    for row in claimed
                ]
                await database.transact(lambda c, many=many: c.run(_PLAIN_FINISH, many))  # type: ignore[misc]  # bound now
                done += len(claimed)

    cpu, began_at = time.process_time(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    return Pace(done, time.perf_counter() - began_at, time.process_time() - cpu)


async def delivered(app: Running, inner: Channel | None, most: int) -> Pace:
    """Deliver rows on our road."""
    watched = Watched(inner, left=most)
    outbox = OutboxDelivery(
        app.database,
        {"sms": watched},
        app.receipts,
        lambda: app.decisions.shop.policy,
        clock,
        watched.stopping,
    )
    cpu, began_at = time.process_time(), time.perf_counter()
    done = await outbox.bulk()
    return Pace(done, time.perf_counter() - began_at, time.process_time() - cpu)


async def answered(app: Running, watched: Watched, replies: int, run: str) -> list[float]:
    """Milliseconds from the moment an answer is left to the outbox until the provider has it."""
    took: list[float] = []
    due_at = time.perf_counter()
    waiting_for: list[tuple[str, float]] = []
    for count in range(replies):
        due_at += REPLY_EVERY_SECONDS
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        inbound = Inbound(
            provider="twilio",
            provider_id=f"SM{run}{count:x}",
            channel="sms",
            address=number(count),
            to=SHOP_NUMBER,
            text="HELP",
            received_at=clock(),
        )
        result = await app.dispatcher.submit(inbound_work(inbound))
        began_at = time.perf_counter()
        await app.dispatcher.give_back(result)
        waiting_for += [(reply.id, began_at) for reply in result.replies]
    async with asyncio.timeout(60):
        while any(message not in watched.taken_at for message, _ in waiting_for):  # noqa: ASYNC110  # it ends soon
            await asyncio.sleep(0.05)
    took += [(watched.taken_at[message] - began_at) * 1000 for message, began_at in waiting_for]
    return took


def p99(values: Sequence[float]) -> float:
    """Return the value that one in a hundred exceeds."""
    return round(sorted(values)[len(values) * 99 // 100], 2)


# The benchmark


@contextlib.asynccontextmanager
async def loopback(folder: Path) -> AsyncIterator[str]:
    """A loopback Twilio in its own process that reports no statuses: gives its URL."""
    port = free_port()
    command = [sys.executable, "-m", "bot.demo.loopback_twilio", "--port", str(port), "--latency", "0"]
    command += ["--account-sid", ACCOUNT_SID, "--auth-token", AUTH_TOKEN, "--number", SHOP_NUMBER]
    server = Server(command, {}, port=port, ready="/loopback/counts", log=folder / "loopback.log")
    try:
        await asyncio.to_thread(server.wait_ready)
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            fault = {"kind": "no_callbacks", "times": None}
            async with session.post(f"{url}/loopback/faults", json=fault) as answer:
                answer.raise_for_status()
        yield url
    finally:
        server.stop()


def settings_of(url: str, twilio: str) -> Settings:
    port = free_port()
    chosen = regulars_settings(url, port) | {"REGULARS_TWILIO_BASE_URL": twilio}
    return load_settings(chosen | {"REGULARS_PUBLIC_URL": f"http://127.0.0.1:{port}"})


def _channel(settings: Settings) -> TwilioChannel:
    twilio = settings.twilio
    assert twilio is not None, "it is set"
    account = TwilioAccount(
        ACCOUNT_SID, AUTH_TOKEN, SHOP_NUMBER, settings.public_url, base_url=twilio.base_url
    )
    return TwilioChannel(account)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    backlog: int
    measured: int
    replies: int


async def measure(idle_url: str, url: str, folder: Path, size: Size) -> dict[str, object]:
    """Everything on one server: rows on the second database, answers on both of them in turn."""
    async with loopback(folder) as twilio:
        idle, settings = settings_of(idle_url, twilio), settings_of(url, twilio)
        await (await prepare_database(idle, clock)).close()
        database = await prepare_database(settings, clock)
        began_at = time.perf_counter()
        await fill(database, size.backlog + 3 * size.measured)
        say(f"  {await waiting(database):,} messages queued in {time.perf_counter() - began_at:.0f} s")
        async with running(settings, role="web", clock=clock, database=database, channels={}) as app:
            by_plain = await plain(database, size.measured, BULK.at_once, BULK.senders)
            by_itself = await delivered(app, None, size.measured)
            channel = _channel(settings)
            by_twilio = await delivered(app, channel, size.measured)
            await channel.close()
            left = await waiting(database)
        calm: list[list[float]] = []
        busy: list[list[float]] = []
        others = 0
        for number_ in range(ROUNDS):
            took, _ = await _answers(idle, size.replies, f"a{number_}")
            calm.append(took)
            took, beside = await _answers(settings, size.replies, f"b{number_}")
            busy.append(took)
            others += beside
            say(f"  answers: p99 {p99(calm[-1])} ms idle, {p99(busy[-1])} ms under a backlog of {left:,}")
    return {
        "plain": by_plain.figures(),
        "ours_without_network": by_itself.figures(),
        "ours": by_twilio.figures(),
        "backlog": left,
        "sent_beside_answers": others,
        "reply_ms_idle": _waits(calm),
        "reply_ms_backlog": _waits(busy),
        "ratios": {
            "of_plain": ratio(by_twilio.per_second, by_plain.per_second),
            "of_plain_without_network": ratio(by_itself.per_second, by_plain.per_second),
            "p99_over_idle": ratio(median([p99(one) for one in busy]), median([p99(one) for one in calm])),
        },
    }


def _waits(rounds: Sequence[list[float]]) -> dict[str, object]:
    return {
        "p50": spread([statistics.median(one) for one in rounds]),
        "p99": spread([p99(one) for one in rounds]),
        "max": round(max(max(one) for one in rounds), 1),
    }


async def _answers(settings: Settings, replies: int, run: str) -> tuple[list[float], int]:
    """Answers in a whole worker that delivers what waits in bulk meanwhile; and how much it delivered."""
    channel = _channel(settings)
    watched = Watched(channel)
    database = await open_database(settings)
    async with running(settings, clock=clock, database=database, channels={"sms": watched}) as app:
        await answered(app, watched, 40, f"{run}0")  # warm up
        settle_memory()  # as `regulars serve` does
        before = watched.sent
        took = await answered(app, watched, replies, run)
        beside = watched.sent - before - len(took)
    await channel.close()
    return took, beside


def report_on(report: Report, server: Server_, folder: Path, size: Size) -> None:
    """Measure one database and report."""
    say(f"{server.name}: a backlog of {size.backlog:,}")
    figures = asyncio.run(measure(server.fresh("idle"), server.fresh("backlog"), folder, size))
    ratios = figures["ratios"]
    assert isinstance(ratios, dict), "we made it"
    report.goals += [
        at_least(
            f"{server.name}: rows per second, of a plain batch claim's", ratios["of_plain"], OF_PLAIN_MIN
        ),
        at_most(
            f"{server.name}: p99 of an answer over that without a backlog",
            ratios["p99_over_idle"],
            OVER_IDLE_MAX,
        ),
    ]
    report.figures[server.name] = figures


def main() -> None:
    end_in_order()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help=f"a backlog of {QUICK:,}: does it run at all")
    parser.add_argument("--backlog", type=int, default=FULL, help="messages that wait in bulk")
    arguments = parser.parse_args()
    quick = Size(QUICK, MEASURED_QUICK, REPLIES_QUICK)
    size = quick if arguments.quick else Size(arguments.backlog, MEASURED, REPLIES)
    url: str | None = arguments.database
    report = Report("outbox", figures={"at_once": BULK.at_once, "side_by_side": BULK.senders})
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        report.figures["machine"] = machine(folder)
        if url is None or url.startswith("sqlite"):
            report_on(report, Sqlite(folder), folder, size)
        if url is None or url.startswith("postgresql"):
            server = postgres_at(url) if url else own_postgres()
            report_on(report, stack.enter_context(server), folder, size)
    report.print()


if __name__ == "__main__":
    main()
