"""`flows/brand.yaml`: the shop's name, look and tone, and who its letters are from."""

import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from bot.core.email.brand import Brand, Colors, Sender
from bot.core.email.mailbox import read_mailbox
from bot.core.flow.fields import Name, Part, matching, wrong
from bot.core.flow.parse import validated
from bot.core.flow.reader import Document, Path

_Line = Annotated[str, Field(min_length=1, max_length=200)]
_Url = Annotated[
    str,
    BeforeValidator(
        matching(r"https?://[^\s\"'<>]{3,500}", "an address on the web", "https://shop.example/logo.png"),
        json_schema_input_type=str,
    ),
]
_Color = Annotated[
    str,
    BeforeValidator(
        matching(r"#[0-9a-fA-F]{6}", "a colour", '"#0b6b4f", in quotes'), json_schema_input_type=str
    ),
]
_Font = Annotated[
    str,
    BeforeValidator(
        matching(r"[\w ,'-]{1,200}", "a list of fonts", "Georgia, 'Times New Roman', serif"),
        json_schema_input_type=str,
    ),
]
_SHOWN = re.compile(r"[^\x00-\x1f\x7f<>]{1,100}")


def _mailbox(value: object) -> object:
    """Take `name <mailbox>` or a mailbox alone, whichever header it will stand in."""
    if not isinstance(value, str):
        raise wrong(f"{value} is no mailbox", "write one, like Corner Coffee <hello@shop.example>")
    shown, address = parseaddr(value)
    known = read_mailbox(address)
    if known is None or (shown and not _SHOWN.fullmatch(shown)):
        raise wrong(f"'{value}' is no mailbox", "write one, like Corner Coffee <hello@shop.example>")
    return f"{shown} <{known}>" if shown else known


Mailbox = Annotated[
    str,
    BeforeValidator(_mailbox, json_schema_input_type=str),
    Field(examples=["Corner Coffee <hello@shop.example>"]),
]


class EmailSenderPart(Part):
    """Who letters are from."""

    mailbox: Mailbox = Field(alias="from", description="The sender readers see, as `Name <mailbox>`.")
    reply_to: Mailbox | None = Field(None, description="Where answers go, if not there.")

    def sender(self) -> Sender:
        """Return it as letters name it."""
        return Sender(self.mailbox, self.reply_to or "")


class EmailPart(EmailSenderPart):
    """Who letters are from, and those of some subscription groups."""

    groups: dict[Name, EmailSenderPart] = Field(
        {}, max_length=50, description="Other senders, by subscription group."
    )


class ColorsPart(Part):
    """Colours, as #rrggbb."""

    accent: _Color | None = Field(None, description="Of buttons and links.")
    on_accent: _Color | None = Field(None, description="Of text on the accent.")
    background: _Color | None = Field(None, description="Of what is behind everything.")
    paper: _Color | None = Field(None, description="Of what text stands on.")
    text: _Color | None = Field(None, description="Of text.")
    soft: _Color | None = Field(None, description="Of small print.")


class BrandFile(Part):
    """The whole file."""

    name: _Line = Field(description="What the shop is called.")
    address: _Line | None = Field(
        None, description="The shop's postal address, below every letter: US law asks for it there."
    )
    website: _Url | None = Field(None, description="The shop's website.")
    logo: _Url | None = Field(None, description="The address of the logo, a PNG at least 240 pixels wide.")
    tone: _Line | None = Field(None, description="How the shop speaks, for whoever writes its texts.")
    font: _Font | None = Field(None, description="Fonts, the preferred one first, as in CSS.")
    colors: ColorsPart = Field(ColorsPart(), description="The colours of letters and pages.")
    email: EmailPart | None = Field(None, description="Who letters are from, `{from, reply_to, groups}`.")

    def compiled(self) -> Brand:
        """Return it as letters, pages and texts ask it."""
        usual = Brand()
        colors = {**usual.colors.values(), **self.colors.model_dump(exclude_none=True)}
        return Brand(
            name=self.name,
            address=self.address or "",
            website=self.website or "",
            logo=self.logo or "",
            tone=self.tone or "",
            font=self.font or usual.font,
            colors=Colors(**{name: str(color) for name, color in colors.items()}),
            sender=self.email.sender() if self.email is not None else None,
            senders={name: part.sender() for name, part in self.email.groups.items()} if self.email else {},
        )


def read_brand(document: Document) -> BrandFile:
    """Return the brand that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    return validated(BrandFile, document, _keys_at)


_PARTS: Mapping[str, type[BaseModel]] = {"colors": ColorsPart, "email": EmailPart}


def _keys_at(path: Path) -> list[str]:
    model = _PARTS.get(str(path[0]), BrandFile) if path else BrandFile
    if len(path) > 2 and path[:2] == ("email", "groups"):  # noqa: PLR2004  # the name of a group
        model = EmailSenderPart
    return [field.alias or name for name, field in model.model_fields.items()]
