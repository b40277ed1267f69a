"""A flow file as marketers write it: its heading, what starts it, its steps, its tests."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from bot.core.flow.conversation_parts import Conversation, Exchange, TestLine
from bot.core.flow.fields import (
    Anything,
    Duration,
    Locale,
    Name,
    Part,
    Source,
    StepId,
    Word,
    Words,
    listed,
    wrong,
)
from bot.core.flow.steps import Steps

SCHEMA_VERSION = 1
"""Rises when the language changes its meaning; stored with every revision."""

STARTER_TAG = "start:"


class StarterBase(Part):
    """What every starter may have."""

    group: Name | None = Field(None, description="The subscription group the flow's messages belong to.")


class KeywordStarter(StarterBase):
    """Starts when the contact texts one of these words."""

    keyword: Words | None = Field(
        None, description="The words; without them those of the category, as `keywords.yaml` has them."
    )
    category: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9-]*$",
        description="What the words mean: `opt-in` (its required reply goes out first), or one of your own.",
    )
    match: Literal["exact", "prefix", "contains"] = Field(
        "exact",
        description="How much of the message: exact (all of it, or its first word), prefix, contains.",
    )
    language: Locale | None = Field(
        None, description="The language of these words, where it is not the flow's."
    )

    @model_validator(mode="after")
    def _consent_needs_group(self) -> "KeywordStarter":
        if self.category in {"opt-out", "help"}:
            raise wrong(
                f"keywords of the category {self.category} are answered before any flow",
                "remove the category; STOP and HELP work by themselves",
            )
        if self.keyword is None and self.category in {None, "opt-in"}:
            raise wrong("a keyword starter needs words", "write them: keyword: [WORD]")
        if self.category == "opt-in" and self.group is None:
            raise wrong("opt-in keywords need a subscription group", "add `group:`, for example loyalty")
        return self


def _bare(kind: str) -> Callable[[object], object]:
    """Let a starter stand without a colon."""
    return lambda value: {kind: None} if value == kind else value


class MessagePattern(Part):
    """Which messages start the flow."""

    pattern: str | None = Field(None, min_length=1, max_length=500, description="A regular expression.")
    fallback: Literal[True] | None = Field(None, description="Whatever nothing else answered.")

    @model_validator(mode="after")
    def _one(self) -> "MessagePattern":
        if (self.pattern is None) == (self.fallback is None):
            raise wrong("`message` needs `pattern` or `fallback: true`, and not both", "keep one of them")
        return self


def _pattern(value: object) -> object:
    return {"pattern": value} if isinstance(value, str) else value


class MessageStarter(StarterBase):
    """Starts on messages that match a pattern, or on those nothing else answered."""

    message: Annotated[
        MessagePattern, BeforeValidator(_pattern, json_schema_input_type=str | MessagePattern)
    ] = Field(description="A regular expression, or `{fallback: true}`.")


class EventStarter(StarterBase):
    """Starts when an event of this contact arrives."""

    event: str = Field(min_length=1, max_length=200, description="The event's name, like Order Completed.")
    where: dict[str, Anything] = Field(
        {},
        description="What its properties must be: a value, a list of values, or a comparison like `> 50`. Of "
        "a list one has to be so: `products.category`.",
    )


class AudienceMove(Part):
    """Coming into an audience, or leaving it."""

    entered: Name | None = Field(None, description="The audience that the contact came into.")
    left: Name | None = Field(None, description="The audience that the contact left.")

    @model_validator(mode="after")
    def _one(self) -> "AudienceMove":
        if (self.entered is None) == (self.left is None):
            raise wrong("`audience` needs `entered` or `left`, and not both", "keep one of them")
        return self


class AudienceStarter(StarterBase):
    """Starts when the contact comes into an audience of `audiences.yaml`, or leaves it.

    Not for those who are in when the audience is published for the first time.
    """

    audience: AudienceMove = Field(description="`{entered: NAME}` or `{left: NAME}`.")


class ScheduleStarter(StarterBase):
    """Starts by the clock, for every member, in each one's own zone: once for each date, also who moves."""

    schedule: str = Field(
        description="`daily 12:00`, `weekly mon 09:00` (several days: `mon,thu`), `monthly 1 09:00` or "
        "`once 2026-12-24 10:00`.",
        examples=["daily 12:00", "weekly mon 09:00", "monthly 1 09:00", "once 2026-12-24 10:00"],
    )
    zone: Literal["shop"] | None = Field(
        None, alias="in", description="`shop`: for everybody at once, by the shop's clock."
    )
    audience: Name | None = Field(
        None, description="Only for those in this audience of `audiences.yaml`, members or not."
    )


class CreditExpiringStarter(StarterBase):
    """Starts when credit is about to expire, once for each notice that `program.yaml` sets."""

    credit_expiring: Annotated[
        list[Duration] | None,
        BeforeValidator(
            lambda value: None if value is None or value is True else listed(value),
            json_schema_input_type=Duration | list[Duration] | Literal[True] | None,
        ),
    ] = Field(description="Nothing for every notice, or only these times before the end, like [30d, 7d].")


class Survey(Part):
    """What the pages tell of a survey."""

    title: Source = Field(description="What it is called there, as Liquid; translated like other texts.")
    whom: Literal["members", "everyone"] = Field(
        "members", alias="for", description="Who may answer: members, or everyone who opened our pages."
    )


def _survey(value: object) -> object:
    return {"title": value} if isinstance(value, str) else value


class SurveyStarter(StarterBase):
    """Starts when somebody chooses it among the surveys on our pages; it is asked in the inbox there.

    Whoever answers to its end has done `Survey Completed` with `survey` and each answer by where it is kept
    (`save`): it may start flows, and earn credit by `program.yaml`.
    """

    survey: Annotated[Survey, BeforeValidator(_survey, json_schema_input_type=Source | Survey)] = Field(
        description="Its title, or `{title, for}`."
    )


class ApiStarter(StarterBase):
    """Starts when the shop asks for it through the API."""

    api: Annotated[
        list[Name] | None,
        BeforeValidator(
            lambda value: None if value is None or value is True else listed(value),
            json_schema_input_type=list[Name] | Literal[True] | None,
        ),
    ] = Field(description="Nothing, or the names of the variables that the caller may set.")
    called: Annotated[list[Word], BeforeValidator(listed, json_schema_input_type=Word | list[Word])] = Field(
        [],
        max_length=20,
        description="Its names outside, like the id of a canvas in Braze; without any, only flows start it.",
    )

    _bare = model_validator(mode="before")(_bare("api"))


class MenuStarter(StarterBase):
    """Starts when the contact taps a button of the account's menu on WeChat (see `wechat.yaml`).

    A button that no flow starts on is heard as if its keyword was texted.
    """

    menu: Words = Field(description="The buttons' keywords, as `wechat.yaml` has them.")


class ScanStarter(StarterBase):
    """Starts when the contact scans a QR code of ours on WeChat, also where that makes it a follower.

    The longest that fits counts. `scene` is the whole scene then, `rest` what follows the prefix.
    """

    scan: Words = Field(
        description="Scenes of the codes: exactly (`poster`), or all that begin so (`table-*`)."
    )

    @model_validator(mode="after")
    def _stars_last(self) -> "ScanStarter":
        for scene in self.scan:
            if "*" in scene[:-1]:
                raise wrong(f"'{scene}' has a star inside", "put it last, as in table-*")
        return self


class FollowStarter(StarterBase):
    """Starts when the contact begins to follow the official account, where no `scan` of another flow fits.

    `scene` is the QR code that led there, if one did.
    """

    follow: Literal[True] | None = Field(description="Nothing needs to follow; `- follow` is enough.")
    _bare = model_validator(mode="before")(_bare("follow"))


class EnterStarter(StarterBase):
    """Starts when the contact opens the mini program's customer-service chat; `scene` says from where."""

    enter: Literal[True] | None = Field(description="Nothing needs to follow; `- enter` is enough.")
    _bare = model_validator(mode="before")(_bare("enter"))


class LocationStarter(StarterBase):
    """Starts when the contact says where it is; `latitude` and `longitude` are what it said."""

    location: Literal[True] | None = Field(description="Nothing needs to follow; `- location` is enough.")
    _bare = model_validator(mode="before")(_bare("location"))


STARTERS: dict[str, type[StarterBase]] = {
    "keyword": KeywordStarter,
    "message": MessageStarter,
    "event": EventStarter,
    "audience": AudienceStarter,
    "schedule": ScheduleStarter,
    "credit_expiring": CreditExpiringStarter,
    "menu": MenuStarter,
    "scan": ScanStarter,
    "follow": FollowStarter,
    "enter": EnterStarter,
    "location": LocationStarter,
    "survey": SurveyStarter,
    "api": ApiStarter,
}
STARTERS_BARE = frozenset({"api", "follow", "enter", "location"})
"""Starters that may stand without a colon, as in `- follow`."""


def starter_of(value: object) -> str | None:
    """Return pydantic's tag of a starter, found by its key."""
    if isinstance(value, StarterBase):
        return next(STARTER_TAG + kind for kind, model in STARTERS.items() if type(value) is model)
    if isinstance(value, str):
        return STARTER_TAG + value if value in STARTERS_BARE else None
    if isinstance(value, dict):
        kinds = [key for key in value if key in STARTERS]
        if "schedule" in kinds:
            kinds = [kind for kind in kinds if kind != "audience"]  # whom it is for
        if not kinds and "category" in value:
            return STARTER_TAG + "keyword"  # by the words of the category
        return STARTER_TAG + kinds[0] if len(kinds) == 1 else None
    return None


Starter = Annotated[
    Annotated[KeywordStarter, Tag("start:keyword")]
    | Annotated[MessageStarter, Tag("start:message")]
    | Annotated[EventStarter, Tag("start:event")]
    | Annotated[AudienceStarter, Tag("start:audience")]
    | Annotated[ScheduleStarter, Tag("start:schedule")]
    | Annotated[CreditExpiringStarter, Tag("start:credit_expiring")]
    | Annotated[MenuStarter, Tag("start:menu")]
    | Annotated[ScanStarter, Tag("start:scan")]
    | Annotated[FollowStarter, Tag("start:follow")]
    | Annotated[EnterStarter, Tag("start:enter")]
    | Annotated[LocationStarter, Tag("start:location")]
    | Annotated[SurveyStarter, Tag("start:survey")]
    | Annotated[ApiStarter, Tag("start:api")],
    Discriminator(starter_of),
]


class Goal(Part):
    """A conversion event: what the flow is for."""

    event: str = Field(min_length=1, description="The event's name.")
    within: Duration | None = Field(None, description="How long after the start it still counts.")


class Reentry(Part):
    """Once for each of something."""

    per: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        max_length=100,
        description="`day`, `week`, `month` or `year` of the contact's own calendar, `order`, or a property "
        "of the event (a variable of the call) that starts it.",
        examples=["month", "order"],
    )


class Entry(Part):
    """How many may enter: exactly so many, however many processes there are."""

    per_day: int | None = Field(None, ge=1, description="On a day of the shop's zone.")
    total: int | None = Field(None, ge=1, description="As long as the flow is there.")


class Exit(Part):
    """What ends a run at once, wherever it stands: an event, or coming into or leaving an audience."""

    event: str | None = Field(None, min_length=1, description="The event's name, like Order Completed.")
    where: dict[str, Anything] = Field({}, description="What its properties must be.")
    audience: AudienceMove | None = Field(None, description="`{entered: NAME}` or `{left: NAME}`.")

    @model_validator(mode="after")
    def _one(self) -> "Exit":
        if (self.event is None) == (self.audience is None):
            raise wrong("an exit needs `event` or `audience`, and not both", "keep one of them")
        return self


class Moving(Part):
    """Which steps waiting runs move to."""

    move: dict[str, str] = Field(
        min_length=1, description="Old step to new step; `end` as the new step ends the run. Others stay."
    )


class FlowFile(Part):
    """One flow."""

    flow: Name = Field(description="The flow's name; the file is called the same.")
    title: str | None = Field(None, min_length=1, max_length=200, description="What it does, for colleagues.")
    language: Locale = Field("en", description="The language its texts are written in.")
    start: list[Starter] = Field([], description="What starts it; nothing for flows that are only called.")
    reentry: Annotated[
        Literal["always", "never"] | Duration | Reentry,
        Field(union_mode="left_to_right"),
    ] = Field(
        "always",
        description="Whether a contact may go through it again: always, never, after a time, as in 30d, or "
        "once for each of something: `{per: month}`, `{per: order}`.",
    )
    entry: Entry | None = Field(None, description="How many may enter: `{per_day, total}`.")
    goals: list[Goal] = Field(
        [], max_length=4, description="Conversion events; the first is the primary one."
    )
    exits: list[Exit] = Field(
        [],
        max_length=20,
        description="What ends it at once for a contact, wherever it waits; what it said and has not left "
        "yet never does.",
    )
    group: Name | None = Field(None, description="The subscription group of its messages.")
    message_class: Literal["service", "marketing"] = Field(
        "service",
        alias="class",
        description="What kind of messages it sends, where they do not answer the contact.",
    )
    links: Literal["short", "whole"] | None = Field(
        None,
        description="Whether links in its SMS are shortened, with clicks as events; unless given they are, "
        "except in messages that answer the contact.",
    )
    advance: Literal["sent", "now"] = Field(
        "sent",
        description="When it goes on after a message that answers nobody: when that was handed over to the "
        "provider, so that windows count from there, or at once.",
    )
    thanks: Source | Literal[False] | None = Field(
        None, description="Said when the flow ends on an answer without a word; false for silence."
    )
    on_publish: Literal["stay", "end"] | Moving = Field(
        "stay",
        description="What becomes of runs in the revision before: stay, end, or {move: {old: new}}.",
    )
    steps: Steps = Field(min_length=1, max_length=500, description="What happens, in order.")
    tests: list[TestLine] = Field(
        [], description="Conversations that must go as written; run by `regulars flows test`."
    )


__all__ = [
    "SCHEMA_VERSION",
    "STARTERS",
    "ApiStarter",
    "AudienceMove",
    "AudienceStarter",
    "Conversation",
    "CreditExpiringStarter",
    "EnterStarter",
    "Entry",
    "EventStarter",
    "Exchange",
    "FlowFile",
    "FollowStarter",
    "KeywordStarter",
    "LocationStarter",
    "MenuStarter",
    "MessageStarter",
    "Reentry",
    "ScanStarter",
    "ScheduleStarter",
    "StepId",
    "Survey",
    "SurveyStarter",
]
