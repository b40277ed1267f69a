"""The join page in a real browser: a telephone, a keyboard, a screen reader's view, and others' pages."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from tests.conversation.chat import Chat, chatting
from tests.databases import SqliteDatabases
from tests.ports import free_port

_numbers = count(100)
SMALL = {"width": 360, "height": 640}
_SHOTS = os.environ.get("REGULARS_TEST_SHOTS")


@pytest.fixture(scope="module")
async def shop(sqlite_databases: SqliteDatabases) -> AsyncIterator[Chat]:
    """The shipped application, for all of them."""
    async with chatting(await sqlite_databases.create()) as chat:
        yield chat


@pytest.fixture
def chat(shop: Chat) -> Chat:
    """The shop an hour later, and a telephone of its own: what was tried before slows nobody."""
    shop.clock.now += timedelta(hours=1)
    shop.number = f"+1212555{next(_numbers):04d}"
    return shop


async def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if _SHOTS:
        await page.screenshot(path=str(Path(_SHOTS) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("language", ["en-US", "es-MX", "zh-CN"])
async def test_joining_by_keyboard_alone_without_any_script(
    browser: Browser, chat: Chat, language: str
) -> None:
    context = await browser.new_context(viewport=SMALL, locale=language, java_script_enabled=False)  # type: ignore[arg-type]  # playwright's own dict type
    page = await context.new_page()
    await page.goto(f"{chat.url}/join/loyalty")
    await shot(page, f"join-{language}")
    box = await page.locator("body").bounding_box()
    assert box is not None
    assert box["width"] <= SMALL["width"]
    await page.keyboard.press("Tab")
    await page.keyboard.type("not a number")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await shot(page, f"join-{language}-mistake")
    field = page.get_by_role("textbox").first
    assert await field.get_attribute("aria-invalid") == "true"
    assert await field.input_value() == "not a number"
    await field.fill(chat.number.removeprefix("+1"))
    await field.press("Tab")
    await page.keyboard.press("Space")
    assert await page.get_by_role("checkbox").is_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.get_by_role("textbox").first.wait_for(state="detached")
    await shot(page, f"join-{language}-done")
    assert await chat.later(seconds=5)
    await context.close()


async def test_every_field_has_a_name_and_every_target_is_large_enough(browser: Browser, chat: Chat) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 640}, color_scheme="dark")
    page = await context.new_page()
    await page.goto(f"{chat.url}/join/loyalty")
    await shot(page, "join-dark-320")
    assert await page.get_by_role("textbox", name="Mobile number").count() == 1
    assert await page.get_by_role("checkbox", name="I agree to get").count() == 1
    assert await page.get_by_role("heading", level=1).inner_text() == "Join Corner Leaf"
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for target in ("button", "input[type=tel]", "nav a"):
        box = await page.locator(target).first.bounding_box()
        assert box is not None
        assert box["height"] >= 24 if target == "nav a" else box["height"] >= 44
    await context.close()


async def test_the_form_in_somebody_elses_page(browser: Browser, chat: Chat) -> None:
    async def corner(_: web.Request) -> web.Response:
        tag = f'<script src="{chat.url}/join/loyalty.js" async></script>'
        html = f'<!doctype html><html lang="es"><title>x</title><h1>Mi blog</h1>{tag}'
        return web.Response(text=html, content_type="text/html")

    other = web.Application()
    other.add_routes([web.get("/", corner)])
    runner, port = web.AppRunner(other), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        context = await browser.new_context(viewport=SMALL)  # type: ignore[arg-type]  # as above
        page = await context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"http://localhost:{port}/")
        await page.get_by_role("button", name="Unirme").click()
        await page.get_by_role("alert").wait_for()
        await shot(page, "embed-mistake")
        await page.get_by_role("textbox", name="Número de móvil").fill(chat.number)
        await page.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Unirme").click()
        await page.get_by_text("Mira tu teléfono").wait_for()
        await shot(page, "embed-done")
        assert "¡Listo!" in (await chat.later(seconds=5))[0]
        assert problems == []
        await context.close()
    finally:
        await runner.cleanup()
