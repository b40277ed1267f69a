"""The load generator, a process of its own: posts webhooks over keep-alive connections, measures answers.

It reads a `Load` as JSON from its first line of stdin, makes all posts, prints "ready", waits for a line,
runs, and prints an `Outcome` as JSON. Concurrency is bounded, so a slow server is waited for, not flooded.
"""

import asyncio
import gc
import json
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.posts import Load, Post, posts

PATIENCE_SECONDS = 120.0
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the run saw. Latencies are in milliseconds; `examples` holds one answer per kind of message.

    Attributes:
        contradictions: repeats that were answered differently from their original.
        silences: answers of 200 that say nothing to the member; Telegram's are all so.
    """

    answered: int
    seconds: float
    p50: float
    p90: float
    p99: float
    longest: float
    contradictions: int
    silences: int
    statuses: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Every post was answered with 200."""
        return set(self.statuses) == {"200"}


class Wire(asyncio.Protocol):
    """One connection with one request under way at a time."""

    def __init__(self, answered: Callable[["Wire", int, bytes], None], lost: Callable[[], None]) -> None:
        self.answered = answered
        self.lost = lost
        self.buffer = b""
        self.index = 0
        self.started_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, index: int, raw: bytes, started_at: float) -> None:
        assert self.transport is not None
        self.index = index
        self.started_at = started_at
        self.transport.write(raw)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        found = head.find(b"content-length:")
        if found < 0:
            raise ValueError(f"an answer without Content-Length: {head!r}")
        length = int(head[found + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < head_end + 4 + length:
            return
        body = self.buffer[head_end + 4 :]
        self.buffer = b""
        self.answered(self, int(head[9:12]), body)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost()


class Run:
    """All posts of one load, over its connections."""

    def __init__(self, load: Load, prepared: list[Post]) -> None:
        self.load = load
        self.posts = prepared
        self.next = 0
        self.latencies: list[float] = []
        self.bodies: dict[int, bytes] = {}
        self.contradictions = 0
        self.silences = 0
        self.statuses: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.idle: list[Wire] = []
        self.waiting: deque[tuple[int, float]] = deque()
        loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = loop.create_future()

    async def measure(self) -> Outcome:
        """Post everything and wait for the last answer."""
        loop = asyncio.get_running_loop()
        for _ in range(min(self.load.concurrency, len(self.posts))):
            _transport, wire = await loop.create_connection(
                lambda: Wire(self.answered, self.lost), "127.0.0.1", self.load.port
            )
            self.idle.append(wire)
        started_at = time.perf_counter()
        if self.load.rate is None:
            while self.idle:
                self.post(started_at)
        else:
            self.strike(loop.time(), 0)
        async with asyncio.timeout(PATIENCE_SECONDS + len(self.posts) / 50):
            await self.done
        return self.outcome(time.perf_counter() - started_at)

    def strike(self, first_at: float, index: int) -> None:
        """Open loop: post number `index` arrives now, whatever became of those before it."""
        assert self.load.rate is not None
        self.post(time.perf_counter())
        if index + 1 < len(self.posts):
            at = first_at + (index + 1) / self.load.rate
            asyncio.get_running_loop().call_at(at, self.strike, first_at, index + 1)

    def post(self, arrived_at: float) -> None:
        """Send the next post, or let it wait for a free connection; the wait counts as latency."""
        index = self.next
        self.next += 1
        if self.idle:
            self.idle.pop().send(index, self.posts[index].raw, arrived_at)
        else:
            self.waiting.append((index, arrived_at))

    def answered(self, wire: Wire, status: int, body: bytes) -> None:
        now = time.perf_counter()
        self.latencies.append(now - wire.started_at)
        self.keep(wire.index, status, body)
        if len(self.latencies) == len(self.posts):
            self.done.set_result(None)
        elif self.waiting:
            index, arrived_at = self.waiting.popleft()
            wire.send(index, self.posts[index].raw, arrived_at)
        else:
            self.idle.append(wire)
            if self.load.rate is None and self.next < len(self.posts):
                self.post(now)

    def keep(self, index: int, status: int, body: bytes) -> None:
        post = self.posts[index]
        self.statuses[str(status)] += 1
        if post.kind not in self.examples:
            self.examples[post.kind] = body.decode(errors="replace")
        if self.load.road == "wechat":
            body = b"<Encrypt>" if b"<Encrypt>" in body else b""  # no two sealed answers are alike
        self.bodies[index] = body
        self.silences += b"<Message" not in body and b"<Encrypt>" not in body
        if post.repeats is not None and self.bodies.get(post.repeats) != body:
            self.contradictions += 1

    def lost(self) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed a connection during the run"))

    def outcome(self, seconds: float) -> Outcome:
        ordered = sorted(latency * 1000 for latency in self.latencies)

        def percentile(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)

        return Outcome(
            answered=len(ordered),
            seconds=round(seconds, 4),
            p50=percentile(0.5),
            p90=percentile(0.9),
            p99=percentile(0.99),
            longest=percentile(1),
            contradictions=self.contradictions,
            silences=self.silences,
            statuses=dict(self.statuses),
            examples=self.examples,
        )


class Generator:
    """The load generator as its parent sees it: prepared when made, run once."""

    def __init__(self, load: Load) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from benchmarks.load import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._say(json.dumps(asdict(load)))
        self._hear()

    def run(self) -> Outcome:
        """Raises RuntimeError if the run broke; the child has said why on stderr."""
        with self.process:  # closes its pipes and waits for its end
            self._say("go")
            line = self._hear()
        return Outcome(**json.loads(line))

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended with {self.process.wait()}")
        return line


def main() -> None:
    load = Load(**json.loads(sys.stdin.readline()))
    prepared = posts(load)
    print("ready", flush=True)
    sys.stdin.readline()

    async def measure() -> Outcome:
        gc.freeze()
        gc.disable()  # a pause of ours is not the server's
        return await Run(load, prepared).measure()

    print(json.dumps(asdict(asyncio.run(measure()))), flush=True)
