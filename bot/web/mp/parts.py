"""Parts that answers of `/mp` share."""

from typing import Annotated, Literal

from pydantic import Field

from bot.core.pages.speech import LANGUAGES
from bot.web.rest.fields import Answer, Body, Cursor, Query

ONLY_MEMBERS = {403: "not-a-member: join first, POST /mp/join"}
"""What a route says no to whom who is no member (`says_no`)."""

LanguageIn = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}$",
        description="as phones write one, like zh_CN; English where it is none of ours",
    ),
]
Language = Literal["en", "es", "zh_Hans", "zh_Hant"]
assert set(Language.__args__) == set(LANGUAGES), "all that pages speak"  # type: ignore[attr-defined]  # a Literal has them


class Money(Answer):
    """An amount: the number to count with, the text to show."""

    minor: int = Field(description="in minor units, like cents")
    text: str = Field(description="as the shopper's language writes it")


class Nothing(Body):
    """Nothing more is said."""


class Empty(Answer):
    """Nothing is left to say."""


class SaysAnswer(Answer):
    """What the shopper is told, in their language."""

    says: str


class Page(Query):
    """Which page of a list."""

    cursor: Cursor | None = None
