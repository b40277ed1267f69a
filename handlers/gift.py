"""Giving: a member sends credit to another; first it is proposed, and sent when it is confirmed."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from bot.core.contact import JsonValue
from bot.core.deeds.gift_turns import propose, proposed, send
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.turn import Turn

# "GIFT 5 to +1 (212) 555-0101", "regalar $5.50 al 0170 …": an amount, something between, and to the end what
# looks like a number.
_WORDS = re.compile(r"(?<![\d.,])(\d{1,7}(?:[.,]\d{1,4})?)\s?[^\d+]{1,20}?(\+?\d[\d\s().-]{5,24})\W*$")
_PROBLEMS = (
    "not_understood",
    "not_offered",
    "not_for_you",
    "too_little",
    "too_much",
    "not_enough_credit",
    "not_a_number",
    "to_yourself",
    "too_often",
    "not_a_member",
)


@handler(arguments=("words",), returns=("amount", "number", "left"), problems=_PROBLEMS)
def gift(turn: Turn) -> Mapping[str, JsonValue]:
    """Read what is to be given to whom, as in "GIFT 5.50 to +1 212 555 0101"; nothing is moved.

    `amount` is in minor units, `number` the recipient's, `left` what the member would have afterwards.

    Raises:
        TellMember: `not_understood`; `not_offered`; `not_for_you`; `too_little` with `least`; `too_much` with
            `most` and `per` (gift, day or month); `not_enough_credit`; `not_a_number`; `to_yourself`;
            `too_often`, when many numbers were looked up today; or `not_a_member`.
    """
    amount, number = _read(turn, str(turn.arguments.get("words") or ""))
    proposal = propose(turn, amount, number)
    left = turn.books.spendable(turn.now) - amount
    return {"amount": amount, "number": proposal.number, "left": left}


@handler(arguments=("gift",), returns=("amount", "number", "left"), problems=_PROBLEMS)
def give(turn: Turn) -> Mapping[str, JsonValue]:
    """Send the `gift` that was proposed and confirmed.

    Raises:
        TellMember: as `gift`: what could be given then may be too much now.
    """
    asked = turn.arguments.get("gift")
    amount = asked.get("amount") if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(amount, int):
        raise TellMember("not_understood")
    proposal = proposed(turn, amount, str(asked.get("number")))
    entry = send(turn, proposal)
    return {
        "amount": entry.total_minor,
        "number": proposal.number,
        "left": turn.books.spendable(turn.now),
    }


def _read(turn: Turn, words: str) -> tuple[int, str]:
    spelled = unicodedata.normalize("NFKC", words).strip()
    found = _WORDS.search(spelled)
    if found is None:
        raise TellMember("not_understood")
    exponent = turn.program.currency.exponent
    minor = Decimal(found[1].replace(",", ".")).scaleb(exponent)
    if minor != minor.to_integral_value() or minor <= 0:
        raise TellMember("not_understood")
    return int(minor), found[2]
