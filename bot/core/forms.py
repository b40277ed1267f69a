"""Forms: what a message is beyond its text, for channels that can show more than text.

The text of a message is always all of it, so that a channel without cards and menus loses nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from bot.core.ids import instant, microseconds
from bot.core.quickly import quickly_made

BANNER = "banner"
"""What a form of a banner has, and no other."""


@quickly_made
@dataclass(frozen=True, slots=True)
class MenuOption:
    """Something to tap instead of typing its `key`."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """A page of a mini program, shown as a card; `account` names the mini program's account of ours.

    `image` is the address (URL) or file of its picture; empty: the usual one, or a link in the text.
    """

    title: str
    page: str
    account: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A subscribe message: a template of the platform's with its fields filled in, checked by their types.

    `template` is our name of it, `template_id` the platform's; `page` opens when it is tapped.
    """

    template: str
    template_id: str
    fields: Mapping[str, str]
    page: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """An email beyond its text: its subject, and what fills its template's frame in (see `bot.core.email`).

    `template` is the file's name without its ending, empty for the usual one; `frame` is the digest of the
    frame that `filled` is for. `links` are the codes of short links by the address they lead to, `foot` ends
    the text for who reads no HTML. `counts_opens`: it says when somebody looks at it. `confirms` is what its
    button says where that confirms an opt-in; empty: it confirms none.
    """

    subject: str
    preheader: str = ""
    template: str = ""
    revision: int = 0
    frame: str = ""
    filled: str = ""
    foot: str = ""
    reply_to: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    counts_opens: bool = False
    confirms: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Form:
    """How a message is shown at its best: `head` is its text without the `options` that are listed in it."""

    head: str = ""
    options: tuple[MenuOption, ...] = ()
    card: Card | None = None
    notice: Notice | None = field(default=None)
    letter: Letter | None = None
    banner_until: datetime | None = None
    """Until when it stands on top of our pages; None: it does not."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without what is empty."""
        plain: dict[str, Any] = {}
        if self.head:
            plain["head"] = self.head
        if self.options:
            plain["options"] = [[option.key, option.label] for option in self.options]
        if (card := self.card) is not None:
            plain["card"] = {
                "title": card.title,
                "page": card.page,
                "account": card.account,
                "image": card.image,
            }
        if (notice := self.notice) is not None:
            plain["notice"] = {
                "template": notice.template,
                "template_id": notice.template_id,
                "fields": dict(notice.fields),
                "page": notice.page,
                "account": notice.account,
            }
        if (letter := self.letter) is not None:
            plain["letter"] = {name: value for name, value in asdict(letter).items() if value}
        if self.banner_until is not None:
            plain[BANNER] = microseconds(self.banner_until)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Form":
        """Read back what `to_json` returned."""
        card, notice, letter = plain.get("card"), plain.get("notice"), plain.get("letter")
        return cls(
            head=plain.get("head", ""),
            options=tuple(MenuOption(key, label) for key, label in plain.get("options", ())),
            card=Card(**card) if card is not None else None,
            notice=Notice(**notice) if notice is not None else None,
            letter=Letter(**{"subject": "", **letter}) if letter is not None else None,
            banner_until=instant(plain[BANNER]) if BANNER in plain else None,
        )
