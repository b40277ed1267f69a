"""Feedback: what people answered to questions of flows, and which of their words may be shown to others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.core.ids import bucket_of, derived_id

TABLE = "answer"
"""The table of what turns keep of it."""
GIVEN = "Answer Given"
"""The event of who answered a `rate`, `nps` or `poll`: of which flow and step, never what.

What it earns cannot depend on how somebody answered: praise that was paid for is none, and unlawful as such
(16 CFR 465.4, https://www.ecfr.gov/current/title-16/section-465.4).
"""
OTHER = "other"
"""The kind of what was no usable answer."""
QUOTES_MAX = 200
"""How many approved quotes texts choose among: the newest."""


class QuoteState(StrEnum):
    """What became of the wish to show somebody's words to others."""

    ALLOWED = "allowed"  # by who wrote them; a person of the shop decides
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Quote(NamedTuple):
    """Words as they may be shown, and by whom."""

    words: str
    by: str


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer to a question of a flow; a later one of the same run to the same question takes its place."""

    id: str
    flow: str
    revision: int
    step: str
    variant: str
    run: str
    kind: str
    at: datetime
    channel: str
    language: str
    choice: str = ""
    score: int | None = None
    words: str = ""
    quote_state: QuoteState | None = None
    quote: Quote | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    contact_id: str = ""
    """On whose record it is, where that is another contact that was joined to this one."""


@dataclass(frozen=True, slots=True)
class ApprovedQuote:
    """A quote that texts may use."""

    quote: Quote
    flow: str
    language: str
    at: datetime


def answer_id(run_id: str, flow: str, step: str, try_number: int | None = None) -> str:
    """Return the id of a run's answer to a question; `try_number`: of what was none."""
    key = f"answer/{run_id}/{flow}/{step}" + (f"/{try_number}" if try_number is not None else "")
    return derived_id(key, bucket_of(run_id))


def spoken(quotes: Iterable[ApprovedQuote], language: str) -> Sequence[ApprovedQuote]:
    """Return the quotes of a language, newest first: nobody is shown words they cannot read."""
    own = language.replace("-", "_").split("_")[0]
    found = (one for one in quotes if one.language.replace("-", "_").split("_")[0] == own)
    return sorted(found, key=lambda one: one.at, reverse=True)
