"""The page of cash-back: what is promised to the shopper's wallet at WeChat, and what is to be confirmed."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.pages.speech import Phrases, Speech, speech_of, stamp
from bot.core.payments import Payout, PayoutState
from bot.core.turn import Turn

CONFIRM_WITHIN = timedelta(hours=24)
"""So long the shopper has: https://pay.weixin.qq.com/doc/v3/merchant/4013778940."""

PHRASES: Phrases = {
    "en": {
        "promised": "{amount} goes to your WeChat wallet {day}, if the order still stands then",
        "waits": "{amount} waits: confirm it {until} at the latest",
        "soon": "{amount} is on its way to your WeChat wallet",
        "done": "{amount} is in your WeChat wallet",
        "returned": "The order came back, and with it the cash back",
        "ended": "The cash back was not paid out",
    },
    "es": {
        "promised": "{amount} llega a tu cartera de WeChat {day}, si el pedido sigue en pie",
        "waits": "{amount} te espera: confírmalo a más tardar {until}",
        "soon": "{amount} va camino a tu cartera de WeChat",
        "done": "{amount} ya está en tu cartera de WeChat",
        "returned": "El pedido se devolvió, y con él el dinero de vuelta",
        "ended": "El dinero de vuelta no se pagó",
    },
    "zh_Hans": {
        "promised": "{amount}返现将于{day}转入您的微信零钱（订单届时仍有效）",
        "waits": "{amount}返现待领取，请最晚于{until}确认",
        "soon": "{amount}返现正在转入您的微信零钱",
        "done": "{amount}返现已到您的微信零钱",
        "returned": "订单已退，返现随之取消",
        "ended": "返现未能转出",
    },
}


def shown(turn: Turn, address: str, mchid: str) -> Mapping[str, JsonValue]:
    """Show the contact's cash-back, newest first; what waits is confirmed in the program it is for."""
    found, speech = turn.needed("payouts"), speech_of(turn)
    assert isinstance(found, tuple)
    return {"payouts": [_told(turn, speech, one, address, mchid) for one in found if isinstance(one, Payout)]}


def _told(turn: Turn, speech: Speech, one: Payout, address: str, mchid: str) -> dict[str, JsonValue]:
    until = one.changed_at + CONFIRM_WITHIN
    waits = one.state is PayoutState.WAITING and bool(one.package) and turn.now < until
    confirm: dict[str, JsonValue] = {"mchId": mchid, "appId": one.account, "package": one.package}
    return {
        "id": one.id,
        "order": one.order_id,
        "amount": speech.amount(one.amount_minor),
        "state": _word(one, waits=waits),
        "says": _says(speech, one, waits=waits),
        "until": stamp(until) if waits else None,
        "confirm": confirm if waits and one.address == address and mchid else None,
    }


def _word(one: Payout, *, waits: bool) -> str:
    if one.is_over:
        return "paid" if one.state is PayoutState.DONE else "ended"
    if one.state is PayoutState.NEW:
        return "promised"
    return "waits" if waits else "on_its_way"


def _says(speech: Speech, one: Payout, *, waits: bool) -> str:
    named, amount = one.facts.get("why"), speech.money(one.amount_minor)
    if one.state is PayoutState.ENDED:
        return speech.say(PHRASES, "returned" if named == "returned" else "ended")
    if one.state is PayoutState.DONE:
        return speech.say(PHRASES, "done", amount=amount)
    if one.state is PayoutState.NEW and one.due_at is not None and one.due_at > speech.now:
        return speech.say(PHRASES, "promised", amount=amount, day=speech.on_day(one.due_at))
    if waits:
        return speech.say(PHRASES, "waits", amount=amount, until=speech.at(one.changed_at + CONFIRM_WITHIN))
    return speech.say(PHRASES, "soon", amount=amount)
