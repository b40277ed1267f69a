"""The loyalty program as its marketers write it in `flows/program.yaml`, read into exact figures.

Each subject's section is a model of its own module; what a program's fields may hold is in `fields.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.core.languages import fallbacks
from bot.core.ledger.lots import Grant, Terms, days_good
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.local_time import local_date
from bot.core.loyalty.bundles import Bundle
from bot.core.loyalty.cash_back import CashBack
from bot.core.loyalty.catalogue import Reward
from bot.core.loyalty.checkin import Checkin
from bot.core.loyalty.drops import Drop
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import (
    Currency,
    Days,
    Duration,
    Minor,
    Rule,
    exponent_of,
    in_currency,
)
from bot.core.loyalty.funds import Fund
from bot.core.loyalty.gifts import Gifts
from bot.core.loyalty.jurisdictions import Jurisdiction, Jurisdictions, breaches, policy_at
from bot.core.loyalty.notices import Notices
from bot.core.loyalty.offers import OfferRule
from bot.core.loyalty.rebates import KIND as REBATE
from bot.core.loyalty.rebates import Due, Rebate
from bot.core.loyalty.referral import Referring
from bot.core.loyalty.refill import RefillRules
from bot.core.loyalty.rules import Cap, Earning, EarningRule
from bot.core.loyalty.stamps import Card
from bot.core.loyalty.tiers import Tiers
from bot.core.loyalty.wheel import Wheel

_GRACE_MAX = timedelta(days=90)
_Named = Reward | Drop | Bundle | Rebate


class Welcome(Rule):
    """What a new member is given."""

    credit_minor: Minor = Field(alias="credit")
    expiry: Expiry | None = None


class Reorder(Rule):
    """How a reorder by message is paid."""

    auto_apply_credit: bool = True


class Checkout(Rule):
    """How long all that a checkout takes is set aside, and whether credit pays there without being asked."""

    hold_for: Duration = timedelta(minutes=30)
    auto_apply_credit: bool = True


class OtherCurrency(Currency):
    """A currency that orders may be in beside the program's own: what they earn has a wallet of its own.

    `expiry` and `notices` are the program's where it names none.
    """

    point_value_minor: Minor = Field(alias="point_value")
    caps: tuple[Cap, ...] = ()
    expiry: Expiry | None = None
    notices: Notices | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _in_itself(cls, written: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        with in_currency(exponent_of({"currency": written})):
            return handler(written)


class Program(Rule):
    """The loyalty program of one shop."""

    name: str = Field(alias="program", min_length=1)
    language: str = "en"
    currency: Currency
    point_value_minor: Minor = Field(alias="point_value")
    welcome: Welcome | None = None
    currencies: tuple[OtherCurrency, ...] = ()
    earning: Earning
    expiry: Expiry = Expiry()
    grace: Annotated[Days, Field(le=_GRACE_MAX)] = timedelta(days=14)
    notices: Notices = Notices()
    jurisdictions: Jurisdictions
    rewards: tuple[Reward, ...] = ()
    reorder: Reorder = Reorder()
    checkout: Checkout = Checkout()
    funds: Mapping[str, Fund] = Field(default_factory=dict)
    offers: Mapping[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], OfferRule] = Field(
        default_factory=dict
    )
    rebates: tuple[Rebate, ...] = ()
    tiers: Tiers | None = None
    referral: Referring | None = None
    gifts: Gifts | None = None
    checkin: Checkin | None = None
    drops: tuple[Drop, ...] = ()
    wheel: Wheel | None = None
    bundles: tuple[Bundle, ...] = ()
    refill: RefillRules | None = None
    cash_back: CashBack | None = None
    _local: Jurisdiction = PrivateAttr(default=Jurisdiction())
    _by_region: dict[str, "Program"] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _in_its_currency(cls, written: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        with in_currency(exponent_of(written)):
            return handler(written)

    @field_validator("rewards", "drops", "bundles", "rebates")
    @classmethod
    def _distinct(cls, named: tuple[_Named, ...], info: ValidationInfo) -> tuple[_Named, ...]:
        seen: set[str] = set()
        for one in named:
            if one.id in seen:
                raise ValueError(f"two {info.field_name} are called '{one.id}'; give each its own id")
            seen.add(one.id)
        return named

    @model_validator(mode="after")
    def _play_is_paid_for(self) -> Self:
        for what, fund in (
            ("checkin", self.checkin and self.checkin.fund),
            ("wheel", self.wheel and self.wheel.fund),
            *((f"offers.{name}", offer.fund) for name, offer in self.offers.items()),
            *((f"rebates.{rebate.id}", rebate.fund) for rebate in self.rebates),
        ):
            if fund and fund not in self.funds:
                raise ValueError(
                    f"`{what}` is paid by the fund '{fund}', which is not there; add it to `funds`"
                )
        if self.wheel is not None:
            self.wheel.lawful_in(self.currency.code)
        return self

    @model_validator(mode="after")
    def _earns_what_it_has(self) -> Self:
        codes = [self.currency.code, *(other.code for other in self.currencies)]
        if len(set(codes)) < len(codes):
            raise ValueError("a currency is named twice; keep one of them")
        for rule in self.earning.rules:
            if rule.fund is not None and rule.fund not in self.funds:
                known = f"use one of {', '.join(self.funds)}" if self.funds else "describe it under `funds:`"
                raise ValueError(
                    f"rule '{rule.id}' is paid by the fund '{rule.fund}', which is missing; {known}"
                )
            if rule.credit_minor is not None and rule.credit_minor % self.point_value_minor:
                raise ValueError(f"rule '{rule.id}' gives a part of a point; give whole points")
        rewards = {reward.id for reward in self.rewards}
        for card in self.earning.cards:
            if card.get.reward is not None and card.get.reward not in rewards:
                what = f"card '{card.id}' becomes '{card.get.reward}', which is no reward"
                raise ValueError(f"{what}; describe it under `rewards:`")
            if card.get.offer is not None and card.get.offer not in self.offers:
                what = f"card '{card.id}' becomes '{card.get.offer}', which is no offer"
                raise ValueError(f"{what}; describe it under `offers:`")
        return self

    @field_validator("jurisdictions")
    @classmethod
    def _is_lawful(
        cls, policies: Mapping[str, Jurisdiction], info: ValidationInfo
    ) -> Mapping[str, Jurisdiction]:
        if {"expiry", "notices"} <= info.data.keys():  # what is wrong with them was said
            expiry, notices = info.data["expiry"], info.data["notices"]
            others = [
                (one.expiry or expiry, one.notices or notices) for one in info.data.get("currencies", ())
            ]
            for code, policy in policies.items():
                for complaint in (
                    say for way in ((expiry, notices), *others) for say in breaches(code, policy, *way)
                ):
                    raise ValueError(complaint)
        return policies

    def at(self, region: str) -> "Program":
        """Return the program as it holds for who lives there, like `CA-QC`."""
        local = policy_at(region, self.jurisdictions)
        if local is None:
            return self
        if region not in self._by_region:
            there = self.model_copy(
                update={"expiry": local.expiry or self.expiry, "notices": local.notices or self.notices}
            )
            there._local = local  # noqa: SLF001  # it is a program like this one
            self._by_region[region] = there
        return self._by_region[region]

    @property
    def disclosure(self) -> Mapping[str, str] | None:
        """What must be said of credit where the member lives; None where nothing must."""
        return self._local.disclosure

    def currency_called(self, code: str) -> Currency | None:
        """Return a currency of the program by its code; its own where none is said, None for another."""
        if code in {"", self.currency.code}:
            return self.currency
        return next((one for one in self.currencies if one.code == code), None)

    def notices_of(self, wallet: str) -> Notices | None:
        """Return when members are told that credit of a wallet ends; None of stamps: their card says so."""
        if wallet == MAIN_WALLET:
            return self.notices
        other = self._other(wallet)
        return (self._local.notices or other.notices or self.notices) if other is not None else None

    def _expiry_of(self, wallet: str) -> Expiry:
        other = self._other(wallet)
        return (other.expiry if other is not None else None) or self.expiry

    def _other(self, wallet: str) -> OtherCurrency | None:
        return next((one for one in self.currencies if one.code == wallet), None)

    def text(self, text: Mapping[str, str], language: str) -> str:
        """Return a text in the best language there is: see `fallbacks`; then the program's, the first."""
        for key in (*fallbacks(language), self.language, ""):
            if key in text:
                return text[key]
        return next(iter(text.values()))

    def welcome_grant(self, now: datetime, zone: str, policy: str) -> Grant | None:
        """Return what a new member in `zone` is given; `policy` is the program's revision, `id@version`."""
        if self.welcome is None:
            return None
        terms = self._terms(now, zone, self.welcome.expiry or self.expiry)
        return Grant(self.welcome.credit_minor, terms, "promotional", "welcome", policy)

    def earned_grant(
        self,
        amount_minor: int,
        now: datetime,
        zone: str,
        policy: str,
        rule: EarningRule | None = None,
        *,
        wallet: str = MAIN_WALLET,
    ) -> Grant:
        """Return the grant of what a rule gave: pending first, then good as the expiry says.

        What an event earned is not pending unless its rule says so: nothing about it can be returned.
        """
        pending, expiry = self.earning.pending, self._expiry_of(wallet)
        if rule is not None:
            pending = rule.pending if rule.pending is not None else timedelta(0) if rule.event else pending
            expiry = rule.expiry or expiry
        fund = rule.fund if rule is not None and rule.fund else "earning"
        return Grant(amount_minor, self._terms(now + pending, zone, expiry), "promotional", fund, policy)

    def stamps_grant(self, stamps: int, card: Card, now: datetime, zone: str, policy: str) -> Grant:
        """Return the grant of stamps into the wallet of their card."""
        return Grant(stamps, self._terms(now, zone, card.expiry), "card", card.wallet, policy)

    def card_grant(self, amount_minor: int, card: Card, now: datetime, zone: str, policy: str) -> Grant:
        """Return the grant of the credit that a full card becomes: spendable at once."""
        return Grant(amount_minor, self._terms(now, zone, self.expiry), "card", card.wallet, policy)

    def adjusted_grant(
        self, amount_minor: int, now: datetime, zone: str, policy: str, *, wallet: str = MAIN_WALLET
    ) -> Grant:
        """Return the grant of credit given by hand: spendable at once."""
        terms = self._terms(now, zone, self._expiry_of(wallet))
        return Grant(amount_minor, terms, "promotional", "adjustment", policy)

    def rebate_grant(self, due: Due, now: datetime, zone: str, policy: str) -> Grant:
        """Return the grant of what came back of an order."""
        if self._local.expiry is not None:
            terms = self._terms(now, zone, self._local.expiry)
            return Grant(due.amount_minor, terms, REBATE, due.rebate.fund or "rebates", policy)
        terms = due.rebate.terms(now, zone, self.expiry, self.grace)
        return Grant(due.amount_minor, terms, REBATE, due.rebate.fund or "rebates", policy)

    def played_terms(self, now: datetime, zone: str, expiry: Expiry | None) -> Terms:
        """Return how long what play brought is good, from now: as its own expiry says, or the program's."""
        return self._terms(now, zone, expiry or self.expiry)

    def _terms(self, active_from: datetime, zone: str, expiry: Expiry) -> Terms:
        expiry = self._local.expiry or expiry
        expires_on = expiry.expires_on(local_date(active_from, zone))
        if expires_on is None:
            return Terms(active_from=active_from, zone=zone)
        return days_good(
            active_from,
            expires_on,
            zone,
            self.grace,
            renewal=str(expiry.renewal or ""),
            notice_days=self._local.told_before.days,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint about the file, at a path of keys and positions."""

    path: tuple[str | int, ...]
    problem: str
    remedy: str


def problems(error: ValidationError) -> tuple[Problem, ...]:
    """Turn what pydantic says of a program into complaints a reader can point at with line and column."""
    found = []
    for each in error.errors(include_url=False):
        path, message = tuple(each["loc"]), each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden" and path[-1] in {"currency", "currencies"}:
            remedy = "take it out: of credit in further currencies see docs/loyalty/earning.md"
            found.append(Problem(path, "amounts here are in the program's own currency", remedy))
        elif each["type"] == "extra_forbidden":
            found.append(
                Problem(path, f"'{path[-1]}' is not known here", "check its spelling, or take it out")
            )
        elif each["type"] == "missing":
            found.append(Problem(path, f"'{path[-1]}' is missing", "add it"))
        else:
            problem, _, remedy = message.partition("; ")
            found.append(Problem(path, problem, remedy or "see docs/flows.md, program.yaml"))
    return tuple(found)
