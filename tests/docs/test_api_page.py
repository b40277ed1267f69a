"""The page of the shop API: its examples run against a real server, its lists are those of the code."""

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_settings
from bot.core.api_keys import Scope
from bot.jobs.calls import signed
from bot.web.rest.asked import SAID
from bot.web.rest.reading import BODY_MAX
from tests.web.api.conftest import ShopClient, shopping

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NOW = 1_795_000_000


def block(kind: str, word: str = "") -> str:
    """The first block of a kind that has a word in it."""
    return str(next(text for of, text in BLOCKS if of == kind and word in text))


async def curl(shop: ShopClient, script: str) -> list[Any]:
    """Run a block of the page; returns what each of its requests was answered."""
    running = await asyncio.create_subprocess_exec(
        "sh",
        "-ec",
        script.replace("curl ", "curl -w '\\n' "),
        env={"API": f"{shop.chat.url}/api", "KEY": shop.key, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 0, said.decode()
    return [json.loads(line) for line in said.decode().splitlines() if line]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl, which is not here")
async def test_the_examples_do_what_they_say(database_url: str) -> None:
    async with shopping(database_url) as shop:
        answers = [answer for kind, text in BLOCKS if kind == "sh" for answer in await curl(shop, text)]
        products, enrolled, quoted, held, captured, order, refunded, history, sized = answers
    assert [one["sku"] for one in products["products"]] == ["BUN", "LATTE"]
    assert enrolled["granted_minor"] == 500
    assert (quoted["credit_minor"], quoted["to_pay_minor"]) == (500, 600)
    assert (held["state"], captured["state"], captured["credit_minor"]) == ("open", "captured", 500)
    assert (order["status"], order["credit_minor"], order["to_pay_minor"]) == ("paid", 500, 600)
    assert order["moved"]["earned_minor"] > 0
    assert refunded["returned_credit_minor"] == 250
    assert refunded["moved"]["restored_minor"] == 250
    assert sized["facts"] == {"family": "jasmine", "size": "16 oz"}
    assert {line["kind"] for line in history["lines"]} >= {"granted", "captured", "given_back"}


async def test_a_problem_looks_as_it_is_shown(database_url: str) -> None:
    async with shopping(database_url) as shop:
        await shop.member()
        body = {"member": "+12125550100", "lines": [{"sku": "LATTE", "quantity": 0}]}
        refused = await shop("POST", "/api/checkout/quote", body)
    assert refused.told == json.loads(block("json", "urn:regulars"))


def verify() -> Any:  # noqa: ANN401  # a function of the page
    """The example of the page."""
    made: dict[str, Any] = {}
    exec(block("python"), made)  # noqa: S102  # it is ours
    return made["is_from_regulars"]


def test_the_example_believes_what_we_sign_and_nothing_else() -> None:
    is_from_regulars, body = verify(), b'{"order": "1001"}'
    header = signed(["secret"], NOW, body)
    assert is_from_regulars(header, body, ["secret"], NOW + 299)
    assert is_from_regulars(signed(["new", "secret"], NOW, body), body, ["secret"], NOW)
    assert is_from_regulars(signed(["new"], NOW, body), body, ["new", "secret"], NOW)
    assert not is_from_regulars(header, body + b" ", ["secret"], NOW)
    assert not is_from_regulars(header, body, ["other"], NOW)
    assert not is_from_regulars(header, body, ["secret"], NOW + 301)
    assert not is_from_regulars(header.replace("t=1", "t=2"), body, ["secret"], NOW)
    for odd in ("", "t=,v1=", "v1=abc", "t=x,v1=abc", f"t={NOW}", ",,="):
        assert not is_from_regulars(odd, body, ["secret"], NOW)


def test_the_scopes_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `([a-z:]+)` \| ", PAGE.split("| scope |")[1].split("\n\n")[0], re.MULTILINE)
    assert rows == list(Scope)


def test_what_a_409_is_called_is_what_the_code_calls_it() -> None:
    told = set(re.findall(r"`([a-z-]+)`(?=[,` |])", PAGE.split("What a 409 is called:")[1].split("\n\n")[1]))
    web = Path(__file__).resolve().parents[2] / "bot" / "web" / "api"
    texts = [file.read_text(encoding="utf-8") for file in web.glob("*.py")]
    raised = {
        kind
        for text in texts
        for kind in re.findall(r'(?:ApiProblem|one_field)\(\s*409,\s*"([a-z-]+)"', text)
    }
    operations = {code.replace("_", "-") for code in SAID}
    assert told - {"detail", "remedy"} == raised | operations | {"refused"}


async def test_a_hold_for_anothers_order_is_called_so(database_url: str) -> None:
    async with shopping(database_url) as shop:
        await shop.member()
        await shop.member("+12125550101")
        body = {"order": "1001", "lines": [{"sku": "LATTE", "quantity": 1}]}
        first = await shop("POST", "/api/checkout/holds", {"member": "+12125550100", **body})
        other = await shop("POST", "/api/checkout/holds", {"member": "+12125550101", **body})
    assert (first.status, other.status, other.kind) == (200, 409, "another-members")


def test_the_kinds_of_calls_are_those_that_are_made() -> None:
    project = Path(__file__).resolve().parents[2]
    files = [file for folder in ("bot", "handlers") for file in (project / folder).rglob("*.py")]
    made = {
        kind
        for file in files
        for kind in re.findall(r'turn\.call\(\s*f"[^"]*",\s*"([a-z_.]+)"', file.read_text(encoding="utf-8"))
    }
    page = (project / "docs" / "operations.md").read_text(encoding="utf-8")
    told = page.split("## The shop's webhook\n")[1].split("\n\n")[0]
    assert made == set(re.findall(r"`([a-z_]+\.[a-z_]+)`", told))


def test_the_figures_are_those_of_the_code() -> None:
    assert f"send at most {BODY_MAX} bytes" in PAGE
    assert f"ask {load_settings({}).api_requests_per_minute} times a minute" in PAGE
