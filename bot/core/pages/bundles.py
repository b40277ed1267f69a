"""The pages of bundles and refills: what is sold together or bought again, and what that saves as of now."""

from collections.abc import Iterable

from bot.core.contact import JsonValue
from bot.core.deeds import bundling, refill_turns
from bot.core.deeds.whom import would_refuse
from bot.core.local_time import local_date
from bot.core.loyalty.bundles import Bundle, Priced
from bot.core.loyalty.refill import Refill
from bot.core.pages.refusals import SAYS
from bot.core.pages.rewards import needs_of
from bot.core.pages.speech import Phrases, speech_of
from bot.core.turn import Turn

PHRASES: Phrases = {
    "en": {
        "saves": "You save {saving}: {price} instead of {was}.",
        "low": "You bought it {bought}. It may be running low.",
        "later": "You bought it {bought}. You may need more about {expected}.",
        "offer": "{says} {quantity} at once save {saving}.",
    },
    "es": {
        "saves": "Ahorras {saving}: {price} en lugar de {was}.",
        "low": "Lo compraste {bought}. Quizá se esté acabando.",
        "later": "Lo compraste {bought}. Quizá necesites más hacia {expected}.",
        "offer": "{says} {quantity} a la vez ahorran {saving}.",
    },
    "zh_Hans": {
        "saves": "立省{saving}：{price}，原价{was}。",
        "low": "您{bought}买过，可能快用完了。",
        "later": "您{bought}买过，大约{expected}需要补充。",
        "offer": "{says}一次买{quantity}份可省{saving}。",
    },
}


def bundles(turn: Turn) -> dict[str, JsonValue]:
    """Show the bundles, what saves most first; to who has not joined, what members have."""
    turn.need(*needs_of(turn, *(bundle.whom for bundle in turn.program.bundles)))
    found = bundling.offered(turn)
    if not turn.contact.is_member:
        found = [
            priced
            for bundle in turn.program.bundles
            if bundle.lasts(local_date(turn.now, turn.shop.zone))
            and would_refuse(turn, bundle.whom) is None
            and (priced := bundle.priced(turn.shop.products)) is not None
        ]
    return {"bundles": [_bundle(turn, priced) for priced in found]}


def refills(turn: Turn) -> dict[str, JsonValue]:
    """Show what the contact uses up, soonest expected first, for less where several are sold for less."""
    turn.need(*needs_of(turn, *(bundle.whom for bundle in turn.program.bundles)))
    if not turn.contact.is_member or turn.program.refill is None:
        return {"refills": []}
    offers = {
        one.bundle.items[0].sku: one for one in reversed(bundling.offered(turn)) if one.bundle.is_refill
    }
    return {"refills": [_refill(turn, one, offers.get(one.sku)) for one in refill_turns.expected(turn)]}


def _bundle(turn: Turn, priced: Priced) -> dict[str, JsonValue]:
    speech, bundle = speech_of(turn), priced.bundle
    credit = bundling.credit_for(turn, priced.price_minor)
    saves = speech.say(
        PHRASES,
        "saves",
        saving=speech.money(priced.saving_minor),
        price=speech.money(priced.price_minor),
        was=speech.money(priced.apart_minor),
    )
    is_member = turn.contact.is_member
    return {
        "id": bundle.id,
        "title": turn.program.text(bundle.name, turn.contact.locale),
        "lines": _lines(turn, _parts(bundle)),
        "price": speech.amount(priced.price_minor),
        "was": speech.amount(priced.apart_minor),
        "saving": speech.amount(priced.saving_minor),
        "credit": speech.amount(credit),
        "to_pay": speech.amount(priced.price_minor - credit),
        "is_refill": bundle.is_refill,
        "can": is_member,
        "says": saves if is_member else speech.say(SAYS, "not_a_member"),
    }


def _refill(turn: Turn, refill: Refill, offer: Priced | None) -> dict[str, JsonValue]:
    speech, product = speech_of(turn), turn.shop.products[refill.sku]
    quantity = max(1, refill.bought[-1].quantity)
    parts = _parts(offer.bundle) if offer is not None else [(refill.sku, quantity)]
    was = offer.apart_minor if offer is not None else quantity * product.price_minor
    saving = offer.saving_minor if offer is not None else 0
    is_low = refill.from_at <= turn.now
    expected_on = local_date(refill.expected_at, turn.contact.zone)
    says = speech.say(
        PHRASES,
        "low" if is_low else "later",
        bought=speech.on_day(refill.bought[-1].bought_on),
        expected=speech.short_day(expected_on),
    )
    if offer is not None:
        count, saved = speech.number(parts[0][1]), speech.money(saving)
        says = speech.say(PHRASES, "offer", says=says, quantity=count, saving=saved)
    return {
        "sku": refill.sku,
        "name": product.name,
        "category": refill.category,
        "bundle": offer.bundle.id if offer is not None else None,
        "lines": _lines(turn, parts),
        "price": speech.amount(was - saving),
        "was": speech.amount(was),
        "saving": speech.amount(saving),
        "is_low": is_low,
        "expected_on": expected_on.isoformat(),
        "says": says,
    }


def _parts(bundle: Bundle) -> list[tuple[str, int]]:
    return [(item.sku, item.quantity) for item in bundle.items]


def _lines(turn: Turn, parts: Iterable[tuple[str, int]]) -> list[JsonValue]:
    return [
        {"sku": sku, "name": turn.shop.products[sku].name, "quantity": quantity} for sku, quantity in parts
    ]
