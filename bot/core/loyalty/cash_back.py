"""Cash-back: a member's first order that is paid through WeChat Pay earns cash in their wallet at WeChat.

An opt-in (`cash_back:` of `program.yaml`): few merchants may pay out, and each payout waits for its member to
confirm it. Credit is what a program gives by itself.
"""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Days, Minor, Rate, Rule, Text

LEAST_MINOR = 10
"""WeChat Pay pays out no less than 0.10 (https://pay.weixin.qq.com/doc/v3/merchant/4013778940)."""


class CashBack(Rule):
    """What a first order earns in cash: an `amount`, or a `rate` of its cash, up to `most`."""

    amount_minor: Minor | None = Field(None, alias="amount")
    rate: Rate | None = None
    most_minor: Minor | None = Field(None, alias="most")
    at_least_minor: Minor = Field(0, alias="at_least")
    after: Days = timedelta(days=7)
    """So long after it was paid, if it still stands then: what was paid out comes back with no refund."""
    otherwise: Literal["credit", "nothing"] = "credit"
    """What is given where it fails, or nobody confirmed it within a day."""
    expiry: Expiry | None = None
    remark: Text | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if (self.amount_minor is None) == (self.rate is None):
            raise ValueError("say how much in one way: `amount` or `rate`")
        if self.amount_minor is not None and self.amount_minor < LEAST_MINOR:
            raise ValueError("`amount` is less than WeChat Pay pays out; give at least 0.10")
        if self.rate is not None and not 0 < self.rate <= 1:
            raise ValueError("`rate` is more than was paid, or nothing; write a share of it, like 10%")
        return self

    def of(self, cash_minor: int) -> int:
        """Return what an order of so much cash earns; 0 where it is too small, or that would be."""
        if cash_minor < self.at_least_minor:
            return 0
        if self.amount_minor is not None:
            earned = self.amount_minor
        else:
            assert self.rate is not None, "one of them is there"
            earned = int(cash_minor * self.rate)
        if self.most_minor is not None:
            earned = min(earned, self.most_minor)
        return earned if earned >= LEAST_MINOR else 0
