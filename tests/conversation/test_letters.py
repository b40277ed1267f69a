"""Letters from a flow to a mailbox, and back: consent, links, templates, unsubscribing, what came back."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.demo.mailbox import MailFault, Post
from tests.conversation.mail import ANA, INVITE, POLICY, Answer, Mailing, asked, mailing
from tests.conversation.test_stop_holds import break_inserts, mend_inserts
from tests.databases import SqliteDatabases
from tests.web.odd_forms import ODD

BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1.15"
TEMPLATE = """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ text }}</mj-text>
<mj-text color="{{ brand.colors.accent }}">
Only for {{ member.first_name | default: 'you' }} &amp; friends</mj-text>
<mj-button href="https://shop.example/offer">Look</mj-button>
<mj-text>{{ footer }}</mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


@pytest.fixture
async def mailbox(database_url: str, tmp_path: Path) -> AsyncIterator[Mailing]:
    async with mailing(database_url, tmp_path) as made:
        yield made


async def test_a_letter_leaves_with_consent_by_email_alone(mailbox: Mailing) -> None:
    await mailbox.chat("INVITE")  # nobody has a mailbox yet
    await mailbox.has_mailbox()
    await mailbox.chat("INVITE")  # and nobody agreed to letters, whatever was agreed to by text
    assert await mailbox.letters(seconds=1) == []
    reasons = await mailbox.chat.outbox("reason")
    assert [reason for (reason,) in reasons if reason] == ["no_address", "unsubscribed"]
    await mailbox.agrees()
    assert await mailbox.states() == {"email:loyalty": "subscribed"}
    await mailbox.chat("INVITE")
    (post,) = await mailbox.letters(seconds=1)
    assert post.recipient == ANA
    assert post.subject == "For you, friend"
    assert post.message["From"] == "Corner Coffee <hello@shop.example>"
    assert post.message["Reply-To"] == "care@shop.example"
    text = post.part("plain")
    assert "Yours, Corner Coffee" in text
    assert "1 Main Street, Springfield" in text
    assert "https://shop.example/new" not in text, "it is counted who opens it"
    assert text.count(f"{mailbox.chat.url}/l/") == 2
    html = post.part("html")
    assert html.count(f"{mailbox.chat.url}/l/") >= 2
    assert "Open my wallet" in html
    (form,) = [form for form, state in await mailbox.chat.outbox("form, state") if state == "sent"]
    assert len(form) < 2_000, "the frame is kept once"


async def test_one_click_leaves_the_group_and_following_the_link_does_not(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    link = post.message["List-Unsubscribe"].strip("<>")
    page = await asked("GET", link)
    assert page.status == 200
    assert "about: news" in page.text
    assert await mailbox.states() == {"email:loyalty": "subscribed"}, "a scanner follows links"
    done = await asked("POST", link, {"List-Unsubscribe": "One-Click"})
    assert done.status == 200
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}
    log = await mailbox.chat.of("consent", "channel, state, words, source", "number")
    assert log[-1] == ("email", "unsubscribed", "List-Unsubscribe=One-Click", "pages")
    await asked("POST", link, {"List-Unsubscribe": "One-Click"})
    assert len(await mailbox.chat.of("consent", "state", "number")) == len(log), "once is enough"
    await mailbox.chat("INVITE")
    assert len(await mailbox.letters(seconds=1)) == 1
    assert (await asked("POST", f"{link[:-1]}x", {})).status == 404


async def test_one_click_leaves_whatever_its_body_is(mailbox: Mailing) -> None:
    link = (await _letter(mailbox)).message["List-Unsubscribe"].strip("<>")
    for odd, (body, headers) in ODD.items():
        mailbox.chat.clock.now += timedelta(minutes=1)
        await mailbox.chat.run("UPDATE subscription SET state = 'subscribed'")
        assert (await _posted(link, body, headers)).status == 200, odd
        assert await mailbox.states() == {"email:loyalty": "unsubscribed"}, odd
    assert '"level": "error"' not in mailbox.chat.log.getvalue()


async def test_one_click_is_done_while_the_program_is_broken(mailbox: Mailing) -> None:
    link = (await _letter(mailbox)).message["List-Unsubscribe"].strip("<>")
    broken = "UPDATE revision SET source = 'credit: [', checksum = 'other' WHERE kind = 'program'"
    await mailbox.chat.run(broken)
    mailbox.chat.app.conversation.decider = await mailbox.chat.app.current.load()
    done = await asked("POST", link, {"List-Unsubscribe": "One-Click"})
    assert (done.status, "You are unsubscribed" in done.text) == (200, True)
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}


async def test_one_click_that_could_not_be_kept_says_so_and_is_not_forgotten(mailbox: Mailing) -> None:
    link = (await _letter(mailbox)).message["List-Unsubscribe"].strip("<>")
    await break_inserts(mailbox.chat, "consent")
    answer = await asked("POST", link, {"List-Unsubscribe": "One-Click"})
    assert (answer.status, "You are unsubscribed" in answer.text) == (503, False)
    assert await mailbox.states() == {"email:loyalty": "subscribed"}
    for _ in range(5):
        await mailbox.letters(minutes=2)
    await mend_inserts(mailbox.chat, "consent")
    await mailbox.letters(minutes=2)
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}


async def test_a_choice_that_could_not_be_kept_says_so(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    (link,) = re.findall(r"Choose what you get: (\S+)", post.part("plain"))
    wording = re.findall(r'name=wording value="([^"]+)"', (await asked("GET", link)).text)[0]
    await break_inserts(mailbox.chat, "consent")
    for form in ({"group": "loyalty", "subscribed": "no", "wording": wording}, {"wording": "Stop"}):
        assert (await asked("POST", link, form)).status == 503
    await mend_inserts(mailbox.chat, "consent")


async def test_forms_that_are_none_change_no_choice(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    (link,) = re.findall(r"Choose what you get: (\S+)", post.part("plain"))
    for odd, (body, headers) in ODD.items():
        mailbox.chat.clock.now += timedelta(minutes=1)
        assert (await _posted(link, body, headers)).status == 303, odd
    assert await mailbox.states() == {"email:loyalty": "subscribed"}
    assert '"level": "error"' not in mailbox.chat.log.getvalue()


async def test_readers_choose_on_a_page_with_the_words_that_stood_there(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    (link,) = re.findall(r"Choose what you get: (\S+)", post.part("plain"))
    page = await asked("GET", link)
    assert "You get this." in page.text
    assert "a…@mail.example" in page.text
    assert ANA not in page.text
    left = await asked("POST", link, {"group": "loyalty", "subscribed": "no", "wording": "Stop"})
    assert "You do not get this." in left.text
    wording = re.findall(r'name=wording value="([^"]+)"', left.text)[0]
    assert "email me about: news" in wording
    await asked("POST", link, {"group": "loyalty", "subscribed": "yes", "wording": "whatever"})
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}, "other words than ours"
    back = await asked("POST", link, {"group": "loyalty", "subscribed": "yes", "wording": wording})
    assert "You get this." in back.text
    assert await mailbox.states() == {"email:loyalty": "subscribed"}
    await asked("POST", link, {"wording": "Stop everything"})
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}


async def test_looks_and_clicks_of_people_are_told_and_those_of_machines_are_not(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    html = post.part("html")
    (picture,) = re.findall(r'src="([^"]+/e/o/[^"]+)"', html)
    for agent in (
        "Mozilla/5.0",
        "python-requests/2",
        "Mozilla/5.0 (Macintosh) AppleWebKit",
        "GoogleImageProxy",
    ):
        assert (await asked("GET", picture, agent=agent)).status == 200
    link = re.findall(r'href="([^"]+/l/[^"]+)"', html)[0]
    mailbox.chat.clock.now += timedelta(seconds=5)
    await asked("GET", link, agent=BROWSER, follow=False)  # a scanner in a hurry
    mailbox.chat.clock.now += timedelta(minutes=5)
    await asked("GET", link, agent=BROWSER, follow=False)
    events = [name for (name,) in await mailbox.chat.of("event", "name", "at") if name.endswith(("ed",))]
    assert [name for name in events if name in {"Email Opened", "Link Clicked"}] == [
        "Email Opened",
        "Link Clicked",
    ]


async def test_a_template_shows_the_text_in_the_readers_language(database_url: str, tmp_path: Path) -> None:
    templates = tmp_path / "flows" / "templates"
    templates.mkdir(parents=True)
    (templates / "offer.mjml").write_text(TEMPLATE)
    (templates / "offer.es.mjml").write_text(TEMPLATE.replace("Only for", "Solo para"))
    flow = INVITE.replace("      preheader", "      template: offer\n      preheader")
    bare = re.sub(r"      text: [|].*?      button", "      button", flow, flags=re.DOTALL)
    bare = bare.replace("flow: invite", "flow: bare").replace("[INVITE]", "[BARE]")
    async with mailing(
        database_url,
        tmp_path,
        invite=flow,
        bare=bare,
        policy=f"{POLICY}email: {{opens: false, clicks: false}}\n",
    ) as mailbox:
        await mailbox.chat("INVITE")
        await mailbox.has_mailbox()
        await mailbox.agrees()
        await mailbox.chat.run("UPDATE contact SET first_name = '<Ana>'")
        await mailbox.chat("INVITE")
        await mailbox.chat.run("UPDATE contact SET locale = 'es_MX'")
        await mailbox.chat("BARE")
        first, second = await mailbox.letters(seconds=1)
        html = first.part("html")
        assert "Only for &lt;Ana&gt; &amp; friends" in html
        assert "/e/o/" not in html, "nobody counts"
        assert 'href="https://shop.example/offer"' in html
        assert "https://shop.example/new?a=1&b=2" in first.part("plain")
        assert "/l/" in first.part("plain"), "but our own page opens nothing without"
        assert "Solo para" in second.part("html")
        assert "Solo para <Ana> & friends" in second.part("plain")
        assert "Look: https://shop.example/offer" in second.part("plain")


BOUNCE = """\
Return-Path: <>
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mail.example
X-Postfix-Sender: rfc822; {to}

Final-Recipient: rfc822; ana@mail.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--B
Content-Type: text/rfc822-headers

X-Regulars-Letter: {name}

--B--
"""
"""As Postfix writes them: https://www.postfix.org/bounce.5.html."""
ABUSE = """\
From: <fbl@mail.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an email abuse report.

--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--B
Content-Type: message/rfc822

From: <hello@shop.example>
X-Regulars-Letter: {name}

Hi
--B--
"""
"""As in RFC 5965, appendix B."""


async def _reported(mailbox: Mailing, report: str, token: str = "reports-token-of-tests") -> int:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
        session.post(f"{mailbox.chat.url}/email/reports", data=report.encode()) as answer,
    ):
        return answer.status


async def test_a_mailbox_that_is_not_there_is_written_to_no_more(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    name, to = post.message["X-Regulars-Letter"], post.sender
    bounce = BOUNCE.format(to=to, name="<other@mail.example>", action="failed", status="5.1.1")
    assert await _reported(mailbox, bounce, "another-token-altogether") == 403
    assert await _reported(mailbox, BOUNCE.format(to=to, name=name, action="delayed", status="4.4.1")) == 204
    assert (await mailbox.chat.outbox("state"))[-1] == ("sent",)
    forged = bounce.replace(to, "back+rg01890a5d000070008000000000000a07aaaaaaaa@shop.example")
    assert await _reported(mailbox, forged) == 204
    assert (await mailbox.chat.outbox("state"))[-1] == ("sent",)
    assert await _reported(mailbox, bounce) == 204
    assert (await mailbox.chat.outbox("state, error_code"))[-1] == ("undelivered", "5.1.1")
    await mailbox.chat("INVITE")
    assert len(await mailbox.letters(seconds=1)) == 1
    assert (await mailbox.chat.outbox("reason"))[-1] == ("unusable_address",)


async def test_reports_come_in_forms_too_and_odd_ones_are_refused(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    url = f"{mailbox.chat.url}/email/reports?token=reports-token-of-tests"
    for odd, (body, headers) in ODD.items():
        assert (await _posted(url, body, headers)).status in {204, 400, 413}, odd
    assert '"level": "error"' not in mailbox.chat.log.getvalue()
    bounce = BOUNCE.format(to=post.sender, name="<x@mail.example>", action="failed", status="5.1.1")
    part = 'Content-Disposition: form-data; name="email"\r\nContent-Type: message/rfc822'
    body = f"--x\r\n{part}\r\n\r\n{bounce}\r\n--x--\r\n".encode()
    assert (await _posted(url, body, {"Content-Type": "multipart/form-data; boundary=x"})).status == 204
    assert (await mailbox.chat.outbox("state, error_code"))[-1] == ("undelivered", "5.1.1")


async def test_a_full_mailbox_gets_the_letter_once_more(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    name = post.message["X-Regulars-Letter"]
    full = BOUNCE.format(to="back@shop.example", name=name, action="failed", status="4.2.2")
    assert await _reported(mailbox, full) == 204
    assert (await mailbox.chat.outbox("state"))[-1] == ("queued",)
    assert len(await mailbox.letters(hours=5)) == 2


async def test_who_calls_a_letter_spam_gets_no_other_not_even_a_goodbye(mailbox: Mailing) -> None:
    post = await _letter(mailbox)
    forged = ABUSE.format(name=post.message["Message-ID"])  # as who was forwarded the letter can write it
    assert await _reported(mailbox, forged) == 204
    assert await mailbox.states() == {"email:loyalty": "subscribed"}
    assert await _reported(mailbox, ABUSE.format(name=post.message["X-Regulars-Letter"])) == 204
    assert await mailbox.states() == {"email:loyalty": "unsubscribed"}
    await mailbox.chat("INVITE")
    assert len(await mailbox.letters(seconds=1)) == 1
    assert (await mailbox.chat.outbox("reason"))[-1] == ("stopped",)


async def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post a body as it is, with no headers but these."""
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return Answer(answer.status, await answer.text(errors="replace"))


async def _letter(mailbox: Mailing) -> Post:
    """The first letter of somebody who agreed to letters."""
    await mailbox.chat("INVITE")
    await mailbox.has_mailbox()
    await mailbox.agrees()
    await mailbox.chat("INVITE")
    (post,) = await mailbox.letters(seconds=1)
    return post


WAYS = """\
flow: ways
title: A letter and its ways
language: en
start:
  - keyword: [WAYS]
steps:
  - id: letter
    email: {subject: News, text: "Here they are.", group: loyalty, class: marketing}
    held: [{say: It comes later.}]
    refused: [{say: You get no letters.}]
  - say: That was all.
"""


async def test_a_held_and_a_refused_letter_take_their_ways(database_url: str, tmp_path: Path) -> None:
    policy = POLICY.replace("marketing: none", "marketing: {from: '16:30', to: '19:30'}")
    async with mailing(database_url, tmp_path, policy=policy, ways=WAYS) as mailbox:
        await mailbox.chat("HELP")
        await mailbox.chat.run("UPDATE contact SET zone = 'UTC', zone_is_known = :yes", yes=True)
        await mailbox.has_mailbox()
        assert await mailbox.chat("WAYS") == ["You get no letters.", "That was all."]
        await mailbox.agrees()
        assert await mailbox.chat("WAYS") == ["It comes later.", "That was all."]
        states = await mailbox.chat.outbox("channel, state, reason")
        assert [row[1:] for row in states if row[0] == "email"] == [
            ("refused", "unsubscribed"),
            ("held", "quiet_hours"),
        ]
        assert await mailbox.letters(seconds=1) == []
        assert [post.subject for post in await mailbox.letters(hours=3)] == ["News"], "it leaves all the same"


LATER = """\
flow: later
title: A letter that may fail
language: en
start:
  - keyword: [LATER]
steps:
  - wait: 1m
  - id: letter
    email: {subject: Hello, text: Good to have you., group: loyalty, class: marketing}
    failed:
      - set: {way: failed}
  - wait_for: {event: Bell Rung, within: 7d, else: end}
"""


@pytest.mark.parametrize("is_taken", [True, False])
async def test_a_letter_that_no_server_takes_goes_its_way(
    sqlite_databases: SqliteDatabases, tmp_path: Path, *, is_taken: bool
) -> None:
    async with mailing(await sqlite_databases.create(), tmp_path, later=LATER) as mailbox:
        await mailbox.chat("LATER")
        await mailbox.has_mailbox()
        await mailbox.agrees()
        if not is_taken:
            mailbox.mail.fail(MailFault(ANA, "554 5.7.1 we do not like it"))
        assert len(await mailbox.letters(minutes=2)) == int(is_taken)
        ((state, step),) = await mailbox.chat.rows("SELECT state, step FROM run WHERE flow = 'later'")
        assert (step, '"way":"failed"' in state) == ("3", not is_taken), "it waits for the bell either way"
        ((became, code),) = (await mailbox.chat.outbox("state, error_code"))[-1:]
        assert became == ("sent" if is_taken else "failed")
        counted = await mailbox.chat.rows(
            "SELECT what FROM step_figure WHERE flow = 'later' AND step = 'letter'"
        )
        assert (f"failed:{code}",) in counted or is_taken
