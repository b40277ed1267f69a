"""The page of friends: a member's code, a text ready to forward, the rules, and what it has brought."""

from bot.core.contact import JsonValue
from bot.core.deeds.referring import invitations, member_facts, rules_now
from bot.core.errors import TellMember
from bot.core.loyalty.referral import Referring, link_of
from bot.core.pages.refusals import said
from bot.core.pages.speech import Phrases, Speech, speech_of
from bot.core.turn import Turn

PHRASES: Phrases = {
    "en": {
        "title": "{friend} for your first order at {shop}",
        "title_plain": "Join me at {shop}",
        "text": "{friend} for your first order{minimum} at {shop}. My code: {code}. {way}",
        "text_plain": "Join me at {shop}. My code: {code}. {way}",
        "text_minimum": " of {minimum} or more",
        "open": "Open {link}",
        "send": "Text it to {number}",
        "both": "Your friend gets {friend} and you get {advocate}.",
        "friend": "Your friend gets {friend}.",
        "advocate": "You get {advocate} for each friend.",
        "order": "It is for your friend's first order, within {within} of joining.",
        "order_of": "It is for your friend's first order of {minimum} or more, within {within} of joining.",
        "pending": "It can be spent {span} after the order, when that can no longer be returned.",
        "returned": "If the order is given back, the reward goes with it.",
        "new": "Your friend has to be new here. An account of your own does not count.",
        "hour": "Up to {count} friends an hour.",
        "day": "Up to {count} friends a day.",
        "month": "Up to {count} friends a month.",
        "life": "Up to {count} friends in all.",
        "sharing": "Nothing is given for sharing or for joining.",
    },
    "es": {
        "title": "{friend} por tu primer pedido en {shop}",
        "title_plain": "Ven conmigo a {shop}",
        "text": "{friend} por tu primer pedido{minimum} en {shop}. Mi clave: {code}. {way}",
        "text_plain": "Ven conmigo a {shop}. Mi clave: {code}. {way}",
        "text_minimum": " de {minimum} o más",
        "open": "Abre {link}",
        "send": "Envíala al {number}",
        "both": "Tu amigo recibe {friend} y tú recibes {advocate}.",
        "friend": "Tu amigo recibe {friend}.",
        "advocate": "Recibes {advocate} por cada amigo.",
        "order": "Es por el primer pedido de tu amigo, dentro de {within} desde que se une.",
        "order_of": "Es por el primer pedido de {minimum} o más, dentro de {within} desde que se une.",
        "pending": "Se puede usar {span} después del pedido, cuando ya no se puede devolver.",
        "returned": "Si el pedido se devuelve, el premio se retira.",
        "new": "Tu amigo tiene que ser nuevo aquí. Otra cuenta tuya no cuenta.",
        "hour": "Hasta {count} amigos por hora.",
        "day": "Hasta {count} amigos al día.",
        "month": "Hasta {count} amigos al mes.",
        "life": "Hasta {count} amigos en total.",
        "sharing": "No se da nada por compartir ni por unirse.",
    },
    "zh_Hans": {
        "title": "在{shop}首次下单得{friend}",
        "title_plain": "一起来{shop}",
        "text": "在{shop}首次下单{minimum}得{friend}，我的邀请码：{code}。{way}",
        "text_plain": "一起来{shop}，我的邀请码：{code}。{way}",
        "text_minimum": "满{minimum}",
        "open": "打开 {link}",
        "send": "发送到{number}",
        "both": "好友得{friend}，您得{advocate}。",
        "friend": "好友得{friend}。",
        "advocate": "每位好友您得{advocate}。",
        "order": "好友入会后{within}内首次下单有效。",
        "order_of": "好友入会后{within}内首次下单满{minimum}有效。",
        "pending": "下单{span}后、不能再退货时即可使用。",
        "returned": "订单退货后，奖励一并收回。",
        "new": "好友须是新客，您自己的其他账号不算。",
        "hour": "每小时最多{count}位好友。",
        "day": "每天最多{count}位好友。",
        "month": "每月最多{count}位好友。",
        "life": "总共最多{count}位好友。",
        "sharing": "分享和入会本身没有奖励。",
    },
}


def shown(turn: Turn, code: str) -> dict[str, JsonValue]:
    """Show what inviting friends with the member's own `code` brings, and has brought."""
    speech, brought = speech_of(turn), invitations(turn)
    try:
        rules = rules_now(turn)
        title, text, words = _title(turn, rules), invitation(turn, rules, code), _rules(turn, rules)
    except TellMember as problem:
        rules, title, text, words = None, "", "", [said(turn, problem)]
    return {
        "running": rules is not None,
        "code": code,
        "link": link_of(turn.shop.public_url, code),
        "title": title,
        "text": text,
        "rules": list(words),
        "invited": brought.invited,
        "joined": brought.joined,
        "pending": speech.amount(brought.pending_minor),
        "earned": speech.amount(brought.earned_minor),
    }


def invitation(turn: Turn, rules: Referring, code: str) -> str:
    """Write what a member forwards: what the friend gets, and the way in."""
    speech, shop = speech_of(turn), turn.shop.name
    way = _way(turn, speech, code)
    if not rules.friend_minor:
        return speech.say(PHRASES, "text_plain", shop=shop, code=code, way=way).rstrip()
    friend, minimum = speech.money(rules.friend_minor), _minimum(speech, rules)
    said_so = speech.say(PHRASES, "text", friend=friend, minimum=minimum, shop=shop, code=code, way=way)
    return said_so.rstrip()


def _title(turn: Turn, rules: Referring) -> str:
    """Write the title of a card that is forwarded in WeChat, which leads where it is tapped."""
    speech, shop = speech_of(turn), turn.shop.name
    if not rules.friend_minor:
        return speech.say(PHRASES, "title_plain", shop=shop)
    return speech.say(PHRASES, "title", shop=shop, friend=speech.money(rules.friend_minor))


def _way(turn: Turn, speech: Speech, code: str) -> str:
    link, pool = link_of(turn.shop.public_url, code), turn.shop.pool("sms")
    if link is not None:
        return speech.say(PHRASES, "open", link=link)
    return speech.say(PHRASES, "send", number=pool.numbers[0]) if pool and pool.numbers else ""


def _minimum(speech: Speech, rules: Referring) -> str:
    if not rules.minimum_minor:
        return ""
    return speech.say(PHRASES, "text_minimum", minimum=speech.money(rules.minimum_minor))


def _rules(turn: Turn, rules: Referring) -> list[str]:
    """Say all that decides whether something is given, in the order in which it is asked."""
    speech = speech_of(turn)
    friend, advocate = rules.friend_minor or 0, rules.advocate_reward(member_facts(turn))
    whom = "both" if friend and advocate else "friend" if friend else "advocate"
    pending = turn.program.earning.pending if rules.pending is None else rules.pending
    minimum = speech.money(rules.minimum_minor or 0)
    order = "order_of" if rules.minimum_minor else "order"
    said_so = [
        speech.say(PHRASES, whom, friend=speech.money(friend), advocate=speech.money(advocate)),
        speech.say(PHRASES, order, minimum=minimum, within=speech.lasting(rules.order_within)),
        *([speech.say(PHRASES, "pending", span=speech.lasting(pending))] if pending else []),
        speech.say(PHRASES, "returned"),
        speech.say(PHRASES, "new"),
    ]
    for name, limit in rules.limits.model_dump().items():
        if limit is not None:
            said_so.append(speech.say(PHRASES, name, count=speech.number(limit)))
    return [*said_so, speech.say(PHRASES, "sharing")]
