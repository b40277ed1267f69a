"""What pages of the mini program look like: rendered DOM from phone.js, drawn in Chromium as WeChat would."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

WIDTH: Final = 750
"""A 375 px telephone at two device pixels each: miniprogram-simulate writes an rpx as a px."""
HEIGHT: Final = 1334

# What WeChat itself draws: its elements, the bar above and the tabs below.
_WECHAT: Final = """
* { box-sizing: content-box }
body { margin: 0; min-height: 100vh; background: #f4f2ed;
  font: 30px/1.5 "Noto Sans CJK SC", "PingFang SC", sans-serif }
wx-view, main, shop-state, shop-join, shop-notify, wx-picker { display: block }
wx-scroll-view { display: block; overflow-x: auto }
privacy-sheet { display: contents }
wx-image { display: inline-block; overflow: hidden } wx-image img { width: 100%; height: 100% }
wx-button { display: block; margin-left: auto; margin-right: auto; position: relative; overflow: hidden }
wx-button[data-disabled=true] { opacity: .5 }
wx-input { display: block; line-height: 82px; overflow: hidden; white-space: nowrap }
wx-input[data-empty=true] { color: #8a938d }
wx-switch { display: inline-block; width: 104px; height: 64px; flex: none; border-radius: 32px;
  position: relative; background: #dfdfdf }
wx-switch::after { content: ""; position: absolute; top: 4px; left: 4px; width: 56px; height: 56px;
  border-radius: 50%; background: #fff }
wx-switch[data-on=true] { background: #2c6a4b } wx-switch[data-on=true]::after { left: 44px }
nav { position: sticky; top: 0; z-index: 9; height: 128px; padding-top: 40px; box-sizing: border-box;
  line-height: 88px; text-align: center; font-size: 34px; font-weight: 600; background: #f4f2ed }
footer { position: sticky; bottom: 0; display: flex; height: 110px; background: #fff }
footer span { flex: 1; padding-top: 62px; text-align: center; font-size: 22px; line-height: 1.4;
  color: #5e6862; background: no-repeat center 12px / 50px }
footer .on { color: #2c6a4b }
"""
_TABS: Final = ("wallet", "today", "rewards", "me")


def document(told: dict[str, object], icons: Path) -> str:
    """Return the whole page as HTML: the bar with its title, the page, the tabs where it has some."""
    tabs = told["tabs"]
    assert isinstance(tabs, list)
    drawn = "".join(
        _tab(name, str(text), name == told["tab"], icons) for name, text in zip(_TABS, tabs, strict=False)
    )
    footer = f"<footer>{drawn}</footer>" if drawn else ""
    return (
        f"<!doctype html><meta charset=utf-8>{told['styles']}<style>{_WECHAT}</style>"
        f"<nav>{told['title']}</nav>{told['body']}{footer}"
    )


def _tab(name: str, text: str, chosen: bool, icons: Path) -> str:  # noqa: FBT001  # a tab is chosen or not
    icon = (icons / f"{name}{'-on' if chosen else ''}.png").as_uri()
    return f"<span class='{'on' if chosen else ''}' style='background-image:url({icon})'>{text}</span>"


def _written(source: Path, icons: Path) -> Path:
    html = source.with_suffix(".html")
    html.write_text(document(json.loads(source.read_text("utf-8")), icons), "utf-8")
    return html


async def draw(browser: Browser, sources: Sequence[Path], icons: Path) -> dict[str, int]:
    """Draw pages that phone.js wrote down, beside them; return which are too wide, and by how many pixels."""
    page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    wide: dict[str, int] = {}
    for source in sources:
        await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        await page.goto(_written(source, icons).as_uri())
        across, height = await page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        if across > WIDTH:
            wide[source.stem] = across - WIDTH
        # As tall as it is, so that what sticks to the foot of the screen stands at the foot of the picture.
        await page.set_viewport_size({"width": WIDTH, "height": height})
        await page.screenshot(path=source.with_suffix(".png"))
    await page.close()
    return wide
