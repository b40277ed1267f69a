"""How the text of each setting becomes a value, or a fault with its remedy."""

import ipaddress
import re
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, cast, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECRET_LENGTH_MIN: Final = 8
NEW_SECRET: Final = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'  # noqa: S105 -- makes one

POSTGRESQL: Final = "postgresql://user:password@host:5432/database"

LogLevel = Literal["debug", "info", "warning", "error"]


class Fault(Exception):
    """What is wrong with a text, and the remedy; repeats the text only where it cannot hold a secret."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(fault)
        self.fault = fault
        self.remedy = remedy


def database_url(text: str) -> str:
    """An SQLAlchemy asyncio URL, whatever spelling came in."""
    scheme, _, rest = text.partition("://")
    if scheme in {"sqlite", "sqlite+aiosqlite"}:
        return f"sqlite+aiosqlite:///{_sqlite_file(rest)}"
    if scheme in {"postgres", "postgresql", "postgresql+asyncpg"}:
        return _postgresql_url(rest)
    raise Fault("is no database we know", f"write {POSTGRESQL} or sqlite:///regulars.sqlite")


def _sqlite_file(rest: str) -> str:
    file = rest.removeprefix("/")
    if file == rest or not file or file.startswith(":memory:"):
        raise Fault("names no file", "an absolute path has four slashes: sqlite:////var/lib/regulars.sqlite")
    if not Path(file).absolute().parent.is_dir():
        raise Fault("the folder of its file does not exist", f"make it: mkdir -p {Path(file).parent}")
    return file


def _postgresql_url(rest: str) -> str:
    remedy = f"write {POSTGRESQL}, with # and / in a password as %23 and %2F"
    try:
        parts = urlsplit(f"postgresql://{rest}")
        server = parts.port or parts.hostname or "host=" in parts.query
    except ValueError as error:
        raise Fault("cannot be taken apart", remedy) from error
    if not server or not parts.path.strip("/") or parts.fragment:
        raise Fault("names no server or no database", remedy)
    # Hosting companies hand out libpq's sslmode; asyncpg calls the same thing ssl.
    query = urlencode(
        [("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(parts.query)]
    )
    return f"postgresql+asyncpg://{parts.netloc}{parts.path}{query and '?' + query}"


def host(text: str) -> str:
    """A host name or IP address."""
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", text):
        raise Fault(f"{text!r} is no host name or IP address", "use 127.0.0.1, or 0.0.0.0 behind a proxy")
    return text


def port(text: str) -> int:
    """A TCP port."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**16):
        raise Fault(f"{text!r} is no port", "use a number from 1 to 65535, such as 8080")
    return int(text)


def url(text: str) -> str:
    """An absolute http address without query, without the slash at its end."""
    try:
        parts = urlsplit(text)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_number = urlsplit(""), False
    if not port_is_number or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Fault("is no web address", "write https://bot.example.com")
    if parts.query or parts.fragment or parts.username:
        raise Fault("has more than host and path", "leave out user, ? and #")
    return text.rstrip("/")


def api_url(text: str) -> str:
    """An address that credentials may be sent to."""
    address = url(text)
    if not address.startswith("https://") and not is_loopback(address):
        raise Fault("would send credentials unencrypted", "use https://, or an address on this machine")
    return address


def is_loopback(url: str) -> bool:
    """Whether the address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(url: str) -> bool:
    """Whether the address names this machine or a private network; of other names nobody knows before."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def network(text: str) -> str:
    """Where an address that we call may lead."""
    for place in ("public", "any"):
        if text == place:
            return place
    raise Fault(f"{text!r} is neither public nor any", "write public, or any for private networks too")


def zone(text: str) -> ZoneInfo:
    """An IANA time zone."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Fault(f"{text!r} is no time zone", "use an IANA name such as America/New_York") from error


def folder(text: str) -> Path:
    """A folder that exists."""
    if not Path(text).is_dir():
        raise Fault(f"{text!r} is no folder", "name the folder that holds program.yaml")
    return Path(text).absolute()


def account_sid(text: str) -> str:
    """The id of a Twilio account."""
    return _sid(text, "AC")


def messaging_service_sid(text: str) -> str:
    """The id of a Twilio messaging service."""
    return _sid(text, "MG")


def _sid(text: str, prefix: str) -> str:
    # https://www.twilio.com/docs/glossary/what-is-a-sid
    # A stand-in for Twilio may have SIDs of its own; the kind is what gets mixed up.
    if not re.fullmatch(prefix + "[0-9a-zA-Z_-]{1,62}", text):
        raise Fault(
            f"is no SID of that kind: {prefix} and 32 hexadecimal digits", "copy it from Twilio's console"
        )
    return text


def sender(text: str) -> str:
    """An E.164 number or a short code."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}", text):
        raise Fault(
            f"{text!r} is no number to send from", "write it as +15551234567, or a short code's digits"
        )
    return text


def newest_first(text: str) -> tuple[str, ...]:
    """One text, or two separated by a comma while the older is being replaced."""
    texts = tuple(part.strip() for part in text.split(","))
    if len(texts) > 2 or not all(texts) or any(re.search(r"\s", part) for part in texts):  # noqa: PLR2004
        raise Fault("is not one or two texts without spaces", "write NEW or, while rotating, NEW,OLD")
    return texts


def secrets(text: str) -> tuple[str, ...]:
    """One secret, or the new and the old one."""
    return tuple(secret(part) for part in newest_first(text))


def secret(text: str) -> str:
    """A text too long to guess."""
    if len(text) < SECRET_LENGTH_MIN:
        raise Fault(f"is shorter than {SECRET_LENGTH_MIN} characters", f"make one: {NEW_SECRET}")
    return text


def token(text: str) -> str:
    """A text that fits into an Authorization header."""
    if not re.fullmatch(r"[!-~]{16,}", text):
        raise Fault("is shorter than 16 characters or has odd ones", f"make one: {NEW_SECRET}")
    return text


def count(text: str) -> int:
    """A whole number, 0 or more."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Fault(f"{text!r} is no whole number", "write digits only, like 2000; 0 for no limit")
    return int(text)


def price(text: str) -> tuple[Decimal, str]:
    """An amount and its currency, as in `0.0083 USD`; dollars where none is named."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,8})?)(?:\s*([A-Z]{3}))?", text)
    if not found:
        raise Fault("is no price", "write an amount and a currency, like 0.0083 USD")
    return Decimal(found.group(1)), found.group(2) or "USD"


def log_level(text: str) -> LogLevel:
    """From which level on lines are written."""
    for level in get_args(LogLevel):
        if text.lower() == level:
            return cast("LogLevel", level)
    raise Fault(f"{text!r} is no log level", f"use one of {', '.join(get_args(LogLevel))}")
