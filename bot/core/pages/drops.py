"""The page of drops: what is sold when, to whom earlier, what is left, and what is kept for the shopper."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import reserving
from bot.core.deeds.reserving import Offered
from bot.core.errors import TellMember
from bot.core.local_time import local_date
from bot.core.loyalty.drops import Opening, Reservation, ReservationState
from bot.core.loyalty.places import PayBy
from bot.core.loyalty.tiers import benefits_of
from bot.core.pages.orders import order_told
from bot.core.pages.refusals import SAYS, only_members, spoken
from bot.core.pages.rewards import PHRASES as OF_REWARDS
from bot.core.pages.rewards import levels_called, needs_of
from bot.core.pages.speech import Phrases, speech_of, stamp
from bot.core.payments import is_waiting
from bot.core.turn import Turn

TAKE, GIVE_UP = "page.take", "page.give_up"
"""The operations by which a tap reserves a unit, and gives it back."""

PHRASES: Phrases = {
    "en": {
        "opens": "Opens {at}. {earlier}",
        "on": "Open until {at}. {left} left.",
        "on_early": "Open for you already, for everybody {at}. {left} left.",
        "gone": "Gone for this time. Whoever does not pay in time makes room: look again in a while.",
        "early": "Earlier: {levels}.",
        "early_level": "{level} {at}",
        "reserved": "Reserved for you until {time}: {to_pay} to pay. Your number is {number}.",
        "reserved_until": "Reserved for you until {time}. Your number is {number}.",
        "taken": "It is yours. Your number is {number}.",
        "paid": "It is yours, all paid with your credit. Your number is {number}.",
        "given_up": "All right, it goes back. Nothing was taken from you.",
    },
    "es": {
        "opens": "Abre {at}. {earlier}",
        "on": "Abierto hasta {at}. Quedan {left}.",
        "on_early": "Ya está abierto para ti; para todos, {at}. Quedan {left}.",
        "gone": "Se agotó por esta vez. Quien no paga a tiempo deja sitio: mira de nuevo en un rato.",
        "early": "Antes: {levels}.",
        "early_level": "{level} {at}",
        "reserved": "Reservado para ti hasta las {time}: {to_pay} por pagar. Tu número es {number}.",
        "reserved_until": "Reservado para ti hasta las {time}. Tu número es {number}.",
        "taken": "Es tuyo. Tu número es {number}.",
        "paid": "Es tuyo, pagado con tu saldo. Tu número es {number}.",
        "given_up": "De acuerdo, queda libre. No te descontamos nada.",
    },
    "zh_Hans": {
        "opens": "{at}开抢。{earlier}",
        "on": "{at}截止，还剩{left}份。",
        "on_early": "已为您提前开放，{at}对所有人开抢，还剩{left}份。",
        "gone": "本次已抢完。未按时付款的份额会放出，请稍后再看。",
        "early": "提前开抢：{levels}。",
        "early_level": "{level} {at}",
        "reserved": "已为您保留至{time}，需付{to_pay}，编号{number}。",
        "reserved_until": "已为您保留至{time}，编号{number}。",
        "taken": "已是您的，编号{number}。",
        "paid": "已是您的，已用余额全额支付，编号{number}。",
        "given_up": "已放弃，没有扣除您的余额。",
    },
}


def shown(turn: Turn, payer: str = "") -> dict[str, JsonValue]:
    """Show the drops on now or next, soonest first, and older ones of which something is kept for them.

    `payer` is the shopper's WeChat address where they can pay through WeChat Pay.
    """
    turn.need(*_needs(turn))
    known = reserving.openings_shown(turn)
    names = [one.key for one in known]
    needs = {f"counter/{one.counter}" for one in known}
    if turn.contact.is_member:
        needs |= {f"reservations/{key}" for key in names}
        known += [one for one in _kept_openings(turn) if one.key not in names]
    turn.need(*needs)
    return {"drops": [_drop(turn, opening, payer) for opening in known]}


def take(turn: Turn, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Reserve `quantity` (otherwise one) of `drop`, for at most `to_pay_at_most_minor` where that is said.

    `payment` is how they pay what credit does not: `wechat` has them pay at once, as `payer`.

    Raises:
        TellMember: nothing changed, as `reserving.reserve` says; `not_a_member`. `says` is in their words.
    """
    quantity, most = body.get("quantity"), body.get("to_pay_at_most_minor")
    payer = str(body.get("payer") or "")
    with spoken(turn):
        only_members(turn)
        opening = reserving.opening_of(turn, _key(body))
        if opening is None:
            raise TellMember("drop_over")
        by_wechat = body.get("payment") == PayBy.WECHAT
        if by_wechat and PayBy.WECHAT not in _ways(turn, payer):
            raise TellMember("no_way_to_pay")
        reservation = reserving.reserve(
            turn,
            opening,
            quantity if isinstance(quantity, int) else 1,
            to_pay_max=most if isinstance(most, int) else None,
            payer=payer if by_wechat else "",
        )
    order = next((one for one in turn.effects.orders if is_waiting(one)), None)
    return {
        "drop": _drop(turn, opening, payer),
        "order": order_told(turn, order, payer) if order is not None else None,
        "says": _kept(turn, reservation),
        **_wallet(turn),
    }


def give_up(turn: Turn, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Give back what is reserved of `drop` and not paid for.

    Raises:
        TellMember: `not_reserved`: there is nothing of it; `not_a_member`. `says` is in their words.
    """
    key = _key(body)
    with spoken(turn):
        only_members(turn)
        found = [one for one in reserving.reserved(turn) if one.opening == key]
        if not found:
            raise TellMember("not_reserved")
    for reservation in found:
        reserving.give_up(turn, reservation)
    opening = reserving.opening_of(turn, key)
    told = _drop(turn, opening, str(body.get("payer") or "")) if opening is not None else None
    says = speech_of(turn).say(PHRASES, "given_up")
    return {"drop": told, "order": None, "says": says, **_wallet(turn)}


def id_of(opening_key: str) -> str:
    """Return the id of an opening as paths write it: the drop's and its day."""
    return opening_key.replace("/", ".")


def _key(body: Mapping[str, JsonValue]) -> str:
    return str(body.get("drop")).replace(".", "/")


def _needs(turn: Turn) -> set[str]:
    needs = needs_of(turn, *(drop.whom for drop in turn.program.drops))
    if turn.contact.is_member:
        needs.add("reserved")
        if turn.program.tiers is not None:
            needs.add("standing/tier")
    return needs if turn.program.drops else set()


def _kept_openings(turn: Turn) -> list[Opening]:
    """Return the openings that the contact has reserved of, also those that have closed since."""
    by_id = {drop.id: drop for drop in turn.program.drops}
    found = {}
    for one in reserving.reserved(turn):
        drop = by_id.get(one.opening.partition("/")[0])
        opening = drop.opening(one.reserved_at, turn.shop.zone) if drop is not None else None
        if opening is not None and opening.key == one.opening and one.is_kept(turn.now):
            found[opening.key] = opening
    return list(found.values())


def _ways(turn: Turn, payer: str) -> tuple[PayBy, ...]:
    """How what is reserved can be paid, the usual way first."""
    return tuple(way for way in turn.shop.selling.pay if way is not PayBy.WECHAT or payer)


def _drop(turn: Turn, opening: Opening, payer: str) -> dict[str, JsonValue]:
    speech, found = speech_of(turn), reserving.offered(turn, opening)
    is_for = reserving.opening_of(turn, opening.key) is not None
    windows = _windows(turn, opening)
    mine = _mine(turn, opening)
    return {
        "id": id_of(opening.key),
        "title": turn.program.text(opening.drop.name, turn.contact.locale),
        "sku": opening.drop.sku,
        "price": speech.amount(found.price_minor),
        "credit": speech.amount(found.credit_minor),
        "to_pay": speech.amount(found.price_minor - found.credit_minor),
        "payment": next((way.value for way in _ways(turn, payer)), None),
        "left": found.left,
        "yours": found.yours,
        "opens_at": stamp(found.opens_at),
        "closes_at": stamp(opening.closes_at),
        "is_on": found.is_on,
        "can": is_for and found.is_on and found.yours > 0,
        "early": found.is_on and turn.now < opening.opens_at,
        "windows": windows,
        "mine": _told(turn, mine) if mine is not None else None,
        "says": _says(turn, found, mine, windows, is_for=is_for),
    }


def _windows(turn: Turn, opening: Opening) -> list[JsonValue]:
    """Give the levels that are let in earlier, the earliest first."""
    tiers, today = turn.program.tiers, local_date(turn.now, turn.contact.zone)
    found = []
    for level in tiers.levels if tiers is not None else ():
        opens_at = opening.opens_to(level.id, benefits_of(tiers, level.id, today).early_access)
        if level.lasts(today) and opens_at < opening.opens_at:
            found.append((opens_at, level))
    return [
        {
            "tier": level.id,
            "title": turn.program.text(level.name, turn.contact.locale),
            "opens_at": stamp(opens_at),
            "at": speech_of(turn).at(opens_at),
        }
        for opens_at, level in sorted(found, key=lambda one: one[0])
    ]


def _earlier(turn: Turn, windows: list[JsonValue]) -> str:
    """Say whom it opens to before everybody; nothing where it does to nobody."""
    if not windows:
        return ""
    speech = speech_of(turn)
    levels = [
        speech.say(PHRASES, "early_level", level=str(one["title"]), at=str(one["at"]))
        for one in windows
        if isinstance(one, dict)
    ]
    return speech.say(PHRASES, "early", levels=speech.listed(levels))


def _mine(turn: Turn, opening: Opening) -> Reservation | None:
    """Return what is kept for the contact, what waits to be paid first."""
    if not turn.contact.is_member:
        return None
    kept = [one for one in reserving.of_opening(turn, opening) if one.is_kept(turn.now)]
    return min(kept, key=lambda one: one.state is not ReservationState.RESERVED, default=None)


def _told(turn: Turn, mine: Reservation) -> dict[str, JsonValue]:
    is_reserved = mine.state is ReservationState.RESERVED
    speech = speech_of(turn)
    waits = is_reserved and turn.shop.selling.offers_to_pay(PayBy.WECHAT)
    order = reserving.order_of(turn, mine) if waits else None
    return {
        "id": mine.id,
        "state": mine.state.value,
        "quantity": mine.quantity,
        "until": stamp(mine.until) if is_reserved else None,
        "to_pay": speech.amount(mine.to_pay_minor if is_reserved else 0),
        "number": mine.id[:6].upper(),
        "order": order.id if order is not None and is_waiting(order) else None,
    }


def _says(
    turn: Turn, found: Offered, mine: Reservation | None, windows: list[JsonValue], *, is_for: bool
) -> str:
    speech, opening = speech_of(turn), found.opening
    if mine is not None:
        return _kept(turn, mine)
    if not turn.contact.is_member:
        members = speech.say(SAYS, "not_a_member")
        if turn.now >= found.opens_at:
            return members
        return speech.say(PHRASES, "opens", at=speech.at(found.opens_at), earlier=members)
    if not is_for and opening.drop.whom.tier:
        return speech.say(OF_REWARDS, "for_levels", levels=levels_called(turn, opening.drop.whom))
    if turn.now < found.opens_at:
        earlier = _earlier(turn, windows)
        return speech.say(PHRASES, "opens", at=speech.at(found.opens_at), earlier=earlier).rstrip()
    if not found.is_on:
        return speech.say(SAYS, "drop_over")
    if not found.left:
        return speech.say(PHRASES, "gone")
    left = speech.number(found.left)
    if turn.now < opening.opens_at:
        return speech.say(PHRASES, "on_early", at=speech.at(opening.opens_at), left=left)
    return speech.say(PHRASES, "on", at=speech.at(opening.closes_at), left=left)


def _kept(turn: Turn, mine: Reservation) -> str:
    """Say what is kept for them and until when."""
    speech, number = speech_of(turn), mine.id[:6].upper()
    if mine.state is ReservationState.RESERVED:
        key = "reserved" if mine.to_pay_minor else "reserved_until"
        time, to_pay = speech.clock(mine.until), speech.money(mine.to_pay_minor)
        return speech.say(PHRASES, key, time=time, to_pay=to_pay, number=number)
    return speech.say(PHRASES, "taken" if mine.to_pay_minor else "paid", number=number)


def _wallet(turn: Turn) -> dict[str, JsonValue]:
    return {"available": speech_of(turn).amount(turn.books.spendable(turn.now))}
