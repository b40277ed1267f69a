"""The page of the tracking API: its examples run against a real server, its lists are those of the code."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from bot.conversation.tracking import ingest, telling, tracker
from bot.core.sources import USUAL_SCOPES, SourceKind, SourceScope
from bot.core.tracking import plan
from bot.core.tracking.message import Kind
from tests.clients.conftest import served

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "tracking.md").read_text(encoding="utf-8")


def source(path: str) -> str:
    return (PROJECT / "bot" / path).read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def quoted(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl, which is not here")
async def test_the_examples_do_what_they_say(tmp_path: Path) -> None:
    examples = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    async with served(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'shop.sqlite'}") as server:
        key = await server.source("backend", SourceKind.SERVER)
        ran = await asyncio.create_subprocess_exec(
            "sh",
            "-ec",
            "\n".join(examples).replace("curl ", "curl -w '\\n' "),
            env={"API": server.url, "KEY": key, "PATH": "/usr/bin:/bin"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(ran.communicate(), 30)
        assert [json.loads(line) for line in said.decode().splitlines()] == [{"success": True}] * 3
        ana = await server.contact("external", "ana")
        assert (await server.traits(ana))["plan"] == "pro"
        told = {one.name: one.properties for one in await server.events(ana)}
        assert told["Tea Brewed"] == {"minutes": 3.5}
        assert told["Page Viewed"]["name"] == "Teas"


def test_the_paths_are_those_of_the_code() -> None:
    rows = table("What to send")
    paths = {path for row in rows for cell in row[:2] for path in quoted(cell)}
    named = {f"/v1/{kind}" for kind in Kind} | {f"/v1/{kind.value[0]}" for kind in Kind}
    assert paths == named | {"/v1/batch", "/v1/b", "/v1/import"}


def test_the_scopes_are_those_of_the_code() -> None:
    told = {row[0].strip("`"): quoted(row[1]) for row in table("A source")}
    assert told == {
        scope: {kind for kind in SourceKind if scope in USUAL_SCOPES[kind]} for scope in SourceScope
    }


def test_the_codes_are_those_of_the_code() -> None:
    rows = table("What is answered")
    listed = {(int(row[0]), code) for row in rows for code in quoted(row[1])}
    text = source("web/track/routes.py") + source("web/track/door.py")
    raised = {(int(status), code) for status, code in re.findall(r'TrackProblem\(\s*(\d+), "(\w+)"', text)}
    raised |= {(429, code) for code in re.findall(r'later\(\w+, "(\w+)"', text)}
    # These two are named before they are raised.
    assert listed == raised | {(400, "too_large"), (400, "unreadable")}


def test_the_reasons_are_those_of_the_code() -> None:
    listed = {reason for row in table("What is refused") for reason in quoted(row[0])}
    reading = source("core/tracking/reading.py")
    named = set(re.findall(r'_NotUnderstood\("(\w+)"\)|refused\["(\w+)"\]|, "(no_\w+)"\)', reading))
    reasons = {name for names in named for name in names if name}
    reasons |= {"bad_properties", "bad_traits", "too_large", "wrong_write_key", "not_understood"}
    reasons |= {plan.BLOCKED, plan.UNKNOWN}
    reasons |= {telling.NOT_A_SERVER, telling.NOT_THEIRS, telling.NOT_BELIEVED, ingest.ERASED, tracker.BROKEN}
    reasons |= set(re.findall(r'_Wrong\("(\w+)"', source("core/tracking/commerce.py")))
    assert listed == reasons
