"""The reward wheel: spun for free, with odds that everybody may read and draws that everybody may check."""

from collections.abc import Mapping
from fractions import Fraction

from bot.core.contact import JsonValue
from bot.core.deeds.giving import Given, Purse, give_whole
from bot.core.deeds.whom import refusal_in
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ids import derived_id
from bot.core.ledger.entries import Cause
from bot.core.local_time import local_date
from bot.core.loyalty.wheel import Prize, Seeds, Spin, SpinCount, Spins, Wheel, seal_of, spun, ticket_of
from bot.core.turn import Turn

_NAME = "wheel"
_WECHAT = "wechat"


@handler(returns=("is_on", "prizes", "rules", "sponsor", "until", "most_per_day"))
def wheel(turn: Turn) -> Mapping[str, JsonValue]:
    """Say what can be won, how likely each prize is (`odds`, exactly, and in `percent`), and the rules."""
    wheel = turn.program.wheel
    if wheel is None or not wheel.enabled:
        return {
            "is_on": False,
            "prizes": [],
            "rules": None,
            "sponsor": None,
            "until": None,
            "most_per_day": 0,
        }
    locale, spins = turn.contact.locale, wheel.spins
    return {
        "is_on": _why_not(turn, wheel) is None,
        "prizes": [_told(turn, wheel, prize) for prize in wheel.prizes],
        "rules": turn.program.text(wheel.rules, locale) if wheel.rules else None,
        "sponsor": wheel.sponsor,
        "until": wheel.until_on.isoformat() if wheel.until_on else None,
        "most_per_day": spins.most_per_day if spins else 0,
    }


@handler(
    returns=("prize", "granted", "expires_on", "ticket", "seal", "left_today", "left"),
    problems=("no_wheel", "not_here", "not_for_you", "spun_today", "spun_enough"),
)
def spin(turn: Turn) -> Mapping[str, JsonValue]:
    """Spin the wheel: `prize` is what was won and `granted` its credit, 0 for none.

    `ticket` and `seal` prove the draw once the day is over (see `proof`); `left_today` is how often it may
    still be spun today, `left` what can be spent now.

    Raises:
        TellMember: `no_wheel`; `not_here`: not in this channel; `not_for_you`; `spun_today`; `spun_enough`.
    """
    wheel = turn.program.wheel
    problem = _why_not(turn, wheel)
    if wheel is None or problem is not None:
        raise TellMember(problem or "no_wheel")
    spins = wheel.spins
    assert spins is not None, "a wheel that is on has a cap"
    day = local_date(turn.now, turn.shop.zone)
    before = _counted(turn, spins)
    number = before.on_day + 1
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
    turn.keep("spin", record.id, record)
    turn.track("Wheel Spun", {"prize": given.id, "credit": paid.granted_minor, "ticket": ticket})
    return {
        "prize": turn.program.text(given.name, contact.locale),
        "granted": paid.granted_minor,
        "expires_on": paid.expires_on.isoformat() if paid.expires_on else None,
        "ticket": ticket,
        "seal": record.seal,
        "left_today": spins.most_per_day - number,
        "left": turn.books.spendable(turn.now),
    }


@handler(returns=("spun", "is_over", "day", "ticket", "seal", "seed", "roll", "total", "drawn", "given"))
def proof(turn: Turn) -> Mapping[str, JsonValue]:
    """Say of the contact's last spin what anyone needs to draw it again; the `seed` once its day is over."""
    found = turn.needed("spins")
    assert isinstance(found, tuple)
    last = found[0] if found else None
    if not isinstance(last, Spin):
        return {"spun": False, "is_over": False}
    today = local_date(turn.now, turn.shop.zone)
    seed = Seeds(turn.shop.secrets).revealed(last, today)
    return {"spun": True, "is_over": today > last.day, "day": last.day.isoformat(), **last.facts(seed)}


def _why_not(turn: Turn, wheel: Wheel | None) -> str | None:
    if wheel is None or not wheel.enabled or not turn.shop.secrets:
        return "no_wheel"
    if turn.channel == _WECHAT and not wheel.in_wechat:
        return "not_here"
    return "not_for_you" if refusal_in(turn, wheel) is not None else None


def _counted(turn: Turn, spins: Spins) -> SpinCount:
    """How often it was spun before; complains where that is as often as one may."""
    day = local_date(turn.now, turn.shop.zone).isoformat()
    count = turn.needed("spun", day)
    assert isinstance(count, SpinCount)
    if count.on_day >= spins.most_per_day:
        raise TellMember("spun_today")
    if spins.most is not None and count.at_all >= spins.most:
        raise TellMember("spun_enough")
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


def _told(turn: Turn, wheel: Wheel, prize: Prize) -> dict[str, JsonValue]:
    odds = wheel.odds(prize)
    return {
        "name": turn.program.text(prize.name, turn.contact.locale),
        "odds": f"{odds.numerator}/{odds.denominator}",
        "percent": _percent(odds),
        "stock": prize.stock,
    }


def _percent(odds: Fraction) -> str:
    """In percent to two places, never rounded to nothing."""
    hundredths = round(odds * 10_000)
    written = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{written}%" if hundredths else "<0.01%"
