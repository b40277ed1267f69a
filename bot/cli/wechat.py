"""`wechat`: the menu of an official account, and QR codes that lead into it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.channels.wechat.account import WechatAccount
from bot.cli.endings import end
from bot.cli.settings import read_settings
from bot.config import Settings

if TYPE_CHECKING:  # they take a third of a second to import
    from bot.channels.wechat.client import WechatClient
    from bot.core.flow.wechat_forms import WechatForms

_SCENE_MAX = 64
_DAYS_MAX = 30

wechat = typer.Typer(help="Official accounts on WeChat.", no_args_is_help=True)
menu = typer.Typer(help="The menu of an official account.", no_args_is_help=True)
wechat.add_typer(menu, name="menu")

_Account = Annotated[
    str, typer.Option("--account", help="its name in the settings; the only one, if not given")
]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(wechat, name="wechat")


@wechat.callback()
def wechat_() -> None:
    """Official accounts on WeChat."""


@menu.command()
def push(*, account: _Account = "") -> None:
    """Show the menu of the published wechat.yaml to an account's followers."""
    asyncio.run(_push(account))


@menu.command()
def show(
    *, account: _Account = "", as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False
) -> None:
    """Print the menu that an account has now."""
    asyncio.run(_show(account, as_json=as_json))


@wechat.command()
def qr(
    scene: Annotated[str, typer.Argument(help="what the code says: flows start on it by `scan`")],
    *,
    account: _Account = "",
    days: Annotated[
        int | None,
        typer.Option(min=1, max=_DAYS_MAX, help="how long it leads there; for good, if not given"),
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="write it there as a picture")] = None,
) -> None:
    """Make a QR code that leads into an official account; who scans it starts what waits for that scene.

    An account may have 100,000 codes that are for good, and they cannot be taken back.
    """
    if not scene.strip() or len(scene) > _SCENE_MAX:
        end(f"a scene has 1 to {_SCENE_MAX} characters")
    asyncio.run(_qr(scene, account, days, svg))


async def _push(name: str) -> None:
    from bot.channels.wechat.menu import lines_of, menu_of

    settings = read_settings(quiet=True)
    account = official(settings, name)
    buttons = (await _published(settings)).menu(account.name)
    if not buttons:
        end("the published wechat.yaml has no `menu:`; `regulars flows push` publishes the folder's")
    wanted = menu_of(buttons, minis_of(settings))
    async with asking(settings, account) as client:
        await client.create_menu(wanted)
    typer.echo("\n".join(lines_of(wanted)))
    typer.echo(f"{account.name} has it; followers see it within five minutes, or when they follow again.")


async def _show(name: str, *, as_json: bool) -> None:
    from bot.channels.wechat.menu import lines_of

    settings = read_settings(quiet=True)
    async with asking(settings, official(settings, name)) as client:
        shown = await client.menu()
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join(lines_of(shown)) or "It has no menu.")


async def _qr(scene: str, name: str, days: int | None, svg: Path | None) -> None:
    settings = read_settings(quiet=True)
    lasts = None if days is None else int(timedelta(days=days).total_seconds())
    async with asking(settings, official(settings, name)) as client:
        code = await client.create_qr(scene, lasts)
    if svg is not None:
        import segno

        segno.make(code.link, error="m").save(str(svg), kind="svg", scale=8, border=4)
    typer.echo(f"scene    {code.scene}")
    typer.echo(f"says     {code.link}")
    typer.echo(f"picture  {svg or code.picture}")
    typer.echo(f"lasts    {'for good' if days is None else f'{days} days'}")


def official(settings: Settings, name: str) -> WechatAccount:
    """Return the official account of that name, or the only one; ends the command where there is none."""
    found = [one for one in settings.wechat if one.is_official]
    if name:
        found = [one for one in found if one.name == name.lower()]
    if len(found) != 1:
        names = ", ".join(one.name for one in settings.wechat if one.is_official)
        none = "no official account is set up: set REGULARS_WECHAT_<NAME>_APPID and the others of it"
        end(f"say which with --account: {names}" if names else none)
    return found[0]


def minis_of(settings: Settings) -> Mapping[str, str]:
    """Return the appids of the mini programs by their names."""
    return {one.name: one.appid for one in settings.wechat if not one.is_official}


@asynccontextmanager
async def asking(settings: Settings, account: WechatAccount) -> "AsyncIterator[WechatClient]":
    """The API as that account may use it."""
    from bot.channels.wechat.client import WechatClient
    from bot.channels.wechat.transport import Transport

    transport = Transport(settings.wechat_base_url)
    try:
        yield WechatClient(account, transport)
    finally:
        await transport.close()


async def _published(settings: Settings) -> "WechatForms":
    from bot import app
    from bot.cli.database import opened

    async with opened(settings) as database:
        return (await app.decisions(settings, database)).shop.wechat
