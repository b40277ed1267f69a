"""History: why the balance is what it is, line by line, newest first, a page at a time."""

import re
from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.telling import teller_of
from bot.core.flow.handler import handler
from bot.core.ledger.explained import Line, Page, explain_page
from bot.core.ledger.phrases import Teller, tell_with_day
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.sales import wallet_of
from bot.core.turn import Turn

_NUMBER = re.compile(r"[0-9]{1,6}")


@handler(arguments=("page",), returns=("available", "before", "currency", "lines", "next"))
def history(turn: Turn) -> Mapping[str, JsonValue]:
    """Explain the balance: `lines` newest first, what is `available` and what could be spent `before` them.

    `page` says which lines ("2": those before the newest five), and of which further `currency` ("EUR 2");
    `next` is what to ask for the next page, None where there are no more. Each line has its `text` in the
    contact's language, and what it is made of: `on`, `kind`, `amount`, `until`,
    `change` of what can be spent.
    """
    asked = str(turn.arguments.get("page") or "")
    wanted, code = _NUMBER.search(asked), _currency(turn, asked)
    number, wallet = max(1, int(wanted[0])) if wanted else 1, wallet_of(turn.program, code)
    books = turn.wallet(wallet)
    if not books.lots_complete:
        raise NeedsMoreLots
    page = turn.needed("history", f"{wallet} {number}")
    assert isinstance(page, Page)
    found = explain_page(page, books if number == 1 else None, turn.now)
    contact = turn.contact
    teller = teller_of(turn.program, contact.locale, contact.zone, turn.now, wallet)
    following = f"{code} {number + 1}".strip()
    return {
        "available": books.spendable(turn.now),
        "currency": code or turn.program.currency.code,
        "lines": [_line(line, teller) for line in found.lines],
        "before": found.carried.available_minor,
        "next": following if found.older else None,
    }


def _currency(turn: Turn, asked: str) -> str:
    """The further currency whose credit is asked about, by its code; empty: the program's own."""
    words = asked.upper().split()
    return next((one.code for one in turn.program.currencies if one.code in words), "")


def _line(line: Line, teller: Teller) -> dict[str, JsonValue]:
    return {
        "text": tell_with_day(line, teller),
        "on": line.at.isoformat(),
        "kind": line.kind.value,
        "amount": line.amount_minor,
        "change": line.change.available_minor,
        "until": line.until.isoformat() if line.until else None,
    }
