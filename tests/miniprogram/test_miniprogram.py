"""The mini program, compiled by Tencent's own compiler and driven page by page against the running shop."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from tests.conversation.chat import FLOWS
from tests.miniprogram.pictures import draw
from tests.miniprogram.telephone import demo_shop, ringing
from tests.pay.paying import PayShop
from tests.toolbox import Toolbox
from tests.wechat.wechat_chat import MINI_APPID

HERE = Path(__file__).parent
ROOT = HERE.parents[1] / "miniprogram"
STORIES = ("order", "wallet", "delight", "pay", "trust", "troubles")
"""In the order in which they are played: some let days go by, and much is due then."""
RULES = sorted(path.name for path in (HERE / "rules").glob("*.test.js"))
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop with five hundred members, and a telephone to reach it by."""

    shop: PayShop
    telephone: str
    pictures: Path

    @property
    def environment(self) -> dict[str, str]:
        """What phone.js must know."""
        return {
            "REGULARS_URL": self.shop.chat.sms.url,
            "REGULARS_TELEPHONE": self.telephone,
            "REGULARS_APPID": MINI_APPID,
            "REGULARS_NOW": self.shop.clock.now.isoformat(),
            "REGULARS_MINIPROGRAM": str(ROOT),
            "REGULARS_PICTURES": str(self.pictures),
        }


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, output_folder: Path) -> AsyncIterator[Shop]:
    pictures = output_folder / "miniprogram"
    pictures.mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("miniprogram")
    async with (
        demo_shop(folder) as running,
        ringing(running) as telephone,
    ):
        yield Shop(running, telephone, pictures)


@pytest.mark.parametrize("story", STORIES)
async def test_story(shop: Shop, toolbox: Toolbox, browser: Browser, story: str) -> None:
    for before in shop.pictures.glob(f"{story}-*"):  # and no other story's: another worker may draw them
        before.unlink()
    ended = await toolbox.run(
        "--test-force-exit", HERE / "stories" / f"{story}.test.js", environment=shop.environment
    )
    assert ended.status == 0, ended.output
    too_wide = await draw(browser, told(shop.pictures, story), ROOT / "icons")
    assert too_wide == {}, "on a telephone of 375 px"


def told(pictures: Path, story: str) -> list[Path]:
    """Return what phone.js wrote down of a story's pages."""
    return sorted(pictures.glob(f"{story}-*.json"))


def test_every_story_is_played() -> None:
    assert {f"{name}.test.js" for name in STORIES} == {path.name for path in (HERE / "stories").iterdir()}


@pytest.mark.parametrize("rule", RULES)
async def test_rule(toolbox: Toolbox, rule: str) -> None:
    ended = await toolbox.run(HERE / "rules" / rule, environment={"REGULARS_MINIPROGRAM": str(ROOT)})
    assert ended.status == 0, ended.output


async def test_types_are_right(toolbox: Toolbox) -> None:
    settings = {
        "compilerOptions": {
            "allowJs": True,
            "checkJs": True,
            "noEmit": True,
            "target": "es2018",
            "lib": ["es2018"],
            "module": "commonjs",
            "moduleResolution": "bundler",
            "ignoreDeprecations": "6.0",
            "strict": False,
            "strictNullChecks": True,
            "types": ["miniprogram-api-typings"],
            "typeRoots": [str(toolbox.modules)],
            "skipLibCheck": True,
        },
        "include": [f"{ROOT}/**/*.js"],
    }
    project = toolbox.modules.parent / "tsconfig.json"
    project.write_text(json.dumps(settings))
    ended = await toolbox.run(toolbox.modules / "typescript" / "bin" / "tsc", "-p", project)
    assert ended.status == 0, ended.output


async def test_only_routes_are_called_that_there_are(shop: Shop, toolbox: Toolbox) -> None:
    ended = await toolbox.run("-p", f"JSON.stringify(require('{ROOT}/shared/client.js').ROUTES)")
    called = {(method.lower(), path) for method, path, _ in json.loads(ended.output).values()}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{shop.shop.chat.sms.url}/openapi.json") as answer,
    ):
        paths = (await answer.json())["paths"]
    there = {(method, path) for path, methods in paths.items() for method in methods}
    assert called - there == set()
    assert {route for route in there if route[1].startswith("/mp/")} - called == set(), (
        "nothing is left unused"
    )


def test_it_is_small_and_whole() -> None:
    files = [path for path in ROOT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MEGABYTE
    app = json.loads((ROOT / "app.json").read_text("utf-8"))
    for page in app["pages"]:
        assert all((ROOT / f"{page}.{kind}").is_file() for kind in ("js", "json", "wxml", "wxss")), page
    for tab in app["tabBar"]["list"]:
        assert tab["pagePath"] in app["pages"]
        assert (ROOT / tab["iconPath"]).is_file()
        assert (ROOT / tab["selectedIconPath"]).is_file()
    project = json.loads((ROOT / "project.config.json").read_text("utf-8"))
    assert project["appid"] == "touristappid", "nobody's real appid"


def test_messages_open_pages_that_there_are() -> None:
    pages = set(json.loads((ROOT / "app.json").read_text("utf-8"))["pages"])
    named = re.findall(r"pages/\w+", (FLOWS / "wechat.yaml").read_text("utf-8"))
    assert named
    assert set(named) <= pages


def test_no_registry_is_named() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text("utf-8"))
    assert not [name for name, one in lock["packages"].items() if "resolved" in one]
