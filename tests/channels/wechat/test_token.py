"""One token for all: how long it is kept, who fetches it, how often a new one may be forced."""

import asyncio

import pytest

from bot.channels.channel import AccountSpent, OperatorNeeded, SendError, SenderSlowed, SendLater
from bot.channels.wechat.token import FORCED_A_DAY, FORCED_APART_SECONDS, Fetched, Forced, Tokens


class Source:
    """Gives tokens as it is told to, and counts."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.given = "t1"
        self.seconds = 7200.0
        self.plain = self.forced = 0
        self.error: SendError | None = None
        self.holding: asyncio.Event | None = None

    def clock(self) -> float:
        return self.now

    async def fetch(self, force: bool) -> Fetched:  # noqa: FBT001  # as `Fetch` is
        self.plain += not force
        self.forced += force
        if self.holding is not None:
            await self.holding.wait()
        if self.error is not None:
            raise self.error
        if force:
            self.given = f"forced{self.forced}"
        return Fetched(self.given, self.seconds)

    def tokens(self) -> Tokens:
        return Tokens(self.fetch, clock=self.clock)


@pytest.mark.parametrize(("seconds", "kept"), [(7200, 6959), (300, 149), (1e9, 6959)])
async def test_a_token_is_kept_until_the_next_one_is_made(seconds: float, kept: float) -> None:
    source = Source()
    source.seconds = seconds
    tokens = source.tokens()
    await tokens.current()
    source.now += kept
    await tokens.current()
    assert source.plain == 1
    source.now += 2
    source.given = "t2"
    assert await tokens.current() == "t2"


async def test_a_token_that_somebody_renewed_is_not_renewed_again() -> None:
    source = Source()
    tokens = source.tokens()
    await tokens.current()
    source.given = "t2"
    assert await asyncio.gather(*(tokens.renew("t1") for _ in range(9))) == ["t2"] * 9
    assert (source.plain, source.forced) == (2, 0)
    assert await tokens.renew("t0") == "t2", "what was refused is older than what we have"
    assert source.plain == 2


async def test_forcing_is_thirty_seconds_apart_and_twenty_a_day() -> None:
    source = Source()
    tokens = source.tokens()
    token = await tokens.current()
    token = await tokens.renew(token)
    assert token == "forced1"
    with pytest.raises(SenderSlowed):
        await tokens.renew(token)
    for number in range(2, FORCED_A_DAY + 1):
        source.now += FORCED_APART_SECONDS
        token = await tokens.renew(token)
        assert token == f"forced{number}"
    source.now += FORCED_APART_SECONDS
    with pytest.raises(SenderSlowed):
        await tokens.renew(token)
    source.now += 86_400
    assert await tokens.renew(token) == f"forced{FORCED_A_DAY + 1}"


async def test_all_processes_may_share_what_may_be_forced() -> None:
    source, shared = Source(), Forced()
    one, other = Tokens(source.fetch, shared), Tokens(source.fetch, shared)
    first = await one.current()
    await one.renew(first)
    assert await other.renew(first) == "forced1", "the new one comes without forcing"
    with pytest.raises(SenderSlowed):
        await other.renew("forced1")
    assert source.forced == 1


async def test_forcing_that_is_used_up_does_not_end_the_accounts_day() -> None:
    source = Source()
    tokens = source.tokens()
    token = await tokens.current()

    async def fetch(force: bool) -> Fetched:  # noqa: FBT001  # as `Fetch` is
        if force:
            raise AccountSpent("45009")
        return Fetched("t1", 7200)

    tokens._fetch = fetch  # noqa: SLF001  # the far side of the network
    with pytest.raises(SenderSlowed):
        await tokens.renew(token)


@pytest.mark.parametrize(
    ("error", "rest"), [(OperatorNeeded("40125"), 10), (AccountSpent("45009"), 60), (SendLater("-1"), 2)]
)
async def test_after_a_failure_nobody_asks_for_a_while(error: SendError, rest: float) -> None:
    source = Source()
    source.error = error
    tokens = source.tokens()
    for _ in range(5):
        with pytest.raises(type(error)):
            await tokens.current()
    assert source.plain == 1
    source.now += rest
    source.error = None
    assert await tokens.current() == "t1"


async def test_whoever_fetches_may_be_canceled_without_harm_to_those_who_wait() -> None:
    source = Source()
    source.holding = asyncio.Event()
    tokens = source.tokens()
    first, second = asyncio.create_task(tokens.current()), asyncio.create_task(tokens.current())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.holding.set()
    assert await second == "t1"
    with pytest.raises(asyncio.CancelledError):
        await first
    assert source.plain == 2


def test_a_token_is_not_shown() -> None:
    assert "t1" not in repr(Fetched("t1", 1))
