"""Seasons among the files that are published: pushed, in force, fetched, withdrawn, and never in the way."""

from dataclasses import replace

from bot.cli.database import opened
from bot.config import Settings
from bot.conversation.publication import Pinned, Publication, ShopSettings, build
from bot.core.gate import Policy
from bot.storage import revisions
from tests.cli.conftest import Terminal, run

SEASON = """\
season: autumn
from: 2026-11-01
until: 2026-11-30
earning:
  rules:
    - {id: autumn_tea, category: tea, multiplier: 2}
"""


async def in_force(settings: Settings) -> Publication:
    """What a process would load now."""
    async with opened(settings) as database:
        published = await database.query(revisions.published)
    shop = ShopSettings("UTC", {}, Policy())
    return build(published, {}, shop, generation="test", pinned=Pinned())


def rules(publication: Publication) -> dict[str, str]:
    return {rule.id: rule.policy for rule in publication.shop.program.earning.rules}


async def test_a_season_is_one_added_file(shop: Terminal, settings: Settings) -> None:
    file = shop.write("flows/seasons/autumn.yaml", SEASON)
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert pushed.code == 0, pushed.err
    assert "published seasons/autumn: revision 1, new\n" in pushed.out
    assert rules(await in_force(settings))["autumn_tea"] == "seasons/autumn@1"
    file.write_text(SEASON.replace("multiplier: 2", "multiplier: 3"), encoding="utf-8")
    again = await run(shop, "flows", "push", "--skip-tests", "--yes")
    assert "published seasons/autumn: revision 2, revision 1 before\n" in again.out
    assert rules(await in_force(settings))["autumn_tea"] == "seasons/autumn@2"
    file.unlink()
    fetched = await run(shop, "flows", "pull")
    assert fetched.code == 0, fetched.err
    assert "multiplier: 3" in file.read_text(encoding="utf-8")
    file.unlink()
    gone = await run(shop, "flows", "push", "--skip-tests", "--yes")
    assert "withdrawn seasons/autumn" in gone.out
    assert "autumn_tea" not in rules(await in_force(settings))


async def test_a_wrong_season_is_not_published(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/seasons/autumn.yaml", SEASON.replace("multiplier: 2", "multiplier: 20"))
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert pushed.code != 0
    assert "flows/seasons/autumn.yaml:6:" in pushed.out
    assert "'20' is no multiplier: it is more than 1 and at most 10 (write 2 for twice)" in pushed.out


async def test_a_published_season_that_no_longer_joins_stops_nothing(
    shop: Terminal, settings: Settings
) -> None:
    shop.write("flows/seasons/autumn.yaml", SEASON)
    await run(shop, "flows", "push", "--skip-tests")
    async with opened(settings) as database:
        published = await database.query(revisions.published)
    wrong = [one if one.flow != "seasons/autumn" else _renamed(one) for one in published]
    found = build(wrong, {}, ShopSettings("UTC", {}, Policy()), generation="test", pinned=Pinned())
    assert found.broken is None
    assert "autumn_tea" not in rules(found)
    assert found.shop.program.earning.rate


def _renamed(one: revisions.Revision) -> revisions.Revision:
    return replace(one, source=one.source.replace("autumn_tea", "base"), checksum="another")
