"""History: why the balance is what it is, line by line, newest first, a page at a time."""

import re
from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.telling import teller_of
from bot.core.flow.handler import handler
from bot.core.ledger.explained import LINES_TEXTED, Line, Page, explain_page
from bot.core.ledger.phrases import Teller, tell_with_day
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.turn import Turn

_NUMBER = re.compile(r"[0-9]{1,6}")


@handler(arguments=("page",), returns=("lines", "before", "next"))
def history(turn: Turn) -> Mapping[str, JsonValue]:
    """Explain the balance: `lines` newest first, and what could be spent `before` them.

    `page` says which lines ("2": those before the newest five); `next` is the number of the next page, None
    where there are no more. Each line has its `text` in the contact's language, and what it is made of: `on`,
    `kind`, `amount`, `change` of what can be spent, `until`.
    """
    wanted = _NUMBER.search(str(turn.arguments.get("page") or ""))
    number = max(1, int(wanted[0])) if wanted else 1
    if number == 1 and not turn.books.lots_complete:
        raise NeedsMoreLots
    newest = turn.books.wallet.entry_count - (number - 1) * LINES_TEXTED
    if newest < 0 or (newest == 0 and number > 1):
        return {"lines": [], "before": 0, "next": None}
    page = turn.needed("history", str(newest) if number > 1 else "")
    assert isinstance(page, Page)
    found = explain_page(page, turn.books if number == 1 else None, turn.now)
    contact = turn.contact
    teller = teller_of(turn.program, contact.locale, contact.zone, turn.now)
    return {
        "lines": [_line(line, teller) for line in found.lines],
        "before": found.carried.available_minor,
        "next": number + 1 if found.older else None,
    }


def _line(line: Line, teller: Teller) -> dict[str, JsonValue]:
    return {
        "text": tell_with_day(line, teller),
        "on": line.at.isoformat(),
        "kind": line.kind.value,
        "amount": line.amount_minor,
        "change": line.change.available_minor,
        "until": line.until.isoformat() if line.until else None,
    }
