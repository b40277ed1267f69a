"""What `doctor` found: one line for each thing, with the remedy where it is not well."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.config import Settings


class Mark(StrEnum):
    """How a thing is: well, to be looked at, keeping the bot from working, or not looked at."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do, empty where nothing is to be done."""

    name: str
    mark: Mark
    said: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line for the person who runs the bot."""
        return f"{self.mark:<4} {self.name:<10} {self.said}{f': {self.remedy}' if self.remedy else ''}"


def well(name: str, said: str) -> Finding:
    """Nothing is to be done."""
    return Finding(name, Mark.OK, said)


def warning(name: str, said: str, remedy: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(name, Mark.WARN, said, remedy)


def failure(name: str, said: str, remedy: str) -> Finding:
    """The bot does not do its work so."""
    return Finding(name, Mark.FAIL, said, remedy)


def skipped(name: str, said: str, remedy: str = "") -> Finding:
    """It was not looked at, and why."""
    return Finding(name, Mark.SKIP, said, remedy)


async def guarded(name: str, findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """Pass findings on; a look that breaks off is a finding too, so that the others still come."""
    try:
        async for finding in findings:
            yield finding
    except Exception as error:  # noqa: BLE001  # whatever it was, the rest must be looked at
        yield failure(name, f"could not be looked at ({type(error).__name__})", "see what stands above first")


def concealing(settings: Settings) -> Callable[[str], str]:
    """Return what takes every secret of the settings out of a text: a last line of defence."""
    secrets = [*settings.secrets, settings.metrics_token or ""]
    if settings.twilio is not None:
        secrets += settings.twilio.auth_tokens
    if settings.shop is not None:
        secrets += settings.shop.webhook_secrets
    for account in settings.wechat:
        secrets += [account.secret, *account.tokens]
    if settings.email is not None:
        secrets += [settings.email.password, settings.email.reports_token]
    if "@" in settings.database_url:
        secrets.append(settings.database_url.partition("://")[2].rpartition("@")[0].partition(":")[2])

    def conceal(text: str) -> str:
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    return conceal
