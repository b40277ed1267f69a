"""Short links from the text to the click: over real HTTP, on both databases."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import aiohttp
import pytest
from yarl import URL

from bot.conversation.clicks import Clicks
from bot.core.clicks import VisitKind
from bot.core.links import CODE_LENGTH, PAGE_CODE_LENGTH, bucket_of_code
from bot.core.page_links import AT_ONCE, LASTS, OpenedPage, PageLinks
from bot.web.link_pages import EXPIRED, LATER, UNKNOWN, accepted, page
from bot.web.links import RECORDED_VISITS, WRONG_CODES
from tests.conversation.chat import FLOWS, Chat, chatting
from tests.core.test_clicks import IPHONE, PAGE

MENU = "https://shop.example/menü?tag=a+b&x=%7E#top"
PERSON = {"User-Agent": IPHONE, "Accept": PAGE}
OFFER = f"""\
flow: offer
start:
  - keyword: [CLUBBING]
    category: opt-in
    group: loyalty
steps:
  - say: "Now: https://shop.example/now"
  - wait: 1m
  - id: menu
    say: {{text: "Our menu’s here: {MENU}. Also {{{{ other }}}}", group: loyalty}}
  - wait_for: {{event: Link Clicked, within: 2d}}
  - say: {{text: "Glad you looked at {{{{ event.step }}}}", group: loyalty}}
"""
CLICKED = """\
flow: clicked
group: loyalty
start:
  - event: Link Clicked
    where: {flow: offer}
steps:
  - say: "You opened {{ event.url }}"
"""
ANSWERS = """\
flow: answers
links: short
start: [{keyword: [WHERETO]}]
steps:
  - say: "Here: https://shop.example/here"
"""
PAGES = """\
flow: pages
links: whole
start: [{keyword: [MINE]}]
steps:
  - say: "Yours: {{ page.wallet }}."
"""


@dataclass(slots=True)
class Browser:
    """Opens links without following them."""

    chat: Chat
    session: aiohttp.ClientSession

    async def open(
        self, link: str, headers: Mapping[str, str] = PERSON, method: str = "GET"
    ) -> aiohttp.ClientResponse:
        """Open a link; the body is read."""
        url = URL(link, encoded=True)
        async with self.session.request(method, url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer

    async def code(self, code: str, **more: str) -> aiohttp.ClientResponse:
        """Open the link of a code."""
        return await self.open(f"{self.chat.url}/l/{code}", {**PERSON, **more})


@pytest.fixture
async def browser(database_url: str, tmp_path: Path) -> AsyncIterator[Browser]:
    """Flows with links, and something to open links with."""
    flows = tmp_path / "flows"
    flows.mkdir()
    for name in ("program", "keywords"):
        copyfile(FLOWS / f"{name}.yaml", flows / f"{name}.yaml")
    for name, text in (("offer", OFFER), ("clicked", CLICKED), ("answers", ANSWERS), ("pages", PAGES)):
        (flows / f"{name}.yaml").write_text(text)
    async with (
        chatting(database_url, flows=flows) as chat,
        aiohttp.ClientSession(skip_auto_headers=["User-Agent", "Accept"]) as session,
    ):
        yield Browser(chat, session)


async def menu(browser: Browser) -> str:
    """Join, wait, and return the short link that came."""
    await browser.chat("CLUBBING")
    (text,) = await browser.chat.later(minutes=1)
    (link,) = re.findall(r"http\S+/l/\w+", text)
    return str(link)


async def visits(browser: Browser) -> list[str]:
    return [kind for (kind,) in await browser.chat.of("click", "kind", "at, id")]


async def test_a_link_in_a_message_of_ours_is_short_and_leads_where_it_was_written_to(
    browser: Browser,
) -> None:
    link = await menu(browser)
    prefix, _, code = link.rpartition("/")
    assert prefix == f"{browser.chat.url}/l"
    assert len(code) == CODE_LENGTH
    ((url, stored, bucket, contact),) = await browser.chat.of("link", "url, code, bucket, contact", "code")
    assert (url, stored, bucket_of_code(code)) == (MENU, code, bucket)
    assert contact.endswith(f"{bucket:02x}")
    (body,) = [body for (body,) in await browser.chat.outbox("body") if "menu" in body]
    assert body == f"Our menu's here: {link}. Also"  # cheap by now: the ü is gone, the ’ replaced
    answer = await browser.open(link)
    assert answer.status == 302
    assert answer.headers["Location"] == "https://shop.example/men%C3%BC?tag=a+b&x=%7E#top"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_an_answer_keeps_its_links_unless_the_flow_asks(browser: Browser) -> None:
    assert (await browser.chat("CLUBBING"))[-1] == "Now: https://shop.example/now"
    (answer,) = await browser.chat("WHERETO")
    assert answer.startswith(f"Here: {browser.chat.url}/l/")
    answered = await browser.open(answer.removeprefix("Here: "))
    assert answered.headers["Location"] == "https://shop.example/here"


async def test_a_click_is_recorded_and_heard_by_flows_once_an_hour(browser: Browser) -> None:
    link = await menu(browser)
    browser.chat.clock.now += timedelta(minutes=1)
    for _ in range(3):
        assert (await browser.open(link)).status == 302
    glad, opened = await browser.chat.later(seconds=1)
    assert glad == "Glad you looked at menu"
    assert opened.startswith(f"You opened {browser.chat.url}/l/")
    assert await visits(browser) == ["person"] * 3
    events = await browser.chat.of("event", "name, properties", "at")
    clicked = [properties for name, properties in events if name == "Link Clicked"]
    assert len(clicked) == 1
    assert '"step":"menu"' in clicked[0]
    await browser.chat.later(hours=1)
    await browser.open(link)
    events = await browser.chat.of("event", "name", "at")
    assert events.count(("Link Clicked",)) == 2


async def test_machines_are_led_on_recorded_and_not_counted(browser: Browser) -> None:
    link = await menu(browser)
    seen = [
        await browser.open(link, {**PERSON, "User-Agent": "WhatsApp/2.23"}),
        await browser.open(link, {**PERSON, "User-Agent": "curl/8"}),
        await browser.open(link, {**PERSON, "Sec-Purpose": "prefetch"}),
        await browser.open(link, {}),
        await browser.open(link, PERSON, "HEAD"),
    ]
    assert {answer.status for answer in seen} == {302}
    assert sorted(await visits(browser)) == ["check", "prefetch", "preview", "scanner", "scanner"]
    assert ("Link Clicked",) not in await browser.chat.of("event", "name", "at")
    assert (await browser.open(link, PERSON, "POST")).status == 405


async def test_an_expired_link_says_so_in_the_contacts_language(browser: Browser) -> None:
    link = await menu(browser)
    await browser.chat.run("UPDATE contact SET locale = 'es_MX'")
    browser.chat.clock.now += timedelta(days=60)
    answer = await browser.open(link)
    assert answer.status == 410
    assert EXPIRED["es"][0] in await answer.text()
    assert answer.headers["Content-Language"] == "es"
    assert "Location" not in answer.headers
    assert await visits(browser) == []


async def test_what_is_unknown_is_said_kindly_and_guessing_ends_soon(browser: Browser) -> None:
    link = await menu(browser)
    answer = await browser.code("2345678923", **{"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"})
    assert answer.status == 404
    assert UNKNOWN["zh_Hant"][0] in await answer.text()
    for wrong in ("x", "%2e%2e%2f", "https:%2f%2fevil.example", "<script>", "zzzzzzzzzz"):
        answer = await browser.code(wrong)
        assert (answer.status, "Location" in answer.headers) == (404, False)
        assert "evil" not in await answer.text()
    for _ in range(WRONG_CODES.burst - 6):
        assert (await browser.code("2345678923")).status == 404
    assert (await browser.code("2345678923")).status == 429
    spent = await browser.open(link)
    assert (spent.status, spent.headers["Retry-After"]) == (429, "60")
    assert (await browser.open(link, {**PERSON, "X-Forwarded-For": "198.51.100.7"})).status == 302
    browser.chat.clock.now += timedelta(minutes=1)
    assert (await browser.open(link)).status == 302


async def test_capitals_and_a_full_stop_behind_it_do_no_harm(browser: Browser) -> None:
    link = await menu(browser)
    code = link[-CODE_LENGTH:]
    assert (await browser.code(f"{code.upper()}.")).status == 302


async def test_a_link_is_never_led_to_what_is_no_web_page(browser: Browser) -> None:
    link = await menu(browser)
    await browser.chat.run("UPDATE link SET url = 'javascript:alert(1)'")
    answer = await browser.open(link)
    assert (answer.status, "Location" in answer.headers) == (410, False)


async def test_whoever_reloads_all_day_fills_no_database(browser: Browser) -> None:
    link = await menu(browser)
    for _ in range(RECORDED_VISITS.burst + 5):
        assert (await browser.open(link)).status == 302
    assert len(await visits(browser)) == RECORDED_VISITS.burst


async def test_a_stranger_cannot_have_a_link_of_his_own_shortened(browser: Browser) -> None:
    await browser.chat("CLUBBING")
    await browser.chat.run("UPDATE contact SET first_name = 'https://evil.example/x'")
    ((state,),) = await browser.chat.rows("SELECT state FROM run WHERE flow = 'offer'")
    await browser.chat.run(
        "UPDATE run SET state = :state WHERE flow = 'offer'",
        state=state.replace('"variables":{', '"variables":{"other":"https://evil.example/x","a":1,', 1),
    )
    (text,) = await browser.chat.later(minutes=1)
    assert text.endswith("Also https://evil.example/x")
    assert len(await browser.chat.of("link", "code", "code")) == 1


async def test_neither_code_nor_target_is_logged(browser: Browser) -> None:
    link = await menu(browser)
    await browser.open(link)
    await browser.code("2345678923")
    said = browser.chat.log.getvalue()
    assert link[-CODE_LENGTH:] not in said
    assert "2345678923" not in said
    assert "shop.example" not in said


async def test_whoever_comes_is_led_on_even_where_the_visit_cannot_be_recorded(browser: Browser) -> None:
    link = await menu(browser)
    await browser.chat.run("ALTER TABLE click RENAME TO click_gone")
    assert (await browser.open(link)).status == 302
    assert "visit_not_recorded" in browser.chat.log.getvalue()
    await browser.chat.run("ALTER TABLE link RENAME TO link_gone")
    answer = await browser.open(link)
    assert answer.status == 503
    assert LATER["en"][0] in await answer.text()


async def test_a_link_of_nobody_is_not_found(browser: Browser) -> None:
    clicks = Clicks(browser.chat.app.database, browser.chat.clock)
    assert await clicks.find("2345678923") is None
    assert VisitKind("person") is VisitKind.PERSON


def test_pages_are_there_in_every_language_and_chosen_as_browsers_ask() -> None:
    assert EXPIRED.keys() == UNKNOWN.keys() == LATER.keys()
    assert accepted("pt-br;q=0.9, *;q=0.1, en") == ["pt_BR", "en"]
    assert accepted("zh-hans-cn") == ["zh_Hans_CN"]
    assert page(UNKNOWN, ["xx", "zh_TW"])[1] == "zh-Hant"
    assert page(UNKNOWN, [])[1] == "en"
    assert page(UNKNOWN, accepted("<script>,,;q=\x00"))[1] == "en"


async def test_a_page_has_a_short_link_in_answers_too_that_opens_it_for_its_contact(browser: Browser) -> None:
    (answer,) = await browser.chat("MINE")
    link = answer.removeprefix("Yours: ").rstrip(".")
    code = link.removeprefix(f"{browser.chat.url}/l/")
    assert len(code) == PAGE_CODE_LENGTH
    ((url, bucket, contact),) = await browser.chat.of("link", "url, bucket, contact", "code")
    assert (url, bucket_of_code(code)) == (f"{browser.chat.url}/w/#wallet", bucket), "no token is stored"
    opened = await browser.open(link)
    assert opened.status == 302
    address, _, token = opened.headers["Location"].partition("?t=")
    assert address == f"{browser.chat.url}/w/#wallet"
    now = browser.chat.clock.now
    pages = PageLinks(browser.chat.url, browser.chat.app.decisions.shop.secrets)
    assert pages.read(token) == OpenedPage(contact, "wallet", (now + AT_ONCE).replace(microsecond=0))
    browser.chat.clock.now += LASTS
    assert (await browser.open(link)).status == 410
    assert not any("t=" in str(row) for row in await browser.chat.of("event", "properties", "at"))
