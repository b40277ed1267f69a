"""`regulars demo` as one starts it: one URL, a clear word when the port is taken, a clean end, data kept."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import aiohttp

from tests.ports import free_port

_STARTED_WITHIN = 40


async def start(folder: Path, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from bot.cli import main; main()", "demo", *arguments,
        cwd=folder, env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip


async def first_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(_STARTED_WITHIN):
        return (await process.stdout.readline()).decode().strip()


async def test_it_prints_one_url_ends_cleanly_and_keeps_what_happened(tmp_path: Path) -> None:
    port = free_port()
    for fresh_number in ("+16465550100", "+16465550101"):
        process = await start(tmp_path, "--port", str(port))
        url = await first_line(process)
        assert url == f"http://127.0.0.1:{port}/demo/"
        async with aiohttp.ClientSession(url) as session:
            people = await (await session.get("people")).json()
            assert people["fresh"] == fresh_number  # the one who wrote before the restart is known
            watching = await session.get(
                "live", params={"number": fresh_number}
            )  # it must not hold up the end
            texted = await session.post("texts", json={"number": fresh_number, "body": "LOYALTY"})
            assert len((await texted.json())["replies"]) == 3
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(10):
                out, errors = await process.communicate()
            watching.close()
        assert process.returncode == 0, errors.decode()
        assert out == b""
        assert b"Traceback" not in errors
    assert sorted(file.name for file in (tmp_path / ".demo").iterdir()) == [
        "apiclient_key.pem",  # of the merchant that WeChat Pay on loopback knows
        "demo.sqlite",
        "demo.sqlite.secret",
        "pub_key.pem",
    ]


async def test_a_taken_port_is_said_in_one_line_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await start(tmp_path, "--port", str(port))
        out, errors = await process.communicate()
    assert process.returncode == 2
    assert out == b""
    assert errors.decode() == (
        f"Port {port} is in use: end what runs there, or try: regulars demo --port {port + 1}\n"
    )
    assert not (tmp_path / ".demo").exists()
