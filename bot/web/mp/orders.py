"""Orders at our pages: again in one tap, quoted, placed, paid, taken back, and how each stands."""

from collections.abc import Callable
from dataclasses import replace

from bot.conversation.pages import buying as asked_for
from bot.core.contact import JsonValue, Order
from bot.core.deeds.paying_back import cash_of
from bot.core.errors import NeverRetry, Refused, RetryLater, TellMember
from bot.core.ids import microseconds
from bot.core.pages import orders as page
from bot.core.pages.speech import language_of, phrase
from bot.core.payments import is_waiting
from bot.core.signed_links import REORDER, SignedLinks
from bot.core.turn import Turn
from bot.storage import contacts
from bot.storage.driver import Connection
from bot.storage.inherited import ORDERS_A_PAGE, page_after
from bot.web.mp.asked import Asked, Shopper, house_of, look, operate, who_now
from bot.web.mp.order_answers import (
    AgainAnswer,
    AgainQuery,
    BasketBody,
    BasketQuote,
    OrdersAnswer,
    PlacedAnswer,
    PlaceOrderBody,
    ShopperOrder,
)
from bot.web.mp.parts import Page
from bot.web.mp.paying import payer_of
from bot.web.rest import cursors
from bot.web.rest.asked import Json, Told
from bot.web.rest.fields import Id
from bot.web.rest.problems import ApiProblem, one_field
from bot.web.rest.routes import Route


async def listed(asked: Asked) -> Told:
    """List the shopper's orders."""
    at, order_id = cursors.placed(asked.query_as(Page).cursor, ("", ""))
    before = (cursors.moment(at), order_id) if at else None

    def found(turn: Turn) -> Json:
        name = page_after(before)
        orders = turn.needed("orders_page", name)
        assert isinstance(orders, tuple), "a page is a tuple"
        some = orders[:ORDERS_A_PAGE]
        more = len(orders) > len(some)
        return {
            "orders": page.orders(turn, some, payer_of(asked)),
            "next": cursors.written(_place_of(some[-1])) if more else None,
        }

    return await look(asked, found)


async def show(asked: Asked) -> Told:
    """Say how an order stands."""
    return await look(asked, _order_in(asked))


async def again(asked: Asked) -> Told:
    """Propose what may be ordered again."""
    query = asked.query_as(AgainQuery)
    order_id = query.order or ""
    if query.token is not None:
        order_id = await _opened(asked, query.token)

    def ask(turn: Turn) -> Json:
        try:
            return page.proposals(turn, order_id, payer_of(asked))
        except TellMember as problem:
            raise _no_such_order() from problem

    return await look(asked, ask)


async def quote(asked: Asked) -> Told:
    """Say what a basket comes to."""
    body = asked_for.read_basket(_asked_for(asked, asked.body_as(BasketBody)))

    def ask(turn: Turn) -> Json:
        try:
            return page.quote(turn, body)
        except TellMember as problem:
            raise page.refusal(turn, problem) from problem

    return await look(asked, ask)


async def place(asked: Asked) -> Told:
    """Place an order; where it waits for its payment, say how it is paid."""
    told = await operate(asked, asked_for.ORDER, _asked_for(asked, asked.body_as(PlaceOrderBody)))
    return await with_pay(asked, told)


async def pay(asked: Asked) -> Told:
    """Say once more how an order is paid that waits for it."""
    told = await look(asked, _order_in(asked))
    if told.body["status"] != page.WAITING:
        raise ApiProblem(409, "not-waiting", "the order waits for no payment", "look at it: GET /mp/orders")
    return await with_pay(asked, Told({"order": dict(told.body)}))


async def check(asked: Asked) -> Told:
    """Ask WeChat Pay whether an order was paid, and say how it stands."""
    cashier, payment = house_of(asked).cashier, await _payment(asked)
    if cashier is not None and payment is not None:
        try:
            await cashier.check(payment)
        except RetryLater as error:
            raise _pay_is_busy() from error
        except NeverRetry as error:
            raise _pay_is_busy() from error
    return await look(asked, _order_in(asked))


async def cancel(asked: Asked) -> Told:
    """Take an order back."""
    await look(asked, _order_in(asked))  # one that is none of theirs is refused like everywhere here
    told = await operate(asked, asked_for.CANCEL, {"order": asked.path["order"], "payer": payer_of(asked)})
    order = told.body["order"]
    assert isinstance(order, dict), "the operation says how it stands"
    return Told(order, is_replay=told.is_replay)


# Below: how


def _asked_for(asked: Asked, body: BasketBody) -> dict[str, JsonValue]:
    return {**body.model_dump(mode="json", exclude_none=True), "payer": payer_of(asked)}


def _place_of(order: Order) -> tuple[str, str]:
    return str(microseconds(order.placed_at)), order.id


def _order_in(asked: Asked) -> Callable[[Turn], Json]:
    """Say how the order that the path names stands."""

    def ask(turn: Turn) -> Json:
        return page.order_told(turn, _named(turn, asked), payer_of(asked))

    return ask


def _named(turn: Turn, asked: Asked) -> Order:
    found = turn.needed("order", asked.path["order"])
    if not isinstance(found, Order):
        raise _no_such_order()
    return found


async def _payment(asked: Asked) -> str | None:
    """The payment that the order in the path waits for; None where it waits for none."""

    def ask(turn: Turn) -> Json:
        order = _named(turn, asked)
        latest = cash_of(turn, order.id).latest if is_waiting(order) else None
        return {"payment": latest.id if latest is not None else None}

    found = (await look(asked, ask)).body["payment"]
    return str(found) if found is not None else None


async def with_pay(asked: Asked, told: Told) -> Told:
    """Add how an order is paid that waits for it; WeChat Pay is asked outside of any transaction."""
    order, cashier = told.body["order"], house_of(asked).cashier
    if order is None:
        return Told({**told.body, "pay": None}, is_replay=told.is_replay)
    assert isinstance(order, dict), "the operation says how it stands"
    can = order["can"]
    assert isinstance(can, dict), "what can be done with it"
    how: dict[str, str] | None = None
    if can["pay"] and cashier is not None:
        named = await _payment(replace(asked, path={"order": str(order["id"])}))
        try:
            how = await cashier.prepay(named) if named is not None else None
        except (RetryLater, NeverRetry, Refused):
            how = None  # it waits: `/pay` tries again, under the same number
    return Told({**told.body, "pay": dict(how) if how is not None else None}, is_replay=told.is_replay)


async def _opened(asked: Asked, token: str) -> str:
    """The order that a link or card opens. Raises ApiProblem: none of ours, or another shopper's."""
    shop = asked.door.shop()
    opened = SignedLinks(shop.public_url, shop.secrets, REORDER).read(token)
    if opened is None:
        raise one_field(404, "no-such-link", "query/token", "is none of ours", "open the link as it was sent")
    meant = opened.contact_id

    async def ask(connection: Connection) -> bool:
        whose = await contacts.known(connection, meant)
        return whose is not None and whose.id == (await who_now(connection, asked)).id

    if not await asked.door.database.query(ask):
        says = phrase(page.PHRASES, language_of(asked.who.contact.locale), "another_shoppers")
        raise ApiProblem(
            403,
            "another-shoppers",
            "the link was made for somebody else",
            "leave the token out: GET /mp/reorder proposes what this shopper ordered",
            facts={"says": says},
        )
    return opened.id


def _no_such_order() -> ApiProblem:
    return ApiProblem(404, "no-such-order", "there is no such order of yours", "take one of GET /mp/orders")


def _pay_is_busy() -> ApiProblem:
    return ApiProblem(
        503,
        "pay-busy",
        "WeChat Pay cannot be asked now",
        "ask again in a moment",
        headers={"Retry-After": "5"},
    )


_ORDER = {"order": Id}
_NONE = {404: "no-such-order"}
ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/orders",
        name="listOrders",
        summary="The shopper's orders, newest first",
        does=listed,
        query=Page,
        answer=OrdersAnswer,
    ),
    Route(
        method="GET",
        path="/orders/{order}",
        name="showShopperOrder",
        summary="How an order stands",
        does=show,
        fields=_ORDER,
        answer=ShopperOrder,
        says_no=_NONE,
    ),
    Route(
        method="GET",
        path="/reorder",
        name="reorder",
        summary="What may be ordered again in one tap: at the prices of now, to the last place",
        does=again,
        query=AgainQuery,
        answer=AgainAnswer,
        says_no={
            403: "another-shoppers: the link was made for somebody else; `says` in the shopper's words",
            404: "no-such-link or no-such-order",
        },
    ),
    Route(
        method="POST",
        path="/quote",
        name="quoteBasket",
        summary="What a basket comes to, and what can be changed about it",
        does=quote,
        body=BasketBody,
        answer=BasketQuote,
        only_asks=True,
        says_no={
            409: "gone: some of it is not sold any more, or too-few: not so much of it; `says` in their words"
        },
    ),
    Route(
        method="POST",
        path="/orders",
        name="placeOrder",
        summary="Order, for no more than was shown; the same order within two minutes is that one",
        does=place,
        body=PlaceOrderBody,
        answer=PlacedAnswer,
        says_no={
            409: "price-changed (with the new `quote`), gone, too-few, place-gone, no-way-to-pay or "
            "below-least: nothing was ordered; `says` in the shopper's words"
        },
    ),
    Route(
        method="POST",
        path="/orders/{order}/pay",
        name="payOrder",
        summary="How an order is paid that waits for its payment, once more",
        does=pay,
        fields=_ORDER,
        answer=PlacedAnswer,
        only_asks=True,
        says_no={**_NONE, 409: "not-waiting"},
    ),
    Route(
        method="POST",
        path="/orders/{order}/check",
        name="checkOrder",
        summary="Ask WeChat Pay whether an order was paid",
        does=check,
        fields=_ORDER,
        answer=ShopperOrder,
        only_asks=True,
        says_no=_NONE,
    ),
    Route(
        method="POST",
        path="/orders/{order}/cancel",
        name="takeOrderBack",
        summary="Take an order back: one that waits for its payment, or a new one where the shop allows it",
        does=cancel,
        fields=_ORDER,
        answer=ShopperOrder,
        says_no={**_NONE, 409: "too-late: the shop is making it; `says` in the shopper's words"},
    ),
)
