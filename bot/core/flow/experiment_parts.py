"""What marketers write of an experiment, wherever it stands: what counts, when it ends, what decides."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from bot.core.experiments.experiment import PARTS, ExperimentGoal, When, Winner
from bot.core.flow.fields import Duration, Name, Part, listed, wrong
from bot.core.flow.shares import Share

GOALS_MAX = 4
Words = Annotated[str, Field(min_length=1, max_length=1000)]


class GoalPart(Part):
    """What counts."""

    event: str = Field(min_length=1, description="The event, like Order Completed.")
    within: Duration = Field(description="How long after an arm was met it counts.")


def short_goal(value: object) -> object:
    """Take an event alone for one within a week."""
    return {"event": value, "within": "7d"} if isinstance(value, str) else value


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise wrong(f"'{value}' is no date", "write one like 2026-12-31") from error
    return value


class WinnerPart(Part):
    """When it is decided without a person."""

    when: Literal["always_valid", "at_end"] = Field(
        description="`always_valid`: as soon as the always-valid interval of the first goal leaves zero; "
        "`at_end`: once, when it ends, by the interval of a fixed horizon."
    )
    otherwise: Name | None = Field(
        None,
        alias="else",
        description="The arm where nothing is clear when it ends; left out, a person decides.",
    )


class JudgedPart(Part):
    """What counts in an experiment, and what decides it."""

    goals: Annotated[
        list[Annotated[GoalPart, BeforeValidator(short_goal, json_schema_input_type=str | GoalPart)]],
        BeforeValidator(listed, json_schema_input_type=GoalPart | list[GoalPart]),
    ] = Field(
        [],
        alias="goal",
        max_length=GOALS_MAX,
        description="What counts, `{event, within}` or several; the first decides. Left out, the goals of "
        "the flows it is in.",
    )
    minimum_effect: Share | None = Field(
        None,
        description="The smallest difference that would matter, in percent of contacts: 2% is 10 of 100 "
        "against 12.",
    )
    contacts: int | None = Field(
        None, ge=200, description="How many contacts are expected: what the always-valid interval is set for."
    )
    ends: Annotated[date | None, BeforeValidator(_day, json_schema_input_type=str)] = Field(
        None, description="Its last day, in the shop's zone: who meets it later goes the first arm's way."
    )
    winner: WinnerPart | None = Field(None, description="`{when, else}`; left out, a person decides.")
    decided: Name | None = Field(
        None,
        description="The arm that everybody goes now; `regulars experiments decide` writes it.",
    )

    @model_validator(mode="after")
    def _ends_where_it_is_needed(self) -> "JudgedPart":
        needs_end = self.winner is not None and (
            self.winner.when == "at_end" or self.winner.otherwise is not None
        )
        if needs_end and self.ends is None:
            raise wrong("its `winner:` asks what is so at its end, and it has none", "add `ends:`, a date")
        return self

    @property
    def arms_named(self) -> dict[tuple[str, ...], str]:
        """The arms that it names as decided, by where."""
        otherwise = self.winner.otherwise if self.winner is not None else None
        named: dict[tuple[str, ...], str | None] = {("decided",): self.decided, ("winner", "else"): otherwise}
        return {path: arm for path, arm in named.items() if arm is not None}

    @property
    def goals_compiled(self) -> tuple[ExperimentGoal, ...]:
        """What counts."""
        return tuple(ExperimentGoal(one.event, one.within) for one in self.goals)

    @property
    def effect(self) -> float | None:
        """The smallest difference that would matter, as a share of contacts."""
        return self.minimum_effect / PARTS if self.minimum_effect else None

    @property
    def rule(self) -> Winner | None:
        """What decides without a person."""
        return Winner(When(self.winner.when), self.winner.otherwise) if self.winner else None

    def ends_at(self, zone: str) -> datetime | None:
        """When its last day is over, by the shop's zone."""
        if self.ends is None:
            return None
        return datetime.combine(self.ends + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
