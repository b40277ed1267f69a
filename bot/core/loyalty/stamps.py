"""Stamp cards: buy eight, the ninth free. A stamp is credit of its own unit, in the wallet `card/<id>`.

So a stamp can be pending, end, and be taken back with the return that gave it up to the last rule of the
ledger: a stamp that was spent on a full card already is owed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Minor, Names, Rule, Text

_ID = "^[a-z][a-z0-9_]*$"


class CardReward(Rule):
    """What a full card becomes: credit, a reward of the catalogue, or an offer."""

    credit_minor: Minor | None = Field(None, alias="credit")
    reward: str | None = None
    offer: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.credit_minor, self.reward, self.offer)) != 1:
            raise ValueError("a full card becomes one thing; write `credit`, `reward` or `offer`")
        return self

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return "credit" if self.credit_minor is not None else "reward" if self.reward is not None else "offer"


class Card(Benefit):
    """A stamp for each item bought (or `per: order`), and something for `buy` of them.

    `policy` is set when a season joins: the revision of its file.
    """

    id: str = Field(pattern=_ID)
    name: Text
    sku: Names = ()
    category: Names = ()
    per: Literal["item", "order"] = "item"
    buy: int = Field(ge=2, le=100)
    get: CardReward
    most_a_day: int | None = Field(None, ge=1)
    expiry: Expiry = Expiry()
    policy: str = ""

    @field_validator("policy")
    @classmethod
    def _set_by_seasons(cls, policy: str) -> str:
        raise ValueError(f"'{policy}' is set by the season's file; take it out")

    @property
    def wallet(self) -> str:
        """The wallet its stamps are in."""
        return f"card/{self.id}"

    def counts(self, sku: str, category: str) -> bool:
        """Whether such an item is stamped."""
        return not (self.sku or self.category) or sku in self.sku or category in self.category


@dataclass(frozen=True, slots=True)
class Progress:
    """How full a card is: `stamps` of `of`; what is owed is not there, so stamps may be below zero."""

    stamps: int
    of: int

    @property
    def missing(self) -> int:
        """How many stamps are still missing."""
        return self.of - self.stamps


def progress(card: Card, available: int, owed: int = 0) -> Progress:
    """Return how full the card is that is being filled; full ones have been turned into their reward."""
    return Progress(available - owed, card.buy)


def full_cards(card: Card, available: int) -> int:
    """How many full cards that many stamps make."""
    return available // card.buy


def stamped(card: Card, items: Sequence[int], room: int | None = None) -> tuple[int, ...]:
    """Return the stamps by line; `items` is what each line has of stamped things, `room` bounds their sum."""
    if card.per == "order":
        first = next((index for index, quantity in enumerate(items) if quantity > 0), None)
        items = [int(index == first) for index in range(len(items))]
    stamps, left = [], sum(items) if room is None else max(room, 0)
    for quantity in items:
        stamps.append(min(quantity, left))
        left -= stamps[-1]
    return tuple(stamps)
