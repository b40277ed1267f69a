"""Shoppers become members, and say which phone number is theirs."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.joining import Identified, identify
from bot.core.deeds.referring import come_with
from bot.core.enrolling import Enrolled
from bot.core.enrolling import enroll as enrolled_by
from bot.core.pages.me import masked
from bot.core.pages.speech import Phrases, speech_of
from bot.core.turn import Turn

JOIN, PHONE = "member.join", "contact.phone"
WAY = "wechat_phone"
"""How a number was proven: WeChat itself verified it, and told us with the shopper's consent."""

_SMS = "sms"
PHRASES: Phrases = {
    "en": {
        "welcome": "Welcome to {shop}! From now on your orders earn credit.",
        "gift": "Welcome to {shop}! {amount} is in your wallet.",
        "gift_until": "Welcome to {shop}! {amount} is in your wallet, good through {day}.",
        "already": "You are a member already.",
        "phone": "Thank you. {phone} is yours here too.",
        "phone_known": "{phone} is yours here already.",
        "phone_joins": "{phone} is known to us: both wallets become one in a moment.",
        "phone_waits": "{phone} is known to us: both wallets become one once the order under way is paid"
        " or given up.",
        "name_refused": "This name cannot be used. Please choose another one.",
    },
    "es": {
        "welcome": "¡Te damos la bienvenida a {shop}! Desde ahora tus pedidos suman saldo.",
        "gift": "¡Te damos la bienvenida a {shop}! Tienes {amount} en tu saldo.",
        "gift_until": "¡Te damos la bienvenida a {shop}! Tienes {amount} en tu saldo, hasta {day}.",
        "already": "Ya eres socio.",
        "phone": "Gracias. {phone} también es tuyo aquí.",
        "phone_known": "{phone} ya es tuyo aquí.",
        "phone_joins": "Ya conocemos el {phone}: en un momento los dos saldos serán uno.",
        "phone_waits": "Ya conocemos el {phone}: los dos saldos serán uno cuando el pedido en curso"
        " se pague o se cancele.",
        "name_refused": "Este nombre no se puede usar. Elige otro, por favor.",
    },
    "zh_Hans": {
        "welcome": "欢迎加入{shop}！从现在起，每次下单都返余额。",
        "gift": "欢迎加入{shop}！{amount}已放入您的钱包。",
        "gift_until": "欢迎加入{shop}！{amount}已放入您的钱包，有效期至{day}。",
        "already": "您已经是会员。",
        "phone": "谢谢！已绑定手机号{phone}。",
        "phone_known": "手机号{phone}已经绑定。",
        "phone_joins": "我们认识手机号{phone}：两个钱包马上合并为一个。",
        "phone_waits": "我们认识手机号{phone}：待进行中的订单付款或取消后，两个钱包将合并为一个。",
        "name_refused": "这个称呼无法使用，请换一个。",
    },
}

_PHONE = {
    Identified.KNOWN: "phone_known",
    Identified.ADDED: "phone",
    Identified.JOINS: "phone_joins",
    Identified.WAITS: "phone_waits",
}

Body = Mapping[str, JsonValue]


def join(turn: Turn, body: Body) -> Body:
    """Become a member; whoever came with a friend's code is that friend's from now on.

    Nobody is subscribed to anything by this: consent is given for itself.
    """
    if body.get("first_name"):
        turn.set_field("first_name", body["first_name"])
    enrolled = enrolled_by(turn, actor=f"contact/{turn.contact.id}", source_type="pages")
    come_with(turn, "")
    return {"member": True, "says": _welcome(turn, enrolled)}


def phone(turn: Turn, body: Body) -> Body:
    """Make a phone number that was verified the contact's; who is known there turns out to be the same."""
    number = str(body["phone"])
    came_to = identify(turn, _SMS, number, {"way": WAY, "account": str(body["account"])})
    shown = masked(number)
    return {"phone": shown, "says": speech_of(turn).say(PHRASES, _PHONE[came_to], phone=shown)}


def _welcome(turn: Turn, enrolled: Enrolled) -> str:
    speech, shop = speech_of(turn), turn.shop.name
    if enrolled.already:
        return speech.say(PHRASES, "already")
    if enrolled.grant is None:
        return speech.say(PHRASES, "welcome", shop=shop)
    amount, until = speech.money(enrolled.granted_minor), enrolled.grant.terms.expires_on
    if until is None:
        return speech.say(PHRASES, "gift", shop=shop, amount=amount)
    return speech.say(PHRASES, "gift_until", shop=shop, amount=amount, day=speech.long_day(until))
