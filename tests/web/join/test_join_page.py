"""The join page: what it asks, what it keeps as evidence, and whom it never texts."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from bot.demo.loopback_network import DEMO_NUMBER
from bot.web.join.texts import LANGUAGES, TEXTS
from tests.conversation.chat import Chat, chatting, shipped
from tests.conversation.test_stop_holds import break_inserts, mend_inserts
from tests.web.odd_forms import ODD

NUMBER = "+12125550100"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """The shipped application."""
    async with chatting(
        database_url, settings={"REGULARS_PRIVACY_URL": "https://example.com/privacy"}
    ) as chat:
        yield chat


class Fields(HTMLParser):
    """The fields of a page's form, by name, and the words beside the box."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.wording = ""
        self._is_wording = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is filled in."""
        found = dict(attrs)
        if tag == "input" and found.get("name"):
            self.values[str(found["name"])] = found.get("value") or ""
        self._is_wording = tag == "label" and found.get("for") == "agree"

    def handle_data(self, data: str) -> None:
        """Note the wording."""
        if self._is_wording:
            self.wording += data

    def handle_endtag(self, tag: str) -> None:
        """The wording ends with its label."""
        self._is_wording = self._is_wording and tag != "label"


async def opened(chat: Chat, path: str = "/join/loyalty", language: str = "") -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{chat.url}{path}", headers={"Accept-Language": language}) as answer,
    ):
        return answer.status, await answer.text()


async def sent(
    chat: Chat, html: str, headers: Mapping[str, str] = MappingProxyType({}), /, **typed: str
) -> tuple[int, str]:
    fields = {**Fields(html).values, "agree": "", **typed}
    body = urlencode({name: value for name, value in fields.items() if value})
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{chat.url}/join/loyalty", data=body, headers=form) as answer,
    ):
        return answer.status, await answer.text()


async def test_whoever_agrees_is_in_and_what_stood_there_is_kept(chat: Chat) -> None:
    _, html = await opened(chat)
    status, done = await sent(chat, html, phone="(212) 555-0100", agree="yes")
    assert (status, "Look at your phone" in done, "texted +12125550100" in done) == (200, True, True)
    heard = await chat.later(seconds=5)
    assert heard[0].startswith("You're in: Corner Leaf rewards by text.")
    assert "Welcome to Corner Leaf! Reply to this text, and we put $5.00 in your wallet." in heard
    assert "New here? $5.00 of credit is yours once you reply to our first text." in done
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    ((words, source, address, because),) = await chat.of(
        "consent", "words, source, address, because", "number"
    )
    assert words == Fields(html).wording
    assert "recurring automated texts from Corner Leaf" in words
    assert "Up to 6 msgs/month. Consent is not a condition of purchase." in words
    assert (source, address, because) == ("pages", NUMBER, f"the box was ticked at {chat.url}/join/loyalty")
    # Whoever is in already is not texted, and nobody who asks learns it.
    assert await sent(chat, html, phone=NUMBER, agree="yes") == (200, done)
    assert await chat.later(seconds=5) == []


async def test_who_stops_before_the_welcome_has_left_is_not_welcomed(chat: Chat) -> None:
    _, html = await opened(chat)
    await sent(chat, html, phone=NUMBER, agree="yes")
    assert "you are unsubscribed" in (await chat("STOP"))[0]
    assert await chat.later(seconds=5) == []
    assert (await chat.outbox("state, reason"))[0] == ("refused", "stopped")


async def test_welcome_credit_waits_for_the_first_text_from_the_number(chat: Chat) -> None:
    _, html = await opened(chat)
    await sent(chat, html, phone=NUMBER, agree="yes")
    await chat.later(seconds=5)
    assert await chat.wallet() == (0, 0, 0, 0)
    assert "you are unsubscribed" in (await chat("STOP"))[0]
    assert await chat.wallet() == (0, 0, 0, 0), "who leaves at once takes nothing along"
    await chat("START")
    assert "You have $5.00 credit" in (await chat("BALANCE"))[0]
    assert await chat.wallet() == (0, 500, 0, 0)
    assert any(text.startswith("$5.00 for you: Corner Leaf") for text in await chat.later(seconds=5))
    await chat("BALANCE")
    assert await chat.wallet() == (0, 500, 0, 0), "once"
    (attributes,) = (await chat.rows("SELECT attributes FROM contact"))[0]
    assert "waits" not in str(attributes)


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_it_speaks_the_visitors_language_and_so_do_its_texts(chat: Chat, language: str) -> None:
    _, html = await opened(chat, language=language.replace("_", "-"))
    assert f'<html lang="{language.replace("_", "-")}">' in html
    assert Fields(html).values["language"] == language
    assert TEXTS[language]["phone"] in html
    assert (await opened(chat, f"/join/loyalty?lang={language}"))[1] == html
    await sent(chat, html, phone=NUMBER, agree="yes")
    found = await chat.rows("SELECT locale FROM contact WHERE id = :id", id=await chat.contact_id())
    assert str(found[0][0]).startswith(language)
    heard = await chat.later(seconds=5)
    assert {"en": "You're in", "es": "¡Listo!", "zh_Hans": "您已加入"}[language] in heard[0]


async def test_mistakes_are_said_beside_the_form_and_nothing_is_lost(chat: Chat) -> None:
    _, html = await opened(chat)
    for typed, says in (
        ({"phone": "call me", "agree": "yes"}, TEXTS["en"]["wrong_phone"]),
        ({"phone": NUMBER}, TEXTS["en"]["not_agreed"]),
        ({"phone": NUMBER, "agree": "yes", "shown": "0" * 16}, TEXTS["en"]["changed"]),
    ):
        status, again = await sent(chat, html, **typed)
        assert status == 422
        assert says in again
        assert 'role="alert"' in again
        assert Fields(again).values["phone"] == typed["phone"]
    _, page = await sent(chat, html, phone='"><script>x</script>')
    assert "<script>" not in page
    assert await chat.rows("SELECT id FROM contact") == []


@pytest.mark.parametrize("phone", ["+18765550100", "+8613812345678", "+447911123456"])
async def test_numbers_of_countries_that_we_do_not_text_are_not_taken(chat: Chat, phone: str) -> None:
    _, html = await opened(chat)
    status, again = await sent(chat, html, phone=phone, agree="yes")
    assert (status, TEXTS["en"]["wrong_phone"] in again) == (422, True)
    assert await chat.rows("SELECT id FROM contact") == []


async def test_many_forms_from_many_addresses_cannot_cost_without_end(chat: Chat) -> None:
    _, html = await opened(chat)

    async def named(number: int) -> int:
        typed = {"phone": f"+12125550{number + 100}", "agree": "yes"}
        return (await sent(chat, html, {"X-Forwarded-For": f"198.51.100.{number}"}, **typed))[0]

    assert [await named(number) for number in range(62)] == [*[200] * 60, 429, 429]
    # All together, whoever asks and for whom.
    await chat.run("UPDATE counter SET units_left = 0 WHERE units_of = 2000")
    status, again = await sent(chat, html, phone="+13105550100", agree="yes")
    assert (status, TEXTS["en"]["later"] in again) == (503, True)
    assert await chat.rows("SELECT 1 FROM consent WHERE address = '+13105550100'") == []


async def test_nobody_who_said_stop_is_texted_and_who_left_the_group_is_asked(chat: Chat) -> None:
    _, html = await opened(chat)
    await chat("LOYALTY")
    await chat.run("UPDATE subscription SET state = 'unsubscribed'")  # as who leaves one of several groups
    chat.news()
    _, done = await sent(chat, html, phone=NUMBER, agree="yes")
    (asked,) = await chat.later(seconds=5)
    assert "reply YES" in asked
    assert await chat.subscriptions() == {"loyalty": "pending"}
    await chat("STOP")
    chat.news()
    assert (await sent(chat, html, phone=NUMBER, agree="yes"))[1] == done
    assert await chat.later(seconds=5) == []


async def test_a_group_that_asks_twice_waits_for_the_yes(database_url: str, tmp_path: Path) -> None:
    flows = shipped(tmp_path, "loyalty")
    (flows / "policy.yaml").write_text("groups:\n  loyalty: {double_opt_in: true}\n")
    async with chatting(database_url, flows=flows) as chat:
        _, html = await opened(chat)
        await sent(chat, html, phone=NUMBER, agree="yes")
        (prompt,) = await chat.later(seconds=5)
        assert "reply YES" in prompt
        assert await chat.subscriptions() == {"loyalty": "pending"}
        heard = await chat("YES")
        assert any("Welcome!" in text for text in heard)
        said = await chat.of("consent", "state, source", "number")
        assert said == [("pending", "pages"), ("subscribed", "keyword")]


async def test_it_is_slow_for_programs_and_a_number_is_asked_a_few_times_a_day(chat: Chat) -> None:
    _, html = await opened(chat)
    await sent(chat, html, phone=NUMBER, agree="yes", website="https://spam.example")
    assert await chat.rows("SELECT id FROM contact") == []
    statuses = [(await sent(chat, html, phone="no", agree="yes"))[0] for _ in range(12)]
    assert statuses == [422] * 9 + [429] * 3
    chat.clock.now = chat.clock.now.replace(hour=(chat.clock.now.hour + 1) % 24)
    for _ in range(5):
        await sent(chat, html, phone=NUMBER, agree="yes")
        await chat.run("UPDATE subscription SET state = 'unsubscribed'")
    heard = await chat.later(seconds=5)
    assert sum("Reply HELP for help" in text for text in heard) == 3


async def test_a_form_that_is_none_is_answered_with_the_page(chat: Chat) -> None:
    async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session:
        for odd, (body, headers) in ODD.items():
            chat.clock.now += timedelta(minutes=1)
            async with session.post(f"{chat.url}/join/loyalty", data=body, headers=headers) as answer:
                assert (answer.status, "<form" in await answer.text()) == (422, True), odd
    assert '"level": "error"' not in chat.log.getvalue()


async def test_forms_beyond_the_limit_are_not_even_read(chat: Chat) -> None:
    _, html = await opened(chat)
    for _ in range(10):
        await sent(chat, html, phone="no")
    url = urlsplit(chat.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(
        b"POST /join/loyalty HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nphone="
    )
    async with asyncio.timeout(5):
        answered = await reader.readline()  # though the rest never comes
    writer.close()
    await writer.wait_closed()
    assert answered.startswith(b"HTTP/1.1 429")


async def test_who_could_not_join_is_not_told_to_look_at_the_phone(chat: Chat) -> None:
    _, html = await opened(chat)
    await break_inserts(chat, "consent")
    status, said = await sent(chat, html, phone=NUMBER, agree="yes")
    assert (status, "Look at your phone" in said) == (503, False)
    await mend_inserts(chat, "consent")
    assert (await sent(chat, html, phone=NUMBER, agree="yes"))[0] == 200
    assert await chat.subscriptions(NUMBER) == {"loyalty": "subscribed"}


async def test_other_pages_have_the_same_form(chat: Chat) -> None:
    as_json = {"Accept": "application/json", "Origin": "https://corner.example"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{chat.url}/join/loyalty?lang=es-MX", headers=as_json) as answer,
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        told = await answer.json()
    assert f'action="{chat.url}/join/loyalty"' in told["html"]
    assert TEXTS["es"]["send"] in told["html"]
    status, done = await sent(chat, told["html"], as_json, phone=NUMBER, agree="yes")
    assert status == 200
    assert '"state": "asked"' in done
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{chat.url}/join/loyalty.js") as answer,
    ):
        assert answer.content_type == "text/javascript"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_what_is_no_group_has_no_page(chat: Chat) -> None:
    assert (await opened(chat, "/join/nonsense"))[0] == 404
    assert (await opened(chat, "/join/nonsense.js"))[0] == 404
    _, html = await opened(chat)
    assert f'href="sms:{DEMO_NUMBER}?&amp;body=LOYALTY"' in html
    assert 'href="https://example.com/privacy"' in html
    assert re.search(r"<script|style=|onclick", html) is None
