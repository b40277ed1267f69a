"""What may stand in `audiences.yaml` and `traits.yaml`, and what each key means."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, RootModel, Tag, model_validator

from bot.core.audiences.rule import TraitKind
from bot.core.flow.fields import Anything, Duration, Name, Part, listed, wrong
from bot.core.flow.plain_steps import TAG

Event = Annotated[str, Field(min_length=1, max_length=200)]
Texts = dict[Annotated[str, Field(min_length=1, max_length=200)], Anything]
Accounts = Literal["available", "pending", "held", "debt"]
MEASURES = tuple(kind.value for kind in TraitKind if kind not in {TraitKind.COUNT, TraitKind.FUNNEL})
Filter = Annotated[
    Texts,
    Field(
        description="What properties of the event must be, with dots into what is nested, like "
        '`products.category`: a value, a list of which any will do, a comparison (`"> 50"`, `"!= free"`), '
        "or tests (see below)."
    ),
]
_BOUNDS = 2
_WITHIN = Field(None, description="Only what happened so long ago at most, like `90d`.")
_BETWEEN = Field(
    None, description="Only what happened between these times ago, the longer one first: `[180d, 90d]`."
)


def _bounds(value: object) -> object:
    if not isinstance(value, list) or len(value) != _BOUNDS:
        raise wrong("`between` has two durations", "write the longer one first, like [180d, 90d]")
    return value


Between = Annotated[
    list[Duration],
    BeforeValidator(_bounds, json_schema_input_type=Annotated[list[str], Field(min_length=2, max_length=2)]),
    Field(examples=[["180d", "90d"]]),
]


class Timed(Part):
    """What looks at events of a time."""

    within: Duration | None = _WITHIN
    between: Between | None = _BETWEEN

    @model_validator(mode="after")
    def _one_window(self) -> "Timed":
        if self.within is not None and self.between is not None:
            raise wrong("`within` and `between` stand beside each other", "keep one of them")
        if self.between is not None and self.between[0] <= self.between[1]:
            raise wrong(
                "`between` begins when it ends, or later", "write the longer one first, like [180d, 90d]"
            )
        return self


class EventPart(Timed):
    """The contact did something, so often."""

    event: Event = Field(description="The event's name, like `Order Completed`.")
    count: Anything = Field(">= 1", description='How often: `"> 2"`, `"< 5"`, `0`; left out, at least once.')
    where: Filter = Field({})


class PagePart(Timed):
    """The contact saw a page of the site."""

    page: Event = Field(description="The page's name.")
    count: Anything = Field(">= 1", description="How often; left out, at least once.")
    where: Filter = Field({})


class ScreenPart(Timed):
    """The contact saw a screen of the app."""

    screen: Event = Field(description="The screen's name.")
    count: Anything = Field(">= 1", description="How often; left out, at least once.")
    where: Filter = Field({})


class Of(Part):
    """What a figure is made of."""

    event: Event = Field(description="The event's name.")
    property: Event | None = Field(
        None,
        description="The property, with dots into what is nested: `revenue`, `products.category`. Of "
        "products `spent` is price times quantity.",
    )
    where: Filter = Field({})

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        return {"event": value} if isinstance(value, str) else value


Measured = Annotated[Of, Field(description="Event, property and filter; the event's name alone will do.")]


class Measures(Timed):
    """A figure made of events, of which one is written."""

    sum: Of | None = Field(None, description="The property added up.")
    average: Of | None = Field(None, description="The property's average.")
    min: Of | None = Field(None, description="The smallest number.")
    max: Of | None = Field(None, description="The largest number.")
    first: Of | None = Field(None, description="The property of the first event that has it.")
    last: Of | None = Field(None, description="The property of the latest event that has it.")
    most_frequent: Of | None = Field(
        None,
        description="The value that came most often, at least twice; of several the first of the alphabet.",
    )
    unique_list: Of | None = Field(None, description="Every value there was, each once.")
    unique_count: Of | None = Field(None, description="How many different values there were.")
    days_since: Of | None = Field(None, description="How many whole days ago the latest event was.")


class MeasurePart(Measures):
    """A figure made of events is as wanted."""

    wanted: Anything = Field(
        alias="is", description='What it must be: a comparison (`"> 300"`), a value, a list, or tests.'
    )


class TraitPart(Part):
    """Traits that the shop told are as wanted."""

    trait: Texts = Field(
        min_length=1,
        description="Each trait with what it must be: a value, a list, a comparison, or tests.",
    )


class ComputedPart(Part):
    """Computed traits of `traits.yaml` are as wanted."""

    computed: Texts = Field(
        min_length=1,
        description="Each computed trait with what it must be; of those kept per category or SKU with its "
        "name, as in `spent.coffee`.",
    )


class AudiencePart(Part):
    """The contact is in another audience."""

    audience: Name = Field(description="The other audience's name.")


State = Literal["subscribed", "unsubscribed", "pending", "none"]


class Standing(Part):
    """Where a contact stands in a subscription group."""

    group: Name = Field(description="The subscription group.")
    states: Annotated[list[State], BeforeValidator(listed, json_schema_input_type=State | list[State])] = (
        Field(
            alias="is",
            min_length=1,
            description="`subscribed`, `unsubscribed`, `pending` (not confirmed) or `none` (nothing said).",
        )
    )
    channel: Literal["sms", "email", "wechat", "app"] | None = Field(
        None, description="The channel it is about; left out, any."
    )


class ConsentPart(Part):
    """The contact opted into a subscription group, or out of it."""

    consent: Standing = Field(description="The group and the state.")


class TierPart(Part):
    """The contact is in a tier."""

    tier: Annotated[list[Name], BeforeValidator(listed, json_schema_input_type=Name | list[Name])] = Field(
        min_length=1, description="The tier's id, or several of which any will do; `none` is no tier."
    )


class WalletPart(Part):
    """The contact's credit is as wanted."""

    wallet: dict[Accounts, Anything] = Field(
        min_length=1,
        description="`available`, `pending`, `held` or `debt`, each with a comparison in whole units of the "
        'currency: `{available: "> 5.00"}`.',
    )


class MemberPart(Part):
    """The contact is enrolled in the program, or is not."""

    member: bool = Field(description="Whether it is.")


class StepPart(Part):
    """A step of a funnel."""

    event: Event | None = Field(None, description="The event that happens.")
    page: Event | None = Field(None, description="The page that is seen.")
    screen: Event | None = Field(None, description="The screen that is seen.")
    without: Event | None = Field(
        None, description="The event that does not happen before the next step does or `within` is over."
    )
    where: Filter = Field({})
    within: Duration | None = Field(
        None,
        description="How long after the step before it; of `without` for how long it must not happen, left "
        "out until the next step, or until now.",
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "StepPart":
        if sum(name is not None for name in (self.event, self.page, self.screen, self.without)) != 1:
            raise wrong("a step has one of `event`, `page`, `screen` and `without`", "keep one of them")
        return self


class FunnelPart(Part):
    """The contact went through steps in order."""

    funnel: list[StepPart] = Field(min_length=2, max_length=20, description="The steps, first to last.")
    within: Duration | None = Field(None, description="All of it happened so long ago at most.")


def conditions_key(value: object) -> str | None:
    """Return pydantic's tag of a condition: its kind is known by its key."""
    if isinstance(value, BaseModel):
        return next(TAG + name for name, model in TAGS.items() if type(value) is model)
    found = kinds_in(value)
    return TAG + ("measure" if found[0] in MEASURES else found[0]) if len(found) == 1 else None


def kinds_in(value: object) -> list[str]:
    """Return the keys of a mapping that say what kind of condition it is."""
    return [key for key in value if key in KINDS] if isinstance(value, dict) else []


Condition = Annotated[
    Annotated["AllPart", Tag("step:all")]
    | Annotated["AnyPart", Tag("step:any")]
    | Annotated["NonePart", Tag("step:none")]
    | Annotated[EventPart, Tag("step:event")]
    | Annotated[PagePart, Tag("step:page")]
    | Annotated[ScreenPart, Tag("step:screen")]
    | Annotated[MeasurePart, Tag("step:measure")]
    | Annotated[TraitPart, Tag("step:trait")]
    | Annotated[ComputedPart, Tag("step:computed")]
    | Annotated[AudiencePart, Tag("step:audience")]
    | Annotated[ConsentPart, Tag("step:consent")]
    | Annotated[TierPart, Tag("step:tier")]
    | Annotated[WalletPart, Tag("step:wallet")]
    | Annotated[MemberPart, Tag("step:member")]
    | Annotated[FunnelPart, Tag("step:funnel")],
    Discriminator(conditions_key),
]
Conditions = Annotated[
    list[Condition], BeforeValidator(listed, json_schema_input_type=Condition | list[Condition])
]


class AllPart(Part):
    """All of these hold."""

    all: Conditions = Field(min_length=1, description="The conditions.")


class AnyPart(Part):
    """At least one of these holds."""

    any: Conditions = Field(min_length=1, description="The conditions.")


class NonePart(Part):
    """None of these holds."""

    none: Conditions = Field(min_length=1, description="The conditions.")


TAGS: dict[str, type[Part]] = {
    "all": AllPart,
    "any": AnyPart,
    "none": NonePart,
    "event": EventPart,
    "page": PagePart,
    "screen": ScreenPart,
    "measure": MeasurePart,
    "trait": TraitPart,
    "computed": ComputedPart,
    "audience": AudiencePart,
    "consent": ConsentPart,
    "tier": TierPart,
    "wallet": WalletPart,
    "member": MemberPart,
    "funnel": FunnelPart,
}
KINDS: dict[str, type[Part]] = {
    kind: model for tag, model in TAGS.items() for kind in (MEASURES if tag == "measure" else (tag,))
}
"""The keys that say what kind of condition stands there."""

SyncWord = Literal["identify", "track"]


class Heading(Part):
    """What is said of an audience beside who is in it."""

    title: str = Field("", max_length=120, description="What people call it.")
    description: str = Field("", max_length=1000, description="What it is for.")
    sync: Annotated[
        list[SyncWord], BeforeValidator(listed, json_schema_input_type=SyncWord | list[SyncWord])
    ] = Field(
        [],
        description="How the shop's webhook is told: `identify` (traits: {NAME: true}), `track` (Audience "
        "Entered, Audience Exited), or both.",
    )


class AudienceDefinition(Heading):
    """An audience: who is in it, and what it is called."""

    condition: Condition

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        heading = {name: each for name, each in value.items() if name in Heading.model_fields}
        rest = {name: each for name, each in value.items() if name not in heading}
        if not rest:
            raise wrong("nothing says who is in it", "add a condition, like `event: Order Completed`")
        return heading | {"condition": rest}


class AudiencesFile(RootModel[dict[Name, AudienceDefinition]]):
    """The whole of `audiences.yaml`: audiences by name."""


class TraitDefinition(Measures):
    """A computed trait."""

    title: str = Field("", max_length=120, description="What people call it.")
    description: str = Field("", max_length=1000, description="What it is for.")
    count: Of | None = Field(None, description="How often the event happened.")
    per: Event | None = Field(
        None,
        description="Kept apart for each `category`, `sku` or another field of an event's `products`; the "
        "property is then the product's.",
    )


class TraitsFile(RootModel[dict[Name, TraitDefinition]]):
    """The whole of `traits.yaml`: computed traits by name."""


for _model in (AllPart, AnyPart, NonePart, AudienceDefinition, AudiencesFile):
    _model.model_rebuild()


def window_of(part: Timed) -> tuple[timedelta, timedelta] | None:
    """Return from how long ago to how long ago events count; None: all of them."""
    if part.between is not None:
        return part.between[0], part.between[1]
    return (part.within, timedelta(0)) if part.within is not None else None
