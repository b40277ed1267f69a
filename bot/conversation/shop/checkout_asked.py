"""What the shop asks at a checkout, read from what it sent; each complaint names the field."""

from collections.abc import Mapping
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.loyalty.quotes import LineKind

LINES_MAX = 500
QUANTITY_MAX = 100_000
MINOR_MAX = 10**12
_UNPROCESSABLE = 422

Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
Amount = Annotated[int, Field(ge=0, le=MINOR_MAX)]
Reference = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=40)]
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$", description="an ISO 4217 code, like EUR")]


class Asked(BaseModel):
    """Base of everything the shop asks: strict, and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LineAsked(Asked):
    """A line of a basket; a product that the shop told us of needs its `sku` alone."""

    sku: str = Field("", max_length=200)
    name: str | None = Field(None, max_length=500)
    quantity: Quantity = 1
    unit_minor: Amount | None = Field(None, description="Its price without any offer, in minor units.")
    category: str | None = Field(None, max_length=200)
    kind: Annotated[LineKind, Field(strict=False)] = LineKind.PRODUCT
    earns: bool = True

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.kind is LineKind.PRODUCT and not self.sku:
            raise ValueError("a product has a sku")
        return self


class QuoteAsked(Asked):
    """A basket to be priced."""

    order: Reference | None = Field(None, description="The shop's own id of the order, where it has one yet.")
    lines: tuple[LineAsked, ...] = Field(min_length=1, max_length=LINES_MAX, strict=False)
    offers: tuple[Code, ...] | None = Field(
        None,
        max_length=20,
        strict=False,
        description="Codes or names of offers; left out, all that the member has; empty, none.",
    )
    use_credit: bool | None = Field(
        None, description="Whether credit pays; left out, as `checkout.auto_apply_credit` says."
    )
    credit_minor: Amount | None = Field(None, description="At most so much credit.")
    currency: CurrencyCode | None = Field(
        None,
        description="What the prices are in, and whose credit pays; left out, that of the order on"
        " record, else the program's own.",
    )


class HoldAsked(QuoteAsked):
    """A basket to be priced, with all it takes set aside for an order."""

    order: Reference
    to_pay_minor: Amount | None = Field(
        None, description="What was quoted: if it would be more by now, nothing is held."
    )


class PartAsked(Asked):
    """So many of a line are paid for; `line` counts from 1."""

    line: int = Field(ge=1, le=LINES_MAX)
    quantity: int = Field(ge=0, le=QUANTITY_MAX)


class CaptureAsked(Asked):
    """What is held for an order is paid for: all of it, or the named parts of lines and nothing else."""

    order: Reference
    lines: tuple[PartAsked, ...] | None = Field(None, min_length=1, max_length=LINES_MAX, strict=False)


class VoidAsked(Asked):
    """What is held for an order is given up."""

    order: Reference


A = TypeVar("A", bound=Asked)


def read(model: type[A], body: Mapping[str, JsonValue]) -> A:
    """Read what was sent.

    Raises:
        Refused: with the first field that is wrong.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        problem = first["msg"].removeprefix("Value error, ")
        what = f"{field}: {problem}" if field else problem
        raise Refused(what, "correct it and send it again", _UNPROCESSABLE) from error
