"""The brand: what emails, pages and texts say of the shop, and who letters are from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.contact import JsonValue

_ORIGIN = re.compile(r"(https?://[\w.-]+(?::\d+)?)/", re.ASCII)


def origin_of(url: str) -> str:
    """Return where something is loaded from, as a policy of pages names it; empty: from nowhere else."""
    found = _ORIGIN.match(url)
    return found[1] if found is not None else ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a letter is from: `mailbox` is as it stands in From, `reply_to` where answers go; empty: there."""

    mailbox: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Colors:
    """Colours as CSS writes them; `on_accent` is for text on the accent."""

    accent: str = "#0b6b4f"
    on_accent: str = "#ffffff"
    background: str = "#f5f3ee"
    paper: str = "#ffffff"
    text: str = "#22201c"
    soft: str = "#635d54"

    def values(self) -> dict[str, JsonValue]:
        """Return them by name."""
        return {
            "accent": self.accent,
            "on_accent": self.on_accent,
            "background": self.background,
            "paper": self.paper,
            "text": self.text,
            "soft": self.soft,
        }


@dataclass(frozen=True, slots=True)
class Brand:
    """What `brand.yaml` says; `senders` are by subscription group, `sender` is of whatever names no other.

    `address` is the postal one, which commercial email has to show in the US
    (https://www.ftc.gov/business-guidance/resources/can-spam-act-compliance-guide-business).
    """

    name: str = ""
    address: str = ""
    website: str = ""
    logo: str = ""
    tone: str = ""
    font: str = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
    colors: Colors = field(default_factory=Colors)
    sender: Sender | None = None
    senders: Mapping[str, Sender] = field(default_factory=dict)

    def sender_of(self, group: str | None) -> Sender | None:
        """Return who letters of a group are from; None where nobody is named."""
        return self.senders.get(group or "") or self.sender

    @property
    def logo_origin(self) -> str:
        """Where the logo is loaded from, as a policy of pages names it; empty: from nowhere."""
        return origin_of(self.logo)

    def values(self) -> dict[str, JsonValue]:
        """Return what texts and templates may name."""
        return {
            "name": self.name,
            "address": self.address,
            "website": self.website,
            "logo": self.logo,
            "tone": self.tone,
            "font": self.font,
            "colors": self.colors.values(),
        }


NO_BRAND = Brand()
