"""@segment/analytics-node against a real server."""

import json
from pathlib import Path

from bot.core.sources import SourceKind
from tests.clients.conftest import Server
from tests.clients.losing import losing_line
from tests.toolbox import Toolbox

SCRIPT = Path(__file__).parent / "scripts" / "segment_node.js"


async def failures_of(toolbox: Toolbox, url: str, key: str, user: str) -> list[str]:
    """Run the script; returns what the client could not send."""
    environment = {"REGULARS_URL": url, "REGULARS_KEY": key, "REGULARS_USER": user}
    ended = await toolbox.run(SCRIPT, environment=environment)
    assert ended.status == 0, ended.output
    failures: list[str] = json.loads(ended.output.splitlines()[-1])
    return failures


async def test_every_call_of_its_arrives(server: Server, toolbox: Toolbox) -> None:
    key = await server.source("node", SourceKind.SERVER)
    assert await failures_of(toolbox, server.url, key, "node-user") == []
    contact = await server.contact("external", "node-user")
    assert await server.contact("anonymous", "visitor-node-user") == contact
    told = {one.name: one for one in await server.events(contact)}
    assert told["Tea Smelled"].properties["sku"] == "TEA"
    assert told["Tea Brewed"].properties["minutes"] == 3.5
    assert told["Page Viewed"].properties["category"] == "Shop"
    assert told["Screen Viewed"].properties["name"] == "Wallet"
    assert told["Group Joined"].properties["employees"] == 420
    assert told["Title Cut"].properties["title"] == "☕\N{REPLACEMENT CHARACTER}"
    assert (await server.traits(contact))["plan"] == "pro"


async def test_lost_answers_are_sent_again_and_counted_once(server: Server, toolbox: Toolbox) -> None:
    key = await server.source("losing node", SourceKind.SERVER)
    async with losing_line(server.url) as line:
        line.losses = 2
        assert await failures_of(toolbox, line.url, key, "losing-node") == []
        assert line.losses == 0
        assert line.heard >= 4
    told = [one.name for one in await server.events(await server.contact("external", "losing-node"))]
    assert told.count("Tea Brewed") == 1
    assert told.count("Title Cut") == 1


async def test_a_wrong_key_tells_nothing_and_gets_nothing(server: Server, toolbox: Toolbox) -> None:
    assert await failures_of(toolbox, server.url, "nobodys-write-key", "nobody") == []
    found = await server.rows("SELECT contact FROM directory WHERE value = 'nobody'")
    assert found == []
