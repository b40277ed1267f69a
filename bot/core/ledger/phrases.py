"""The lines of an explained balance in plain words, in every language we ship: by text, API and page alike.

English and Spanish stay inside GSM-7. What is not here in a language is said in English.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.dates import in_words
from bot.core.ledger.explained import Kind, Line
from bot.core.traditional import traditional

_Phrases = Mapping[str, str]

# {amount} is the line's, {signed} how what can be spent changed; {what} comes from `FOR` and `USED`, and
# stands behind what is gone ("gone") where it has a name. {part} of {amount} ends first.
LINES: Mapping[str, _Phrases] = {
    "en": {
        Kind.GRANTED: "{signed} {what}",
        Kind.COMING: "{amount} {what}, yours from {starts}",
        Kind.ARRIVED: "{signed} {what}, yours from now on",
        Kind.SPENT: "{signed} for {what}",
        Kind.SET_ASIDE: "{signed} set aside for {what}",
        Kind.CAPTURED: "{amount} set aside was used for {what}",
        Kind.RELEASED: "{signed} set aside for {what} came back",
        Kind.ENDED: "{signed} ended",
        Kind.TAKEN: "{signed} taken off by our team",
        Kind.GIVEN_BACK: "{signed} back from {what}",
        Kind.TAKEN_BACK: "{signed} taken back",
        Kind.REPAID: "{signed} paid what you owed us",
        Kind.EXTENDED: "Your credit stays good",
        Kind.REINSTATED: "{signed} given back after it had ended",
        "gone": " ({what})",
        "until": ", good through {until}",
        "until_part": ", {part} of it good through {until}",
        "rest": ", {rest} came back",
        "owed": ", you owe us {owed}",
        "cap": " ({desired} without the limit)",
        "words": ": {words}",
        "carried": "Before that you had {amount}.",
    },
    "es": {
        Kind.GRANTED: "{signed} {what}",
        Kind.COMING: "{amount} {what}, desde {starts}",
        Kind.ARRIVED: "{signed} {what}, ya se puede usar",
        Kind.SPENT: "{signed} por {what}",
        Kind.SET_ASIDE: "{signed} apartado para {what}",
        Kind.CAPTURED: "{amount} apartado pagado en {what}",
        Kind.RELEASED: "{signed} apartado para {what} que vuelve",
        Kind.ENDED: "{signed} ha vencido",
        Kind.TAKEN: "{signed} descontado por nuestro equipo",
        Kind.GIVEN_BACK: "{signed} de vuelta por {what}",
        Kind.TAKEN_BACK: "{signed} retirado",
        Kind.REPAID: "{signed} para lo que nos debes",
        Kind.EXTENDED: "Tu saldo sigue vigente",
        Kind.REINSTATED: "{signed} devuelto tras haber vencido",
        "gone": " ({what})",
        "until": ", vale hasta {until}",
        "until_part": ", {part} valen hasta {until}",
        "rest": ", {rest} de vuelta",
        "owed": ", nos debes {owed}",
        "cap": " ({desired} sin el tope)",
        "words": ": {words}",
        "carried": "Antes eran {amount}.",
    },
    "zh_Hans": {
        Kind.GRANTED: "{signed} {what}",
        Kind.COMING: "{amount} {what}，{starts}起可用",
        Kind.ARRIVED: "{signed} {what}，已可使用",
        Kind.SPENT: "{signed} 用于{what}",
        Kind.SET_ASIDE: "{signed} 为{what}预留",
        Kind.CAPTURED: "预留的{amount}已用于{what}",
        Kind.RELEASED: "{signed} 为{what}预留的已退回",
        Kind.ENDED: "{signed} 已过期",
        Kind.TAKEN: "{signed} 由我们扣除",
        Kind.GIVEN_BACK: "{signed} {what}退回",
        Kind.TAKEN_BACK: "{signed} 收回",
        Kind.REPAID: "{signed} 抵还欠款",
        Kind.EXTENDED: "您的积分继续有效",
        Kind.REINSTATED: "{signed} 过期后补还",
        "gone": "（{what}）",
        "until": "，有效期至{until}",
        "until_part": "，其中{part}有效期至{until}",
        "rest": "，退回{rest}",
        "owed": "，欠我们{owed}",
        "cap": "（无上限时为{desired}）",
        "words": "：{words}",
        "carried": "在此之前您有{amount}。",
    },
}
# What credit was granted for. {id} is the shop's number of an order, or the rule's name.
FOR: Mapping[str, _Phrases] = {
    "en": {
        "order": "for order {id}",
        "welcome": "welcome credit",
        "adjustment": "from our team",
        "reward": "for {id}",
        "event": "for {id}",
        "rebate": "back on order {id}",
        "gift": "as a gift",
        "joined": "from your other account",
        "referral": "for inviting a friend",
        "checkin": "for checking in",
        "wheel": "won at the wheel",
        "tier": "for your level",
        "card": "for a full card",
        "": "credit",
    },
    "es": {
        "order": "por el pedido {id}",
        "welcome": "de bienvenida",
        "adjustment": "de nuestro equipo",
        "reward": "por {id}",
        "event": "por {id}",
        "rebate": "de vuelta por el pedido {id}",
        "gift": "de regalo",
        "joined": "de tu otra cuenta",
        "referral": "por invitar a alguien",
        "checkin": "por tu visita",
        "wheel": "ganado en la ruleta",
        "tier": "por tu nivel",
        "card": "por una tarjeta completa",
        "": "de saldo",
    },
    "zh_Hans": {
        "order": "订单{id}",
        "welcome": "入会奖励",
        "adjustment": "由我们赠送",
        "reward": "{id}",
        "event": "{id}",
        "rebate": "订单{id}返还",
        "gift": "赠礼",
        "joined": "来自您的另一个账户",
        "referral": "邀请好友",
        "checkin": "签到",
        "wheel": "转盘中奖",
        "tier": "等级奖励",
        "card": "集满一张卡",
        "": "积分",
    },
}
# What credit was spent on or set aside for.
USED: Mapping[str, _Phrases] = {
    "en": {
        "order": "order {id}",
        "reward": "{id}",
        "gift": "a gift",
        "joined": "your other account",
        "": "a purchase",
    },
    "es": {
        "order": "el pedido {id}",
        "reward": "{id}",
        "gift": "un regalo",
        "joined": "tu otra cuenta",
        "": "una compra",
    },
    "zh_Hans": {
        "order": "订单{id}",
        "reward": "{id}",
        "gift": "赠礼",
        "joined": "您的另一个账户",
        "": "购物",
    },
}
_IS_USE = frozenset({Kind.SPENT, Kind.SET_ASIDE, Kind.CAPTURED, Kind.RELEASED, Kind.GIVEN_BACK})
_BEGINS = frozenset(
    {Kind.GRANTED, Kind.COMING, Kind.ARRIVED, Kind.EXTENDED, Kind.REINSTATED, Kind.GIVEN_BACK}
)
"""Of these the end is told."""
_IS_GONE = frozenset({Kind.ENDED, Kind.TAKEN_BACK})
"""Of these what it had been for is told, where that has a name: all of it is credit."""
_OUR_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Teller:
    """To whom lines are told: in which language, on which calendar, and how amounts and rewards are named."""

    locale: str
    zone: str
    now: datetime
    amount: Callable[[int], str]
    """Writes minor units in the wallet's unit."""
    rewards: Mapping[str, str]
    """What rewards are called, by id."""

    def day(self, day: date | datetime) -> str:
        """Say a day so that it is true whenever it is read."""
        return in_words(day, "short", locale=self.locale, zone=self.zone, now=self.now)

    def signed(self, line: Line) -> str:
        """Write by how much a line changed what can be spent; its amount where that was not touched."""
        change = line.change.available_minor
        return f"+{self.amount(change)}" if change > 0 else self.amount(change or line.amount_minor)


def tell(line: Line, teller: Teller) -> str:
    """Say a line in words, without its day."""
    phrases, what = _in(LINES, teller.locale), purpose(line, teller)
    said = phrases[line.kind].format(
        amount=teller.amount(line.amount_minor),
        signed=teller.signed(line),
        what=what,
        starts=teller.day(line.starts_at) if line.starts_at else "",
    )
    if line.kind in _IS_GONE and what != _in(FOR, teller.locale)[""]:
        said += phrases["gone"].format(what=what)
    if line.kind is Kind.CAPTURED and line.change.available_minor > 0:
        said += phrases["rest"].format(rest=teller.amount(line.change.available_minor))
    if line.desired_minor is not None:
        said += phrases["cap"].format(desired=teller.amount(line.desired_minor))
    if line.change.debt_minor > 0:
        said += phrases["owed"].format(owed=teller.amount(line.after.debt_minor))
    if line.until is not None and line.kind in _BEGINS:
        part = teller.amount(line.until_minor) if line.until_minor is not None else ""
        said += phrases["until_part" if part else "until"].format(until=teller.day(line.until), part=part)
    return said + (phrases["words"].format(words=line.words) if line.words else "")


def tell_with_day(line: Line, teller: Teller) -> str:
    """Say a line in words after its day: `Nov 12: +$5.00 welcome credit, good through Jan 11`."""
    return f"{teller.day(line.at)}: {tell(line, teller)}"


def tell_carried(amount_minor: int, teller: Teller) -> str:
    """Say what could be spent before the first line that is told."""
    return _in(LINES, teller.locale)["carried"].format(amount=teller.amount(amount_minor))


def purpose(line: Line, teller: Teller) -> str:
    """Say what a line is for."""
    by_source = _in(USED if line.kind in _IS_USE else FOR, teller.locale)
    phrase = by_source.get(line.source_type)
    name = teller.rewards.get(line.source_id, "") if line.source_type == "reward" else line.source_id
    if phrase is None or ("{id}" in phrase and not name):
        return by_source[""]
    # An order that has no number of the shop's is known to the member by how its id begins.
    return phrase.format(id=name[:6].upper() if _OUR_ID.fullmatch(name) else name)


def _in(phrases: Mapping[str, _Phrases], locale: str) -> _Phrases:
    """The phrases in a locale's language; English where we write none in it."""
    language, *more = locale.replace("-", "_").split("_")
    if language != "zh":
        return phrases[language if language in phrases else "en"]
    written = phrases["zh_Hans"]
    if {"Hant", "TW", "HK", "MO"} & {*more}:
        return {kind: traditional(phrase) for kind, phrase in written.items()}
    return written
