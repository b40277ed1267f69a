"""`flows pause`, `resume`, `drain`: said what they mean, and written down with their reason."""

from bot.app import open_database
from bot.config import Settings
from bot.storage import audit, halts
from tests.cli.conftest import Terminal, run
from tests.cli.test_publishing import push


async def test_a_flow_is_paused_drained_and_resumed(shop: Terminal, settings: Settings) -> None:
    await push(shop)
    unknown = await run(shop, "flows", "pause", "nothing", "--reason", "?")
    assert unknown.code == 2
    assert "nothing: no such flow is published" in unknown.err
    paused = await run(shop, "flows", "pause", "hello", "--reason", "the price is wrong")
    assert paused.err == "hello: paused. Nobody enters; 0 runs inside stand still.\n"
    again = await run(shop, "flows", "pause", "hello", "--reason", "and the link")
    assert (again.code, again.err) == (1, "hello is paused already. Your reason is written down.\n")
    without = await run(shop, "flows", "drain", "hello")
    assert (without.code, "say why, with --reason" in without.err) == (2, True)
    drained = await run(shop, "flows", "drain", "hello", "--reason", "let them finish")
    assert drained.err == "hello: draining. Nobody enters; 0 runs inside go on to the end.\n"
    resumed = await run(shop, "flows", "resume", "hello")
    assert resumed.err == "hello: resumed. 0 runs inside.\n"
    database = await open_database(settings)
    try:
        deeds = await database.query(lambda c: audit.listed(c, 10, action="flow.pause"))
        assert [(deed.subject, deed.note) for deed in deeds] == [
            ("flow hello: so already", "and the link"),
            ("flow hello: 0 runs inside", "the price is wrong"),
        ]
        assert await database.query(halts.halted) == {}
    finally:
        await database.close()
    other = await run(shop, "audit", "--action", "paused")
    assert other.err == "Nothing of the kind was done. There are: flow.drain, flow.pause, flow.resume.\n"
