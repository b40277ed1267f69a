"""The reward wheel: free, capped, with published odds, and drawn so that anyone can check it afterwards.

The draw is commit and reveal. Each day of the shop has a seed; its seal (SHA-256 of the seed) is told with
every spin, the seed itself only when the day is over. A roll is HMAC-SHA256 of the seed over what the shop
cannot choose: who spins, on which day, for which time. So the shop cannot change a prize it has sealed,
nobody can know one before, and a turn that is decided twice draws the same.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from bot.core.contact import JsonValue
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Minor, Rate, Rule, Text

TOP_PRIZE_MAX_MINOR: Mapping[str, int] = {"CNY": 50_000_00}
"""The highest prize where the law sets one: 50,000 yuan, SAMR's rules on regulating promotions of 2020."""

_DOMAIN = b"regulars/wheel/seed/"


class Prize(Rule):
    """One field of the wheel: `weight` of all weights; `credit`, or nothing. `stock` is how often at all.

    `odds` is what members are told, like 1/20 or 5%: it must be what the weights make of it.
    """

    id: str = Field(pattern="^[a-z0-9_]+$")
    name: Text
    weight: int = Field(ge=1)
    odds: Rate | None = None
    credit_minor: Minor | None = Field(default=None, alias="credit")
    stock: int | None = Field(default=None, ge=1)


class Spins(Rule):
    """How often one member may spin on one day of the shop, and at all."""

    most_per_day: int = Field(ge=1)
    most: int | None = Field(default=None, ge=1)


class Wheel(Benefit):
    """The wheel; off unless `enabled`, and then refused without what law and fairness ask for.

    That is: `rules` (the official rules, or where they stand), `sponsor` (who to write to), `entry: free`,
    `spins` (a cap), an end (`until`), and each prize's `odds`. `when_gone` is what is given where the drawn
    prize, or the fund that pays it, has run out. It is not played in WeChat unless `in_wechat`.
    """

    enabled: bool = False
    rules: Text | None = None
    sponsor: str | None = None
    entry: Literal["free"] | None = None
    spins: Spins | None = None
    prizes: Annotated[tuple[Prize, ...], Field(min_length=2)]
    when_gone: str | None = None
    fund: str | None = None
    expiry: Expiry | None = None
    in_wechat: bool = False

    @field_validator("prizes")
    @classmethod
    def _distinct(cls, prizes: tuple[Prize, ...]) -> tuple[Prize, ...]:
        seen: set[str] = set()
        for prize in prizes:
            if prize.id in seen:
                raise ValueError(f"two prizes are called '{prize.id}'; give each its own id")
            seen.add(prize.id)
        return prizes

    @model_validator(mode="after")
    def _says_what_it_gives(self) -> Self:
        for prize in self.prizes:
            true = self.odds(prize)
            if prize.odds is not None and prize.odds != true:
                raise ValueError(
                    f"'{prize.id}' has {prize.weight} of {self.total_weight} weights and says other odds;"
                    f" write odds: {true.numerator}/{true.denominator}"
                )
        gone = self.prize(self.when_gone) if self.when_gone else None
        if self.when_gone and gone is None:
            raise ValueError(f"no prize is called '{self.when_gone}'; let `when_gone` name one of the prizes")
        if gone is not None and (gone.stock is not None or gone.credit_minor is not None):
            raise ValueError(
                f"'{gone.id}' may run out itself; let `when_gone` name one without `stock` and `credit`"
            )
        return self

    @model_validator(mode="after")
    def _as_the_law_wants(self) -> Self:
        """Sweepstakes law: no consideration, published rules, odds and limits (docs/loyalty/delight.md)."""
        if not self.enabled:
            return self
        unstated = next((prize for prize in self.prizes if prize.odds is None), None)
        if unstated is not None:
            true = self.odds(unstated)
            raise ValueError(
                f"a wheel needs published odds; write odds: {true.numerator}/{true.denominator}"
                f" beside '{unstated.id}'"
            )
        missing = {
            "official rules": (self.rules, "write `rules:`, the rules themselves or where they stand"),
            "a sponsor": (self.sponsor, "write `sponsor:`, who runs it and how to reach them"),
            "a free entry": (self.entry, "write `entry: free`: a spin is never sold or bound to a purchase"),
            "a cap": (self.spins, "write `spins: {most_per_day: 1}`"),
            "an end": (self.until_on, "write `until:`, its last day"),
        }
        for what, (written, remedy) in missing.items():
            if not written:
                raise ValueError(f"a wheel needs {what}; {remedy}")
        if self.when_gone is None and (self.fund or any(prize.stock is not None for prize in self.prizes)):
            raise ValueError("prizes run out and nothing is said of then; write `when_gone:`, a prize's id")
        return self

    @property
    def total_weight(self) -> int:
        """All weights together."""
        return sum(prize.weight for prize in self.prizes)

    def odds(self, prize: Prize) -> Fraction:
        """How likely a prize is, exactly."""
        return Fraction(prize.weight, self.total_weight)

    def prize(self, prize_id: str | None) -> Prize | None:
        """Return the prize of that id."""
        return next((prize for prize in self.prizes if prize.id == prize_id), None)

    def lawful_in(self, currency: str) -> None:
        """Hold the prizes against the law of the currency's country.

        Raises:
            ValueError: a prize is higher than it may be there.
        """
        most = TOP_PRIZE_MAX_MINOR.get(currency)
        over = next((one for one in self.prizes if most and (one.credit_minor or 0) > most), None)
        if self.enabled and over is not None:
            raise ValueError(f"'{over.id}' is above the highest prize allowed in {currency}; make it smaller")

    def cost_minor(self, spins: int) -> Fraction:
        """What so many spins are expected to cost."""
        return sum((self.odds(one) * (one.credit_minor or 0) for one in self.prizes), Fraction()) * spins


@dataclass(frozen=True, slots=True)
class Seeds:
    """Gives each day its seed, from secrets that never leave the server; the newest comes first."""

    secrets: tuple[bytes, ...]

    def of(self, day: date) -> bytes:
        """The day's seed: told to nobody before the day is over."""
        return _seed(self.secrets[0], day)

    def revealed(self, spin: "Spin", today: date) -> bytes | None:
        """Return the seed a spin was drawn from; None while its day lasts, or where its secret is gone."""
        if today <= spin.day:
            return None
        seeds = (_seed(secret, spin.day) for secret in self.secrets)
        return next((seed for seed in seeds if seal_of(seed) == spin.seal), None)


def _seed(secret: bytes, day: date) -> bytes:
    return hmac.digest(secret, _DOMAIN + day.isoformat().encode(), "sha256")


def seal_of(seed: bytes) -> str:
    """What is told of a seed before it is: its SHA-256, in hex."""
    return hashlib.sha256(seed).hexdigest()


def ticket_of(contact_id: str, day: date, number: int) -> str:
    """What a spin is drawn for: who, the shop's day, and the how manieth of that day."""
    return f"{contact_id}/{day.isoformat()}/{number}"


def roll_of(seed: bytes, ticket: str, total_weight: int) -> int:
    """Draw a number from 0 to below `total_weight`: 256 bits modulo it, even to one part in 2^200."""
    return int.from_bytes(hmac.digest(seed, ticket.encode(), "sha256"), "big") % total_weight


def drawn(weights: Sequence[int], roll: int) -> int:
    """Return the position of the field a roll falls on: the first fields have the lowest rolls."""
    for position, weight in enumerate(weights):
        if roll < weight:
            return position
        roll -= weight
    raise AssertionError("a roll is below the sum of all weights")


@dataclass(frozen=True, slots=True)
class Spin:
    """The audit record of one spin: with the day's seed, all anyone needs to draw it again.

    `drawn` is the prize the roll fell on and `given` what was given: another where that had run out.
    """

    id: str
    day: date
    number: int
    at: datetime
    ticket: str
    seal: str
    roll: int
    weights: tuple[tuple[str, int], ...]
    drawn: str
    given: str
    credit_minor: int
    policy: str

    def facts(self, seed: bytes | None) -> dict[str, JsonValue]:
        """What is told to whoever wants to check it; the seed once its day is over."""
        return {
            "ticket": self.ticket,
            "seal": self.seal,
            "roll": self.roll,
            "total": sum(weight for _, weight in self.weights),
            "drawn": self.drawn,
            "given": self.given,
            "seed": seed.hex() if seed is not None else None,
        }


@dataclass(frozen=True, slots=True)
class SpinCount:
    """How often a contact spun on one day of the shop, and at all."""

    on_day: int
    at_all: int


def in_percent(odds: Fraction) -> str:
    """Write odds in percent to two places, never rounded to nothing."""
    hundredths = round(odds * 10_000)
    written = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{written}%" if hundredths else "<0.01%"


def spun(wheel: Wheel, seed: bytes, contact_id: str, day: date, number: int) -> tuple[Prize, int]:
    """Draw: the prize, and the roll that fell on it."""
    roll = roll_of(seed, ticket_of(contact_id, day, number), wheel.total_weight)
    return wheel.prizes[drawn([prize.weight for prize in wheel.prizes], roll)], roll


def wrong_with(spin: Spin, seed: bytes) -> str | None:
    """Check a spin against the revealed seed; what is wrong with it, None if nothing is."""
    if seal_of(seed) != spin.seal:
        return "the seed is not the one that was sealed"
    total = sum(weight for _, weight in spin.weights)
    if roll_of(seed, spin.ticket, total) != spin.roll:
        return "the roll is not what the seed draws for this ticket"
    if spin.weights[drawn([weight for _, weight in spin.weights], spin.roll)][0] != spin.drawn:
        return "the roll does not fall on this prize"
    return None
