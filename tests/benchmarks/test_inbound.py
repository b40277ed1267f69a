"""The benchmark's floor and peers answer right, and what its load generator says of them is true."""

import asyncio
import contextlib
import http.client
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from benchmarks.databases import Postgres, Sqlite, plain_url, postgres_at
from benchmarks.load import Generator, Outcome
from benchmarks.posts import MIX, TWILIO_PATH, Load, Road, posts
from benchmarks.processes import Server, rss_megabytes
from benchmarks.subjects import Start, aiogram, floor, has_peers, tutorial

KINDS = {kind for kind, _ in MIX}
BENCH_DATABASES = "SELECT count(*) FROM pg_database WHERE datname LIKE 'bench_guest_%'"
needs_peers = pytest.mark.skipif(
    not has_peers(), reason="the peers are installed by `python -m benchmarks.inbound`, never by the tests"
)


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


def mix(server: Server, *, road: Road = "twilio", rate: float | None = None) -> Outcome:
    load = Load(
        road,
        server.port,
        "test",
        members=20,
        count=400,
        newcomers=(0, 10),
        concurrency=8,
        rate=rate,
    )
    return Generator(load).run()


def originals(load: Load) -> int:
    return sum(post.repeats is None for post in posts(load))


MIXED = Load("twilio", 1, "test", members=20, count=400, newcomers=(0, 10))


def test_the_mix_is_the_same_for_the_same_run_and_has_every_kind() -> None:
    made = posts(MIXED)
    assert made == posts(MIXED)
    assert {post.kind for post in made} == KINDS | {"repeat"}
    assert all(made[post.repeats].raw == post.raw for post in made if post.repeats is not None)
    assert len({post.raw for post in made if post.repeats is None}) == originals(MIXED)


def test_the_floor_keeps_each_message_once_on_sqlite(tmp_path: Path) -> None:
    with running(floor(Start(Sqlite(tmp_path), tmp_path, "floor"))) as server:
        outcome = mix(server)
        assert rss_megabytes(server.pid) > 1
    assert outcome.statuses == {"200": 400}
    assert outcome.contradictions == outcome.silences == 0
    assert all("<Response>" in example for example in outcome.examples.values())
    with contextlib.closing(sqlite3.connect(tmp_path / "floor.db")) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (originals(MIXED),)


def test_the_floor_keeps_each_message_once_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    with running(floor(Start(postgres, tmp_path, "floor"))) as server:
        outcome = mix(server)
        assert ask(postgres, postgres.made[-1], "SELECT count(*) FROM message") == originals(MIXED)
    assert outcome.statuses == {"200": 400}


def test_what_postgresql_itself_costs_is_seen(postgres: Postgres) -> None:
    before = postgres.cpu_seconds()
    assert ask(postgres, "postgres", "SELECT count(*) FROM generate_series(1, 3000000)") == 3_000_000
    after = postgres.cpu_seconds()
    assert before is not None
    assert after is not None
    assert after - before > 0.05


def test_a_given_postgresql_is_found_among_the_processes_and_left_as_it_was(postgres: Postgres) -> None:
    with postgres_at(postgres.url) as given:
        assert given.postmaster == postgres.postmaster
        given.fresh("guest")
        assert ask(postgres, "postgres", BENCH_DATABASES) == 1
    assert ask(postgres, "postgres", BENCH_DATABASES) == 0


def ask(server: Postgres, database: str, question: str) -> int:
    async def answer() -> int:
        connection = await asyncpg.connect(plain_url(server.url).rpartition("/")[0] + "/" + database)
        try:
            return int(await connection.fetchval(question))
        finally:
            await connection.close()

    return asyncio.run(answer())


def test_the_floor_refuses_what_is_not_signed(tmp_path: Path) -> None:
    with running(floor(Start(Sqlite(tmp_path), tmp_path, "floor"))) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(
                "POST",
                TWILIO_PATH,
                body="MessageSid=SM1&Body=hi&From=%2B1",
                headers={"X-Twilio-Signature": "no"},
            )
            assert connection.getresponse().status == 403


def test_an_open_loop_keeps_its_rate(tmp_path: Path) -> None:
    with running(floor(Start(Sqlite(tmp_path), tmp_path, "floor"))) as server:
        outcome = mix(server, rate=400)
    assert outcome.answered == 400
    assert 0.9 < outcome.seconds < 2


@needs_peers
def test_the_tutorial_bot_holds_the_conversation(tmp_path: Path) -> None:
    with running(tutorial(Start(Sqlite(tmp_path), tmp_path, "tutorial"), members=20)) as server:
        outcome = mix(server)
    assert outcome.statuses == {"200": 400}
    assert "You have $5.00." in outcome.examples["BALANCE"]
    assert "Reward 5" in outcome.examples["REWARDS"]
    assert "Welcome back" in outcome.examples["LOYALTY"]
    assert "Thanks" in outcome.examples["answer"]
    with contextlib.closing(sqlite3.connect(tmp_path / "tutorial.db")) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (800,)


@needs_peers
def test_aiogram_answers_every_update(tmp_path: Path) -> None:
    with running(aiogram(Start(Sqlite(tmp_path), tmp_path, "aiogram"))) as server:
        outcome = mix(server, road="telegram")
        server.settle()
    assert outcome.statuses == {"200": 400}
    assert "Traceback" not in server.log_end()
