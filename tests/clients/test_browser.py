"""@segment/analytics-next in a real Chromium, on a shop's page of another origin than ours."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import ConsoleMessage, Page, Response

from bot.core.sources import SourceKind
from tests.clients.conftest import Server
from tests.ports import free_port
from tests.toolbox import Toolbox

PAGE = """<!doctype html><meta charset=utf-8><title>Teas</title><h1>Teas</h1>
<script src="/segment/index.js"></script>"""


@pytest.fixture(scope="module")
async def site(toolbox: Toolbox) -> AsyncIterator[str]:
    """A shop's site, with Segment's client as npm has it; gives its origin."""
    app = web.Application()
    app.router.add_static("/segment", toolbox.modules / "@segment" / "analytics-next" / "dist" / "umd")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://localhost:{port}"
    await runner.cleanup()


async def loaded(page: Page, site: str, key: str, server: Server, **segment: Any) -> list[str]:  # noqa: ANN401  # options
    """Open the shop's page and load the client, told of us by `cdnURL` alone; gives what the console says."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(f"{message.type}: {message.text}")

    page.on("console", hear)
    await page.goto(f"{site}/teas?utm_source=mail")
    await page.evaluate(
        """async ([writeKey, cdnURL, segment]) => {
            window.analytics = AnalyticsNext.AnalyticsBrowser.load(
                { writeKey, cdnURL }, { integrations: { 'Segment.io': segment } })
            await analytics.ready()
        }""",
        [key, server.url, segment],
    )
    return said


@pytest.mark.parametrize(
    "strategy",
    [{}, {"deliveryStrategy": {"strategy": "batching", "config": {"size": 6, "timeout": 300}}}],
    ids=["each by itself", "batches"],
)
async def test_every_call_of_its_arrives(
    server: Server, page: Page, site: str, strategy: dict[str, Any]
) -> None:
    how = "batches" if strategy else "each"
    key = await server.source(f"site {how}", SourceKind.BROWSER, origins=(site,))
    said = await loaded(page, site, key, server, **strategy)
    anonymous_id = await page.evaluate(
        """async (user) => {
            await analytics.page('Shop', 'Teas')
            await analytics.track('Tea Smelled', { sku: 'TEA', title: '☕😀'.slice(0, 2), how: user })
            await analytics.identify(user, { plan: 'pro' })
            await analytics.group('initech', { employees: 420 })
            await analytics.screen('Wallet')
            await analytics.alias(user, 'before-' + user)
            await analytics.track('Tea Put Back', { how: user })
            return (await analytics.user()).anonymousId()
        }""",
        f"browser-{how}",
    )
    for _ in range(100):
        found = await server.rows(
            "SELECT properties FROM event WHERE name = 'Tea Put Back' AND properties LIKE :how",
            how=f"%{how}%",
        )
        if found:
            break
        await asyncio.sleep(0.1)
    contact = await server.contact("external", f"browser-{how}")
    assert await server.contact("anonymous", anonymous_id) == contact
    told = {one.name: one for one in await server.events(contact)}
    assert told["Page Viewed"].properties["name"] == "Teas"
    assert told["Page Viewed"].properties["search"] == "?utm_source=mail"
    assert told["Tea Smelled"].properties["title"] == "☕\N{REPLACEMENT CHARACTER}"
    assert told["Screen Viewed"].properties["name"] == "Wallet"
    assert told["Group Joined"].properties["group_id"] == "initech"
    assert "Session Started" in told
    assert (await server.traits(contact))["plan"] == "pro"
    assert [line for line in said if line.startswith(("error", "warning"))] == []


async def test_what_is_left_in_the_hand_of_a_closed_page_arrives(
    server: Server, page: Page, site: str
) -> None:
    key = await server.source("closing site", SourceKind.BROWSER)
    batching = {"strategy": "batching", "config": {"size": 50, "timeout": 60_000}}
    await loaded(page, site, key, server, deliveryStrategy=batching)
    await page.evaluate("analytics.track('Page Closed', { left: true })")
    await page.goto("about:blank")
    await server.until_counted("Page Closed", 1)


async def test_it_comes_again_when_it_is_told_to(server: Server, page: Page, site: str) -> None:
    key = await server.source("slow site", SourceKind.BROWSER, quota=1)
    statuses: list[int] = []

    def hear(answer: Response) -> None:
        if answer.url.endswith("/v1/t"):
            statuses.append(answer.status)

    page.on("response", hear)
    await loaded(page, site, key, server)
    await page.evaluate(
        """async () => { for (let n = 0; n < 3; n++) await analytics.track('Sent In A Hurry', { n }) }"""
    )
    await server.until_counted("Sent In A Hurry", 3)
    assert 429 in statuses, "the second came too soon"


async def test_a_page_may_read_when_to_come_again(server: Server, page: Page, site: str) -> None:
    key = await server.source("reading site", SourceKind.BROWSER, quota=1)
    await page.goto(site)
    told = await page.evaluate(
        """async ([url, writeKey]) => {
            const batch = Array(9).fill({ type: 'track', userId: 'reader', event: 'Read' })
            const headers = { Authorization: 'Basic ' + btoa(writeKey + ':'), 'Content-Type': 'text/plain' }
            const body = JSON.stringify({ batch })
            const send = () => fetch(url + '/v1/b', { method: 'POST', headers, body })
            await send()
            const answer = await send()
            return [answer.status, answer.headers.get('Retry-After')]
        }""",
        [server.url, key],
    )
    assert told[0] == 429
    assert 5 <= int(told[1]) <= 9


async def test_a_page_of_another_site_is_refused(server: Server, page: Page, site: str) -> None:
    key = await server.source("another site", SourceKind.BROWSER, origins=("https://shop.example",))
    await page.goto(site)
    told = await page.evaluate(
        """async ([url, writeKey]) => {
            const body = JSON.stringify({ writeKey, userId: 'thief', event: 'Stolen' })
            const answer = await fetch(url + '/v1/t', { method: 'POST', body })
            return [answer.status, (await answer.json()).code]
        }""",
        [server.url, key],
    )
    assert told == [403, "wrong_origin"]


def test_the_client_is_what_npm_has(toolbox: Toolbox) -> None:
    lock = json.loads((Path(__file__).parent / "package-lock.json").read_text("utf-8"))
    package = "node_modules/@segment/analytics-next"
    assert lock["packages"][package]["integrity"]
    assert not [name for name, one in lock["packages"].items() if "resolved" in one], "no registry is named"
    kept = json.loads((toolbox.modules.parent / package / "package.json").read_text("utf-8"))
    assert kept["version"] == lock["packages"][package]["version"]


SNIPPET = """([key, cdn]) => {
    const analytics = (window.analytics = [])
    for (const method of ['page', 'track', 'identify', 'ready']) {
        analytics[method] = (...said) => { analytics.push([method, ...said]); return analytics }
    }
    analytics._writeKey = key
    analytics._cdn = cdn
    const script = document.createElement('script')
    script.src = '/segment/standalone.js'
    document.head.append(script)
    analytics.page('Snippet')
    analytics.track('Tea Snipped', { sku: 'TEA' })
    analytics.identify('snipper', { plan: 'free' })
    return new Promise((done) => analytics.ready(done)).then(() => null)
}"""


async def test_the_snippet_of_its_works_with_the_clients_file_on_the_shops_own_host(
    server: Server, page: Page, site: str
) -> None:
    key = await server.source("snippet", SourceKind.BROWSER, origins=(site,))
    await page.goto(f"{site}/teas?utm_source=mail")
    await page.evaluate(SNIPPET, [key, server.url])
    await server.until_counted("Tea Snipped", 1)
    told = {one.name for one in await server.events(await server.contact("external", "snipper"))}
    assert {"Page Viewed", "Tea Snipped", "Session Started"} <= told
