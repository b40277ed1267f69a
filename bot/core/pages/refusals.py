"""What a page says when something cannot be had: the codes that deeds refuse with, as sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from bot.core.errors import TellMember
from bot.core.pages.speech import Phrases, speech_of
from bot.core.turn import Turn

SAYS: Phrases = {
    "en": {
        "not_a_member": "This is for members. Joining is free and takes one tap.",
        "reward_gone": "This reward is not there any more.",
        "not_for_you": "This is not for you this time.",
        "had_it": "You have had this as often as one may.",
        "sold_out": "The last one has just gone. Nothing was taken from you.",
        "not_enough_credit": "Your credit is not enough: {missing} to go.",
        "no_checkin": "There is no check-in right now.",
        "too_early": "You have checked in already. The next day begins {at}.",
        "no_wheel": "There is no wheel to spin right now.",
        "not_here": "The wheel is not played here.",
        "spun_today": "You have had your spin today.",
        "spun_enough": "You have had all your spins.",
        "drop_over": "This drop is over.",
        "not_open": "It opens {at}.",
        "had_yours": "You have your share of this drop. Leave some for others!",
        "price_changed": "It would be {to_pay} to pay now, so nothing was taken. Please look at it again.",
        "no_way_to_pay": "It cannot be paid like this here, so nothing was taken.",
        "not_reserved": "Nothing of this is reserved for you any more.",
        "not_running": "There is nothing to win for inviting friends right now.",
    },
    "es": {
        "not_a_member": "Es solo para socios. Unirse es gratis y basta un toque.",
        "reward_gone": "Este premio ya no está.",
        "not_for_you": "Esta vez no es para ti.",
        "had_it": "Ya lo has tenido tantas veces como se puede.",
        "sold_out": "Se acaba de ir el último. No te hemos descontado nada.",
        "not_enough_credit": "Tu saldo no alcanza: faltan {missing}.",
        "no_checkin": "Ahora no hay visitas diarias.",
        "too_early": "Ya has marcado tu visita. El próximo día empieza {at}.",
        "no_wheel": "Ahora no hay ruleta.",
        "not_here": "Aquí no se juega a la ruleta.",
        "spun_today": "Ya has girado hoy.",
        "spun_enough": "Ya has usado todos tus giros.",
        "drop_over": "Esta venta ya terminó.",
        "not_open": "Abre {at}.",
        "had_yours": "Ya tienes tu parte de esta venta. ¡Deja algo para los demás!",
        "price_changed": "Ahora serían {to_pay}, así que no hicimos nada. Míralo otra vez, por favor.",
        "no_way_to_pay": "Aquí no se puede pagar así, de modo que no hicimos nada.",
        "not_reserved": "Ya no tienes nada de esto reservado.",
        "not_running": "Ahora no hay nada que ganar por invitar a amigos.",
    },
    "zh_Hans": {
        "not_a_member": "这是会员专享，入会免费，一点即可。",
        "reward_gone": "这份奖励已经没有了。",
        "not_for_you": "这次不适用于您。",
        "had_it": "您兑换的次数已达上限。",
        "sold_out": "最后一份刚刚被领走，没有扣除您的余额。",
        "not_enough_credit": "余额不足，还差{missing}。",
        "no_checkin": "目前没有签到活动。",
        "too_early": "今天已经签到，下一天{at}开始。",
        "no_wheel": "目前没有转盘活动。",
        "not_here": "这里不提供转盘。",
        "spun_today": "今天的机会已经用完。",
        "spun_enough": "您的机会已全部用完。",
        "drop_over": "本次限量发售已经结束。",
        "not_open": "{at}开抢。",
        "had_yours": "您已经买到自己的份额，留一些给别人吧！",
        "price_changed": "现在需付{to_pay}，因此没有为您办理，请再看一下。",
        "no_way_to_pay": "这里不支持此付款方式，因此没有为您办理。",
        "not_reserved": "您已没有预留的份额。",
        "not_running": "目前没有邀请奖励活动。",
    },
}
"""By language and code."""


def said(turn: Turn, problem: TellMember) -> str:
    """Say a refusal to the contact; a code that pages know no words for is said as "not for you"."""
    speech, facts = speech_of(turn), problem.facts
    named: dict[str, str] = {}
    available, wanted = facts.get("available_minor"), facts.get("wanted_minor")
    if isinstance(available, int) and isinstance(wanted, int):
        named["missing"] = speech.money(wanted - available)
    for name in ("at", "next_at"):
        if isinstance(facts.get(name), str):
            named["at"] = speech.at(datetime.fromisoformat(str(facts[name])))
    to_pay = facts.get("to_pay")
    if isinstance(to_pay, int):
        named["to_pay"] = speech.money(to_pay)
    return speech.say(SAYS, problem.code if problem.code in SAYS["en"] else "not_for_you", **named)


@contextmanager
def spoken(turn: Turn) -> Iterator[None]:
    """Let what is refused within say so in the contact's words too, as the fact `says`."""
    try:
        yield
    except TellMember as problem:
        if "says" in problem.facts:
            raise
        raise TellMember(problem.code, **problem.facts, says=said(turn, problem)) from problem


def only_members(turn: Turn) -> None:
    """Refuse whoever has not joined.

    Raises:
        TellMember: `not_a_member`.
    """
    if not turn.contact.is_member:
        raise TellMember("not_a_member")
