"""What the load generator reports is what the server did."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from aiohttp import web

from benchmarks.load import Run
from benchmarks.posts import TWILIO_PATH, Load, posts


@asynccontextmanager
async def answering(answer: Callable[[], web.Response]) -> AsyncIterator[int]:
    """A server that answers so; yields its port."""

    async def receive(request: web.Request) -> web.Response:
        await request.read()
        return answer()

    app = web.Application()
    app.router.add_post(TWILIO_PATH, receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_repeats_that_are_answered_differently_are_counted() -> None:
    number = count()
    async with answering(lambda: web.Response(text=str(next(number)))) as port:
        load = Load("twilio", port, "test", members=10, count=600, concurrency=4)
        made = posts(load)
        outcome = await Run(load, made).measure()
    repeats = sum(post.repeats is not None for post in made)
    assert repeats > 5
    assert outcome.contradictions == repeats
    assert outcome.answered == 600


async def test_anything_but_200_is_no_result() -> None:
    async with answering(lambda: web.Response(status=503)) as port:
        load = Load("twilio", port, "test", members=10, count=20, concurrency=4)
        outcome = await Run(load, posts(load)).measure()
    assert outcome.statuses == {"503": 20}
    assert not outcome.good


async def test_an_answer_that_says_nothing_is_counted() -> None:
    async with answering(lambda: web.Response(text="<Response/>")) as port:
        load = Load("twilio", port, "test", members=10, count=20, concurrency=4)
        outcome = await Run(load, posts(load)).measure()
    assert outcome.good
    assert outcome.silences == 20


async def test_percentiles_are_of_all_answers_in_milliseconds() -> None:
    async with answering(web.Response) as port:
        load = Load("twilio", port, "test", members=10, count=100, concurrency=4)
        outcome = await Run(load, posts(load)).measure()
    assert 0 < outcome.p50 <= outcome.p90 <= outcome.p99 <= outcome.longest < outcome.seconds * 1000
