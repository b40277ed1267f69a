"""The page of the wallet: what can be spent, what ends when, what is coming, cards, other currencies."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.repeating import has_ordered
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.wallet import Ending, Waiting
from bot.core.local_time import end_of_day_exclusive, local_date
from bot.core.loyalty.program import OtherCurrency
from bot.core.loyalty.stamps import Card, progress
from bot.core.pages.speech import Phrases, Speech, speech_of, stamp
from bot.core.turn import Turn

LINES_MAX = 50
"""Credit that ends on one day is one line: nobody reads more of them."""

PHRASES: Phrases = {
    "en": {
        "until": "{amount} is good through {day}",
        "always": "{amount} never ends",
        "from": "{amount} can be spent from {day}",
    },
    "es": {
        "until": "{amount}: hasta {day}",
        "always": "{amount}: no vence",
        "from": "{amount}: desde {day}",
    },
    "zh_Hans": {
        "until": "{amount}，有效期至{day}",
        "always": "{amount}，长期有效",
        "from": "{amount}，{day}起可用",
    },
}


def shown(turn: Turn) -> Mapping[str, JsonValue]:
    """Show the contact's wallets."""
    cards, others = _cards_of(turn), turn.program.currencies
    wallets = [f"wallet/{name}" for name in (*[one.wallet for one in cards], *[one.code for one in others])]
    turn.need(*wallets, "has_ordered")
    if not turn.books.lots_complete:
        raise NeedsMoreLots
    balance, speech = turn.books.balance(turn.now), speech_of(turn)
    return {
        "available": speech.amount(balance.available_minor),
        "pending": speech.amount(balance.pending_minor),
        "held": speech.amount(balance.held_minor),
        "debt": speech.amount(balance.debt_minor),
        "endings": [_ending(speech, one) for one in balance.endings[:LINES_MAX]],
        "coming": [_coming(speech, one) for one in balance.pending[:LINES_MAX]],
        "cards": [_card(turn, one) for one in cards],
        "others": [_other(turn, one) for one in others],
        "can": {"reorder": bool(turn.shop.products) and has_ordered(turn)},
    }


def _ending(speech: Speech, ending: Ending) -> JsonValue:
    amount, through = speech.amount(ending.amount_minor), ending.good_through
    text = str(amount["text"])
    # What is counted down to is what was promised; a grace after it is nobody's to plan with.
    promised = end_of_day_exclusive(through, ending.zone) if through else None
    return {
        "amount": amount,
        "good_through": through.isoformat() if through else None,
        "ends_at": stamp(min(promised, ending.ends_at or promised)) if promised else None,
        "says": speech.say(PHRASES, "until", amount=text, day=speech.day(through))
        if through
        else speech.say(PHRASES, "always", amount=text),
    }


def _coming(speech: Speech, waiting: Waiting) -> JsonValue:
    amount, since = speech.money(waiting.amount_minor), speech.day(waiting.active_from)
    return {
        "amount": speech.amount(waiting.amount_minor),
        "spendable_from": stamp(waiting.active_from),
        "says": speech.say(PHRASES, "from", amount=amount, day=since),
    }


def _cards_of(turn: Turn) -> list[Card]:
    today = local_date(turn.now, turn.shop.zone)
    return [card for card in turn.program.earning.cards if card.lasts(today)]


def _card(turn: Turn, card: Card) -> JsonValue:
    books = turn.wallet(card.wallet)
    full = progress(card, books.spendable(turn.now), books.wallet.debt_minor)
    title = turn.program.text(card.name, turn.contact.locale)
    return {"id": card.id, "title": title, "stamps": max(full.stamps, 0), "of": full.of}


def _other(turn: Turn, currency: OtherCurrency) -> JsonValue:
    other = speech_of(turn, currency.code)
    return {"name": currency.code, "available": other.amount(turn.wallet(currency.code).spendable(turn.now))}
