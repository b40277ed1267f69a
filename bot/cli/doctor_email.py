"""What `doctor` looks at for email: the mail server, whom letters are from, and what DNS says of them."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from email.utils import parseaddr

from bot import app
from bot.channels.channel import ProviderUnreachable, SendError
from bot.channels.email.sender import EmailChannel
from bot.cli.findings import Finding, failure, skipped, warning, well
from bot.config import Settings
from bot.core.email.brand import NO_BRAND, Brand
from bot.core.email.holes import Frame
from bot.core.email.links import LetterLinks, LetterNames
from bot.core.errors import RegularsError
from bot.core.forms import Letter
from bot.storage import revisions

_NAME = "email"
_TIMEOUT = timedelta(seconds=10)


async def findings(settings: Settings) -> AsyncGenerator[Finding]:
    """Look at the mail server without sending anything, and at what letters need beside it."""
    email = settings.email
    if email is None:
        yield skipped(_NAME, "not set up", "set REGULARS_SMTP_URL to send letters: docs/email.md")
        return
    yield await _server(settings)
    brand = await _brand(settings)
    sender = (brand.sender.mailbox if brand.sender is not None else "") or email.sender
    if not sender:
        remedy = "write `email: {from: …}` in flows/brand.yaml, or set REGULARS_EMAIL_FROM"
        yield failure(_NAME, "nobody is named whom letters are from", remedy)
    else:
        domain = parseaddr(sender)[1].rpartition("@")[2]
        remedy = f"publish SPF, DKIM and DMARC for {domain}: docs/email.md#before-the-first-letter"
        yield well(_NAME, f"letters are from {domain}; {remedy}")
    if not brand.address:
        yield warning(_NAME, "letters show no postal address", "write `address:` in flows/brand.yaml")
    if not email.bounces or not email.reports_token:
        remedy = "set REGULARS_EMAIL_BOUNCES and REGULARS_EMAIL_REPORTS_TOKEN: docs/email.md#what-comes-back"
        yield warning(_NAME, "nobody tells us which letters came back", remedy)
    else:
        yield well(_NAME, f"what comes back is told to {settings.public_url}/email/reports")


async def _server(settings: Settings) -> Finding:
    email = settings.email
    assert email is not None, "asked just before"
    secrets = tuple(secret.encode() for secret in settings.secrets) or (b"doctor",)
    channel = EmailChannel(
        app.mail_server(email),
        links=LetterLinks(settings.public_url, secrets),
        names=LetterNames(secrets),
        frames=_none,
        timeout=_TIMEOUT,
    )
    where = f"{email.host}:{email.port}"
    try:
        await channel.check()
    except ProviderUnreachable as error:
        return failure(_NAME, f"{where}: {error}", "look at REGULARS_SMTP_URL and this machine's way out")
    except SendError as error:
        return failure(_NAME, f"{where}: {error}", "look at user, password and port of REGULARS_SMTP_URL")
    finally:
        await channel.close()
    how = {"tls": "over TLS", "starttls": "with STARTTLS", "none": "in the clear, on this machine"}
    return well(_NAME, f"{where} takes letters {how[email.security]}")


async def _none(_letter: Letter) -> Frame | None:
    return None


async def _brand(settings: Settings) -> Brand:
    """What is published of it: nothing, where the database cannot be read; that is said elsewhere."""
    try:
        database = await app.open_database(settings)
    except RegularsError:
        return NO_BRAND
    try:
        if not await database.query(revisions.generation):
            return NO_BRAND
        return (await app.decisions(settings, database)).shop.letters.brand
    except Exception:  # noqa: BLE001  # what is wrong with the database or the files was said above
        return NO_BRAND
    finally:
        await database.close()
