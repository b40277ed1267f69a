"""The page of consent: what one agreed to where one came from, changed with the wording that is shown."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.consent import ConsentSource, Evidence, opt_in, opt_out, pending
from bot.core.contact import Address, JsonValue, SubscriptionState
from bot.core.errors import Refused, TellMember
from bot.core.groups import Group, state_in, subscription_key
from bot.core.pages.confirming import ask_to_confirm, begin_what_waited
from bot.core.pages.refusals import spoken
from bot.core.pages.speech import LANGUAGES, Phrases, speech_of
from bot.core.turn import Turn

CHANGE = "consent.change"
_SMS = "sms"

# A wording names who writes, what about, by which way, what it costs and how to stop.
PHRASES: Phrases = {
    "en": {
        "sms": "{shop} may text me about: {title}. Msg & data rates may apply. I can reply STOP at any time.",
        "wechat": "{shop} may write to me on WeChat about: {title}. I can stop it here at any time.",
        "email": "{shop} may email me about: {title}. Every letter has a link by which I can stop it.",
        "about_sms": "By text message",
        "about_email": "By email",
        "about_wechat": "On WeChat",
        "no_address_sms": "Once we know your phone number you can choose this: text us from it.",
        "no_address_wechat": "Once you are with us on WeChat you can choose this.",
        "no_address_email": "Once we know your mailbox you can choose this.",
        "stopped": "You texted STOP. Text START to {number} first, then it is yours to choose again.",
    },
    "es": {
        "sms": "{shop} puede enviarme SMS sobre: {title}. Pueden aplicarse tarifas de mensajes y datos."
        " Puedo responder STOP cuando quiera.",
        "wechat": "{shop} puede escribirme por WeChat sobre: {title}. Puedo dejarlo aquí cuando quiera.",
        "email": "{shop} puede enviarme correos sobre: {title}. Cada correo trae un enlace para dejarlos.",
        "about_sms": "Por SMS",
        "about_email": "Por correo",
        "about_wechat": "Por WeChat",
        "no_address_sms": "Podrás elegirlo cuando sepamos tu número: escríbenos desde él por SMS.",
        "no_address_wechat": "Podrás elegirlo cuando estés con nosotros en WeChat.",
        "no_address_email": "Podrás elegirlo cuando sepamos tu correo.",
        "stopped": "Enviaste STOP. Envía START al {number} primero; luego vuelves a elegir aquí.",
    },
    "zh_Hans": {
        "sms": "同意{shop}发短信给我：{title}。可能产生短信和流量费用，可随时回复 STOP 退订。",
        "wechat": "同意{shop}在微信里联系我：{title}。可随时在此关闭。",
        "email": "同意{shop}给我发邮件：{title}。每封邮件都有退订链接。",
        "about_sms": "短信",
        "about_email": "邮件",
        "about_wechat": "微信",
        "no_address_sms": "请先用您的手机号给我们发一条短信，之后即可选择。",
        "no_address_wechat": "请先在微信里联系我们，之后即可选择。",
        "no_address_email": "我们有了您的邮箱后，即可选择。",
        "stopped": "您曾回复 STOP 退订。请先发送 START 到{number}，然后可在此重新选择。",
    },
}


def shown(turn: Turn, channel: str, address: str) -> Mapping[str, JsonValue]:
    """Show every group with what was agreed to on a channel."""
    own = _address(turn, channel, address)
    groups: list[JsonValue] = [
        _group(turn, group, channel, can_choose=own is not None) for group in turn.shop.groups.values()
    ]
    return {"groups": groups, "stopped": own is not None and own.stopped_at is not None}


def change(turn: Turn, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Agree to a group, or to it no more; what was read on the page goes into the log.

    Whoever is to confirm (`double_opt_in`) what they agree to by a link is asked there: others may have
    opened it. Who logged in at WeChat, or came from a letter, is who they are (`is_known`): that confirms
    what was asked before. `message` is the letter.

    Raises:
        Refused: there is no such group, or another wording was shown than ours.
        TellMember: `stopped`: after STOP by text only START by text opens the way again. `no_address`: it
            would count for whatever address comes later, and nobody knows whose that is.
    """
    channel, address = str(body["channel"]), str(body["address"])
    group = turn.shop.groups.get(str(body["group"]))
    if group is None:
        raise Refused("group: is none", "take one from GET /mp/consents", 404)
    wording, own = str(body["wording"]), _address(turn, channel, address)
    evidence = Evidence(
        group=group.name,
        channel=channel,
        words=wording,
        source=ConsentSource.PAGES,
        at=turn.now,
        address=own.value if own else None,
        provider_id=str(body["message"]) if "message" in body else None,
    )
    if body["subscribed"] is not True:
        turn.change_consent(opt_out(evidence))
        return shown(turn, channel, address)
    ours = [_say(turn, channel, group, locale) for locale in (turn.contact.locale, *LANGUAGES)]
    if wording not in ours:
        raise Refused("wording: is not what is agreed to here", "show and send the wording of the group", 422)
    if own is None:
        with spoken(turn):
            raise TellMember("no_address", says=speech_of(turn).say(PHRASES, f"no_address_{channel}"))
    if own.stopped_at is not None:
        _open_again(turn, own)
    state = state_in(turn.subscriptions, group.name, channel)
    is_known = body.get("is_known") is True
    waits = turn.pending.get(subscription_key(group.name, channel))
    if group.double_opt_in and not is_known and state is not SubscriptionState.SUBSCRIBED:
        turn.change_consent(pending(evidence, state, waits.waiting_flow if waits else None))
        ask_to_confirm(turn, group, own)
    else:
        turn.change_consent(opt_in(evidence))
        begin_what_waited(turn, waits)
    return shown(turn, channel, address)


def _open_again(turn: Turn, own: Address) -> None:
    """Let an address that said stop hear from us again, where that is ours to decide."""
    if own.channel == _SMS:  # carriers block whoever texted STOP until they text START
        pool = turn.shop.pool(_SMS)
        number = pool.sender(own.sender, own.value) if pool is not None else ""
        with spoken(turn):
            says = speech_of(turn).say(PHRASES, "stopped", number=number)
            raise TellMember("stopped", says=says)
    turn.change_address(replace(own, stopped_at=None, clarify_by=None))


def _group(turn: Turn, group: Group, channel: str, *, can_choose: bool) -> JsonValue:
    locale = turn.contact.locale
    state = state_in(turn.subscriptions, group.name, channel)
    return {
        "name": group.name,
        "title": group.called(locale),
        "description": speech_of(turn).say(PHRASES, f"{'about' if can_choose else 'no_address'}_{channel}"),
        "subscribed": state is SubscriptionState.SUBSCRIBED,
        "pending": state is SubscriptionState.PENDING,
        "channel": channel,
        "can_choose": can_choose,
        "wording": _say(turn, channel, group, locale),
    }


def _say(turn: Turn, key: str, group: Group, locale: str) -> str:
    speech = replace(speech_of(turn), locale=locale)
    shop = turn.shop.letters.brand.name or turn.shop.name  # as the page around it calls it
    return speech.say(PHRASES, key, shop=shop, title=group.called(locale))


def _address(turn: Turn, channel: str, address: str) -> Address | None:
    """The address the shopper came by, else the one they have on that channel."""
    there = [one for (kind, _), one in turn.addresses.items() if kind == channel]
    return turn.addresses.get((channel, address)) or next(iter(there), None)
