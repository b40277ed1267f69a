"""Rebates: a share of what an order cost comes back as credit of its own, to be spent on a later one.

It is never spent on the order that earned it: the books draw nothing from a lot for its own source.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from bot.core.ledger.lots import Terms, days_good
from bot.core.local_time import local_date
from bot.core.loyalty.earning import spread
from bot.core.loyalty.earnings import paid_minor
from bot.core.loyalty.eligibility import Benefit, MemberFacts
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Days, Minor, Names, Rate, Text
from bot.core.loyalty.gains import SoldLine
from bot.core.loyalty.rules import Base

KIND = "rebate"
"""The kind of the lots that rebates become."""


class Rebate(Benefit):
    """While it lasts, `rate` of the cash that a member's order costs comes back as credit."""

    id: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: Text | None = None
    rate: Rate
    category: Names = ()
    sku: Names = ()
    at_least_minor: Minor | None = Field(None, alias="at_least")
    most_minor: Minor | None = Field(None, alias="most")
    pending: Days = timedelta(0)
    spend_within: Days | None = None
    expiry: Expiry | None = None
    fund: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.spend_within is not None and self.expiry is not None:
            raise ValueError("both `spend_within` and `expiry` say when it ends; keep one of them")
        if not 0 < self.rate <= 1:
            raise ValueError("`rate` is more than was paid, or nothing; write a share of it, like 10%")
        return self

    def terms(self, now: datetime, zone: str, usual: Expiry, grace: timedelta) -> Terms:
        """Until when credit of it that is granted now is good for a member in `zone`."""
        active_from = now + self.pending
        first = local_date(active_from, zone)
        if self.spend_within is not None:
            return days_good(active_from, first + self.spend_within, zone, grace)
        expires_on = (self.expiry or usual).expires_on(first)
        if expires_on is None:
            return Terms(active_from=active_from, zone=zone)
        return days_good(active_from, expires_on, zone, grace)

    def counts(self, sku: str, category: str) -> bool:
        """Whether what is paid for such a thing counts."""
        return not (self.category or self.sku) or sku in self.sku or category in self.category


@dataclass(frozen=True, slots=True)
class Due:
    """What an order earns by one rebate; `desired_minor` is what it would be without `most`."""

    rebate: Rebate
    desired_minor: int
    amount_minor: int
    by_line_minor: tuple[int, ...]

    def limited(self, amount_minor: int) -> "Due":
        """Return it with no more than that, as where a fund has no more."""
        assert amount_minor <= self.amount_minor, "a limit gives nothing"
        return Due(self.rebate, self.desired_minor, amount_minor, spread(amount_minor, self.by_line_minor))


def rebates_due(
    rebates: Iterable[Rebate],
    base: Base,
    lines: Sequence[SoldLine],
    member: MemberFacts,
    point_value_minor: int = 1,
) -> tuple[Due, ...]:
    """Return what an order earns: whole points of what counts as paid (`base`), floored once for a rebate."""
    paid = [paid_minor(line, base) for line in lines]
    found = []
    for rebate in rebates:
        counted = [
            amount if rebate.counts(line.sku, line.category) else 0
            for line, amount in zip(lines, paid, strict=True)
        ]
        points = int(sum(counted) * rebate.rate / point_value_minor)
        if not points or sum(counted) < (rebate.at_least_minor or 0) or rebate.refusal(member) is not None:
            continue
        by_line = tuple(share * point_value_minor for share in spread(points, counted))
        due = Due(rebate, points * point_value_minor, points * point_value_minor, by_line)
        if rebate.most_minor is not None and rebate.most_minor < due.amount_minor:
            due = due.limited(rebate.most_minor // point_value_minor * point_value_minor)
        found.append(due)
    return tuple(found)
