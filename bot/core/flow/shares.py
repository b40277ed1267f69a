"""Shares of contacts and of arms, as marketers write them: `50%`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.core.experiments.experiment import HOLDOUT, PARTS
from bot.core.flow.fields import Name, wrong

ARMS_MAX = 10
_HUNDRED = 100


def _share(value: object) -> object:
    """Read `12.5%` as parts of `PARTS`."""
    if not isinstance(value, str) or not value.endswith("%"):
        raise wrong(f"{value} is not a share", "write percent, like 50% or 12.5%")
    try:
        percent = float(value[:-1])
    except ValueError as error:
        raise wrong(f"'{value}' is not a share", "write percent, like 50% or 12.5%") from error
    parts = round(percent * PARTS / _HUNDRED)
    if not 0 <= percent <= _HUNDRED or abs(parts - percent * PARTS / _HUNDRED) > 1e-6:  # noqa: PLR2004  a float's
        raise wrong(f"'{value}' cannot be divided", "write 0% to 100%, with two decimals at most")
    return parts


Share = Annotated[int, BeforeValidator(_share, json_schema_input_type=str), Field(examples=["50%", "12.5%"])]


def _arm_name(value: object) -> object:
    if isinstance(value, dict) and HOLDOUT in value:
        raise wrong(f"no arm is called `{HOLDOUT}`", "keep people out with `holdout: 5%`")
    return value


Shares = Annotated[
    dict[Name, Share],
    BeforeValidator(_arm_name, json_schema_input_type=dict[Name, Share]),
    Field(min_length=2, max_length=ARMS_MAX),
]
"""Arms by name with their shares; what they leave over takes no part."""


def shares_left(shares: Mapping[str, int]) -> tuple[str, str] | None:
    """Say that arms leave somebody over, who would go the first arm's way and not be counted."""
    left = (PARTS - sum(shares.values())) * _HUNDRED / PARTS
    if left <= 0:
        return None
    problem = f"the arms leave {left:g} percent over, who go the way of `{next(iter(shares))}` uncounted"
    return problem, "let the arms add up to 100%; `share:` in experiments.yaml says how many take part"


def shares_complaint(shares: Mapping[str, int]) -> tuple[str, str] | None:
    """Say what is wrong with the shares of arms, and what to do."""
    if not all(shares.values()):
        return "an arm has no share", "give it one, or leave the arm out"
    if sum(shares.values()) > PARTS:
        percent = sum(shares.values()) * _HUNDRED / PARTS
        return f"the arms take {percent:g} percent of those who take part", "100 percent are the most"
    return None
