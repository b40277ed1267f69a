"""The settings of email, `REGULARS_SMTP_URL` and so on: one mail server, and what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from bot.config.texts import Fault, is_loopback, token
from bot.core.email.mailbox import read_mailbox

FIELDS: Final[Mapping[str, str]] = {
    "REGULARS_SMTP_URL": "the mail server: smtp://user:password@host:587 with STARTTLS, or smtps://…:465",
    "REGULARS_EMAIL_FROM": "who letters are from where brand.yaml names nobody: Name <mailbox>",
    "REGULARS_EMAIL_BOUNCES": "the mailbox that gets what comes back, as box+NAME@ of each letter",
    "REGULARS_EMAIL_REPORTS_TOKEN": "opens POST /email/reports to the server that gets what comes back",
}
_PORTS: Final = {"smtp": 587, "smtps": 465}
_EXAMPLE: Final = "write smtp://user:password@smtp.example.com:587, with @ and / in a password as %40 and %2F"

Security = Literal["starttls", "tls", "none"]
Tell = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """One mail server. `security` is `none` on this machine alone; empty texts were not given."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    sender: str
    bounces: str
    reports_token: str = field(repr=False)


def is_email_setting(name: str) -> bool:
    """Whether a variable of this name says something of email."""
    return name in FIELDS


def read_email(given: Mapping[str, str], tell: Tell) -> EmailSettings | None:
    """Read the mail server, None where none is given; what is wrong is told: variable, fault, remedy."""
    texts = {name: given.get(name, "").strip() for name in FIELDS}
    url, sender, bounces, reports = texts.values()
    if not any(texts.values()):
        return None
    if not url:
        tell("REGULARS_SMTP_URL", "missing", "the other settings of email need it; " + _EXAMPLE)
        return None
    try:
        host, port, security, username, password = _server(url)
    except Fault as fault:
        tell("REGULARS_SMTP_URL", fault.fault, fault.remedy)
        return None
    for name in ("REGULARS_EMAIL_FROM", "REGULARS_EMAIL_BOUNCES"):
        if texts[name] and read_mailbox(parseaddr(texts[name])[1]) is None:
            tell(name, "is no mailbox", "write one, like hello@shop.example")
    if reports:
        try:
            token(reports)
        except Fault as fault:
            tell("REGULARS_EMAIL_REPORTS_TOKEN", fault.fault, fault.remedy)
    return EmailSettings(
        host=host,
        port=port,
        security=security,
        username=username,
        password=password,
        sender=sender,
        bounces=bounces,
        reports_token=reports,
    )


def _server(url: str) -> tuple[str, int, Security, str, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Fault("cannot be taken apart", _EXAMPLE) from error
    if parts.scheme not in _PORTS or not host or parts.path.strip("/"):
        raise Fault("is no mail server", _EXAMPLE)
    security: Security = "tls" if parts.scheme == "smtps" else "starttls"
    if security == "starttls" and is_loopback(f"http://{host}"):
        security = "none"  # it stays on this machine, where a relay seldom has a certificate
    return (
        host,
        port or _PORTS[parts.scheme],
        security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
