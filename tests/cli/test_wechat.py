"""`wechat` and what `doctor` says of WeChat, against a loopback WeChat and our own server."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.app import running, serving
from bot.config import PROJECT, load_settings
from bot.demo.wechat.account import Account, Template
from bot.demo.wechat.loopback import LoopbackWechat
from tests.cli.conftest import Ran, Terminal, run
from tests.ports import free_port

SECRET = "5ec7e7" + "0" * 26
ARRIVED = Template("T-arrived", "积分到账", {"thing1": "说明", "amount2": "金额"})
MENU = """\
menu:
  - {name: 我的积分, keyword: 余额}
  - name: 更多
    buttons:
      - {name: 官网, url: "https://shop.example/"}
      - {name: 钱包, page: pages/wallet/wallet, url: "https://shop.example/wallet"}
"""
WECHAT_FILE = f"""\
language: zh
{MENU}
templates:
  arrived:
    id: T-arrived
    fields: {{thing1: 积分, amount2: ¥1.00}}
"""


class Shop:
    """An installation with an official account and a mini program."""

    def __init__(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        self.terminal, self.monkeypatch = terminal, monkeypatch
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.environment = {
            "DATABASE_URL": url,
            "REGULARS_FLOWS": str(terminal.folder / "flows"),
            "REGULARS_PORT": str(port),
            "REGULARS_SECRET": "a-secret-of-the-tests",
            "REGULARS_ZONE": "Asia/Shanghai",
        }
        terminal.write("flows/wechat.yaml", WECHAT_FILE)
        push_url = f"{self.base}/wechat/"
        self.official = Account(
            name="shop", appid="wxshop", kind="official", push_url=f"{push_url}shop", secret=SECRET
        )
        self.mini = Account(
            name="mini",
            appid="wxmini",
            kind="mini",
            push_url=f"{push_url}mini",
            format="json",
            templates=(ARRIVED,),
        )

    @asynccontextmanager
    async def wechat(self) -> AsyncIterator[LoopbackWechat]:
        async with LoopbackWechat([self.official, self.mini]) as loopback:
            self.environment |= loopback.settings()
            yield loopback

    @asynccontextmanager
    async def server(self, **changes: str) -> AsyncIterator[None]:
        """Run the web server."""
        settings = load_settings(self.environment | changes)
        async with running(settings, role="web") as app, serving(app):
            yield

    async def __call__(self, *arguments: str, **changes: str) -> Ran:
        for name, value in (self.environment | changes).items():
            self.monkeypatch.setenv(name, value)
        ran = await run(self.terminal, *arguments)
        assert SECRET not in ran.out + ran.err
        return ran

    async def said(self, **changes: str) -> Mapping[str, list[str]]:
        """What `doctor` says of each thing."""
        ran = await self("doctor", **changes)
        found: dict[str, list[str]] = {}
        for line in ran.out.splitlines():
            found.setdefault(line[5:15].strip(), []).append(f"{line[:4].strip()} {line[16:]}")
        return found


@pytest.fixture
def here(shop: Terminal, shop_database: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(shop, monkeypatch, shop_database)


async def test_the_menu_is_pushed_and_shown(here: Shop) -> None:
    shipped = (PROJECT / "flows" / "wechat.yaml").read_text(encoding="utf-8")
    before, _, rest = shipped.partition("menu:")
    here.terminal.write("flows/wechat.yaml", f"{before}{MENU}{rest[rest.index('templates:') :]}")
    async with here.wechat() as loopback:
        assert (await here("wechat", "menu", "show")).out == "It has no menu.\n"
        assert (await here("migrate")).code == 0
        nothing = await here("wechat", "menu", "push")
        assert nothing.code
        assert "flows push" in nothing.err
        pushed = await here("flows", "push", "--skip-tests")  # of flows that start on the shipped menu
        assert pushed.code == 0, pushed.err
        ran = await here("wechat", "menu", "push")
        assert ran.code == 0, ran.err
        assert loopback.platform.menus["shop"] == {
            "button": [
                {"type": "click", "name": "我的积分", "key": "余额"},
                {
                    "name": "更多",
                    "sub_button": [
                        {"type": "view", "name": "官网", "url": "https://shop.example/"},
                        {
                            "type": "miniprogram",
                            "name": "钱包",
                            "appid": "wxmini",
                            "pagepath": "pages/wallet/wallet",
                            "url": "https://shop.example/wallet",
                        },
                    ],
                },
            ]
        }
        shown = await here("wechat", "menu", "show")
        assert shown.out.splitlines()[0] == "我的积分  click 余额"
        assert json.loads((await here("wechat", "menu", "show", "--json")).out)["menu"]["button"]


async def test_a_qr_code(here: Shop) -> None:
    async with here.wechat() as loopback:
        ran = await here("wechat", "qr", "counter 1", "--svg", str(here.terminal.folder / "code.svg"))
        assert ran.code == 0, ran.err
        assert "lasts    for good" in ran.out
        assert "<svg" in (here.terminal.folder / "code.svg").read_text()
        ran = await here("wechat", "qr", "till", "--days", "7")
        assert "showqrcode?ticket=" in ran.out
        assert "lasts    7 days" in ran.out
        assert [code.scene for code in loopback.platform.codes.values()] == ["counter 1", "till"]
        assert (await here("wechat", "qr", "x" * 65)).code == 1


async def test_whose_menu_must_be_clear(here: Shop) -> None:
    assert "no official account is set up" in (await here("wechat", "menu", "show")).err
    here.environment["REGULARS_WECHAT_BASE_URL"] = "http://127.0.0.1:9"
    here.environment |= here.official.settings() | replace(here.official, name="two", appid="wx2").settings()
    ran = await here("wechat", "menu", "show")
    assert (ran.code, ran.err) == (1, "say which with --account: shop, two\n")


async def test_a_wrong_secret_ends_in_a_line(here: Shop) -> None:
    async with here.wechat():
        ran = await here("wechat", "menu", "show", REGULARS_WECHAT_SHOP_SECRET="f" * 32)
        assert (ran.code, ran.err) == (2, "WeChat 40125: the secret is wrong\n")


async def test_without_accounts_nothing_is_looked_at(here: Shop) -> None:
    assert (await here.said())["WeChat"][0].startswith("SKIP not set up")


async def test_where_all_is_well(here: Shop) -> None:
    async with here.wechat(), here.server():
        await here("flows", "push")
        await here("wechat", "menu", "push")
        said = await here.said()
        assert said["WeChat"] == [
            "OK mini: the mini program takes our appid and secret",
            "OK shop: the official account takes our appid and secret",
        ]
        assert "OK WeChat's agrees with ours" in said["clock"]
        assert said["templates"] == ["OK mini: arrived has the fields of the account's own"]
        assert said["menu"] == ["OK shop: followers see the menu of wechat.yaml"]
        assert said["callback"] == [
            f"OK {here.base}/wechat/{name} takes what is encrypted and signed, and nothing else"
            for name in ("mini", "shop")
        ]


async def test_credentials_that_are_refused(here: Shop) -> None:
    async with here.wechat() as loopback:
        said = await here.said(REGULARS_WECHAT_SHOP_SECRET="f" * 32)
        assert said["WeChat"][1].startswith("FAIL shop: WeChat 40125: the secret is wrong: look at")
        loopback.platform.accounts["shop"].addresses = frozenset({"203.0.113.9"})
        said = await here.said()
        assert "add 127.0.0.1: look at REGULARS_WECHAT_SHOP_APPID" in said["WeChat"][1]
    said = await here.said()
    assert "cannot be reached" in said["WeChat"][0]


async def test_templates_and_menus_that_differ(here: Shop) -> None:
    here.mini.templates = (replace(ARRIVED, fields={"thing1": "说明", "date3": "时间"}),)
    async with here.wechat(), here.server():
        await here("flows", "push")
        said = await here.said()
        assert said["templates"][0].startswith("FAIL mini: arrived: date3 missing; amount2 not in it")
        assert said["menu"][0].startswith("WARN shop: followers see another menu")
        here.mini.templates = ()
        said = await here.said()
        assert said["templates"][0].startswith("FAIL mini: arrived has an ID that the account does not know")


async def test_a_callback_that_is_not_as_it_must_be(here: Shop) -> None:
    async with here.wechat():
        said = await here.said()
        assert said["callback"][0].startswith(f"SKIP {here.base}/wechat/mini does not answer")
        async with here.server(REGULARS_WECHAT_SHOP_TOKEN="another", REGULARS_WECHAT_MINI_MODE="plain"):
            mini, official = (await here.said())["callback"]
        assert mini.startswith(f"FAIL {here.base}/wechat/mini takes plain text")
        assert official.startswith(f"FAIL {here.base}/wechat/shop refuses what WeChat signs")
        async with here.server(REGULARS_WECHAT_SHOP_AES_KEY="x" * 42 + "A"):
            _, official = (await here.said())["callback"]
        assert official.startswith(f"FAIL {here.base}/wechat/shop refuses an encrypted push")
        said = await here.said(REGULARS_WECHAT_MINI_MODE="plain")
        assert said["WeChat"][0].startswith("WARN mini: pushes come in plain mode")
