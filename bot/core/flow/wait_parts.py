"""What steps wait for, as marketers write it: things that happen, dates, the contact's own hours."""

from typing import Literal

from pydantic import Field, model_validator

from bot.core.flow.fields import Anything, Duration, Name, Part, StepRef, VariablePath, Words, wrong

_THINGS = ("event", "inbound", "click", "answer")


class InboundWanted(Part):
    """Which inbound message is waited for; it is heard without being consumed."""

    group: Name | None = Field(None, description="Only keywords of this subscription group.")
    category: str | None = Field(None, description="Only keywords of this category, like opt-in.")
    keyword: Words | None = Field(None, description="Only these words.")


class ThingWanted(Part):
    """Something that may happen: one of `event`, `inbound`, `click` and `answer`."""

    event: str | None = Field(None, min_length=1, description="The name of an event, like Order Completed.")
    where: dict[str, Anything] = Field(
        {},
        description="What its properties must be: a value, a list of values, or a comparison like `> 50`. Of "
        "a list one has to be so: `products.category`.",
    )
    inbound: InboundWanted | None = Field(None, description="A message of the contact, instead of an event.")
    click: Literal[True] | StepRef | None = Field(
        None, description="A click on a short link: of this step's message, or (true) of any of this flow."
    )
    answer: Literal[True] | StepRef | None = Field(
        None, description="An answer to this `rate`, `nps` or `poll`, or (true) to any of this flow."
    )
    save: Name | None = Field(None, description="The variable that keeps the event's properties.")

    @property
    def things(self) -> list[str]:
        """Which of them it names."""
        return [name for name in _THINGS if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _where_of_an_event(self) -> "ThingWanted":
        if self.where and self.event is None:
            raise wrong("`where` speaks of an event, and there is none", "add `event:`, or remove it")
        return self


class Until(Part):
    """A date of the contact, or the hour at which it is usually there."""

    date: VariablePath | None = Field(
        None,
        description="The date: `member.birthday`, which comes every year, or one like `member.renewal_on`.",
    )
    at: str = Field("10:00", description="The time on that day.")
    before: Duration | None = Field(None, description="How long before it, like 3d.")
    after: Duration | None = Field(None, description="How long after it, like 3d.")
    past: Literal["now", "skip", "end"] = Field(
        "now",
        description="What is done where it has passed or there is no such date: go on at once, leave out the "
        "step that follows, or end the flow.",
    )
    best_time: Literal[True] | None = Field(
        None, description="The hour at which the contact wrote or clicked most often."
    )
    fallback: str | None = Field(
        None, description="With `best_time`: the time for whom we do not know it of, like 18:00."
    )

    @model_validator(mode="after")
    def _one(self) -> "Until":
        if (self.date is None) == (self.best_time is None):
            raise wrong("`wait_until` needs `date` or `best_time`, and not both", "keep one of them")
        if self.before is not None and self.after is not None:
            raise wrong("it cannot be before and after the date", "keep `before` or `after`")
        if (self.best_time is None) != (self.fallback is None):
            raise wrong("`best_time` and `fallback` go together", "add `fallback:`, for example 18:00")
        return self
