"""segment-analytics-python's own tests, which come along in its wheel, against a real server of ours."""

import asyncio
import os
import re
import sys
from pathlib import Path

from bot.core.sources import SourceKind
from tests.clients.conftest import Server
from tests.clients.tls import certificate, fronting

SUITE = Path(__file__).parent / "suite"
SECONDS = 240


async def test_its_own_suite_passes(server: Server, tmp_path: Path) -> None:
    await server.source("their suite", SourceKind.SERVER, key="testsecret")
    file = certificate("api.segment.io", tmp_path)
    async with fronting(server.url, file) as port:
        environment = {
            **os.environ,
            "PYTHONPATH": str(SUITE),
            "REGULARS_SUITE_PORT": str(port),
            "REQUESTS_CA_BUNDLE": str(file),
        }
        ran = await asyncio.create_subprocess_exec(
            # Nearly all of them wait half a second for a batch: the files wait side by side.
            *(sys.executable, "-m", "pytest", "--pyargs", "segment.analytics.test", "-q"),
            *("-n", "3", "--dist", "loadfile"),
            *("-p", "no:cacheprovider", "-p", "no:asyncio", "--rootdir", str(tmp_path), "-c", os.devnull),
            cwd=tmp_path,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(ran.communicate(), SECONDS)
        finally:
            if ran.returncode is None:
                ran.kill()
                await ran.wait()
    told = output.decode()
    assert ran.returncode == 0, told
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None, told
    assert int(passed[1]) >= 140, told
    assert not re.search(r"failed|skipped", told.splitlines()[-1]), told
    counted = await server.rows("SELECT COUNT(*) FROM event WHERE name = 'python test event'")
    assert counted[0][0] > 0, "what it tracked is in the books"
