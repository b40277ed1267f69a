"""Credit given for play, a check-in or a spin: no more than its fund holds and a day's cap leaves."""

from dataclasses import dataclass
from datetime import date

from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant
from bot.core.local_time import local_date
from bot.core.loyalty.expiry import Expiry
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
    granted = _taken(turn, amount_minor, purse)
    if not granted:
        return Given(0, amount_minor)
    return Given(granted, amount_minor, _grant(turn, granted, purse, cause, expiry))


def give_whole(turn: Turn, amount_minor: int, purse: Purse, cause: Cause, expiry: Expiry | None) -> Given:
    """Give exactly that much credit, or none where there is less."""
    granted = _taken(turn, amount_minor, purse)
    if granted < amount_minor:
        for counter, _ in _counters(turn, purse):
            if granted:
                turn.give_back(counter, granted)
        return Given(0, amount_minor)
    if not granted:
        return Given(0, 0)
    return Given(granted, amount_minor, _grant(turn, granted, purse, cause, expiry))


def _grant(turn: Turn, granted: int, purse: Purse, cause: Cause, expiry: Expiry | None) -> date | None:
    """Grant it; returns the day through which it is good."""
    terms = turn.program.played_terms(turn.now, turn.contact.zone, expiry)
    grant = Grant(granted, terms, "promotional", purse.fund or purse.name, turn.shop.program_policy)
    turn.books.earn(grant, turn.now, cause)
    turn.track("Credit Granted", {"amount": granted, "why": purse.name})
    return terms.expires_on


def _counters(turn: Turn, purse: Purse) -> list[tuple[str, int]]:
    """The counters that what is given is taken from, each with its limit."""
    today = local_date(turn.now, turn.shop.zone)
    found = []
    if purse.most_per_day_minor is not None:
        found.append((f"cap/{purse.name}/{today.isoformat()}", purse.most_per_day_minor))
    fund = turn.program.funds.get(purse.fund or "")
    if fund is not None:
        found.append((fund.counter(purse.fund or "", today), fund.limit_minor))
    return found


def _taken(turn: Turn, amount_minor: int, purse: Purse) -> int:
    """Take it from each counter in turn; what a later one has not goes back to those before."""
    granted, before = amount_minor, list[str]()
    for counter, limit in _counters(turn, purse):
        got = turn.take(counter, granted, of=limit, partial=True) if granted else 0
        if got < granted:
            for other in before:
                turn.give_back(other, granted - got)
        granted = got
        before.append(counter)
    return granted
