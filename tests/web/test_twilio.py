"""Twilio's webhooks: who is believed, what is refused, what is answered once and alike."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.channels.twilio.signature import SIGNATURE_HEADER, sign
from tests.conversation.chat import NUMBER, TOKEN, Chat

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response />'


@dataclass(slots=True)
class Twilio:
    """Posts what we want Twilio to post, signed well unless told otherwise."""

    chat: Chat
    session: aiohttp.ClientSession
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def text(
        self, body: str, *, sid: str | None = None, sender: str = NUMBER, **more: str
    ) -> tuple[int, str]:
        """Post an incoming message; returns the status and the body of the answer."""
        fields = {
            "MessageSid": sid or f"SM{next(self.numbers):032x}",
            "From": sender,
            "To": "+14155550100",
            "Body": body,
            **more,
        }
        return await self.post("/twilio/messages", fields)

    async def post(
        self, path: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Post a form; `headers` replace the good signature."""
        url = f"{self.chat.url}{path}"
        signed = {SIGNATURE_HEADER: sign(TOKEN, url, list(fields.items()))}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.send(
            path, urlencode(fields).encode(), {**form, **(signed if headers is None else headers)}
        )

    async def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Post bytes."""
        async with self.session.post(f"{self.chat.url}{path}", data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def twilio(chat: Chat) -> AsyncIterator[Twilio]:
    """Speaks to the chat's application as Twilio does."""
    async with aiohttp.ClientSession() as session:
        yield Twilio(chat, session)


@pytest.mark.parametrize(
    "signature", [None, "", "=", "x" * 28, "é", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", " ", "a" * 5000]
)
async def test_a_signature_that_does_not_fit_is_forbidden(twilio: Twilio, signature: str | None) -> None:
    headers = {} if signature is None else {SIGNATURE_HEADER: signature}
    fields = {"MessageSid": "SM1", "From": NUMBER, "To": "+14155550100", "Body": "LOYALTY"}
    status, _ = await twilio.post("/twilio/messages", fields, headers=headers)
    assert status == 403
    assert await twilio.chat.rows('SELECT COUNT(*) FROM "trigger"') == [(0,)]


async def test_a_changed_body_is_forbidden(twilio: Twilio) -> None:
    url = f"{twilio.chat.url}/twilio/messages"
    signature = sign(TOKEN, url, [("Body", "LOYALTY")])
    status, _ = await twilio.post("/twilio/messages", {"Body": "STOP"}, headers={SIGNATURE_HEADER: signature})
    assert status == 403


async def test_a_json_body_is_of_the_wrong_type(twilio: Twilio) -> None:
    body = b'{"Body": "LOYALTY"}'
    path = f"/twilio/messages?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = sign(TOKEN, f"{twilio.chat.url}{path}", [])
    headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature}
    assert (await twilio.send(path, body, headers))[0] == 415
    assert (await twilio.send(path, body, {"Content-Type": "application/json"}))[0] == 403


@pytest.mark.parametrize("kind", ["chunked", "announced"])
async def test_a_body_that_is_too_large_is_refused(twilio: Twilio, kind: str) -> None:
    body = b"Body=" + b"x" * 70_000

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    data = chunks() if kind == "chunked" else body
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{twilio.chat.url}/twilio/messages"
    async with twilio.session.post(url, data=data, headers=headers) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Body": "hello"},
        {"From": NUMBER, "Body": "hello"},
        {"From": "", "MessageSid": "SM1"},
        {"From": NUMBER, "MessageSid": "../etc"},
        {"From": "x" * 300, "MessageSid": "SM1"},
    ],
)
async def test_a_form_that_is_not_a_message_is_refused(twilio: Twilio, fields: dict[str, str]) -> None:
    assert (await twilio.post("/twilio/messages", fields))[0] == 400


async def test_other_methods_are_not_allowed(twilio: Twilio) -> None:
    async with twilio.session.get(f"{twilio.chat.url}/twilio/messages") as answer:
        assert answer.status == 405


@pytest.mark.parametrize("sender", ["12345", "AMAZON", "", "+1", "🛑", "anonymous"])
async def test_a_sender_that_is_no_phone_gets_no_reply(twilio: Twilio, sender: str) -> None:
    status, body = await twilio.text("LOYALTY", sender=sender or " ")
    assert status in {200, 400}
    assert "<Message" not in body


async def test_the_same_message_twice_has_one_effect_and_one_answer(twilio: Twilio) -> None:
    first = await twilio.text("LOYALTY", sid="SM1")
    again = await twilio.text("LOYALTY", sid="SM1")
    assert first[0] == 200
    assert "Welcome!" in first[1]
    assert again == first
    assert await twilio.chat.wallet() == (0, 500, 0, 0)


async def test_the_same_message_twenty_times_at_once(twilio: Twilio) -> None:
    answers = await asyncio.gather(*(twilio.text("LOYALTY", sid="SM1") for _ in range(20)))
    assert len(set(answers)) == 1
    assert "Welcome!" in answers[0][1]
    triggers = sorted(await twilio.chat.triggers())
    assert triggers == [("event", "done"), ("inbound", "done")]  # the event: credit was granted
    assert await twilio.chat.wallet() == (0, 500, 0, 0)
    await twilio.chat.strike()
    assert twilio.chat.news() == []


async def test_a_retry_hours_later_gets_the_answer_it_missed(twilio: Twilio) -> None:
    first = await twilio.text("LOYALTY", sid="SM1")
    await twilio.chat.later(hours=5)
    assert await twilio.text("LOYALTY", sid="SM1") == first


async def test_messages_of_one_contact_keep_their_order(twilio: Twilio) -> None:
    await twilio.text("LOYALTY")
    name, birthday, balance = await asyncio.gather(
        twilio.text("Ana"), twilio.text("May 21"), twilio.text("BALANCE")
    )
    assert "Thanks, Ana!" in name[1]
    assert "All set!" in birthday[1]
    assert "You have $5.00" in balance[1]


async def test_many_phones_at_once_are_each_answered_their_own(twilio: Twilio) -> None:
    numbers = [f"+1212555{n:04}" for n in range(200)]
    answers = await asyncio.gather(*(twilio.text("LOYALTY", sender=number) for number in numbers))
    assert all("Welcome!" in body for _, body in answers)
    assert await twilio.chat.rows("SELECT COUNT(*), SUM(available_minor) FROM wallet") == [(200, 100_000)]


async def test_who_writes_too_much_is_not_answered_but_stop_is(twilio: Twilio) -> None:
    answers = [await twilio.text("hello") for _ in range(35)]
    assert "<Message" in answers[29][1]
    assert answers[30] == (200, EMPTY)
    status, stopped = await twilio.text("STOP")
    assert status == 200
    assert "unsubscribed" in stopped
    assert await twilio.chat.subscriptions() == {"loyalty": "unsubscribed"}


async def test_spellings_of_a_number_are_one_contact(twilio: Twilio) -> None:
    await twilio.text("LOYALTY", sender="+12125550100")
    status, body = await twilio.text("BALANCE", sender="(212) 555-0100", FromCountry="US")
    assert (status, "You have $5.00" in body) == (200, True)


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ud800", "💐" * 900, "&lt;Response/>", "]]>", "\u0001\u000b"]
)
async def test_odd_characters_are_answered_in_good_xml(twilio: Twilio, text: str) -> None:
    encoded = urlencode({"Body": text}, errors="surrogatepass")
    fields = {"MessageSid": "SM1", "From": NUMBER, "To": "+14155550100"}
    url = f"{twilio.chat.url}/twilio/messages"
    body = f"{urlencode(fields)}&{encoded}".encode()
    raw = text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        SIGNATURE_HEADER: sign(TOKEN, url, [*fields.items(), ("Body", raw)]),
    }
    status, answer = await twilio.send("/twilio/messages", body, headers)
    assert status == 200
    assert answer.count("<Message") == 1


async def test_a_status_of_nothing_we_know_is_taken_in_silence(twilio: Twilio) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    unknown = "0" * 30 + "05"
    for path in (
        "/twilio/status",
        f"/twilio/status?contact={unknown}&message={unknown}",
        "/twilio/status?contact=x&message=y",
    ):
        assert (await twilio.post(path, fields))[0] == 204
    assert (await twilio.post("/twilio/status", {"MessageSid": "SM1"}))[0] == 400
    assert (await twilio.post("/twilio/status", fields, headers={}))[0] == 403
