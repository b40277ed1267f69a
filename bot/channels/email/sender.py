"""Sending letters by SMTP: a few connections kept open, each answer of the server told by its remedy."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP

from bot.channels.channel import OperatorNeeded, ProviderUnreachable, SendError, SendNever, Sent
from bot.channels.email.errors import Stage, error_for, lost
from bot.channels.email.message import bare, domain_of, written
from bot.core.email.holes import Frame
from bot.core.email.letters import letter_of, whole
from bot.core.email.links import LetterLinks, LetterNames
from bot.core.email.mailbox import EMAIL
from bot.core.forms import Letter
from bot.core.gate import Cleared
from bot.core.messages import OutboxState

Security = Literal["starttls", "tls", "none"]
Frames = Callable[[Letter], Awaitable[Frame | None]]
"""Finds the frame of a letter's template; None where it is gone."""

_IDLE_SECONDS = 20.0
"""Servers close a connection that says nothing for longer; one that may be closed is not used again."""
_LETTERS_PER_CONNECTION = 100
"""Servers like to see a connection end now and then, and some end it themselves after so many."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed over, and who they are from where nobody says: `Name <mailbox>`.

    `bounces` is the mailbox that gets what comes back, with the letter's name after a plus; empty: the
    sender's own gets it.
    """

    host: str
    port: int
    security: Security
    sender: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    bounces: str = ""


class EmailChannel:
    """Email by SMTP; make it inside the running loop, and close it there."""

    name = EMAIL

    def __init__(  # noqa: PLR0913  # each is asked for something else
        self,
        server: MailServer,
        *,
        links: LetterLinks,
        names: LetterNames,
        frames: Frames,
        connections_max: int = 8,
        timeout: timedelta = timedelta(seconds=20),
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`timeout` is for each wait on the server; `tls` says whom to trust, else as the system does."""
        self._server = server
        self._links = links
        self._names = names
        self._frames = frames
        self._timeout = timeout.total_seconds()
        self._tls = tls
        self._clock = clock
        self._idle: list[_Connection] = []
        self._room = asyncio.Semaphore(connections_max)

    async def send(self, cleared: Cleared) -> Sent:
        """Hand one letter over.

        Raises:
            SendError: by its subclass. Once the end of the letter was sent and no whole answer came, it is
                `OutcomeUnknown`.
        """
        message = cleared.message
        sender = message.sender or self._server.sender
        if not sender:
            raise OperatorNeeded("nobody is named whom letters are from: see `email` in brand.yaml")
        called, seal = f"{self._names.name(message.id)}.{message.contact_id}", self._names.sealed(message.id)
        letter = whole(message, await self._frames(letter_of(message)), self._links)
        try:
            told = {"name": called, "seal": f"{seal}.{message.contact_id}"}
            content = written(letter, sender=sender, to=message.address, **told, at=self._clock())
            recipient = bare(message.address)
        except (ValueError, UnicodeError) as error:  # a domain that DNS can never have known
            raise SendNever("the letter cannot be written to such a mailbox") from error
        async with self._room, self._connection(sender) as connection:
            await connection.hand_over(self._envelope_sender(sender, seal), recipient, content)
        return Sent(provider_id=f"<{called}@{domain_of(sender)}>", state=OutboxState.SENT, segments=0)

    async def check(self) -> None:
        """Connect and log in, and no more.

        Raises:
            SendError: it cannot be done.
        """
        async with self._connection(self._server.sender):
            return

    async def close(self) -> None:
        """Take leave of the server on every connection."""
        while self._idle:
            await self._idle.pop().end()

    def _envelope_sender(self, sender: str, seal: str) -> str:
        """Where the letter comes back to, if it does: under its sealed name, so that we know which it was."""
        if not self._server.bounces:
            return bare(sender)
        local, _, domain = bare(self._server.bounces).rpartition("@")
        return f"{local}+{seal}@{domain}"

    @asynccontextmanager
    async def _connection(self, sender: str) -> AsyncIterator["_Connection"]:
        """A connection that is used by nobody else; kept for the next if nothing went wrong on it."""
        connection = await self._kept() or await self._opened(sender)
        try:
            yield connection
        except SendError:
            if connection.is_usable:
                self._idle.append(connection)
            else:
                await connection.end()
            raise
        except BaseException:
            connection.drop()
            raise
        if connection.is_usable:
            self._idle.append(connection)
        else:
            await connection.end()

    async def _kept(self) -> "_Connection | None":
        """The latest connection that still answers."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh and await connection.answers():
                return connection
            await connection.end()
        return None

    async def _opened(self, sender: str) -> "_Connection":
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls if server.security != "none" else None,
            timeout=self._timeout,
            local_hostname=domain_of(sender) or "localhost",
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise error_for(Stage.LOGIN, error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            if _is_not_trusted(error):
                raise OperatorNeeded("the mail server offers no connection that we trust") from error
            raise ProviderUnreachable(f"the mail server cannot be reached: {type(error).__name__}") from error
        return _Connection(client)


class _Connection:
    """One connection; what is wrong with a recipient leaves it as good as before."""

    def __init__(self, client: SMTP) -> None:
        self._client = client
        self._used_at = asyncio.get_running_loop().time()
        self._letters = 0

    @property
    def is_usable(self) -> bool:
        return self._client.is_connected and self._letters < _LETTERS_PER_CONNECTION

    @property
    def is_fresh(self) -> bool:
        idle = asyncio.get_running_loop().time() - self._used_at
        return self.is_usable and idle < _IDLE_SECONDS

    async def answers(self) -> bool:
        """Begin anew; False where the server has hung up meanwhile."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True

    async def hand_over(self, sender: str, recipient: str, content: bytes) -> None:
        """Hand one letter over. Raises SendError."""
        client, encoding = self._client, "ascii" if recipient.isascii() else "utf-8"
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        if options and not client.supports_extension("smtputf8"):
            raise SendNever("the mail server takes no such mailbox")
        self._letters += 1
        try:
            await client.mail(sender, options=options, encoding=encoding)
            await client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPSenderRefused as error:
            raise error_for(Stage.SENDER, error.code, error.message) from error
        except aiosmtplib.SMTPRecipientRefused as error:
            raise error_for(Stage.RECIPIENT, error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:  # nothing of the letter was sent yet
            self.drop()
            raise ProviderUnreachable(f"the mail server hung up: {type(error).__name__}") from error
        try:
            await client.data(content)
        except aiosmtplib.SMTPDataError as error:
            raise error_for(Stage.CONTENT, error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self.drop()
            raise lost() from error
        finally:
            self._used_at = asyncio.get_running_loop().time()

    async def end(self) -> None:
        """Take leave, if somebody is there."""
        if self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=1)
        self.drop()

    def drop(self) -> None:
        """Hang up."""
        self._client.close()


def _is_not_trusted(error: Exception) -> bool:
    """Whether it was reached, and has no TLS, none that we trust, or no login over it."""
    # Bare where the server lacks an extension that we ask for.
    lacks = type(error) is aiosmtplib.SMTPException or isinstance(error, aiosmtplib.SMTPNotSupported)
    return lacks or any(isinstance(one, ssl.SSLError) for one in (error, error.__cause__, error.__context__))
