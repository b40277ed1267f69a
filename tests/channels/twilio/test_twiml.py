"""Our TwiML is byte for byte what Twilio's own library writes, and always well-formed XML."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse

from bot.channels.twilio.twiml import EMPTY, response
from bot.core.messages import MessageClass, Outgoing

PUBLIC_URL = "https://bot.example"


def reply(body: str, *media: str, number: int = 1) -> Outgoing:
    return Outgoing(
        id=f"{number:032x}",
        contact_id="c" * 32,
        channel="sms",
        address="+14155550101",
        sender="",
        message_class=MessageClass.REPLY,
        group=None,
        body=body,
        media=media,
        key=f"k{number}",
        flow="loyalty",
        step="1",
        due_at=datetime(2026, 11, 22, tzinfo=UTC),
        valid_until=None,
        language="en",
    )


def theirs(*replies: Outgoing) -> bytes:
    answer = MessagingResponse()
    for each in replies:
        callback = f"{PUBLIC_URL}/twilio/status?contact={each.contact_id}&message={each.id}"
        if each.media:
            message = answer.message(status_callback=callback)
            if each.body:
                message.body(each.body)
            for url in each.media:
                message.media(url)
        else:
            answer.message(each.body, status_callback=callback)
    return str(answer).encode()


def test_nothing_to_say() -> None:
    assert response([], PUBLIC_URL) == EMPTY == str(MessagingResponse()).encode()


@pytest.mark.parametrize(
    "body",
    [
        "Hello",
        "a < b & c > d",
        "]]>",
        "\"quotes\" and 'apostrophes'",
        "two\nlines",
        "会员 🎁",
        "&amp;",
        "tab\there",
    ],
)
def test_texts_are_escaped_as_twilio_escapes_them(body: str) -> None:
    assert response([reply(body)], PUBLIC_URL) == theirs(reply(body))


def test_several_messages_in_order_and_media() -> None:
    replies = [
        reply("You're in & welcome", number=1),
        reply("Look", "https://a.example/1.png?a=1&b=2", "https://a.example/2.png", number=2),
        reply("", "https://a.example/3.png", number=3),
    ]
    assert response(replies, PUBLIC_URL) == theirs(*replies)


def test_what_xml_cannot_carry_is_dropped_and_returns_become_line_feeds() -> None:
    answer = response([reply("a\x00b\x0bc\x1fd\ufffee\udc80f\r\ng\rh")], PUBLIC_URL)
    assert ET.fromstring(answer).findtext("Message") == "abcdef\ng\nh"  # noqa: S314  # our own


printable = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")
)


@given(st.lists(printable.filter(bool), min_size=1, max_size=3))
def test_any_text_as_twilio_writes_it(bodies: list[str]) -> None:
    replies = [reply(body, number=number) for number, body in enumerate(bodies)]
    assert response(replies, PUBLIC_URL) == theirs(*replies)


@given(st.text(), st.text())
def test_nothing_a_text_holds_breaks_out_of_its_message(body: str, link: str) -> None:
    root = ET.fromstring(response([reply(body, link), reply("second")], PUBLIC_URL))  # noqa: S314  # our own
    assert [child.tag for child in root] == ["Message", "Message"]
    assert root[1].text == "second"
