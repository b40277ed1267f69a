"""Bundles: goods sold together for less than they cost apart, by what they cost apart now.

The saving is never written down: it is what the current prices make of it, and a bundle that saves nothing is
not offered. A bundle of several of one product is a refill offer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from bot.core.contact import Product
from bot.core.loyalty.earning import spread
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.fields import Minor, Rate, Rule, Text


class Item(Rule):
    """So many of one product."""

    sku: str = Field(min_length=1)
    quantity: int = Field(default=1, ge=1)


class Bundle(Benefit):
    """Goods sold together, for `price`, or `less` than their prices now by an amount or a share of them."""

    id: str = Field(pattern="^[a-z0-9_]+$")
    name: Text
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    price_minor: Minor | None = Field(default=None, alias="price")
    less_minor: Minor | None = Field(default=None, alias="less")
    less_rate: Rate | None = Field(default=None, alias="less_share")

    @field_validator("items", mode="before", json_schema_input_type=list[str | Item])
    @classmethod
    def _skus(cls, written: object) -> object:
        if not isinstance(written, list):
            return written
        return [{"sku": item} if isinstance(item, str) else item for item in written]

    @field_validator("items")
    @classmethod
    def _distinct(cls, items: tuple[Item, ...]) -> tuple[Item, ...]:
        seen: set[str] = set()
        for item in items:
            if item.sku in seen:
                raise ValueError(f"'{item.sku}' stands there twice; write its `quantity`")
            seen.add(item.sku)
        return items

    @model_validator(mode="after")
    def _for_less(self) -> Self:
        ways = (self.price_minor, self.less_minor, self.less_rate)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(f"'{self.id}' has no one price; write one of `price`, `less` and `less_share`")
        if self.less_rate is not None and not 0 < self.less_rate < 1:
            raise ValueError(f"'{self.id}' would be free, or save nothing; write a share like 10%")
        if sum(item.quantity for item in self.items) < 2:  # noqa: PLR2004  # what is sold together is two things
            raise ValueError(f"'{self.id}' holds one thing alone; add another, or a `quantity`")
        return self

    @property
    def is_refill(self) -> bool:
        """Whether it is several of one product."""
        return len(self.items) == 1

    def priced(self, products: Mapping[str, Product]) -> "Priced | None":
        """Return it at the prices of now; None where a part is not sold, or it would save nothing."""
        if any(item.sku not in products for item in self.items):
            return None
        apart = [item.quantity * products[item.sku].price_minor for item in self.items]
        total = sum(apart)
        if self.price_minor is not None:
            price = self.price_minor
        elif self.less_minor is not None:
            price = total - self.less_minor
        else:
            price = -int(-total * (1 - (self.less_rate or Fraction(0))) // 1)
        saving = total - price
        if saving <= 0 or price <= 0:
            return None
        return Priced(self, total, price, spread(saving, apart))


@dataclass(frozen=True, slots=True)
class Priced:
    """A bundle at the prices of now; `off_by_item` sums to the saving, in the order of its items."""

    bundle: Bundle
    apart_minor: int
    price_minor: int
    off_by_item: tuple[int, ...]

    @property
    def saving_minor(self) -> int:
        """What it costs less than its parts apart."""
        return self.apart_minor - self.price_minor
