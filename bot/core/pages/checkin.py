"""The page of checking in: the ladder of days, which of them are done, and today's."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import checking_in
from bot.core.errors import TellMember
from bot.core.loyalty.checkin import CheckedIn, Checkin, TooEarly
from bot.core.pages.refusals import only_members, said, spoken
from bot.core.pages.speech import Phrases, speech_of, stamp
from bot.core.turn import Turn

CHECK_IN = "page.check_in"
"""The operation by which a tap checks in."""

PHRASES: Phrases = {
    "en": {
        "today": "Today brings {amount}.",
        "again": "Good to see you again! Today brings {amount}.",
        "done": "Today is done. Tomorrow brings {amount}.",
        "earned": "{amount} for you. Tomorrow brings {next}.",
        "earned_until": "{amount} for you, good through {day}. Tomorrow brings {next}.",
        "dry": "Today's pot is empty, so there is no credit, but your day counts. Tomorrow brings {next}.",
    },
    "es": {
        "today": "Hoy son {amount}.",
        "again": "¡Qué bueno verte de nuevo! Hoy son {amount}.",
        "done": "Lo de hoy está hecho. Mañana son {amount}.",
        "earned": "{amount} para ti. Mañana son {next}.",
        "earned_until": "{amount} para ti, vale hasta el {day}. Mañana son {next}.",
        "dry": "El fondo de hoy se agotó, así que no hay saldo, pero tu día cuenta. Mañana son {next}.",
    },
    "zh_Hans": {
        "today": "今天签到得{amount}。",
        "again": "欢迎回来！今天签到得{amount}。",
        "done": "今天已签到，明天得{amount}。",
        "earned": "签到成功，获得{amount}。明天得{next}。",
        "earned_until": "签到成功，获得{amount}，有效期至{day}。明天得{next}。",
        "dry": "今天的奖励已发完，但这一天照样算数。明天得{next}。",
    },
}


def shown(turn: Turn) -> dict[str, JsonValue]:
    """Show the ladder; without one that is for the contact, no days and why."""
    try:
        ladder = checking_in.ladder_of(turn)
    except TellMember as problem:
        stranger = not turn.contact.is_member and problem.code != "no_checkin"
        because = TellMember("not_a_member") if stranger else problem
        return {"days": [], "done_today": False, "next_at": None, "says": said(turn, because)}
    found = checking_in.found_in(turn, ladder)
    return {**_ladder(turn, ladder, found), "says": _says(turn, ladder, found)}


def check_in(turn: Turn, _body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Check in: one tap.

    Raises:
        TellMember: nothing changed, as `checking_in.check_in` says; `not_a_member`. `says` is in their words.
    """
    with spoken(turn):
        only_members(turn)
        ladder = checking_in.ladder_of(turn)
        done = checking_in.check_in(turn)
    speech, given = speech_of(turn), done.given
    named = {"amount": speech.money(given.granted_minor), "next": speech.money(done.found.next_minor)}
    if not given.granted_minor:
        says = speech.say(PHRASES, "dry", **named)
    elif given.expires_on is not None:
        says = speech.say(PHRASES, "earned_until", day=speech.short_day(given.expires_on), **named)
    else:
        says = speech.say(PHRASES, "earned", **named)
    return {
        **_ladder(turn, ladder, checking_in.found_in(turn, ladder)),
        "earned": speech.amount(given.granted_minor),
        "available": speech.amount(turn.books.spendable(turn.now)),
        "says": says,
    }


def _ladder(turn: Turn, ladder: Checkin, found: CheckedIn | TooEarly) -> dict[str, JsonValue]:
    speech, today, is_done = speech_of(turn), found.streak.step, isinstance(found, TooEarly)
    return {
        "days": [
            {
                "day": day,
                "amount": speech.amount(ladder.reward_minor(day)),
                "done": day < today or (day == today and is_done),
                "is_today": day == today,
            }
            for day in range(1, len(ladder.rewards) + 1)
        ],
        "done_today": is_done,
        "in_a_row": found.streak.days if is_done else found.streak.days - 1,
        "next_at": stamp(found.next_at) if isinstance(found, TooEarly) else None,
    }


def _says(turn: Turn, ladder: Checkin, found: CheckedIn | TooEarly) -> str:
    speech = speech_of(turn)
    if isinstance(found, TooEarly):
        return speech.say(PHRASES, "done", amount=speech.money(found.next_minor))
    key = "again" if found.missed_days else "today"
    return speech.say(PHRASES, key, amount=speech.money(ladder.reward_minor(found.streak.step)))
