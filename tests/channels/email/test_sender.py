"""Letters on their way to a real SMTP server, and what each of its answers means."""

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.channels.channel import (
    AddressUnusable,
    Filtered,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderUnreachable,
    SendError,
    SenderSlowed,
    SendLater,
    SendNever,
)
from bot.channels.email.errors import bounced
from bot.channels.email.sender import EmailChannel, MailServer
from bot.core.email.holes import Frame, parted
from bot.core.email.links import LetterLinks, LetterNames
from bot.core.forms import Form, Letter
from bot.core.gate import Cleared
from bot.core.messages import MessageClass, Outgoing
from bot.demo.mailbox import LoopbackMail, MailFault, mail_server

AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
SECRETS = (b"new" * 16, b"old" * 16)
LINKS, NAMES = LetterLinks("https://bot.example", SECRETS), LetterNames(SECRETS)
ANA = "ana@shop.example"
FRAME, LIQUID = parted('<body><p>Hi {{ name }}</p><a href="https://shop.example/?a=1&amp;b=2">Go</a></body>')
LETTER = Letter(
    subject="Grüße, Ana",
    frame=FRAME.digest,
    filled=LIQUID.replace("{{ name }}", "Ana &amp; Bo"),
    foot="Unsubscribe: \x02u\x03",
    reply_to="Care <care@shop.example>",
    links={"https://shop.example/?a=1&b=2": "abcdefghjk"},
    counts_opens=True,
)


def cleared(letter: Letter | None = LETTER, to: str = ANA, group: str | None = "loyalty") -> Cleared:
    return Cleared(
        Outgoing(
            id="01890a5d000070008000000000000a07",
            contact_id="01890a5d000070008000000000000b07",
            channel="email",
            address=to,
            sender="Corner Coffee <hello@shop.example>",
            message_class=MessageClass.MARKETING,
            group=group,
            body="Hi Ana\nGo: https://bot.example/l/abcdefghjk",
            media=(),
            key="k",
            flow="f",
            step="s",
            due_at=AT,
            valid_until=None,
            language="en",
            form=Form(letter=letter) if letter is not None else None,
        )
    )


async def frames(letter: Letter) -> Frame | None:
    return FRAME if letter.frame == FRAME.digest else None


@asynccontextmanager
async def channel(port: int, **more: object) -> AsyncIterator[EmailChannel]:
    tls = more.pop("tls", None)
    assert tls is None or isinstance(tls, ssl.SSLContext)
    server = MailServer("127.0.0.1", port, **{"security": "none", "sender": "", **more})  # type: ignore[arg-type]  # named by each test
    made = EmailChannel(
        server,
        links=LINKS,
        names=NAMES,
        frames=frames,
        clock=lambda: AT,
        timeout=timedelta(seconds=5),
        tls=tls,
    )
    try:
        yield made
    finally:
        await made.close()


async def test_a_letter_arrives_whole() -> None:
    mail = LoopbackMail()
    async with mail_server(mail) as port, channel(port, bounces="back@shop.example") as email:
        sent = await email.send(cleared())
    (post,) = mail.letters
    message = post.message
    name = NAMES.name(cleared().message.id)
    assert post.sender == f"back+{NAMES.sealed(cleared().message.id)}@shop.example"
    assert message["From"] == "Corner Coffee <hello@shop.example>"
    assert message["Reply-To"] == "Care <care@shop.example>"
    assert message["Subject"] == "Grüße, Ana"
    assert (
        message["Message-ID"] == sent.provider_id == f"<{name}.{cleared().message.contact_id}@shop.example>"
    )
    assert parsedate_to_datetime(message["Date"]) == AT
    link = message["List-Unsubscribe"].strip("<>")
    reader = LINKS.read_unsubscribe(link.rpartition("/")[2])
    assert reader is not None
    assert (reader.group, reader.message_id) == ("loyalty", cleared().message.id)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # As it is sent: Python's reader would decode what no mailbox does.
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in post.raw
    assert max(map(len, post.raw.partition(b"\r\n\r\n")[2].splitlines())) <= 78, "quoted-printable"
    assert f"Unsubscribe: {link}" in post.part("plain")
    html = post.part("html")
    assert "Hi Ana &amp; Bo" in html
    assert 'href="https://bot.example/l/abcdefghjk"' in html
    assert "https://bot.example/e/o/" in html


async def test_what_belongs_to_no_group_has_nothing_to_leave() -> None:
    mail = LoopbackMail()
    async with mail_server(mail) as port, channel(port) as email:
        await email.send(cleared(group=None))
    assert mail.letters[0].message["List-Unsubscribe"] is None
    assert mail.letters[0].sender == "hello@shop.example"


async def test_a_letter_whose_frame_is_gone_is_its_text() -> None:
    mail = LoopbackMail()
    async with mail_server(mail) as port, channel(port) as email:
        await email.send(cleared(Letter(subject="Hi", frame="another", filled="\x020\x03")))
        await email.send(cleared(None))
    assert [post.part("html") for post in mail.letters] == ["", ""]
    assert mail.letters[1].subject == "Hi Ana"


async def test_letters_share_a_connection() -> None:
    mail = LoopbackMail()
    async with mail_server(mail) as port, channel(port) as email:
        for _ in range(3):
            await email.send(cleared())
        mail.fail(MailFault(ANA, "550 5.1.1 no such user"))
        with pytest.raises(AddressUnusable):
            await email.send(cleared())
        await email.send(cleared())
    assert len(mail.letters) == 4
    assert mail.connections == 1


@pytest.mark.parametrize(
    ("stage", "answer", "remedy"),
    [
        ("recipient", "550 5.1.1 no such user", AddressUnusable),
        ("recipient", "550 no such user", AddressUnusable),
        ("recipient", "552 5.2.2 mailbox full", SendLater),
        ("recipient", "550 5.7.1 relaying denied", OperatorNeeded),
        ("recipient", "550 5.7.1 blocked", Filtered),
        ("recipient", "450 4.7.1 greylisted", SendLater),
        ("recipient", "421 4.7.28 too many", SenderSlowed),
        ("recipient", "556 no mail here", SendNever),
        ("sender", "550 5.7.1 not yours", OperatorNeeded),
        ("content", "554 5.7.1 spam", Filtered),
        ("content", "552 5.3.4 too large", SendNever),
        ("content", "451 4.3.0 try later", SendLater),
        ("content", "drop", OutcomeUnknown),
    ],
)
async def test_answers_have_their_remedies(stage: str, answer: str, remedy: type[SendError]) -> None:
    mail = LoopbackMail()
    async with mail_server(mail) as port, channel(port) as email:
        mail.fail(MailFault(ANA, answer, stage))
        with pytest.raises(SendError) as raised:
            await email.send(cleared())
        assert type(raised.value) is remedy
        assert "ana" not in str(raised.value)
        await email.send(cleared())  # and the next one leaves


async def test_nobody_there_is_unreachable() -> None:
    async with mail_server(LoopbackMail()) as port:
        pass
    async with channel(port) as email:
        with pytest.raises(ProviderUnreachable):
            await email.send(cleared())


async def test_it_logs_in_over_tls_and_says_where_it_may_not(tmp_path: Path) -> None:
    theirs, ours = _certificate(tmp_path)
    mail = LoopbackMail()
    async with mail_server(mail, login=("coffee", "right"), tls=theirs) as port:
        async with channel(port, security="starttls", username="coffee", password="right", tls=ours) as email:
            await email.send(cleared())
        async with channel(port, security="starttls", username="coffee", password="wrong", tls=ours) as email:
            with pytest.raises(OperatorNeeded, match="login"):
                await email.send(cleared())
        async with channel(port, security="starttls", username="coffee", password="right") as email:
            with pytest.raises(OperatorNeeded, match="trust"):
                await email.send(cleared())
    async with mail_server(mail) as port, channel(port, security="starttls") as email:
        with pytest.raises(OperatorNeeded, match="trust"):  # never in the clear where it should not be
            await email.send(cleared())
    assert len(mail.letters) == 1


def test_what_came_back_has_its_remedy() -> None:
    found = [type(bounced(status)) for status in ("5.1.1", "4.2.2", "5.7.1", "5.4.4", "")]
    assert found == [AddressUnusable, SendLater, Filtered, SendNever, SendNever]


def test_a_name_is_nobody_elses() -> None:
    message_id = "01890a5d000070008000000000000a07"
    name = LetterNames(SECRETS[1:]).name(message_id)  # made before the secret was changed
    assert NAMES.read(name.upper()) == message_id
    assert NAMES.read(f"{name[:-1]}a" if name[-1] != "a" else f"{name[:-1]}b") is None
    assert NAMES.read("postmaster") is None
    sealed = LetterNames(SECRETS[1:]).sealed(message_id)
    assert (NAMES.read_sealed(sealed.upper()), NAMES.read(sealed)) == (message_id, None)
    assert NAMES.read_sealed(name) is None, "who was forwarded a letter knows no more than its Message-ID"
    assert len(f"bounces+{name}") <= 64


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's TLS and that of a client who trusts it, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.loopback")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(file)
    return theirs, ssl.create_default_context(cafile=str(file))
