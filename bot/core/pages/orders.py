"""The pages of ordering: what a basket comes to with all that can be changed, and how orders stand."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.contact import JsonValue, Order, Product
from bot.core.deeds.baskets import need_for_pricing
from bot.core.deeds.buying import (
    BY_CREDIT,
    Offered,
    PriceChanged,
    Wanted,
    credit_minor,
    may_take_back,
    offered,
)
from bot.core.deeds.destinations import picked_up_at
from bot.core.deeds.paying_back import cash_of
from bot.core.deeds.repeating import in_order, repeatable
from bot.core.deeds.stocking import counters_of, left_of
from bot.core.errors import TellMember
from bot.core.loyalty.orders import APP, CANCELED, FULFILLED, PAID, PLACED, STATUSES, in_words, is_at_least
from bot.core.loyalty.places import PayBy, Place, PlaceKind, place_in
from bot.core.loyalty.quotes import LineKind
from bot.core.pages.speech import Phrases, Speech, speech_of, stamp
from bot.core.payments import PAYMENT, Cash, is_waiting
from bot.core.turn import Turn

WAITING = "waiting"
"""The status of an order that the shop gets once it is paid."""
_DONE = frozenset({"completed", "delivered"})
"""What else shops called orders that were handed over."""

PHRASES: Phrases = {
    "en": {
        "open": "Open until {time}.",
        "opens": "Closed now, opens {at}.",
        "below": "Orders start at {least} here: {missing} to go.",
        "free_from": "{missing} more, and it is brought for free.",
        "wechat": "WeChat Pay",
        "pickup": "When you pick it up",
        "brought": "When it is brought",
        "waiting": "Waiting for your payment of {to_pay}.",
        "placed": "Ordered.",
        "with_shop": "The shop has it. {to_pay} to pay when you pick it up.",
        "to_bring": "The shop has it. {to_pay} to pay when it is brought.",
        "covered": "The shop has it, all paid with your credit.",
        "paid": "Paid. The shop has it.",
        "fulfilled": "It is yours. Enjoy!",
        "part_back": "{amount} came back to you.",
        "refunded": "All of it came back.",
        "canceled": "Canceled: nothing was bought.",
        "pay_waiting": "Not paid yet",
        "pay_closed": "Was not paid in time",
        "pay_paid": "Paid with WeChat Pay",
        "pay_refunding": "{amount} on its way back to you",
        "pay_refunded": "Paid back",
        "pay_handover": "{to_pay} to pay there",
        "pay_there": "Paid there",
        "pay_credit": "Paid with your credit",
        "pay_nothing": "Nothing to pay any more",
        "gone": "{items}: not sold any more. Nothing was ordered.",
        "too_few": "{items}: {left} left. Take fewer; nothing was ordered.",
        "sold_out": "{items}: sold out for now. Nothing was ordered.",
        "place_gone": "We cannot bring it there any more. Choose another place.",
        "no_way_to_pay": "It cannot be paid like this. Choose another way to pay.",
        "price_changed": "The price has changed: it would be {to_pay} to pay now. Nothing was ordered.",
        "too_late": "The shop is making it already: ask there to cancel it.",
        "another_shoppers": "This link was made for somebody else.",
        "no_such_order": "You have no such order.",
    },
    "es": {
        "open": "Abierto hasta las {time}.",
        "opens": "Ahora cerrado, abre {at}.",
        "below": "Aquí los pedidos empiezan en {least}: faltan {missing}.",
        "free_from": "Con {missing} más, la entrega es gratis.",
        "wechat": "WeChat Pay",
        "pickup": "Al recogerlo",
        "brought": "Al recibirlo",
        "waiting": "Esperamos tu pago de {to_pay}.",
        "placed": "Pedido.",
        "with_shop": "La tienda lo tiene. {to_pay} a pagar al recogerlo.",
        "to_bring": "La tienda lo tiene. {to_pay} a pagar al recibirlo.",
        "covered": "La tienda lo tiene, todo pagado con tu saldo.",
        "paid": "Pagado. La tienda lo tiene.",
        "fulfilled": "Ya es tuyo. ¡Que lo disfrutes!",
        "part_back": "Te devolvimos {amount}.",
        "refunded": "Se devolvió todo.",
        "canceled": "Cancelado: no se compró nada.",
        "pay_waiting": "Sin pagar todavía",
        "pay_closed": "No se pagó a tiempo",
        "pay_paid": "Pagado con WeChat Pay",
        "pay_refunding": "{amount} en camino de vuelta",
        "pay_refunded": "Devuelto",
        "pay_handover": "{to_pay} a pagar allí",
        "pay_there": "Pagado allí",
        "pay_credit": "Pagado con tu saldo",
        "pay_nothing": "Ya no hay nada que pagar",
        "gone": "{items}: ya no se vende. No se pidió nada.",
        "too_few": "{items}: quedan {left}. Elige menos; no se pidió nada.",
        "sold_out": "{items}: agotado por ahora. No se pidió nada.",
        "place_gone": "Ya no podemos llevarlo allí. Elige otro lugar.",
        "no_way_to_pay": "Así no se puede pagar. Elige otra forma de pago.",
        "price_changed": "El precio ha cambiado: ahora serían {to_pay}. No se pidió nada.",
        "too_late": "La tienda ya lo está preparando: pide allí que lo cancelen.",
        "another_shoppers": "Este enlace es de otra persona.",
        "no_such_order": "No tienes ese pedido.",
    },
    "zh_Hans": {
        "open": "营业至{time}。",
        "opens": "现已打烊，{at}开门。",
        "below": "此处{least}起订，还差{missing}。",
        "free_from": "再买{missing}即可免外送费。",
        "wechat": "微信支付",
        "pickup": "取货时付款",
        "brought": "送达时付款",
        "waiting": "等待您支付{to_pay}。",
        "placed": "已下单。",
        "with_shop": "门店已接单，取货时支付{to_pay}。",
        "to_bring": "门店已接单，送达时支付{to_pay}。",
        "covered": "门店已接单，已全部用余额支付。",
        "paid": "已付款，门店已接单。",
        "fulfilled": "已交付，请慢用！",
        "part_back": "已退还{amount}。",
        "refunded": "已全部退回。",
        "canceled": "已取消，未产生购买。",
        "pay_waiting": "尚未付款",
        "pay_closed": "未在时限内付款",
        "pay_paid": "已用微信支付",
        "pay_refunding": "{amount}正在退回",
        "pay_refunded": "已退款",
        "pay_handover": "到时支付{to_pay}",
        "pay_there": "已当面付款",
        "pay_credit": "已用余额支付",
        "pay_nothing": "无需再付款",
        "gone": "{items}已不再出售，未下单。",
        "too_few": "{items}仅剩{left}份，请减少数量。未下单。",
        "sold_out": "{items}暂时售罄，未下单。",
        "place_gone": "该地点已不可选，请另选一个。",
        "no_way_to_pay": "此付款方式不可用，请换一种。",
        "price_changed": "价格有变：现在需付{to_pay}，未下单。",
        "too_late": "门店已在制作，请到店取消。",
        "another_shoppers": "这个链接是给别人的。",
        "no_such_order": "您没有这个订单。",
    },
}


# What a basket comes to


def quote(turn: Turn, wanted: Wanted) -> dict[str, JsonValue]:
    """Say what a basket comes to where it goes, and what can be chosen instead.

    Raises:
        TellMember: `gone`, `too_few`.
    """
    return told_quote(turn, offered(turn, wanted))


def told_quote(turn: Turn, found: Offered) -> dict[str, JsonValue]:
    """Say what was found: total - discount - credit = to pay, to the last cent."""
    speech, quoted, chosen = speech_of(turn), found.priced.quote, found.chosen
    brought = sum(one.line.gross_minor for one in quoted.lines if one.line.kind is LineKind.SHIPPING)
    return {
        "lines": [
            {
                "sku": product.sku,
                "name": product.name,
                "quantity": quantity,
                "unit": speech.amount(product.price_minor),
                "total": speech.amount(product.price_minor * quantity),
                "size": product.size or None,
                "sizes": _sizes(turn, speech, product),
            }
            for product, quantity in found.priced.basket.goods
        ],
        "total": speech.amount(quoted.gross_minor),
        "delivery": speech.amount(brought),
        "discount": speech.amount(quoted.discount_minor),
        "credit": speech.amount(quoted.credit_minor),
        "to_pay": speech.amount(quoted.to_pay_minor),
        "earns": speech.amount(found.earns_minor),
        "missing": speech.amount(found.missing_minor),
        "place": _place(turn, chosen.place),
        "places": [_place(turn, one) for one in chosen.places],
        "payment": chosen.payment.value if chosen.payment is not None else None,
        "payments": [{"id": way.value, "title": _way(speech, way, chosen.place)} for way in chosen.payments],
        "says": _says_of_quote(turn, speech, found),
    }


def proposals(turn: Turn, order_id: str = "", payer: str = "") -> dict[str, JsonValue]:
    """Propose what may be ordered again, the likeliest first, with all prices as of now.

    Raises:
        TellMember: `no_such_order`: the contact has none of this id.
    """
    need_for_pricing(turn, *([f"order/{order_id}"] if order_id else []))
    first = turn.needed("order", order_id) if order_id else None
    if order_id and not isinstance(first, Order):
        raise TellMember("no_such_order")
    again = repeatable(turn, first=first if isinstance(first, Order) else None)
    found: list[JsonValue] = []
    sold, gone = turn.shop.products, {*again.gone}
    turn.need(*counters_of(turn, {line.sku for order in again.orders for line in order.lines}))
    for order in again.orders:
        goods = []
        for sku, quantity in in_order(order):
            left = left_of(turn, sold[sku]) if sku in sold else 0
            if left == 0 and sku in sold:
                gone.add(sold[sku].name)
            if left != 0:
                goods.append((sku, quantity if left is None else min(left, quantity)))
        if goods:
            asked = quote(turn, Wanted(tuple(goods), payer=payer))
            found.append({**asked, "from_order": order.id, "from_number": _number(order)})
    return {"proposals": found, "gone": [*sorted(gone)]}


def _sizes(turn: Turn, speech: Speech, product: Product) -> list[JsonValue]:
    """The sizes there are of a product, the cheapest first; none where there is but one."""
    if not product.family:
        return []
    same = [one for one in turn.shop.products.values() if one.family == product.family]
    same.sort(key=lambda one: (one.price_minor, one.sku))
    return [
        {"sku": one.sku, "size": one.size or one.name, "price": speech.amount(one.price_minor)}
        for one in same
    ]


def _says_of_quote(turn: Turn, speech: Speech, found: Offered) -> str:
    """The one thing worth saying: what is missing to the least or to free delivery, or when it opens."""
    if found.missing_minor:
        least, missing = speech.money(found.least_minor), speech.money(found.missing_minor)
        return speech.say(PHRASES, "below", least=least, missing=missing)
    place, delivery = found.chosen.place, turn.shop.selling.delivery
    if place is None:
        return ""
    if place.kind is PlaceKind.PICKUP:
        return _hours(turn, speech, place)
    if delivery is None or not delivery.fee_minor or delivery.free_from_minor is None:
        return ""
    missing_minor = delivery.free_from_minor - found.priced.basket.goods_minor
    return speech.say(PHRASES, "free_from", missing=speech.money(missing_minor)) if missing_minor > 0 else ""


def _hours(turn: Turn, speech: Speech, place: Place) -> str:
    pickup = turn.shop.selling.pickups.get(place.id)
    if pickup is None or not pickup.hours:
        return ""
    there = replace(speech, zone=pickup.zone or turn.shop.zone)
    until = pickup.open_until(turn.now, turn.shop.zone)
    if until is not None:
        return speech.say(PHRASES, "open", time=there.clock(until))
    opens_at = pickup.opens_at(turn.now, turn.shop.zone)
    return speech.say(PHRASES, "opens", at=there.at(opens_at)) if opens_at is not None else ""


def _place(turn: Turn, place: Place | None) -> dict[str, JsonValue] | None:
    if place is None:
        return None
    known = turn.shop.selling.pickups.get(place.id)
    shown = picked_up_at(turn, known) if known is not None else place
    return {
        "id": shown.id,
        "kind": shown.kind.value,
        "name": shown.name,
        "address": shown.address,
        "phone": shown.phone or None,
        "says": _hours(turn, speech_of(turn), shown),
    }


def _way(speech: Speech, way: PayBy, place: Place | None) -> str:
    if way is PayBy.WECHAT:
        return speech.say(PHRASES, "wechat")
    is_brought = place is not None and place.kind is PlaceKind.ADDRESS
    return speech.say(PHRASES, "brought" if is_brought else "pickup")


# How orders stand


def orders(turn: Turn, found: Sequence[Order], payer: str = "") -> list[JsonValue]:
    """Say how orders stand by now."""
    turn.need(*(f"cash/{order.id}" for order in found if _is_by_wechat(order)))
    return [order_told(turn, order, payer) for order in found]


def order_told(turn: Turn, order: Order, payer: str = "") -> dict[str, JsonValue]:
    """Say how an order stands: total - discount - credit = to pay."""
    speech, cash = speech_of(turn, order.currency), _cash(turn, order)
    credit = credit_minor(order)
    to_pay = order.total_minor - credit
    sold = turn.shop.products
    return {
        "id": order.id,
        "number": _number(order),
        "status": _status(order),
        "says": _says_of(speech, order),
        "placed_at": stamp(order.placed_at),
        "items": in_words(order),
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "total": speech.amount(line.gross_minor),
            }
            for line in order.lines
        ],
        "total": speech.amount(order.total_minor + order.discount_minor),
        "delivery": speech.amount(order.shipping_minor),
        "discount": speech.amount(order.discount_minor),
        "credit": speech.amount(credit),
        "to_pay": speech.amount(to_pay),
        "refunded": speech.amount(_came_back_minor(order, cash)),
        "place": _place(turn, place_in(order.facts)),
        "payment": _payment(speech, order, cash, to_pay),
        "can": {
            "pay": is_waiting(order) and _may_be_paid(turn, cash, payer),
            "cancel": may_take_back(turn, order),
            "reorder": any(line.sku in sold for line in order.lines),
        },
    }


def refusal(turn: Turn, problem: TellMember) -> TellMember:
    """Return a refusal with what the shopper is told of it; of a changed price, with the new quote."""
    speech, facts = speech_of(turn), dict(problem.facts)
    if isinstance(problem, PriceChanged):
        facts["quote"] = told_quote(turn, problem.found)
    named: dict[str, str] = {}
    to_pay, skus = facts.get("to_pay"), facts.get("skus")
    if isinstance(to_pay, int):
        named["to_pay"] = speech.money(to_pay)
    if isinstance(skus, list):
        sold = turn.shop.products
        named["items"] = ", ".join(sold[sku].name if sku in sold else sku for sku in map(str, skus))
    left = facts.get("left")
    if isinstance(left, int):
        named["left"] = speech.number(left)
    for name in ("least", "missing"):
        minor = facts.get(f"{name}_minor")
        if isinstance(minor, int):
            named[name] = speech.money(minor)
    key = {"below_least": "below"}.get(problem.code, problem.code)
    if key == "too_few" and not left:
        key = "sold_out"
    if key in PHRASES["en"]:
        facts["says"] = speech.say(PHRASES, key, **named)
    return TellMember(problem.code, **facts)


def _number(order: Order) -> str:
    """What people call it: the shop's own number, or how our id begins."""
    return order.reference or order.id[:6].upper()


def _status(order: Order) -> str:
    if is_waiting(order):
        return WAITING
    if order.status in _DONE:
        return FULFILLED
    return order.status if order.status in STATUSES else PLACED


def _says_of(speech: Speech, order: Order) -> str:
    to_pay = order.total_minor - credit_minor(order)
    named = {"to_pay": speech.money(to_pay)}
    status = _status(order)
    if order.refunded_minor and not is_at_least(order.status, "refunded"):
        return speech.say(PHRASES, "part_back", amount=speech.money(order.refunded_minor))
    if status == PLACED and PAYMENT in order.facts:
        place = place_in(order.facts)
        is_brought = place is not None and place.kind is PlaceKind.ADDRESS
        key = "to_bring" if is_brought else "with_shop"
        return speech.say(PHRASES, key if to_pay else "covered", **named)
    return speech.say(PHRASES, status, **named)


def _came_back_minor(order: Order, cash: Cash) -> int:
    """Cash that went back; of an order that no payment stands for, what was paid too late or twice.

    What was to be paid where it is picked up was not paid when it was canceled.
    """
    if order.facts.get(PAYMENT) == PayBy.PICKUP and order.status == CANCELED:
        return 0
    if order.facts.get(PAYMENT) != PayBy.WECHAT or cash.standing is not None:
        return order.refunded_minor
    return sum(cash.refunded_minor(one.id) for one in cash.payments)


def _payment(speech: Speech, order: Order, cash: Cash, to_pay: int) -> dict[str, JsonValue] | None:
    """How an order is paid and how far that is; None where it was not placed at our pages."""
    by = order.facts.get(PAYMENT)
    if order.source != APP or not isinstance(by, str):
        return None
    if by == PayBy.WECHAT:
        state = cash.word
        key = {"none": "waiting", "partly": "refunded"}.get(state, state)
        back = cash.refunded_minor(cash.latest.id) if cash.latest is not None else 0
        says = speech.say(PHRASES, f"pay_{key}", amount=speech.money(back))
        return {"id": by, "state": state, "says": says}
    if by == BY_CREDIT:
        return {"id": by, "state": "paid", "says": speech.say(PHRASES, "pay_credit")}
    if is_at_least(order.status, "refunded"):
        return {"id": by, "state": "none", "says": speech.say(PHRASES, "pay_nothing")}
    is_paid = is_at_least(order.status, PAID)
    says = speech.say(PHRASES, "pay_there" if is_paid else "pay_handover", to_pay=speech.money(to_pay))
    return {"id": by, "state": "paid" if is_paid else "handover", "says": says}


def _cash(turn: Turn, order: Order) -> Cash:
    return cash_of(turn, order.id) if _is_by_wechat(order) else Cash()


def _is_by_wechat(order: Order) -> bool:
    return order.facts.get(PAYMENT) == PayBy.WECHAT


def _may_be_paid(turn: Turn, cash: Cash, payer: str) -> bool:
    latest = cash.latest
    return latest is not None and latest.address == payer and latest.may_be_paid(turn.now)
