"""The drill: fifty phones text, processes are killed in the middle, and nothing is lost or said twice.

`REGULARS_DRILL_ROUNDS` (3) and `REGULARS_DRILL_PHONES` (50) make it bigger.
"""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.app import open_database
from bot.config import load_settings
from bot.demo.loopback_network import DEMO_NUMBER, Account, Texted
from bot.demo.loopback_twilio import LoopbackTwilio
from bot.storage.driver import Database, Statement
from bot.storage.step_figures import recount
from tests.conversation.chat import SID, TOKEN, shipped
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.drills.processes import Balancer, Regulars, environment
from tests.ports import free_port

ROUNDS = int(os.environ.get("REGULARS_DRILL_ROUNDS", "3"))
PHONES = int(os.environ.get("REGULARS_DRILL_PHONES", "50"))
STATUS_TRIES = 2
TEXT_TRIES = 5
IN_HAND_MAX = 64  # what the senders of one process have claimed at once
CREDIT_LEFT = 100  # of the welcome's 500 cents, a pastry for 400 away
TEXTS = ("LOYALTY", "Ana", "skip", "PAUSE", "REWARDS", "1", "YES", "BALANCE", "what?", "PAUSE")
PAUSE = """\
flow: pause
title: Say something a moment later
language: en
start:
  - keyword: [PAUSE]
goals:
  - {event: Reward Redeemed, within: 1d}
steps:
  - say: Wait.
  - wait: 1s
  - say: {text: Done waiting., group: loyalty}
"""
# Numbers of people who are awake, whenever the drill is run; 09:00 to 20:00 somewhere covers the day.
# 555-0100 to 555-0199 belong to nobody; at any hour one of these places is awake.
PLACES = (("Europe/London", "+447700900"), ("Asia/Tokyo", "+819012345"), ("Pacific/Honolulu", "+18085550"))


@dataclass(slots=True)
class Drill:
    """The shop under fire, and what was said."""

    loopback: LoopbackTwilio
    balancer: Balancer
    webs: list[Regulars]
    workers: list[Regulars]
    database: Database
    zone: str
    said: list[Texted] = field(default_factory=list)

    async def texts(self, number: str) -> None:
        """Let one phone have its conversation; what stays unanswered is said again, as people do."""
        for text in TEXTS:
            for _ in range(TEXT_TRIES):
                self.said.append(await self.loopback.text(number, text))
                if self.said[-1].error_code is None:
                    break
            await asyncio.sleep(random.uniform(0, 0.8))

    async def kills(self, *, until: "asyncio.Future[Any]") -> None:
        """Kill one process of each kind and start it again, round after round, while somebody is texting."""
        for _ in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.3, 0.9))
            victims = [random.choice(kind) for kind in (self.webs, self.workers) if kind]
            for victim in victims:
                await victim.kill()
            for victim in victims:
                await victim.start()
            for victim in victims:
                if victim in self.webs:
                    await victim.until_ready()
            if until.done():
                return

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        found = await self.database.query(lambda connection: connection.read(Statement(sql)))
        return [tuple(row) for row in found]

    async def until_quiet(self) -> None:
        """Wait until nothing is on its way any more."""
        waiting = """SELECT (SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'sending', 'held')),
            (SELECT COUNT(*) FROM "trigger" WHERE state = 'new'),
            (SELECT COUNT(*) FROM run WHERE status = 'waiting' AND flow = 'pause')"""
        async with asyncio.timeout(100):
            while (await self.rows(waiting)) != [(0, 0, 0)]:  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.3)
        await self.loopback.settle()


@asynccontextmanager
async def drilling(url: str, folder: Path, *, apart: bool) -> AsyncIterator[Drill]:
    """Start everything: with `apart` two web and two worker processes, else one that does all."""
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    account = Account(SID, TOKEN, f"{public}/twilio/messages")
    flows = shipped(folder, "loyalty", "balance", "rewards", "redeeming", "fallback", pause=PAUSE)
    async with AsyncExitStack() as stack:
        loopback = await stack.enter_async_context(
            LoopbackTwilio(account, latency=timedelta(milliseconds=20))
        )
        environ = environment(
            url,
            public,
            loopback.url,
            flows,
            REGULARS_TWILIO_ACCOUNT_SID=SID,
            REGULARS_TWILIO_AUTH_TOKEN=TOKEN,
            REGULARS_TWILIO_FROM=DEMO_NUMBER,
        )
        if apart:
            webs = [Regulars(f"web{n}", ("serve", "--role", "web"), environ, folder) for n in (1, 2)]
            workers = [Regulars(f"worker{n}", ("work",), environ, folder) for n in (1, 2)]
        else:
            webs, workers = [Regulars("all", ("serve",), environ, folder)], []
        balancer = Balancer(port, webs)
        await stack.enter_async_context(balancer.running())
        for process in (*webs, *workers):
            await process.start()
            stack.push_async_callback(process.stop)
            if process in webs:
                await process.until_ready()
        settings = load_settings({**environ, "REGULARS_PORT": str(webs[0].port)})
        database = await open_database(settings)
        stack.push_async_callback(database.close)
        yield Drill(loopback, balancer, webs, workers, database, settings.zone.key)


async def drill_and_check(url: str, folder: Path, *, apart: bool) -> None:
    """Run the drill; see what became of every text and every message."""
    here = next(
        prefix
        for zone, prefix in PLACES
        if 9 <= datetime.now(UTC).astimezone(ZoneInfo(zone)).hour < 20  # awake
    )
    numbers = [f"{here}{n:03}" for n in range(PHONES)]
    async with drilling(url, folder, apart=apart) as drill:
        texting = asyncio.gather(*(drill.texts(number) for number in numbers))
        await drill.kills(until=texting)
        await texting
        await drill.until_quiet()
        for process in (*drill.webs, *drill.workers):
            assert await process.stop() == 0, f"{process.name} did not end in order"
        found = await check(drill)
    (folder / "drill.json").write_text(json.dumps(found))
    print(json.dumps(found))  # noqa: T201  # the figures of the drill


async def check(drill: Drill) -> dict[str, Any]:
    """Assert that everything happened once; returns the figures."""
    # Twilio asks twice: a text both of whose requests were cut off is an error in its log, no answer.
    answered = {f"twilio:{texted.sid}" for texted in drill.said if texted.error_code is None}
    unanswered = {f"twilio:{texted.sid}" for texted in drill.said} - answered
    assert all(texted.attempts == STATUS_TRIES for texted in drill.said if texted.error_code is not None)
    triggers = await drill.rows("""SELECT t.key, t.state FROM "trigger" t WHERE t.kind = 'inbound'""")
    assert {state for _, state in triggers} == {"done"}
    handled = [key for key, _ in triggers]
    assert len(handled) == len(set(handled))
    assert answered <= set(handled) <= answered | unanswered

    wallets = await drill.rows("SELECT available_minor, pending_minor, held_minor, entry_count FROM wallet")
    assert wallets == [(CREDIT_LEFT, 0, 0, 2)] * PHONES
    assert await drill.rows(UNBALANCED) == []
    await figures_agree(drill)

    arrivals = drill.loopback.network.arrivals
    twice = {message: times for message, times in arrivals.items() if times != 1}
    assert not twice
    messages = await drill.rows("SELECT id, state, trigger_key, attempts FROM outbox ORDER BY id")
    unknown = [message for message in messages if message[1] == "unknown"]
    lost = [message for message in unknown if message[0] not in arrivals]
    known = [message for message in messages if message[1] != "unknown"]
    # Twilio reports a status once, our loopback twice: where both were cut off, the message stays `sent`.
    sent = {message for message, state, _, _ in known if state == "sent"}
    assert all(
        sum(f"message={message}" in path for path in drill.balancer.broken) >= STATUS_TRIES
        for message in sent
    )
    assert {state for _, state, _, _ in known} <= {"delivered", "sent"}
    assert {message for message, *_ in known} <= set(arrivals)
    assert set(arrivals) <= {message for message, *_ in messages}
    # An answer of the webhook is lost only where Twilio gave up asking; another message only where a worker
    # died between its claim and Twilio's answer.
    assert {key for _, _, key, tries in lost if tries == 0} <= unanswered
    assert len([one for one in lost if one[3] > 0]) <= IN_HAND_MAX * sum(
        one.kills for one in drill.workers or drill.webs
    )
    return {
        "texts": len(drill.said),
        "texts that Twilio gave up on": len(unanswered),
        "webhooks retried": sum(texted.attempts > 1 for texted in drill.said),
        "connections broken": len(drill.balancer.broken),
        "kills": {process.name: process.kills for process in (*drill.webs, *drill.workers)},
        "messages": len(messages),
        "arrived": len(arrivals),
        "sent, but its delivery not heard of": len(sent),
        "unknown": [
            {"id": id_, "trigger": key, "tries": tries, "arrived": arrivals.get(id_, 0)}
            for id_, _, key, tries in unknown
        ],
    }


async def figures_agree(drill: Drill) -> None:
    """Assert that figures of steps are those of the messages, runs and goals, whoever was killed when."""
    assert await recount(drill.database, drill.zone) == []
    ((runs, conversions),) = await drill.rows(
        "SELECT (SELECT COUNT(*) FROM run WHERE flow = 'pause'), (SELECT COUNT(*) FROM conversion)"
    )
    figures = await drill.rows(
        "SELECT what, SUM(times) FROM step_figure WHERE flow = 'pause' GROUP BY what ORDER BY what"
    )
    counted = {what: int(times) for what, times in figures}
    assert (counted["entries"], counted["completed"]) == (runs, runs)
    assert counted["entered"] == 3 * runs, "each went through its three steps"
    # The first PAUSE of each phone came before its pastry; who heard nothing may have said it twice.
    assert counted["converted:0"] == conversions >= PHONES


UNBALANCED = """
    SELECT w.contact FROM wallet w
    WHERE w.available_minor <> (SELECT COALESCE(SUM(l.available_minor), 0) FROM lot l
        WHERE l.bucket = w.bucket AND l.contact = w.contact AND l.wallet = w.id)
    OR w.entry_count <> (SELECT COUNT(*) FROM entry e
        WHERE e.bucket = w.bucket AND e.contact = w.contact AND e.wallet = w.id)
    OR w.last_hash <> (SELECT e.hash FROM entry e WHERE e.bucket = w.bucket AND e.contact = w.contact
        AND e.wallet = w.id AND e.number = w.entry_count)
"""


async def test_two_web_and_two_worker_processes_lose_nothing_when_killed(
    postgresql_databases: PostgresDatabases, tmp_path: Path
) -> None:
    url = await postgresql_databases.create()
    await drill_and_check(url, tmp_path, apart=True)
    await postgresql_databases.drop(url)


async def test_one_process_on_sqlite_loses_nothing_when_killed(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    url = await sqlite_databases.create()
    await drill_and_check(url, tmp_path, apart=False)
