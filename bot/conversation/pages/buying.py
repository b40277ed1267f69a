"""What shoppers ask for when they order at our pages: quoted, ordered, taken back."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.conversation.shop.checkout_asked import Amount, Asked, Quantity, read
from bot.conversation.shop.orders_asked import Id, Sku
from bot.core.contact import JsonValue, Order
from bot.core.deeds import buying
from bot.core.errors import Refused, TellMember
from bot.core.loyalty.orders import CANCELED
from bot.core.loyalty.places import PayBy, Place, address_of
from bot.core.pages.orders import order_told, refusal
from bot.core.turn import Turn

ORDER, CANCEL = "shop.order", "shop.cancel"
LINES_MAX = 50
PIECES_MAX = 20
"""Of one line: what a shopper carries. Every piece may stamp a card, and one turn does all of that."""
_NO_SUCH = 404

Body = Mapping[str, JsonValue]


class GoodsAsked(Asked):
    """So many of a product."""

    sku: Sku
    quantity: Annotated[Quantity, Field(le=PIECES_MAX)] = 1


class AddressAsked(Asked):
    """Where an order is brought, and who takes it there."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    address: Annotated[str, Field(min_length=1, max_length=300)]
    phone: Annotated[str, Field(max_length=40)] = ""

    def place(self) -> Place:
        """Return it as a place."""
        return address_of(self.name, self.address, self.phone)


class BasketAsked(Asked):
    """A basket, where it goes and how it is paid; what is left out is as the last time."""

    lines: tuple[GoodsAsked, ...] = Field(min_length=1, max_length=LINES_MAX, strict=False)
    place: str | AddressAsked | None = None
    payment: Annotated[PayBy, Field(strict=False)] | None = None
    use_credit: bool | None = None
    payer: str = ""

    def wanted(self) -> buying.Wanted:
        """Return it as what is wanted, each product once."""
        quantities: Counter[str] = Counter()
        for line in self.lines:
            quantities[line.sku] += line.quantity
        return buying.Wanted(
            goods=tuple(quantities.items()),
            place=self.place.place() if isinstance(self.place, AddressAsked) else self.place,
            payment=self.payment,
            use_credit=self.use_credit,
            payer=self.payer,
        )


class OrderAsked(BasketAsked):
    """A basket that is ordered, for no more than that."""

    to_pay_at_most_minor: Amount


class CancelAsked(Asked):
    """An order that its shopper takes back."""

    order: Id
    payer: str = ""


def read_basket(body: Body) -> buying.Wanted:
    """Return what a basket wants. Raises Refused: one of its fields is wrong."""
    return read(BasketAsked, body).wanted()


def order(turn: Turn, body: Body) -> Body:
    """Place an order; nothing is ordered where it would be more to pay than the shopper saw."""
    asked = read(OrderAsked, body)
    try:
        placed = buying.buy(turn, asked.wanted(), asked.to_pay_at_most_minor)
        return {"order": order_told(turn, placed, asked.payer)}
    except TellMember as problem:
        raise refusal(turn, problem) from problem


def cancel(turn: Turn, body: Body) -> Body:
    """Take an order back; what was taken back before stays so."""
    asked = read(CancelAsked, body)
    found = turn.needed("order", asked.order)
    if not isinstance(found, Order):
        raise Refused("there is no such order of yours", "look at GET /mp/orders", _NO_SUCH)
    if found.status == CANCELED:
        return {"order": order_told(turn, found, asked.payer)}
    try:
        settled = buying.take_back(turn, found)
        return {"order": order_told(turn, settled.order, asked.payer)}
    except TellMember as problem:
        raise refusal(turn, problem) from problem
