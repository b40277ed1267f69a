"""What is asked and answered of orders at our pages, field by field."""

from typing import Annotated, Literal

from pydantic import Field

from bot.conversation.pages.buying import LINES_MAX, PIECES_MAX
from bot.web.mp.parts import Money
from bot.web.rest.fields import WHOLE, Answer, Body, Id, Minor, Query, Sku, Text

PlaceId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="the id of one of `places`")]


class AddressBody(Body):
    """A new address to bring it to."""

    name: Annotated[Text, Field(description="who takes it", max_length=100)]
    address: Text
    phone: Annotated[str, Field(pattern=r"^[0-9+() -]{0,30}$")] = ""


class GoodsBody(Body):
    """So many of a product."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=PIECES_MAX), WHOLE] = 1


class BasketBody(Body):
    """A basket, where it goes and how it is paid; what is left out is as the last time."""

    lines: tuple[GoodsBody, ...] = Field(
        min_length=1, max_length=LINES_MAX, strict=False, description="each product once"
    )
    place: PlaceId | AddressBody | None = None
    payment: Literal["wechat", "pickup"] | None = None
    use_credit: bool | None = Field(None, description="left out, as the shop has it")


class PlaceOrderBody(BasketBody):
    """A basket to be ordered."""

    to_pay_at_most_minor: Minor = Field(description="`to_pay` of the quote that the shopper saw")


class AgainQuery(Query):
    """What is to be ordered again; left out, what the shopper may mean."""

    token: Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,200}$", description="of a link or card")] | None = (
        None
    )
    order: Id | None = None


class OrderPlace(Answer):
    """Where an order goes."""

    id: str
    kind: Literal["pickup", "address"]
    name: str
    address: str
    phone: str | None
    says: str = Field(description="until when it is open, or when it opens")


class SizeAnswer(Answer):
    """The same thing in a size."""

    sku: str
    size: str
    price: Money


class BasketLine(Answer):
    """A product of a basket."""

    sku: str
    name: str
    quantity: int
    unit: Money
    total: Money
    size: str | None
    sizes: list[SizeAnswer] = Field(description="all sizes there are of it, the cheapest first")


class WayToPay(Answer):
    """A way to pay."""

    id: Literal["wechat", "pickup"]
    title: str


class BasketQuote(Answer):
    """What a basket comes to: total - discount - credit = to_pay."""

    lines: list[BasketLine]
    total: Money = Field(description="with delivery, before anything is taken off")
    delivery: Money
    discount: Money
    credit: Money
    to_pay: Money
    earns: Money
    missing: Money = Field(description="how much of goods is missing to the least that can be ordered there")
    place: OrderPlace | None
    places: list[OrderPlace]
    payment: Literal["wechat", "pickup"] | None = Field(description="none where there is no way to pay here")
    payments: list[WayToPay]
    says: str


class ProposalAnswer(BasketQuote):
    """What may be ordered again, as it would be now."""

    from_order: str
    from_number: str = Field(description="what people call that order")


class AgainAnswer(Answer):
    """What may be ordered again, the likeliest first."""

    proposals: list[ProposalAnswer]
    gone: list[str] = Field(description="what of it is not sold any more")


class OrderLine(Answer):
    """A product of an order."""

    sku: str
    name: str
    quantity: int
    total: Money


class OrderPayment(Answer):
    """How an order is paid."""

    id: Literal["wechat", "pickup", "credit"]
    state: Literal["none", "waiting", "closed", "paid", "refunding", "refunded", "partly", "handover"] = (
        Field(
            description="`handover`: to be paid where it is handed over; `partly`: some of it was paid back"
        )
    )
    says: str


class CanAnswer(Answer):
    """What the shopper can do with an order now."""

    pay: bool
    cancel: bool
    reorder: bool


class ShopperOrder(Answer):
    """An order of the shopper's: total - discount - credit = to_pay."""

    id: str
    number: str = Field(description="what people call it")
    status: Literal["waiting", "placed", "paid", "fulfilled", "refunded", "canceled"] = Field(
        description="`waiting`: the shop gets it once it is paid"
    )
    says: str
    placed_at: str
    items: str = Field(description="in words")
    lines: list[OrderLine]
    total: Money
    delivery: Money
    discount: Money
    credit: Money
    to_pay: Money
    refunded: Money
    place: OrderPlace | None
    payment: OrderPayment | None = Field(description="none of what was not ordered at our pages")
    can: CanAnswer


class OrdersAnswer(Answer):
    """A page of orders, newest first."""

    orders: list[ShopperOrder]
    next: str | None = Field(description="`cursor` of the page behind it")


class PayAnswer(Answer):
    """What `wx.requestPayment` is called with."""

    time_stamp: str = Field(alias="timeStamp")
    nonce: str = Field(alias="nonceStr")
    package: str
    sign_type: str = Field(alias="signType")
    signature: str = Field(alias="paySign")


class PlacedAnswer(Answer):
    """An order that was placed, and how to pay it where it waits for that."""

    order: ShopperOrder
    pay: PayAnswer | None = Field(
        description="none: nothing is to be paid here, or WeChat Pay cannot be asked now (try `/pay`)"
    )
