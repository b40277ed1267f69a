"""The drill of WeChat's five seconds: a database far away, an outbox that is full, and people who write.

`python -m tests.drills.patience` queues 100,000 messages, puts 200 ms between the application and its
PostgreSQL (a proxy that holds every byte for 100 ms each way: a real server and a real driver, slow as a bad
network is), lets people write in an official account while the outbox is being delivered, and prints how
long each push waited for its answer, and whether each of them was answered once: in the response or by the
outbox, never both, never neither. Pushes that are not taken within five seconds come again, three times in
all, as the platform's do. `make test` runs it short (`test_patience.py`).
"""

import argparse
import asyncio
import json
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import count
from urllib.parse import urlsplit

import aiohttp

from benchmarks.outbox import clock, fill, waiting
from benchmarks.report import at_most
from bot.app import Role, Running, open_database, prepare_database, running, serving
from bot.channels.channel import Sent
from bot.channels.wechat.passive import joined
from bot.config import Settings, load_settings
from bot.core.gate import Cleared
from bot.core.messages import OutboxState
from bot.jobs.audiences import AudienceUpkeep
from bot.storage.driver import Statement
from tests.conversation.chat import FLOWS
from tests.databases import PostgresDatabases
from tests.delaying_proxy import DelayingProxy, delaying
from tests.ports import free_port
from tests.postgres import running_server
from tests.web.wechat import SETTINGS, Platform

ROUND_TRIP_SECONDS = 0.2
PATIENCE_SECONDS = 5.0
TRIES = 3
WORDS = ("BALANCE", "BALANCE", "HELP", "is it open on sunday?", "is the tea organic")
"""What members write whose turns wait for the database eight times at most; others are told of beside it."""
COUNTED = ("BALANCE", "HELP", "REWARDS", "WHY", "LOYALTY")
_QUIET_SECONDS = 300
_ROUND_TRIPS_MAX = 8
_SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
_AT_ONCE = 50
_NUMBERS = count(1)
_PROVIDER_SECONDS = 0.1
_PAGE = re.compile(r"<a data-miniprogram[^>]*>[^<]*</a>|https?://\S+/w/#\S+")
"""A link to a page of ours, as it is stored, and as it leaves: signed, or into the mini program."""
_IN_ONE = re.compile("in one text with ([^:]+)")
_ANSWERS = Statement("""
    SELECT o.trigger_key, o.id, o.body, o.state, o.reason, o.way_because FROM outbox o
    WHERE o.channel = 'wechat' ORDER BY o.id
""")


@dataclass(slots=True)
class Provider:
    """Takes messages as a provider does who is neither quick nor slow, and remembers which."""

    name: str
    taken: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)

    async def send(self, cleared: Cleared) -> Sent:
        """Take one."""
        await asyncio.sleep(_PROVIDER_SECONDS)
        self.taken[cleared.message.id] += 1
        self.texts[cleared.message.id] = cleared.message.body
        return Sent(cleared.message.id, OutboxState.SENT)

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(slots=True)
class Written:
    """One push and what became of it: seconds of each try, the text it was answered with."""

    message_id: str
    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Drill:
    """A shop, the platform beside it, and what lies between it and its database."""

    app: Running
    shop: Platform
    proxy: DelayingProxy
    wechat: Provider
    sms: Provider
    written: list[Written] = field(default_factory=list)

    async def write(self, word: str, openid: str) -> Written:
        """Post a text as the platform does: again where it is not taken in time."""
        loop = asyncio.get_running_loop()
        written = Written(f"m{next(_NUMBERS)}")
        query, body = self.shop.written(openid, MsgType="text", Content=word, MsgId=written.message_id)
        for _ in range(TRIES):
            began = loop.time()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    answer = await self.shop.post(query, body)
            except (TimeoutError, aiohttp.ClientError):
                written.statuses.append(0)
                written.seconds.append(loop.time() - began)
                continue
            written.seconds.append(loop.time() - began)
            written.statuses.append(answer.status)
            if answer.status == 200:
                if answer.text:
                    written.texts.append(answer.text)
                break
            await asyncio.sleep(max(0.0, PATIENCE_SECONDS - written.seconds[-1]))
        return written

    async def write_many(self, number: int, per_second: float, people: int, seed: int) -> list[Written]:
        """Post so many, whatever the answers take."""
        dice = random.Random(seed)
        async with asyncio.TaskGroup() as posting:
            tasks = []
            for _ in range(number):
                member = _member(dice.randrange(people))
                tasks.append(posting.create_task(self.write(dice.choice(WORDS), member)))
                await asyncio.sleep(dice.expovariate(per_second))
        return [task.result() for task in tasks]

    async def join(self, people: int) -> None:
        """Let so many be members."""
        for word in ("LOYALTY", "SKIP", "SKIP"):
            for first in range(0, people, _AT_ONCE):
                several = range(first, min(first + _AT_ONCE, people))
                await asyncio.gather(*(self.write(word, _member(one)) for one in several))

    async def build(self) -> None:
        """Build what is published for those who were there before, as in any shop that was up for minutes."""
        minutes = count()
        building = AudienceUpkeep(
            self.app.behind,
            self.app.conversation.keeping,
            lambda: self.app.decisions,
            lambda: self.app.clock() + timedelta(minutes=next(minutes)),
            asyncio.Event(),
        )
        for _ in range(2):
            await building.build()

    async def round_trips(self, words: Sequence[str]) -> dict[str, int]:
        """How often a turn waits for the database, when nothing else goes on and its statements are known."""
        self.app.clockwork.pause()
        counted: dict[str, int] = {}
        for word in words:
            for _ in range(4):
                await self.app.dispatcher.settle()
                await asyncio.sleep(5 * ROUND_TRIP_SECONDS)
                before = self.proxy.round_trips
                await self.write(word, _member(0))
                counted[word] = min(self.proxy.round_trips - before, counted.get(word, 1000))
        return counted

    async def ends(self, patience: float) -> dict[str, int]:
        """Wait until every answer is somewhere, and count how each push was answered."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while True:
            await self.app.dispatcher.settle()
            rows = await self.app.database.query(lambda c: c.read(_ANSWERS))
            open_ = sum(row[3] in {"queued", "sending", "held", "unknown"} for row in rows)
            if not open_ or loop.time() > until:
                break
            await asyncio.sleep(1)
        by_key: dict[str, list[Said]] = {}
        for key, *said in rows:
            by_key.setdefault(key, []).append(Said(*said))
        ends: Counter[str] = Counter()
        for one in self.written:
            ends[self._end(one, by_key.get(f"wechat:{self.shop.account.appid}:{one.message_id}", []))] += 1
        return dict(ends)

    def _end(self, one: Written, said: "list[Said]") -> str:
        if not said:
            return "not stored" if one.statuses[-1] != 200 else "nothing to say"
        by_outbox = {self._times(message) for message in said}
        if one.texts and by_outbox == {0}:
            whole = _PAGE.sub("LINK", joined([message.body for message in said]) or "")
            texts = {_PAGE.sub("LINK", text) for text in one.texts}
            return "in the response" if texts == {whole} else "something else"
        if one.texts:
            return "both"
        if by_outbox == {1}:
            return "by the outbox"
        return f"neither ({', '.join(f'{message.state} {message.reason}' for message in said)})"

    def _times(self, message: "Said") -> int:
        """How often the outbox handed a message over, by itself or within another one."""
        times = self.wechat.taken[message.id]
        if carrier := _IN_ONE.match(message.way_because or ""):
            times += self.wechat.taken[carrier[1]] * (message.body in self.wechat.texts.get(carrier[1], ""))
        return times


@dataclass(frozen=True, slots=True)
class Said:
    """A message of ours as the outbox has it."""

    id: str
    body: str
    state: str
    reason: str | None
    way_because: str | None


def _member(number: int) -> str:
    return f"o{number:027}"


def percentile(values: list[float], share: float) -> float:
    """The value that so many are not above."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)


def settings_of(url: str) -> Settings:
    """The shop's settings on a database."""
    return load_settings(
        SETTINGS
        | {
            "DATABASE_URL": url,
            "REGULARS_PORT": str(free_port()),
            "REGULARS_SECRET": "s" * 32,
            "REGULARS_FLOWS": str(FLOWS),
        }
    )


@asynccontextmanager
async def shop(url: str, seconds: float, role: Role = "all") -> AsyncIterator[Drill]:
    """A shop so far from its database."""
    parts = urlsplit(url)
    async with delaying(parts.port or 0, seconds) as proxy:
        settings = settings_of(url.replace(f":{parts.port}/", f":{proxy.port}/"))
        database = await open_database(settings)
        sms, wechat = Provider("sms"), Provider("wechat")
        channels = {"sms": sms, "wechat": wechat}
        async with (
            running(settings, role=role, clock=clock, database=database, channels=channels) as app,
            serving(app) as base,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            account = next(account for account in settings.wechat if account.name == "shop")
            yield Drill(app, Platform(base, account, session, clock), proxy, wechat, sms)


async def drill(  # noqa: PLR0913  # how much of what
    url: str,
    *,
    queued: int,
    warm: int,
    pushes: int,
    per_second: float,
    people: int,
    words: Sequence[str] = COUNTED,
    patience: float = _QUIET_SECONDS,
) -> dict[str, object]:
    """Run it; returns what is printed on the last line."""
    near = await prepare_database(settings_of(url), clock)
    await fill(near, queued)
    await near.close()
    async with shop(url, 0.0, "web") as at:
        await at.join(people)
        await at.build()
    round_trips: dict[str, int] = {}
    if words:
        async with shop(url, ROUND_TRIP_SECONDS, "web") as at:
            round_trips = await at.round_trips(words)
    async with shop(url, ROUND_TRIP_SECONDS) as at:
        cold = await at.write_many(warm, per_second, people, seed=1)
        before = await waiting(at.app.database)
        at.written = await at.write_many(pushes, per_second, people, seed=2)
        left = await waiting(at.app.database)
        ends = await at.ends(patience)
    tries = [second for one in at.written for second in one.seconds]
    seconds = {name: percentile(tries, share) for name, share in _SHARES.items()}
    goals = [
        at_most("seconds until a push is answered, p99.9", seconds["p99.9"], PATIENCE_SECONDS),
        at_most("round trips of a turn", max(round_trips.values(), default=0), _ROUND_TRIPS_MAX),
        at_most("answered both ways", ends.get("both", 0), 0),
        at_most("answered otherwise or not at all", _lost(ends), 0),
    ]
    return {
        "drill": "patience",
        "goals": [asdict(goal) for goal in goals],
        "database": f"PostgreSQL behind a proxy, {ROUND_TRIP_SECONDS * 1000:.0f} ms a round trip",
        "round_trips": round_trips,
        "queued": queued,
        "queued_at_begin_and_end": [before, left],
        "pushes": len(at.written),
        "tries": len(tries),
        "statuses": dict(Counter(status for one in at.written for status in one.statuses)),
        "ends": ends,
        "seconds": seconds,
        "seconds_of_the_first": percentile([second for one in cold for second in one.seconds], 1),
    }


def _lost(ends: Mapping[str, int]) -> int:
    """Of how many pushes neither way was taken, or another answer went back than is stored."""
    return sum(
        times for end, times in ends.items() if end not in {"in the response", "by the outbox", "both"}
    )


async def _main(arguments: argparse.Namespace) -> bool:
    with running_server() as server:
        url = await PostgresDatabases(server).create()
        found = await drill(
            url,
            queued=arguments.queued,
            warm=200,
            pushes=arguments.pushes,
            per_second=arguments.per_second,
            people=arguments.people,
        )
    print(json.dumps(found))  # noqa: T201  # the report
    goals = found["goals"]
    assert isinstance(goals, list)
    return all(goal["ok"] for goal in goals)


def main() -> None:
    """Run it long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queued", type=int, default=100_000)
    parser.add_argument("--pushes", type=int, default=3_000)
    parser.add_argument("--per-second", type=float, default=10)
    parser.add_argument("--people", type=int, default=600)
    sys.exit(0 if asyncio.run(_main(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
