"""The loopback behaves as Twilio does: checked with Twilio's own client and validator, over real HTTP."""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.channels.twilio.twiml import EMPTY
from bot.demo.loopback_message import Draft, Fault, FaultKind
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_twilio import LoopbackTwilio

SID, TOKEN, SERVICE = "AC" + "1" * 32, "secret", "MG" + "2" * 32
ANA, BEN = "+14155550101", "+14155550102"
ONE_ID = "0192f3a4b5c67d8e9fa0b1c2d3e4f507"


class Bot:
    """The account's own server: writes down what is posted to it and answers as it is told."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.statuses: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[web.Response | float] = []
        self.answer = EMPTY
        self.url = ""

    async def post(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator(TOKEN).validate(f"{self.url}{request.path_qs}", form, signature)
        self.headers.append(dict(request.headers))
        if request.path == "/twilio/status":
            self.statuses.append(form)
            return web.Response(status=204)
        self.messages.append(form)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, web.Response):
                return answer
            await asyncio.sleep(answer)
        return web.Response(body=self.answer, content_type="text/xml")


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[tuple[Bot, LoopbackTwilio]]:  # noqa: ANN401  # either's own
    bot = Bot()
    app = web.Application()
    app.router.add_post("/twilio/{what}", bot.post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    of_account = {name: settings.pop(name) for name in ("opt_out",) if name in settings}
    account = Account(
        SID, TOKEN, f"{bot.url}/twilio/messages#rc=1", messaging_service_sid=SERVICE, **of_account
    )
    try:
        async with LoopbackTwilio(account, latency=timedelta(), **settings) as loopback:
            yield bot, loopback
    finally:
        await runner.cleanup()


def client(loopback: LoopbackTwilio, token: str = TOKEN) -> Client:
    made = Client(SID, token)
    made.api.base_url = loopback.url
    return made


async def in_thread(call: Callable[..., Any], *given: object, **named: object) -> Any:  # noqa: ANN401  # the SDK's
    return await asyncio.to_thread(call, *given, **named)


async def refused(loopback: LoopbackTwilio, token: str = TOKEN, **message: object) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        await in_thread(client(loopback, token).messages.create, **message)
    assert refusal.value.uri.endswith("/Messages.json")
    return refusal.value.status, refusal.value.code


# ---- the REST API


async def test_twilios_own_client_sends_fetches_and_lists() -> None:
    async with running() as (bot, loopback):
        twilio = client(loopback)
        callback = f"{bot.url}/twilio/status?message={ONE_ID}"
        sent = await in_thread(
            twilio.messages.create, to=ANA, from_=DEMO_NUMBER, body="Héllo " * 40, status_callback=callback
        )
        assert (sent.status, sent.direction, sent.to, sent.from_) == (
            "queued",
            "outbound-api",
            ANA,
            DEMO_NUMBER,
        )
        assert (sent.num_segments, sent.num_media, sent.error_code) == ("2", "0", None)
        assert sent.sid.startswith("SM")
        assert len(sent.sid) == 34
        await loopback.settle()
        assert loopback.received(ANA) == ["Héllo " * 40]
        fetched = await in_thread(twilio.messages(sent.sid).fetch)
        assert fetched.status == "delivered"
        assert fetched.date_sent.tzinfo is not None
        for _ in range(4):
            await in_thread(twilio.messages.create, to=BEN, from_=DEMO_NUMBER, body="Ben")
        await loopback.settle()
        listed = await in_thread(twilio.messages.list, to=BEN, page_size=3)
        newest_first = [each.sid for each in reversed(loopback.network.phone(BEN).messages)]
        assert [each.sid for each in listed] == newest_first
        assert len(listed) == 4
        assert [each.sid for each in await in_thread(twilio.messages.list, to=ANA)] == [sent.sid]
        now = datetime.now(UTC)
        assert len(await in_thread(twilio.messages.list, date_sent_after=now - timedelta(minutes=1))) == 5
        assert await in_thread(twilio.messages.list, date_sent_after=now + timedelta(minutes=1)) == []
        assert await in_thread(twilio.messages.list, date_sent_before=now - timedelta(days=1)) == []
        assert len(await in_thread(twilio.messages.list, date_sent=now.date())) == 5


async def test_statuses_come_back_signed_and_in_order() -> None:
    async with running() as (bot, loopback):
        callback = f"{bot.url}/twilio/status?message={ONE_ID}"
        sent = await in_thread(
            client(loopback).messages.create,
            to=ANA,
            messaging_service_sid=SERVICE,
            media_url=["https://a.example/1.png"],
            status_callback=callback,
        )
        assert (sent.status, sent.num_segments, sent.from_, sent.num_media) == ("accepted", "0", None, "1")
        await loopback.settle()
        assert [form["MessageStatus"] for form in bot.statuses] == ["queued", "sending", "sent", "delivered"]
        assert {form["MessageSid"] for form in bot.statuses} == {sent.sid}
        assert {form["MessagingServiceSid"] for form in bot.statuses} == {SERVICE}
        assert loopback.network.arrivals == {ONE_ID: 1}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"to": ""}, 400, 21604),
        ({"from_": ""}, 400, 21603),
        ({"body": ""}, 400, 21602),
        ({"body": "x" * 1601}, 400, 21617),
        ({"to": "555"}, 400, 21211),
        ({"from_": "+14155550199"}, 400, 21606),
        ({"to": DEMO_NUMBER}, 400, 21266),
        ({"status_callback": "https://elsewhere.example/"}, 400, 21609),
        ({"messaging_service_sid": "MG" + "9" * 32}, 400, 21705),
        ({"token": "wrong"}, 401, 20003),
    ],
)
async def test_what_the_real_one_refuses(changes: dict[str, str], status: int, code: int) -> None:
    async with running() as (_, loopback):
        message = {"to": ANA, "from_": DEMO_NUMBER, "body": "Hello", **changes}
        assert await refused(loopback, **message) == (status, code)
        assert loopback.network.messages == {}


# ---- a text from a phone


async def test_a_text_reaches_the_webhook_and_its_replies_the_phone_in_order() -> None:
    async with running() as (bot, loopback):
        bot.answer = (
            b"<Response><Message statusCallback='/twilio/status?message=1'>You're in &amp; more</Message>"
            b"<Message><Body>Look</Body><Media>https://a.example/1.png</Media></Message>"
            b"<Message to='+14155550102'>Hi Ben</Message></Response>"
        )
        texted = await loopback.text(ANA, "LOYALTY 会员", media=("https://b.example/me.png",))
        await loopback.settle()
        (form,) = bot.messages
        assert (form["From"], form["To"], form["Body"]) == (ANA, DEMO_NUMBER, "LOYALTY 会员")
        assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == texted.sid
        assert (form["NumMedia"], form["MediaUrl0"]) == ("1", "https://b.example/me.png")
        assert {"AccountSid", "ApiVersion", "NumSegments", "FromCity", "FromCountry", "ToZip"} <= form.keys()
        assert "OptOutType" not in form
        assert (texted.attempts, texted.http_status, texted.error_code, len(texted.replies)) == (
            1,
            200,
            None,
            3,
        )
        assert loopback.received(ANA) == ["You're in & more", "Look"]
        assert loopback.network.phone(ANA).received[1].media == ("https://a.example/1.png",)
        assert loopback.received(BEN) == ["Hi Ben"]
        assert [form["MessageStatus"] for form in bot.statuses] == ["sending", "sent", "delivered"]


async def test_a_failing_webhook_is_tried_once_more_as_the_same_event() -> None:
    async with running() as (bot, loopback):
        bot.answers = [web.Response(status=500), web.Response(status=503)]
        texted = await loopback.text(ANA, "HELLO")
        assert (texted.attempts, texted.http_status, texted.error_code) == (2, 503, 11200)
        assert bot.messages[0] == bot.messages[1]
        tokens = {headers["I-Twilio-Idempotency-Token"] for headers in bot.headers}
        assert len(tokens) == 1


async def test_an_answer_lost_on_the_way_back_is_asked_for_again() -> None:
    async with running() as (bot, loopback):
        bot.answer = b"<Response><Message>Here</Message></Response>"
        loopback.fault(Fault(kind="lost_webhook_answer", number=ANA))
        texted = await loopback.text(ANA, "HELLO")
        await loopback.settle()
        assert (texted.attempts, len(bot.messages)) == (2, 2)
        assert bot.messages[0] == bot.messages[1]
        assert loopback.received(ANA) == ["Here"]


async def test_a_number_abroad() -> None:
    async with running() as (bot, loopback):
        await loopback.text("+8613812345678", "会员")
        assert (bot.messages[0]["FromCountry"], bot.messages[0]["ToCountry"]) == ("CN", "US")


async def test_nothing_is_posted_to_another_machine() -> None:
    posted: list[str] = []

    async def elsewhere(request: web.BaseRequest) -> web.Response:
        posted.append(request.path)
        return web.Response()

    server = web.ServerRunner(web.Server(elsewhere), shutdown_timeout=0)
    await server.setup()
    await web.TCPSite(server, "127.0.0.2", 0).start()  # stands for a machine that is not this one
    url = f"http://127.0.0.2:{server.addresses[0][1]}/twilio/status"
    async with running() as (bot, loopback):
        bot.answer = f"<Response><Message statusCallback='{url}'>Hi</Message></Response>".encode()
        await loopback.text(ANA, "HELLO")
        await loopback.settle()
        assert loopback.received(ANA) == ["Hi"]
    await server.cleanup()
    assert posted == []


async def test_a_slow_webhook_is_tried_once_more() -> None:
    async with running(webhook_timeout=timedelta(milliseconds=100)) as (bot, loopback):
        bot.answers = [0.3]
        bot.answer = b"<Response><Message>Here</Message></Response>"
        texted = await loopback.text(ANA, "HELLO")
        await loopback.settle()
        assert (texted.attempts, texted.http_status, len(bot.messages)) == (2, 200, 2)
        assert loopback.received(ANA) == ["Here"]


async def test_a_refusing_webhook_is_not_tried_again() -> None:
    async with running() as (bot, loopback):
        bot.answers = [web.Response(status=403)]
        texted = await loopback.text(ANA, "HELLO")
        assert (texted.attempts, texted.http_status, texted.error_code) == (1, 403, 11200)


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"<Response><Message>", "text/xml", 12100),
        (b"<Answer/>", "text/xml", 12200),
        (b"<Response><Dial/></Response>", "text/xml", 12200),
        (b"{}", "application/json", 12300),
        (b"", "text/xml", None),
    ],
)
async def test_an_answer_that_is_no_twiml(body: bytes, content_type: str, code: int | None) -> None:
    async with running() as (bot, loopback):
        bot.answers = [web.Response(body=body, content_type=content_type)]
        texted = await loopback.text(ANA, "HELLO")
        assert (texted.error_code, texted.replies) == (code, ())


async def test_twilio_itself_hears_stop_and_start_when_it_is_asked_to() -> None:
    async with running(opt_out="advanced") as (bot, loopback):
        for word in ("STOP", "stop", "HELLO", "START"):
            await loopback.text(ANA, word)
            if word == "stop":
                refusal = await refused(loopback, to=ANA, from_=DEMO_NUMBER, body="Buy!")
                assert refusal == (400, 21610)
        await loopback.settle()
        assert [form.get("OptOutType") for form in bot.messages] == ["STOP", "STOP", None, "START"]
        assert len(loopback.received(ANA)) == 2  # one goodbye, one welcome back
        sent = await in_thread(client(loopback).messages.create, to=ANA, from_=DEMO_NUMBER, body="Hi")
        await loopback.settle()
        assert loopback.network.messages[sent.sid].status == "delivered"


async def test_a_reply_to_who_stopped_is_taken_and_then_fails() -> None:
    async with running(opt_out="default") as (bot, loopback):
        bot.answer = b"<Response><Message statusCallback='/twilio/status'>Bye</Message></Response>"
        await loopback.text(ANA, "STOP")
        await loopback.settle()
        assert "OptOutType" not in bot.messages[0]
        assert "Bye" not in loopback.received(ANA)
        (status,) = bot.statuses
        assert (status["MessageStatus"], status["ErrorCode"]) == ("failed", "21610")


# ---- faults


async def test_a_refusal_on_demand_with_its_retry_after() -> None:
    async with running() as (_, loopback), aiohttp.ClientSession() as session:
        loopback.fault(Fault(kind="reject", number=ANA, status=429, retry_after=7, times=2))
        url = f"{loopback.url}/2010-04-01/Accounts/{SID}/Messages.json"
        headers = {"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}
        form = {"To": ANA, "From": DEMO_NUMBER, "Body": "Hi"}
        for status in (429, 429, 201):
            async with session.post(url, data=form, headers=headers) as answer:
                assert answer.status == status
                assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
                if status == 429:
                    assert (await answer.json())["code"] == 20429


async def test_an_answer_lost_on_demand_after_the_message_was_taken() -> None:
    async with running() as (_, loopback), aiohttp.ClientSession() as session:
        loopback.fault(Fault(kind="drop_answer"))
        url = f"{loopback.url}/2010-04-01/Accounts/{SID}/Messages.json"
        headers = {"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}
        with pytest.raises(aiohttp.ClientError):
            await session.post(url, data={"To": ANA, "From": DEMO_NUMBER, "Body": "Hi"}, headers=headers)
        await loopback.settle()
        assert loopback.received(ANA) == ["Hi"]


@pytest.mark.parametrize(
    ("kind", "statuses", "code", "arrives"),
    [
        ("undelivered", ["sending", "sent", "undelivered"], "30003", False),
        ("failed", ["failed"], "30003", False),
        ("duplicate_callbacks", ["sending", "sending", "sent", "sent", "delivered", "delivered"], None, True),
        ("reversed_callbacks", ["delivered", "sent", "sending"], None, True),
        ("no_callbacks", [], None, True),
    ],
)
async def test_what_happens_on_the_way_on_demand(
    kind: FaultKind,
    statuses: list[str],
    code: str | None,
    *,
    arrives: bool,
) -> None:
    async with running() as (bot, loopback):
        loopback.fault(Fault(kind=kind, number=BEN, code=30003))
        loopback.fault(Fault(kind=kind, number=ANA, code=30003))
        message = {
            "to": ANA,
            "from_": DEMO_NUMBER,
            "body": "Hi",
            "status_callback": f"{bot.url}/twilio/status",
        }
        await in_thread(client(loopback).messages.create, **message)
        await loopback.settle()
        assert [form["MessageStatus"] for form in bot.statuses] == statuses
        assert (bot.statuses[-1].get("ErrorCode") if bot.statuses else None) == code
        assert loopback.received(ANA) == (["Hi"] if arrives else [])
        await in_thread(client(loopback).messages.create, **message)  # once means once
        await loopback.settle()
        assert bot.statuses[-1]["MessageStatus"] == "delivered"


# ---- the phones' face


async def test_the_phone_page_texts_and_listens() -> None:
    async with running() as (bot, loopback), aiohttp.ClientSession(loopback.url) as session:
        bot.answer = b"<Response><Message>Welcome!</Message></Response>"
        phone = f"/loopback/phones/{ANA}"
        waiting = asyncio.create_task(
            fetched(session, f"/loopback/phones/%2B{ANA[1:]}/messages?after=1&wait=5")
        )
        await asyncio.sleep(0.05)
        async with session.post(f"{phone}/texts", json={"body": "LOYALTY"}) as answer:
            assert answer.status == 200
            assert (await answer.json())["http_status"] == 200
        page = await waiting
        assert [(it["number"], it["direction"], it["body"]) for it in page["messages"]] == [
            (2, "received", "Welcome!")
        ]
        assert page["last"] == 2
        page = await fetched(session, f"{phone}/messages")
        assert [it["direction"] for it in page["messages"]] == ["sent", "received"]
        async with session.get(f"{phone}/events", params={"after": "1"}) as events:
            assert await events.content.readline() == b"id: 2\n"
            assert b"Welcome!" in await events.content.readline()
        await session.post("/loopback/settle")
        counts = await fetched(session, "/loopback/counts")
        assert counts["by_body"] == {ANA: {"Welcome!": 1}}
        assert list(counts["by_message"].values()) == [1]
        assert await fetched(session, "/loopback/phones") == {"phones": [ANA]}


async def fetched(session: aiohttp.ClientSession, path: str) -> Any:  # noqa: ANN401  # JSON
    async with session.get(path) as answer:
        return await answer.json()


async def test_faults_are_asked_for_and_cleared_over_http() -> None:
    async with running() as (_, loopback), aiohttp.ClientSession(loopback.url) as session:
        fault = {"kind": "reject", "code": 21610, "number": ANA}
        async with session.post("/loopback/faults", json=fault) as answer:
            assert answer.status == 201
        async with session.get("/loopback/faults") as answer:
            assert [it["code"] for it in (await answer.json())["faults"]] == [21610]
        assert await refused(loopback, to=ANA, from_=DEMO_NUMBER, body="Hi") == (400, 21610)
        async with session.post("/loopback/faults", json={"kind": "explode"}) as answer:
            assert answer.status == 400
            assert (await answer.json())["problems"][0]["field"] == "kind"
        loopback.fault(Fault(kind="reject"))
        await session.delete("/loopback/faults")
        assert list(loopback.network.faults) == []


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
async def test_it_answers_only_pages_of_this_machine(headers: dict[str, str]) -> None:
    async with (
        running() as (_, loopback),
        aiohttp.ClientSession(loopback.url) as session,
        session.post(f"/loopback/phones/{ANA}/texts", headers=headers, json={"body": "Hi"}) as answer,
    ):
        assert answer.status == 403
        assert loopback.network.messages == {}


async def test_the_phone_page_may_be_on_another_port() -> None:
    async with running() as (_, loopback), aiohttp.ClientSession(loopback.url) as session:
        page = "http://127.0.0.1:8080"
        for method, path, status in [
            ("OPTIONS", f"/loopback/phones/{ANA}/texts", 204),
            ("GET", "/loopback/phones", 200),
            ("GET", f"/loopback/phones/{ANA}/events", 200),
        ]:
            async with session.request(method, path, headers={"Origin": page}) as answer:
                assert answer.status == status
                assert answer.headers["Access-Control-Allow-Origin"] == page


def test_it_posts_only_to_this_machine() -> None:
    for url in ("https://elsewhere.example/", "http://[", "ftp://127.0.0.1/", ""):
        with pytest.raises(ValueError, match="webhook_url"):
            LoopbackTwilio(Account(SID, TOKEN, url))


async def test_a_hundred_messages_to_one_phone_arrive_in_order() -> None:
    async with running() as (bot, loopback):
        bot.answer = (
            b"<Response>" + b"".join(b"<Message>%d</Message>" % n for n in range(100)) + b"</Response>"
        )
        await loopback.text(ANA, "COUNT")
        await loopback.settle()
        assert loopback.received(ANA) == [str(number) for number in range(100)]


async def test_it_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.demo.loopback_twilio",
        "--port",
        "0",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "REGULARS_TWILIO_AUTH_TOKEN": "one,two"},
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            url = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession() as session, session.get(f"{url}/loopback/phones") as answer:
            assert await answer.json() == {"phones": []}
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# ---- answers lost, lists late


@pytest.mark.parametrize(
    ("kind", "arrives"),
    [("drop_request", 0), ("drop_answer", 1), ("error_answer", 1), ("no_answer", 1)],
)
async def test_an_answer_is_lost_with_or_without_the_message(kind: FaultKind, arrives: int) -> None:
    async with running() as (_, loopback), aiohttp.ClientSession(loopback.url) as session:
        loopback.fault(Fault(kind=kind, status=503))
        basic = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        headers, timeout = {"Authorization": f"Basic {basic}"}, aiohttp.ClientTimeout(total=0.5)
        url, form = (
            f"/2010-04-01/Accounts/{SID}/Messages.json",
            {"To": ANA, "From": DEMO_NUMBER, "Body": "hi"},
        )
        if kind == "error_answer":
            async with session.post(url, data=form, headers=headers) as answer:
                assert answer.status == 503
        else:
            with pytest.raises((aiohttp.ServerDisconnectedError, TimeoutError)):
                await session.post(url, data=form, headers=headers, timeout=timeout)
        await loopback.settle()
        assert loopback.received(ANA) == ["hi"] * arrives
        async with session.get("/loopback/counts") as answer:
            assert (await answer.json())["by_body"].get(ANA, {}) == ({"hi": 1} if arrives else {})
        assert len(await in_thread(client(loopback).messages.list, to=ANA)) == arrives


async def test_a_list_lags_or_is_refused_when_asked_to() -> None:
    now = datetime.now(UTC)
    async with running(clock=lambda: now) as (_, loopback):
        loopback.network.dispatch(Draft(to=ANA, sender=DEMO_NUMBER, body="hi"))
        loopback.fault(Fault(kind="late_list", number=ANA, seconds=60, times=None))
        assert await in_thread(client(loopback).messages.list, to=ANA) == []
        now += timedelta(seconds=60)
        assert len(await in_thread(client(loopback).messages.list, to=ANA)) == 1
        loopback.fault(Fault(kind="reject_list", status=503))
        with pytest.raises(TwilioException, match="503"):
            await in_thread(client(loopback).messages.list, to=ANA)


async def test_statuses_are_reported_late() -> None:
    async with running() as (bot, loopback):
        loopback.fault(Fault(kind="late_callbacks", seconds=0.2))
        callback = f"{bot.url}/twilio/status?message={ONE_ID}"
        loopback.network.dispatch(Draft(to=ANA, sender=DEMO_NUMBER, body="hi", status_callback=callback))
        await asyncio.sleep(0.1)
        assert (loopback.received(ANA), bot.statuses) == (["hi"], [])
        await loopback.settle()
        assert [status["MessageStatus"] for status in bot.statuses] == ["sending", "sent", "delivered"]


async def test_a_webhook_is_not_tried_again_when_asked_so() -> None:
    async with running() as (bot, loopback):
        bot.answers = [web.Response(status=500), web.Response(status=500)]
        loopback.fault(Fault(kind="no_retry"))
        assert (await loopback.text(ANA, "once")).attempts == 1
        assert (await loopback.text(ANA, "twice")).attempts == 2
