"""Asking to confirm an opt-in, where the answer is heard: YES there, or the button of a letter."""

from dataclasses import replace
from html import escape

from markupsafe import Markup

from bot.core.consent import CONFIRM_WITHIN
from bot.core.contact import Address, JsonValue, Pending
from bot.core.email.holes import CONFIRM
from bot.core.email.mailbox import EMAIL
from bot.core.email.templates import usual_template
from bot.core.email.writing import Foot, Parts, where, written
from bot.core.forms import Form, Letter
from bot.core.groups import Group
from bot.core.local_time import local_date
from bot.core.messages import MessageClass
from bot.core.pages.speech import Phrases, Speech, speech_of
from bot.core.proofs import counter_of
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

A_DAY = 3
"""How many letters that ask a mailbox gets in a day, whoever named it."""

PHRASES: Phrases = {
    "en": {
        "sms": "{shop}: reply YES to get texts about: {title}. Msg & data rates may apply."
        " Reply HELP for help, STOP to cancel.",
        "wechat": "{shop}: reply YES to hear from us here about: {title}.",
        "subject": "Please confirm: {title}",
        "text": "{shop} was told that you want letters about: {title}.\n\nIf so, please confirm it by {day}."
        " Every letter has a link by which you can stop it.",
        "button": "Yes, I want these letters",
        "foot": "You did not ask for this? Then do nothing, and we send you no more about it.",
    },
    "es": {
        "sms": "{shop}: responde SI para recibir SMS sobre: {title}. Pueden aplicarse tarifas de"
        " mensajes y datos. Responde AYUDA para obtener ayuda, STOP para cancelar.",
        "wechat": "{shop}: responde SI para recibir aquí mensajes sobre: {title}.",
        "subject": "Confirma, por favor: {title}",
        "text": "Nos han dicho que quieres recibir correos de {shop} sobre: {title}.\n\nSi es así,"
        " confírmalo antes de que termine el {day}. Cada correo trae un enlace para dejarlos.",
        "button": "Sí, quiero recibirlos",
        "foot": "¿No lo pediste tú? No hagas nada y no te escribiremos más sobre esto.",
    },
    "zh_Hans": {
        "sms": "{shop}：回复 YES 确认接收短信：{title}。可能产生短信和流量费用。"
        "回复 HELP 获取帮助，回复 STOP 退订。",
        "wechat": "{shop}：回复 YES 确认在这里接收：{title}。",
        "subject": "请确认订阅：{title}",
        "text": "{shop}得知您希望接收关于“{title}”的邮件。\n\n如果是，请在{day}当天或之前确认。"
        "每封邮件都有退订链接。",
        "button": "是的，我要接收",
        "foot": "不是您本人的操作？忽略本邮件即可，我们不会再就此给您写信。",
    },
}


def ask_to_confirm(turn: Turn, group: Group, address: Address) -> None:
    """Ask at an address whether an opt-in is meant; where nobody can be asked it stays unconfirmed.

    It needs no subscription, as an answer needs none, and like an answer it never leaves after STOP.
    """
    title, speech = group.called(turn.contact.locale), speech_of(turn)
    if address.channel == EMAIL:
        _ask_by_letter(turn, group, address, speech)
    elif address.channel in PHRASES["en"]:
        turn.say(
            speech.say(PHRASES, address.channel, shop=turn.shop.name, title=title),
            flow="",
            step="confirm",
            message_class=MessageClass.REPLY,
            channel=address.channel,
            address=address.value,
        )


def begin_what_waited(turn: Turn, waits: Pending | None) -> None:
    """Start the flow that waited for the opt-in that was just confirmed, if any did."""
    if waits is None or waits.waiting_flow is None or turn.now > waits.confirm_by:
        return
    payload: dict[str, JsonValue] = {"flow": waits.waiting_flow, "variables": {}}
    turn.effects.later.append(Trigger(f"{turn.trigger.key}/flow", TriggerKind.START, turn.now, payload))


def _ask_by_letter(turn: Turn, group: Group, address: Address, speech: Speech) -> None:
    """Send a letter with one button, a few times a day; dead mailboxes cost none of them."""
    if address.unusable_reason is not None or not turn.shop.public_url:
        return
    secret = turn.shop.secrets[0] if turn.shop.secrets else b""
    today = local_date(turn.now, turn.shop.zone).isoformat()
    if not turn.take(counter_of(secret, f"confirm/{address.value}", today), 1, of=A_DAY):
        return
    brand = turn.shop.letters.brand
    shop, title = brand.name or turn.shop.name, group.called(turn.contact.locale)
    body = speech.say(PHRASES, "text", shop=shop, title=title, day=speech.long_day(turn.now + CONFIRM_WITHIN))
    turn.say(
        body,
        flow="",
        step="confirm",
        message_class=MessageClass.REPLY,
        group=group.name,
        channel=EMAIL,
        address=address.value,
        valid_for=CONFIRM_WITHIN,
        form=Form(letter=_letter(turn, body, speech, title)),
    )


def _letter(turn: Turn, body: str, speech: Speech, title: str) -> Letter:
    """The usual letter. Nobody looks whether it is opened: who gets it has agreed to nothing yet."""
    letters, button = turn.shop.letters, speech.say(PHRASES, "button")
    lines = [line for line in (speech.say(PHRASES, "foot"), where(letters.brand)) if line]
    parts = Parts(
        subject=speech.say(PHRASES, "subject", title=title),
        preheader=body.partition("\n")[0],
        button_text=button,
        button_url=Markup(CONFIRM),  # noqa: S704  # our own
        foot=Foot("\n".join(lines), Markup("<br>".join(escape(line) for line in lines))),  # noqa: S704  # escaped
    )
    letter = written(parts, body, usual_template(), letters, {}, speech.locale)
    return replace(letter, counts_opens=False, confirms=button)
