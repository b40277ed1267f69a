"""The page of the wheel: what can be won and how likely, the rules, and what proves a draw."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import spinning
from bot.core.errors import TellMember
from bot.core.loyalty.wheel import Spin, Wheel, in_percent
from bot.core.pages.refusals import only_members, said, spoken
from bot.core.pages.speech import Phrases, speech_of
from bot.core.turn import Turn

SPIN = "page.spin"
"""The operation by which a tap spins the wheel."""

PHRASES: Phrases = {
    "en": {
        "left": "You may spin {count} more today, for free.",
        "left_one": "You may spin once today, for free.",
        "won": "You won {prize}!",
        "won_until": "You won {prize}, good through {day}!",
        "nothing": "The wheel says: {prize}.",
        "sealed": "The seed of this draw is told when the day is over.",
        "told": "With the seed, anyone can check this draw.",
    },
    "es": {
        "left": "Hoy puedes girar {count} veces más, gratis.",
        "left_one": "Hoy puedes girar una vez, gratis.",
        "won": "¡Ganaste {prize}!",
        "won_until": "¡Ganaste {prize}, vale hasta el {day}!",
        "nothing": "La ruleta dice: {prize}.",
        "sealed": "La semilla de este giro se da a conocer cuando termina el día.",
        "told": "Con la semilla, cualquiera puede comprobar este giro.",
    },
    "zh_Hans": {
        "left": "今天还可免费转{count}次。",
        "left_one": "今天可免费转1次。",
        "won": "恭喜获得{prize}！",
        "won_until": "恭喜获得{prize}，有效期至{day}！",
        "nothing": "结果：{prize}。",
        "sealed": "本次的种子将在当天结束后公布。",
        "told": "凭种子，任何人都可以验证这次结果。",
    },
}


def shown(turn: Turn, channel: str) -> dict[str, JsonValue]:
    """Show the wheel as it is on a channel; where there is none for the contact, nothing of it but why."""
    wheel, because = turn.program.wheel, spinning.why_not(turn, channel)
    if because is not None or wheel is None:
        stranger = not turn.contact.is_member and because == "not_for_you"
        problem = TellMember("not_a_member" if stranger else because or "no_wheel")
        return {**_NOTHING, "says": said(turn, problem)}
    speech, locale = speech_of(turn), turn.contact.locale
    left, last = spinning.spins_left(turn), spinning.last_spin(turn)
    key = "left_one" if left == 1 else "left"
    over = said(turn, TellMember("spun_today"))
    return {
        "enabled": True,
        "prizes": _prizes(turn, wheel),
        "spins_left": left,
        "rules": turn.program.text(wheel.rules, locale) if wheel.rules else "",
        "sponsor": wheel.sponsor,
        "until": wheel.until_on.isoformat() if wheel.until_on else None,
        "last": _proof(turn, last) if last is not None else None,
        "says": speech.say(PHRASES, key, count=speech.number(left)) if left else over,
    }


def spin(turn: Turn, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Spin: one tap, on the `channel` of the session.

    Raises:
        TellMember: nothing changed, as `spinning.spin` says; `not_a_member`. `says` is in their words.
    """
    with spoken(turn):
        only_members(turn)
        spun = spinning.spin(turn, str(body["channel"]))
    speech, paid = speech_of(turn), spun.paid
    prize = turn.program.text(spun.prize.name, turn.contact.locale)
    if not paid.granted_minor:
        says = speech.say(PHRASES, "nothing", prize=prize)
    elif paid.expires_on is not None:
        says = speech.say(PHRASES, "won_until", prize=prize, day=speech.short_day(paid.expires_on))
    else:
        says = speech.say(PHRASES, "won", prize=prize)
    return {
        "prize": {"id": spun.prize.id, "title": prize, "amount": speech.amount(paid.granted_minor)},
        "proof": _proof(turn, spun.record),
        "spins_left": spinning.spins_left(turn),
        "available": speech.amount(turn.books.spendable(turn.now)),
        "says": says,
    }


_NOTHING: Mapping[str, JsonValue] = {
    "enabled": False,
    "prizes": [],
    "spins_left": 0,
    "rules": "",
    "sponsor": None,
    "until": None,
    "last": None,
}


def _prizes(turn: Turn, wheel: Wheel) -> list[JsonValue]:
    return [
        {
            "id": prize.id,
            "title": turn.program.text(prize.name, turn.contact.locale),
            "odds": f"{wheel.odds(prize).numerator}/{wheel.odds(prize).denominator}",
            "percent": in_percent(wheel.odds(prize)),
        }
        for prize in wheel.prizes
    ]


def _proof(turn: Turn, spin: Spin) -> dict[str, JsonValue]:
    """Give all that anyone needs to draw it again; `seed` is told when the day is over."""
    seed = spinning.seed_of(turn, spin)
    says = speech_of(turn).say(PHRASES, "told" if seed is not None else "sealed")
    return {"day": spin.day.isoformat(), **spin.facts(seed), "says": says}
