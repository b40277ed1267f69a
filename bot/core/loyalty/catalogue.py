"""The rewards catalogue: what credit is traded for, while it lasts and as long as there is any."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.core.links import host_of
from bot.core.local_time import local_date
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.fields import Days, Duration, Minor, Rate, Text

RewardKind = Literal["product", "discount", "perk", "content"]


class Reward(Benefit):
    """What credit is traded for.

    A `product` is handed out (its `sku` tells the shop which), a `discount` takes `amount` or `rate` off an
    order, a `perk` is done for the member, and `content` is a page that its signed link opens for `open_for`.
    `stock` is how many there are at all, `most` how many one member may have, and `ready_within` when it is
    promised for; without it, it is handed out on the spot.
    """

    id: str = Field(pattern="^[a-z0-9_]+$")
    name: Text
    cost_minor: Minor = Field(alias="cost")
    description: Text | None = None
    kind: RewardKind = "product"
    sku: str | None = None
    amount_minor: Minor | None = Field(default=None, alias="amount")
    rate: Rate | None = None
    url: str | None = None
    open_for: Days = timedelta(days=7)
    stock: int | None = Field(default=None, ge=1)
    most: int | None = Field(default=None, ge=1)
    ready_within: Duration | None = None

    @model_validator(mode="after")
    def _as_its_kind(self) -> Self:
        belongs = {"sku": "product", "amount_minor": "discount", "rate": "discount", "url": "content"}
        for name, kind in belongs.items():
            if getattr(self, name) is not None and self.kind != kind:
                written = name.removesuffix("_minor")
                raise ValueError(
                    f"`{written}` is for a {kind}, and '{self.id}' is a {self.kind}; take it out"
                )
        if self.kind == "discount" and (self.amount_minor is None) == (self.rate is None):
            raise ValueError(
                f"'{self.id}' does not say how much it takes off; write either `amount` or `rate`"
            )
        if self.rate is not None and not 0 < self.rate <= 1:
            raise ValueError(f"'{self.id}' takes off more than there is, or nothing; write a rate like 10%")
        if self.kind == "content" and not (host_of(self.url or "") and str(self.url).startswith("https://")):
            raise ValueError(f"'{self.id}' does not say what it opens; write `url:`, an https address")
        if self.kind == "content" and self.ready_within is not None:
            raise ValueError(f"'{self.id}' opens at once; take `ready_within` out")
        return self

    @property
    def counter(self) -> str:
        """The counter of how many there are."""
        return f"stock/reward/{self.id}"

    def promised_on(self, now: datetime, zone: str) -> date | None:
        """The day, in the member's zone, it is promised for; None where it is handed out on the spot."""
        return local_date(now + self.ready_within, zone) if self.ready_within is not None else None

    def off_minor(self, total_minor: int) -> int:
        """What a discount takes off an order of that total: never more than it, rounded for the member."""
        if self.amount_minor is not None:
            return min(self.amount_minor, total_minor)
        return -int(-total_minor * (self.rate or Fraction(0)) // 1)


@dataclass(frozen=True, slots=True)
class Affordable:
    """What a member may claim now, cheapest first, and the cheapest that lacks only credit."""

    rewards: tuple[Reward, ...]
    next: Reward | None


def affordable(rewards: tuple[Reward, ...], available_minor: int) -> Affordable:
    """Split rewards that are for a member by what its credit covers."""
    ordered = sorted(rewards, key=lambda reward: reward.cost_minor)
    beyond = [reward for reward in ordered if reward.cost_minor > available_minor]
    return Affordable(tuple(ordered[: len(ordered) - len(beyond)]), beyond[0] if beyond else None)
