"""Drops: what is sold to members at a set time, and taking part in it."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import reserving
from bot.core.deeds.reserving import opening_of, openings
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.loyalty.drops import Opening
from bot.core.turn import Turn

_MOST = 3


@handler(returns=("drops", "on"))
def drops(turn: Turn) -> Mapping[str, JsonValue]:
    """Say which drops are on or come next, soonest first, and which of them is `on` now for the contact.

    Each has `key`, `name`, `price`, the `credit` that would pay of one unit and what is left `to_pay`,
    `opens_at` (for the contact: some tiers come earlier), `closes_at`, how many are `left`, `is_on`, and how
    many more the contact may have (`yours`).
    """
    found: list[JsonValue] = [_told(turn, one) for one in openings(turn)[:_MOST]]
    on = next((one for one in found if isinstance(one, dict) and one["is_on"]), None)
    return {"drops": found, "on": on}


@handler(
    arguments=("drop", "quantity", "to_pay"),
    returns=(
        *("id", "drop", "name", "sku", "quantity", "state", "until", "total", "credit", "to_pay", "number"),
    ),
    problems=("drop_over", "not_open", "had_yours", "price_changed", "sold_out"),
)
def take_drop(turn: Turn) -> Mapping[str, JsonValue]:
    """Reserve `quantity` (otherwise one) of the drop with that key, until `until`.

    `state` is `taken` where credit pays all of it, otherwise `reserved`: the shop collects what is `to_pay`.
    The argument `to_pay` is what the contact confirmed for it: if it is more by now, nothing is reserved.

    Raises:
        TellMember: nothing was reserved: `drop_over`, `not_open` (with `at`), `had_yours` (with `most`),
            `price_changed` (with `to_pay`), `sold_out`.
    """
    opening = opening_of(turn, turn.arguments.get("drop"))
    if opening is None:
        raise TellMember("drop_over")
    reservation = reserving.reserve(
        turn,
        opening,
        _whole(turn.arguments.get("quantity")) or 1,
        to_pay_max=_whole(turn.arguments.get("to_pay")),
    )
    return reserving.told_of(turn, reservation)


@handler(returns=("given_up", "name"))
def give_up_drop(turn: Turn) -> Mapping[str, JsonValue]:
    """Give back what the contact reserved and nobody paid for yet; `given_up` says whether there was any."""
    found = reserving.reserved(turn)
    for reservation in found:
        reserving.give_up(turn, reservation)
    name = reserving.told_of(turn, found[0])["name"] if found else None
    return {"given_up": bool(found), "name": name}


def _told(turn: Turn, opening: Opening) -> dict[str, JsonValue]:
    found = reserving.offered(turn, opening)
    return {
        "key": opening.key,
        "name": turn.program.text(opening.drop.name, turn.contact.locale),
        "price": found.price_minor,
        "credit": found.credit_minor,
        "to_pay": found.price_minor - found.credit_minor,
        "opens_at": found.opens_at.isoformat(),
        "closes_at": opening.closes_at.isoformat(),
        "left": found.left,
        "yours": found.yours,
        "is_on": found.is_on,
    }


def _whole(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
