"""Spinning the wheel, in a turn: who may, what is drawn and given, and the record that proves it."""

from dataclasses import dataclass

from bot.core.deeds.giving import Given, Purse, give_whole
from bot.core.deeds.whom import refusal_in
from bot.core.errors import TellMember
from bot.core.ids import derived_id
from bot.core.ledger.entries import Cause
from bot.core.local_time import local_date
from bot.core.loyalty.wheel import Prize, Seeds, Spin, SpinCount, Spins, Wheel, seal_of, spun, ticket_of
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

TABLE = "spin"
_NAME = "wheel"


@dataclass(frozen=True, slots=True)
class Spun:
    """A spin: what was given (not what was drawn, where that had run out), what it paid, and its record."""

    prize: Prize
    paid: Given
    record: Spin
    left_today: int


def why_not(turn: Turn, channel: str | None = None) -> str | None:
    """Return why the contact cannot spin on a channel, the turn's without one; None: it can, within the caps.

    That is: `no_wheel`, `not_here` (the program does not play it in WeChat), `not_for_you`.
    """
    wheel = turn.program.wheel
    if wheel is None or not wheel.enabled or not turn.shop.secrets:
        return "no_wheel"
    if not wheel.in_wechat and (turn.channel if channel is None else channel) == WECHAT:
        return "not_here"
    return "not_for_you" if refusal_in(turn, wheel) is not None else None


def spins_left(turn: Turn) -> int:
    """Return how often the contact may spin today yet, caps alone asked; this turn's spins are counted."""
    wheel = turn.program.wheel
    assert wheel is not None, "there is a wheel"
    assert wheel.spins is not None, "a wheel that is on has a cap"
    count = _count(turn)
    here = sum(table == TABLE for table, _ in turn.effects.kept)
    left = wheel.spins.most_per_day - count.on_day
    if wheel.spins.most is not None:
        left = min(left, wheel.spins.most - count.at_all)
    return max(0, left - here)


def last_spin(turn: Turn) -> Spin | None:
    """Return the contact's latest spin, this turn's own included."""
    found = turn.needed("spins")
    assert isinstance(found, tuple)
    here = [one for (table, _), one in turn.effects.kept.items() if table == TABLE]
    last = next(iter((*reversed(here), *found)), None)
    return last if isinstance(last, Spin) else None


def seed_of(turn: Turn, spin: Spin) -> bytes | None:
    """Return the seed that a spin was drawn from; None while its day lasts."""
    return Seeds(turn.shop.secrets).revealed(spin, local_date(turn.now, turn.shop.zone))


def spin(turn: Turn, channel: str | None = None) -> Spun:
    """Spin the wheel, on a channel or the turn's own: draw, give, and keep the record.

    Raises:
        TellMember: nothing changed: as `why_not` says; `spun_today`; `spun_enough`.
    """
    wheel, problem = turn.program.wheel, why_not(turn, channel)
    if wheel is None or problem is not None:
        raise TellMember(problem or "no_wheel")
    spins = wheel.spins
    assert spins is not None, "a wheel that is on has a cap"
    day = local_date(turn.now, turn.shop.zone)
    number = _counted(turn, spins).on_day + 1
    seed = Seeds(turn.shop.secrets).of(day)
    contact, ticket = turn.contact, ticket_of(turn.contact.id, day, number)
    prize, roll = spun(wheel, seed, contact.id, day, number)
    given, paid = _won(turn, wheel, prize, f"spin/{day.isoformat()}/{number}")
    record = Spin(
        id=derived_id(f"spin/{ticket}", contact.bucket),
        day=day,
        number=number,
        at=turn.now,
        ticket=ticket,
        seal=seal_of(seed),
        roll=roll,
        weights=tuple((one.id, one.weight) for one in wheel.prizes),
        drawn=prize.id,
        given=given.id,
        credit_minor=paid.granted_minor,
        policy=turn.shop.program_policy,
    )
    turn.keep(TABLE, record.id, record)
    turn.track("Wheel Spun", {"prize": given.id, "credit": paid.granted_minor, "ticket": ticket})
    return Spun(given, paid, record, spins.most_per_day - number)


def _counted(turn: Turn, spins: Spins) -> SpinCount:
    """How often it was spun before; complains where that is as often as one may."""
    count = _count(turn)
    if count.on_day >= spins.most_per_day:
        raise TellMember("spun_today")
    if spins.most is not None and count.at_all >= spins.most:
        raise TellMember("spun_enough")
    return count


def _count(turn: Turn) -> SpinCount:
    count = turn.needed("spun", local_date(turn.now, turn.shop.zone).isoformat())
    assert isinstance(count, SpinCount)
    return count


def _won(turn: Turn, wheel: Wheel, prize: Prize, key: str) -> tuple[Prize, Given]:
    """Give the prize whole, or the one that the rules name for when it, or what pays it, has run out."""
    stock = f"stock/wheel/{prize.id}"
    if prize.stock is None or turn.take(stock, 1, of=prize.stock):
        cause = Cause(key, actor=f"contact/{turn.contact.id}", source_type=_NAME, source_id=prize.id)
        credit = prize.credit_minor or 0
        paid = give_whole(turn, credit, Purse(_NAME, wheel.fund), cause, wheel.expiry)
        if paid.granted_minor == credit:
            return prize, paid
        if prize.stock is not None:
            turn.give_back(stock, 1)
    instead = wheel.prize(wheel.when_gone)
    assert instead is not None, "a wheel whose prizes run out says what is given then"
    return instead, Given(0, 0)
