"""Forms from Twilio become the core's messages; what cannot be answered is refused by the field's name."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import AddressUnusable, ContactStopped
from bot.channels.twilio.signature import Verifier, sign
from bot.channels.twilio.webhook import parse_inbound, parse_status, read_form, status_url
from bot.core.errors import Refused
from bot.core.messages import Inbound, OutboxState

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# The parameters of https://www.twilio.com/docs/messaging/guides/webhook-request.
INCOMING = {
    "ToCountry": "US",
    "ToState": "CA",
    "SmsMessageSid": "SM" + "a" * 32,
    "NumMedia": "0",
    "ToCity": "SAN FRANCISCO",
    "FromZip": "94105",
    "SmsSid": "SM" + "a" * 32,
    "FromState": "CA",
    "SmsStatus": "received",
    "FromCity": "SAN FRANCISCO",
    "Body": "Balance please",
    "FromCountry": "US",
    "To": "+14155550100",
    "ToZip": "94105",
    "NumSegments": "1",
    "MessageSid": "SM" + "a" * 32,
    "AccountSid": "AC" + "b" * 32,
    "From": "+14155550101",
    "ApiVersion": "2010-04-01",
}
OUR_ID = "0192f3a4b5c67d8e9fa0b1c2d3e4f507"
CONTACT_ID = "1" * 32


def inbound(**changes: str | None) -> Inbound:
    form = {name: value for name, value in {**INCOMING, **changes}.items() if value is not None}
    return parse_inbound(read_form(urlencode(form).encode()), NOW)


def test_an_incoming_text() -> None:
    assert inbound() == Inbound(
        provider="twilio",
        provider_id="SM" + "a" * 32,
        channel="sms",
        address="+14155550101",
        to="+14155550100",
        text="Balance please",
        received_at=NOW,
        facts={"city": "SAN FRANCISCO", "state": "CA", "zip": "94105", "country": "US", "segments": "1"},
    )


def test_media_are_kept_as_links() -> None:
    message = inbound(NumMedia="2", MediaUrl0="https://a.example/1", MediaUrl1="https://a.example/2", Body="")
    assert message.media == ("https://a.example/1", "https://a.example/2")
    assert message.text == ""


@pytest.mark.parametrize("count", ["", "x", "-1", "999999999", "²", "1e3"])
def test_an_odd_media_count_is_no_reason_to_fail(count: str) -> None:
    assert inbound(NumMedia=count, MediaUrl99="https://a.example").media == ()


@pytest.mark.parametrize(
    ("said", "country", "channel", "address"),
    [
        ("+14155550101", "US", "sms", "+14155550101"),
        (" 14155550101", "US", "sms", "+14155550101"),  # a + that nobody escaped
        (" 14155550101", None, "sms", "+14155550101"),
        ("14155550101", None, "sms", "+14155550101"),
        ("(415) 555-0101", "US", "sms", "+14155550101"),
        ("415.555.0101", "US", "sms", "+14155550101"),
        ("07400 123456", "GB", "sms", "+447400123456"),
        ("00447400123456", "GB", "sms", "+447400123456"),
        ("whatsapp:+14155550101", "US", "whatsapp", "+14155550101"),
        ("555-0101", "US", "sms", "555-0101"),  # no area code: nobody's number
        ("72975", "US", "sms", "72975"),
        ("REGULARS", "GB", "sms", "REGULARS"),
    ],
)
def test_any_spelling_of_a_number(said: str, country: str | None, channel: str, address: str) -> None:
    message = inbound(From=said, FromCountry=country)
    assert (message.channel, message.address) == (channel, address)


@pytest.mark.parametrize(
    ("said", "heard"), [("STOP", "STOP"), ("start", "START"), ("", None), ("MAYBE", None)]
)
def test_what_twilio_made_of_it(said: str, heard: str | None) -> None:
    assert inbound(OptOutType=said).opt_out_type == heard


@pytest.mark.parametrize("name", ["From", "MessageSid"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_sender_or_id_it_is_refused_by_name(name: str, value: str | None) -> None:
    changes = {name: value, "SmsSid": value, "SmsMessageSid": value}
    with pytest.raises(Refused, match=name) as refusal:
        inbound(**changes)
    assert refusal.value.status == 400


def test_an_endless_sender_is_refused() -> None:
    with pytest.raises(Refused, match="too long"):
        inbound(From="x" * 1000)


def test_an_endless_form_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        read_form(b"a=1&" * 100_000)
    assert refusal.value.status == 413


def test_bytes_that_are_no_text_are_signed_as_sent_and_replaced_when_read() -> None:
    form = read_form(b"From=%2B14155550101&MessageSid=SM1&Body=caf%E9%00+ok+%F0%9F%8E%81")
    raw = [(name, value) for name, value in form]
    message = b"https://a.example/hook" + "".join(n + v for n, v in sorted(raw)).encode(
        "utf-8", "surrogateescape"
    )
    assert b"caf\xe9" in message
    header = sign("token", "https://a.example/hook", form)
    assert Verifier(("token",), "https://a.example").verify("/hook", form, header)
    assert parse_inbound(form, NOW).text == "caf\ufffd ok 🎁"


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))))
def test_forms_are_read_as_the_standard_library_reads_them(pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs)
    expected = [pair for pair in parse_qsl(body, keep_blank_values=True) if pair != ("", "")]
    assert read_form(body.encode()) == expected


@given(st.text(alphabet="%&=+abAB12;é\x00", max_size=60))
def test_broken_forms_are_read_as_the_standard_library_reads_them(body: str) -> None:
    expected = [pair for pair in parse_qsl(body, keep_blank_values=True) if pair != ("", "")]
    read = [
        (
            name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        )
        for name, value in read_form(body.encode())
    ]
    assert read == expected


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_a_refusal(body: bytes) -> None:
    for parse in (lambda: parse_inbound(read_form(body), NOW), lambda: parse_status(read_form(body), "")):
        with pytest.raises(Refused):
            parse()


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("accepted", OutboxState.SENT),
        ("queued", OutboxState.SENT),
        ("sending", OutboxState.SENT),
        ("sent", OutboxState.SENT),
        ("delivered", OutboxState.DELIVERED),
        ("read", OutboxState.DELIVERED),
        ("undelivered", OutboxState.UNDELIVERED),
        ("failed", OutboxState.FAILED),
        ("canceled", OutboxState.CANCELED),
        ("teleported", OutboxState.SENT),
    ],
)
def test_every_status_twilio_reports(said: str, state: OutboxState) -> None:
    report = parse_status([("MessageSid", "SM1"), ("MessageStatus", said)], f"message={OUR_ID}")
    assert (report.provider_id, report.message_id, report.state) == ("SM1", OUR_ID, state)
    assert report.error is None


def test_our_id_comes_back_in_the_callback_url() -> None:
    url = status_url("https://bot.example", CONTACT_ID, OUR_ID)
    assert url == f"https://bot.example/twilio/status?contact={CONTACT_ID}&message={OUR_ID}"
    assert status_url("https://bot.example/", CONTACT_ID, OUR_ID) == url
    report = parse_status([("SmsSid", "SM1"), ("SmsStatus", "sent")], url.partition("?")[2])
    assert (report.contact_id, report.message_id) == (CONTACT_ID, OUR_ID)


@pytest.mark.parametrize("query", ["", "message=", "message=1", "message=" + "g" * 32, f"other={OUR_ID}"])
def test_a_callback_without_our_id(query: str) -> None:
    assert parse_status([("MessageSid", "SM1"), ("MessageStatus", "sent")], query).message_id is None


def test_a_failure_says_what_to_do() -> None:
    def failed(code: str) -> object:
        form = [("MessageSid", "SM1"), ("MessageStatus", "failed"), ("ErrorCode", code)]
        return type(parse_status(form, "").error)

    assert failed("21610") is ContactStopped
    assert failed("30005") is AddressUnusable
    assert failed("0") is type(None)


@pytest.mark.parametrize(
    ("form", "name"),
    [([("MessageSid", "SM1")], "SmsStatus"), ([("MessageStatus", "sent")], "MessageSid")],
)
def test_a_callback_that_says_nothing_is_refused(form: list[tuple[str, str]], name: str) -> None:
    with pytest.raises(Refused, match=name):
        parse_status(form, "")
