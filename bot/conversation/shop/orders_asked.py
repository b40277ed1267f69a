"""What the shop tells of orders and of what came back, read from what it sent; complaints name the field."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from bot.conversation.shop.checkout_asked import LINES_MAX, Amount, Asked, Quantity, Reference
from bot.core.loyalty.returns import Back, Return

Sku = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(max_length=500)]
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="an id of ours")]
_FACTS_MAX = 50


class SoldAsked(Asked):
    """A line of an order; a product that the shop told us of before needs no name, category or price."""

    sku: Sku
    name: Name | None = None
    category: Name | None = None
    quantity: Quantity = 1
    unit_minor: Amount | None = Field(None, description="the price of one, in minor units")
    discount_minor: Amount | None = Field(
        None, description="what is off the whole line, in minor units; see the order's own"
    )
    earns: bool = Field(default=True, description="false for what never earns, like a gift card")

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if self.unit_minor is not None and (self.discount_minor or 0) > self.quantity * self.unit_minor:
            raise ValueError("`discount_minor` is more than the line costs")
        return self


class BackAsked(Asked):
    """How much of one product came back, all of it so far: so many, or so much cash for them, or both."""

    sku: Sku
    quantity: int = Field(0, ge=0, le=100_000, description="how many came back so far")
    amount_minor: Amount = Field(
        0, description="the cash given back for it so far, without shipping and tax, in minor units"
    )


class ReturnAsked(Asked):
    """What came back of an order, all of it so far and never what is new: by line, in cash, or everything."""

    lines: tuple[BackAsked, ...] = Field((), max_length=LINES_MAX, strict=False)
    amount_minor: Amount | None = Field(
        None, description="the cash given back so far for the whole order, shipping and tax with it"
    )
    everything: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = (bool(self.lines), self.amount_minor is not None, self.everything)
        if sum(said) != 1:
            raise ValueError("say what came back in one way: `lines`, `amount_minor` or `everything`")
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("`lines`: a product stands there twice; tell all of it that came back once")
        return self

    def told(self) -> Return:
        """Return it as the law of returns sees it."""
        by_sku = {line.sku: Back(line.quantity, line.amount_minor) for line in self.lines}
        return Return(by_sku, self.amount_minor or 0, self.everything)


class RefundAsked(ReturnAsked):
    """A refund of an order, by the shop's own id of it.

    With an id of its own (`refund`) it is what came back by that refund alone: several add up, and told
    again it is the same one. Without, it is all that came back so far, like every other return.
    """

    order: Reference
    refund: Reference | None = Field(None, description="the shop's own id of this refund alone")

    def told(self) -> Return:
        """Return it as the law of returns sees it."""
        told = super().told()
        return told if self.refund is None else Return(parts={self.refund: told})


class CancelAsked(Asked):
    """An order that is given up: nothing of it was bought."""

    order: Reference


class SettleAsked(Asked):
    """An order to be settled again."""

    order: Reference


class ShippedAsked(Asked):
    """What is on its way: told again with another number, it is another parcel."""

    carrier: Name | None = None
    tracking: Name | None = None
    expected_on: Annotated[date, Field(strict=False)] | None = None

    def told(self) -> dict[str, JsonValue]:
        """Return it as a fact of the order, without what was not told."""
        return self.model_dump(mode="json", exclude_none=True)


class OrderAsked(Asked):
    """An order as it is now: told again whenever it changes, in any order, and as often as one likes.

    `lines` may be left out where they were told before. What came back may stand in `returned`.
    """

    order: Reference
    ours: Id | None = Field(None, description="our id of it, where it was ordered by text")
    status: Literal["placed", "paid", "fulfilled", "refunded", "canceled"] = "placed"
    placed_at: Annotated[AwareDatetime, Field(strict=False)] | None = None
    changed_at: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        None, description="when the shop changed it last: what is older than that is no news"
    )
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    source: str = Field("shop", min_length=1, max_length=60, description="where it was sold, like `web`")
    lines: tuple[SoldAsked, ...] | None = Field(None, min_length=1, max_length=LINES_MAX, strict=False)
    discount_minor: Amount | None = Field(
        None,
        description="what is off the whole order, beside its lines' own; left out here and in all lines,"
        " what the checkout that was captured for it took off of the same lines",
    )
    shipping_minor: Amount = 0
    tax_minor: Amount = 0
    credit_minor: Amount | None = Field(
        None, description="how much credit pays; left out, what was set aside and captured for it"
    )
    returned: ReturnAsked | None = None
    shipped: ShippedAsked | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict, max_length=_FACTS_MAX)

    @property
    def says_what_is_off(self) -> bool:
        """Whether the shop said itself what is off, be it nothing."""
        told = [self.discount_minor, *(line.discount_minor for line in self.lines or ())]
        return any(off is not None for off in told)

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        if any(name.startswith("_") for name in self.facts):
            raise ValueError("`facts`: names that begin with _ are ours")
        return self
