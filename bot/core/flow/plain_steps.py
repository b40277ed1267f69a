"""What every step may have, as marketers write it, and the steps that have no steps inside."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from bot.core.flow.fields import Anything, Duration, Name, Part, Source, StepId, StepRef, Target
from bot.core.flow.wait_parts import Until

TAG = "step:"
"""Begins the tag of each kind of step in pydantic's error locations, where no key can be confused with it."""


class StepBase(Part):
    """What every step may have."""

    id: StepId | None = Field(
        None, description="The step's name, for `goto`, statistics and published changes."
    )
    note: str | None = Field(None, description="A note for colleagues and translators; never sent.")


class Set(StepBase):
    """Remember something."""

    set: dict[Target, Anything] = Field(
        min_length=1,
        description="`member.…` is kept with the member, others while the flow runs; texts may be Liquid.",
    )


class Wait(StepBase):
    """Wait for some time."""

    wait: Duration = Field(description="How long.")


TimeOrDate = Annotated[
    Annotated[Source, Tag("step:time")] | Annotated[Until, Tag("step:date")],
    Discriminator(lambda value: "step:date" if isinstance(value, dict | Until) else "step:time"),
]


class WaitUntil(StepBase):
    """Wait for a time of day, an instant, a date of the contact or its own hours, in the contact's zone."""

    wait_until: TimeOrDate = Field(
        description="`10:00`, `fri 10:00`, `2026-12-24 10:00`, Liquid that gives an instant, "
        "`{date, at, before, after, past}` or `{best_time, fallback}`.",
        examples=["10:00", "fri 10:00", "2026-12-24 10:00"],
    )


class Call(StepBase):
    """Go through another flow, then come back; both see the same variables."""

    call: Name = Field(description="The other flow's name.")
    arguments: dict[Name, Anything] = Field({}, alias="with", description="Variables set before it starts.")


class Goto(StepBase):
    """Go on with another step of this flow."""

    goto: StepRef = Field(description="The other step's id.")


class End(StepBase):
    """End the flow here."""

    end: Literal[True] | None = Field(description="Nothing needs to follow; `- end` is enough.")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        return {"end": None} if value == "end" else value
