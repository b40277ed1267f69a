"""The reward wheel: spun for free, with odds that everybody may read and draws that everybody may check."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import spinning
from bot.core.flow.handler import handler
from bot.core.local_time import local_date
from bot.core.loyalty.wheel import Prize, Wheel, in_percent
from bot.core.turn import Turn


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
        "is_on": spinning.why_not(turn) is None,
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
    spun = spinning.spin(turn)
    paid = spun.paid
    return {
        "prize": turn.program.text(spun.prize.name, turn.contact.locale),
        "granted": paid.granted_minor,
        "expires_on": paid.expires_on.isoformat() if paid.expires_on else None,
        "ticket": spun.record.ticket,
        "seal": spun.record.seal,
        "left_today": spun.left_today,
        "left": turn.books.spendable(turn.now),
    }


@handler(returns=("spun", "is_over", "day", "ticket", "seal", "seed", "roll", "total", "drawn", "given"))
def proof(turn: Turn) -> Mapping[str, JsonValue]:
    """Say of the contact's last spin what anyone needs to draw it again; the `seed` once its day is over."""
    last = spinning.last_spin(turn)
    if last is None:
        return {"spun": False, "is_over": False}
    today = local_date(turn.now, turn.shop.zone)
    told = last.facts(spinning.seed_of(turn, last))
    return {"spun": True, "is_over": today > last.day, "day": last.day.isoformat(), **told}


def _told(turn: Turn, wheel: Wheel, prize: Prize) -> dict[str, JsonValue]:
    odds = wheel.odds(prize)
    return {
        "name": turn.program.text(prize.name, turn.contact.locale),
        "odds": f"{odds.numerator}/{odds.denominator}",
        "percent": in_percent(odds),
        "stock": prize.stock,
    }
