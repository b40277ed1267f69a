"""Double opt-in by email: one letter with one button, and what its page does."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.operations import operation_work
from bot.conversation.shop.consent_told import TELL
from bot.core.consent import CONFIRM_WITHIN
from bot.core.contact import JsonValue
from bot.core.email.links import LetterLinks, Reader
from bot.core.pages.confirming import A_DAY
from bot.demo.mailbox import Post
from tests.conversation.mail import ANA, BRAND, POLICY, Mailing, asked, mailing

HELLO = """\
flow: hello
title: Welcome by email
language: en
start:
  - keyword: [HELLO]
steps:
  - id: letter
    email: {subject: Welcome, text: Good to have you., group: loyalty, class: marketing}
"""
PATIENT = """\
flow: patient
title: Wait for an opt-in
language: en
start:
  - keyword: [PATIENT]
steps:
  - wait_for: {inbound: {WANTED}, within: 7d, else: end}
  - email: {subject: SAYS, text: Hello., group: loyalty, class: marketing}
"""
WAITING = {
    "patient": PATIENT.replace("WANTED", "group: loyalty, category: opt-in").replace("SAYS", "At last"),
    "deaf": PATIENT.replace("PATIENT", "DEAF")
    .replace("patient", "deaf")
    .replace("WANTED", "")
    .replace("SAYS", "A text"),
}
DOUBLE = POLICY.replace("{title: {en: news}}", "{title: {en: news, es: novedades}, double_opt_in: true}")


@pytest.fixture
async def mailbox(database_url: str, tmp_path: Path) -> AsyncIterator[Mailing]:
    brand = f'{BRAND}  groups: {{loyalty: {{from: "Corner News <news@shop.example>"}}}}\n'
    async with mailing(database_url, tmp_path, policy=DOUBLE, hello=HELLO, brand=brand) as made:
        await made.chat("HELLO")
        await made.has_mailbox()
        yield made


async def tell(mailbox: Mailing, key: str, **more: JsonValue) -> str:
    """Tell of an opt-in by email; returns its state."""
    body: dict[str, JsonValue] = {
        "group": "loyalty",
        "channel": "email",
        "subscribed": True,
        "words": "said at the till",
        **more,
    }
    contact = await mailbox.chat.contact_id()
    work = operation_work(TELL, body, key=key, at=mailbox.chat.clock(), contact_id=contact)
    result = (await mailbox.chat.app.dispatcher.submit(work)).result
    return str((result or {}).get("state"))


async def asking(mailbox: Mailing, columns: str) -> list[tuple[Any, ...]]:
    """The letters that ask to confirm, as the outbox has them."""
    found = await mailbox.chat.outbox(f"step, {columns}")
    return [row[1:] for row in found if row[0] == "confirm"]


def link_in(post: Post) -> str:
    """The link of the letter's one button, the same in both of its parts."""
    link = str(re.findall(r": (\S+/e/c/\S+)", post.part("plain"))[0])
    assert post.part("html").count(f'href="{link}"') == 1
    return link


async def agree(link: str, **fields: str) -> str:
    """Tap the button of the page that a link leads to; returns the page after it."""
    page = (await asked("GET", link)).text
    (wording,) = re.findall(r'name=wording value="([^"]+)"', page)
    return (await asked("POST", link, {"wording": wording, **fields})).text


async def test_the_button_confirms_and_what_waited_begins(mailbox: Mailing) -> None:
    assert await tell(mailbox, "t", flow="hello") == "pending"
    assert await tell(mailbox, "t", flow="hello") == "pending"
    (post,) = await mailbox.letters(seconds=1)
    assert (post.recipient, post.subject) == (ANA, "Please confirm: news")
    assert post.message["From"] == "Corner News <news@shop.example>"
    assert "1 Main Street, Springfield" in post.part("plain")
    assert "/e/o/" not in post.part("html"), "nobody counts looks of who agreed to nothing"
    ((kind, form),) = await asking(mailbox, "message_class, form")
    assert kind == "reply", "after STOP it would not leave"
    assert len(form) < 3_000
    link = link_in(post)
    page = await asked("GET", link)
    assert "email me about: news" in page.text
    assert await mailbox.states() == {"email:loyalty": "pending"}, "a scanner follows links"
    refused = await asked("POST", link, {"wording": "whatever"})
    assert "email me about: news" in refused.text
    assert await mailbox.states() == {"email:loyalty": "pending"}, "other words than ours"
    assert "You are on the list" in await agree(link)
    assert await mailbox.states() == {"email:loyalty": "subscribed"}
    state, source, words, message, address = (
        await mailbox.chat.of("consent", "state, source, words, provider_id, address", "number")
    )[-1]
    assert (state, source, address) == ("subscribed", "pages", ANA)
    assert "email me about: news" in words
    assert message == (await asking(mailbox, "id"))[0][0]
    assert [one.subject for one in await mailbox.letters(seconds=1)][1:] == ["Welcome"]
    assert "You are on the list" in (await asked("POST", link, {"wording": words})).text
    assert len(await mailbox.letters(seconds=1)) == 2, "once"
    assert (await asked("GET", f"{link[:-1]}x")).status == 404


async def test_a_journey_that_waits_for_an_opt_in_hears_the_button(database_url: str, tmp_path: Path) -> None:
    async with mailing(database_url, tmp_path, policy=DOUBLE, hello=HELLO, brand=BRAND, **WAITING) as mailbox:
        for word in ("HELLO", "DEAF", "PATIENT"):
            await mailbox.chat(word)
        await mailbox.has_mailbox()
        await tell(mailbox, "t")
        (post,) = await mailbox.letters(seconds=1)
        await agree(link_in(post))
        # What waits for a text goes on waiting: nobody has written one.
        assert [one.subject for one in await mailbox.letters(seconds=1)][1:] == ["At last"]


async def test_the_page_of_choices_confirms_too(mailbox: Mailing) -> None:
    await tell(mailbox, "t", flow="hello")
    await tell(mailbox, "again")  # asked once more, what waits goes on waiting
    await mailbox.letters(seconds=1)
    (message,) = (await asking(mailbox, "id"))[-1]
    links = LetterLinks(mailbox.chat.url, mailbox.chat.app.decisions.shop.secrets)
    choices = links.preferences(Reader(await mailbox.chat.contact_id(), message))
    wording = re.findall(r'name=wording value="([^"]+)"', (await asked("GET", choices)).text)[0]
    await asked("POST", choices, {"group": "loyalty", "subscribed": "yes", "wording": wording})
    assert (await mailbox.letters(seconds=1))[-1].subject == "Welcome"


async def test_it_is_over_with_the_time_to_confirm(mailbox: Mailing) -> None:
    await tell(mailbox, "t", flow="hello")
    (post,) = await mailbox.letters(seconds=1)
    link = link_in(post)
    mailbox.chat.clock.now += CONFIRM_WITHIN
    over = await asked("GET", link)
    assert "nothing to confirm any more" in over.text
    assert "mail.example" not in over.text
    await asked("POST", link, {"wording": "Corner Coffee may email me"})
    assert await mailbox.states() == {"email:loyalty": "pending"}


async def test_who_left_meanwhile_stays_out(mailbox: Mailing) -> None:
    await tell(mailbox, "t")
    (post,) = await mailbox.letters(seconds=1)
    link, leave = link_in(post), post.message["List-Unsubscribe"].strip("<>")
    page = (await asked("GET", link)).text
    (wording,) = re.findall(r'name=wording value="([^"]+)"', page)
    await asked("POST", leave, {"List-Unsubscribe": "One-Click"})
    assert "nothing to confirm any more" in (await asked("POST", link, {"wording": wording})).text
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}


async def test_it_asks_in_the_contacts_language_and_not_too_often(mailbox: Mailing) -> None:
    await mailbox.chat.run("UPDATE contact SET locale = 'es_MX'")
    for number in range(A_DAY + 2):
        assert await tell(mailbox, f"t{number}") == "pending"
    letters = await mailbox.letters(seconds=1)
    assert [post.subject for post in letters] == ["Confirma, por favor: novedades"] * A_DAY
    assert "Ya estás en la lista" in await agree(link_in(letters[0]))


async def test_a_dead_mailbox_is_not_asked(mailbox: Mailing) -> None:
    await mailbox.chat.run("UPDATE address SET unusable_reason = '5.1.1' WHERE channel = 'email'")
    assert await tell(mailbox, "t") == "pending"
    assert await mailbox.letters(seconds=1) == []
