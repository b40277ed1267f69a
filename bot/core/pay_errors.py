"""What can go wrong at WeChat Pay, by remedy.

RetryLater
├── PayLater        nothing was done: busy, too many requests, not reached
└── PayUnknown      it may have been done: ask what became of it before anything else is asked for
NeverRetry
├── PayRefused      this will never be done so; `code` is WeChat Pay's word for why
└── PayMisset       keys, serials or rights are wrong: an operator has to mend them
"""

from datetime import timedelta

from bot.core.errors import NeverRetry, RetryLater


class PayLater(RetryLater):
    """Nothing was done, and the same request may succeed later."""

    def __init__(self, reason: str, code: str = "", after: timedelta | None = None) -> None:
        super().__init__(reason, after)
        self.code = code


class PayUnknown(RetryLater):
    """The request left and no answer came that could be believed: it may have been done."""


class PayRefused(NeverRetry):
    """WeChat Pay will not do it."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.code = code


class PayMisset(NeverRetry):
    """WeChat Pay does not believe us, we do not believe it, or it gives us no right to this."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code
