"""The `earning` section: what is earned for orders and events, within which limits.

Rules are conditions and one gift: a `rate` of what was paid, a `credit`, or a `multiplier` of what the rates
give. What they come to is reckoned in `earnings.py`.
"""

from contextlib import suppress
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from bot.core.flow.where import Where
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Conditions, Days, Minor, Names, Rate, Rule, Text
from bot.core.loyalty.inducement import induces
from bot.core.loyalty.stamps import Card

MULTIPLIER_MAX = 10
"""No multiplier, and in `program check` no product of them, goes beyond this."""
WITHIN_MAX = timedelta(days=730)
"""How far back a rule for repeated purchases looks at most."""
BASE = "base"
"""The rule that `rate:` alone stands for."""
_ID = "^[a-z][a-z0-9_]*$"

OWN_EVENTS = frozenset({"Credit Granted", "Card Completed"})
"""What earning itself makes happen."""

Stacking = Literal["additive", "best_of", "multiplicative"]


def _several(written: object) -> object:
    return [written] if isinstance(written, dict) else written


class Base(Rule):
    """What counts as paid: cash for goods, unless a switch says that something else counts too."""

    tax: bool = False
    shipping: bool = False
    gift_cards: bool = False
    discounts: bool = False
    credit: bool = False
    except_sku: Names = ()
    except_category: Names = ()


class Cap(Rule):
    """At most so much credit of all rules together for an order, or for a member in a time of the shop."""

    per: Literal["order", "day", "week", "month", "year", "member"]
    most_minor: Minor = Field(alias="most")


class Most(Rule):
    """How often, or for how much credit, one rule may give to one member in a time of the shop."""

    per: Literal["order", "day", "week", "month", "year", "member"]
    times: int | None = Field(None, ge=1)
    credit_minor: Minor | None = Field(None, alias="credit")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.times is None) == (self.credit_minor is None):
            raise ValueError(
                "a limit is of `times` or of `credit`; write one of them, and two limits for both"
            )
        if self.per == "order" and self.times is not None:
            raise ValueError("a rule gives once per order; take the limit out, or say `credit`")
        return self


class Repeat(Rule):
    """Only for the nth order of the same within a time (that of this order counts), and those after it."""

    nth: int = Field(ge=2, le=100)
    within: Days
    onwards: bool = True

    @field_validator("within")
    @classmethod
    def _looks_back(cls, within: timedelta) -> timedelta:
        if not timedelta(0) < within <= WITHIN_MAX:
            raise ValueError(f"it looks back 1 to {WITHIN_MAX.days} days; write `within` like 30d")
        return within

    def fits(self, times: int) -> bool:
        """Whether that many orders of the same, with this one, are enough."""
        return times >= self.nth if self.onwards else times == self.nth


class EarningRule(Benefit):
    """What is earned for something bought, or for an event.

    `policy` is set when a season joins: the revision of its file.
    """

    id: str = Field(pattern=_ID)
    name: Text | None = None
    sku: Names = ()
    category: Names = ()
    source: Names = ()
    at_least_minor: Minor | None = Field(None, alias="at_least")
    repeat: Repeat | None = None
    event: str | None = Field(None, min_length=1)
    where: Conditions = Where()
    proof: str | None = Field(None, min_length=1)
    rate: Rate | None = None
    credit_minor: Minor | None = Field(None, alias="credit")
    per_spent_minor: Minor | None = Field(None, alias="per_spent")
    each: bool = False
    multiplier: Rate | None = None
    most: Annotated[
        tuple[Most, ...], BeforeValidator(_several, json_schema_input_type=Most | list[Most])
    ] = ()
    group: str | None = Field(None, pattern=_ID)
    fund: str | None = None
    pending: Days | None = None
    expiry: Expiry | None = None
    policy: SkipJsonSchema[str] = ""

    @field_validator("policy")
    @classmethod
    def _set_by_seasons(cls, policy: str) -> str:
        raise ValueError(f"'{policy}' is set by the season's file; take it out")

    @field_validator("multiplier", mode="before")
    @classmethod
    def _multiplies(cls, written: object) -> object:
        factor = None
        with suppress(ValueError, ZeroDivisionError):  # what is no number is told as for any rate
            factor = Fraction(str(written).strip())
        if factor is not None and not 1 < factor <= MULTIPLIER_MAX:
            problem = f"'{written}' is no multiplier: it is more than 1 and at most {MULTIPLIER_MAX}"
            raise ValueError(f"{problem}; write 2 for twice")
        return written

    @model_validator(mode="after")
    def _is_no_inducement(self) -> Self:
        rule = induces(self.event or "") or induces(self.id)
        if rule is not None:
            raise ValueError(
                f"'{self.event or self.id}' cannot earn: {rule}"
                "; reward the friend's first order instead, under `referral:`"
            )
        return self

    @model_validator(mode="after")
    def _gives_one_thing(self) -> Self:
        gifts = (self.rate, self.credit_minor, self.multiplier)
        if sum(gift is not None for gift in gifts) != 1:
            raise ValueError(f"rule '{self.id}' gives one thing; write `rate`, `credit` or `multiplier`")
        if self.credit_minor is None and (self.each or self.per_spent_minor is not None):
            raise ValueError(f"`each` and `per_spent` are of a credit; write `credit` in rule '{self.id}'")
        if self.each and self.per_spent_minor is not None:
            raise ValueError(f"rule '{self.id}' counts items or money; keep `each` or `per_spent`")
        if self.credit_minor is not None and self.group is not None:
            raise ValueError("groups are of rates and multipliers; take `group` out, or limit it by `most`")
        return self

    @model_validator(mode="after")
    def _asks_what_is_there(self) -> Self:
        if self.event is None:
            if self.where != Where() or self.proof is not None:
                raise ValueError("`where` and `proof` are of an event; name it with `event`")
            return self
        if self.credit_minor is None or self.each or self.per_spent_minor is not None:
            raise ValueError(f"an event earns a fixed amount; write `credit` in rule '{self.id}'")
        if self.event in OWN_EVENTS:
            raise ValueError(
                f"'{self.event}' follows from earning, so it would never end; name another event"
            )
        if self.sku or self.category or self.source or self.at_least_minor or self.repeat:
            raise ValueError(
                "`sku`, `category`, `source`, `at_least` and `repeat` are of orders; ask events with `where`"
            )
        return self

    @property
    def is_for_all_lines(self) -> bool:
        """Whether everything bought counts."""
        return not (self.sku or self.category)

    def counts(self, sku: str, category: str) -> bool:
        """Whether such a thing counts."""
        return self.is_for_all_lines or sku in self.sku or category in self.category


class Earning(Rule):
    """What is earned; `rate` alone is short for a rule called `base`, which stands last in `rules`."""

    rate: Rate = Fraction(0)
    pending: Days = timedelta(0)
    stacking: Stacking = "additive"
    base: Base = Base()
    caps: tuple[Cap, ...] = ()
    rules: tuple[EarningRule, ...] = ()
    cards: tuple[Card, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, written: object) -> object:
        if isinstance(written, dict) and not written.keys() & {"rate", "rules", "cards"}:
            raise ValueError("nothing is ever earned; write a `rate`, or `rules`")
        return written

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.rate:
            base = EarningRule.model_construct(id=BASE, rate=self.rate)
            # Frozen for everybody else: what is short in the file is long from here on.
            object.__setattr__(self, "rules", (*self.rules, base))
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ValueError(f"two rules are called '{rule.id}'; give each its own id")
            seen.add(rule.id)
        cards: set[str] = set()
        for card in self.cards:
            if card.id in cards:
                raise ValueError(f"two cards are called '{card.id}'; give each its own id")
            cards.add(card.id)
        return self

    def rule(self, rule_id: str) -> EarningRule | None:
        """Return a rule by its id; None where there is none (any more)."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def card(self, wallet: str) -> Card | None:
        """Return the stamp card whose stamps are in this wallet; None where there is none (any more)."""
        return next((card for card in self.cards if card.wallet == wallet), None)

    def hears(self, event: str) -> bool:
        """Whether some rule is of this event."""
        return any(rule.event == event for rule in self.rules)

    def needs(self, today: date) -> frozenset[str]:
        """Which facts of a member the rules and cards of a day ask for; see `Eligibility.needs`."""
        lasting = [benefit for benefit in (*self.rules, *self.cards) if benefit.lasts(today)]
        return frozenset(need for benefit in lasting for need in benefit.whom.needs)
