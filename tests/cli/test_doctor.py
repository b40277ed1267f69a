"""`doctor`: one line for each thing with its remedy, on both databases and over real HTTP."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.app import open_database, prepare_database, running, serving, utc_now
from bot.cli.findings import concealing
from bot.config import load_settings
from bot.core.pacing import SenderState
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_twilio import LoopbackTwilio
from bot.storage import held, senders
from bot.storage.driver import Connection, Database, Statement
from tests.cli.conftest import Ran, Terminal, run
from tests.ports import free_port

SID, TOKEN = "AC" + "1" * 32, "a-token-nobody-may-read"


class Shop:
    """An installation with Twilio, and what `doctor` says of it."""

    def __init__(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        self.terminal, self.monkeypatch = terminal, monkeypatch
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "DATABASE_URL": url,
            "REGULARS_FLOWS": str(terminal.folder / "flows"),
            "REGULARS_PORT": str(self.port),
            "REGULARS_SECRET": "a-secret-of-the-tests",
            "REGULARS_ZONE": "America/New_York",
            "REGULARS_TWILIO_ACCOUNT_SID": SID,
            "REGULARS_TWILIO_AUTH_TOKEN": TOKEN,
            "REGULARS_TWILIO_FROM": DEMO_NUMBER,
            "REGULARS_TWILIO_BASE_URL": "http://127.0.0.1:9",
        }

    def account(self, **changes: object) -> Account:
        account = Account(SID, TOKEN, f"{self.base}/twilio/messages")
        return replace(account, **changes)  # type: ignore[arg-type]  # fields of the dataclass

    @asynccontextmanager
    async def twilio(self, **changes: object) -> AsyncIterator[None]:
        """Run a loopback Twilio."""
        async with LoopbackTwilio(self.account(**changes)) as loopback:
            self.environment["REGULARS_TWILIO_BASE_URL"] = loopback.url
            yield

    @asynccontextmanager
    async def server(self, **changes: str) -> AsyncIterator[None]:
        """Run the web server."""
        settings = load_settings(self.environment | changes)
        async with running(settings, role="web") as app, serving(app):
            yield

    async def doctor(self, *options: str, **changes: str) -> Ran:
        for name, value in (self.environment | changes).items():
            self.monkeypatch.setenv(name, value)
        return await run(self.terminal, "doctor", *options)

    async def lines(self, **changes: str) -> Mapping[str, str]:
        """What is said of each thing; the last line of each."""
        ran = await self.doctor(**changes)
        assert TOKEN not in ran.out + ran.err
        return {line[5:15].strip(): f"{line[:4].strip()} {line[16:]}" for line in ran.out.splitlines()}

    async def database(self) -> Database:
        return await prepare_database(load_settings(self.environment), utc_now)

    async def write(self, sql: str, **values: object) -> None:
        """Change the database behind everybody's back."""
        database = await self.database()
        await database.transact(lambda c: c.run(Statement(sql), [values]))
        await database.close()


@pytest.fixture
def here(shop: Terminal, shop_database: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(shop, monkeypatch, shop_database)


async def test_where_all_is_well_nothing_fails_and_no_secret_is_shown(here: Shop) -> None:
    async with here.twilio(), here.server():
        ran = await here.doctor()
        assert ran.code == 0, ran.out
        for line in (
            "OK   reachable  a bot answers there, and is ready\n",
            "OK   signature  what Twilio signs is taken, anything else is refused\n",
            "OK   clock      Twilio's agrees with ours\n",
            f"OK   webhook    {DEMO_NUMBER} posts to {here.base}/twilio/messages\n",
            "OK   outbox     nothing is queued\n",
        ):
            assert line in ran.out
        assert TOKEN not in ran.out + ran.err
        assert "a-secret-of-the-tests" not in ran.out + ran.err
        report = json.loads((await here.doctor("--json")).out)
    assert report["ok"]
    assert {"name": "dead", "mark": "OK", "said": "no turn failed for good", "remedy": ""} in report[
        "findings"
    ]


async def test_the_probe_writes_nothing(here: Shop) -> None:
    async with here.twilio(), here.server():
        await here.doctor()
    database = await open_database(load_settings(here.environment))
    for table in ("contact", "trigger", "outbox", "directory", "audit", "event"):
        count = Statement(f'SELECT COUNT(*) FROM "{table}"')  # noqa: S608  # our own names
        assert [tuple(row) for row in await database.query(lambda c, count=count: c.read(count))] == [(0,)]  # type: ignore[misc]  # bound now
    await database.close()


async def test_without_a_server_the_rest_is_looked_at(here: Shop) -> None:
    await (await here.database()).close()
    async with here.twilio():
        said = await here.lines()
    assert said["reachable"].startswith("SKIP no server runs here")
    assert said["webhook"].startswith("OK ")
    assert "signature" not in said


async def test_a_server_with_another_token_or_address_refuses_what_twilio_signs(here: Shop) -> None:
    async with here.twilio():
        async with here.server(REGULARS_TWILIO_AUTH_TOKEN="another-token-there"):
            said = await here.lines()
            assert said["signature"].startswith(
                f"FAIL the server refuses what Twilio signs for {here.base}: give"
            )
        async with here.server(REGULARS_PUBLIC_URL="https://elsewhere.example"):
            assert (await here.lines())["signature"].startswith("FAIL the server refuses what Twilio signs")
        async with here.server():
            said = await here.lines(REGULARS_TWILIO_AUTH_TOKEN=f"{TOKEN},the-old-token-here")
            assert said["signature"].startswith("FAIL the server refuses the second token")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (lambda: web.Response(text="It works!"), "FAIL something else answers there, with 200"),
        (
            lambda: web.Response(status=302, headers={"Location": "https://shop.example/readyz"}),
            "FAIL it leads on to https://shop.example:",
        ),
        (
            lambda: web.json_response({"status": "not ready", "reason": "x"}, status=503),
            "FAIL a bot answers there and is not ready",
        ),
    ],
    ids=["else", "redirect", "not ready"],
)
async def test_what_answers_instead_is_said(here: Shop, answers: object, said: str) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        assert callable(answers)
        made = answers()
        assert isinstance(made, web.StreamResponse)
        return made

    await (await here.database()).close()
    here.environment["REGULARS_PUBLIC_URL"] = f"http://localhost:{here.port}"
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", here.port).start()
    async with here.twilio():
        found = await here.lines(
            REGULARS_HOST="127.0.0.1", REGULARS_PUBLIC_URL=f"http://localhost:{here.port}"
        )
    await runner.cleanup()
    assert found["reachable"].startswith(said), found
    if "not ready" not in said and "else" not in said:
        assert "signature" not in found


async def test_a_number_that_posts_elsewhere_fails_with_the_address_it_needs(here: Shop) -> None:
    await (await here.database()).close()
    async with here.twilio(webhook_url="http://127.0.0.1:9/old"):
        said = await here.lines()
        wanted = f"{here.base}/twilio/messages"
        assert said["webhook"].startswith(
            f"FAIL {DEMO_NUMBER} posts to http://127.0.0.1:9/old: in Twilio's console"
        )
        assert said["webhook"].endswith(wanted)
        said = await here.lines(REGULARS_TWILIO_FROM="+14155550177")
        assert said["webhook"].startswith("FAIL +14155550177 is not a number of this account")
    async with here.twilio(messaging_service_sid="MG" + "7" * 32):
        said = await here.lines(
            REGULARS_TWILIO_MESSAGING_SERVICE_SID="MG" + "7" * 32, REGULARS_TWILIO_FROM=""
        )
        assert said["webhook"] == f"OK MG{'7' * 32} posts to {wanted}"
        said = await here.lines(
            REGULARS_TWILIO_MESSAGING_SERVICE_SID="MG" + "8" * 32, REGULARS_TWILIO_FROM=""
        )
        assert said["webhook"].startswith(f"FAIL the account has no messaging service MG{'8' * 32}")


async def test_wrong_credentials_and_a_twilio_that_is_away_fail(here: Shop) -> None:
    await (await here.database()).close()
    async with here.twilio(auth_token="the-right-token-there"):
        assert (await here.lines())["Twilio"].startswith(
            "FAIL Twilio does not know the account SID with this token"
        )
    here.environment["REGULARS_TWILIO_BASE_URL"] = "http://127.0.0.1:9"
    assert (await here.lines())["Twilio"].startswith("FAIL Twilio cannot be reached")


async def test_what_waits_failed_or_is_held_is_said_with_its_remedy(here: Shop) -> None:
    database = await here.database()
    now = datetime.now(UTC)

    async def trouble(connection: Connection) -> None:
        await senders.lock(connection, ["channel:sms"])
        broken = SenderState("channel:sms", open_until=now + timedelta(minutes=4), failures=9)
        await senders.keep(connection, [broken])
        await held.hold(connection, "offer", "0" * 32)

    await database.transact(trouble)
    await database.close()
    at = int((now - timedelta(minutes=30)).timestamp() * 1_000_000)
    columns = "bucket, contact, key, kind, state, at, due_at, payload, attempts"
    for key, state in (("a", "dead"), ("b", "new")):
        await here.write(
            f'INSERT INTO "trigger" ({columns})'  # noqa: S608  # our own names
            " VALUES (7, :contact, :key, :kind, :state, :at, :at, :payload, 0)",
            contact="0" * 30 + "07",
            key=key,
            kind="start",
            state=state,
            at=at,
            payload="{}",
        )
    async with here.twilio():
        said = await here.lines()
    assert said["dead"] == "WARN 1 trigger: `regulars dead list` says why"
    assert said["jobs"].startswith("FAIL due and not done: triggers since 30 minutes: start `regulars serve`")
    assert said["senders"].startswith("FAIL channel:sms does not answer, 9 failures in a row")
    assert said["held"].startswith(
        "WARN by an operator: 0 messages; whatever comes of offer: `regulars outbox release`"
    )
    assert (await here.doctor()).code == 1


async def test_backups_are_remembered(here: Shop) -> None:
    await (await here.database()).close()
    async with here.twilio():
        if here.environment["DATABASE_URL"].startswith("postgresql"):
            assert (await here.lines())["backup"].startswith("SKIP PostgreSQL's are not known here")
            return
        assert (await here.lines())["backup"].startswith("WARN none is on record")
        assert (await run(here.terminal, "backup", "kept.sqlite")).code == 0
        backup = (await here.lines())["backup"]
        assert backup.startswith("OK ")
        assert backup.endswith(" seconds old: kept.sqlite")
        await here.write("UPDATE audit SET at = at - 300000000000")
        assert (await here.lines())["backup"].startswith("WARN the last is 3 days old")


def test_secrets_are_taken_out_of_whatever_is_said() -> None:
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql://ana:pass-of-ana@db.example/shop",
            "REGULARS_SECRET": "new-secret-new,old-secret-old",
            "REGULARS_METRICS_TOKEN": "metrics-token-metrics",
        }
    )
    conceal = concealing(settings)
    assert conceal("new-secret-new old-secret-old pass-of-ana metrics-token-metrics") == "*** *** *** ***"


async def test_a_look_that_breaks_off_does_not_hide_the_others(here: Shop) -> None:
    await here.write("ALTER TABLE sender RENAME TO away")
    async with here.twilio():
        said = await here.lines()
    await here.write("ALTER TABLE away RENAME TO sender")
    assert said["database"].startswith("FAIL could not be looked at (")
    assert said["webhook"].startswith("OK ")
