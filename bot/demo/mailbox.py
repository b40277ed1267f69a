"""The loopback mail server: real SMTP on this machine that keeps every letter, and fails as it is told."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_LETTERS_MAX = 500
_FAULTS_MAX = 50


@dataclass(frozen=True, slots=True)
class Post:
    """A letter that arrived; `sender` and `recipient` are of the envelope."""

    number: int
    sender: str
    recipient: str
    at: datetime
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """The letter, read."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage), "the policy makes these"
        return message

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """Return its text (`plain`) or HTML (`html`); empty where it has none."""
        body = self.message.get_body((kind,))
        return str(body.get_content()) if body is not None else ""


@dataclass(frozen=True, slots=True)
class MailFault:
    """What goes wrong with the next letter to a mailbox: an answer like `550 5.1.1 …`, or a hang-up.

    `stage` is `sender`, `recipient` or `content`; the answer `drop` hangs up after the letter was taken.
    """

    recipient: str
    answer: str
    stage: str = "recipient"


@dataclass(slots=True)
class LoopbackMail:
    """What arrived, newest last, and what is to go wrong."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    letters: deque[Post] = field(default_factory=lambda: deque(maxlen=_LETTERS_MAX))
    faults: list[MailFault] = field(default_factory=list)
    connections: int = 0
    _count: int = 0

    def of(self, recipient: str) -> list[Post]:
        """Return the letters of a mailbox, oldest first."""
        return [post for post in self.letters if post.recipient == recipient.lower()]

    def fail(self, fault: MailFault) -> None:
        """Let something go wrong, once."""
        if len(self.faults) < _FAULTS_MAX:
            self.faults.append(fault)

    # What aiosmtpd calls

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name, as those below
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet."""
        del server
        if session.host_name is None:
            self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the envelope's sender."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        fault = self._due("", "sender")
        return fault.answer if fault is not None else "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        fault = self._due(address, "recipient")
        if fault is not None:
            return fault.answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the letter."""
        answer = "250 2.0.0 OK"
        for recipient in envelope.rcpt_tos:
            fault = self._due(recipient, "content")
            if fault is not None and fault.answer != "drop":
                return fault.answer
            self._count += 1
            content = envelope.content
            assert isinstance(content, bytes), "decode_data is off"
            self.letters.append(
                Post(self._count, envelope.mail_from or "", recipient.lower(), self.clock(), content)
            )
            if fault is not None:
                assert isinstance(server.transport, asyncio.Transport), "letters came by it"
                server.transport.abort()
        return answer

    def _due(self, recipient: str, stage: str) -> MailFault | None:
        for fault in self.faults:
            if fault.stage == stage and (stage == "sender" or fault.recipient == recipient.lower()):
                self.faults.remove(fault)
                return fault
        return None


@asynccontextmanager
async def mail_server(
    mail: LoopbackMail,
    port: int = 0,
    *,
    login: tuple[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Take letters on 127.0.0.1, with `tls` after STARTTLS, with `login` of who is known; gives the port."""

    def known(_server: SMTP, _session: Session, _envelope: Envelope, _way: str, given: object) -> AuthResult:
        is_known = isinstance(given, LoginPassword) and login is not None
        same = is_known and (given.login.decode(), given.password.decode()) == login  # type: ignore[attr-defined]  # asked just before
        return AuthResult(success=same, handled=False)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            mail,
            loop=loop,
            hostname="mail.loopback",
            ident="loopback",
            enable_SMTPUTF8=True,
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=known if login is not None else None,
            auth_required=login is not None,
            auth_require_tls=tls is not None,
        ),
        "127.0.0.1",
        port,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
