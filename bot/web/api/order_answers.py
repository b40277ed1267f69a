"""What is answered about orders and checkouts, field by field."""

from typing import Literal

from pydantic import Field, RootModel

from bot.web.rest.fields import Answer


class OrderLineAnswer(Answer):
    """A line of an order: gross = discount + credit + cash."""

    sku: str
    quantity: int
    gross_minor: int
    discount_minor: int
    credit_minor: int
    cash_minor: int
    returned_quantity: int


class MovedAnswer(Answer):
    """What this request did; 0 all over where it was no news."""

    earned_minor: int
    restored_minor: int = Field(description="credit that went back to the member")
    lost_minor: int = Field(description="credit that should have gone back, and whose time was over")
    taken_back_minor: int = Field(description="of what was earned on what came back")
    owed_minor: int = Field(description="of what was taken back: spent before, and owed now")
    stamps_taken_back: int


class OrderAnswer(Answer):
    """An order as it is by now."""

    id: str = Field(description="our id of it")
    order: str = Field(description="the shop's own id of it")
    status: str
    currency: str
    placed_at: str
    total_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    credit_minor: int = Field(description="what credit paid")
    to_pay_minor: int
    refunded_minor: int = Field(description="cash given back so far")
    returned_credit_minor: int = Field(description="credit given back so far")
    lines: list[OrderLineAnswer]
    moved: MovedAnswer | None = Field(None, description="null where nothing was asked to move")
    parked: Literal[False]


class ParkedAnswer(Answer):
    """What was told waits for its order: it is applied when that is told."""

    order: str
    parked: Literal[True]


class GivenBackAnswer(RootModel[OrderAnswer | ParkedAnswer]):
    """An order as it is by now, or that what was told waits for it."""


class QuotedLine(Answer):
    """A line with who pays for it."""

    sku: str
    name: str
    kind: str
    quantity: int
    unit_minor: int
    gross_minor: int
    discount_minor: int
    credit_minor: int
    to_pay_minor: int


class AppliedOffer(Answer):
    """An offer that applies, and what it takes off."""

    code: str
    offer: str
    title: str
    kind: str
    discount_minor: int
    by_line_minor: list[int]


class LeftOutOffer(Answer):
    """An offer that was wanted and does not apply, and why."""

    offer: str
    reason: str
    says: str
    missing_minor: int | None = Field(None, description="how much is missing to the smallest basket")
    starts_at: str | None = None
    ended_at: str | None = None


class PricedAnswer(Answer):
    """What a basket comes to: gross = discounts + credit + to pay, by line and in sum."""

    order: str | None
    currency: str
    gross_minor: int
    discount_minor: int
    credit_minor: int
    to_pay_minor: int
    lines: list[QuotedLine]
    offers: list[AppliedOffer]
    left_out: list[LeftOutOffer]


class QuoteAnswer(PricedAnswer):
    """A basket that is priced: nothing is set aside."""

    earns_minor: int = Field(description="what it will earn, as the rules stand now")


class CheckoutAnswer(PricedAnswer):
    """What an order holds, or what was captured of it in the end."""

    state: Literal["open", "captured", "voided", "timed_out"]
    hold: str | None = Field(description="the credit set aside; null where none was needed")
    expires_at: str = Field(description="when all of it is free again, unless it is captured before")
    released_credit_minor: int | None = Field(None, description="credit held and not needed in the end")
