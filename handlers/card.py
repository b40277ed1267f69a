"""Stamp cards: how full each of the contact's cards is, and what a full one becomes."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.flow.handler import handler
from bot.core.local_time import local_date
from bot.core.loyalty.stamps import Card, progress
from bot.core.turn import Turn


@handler(returns=("cards", "count"))
def card(turn: Turn) -> Mapping[str, JsonValue]:
    """List the program's stamp cards, fullest first.

    Of each `name`, the stamps it has (`have`), `of` how many, how many are `missing`, and what it becomes:
    `credit` in minor units, or `title`. `count` is how many cards there are for the contact at all.
    """
    today = local_date(turn.now, turn.shop.zone)
    cards = [_progress(turn, each) for each in turn.program.earning.cards if each.lasts(today)]
    cards.sort(key=_missing)
    return {"cards": list(cards), "count": len(cards)}


def _progress(turn: Turn, card: Card) -> dict[str, JsonValue]:
    books = turn.wallet(card.wallet)
    now = progress(card, books.spendable(turn.now), books.wallet.debt_minor)
    return {
        "name": turn.program.text(card.name, turn.contact.locale),
        "have": max(now.stamps, 0),
        "of": now.of,
        "missing": now.missing,
        "credit": card.get.credit_minor or 0,
        "title": _title(turn, card),
    }


def _title(turn: Turn, card: Card) -> str:
    reward = next((each for each in turn.program.rewards if each.id == card.get.reward), None)
    offer = turn.program.offers.get(card.get.offer or "")
    what = reward.name if reward is not None else offer.title if offer is not None else None
    return turn.program.text(what, turn.contact.locale) if what is not None else ""


def _missing(progress: dict[str, JsonValue]) -> int:
    missing = progress["missing"]
    return missing if isinstance(missing, int) else 0
