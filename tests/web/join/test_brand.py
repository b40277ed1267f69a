"""The brand on our pages in a real browser: name, logo, and colours that can be read by day and by night."""

import base64
import os
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from bot.core.email.links import LetterLinks, Reader
from bot.core.email.page_colors import contrast
from tests.conversation.chat import chatting, shipped
from tests.databases import SqliteDatabases
from tests.ports import free_port

LOGO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
BRAND = """\
name: Zum Gelben Haus
logo: http://127.0.0.1:{port}/logo.png
colors: {{accent: "#ffd400", on_accent: "#ffffff", background: "#fff8e1", soft: "#c9b458"}}
"""
_SHOTS = os.environ.get("REGULARS_TEST_SHOTS")
_COLORS = """() => {
  const style = getComputedStyle(document.querySelector('.page') || document.documentElement);
  const names = ['accent', 'on-accent', 'card', 'ground', 'soft', 'ink'];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}"""
_BUTTON = "() => getComputedStyle(document.querySelector('form button')).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_look_like_the_brand(
    browser: Browser, sqlite_databases: SqliteDatabases, tmp_path: Path, scheme: str
) -> None:
    port = free_port()
    brand = BRAND.format(port=port)
    flows = shipped(tmp_path, "program", "keywords", "loyalty", "policy", brand=brand)
    runner = web.AppRunner(await _logos())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with chatting(await sqlite_databases.create(), flows=flows) as chat:
            context = await browser.new_context(
                viewport={"width": 360, "height": 640},
                color_scheme=scheme,  # type: ignore[arg-type]  # one of two words
            )
            page = await context.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            await chat("LOYALTY")
            links = LetterLinks("", chat.app.decisions.shop.secrets)
            letter = links.preferences(Reader(await chat.contact_id(), "0" * 32))
            for name, path in (("join", "/join/loyalty"), ("h5", "/w/"), ("letter", letter)):
                await page.goto(f"{chat.url}{path}", wait_until="networkidle")
                if _SHOTS:
                    await page.screenshot(path=str(Path(_SHOTS) / f"brand-{name}-{scheme}.png"))
                await _is_the_brands(page)
                if name == "join":
                    assert await page.evaluate(_BUTTON) != "rgb(11, 107, 79)", "our own green"
            assert not [line for line in said if "Content Security Policy" in line]
            await context.close()
    finally:
        await runner.cleanup()


async def _is_the_brands(page: Page) -> None:
    assert "Zum Gelben Haus" in await page.title()
    logo = page.locator("img.logo")
    assert await logo.evaluate("(image) => image.naturalWidth") == 1, "the policy of the page lets it in"
    look: dict[str, str] = await page.evaluate(_COLORS)
    assert look["accent"] not in {"#0b6b4f", "#5cc79d"}, "our own green"
    for text, behind in (
        ("accent", "card"),
        ("accent", "ground"),
        ("on-accent", "accent"),
        ("soft", "card"),
        ("ink", "ground"),
    ):
        assert contrast(look[text], look[behind]) >= 4.5, (text, behind)


async def _logos() -> web.Application:
    async def logo(_: web.Request) -> web.Response:
        return web.Response(body=LOGO, content_type="image/png")

    app = web.Application()
    app.router.add_get("/logo.png", logo)
    return app
