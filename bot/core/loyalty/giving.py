"""Credit given for play, a check-in or a spin: no more than its fund holds and a day's cap leaves."""

from dataclasses import dataclass
from datetime import date

from bot.core.local_time import local_date
from bot.core.loyalty.entries import Cause
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.lots import Grant
from bot.core.turn import Turn


@dataclass(frozen=True, slots=True)
class Purse:
    """What pays: a fund by name, and the most that all members together get of `name` on one day."""

    name: str
    fund: str | None = None
    most_per_day_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What was given of what it would have been without fund and cap, and through which day it is good."""

    granted_minor: int
    desired_minor: int
    expires_on: date | None = None


def give(turn: Turn, amount_minor: int, purse: Purse, cause: Cause, expiry: Expiry | None) -> Given:
    """Give credit, as much of it as there is; funds and caps count on the shop's day."""
    today = local_date(turn.now, turn.shop.zone)
    granted = _taken(turn, amount_minor, purse, today) if amount_minor else 0
    if not granted:
        return Given(0, amount_minor)
    terms = turn.program.played_terms(turn.now, turn.contact.zone, expiry)
    fund = purse.fund or purse.name
    turn.books.earn(Grant(granted, terms, "promotional", fund, turn.shop.program_policy), turn.now, cause)
    turn.track("Credit Granted", {"amount": granted, "why": purse.name})
    return Given(granted, amount_minor, terms.expires_on)


def _taken(turn: Turn, amount_minor: int, purse: Purse, today: date) -> int:
    """Take from the day's cap, then from the fund; what the fund has not is left to the day again."""
    granted = amount_minor
    cap = f"cap/{purse.name}/{today.isoformat()}"
    if purse.most_per_day_minor is not None:
        granted = turn.take(cap, granted, of=purse.most_per_day_minor, partial=True)
    fund = turn.program.funds.get(purse.fund or "")
    if fund is None or not granted:
        return granted
    of_fund = turn.take(fund.counter(purse.fund or "", today), granted, of=fund.limit_minor, partial=True)
    if purse.most_per_day_minor is not None and of_fund < granted:
        turn.give_back(cap, granted - of_fund)
    return of_fund
