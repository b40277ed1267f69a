"""The steps of a flow as marketers write them: one model for each kind."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from bot.core.flow.fields import (
    Anything,
    Duration,
    Name,
    Part,
    Source,
    StepRef,
    Target,
    VariablePath,
    Word,
    Words,
    listed,
    wrong,
)
from bot.core.flow.plain_steps import TAG, Call, End, Goto, Set, StepBase, Wait, WaitUntil
from bot.core.flow.shares import ARMS_MAX, Shares, shares_complaint
from bot.core.flow.text_parts import LetterPart, Message
from bot.core.flow.wait_parts import ThingWanted


def _steps(value: object) -> object:
    return listed(value) if isinstance(value, (str, dict)) else value


class Sending(StepBase):
    """What every step has that says something and goes on."""

    advance: Literal["sent", "now"] | None = Field(
        None,
        description="When the flow goes on after a message that answers nobody: when that was handed over "
        "to the provider (sent), or at once (now); as the flow says unless given.",
    )
    held: "WaitOrSteps" = Field(
        "wait",
        description="Where quiet hours, a cap or the like hold it: wait (until it has left), or steps taken "
        "at once; it leaves when it may, all the same.",
    )
    refused: "Steps | None" = Field(
        None, description="Steps taken when it may not leave; without them the flow goes on."
    )
    failed: "Steps | None" = Field(
        None, description="Steps taken when the provider did not take it; without them the flow goes on."
    )


class Say(Sending):
    """Send a message."""

    say: Message = Field(
        description="The text, or `{text, channel, group, class, tag, valid, media, card, notice, taps}`."
    )


class Email(Sending):
    """Send an email."""

    email: LetterPart = Field(
        description="`{subject, text, template, preheader, button, picture, group, class, tag, valid}`."
    )


class Question(StepBase):
    """What `ask` and `choose` have in common."""

    save: Target | None = Field(
        None,
        description="Where the answer is kept: `member.…` with the member, otherwise while the flow runs.",
    )
    within: Duration | None = Field(
        None,
        description="How long an answer is waited for, from when the question is put; then the flow goes on"
        " (see `on_silence`), at once where it was refused and nobody was asked.",
    )
    otherwise: "Steps | None" = Field(
        None,
        alias="else",
        description="Steps taken when no usable answer came (in time, or after the retries).",
    )
    on_silence: "Steps | None" = Field(
        None, description="Steps taken when nothing came in time, instead of `else`."
    )
    retries: int = Field(
        2, ge=0, le=10, description="How often the question is asked again after an unusable answer."
    )
    retry: Source | None = Field(
        None, description="What is said before asking again; without it a standard sentence and the question."
    )
    feedback: bool | None = Field(
        None,
        description="Whether answers are kept for `regulars feedback`: those of surveys, `rate`, `nps` and "
        "`poll` are, unless this is false.",
    )
    only_answers: bool = Field(
        default=False, description="Whether keywords of other flows are taken for answers while this is open."
    )

    @model_validator(mode="after")
    def _silence_needs_time(self) -> "Question":
        if self.on_silence is not None and self.within is None:
            raise wrong("`on_silence` is never reached without `within`", "add `within:`, for example 1d")
        return self


Choices = Annotated[list[Word], Field(min_length=1)]


class Ask(Question):
    """Ask a question and wait for the answer."""

    ask: Message = Field(description="The question: a text, or what a text and how it is sent are made of.")
    expect: Literal["text", "name", "number", "date", "birthday", "yes_no", "email", "any"] | Choices = Field(
        "any",
        description="What counts as an answer: text, name (a first name, no sentence), number, date, "
        "birthday (the year may be left out), yes_no, email, any (a picture will do), "
        "or a list of words one of which must be meant.",
    )
    skip: bool | list[Word] = Field(
        default=True,
        description="Whether SKIP (in the contact's language) leaves the question out, or the words that do.",
    )
    quotes: StepRef | None = Field(
        None,
        description="With `expect: yes_no`: the question whose answer may be quoted after a YES, once "
        "somebody has approved it (`regulars quotes review`).",
    )

    @model_validator(mode="after")
    def _quotes_with_a_yes(self) -> "Ask":
        if self.quotes is not None and self.expect != "yes_no":
            raise wrong("only who answers YES may be quoted", "add `expect: yes_no`")
        return self


class Option(Part):
    """One thing to choose; a plain text is short for `{label: …}`."""

    label: Source = Field(description="What the contact reads.")
    words: Words | None = Field(None, description="Further words that mean this option.")
    value: Anything = Field(None, description="What is saved; without it the label as written.")
    then: "Steps" = Field([], description="Steps taken when it is chosen.")


def _option(value: object) -> object:
    return {"label": value} if isinstance(value, str) else value


Options = list[Annotated[Option, BeforeValidator(_option, json_schema_input_type=Source | Option)]]


class Choose(Question):
    """Let the contact choose by number, by word or by something close to the word."""

    choose: Message = Field(
        description="The question: a text, or what a text and how it is sent are made of."
    )
    options: Options | None = Field(None, min_length=1, max_length=20, description="What can be chosen.")
    source: VariablePath | None = Field(
        None, alias="from", description="A variable that holds the list to choose from, instead of `options`."
    )
    label: Source | None = Field(
        None, description="With `from`: how each is shown; `option` is the thing in the list."
    )
    then: "Steps" = Field([], description="With `from`: steps taken when one is chosen.")
    numbered: bool = Field(
        default=True, description="Whether the options are listed with numbers under the text."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Choose":
        if (self.options is None) == (self.source is None):
            raise wrong(
                "a choice needs `options`, or `from` with a variable, and not both", "keep one of them"
            )
        if self.source is None and (self.label is not None or self.then):
            raise wrong("`label` and `then` beside `choose` go with `from`", "put them into each option")
        return self


Hint = Source | Literal[False] | None
_HINT = "What stands below it where nothing can be tapped; false: nothing. Without it a standard sentence."


class Rate(Question):
    """Ask for a rating: stars to tap, or typed as "4", "four stars", ★★★★."""

    rate: Message = Field(description="The question: a text, or what a text and how it is sent are made of.")
    stars: int = Field(5, ge=3, le=10, description="How many stars there are.")
    hint: Hint = Field(None, description=_HINT)


class Nps(Question):
    """Ask how likely they are to recommend the shop, from 0 to 10 (the net promoter score)."""

    nps: Message = Field(description="The question: a text, or what a text and how it is sent are made of.")
    hint: Hint = Field(None, description=_HINT)


class Poll(Question):
    """Ask what people prefer: one of the options, counted in `regulars feedback`."""

    poll: Message = Field(description="The question: a text, or what a text and how it is sent are made of.")
    options: Options = Field(min_length=2, max_length=20, description="What can be chosen.")
    numbered: bool = Field(
        default=True, description="Whether the options are listed with numbers under the text."
    )


class Do(StepBase):
    """Call a handler: what a flow cannot express, written in Python."""

    do: Name = Field(description="The handler's name.")
    arguments: dict[Name, Anything] = Field(
        {},
        alias="with",
        description="What the handler is told; texts may hold Liquid, a lone `{{ x }}` passes x itself.",
    )
    save_as: Name | None = Field(
        None, alias="as", description="The variable that keeps what the handler gives back."
    )
    otherwise: "Steps | None" = Field(
        None, alias="else", description="Steps taken when it cannot be done; `problem.code` says why."
    )


class Offer(StepBase):
    """Give the member an offer of the program, with a code of their own."""

    offer: Name = Field(description="The offer's name in `program.yaml`, like welcome_back.")
    save_as: Name | None = Field(
        None,
        alias="as",
        description="The variable that keeps what was given: `code`, `title`, `ends_at`, `ends_on` and more.",
    )
    otherwise: "Steps | None" = Field(
        None, alias="else", description="Steps taken when it cannot be given; `problem.code` says why."
    )


class If(StepBase):
    """Go one way or the other."""

    condition: Source = Field(
        alias="if", description="A condition as in Liquid, like `balance.available > 0`."
    )
    then: "Steps" = Field(description="Steps taken when it holds.")
    otherwise: "Steps" = Field([], alias="else", description="Steps taken when it does not.")


class Split(StepBase):
    """Let an experiment say the way."""

    split: Name = Field(
        description="The experiment: one of experiments.yaml, or, with `shares`, one of this flow alone."
    )
    shares: Shares | None = Field(
        None,
        description="The arms with their shares, where it is not in experiments.yaml, the one that everybody "
        "has now first: `{usual: 50%, question: 50%}`. What counts are the flow's `goals`.",
    )
    arms: "dict[Name, Steps]" = Field(
        min_length=1, max_length=ARMS_MAX, description="The steps of each arm; one left out goes straight on."
    )
    decided: Name | None = Field(
        None, description="With `shares`: the arm that everybody goes now; `experiments decide` writes it."
    )

    @model_validator(mode="after")
    def _arms_of_its_own(self) -> "Split":
        if self.shares is None:
            if self.decided is not None:
                raise wrong("`decided` goes with `shares`", "write it in experiments.yaml")
            return self
        named = [*self.arms, *([] if self.decided is None else [self.decided])]
        for arm in named:
            if arm not in self.shares:
                raise wrong(f"`shares` has no arm `{arm}`", f"name one of {', '.join(self.shares)}")
        found = shares_complaint(self.shares)
        if found is not None:
            raise wrong(*found)
        return self


WAYS_MAX = 8


class OneWanted(ThingWanted):
    """One of several things that are waited for at once."""

    then: "Steps" = Field([], description="Steps taken when it comes.")

    @model_validator(mode="after")
    def _one_thing(self) -> "OneWanted":
        if len(self.things) != 1:
            raise wrong("this needs one of `event`, `inbound`, `click` and `answer`", "keep one of them")
        return self


class Wanted(ThingWanted):
    """What `wait_for` waits for, and for how long."""

    several: list[OneWanted] | None = Field(
        None,
        alias="any",
        min_length=1,
        max_length=WAYS_MAX,
        description="Several things at once, each with `then`.",
    )
    take: Literal["first", "best"] = Field(
        "first",
        description="With `any`: go on with what comes first, or wait to the end and go on with what stands "
        "highest in the list.",
    )
    within: Duration | None = Field(None, description="How long it is waited for.")
    otherwise: "Steps | None" = Field(
        None, alias="else", description="Steps taken when it did not come in time."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "Wanted":
        if len(self.things) + (self.several is not None) != 1:
            raise wrong(
                "`wait_for` needs one of `event`, `inbound`, `click`, `answer` and `any`", "keep one of them"
            )
        if self.take == "best" and (self.several is None or self.within is None):
            raise wrong("`take: best` waits to the end of something", "add `any:` and `within:`")
        if self.otherwise is not None and self.within is None:
            raise wrong("`else` is never reached without `within`", "add `within:`, for example 7d")
        return self


class WaitFor(StepBase):
    """Wait for an event or a message."""

    wait_for: Wanted = Field(description="What is waited for.")


class AudiencePath(Part):
    """One way, for those in an audience; the last may be for everybody `else`."""

    audience: Name | None = Field(None, description="The audience of `audiences.yaml`.")
    then: "Steps" = Field([], description="The steps of this way.")
    otherwise: "Steps | None" = Field(None, alias="else", description="The steps of everybody else.")

    @model_validator(mode="after")
    def _one(self) -> "AudiencePath":
        if (self.audience is None) == (self.otherwise is None):
            raise wrong("a path needs `audience` or `else`, and not both", "keep one of them")
        return self


class Paths(StepBase):
    """Go the way of the first audience in the list that the contact is in now."""

    paths: list[AudiencePath] = Field(
        min_length=1,
        max_length=WAYS_MAX + 1,
        description="`{audience, then}` up to eight times, `{else}` last.",
    )

    @model_validator(mode="after")
    def _else_last(self) -> "Paths":
        if any(path.otherwise is not None for path in self.paths[:-1]):
            raise wrong("paths after `else` are never reached", "put it last")
        if self.paths[-1].otherwise is None and len(self.paths) > WAYS_MAX:
            raise wrong(f"more than {WAYS_MAX} paths", "make two steps of it")
        return self


KINDS: dict[str, type[StepBase]] = {
    "say": Say,
    "email": Email,
    "ask": Ask,
    "choose": Choose,
    "rate": Rate,
    "nps": Nps,
    "poll": Poll,
    "do": Do,
    "offer": Offer,
    "if": If,
    "split": Split,
    "paths": Paths,
    "set": Set,
    "wait": Wait,
    "wait_until": WaitUntil,
    "wait_for": WaitFor,
    "call": Call,
    "goto": Goto,
    "end": End,
}


def kind_of(value: object) -> str | None:
    """Return pydantic's tag of a step: its kind is found by its key before anything else is looked at."""
    if isinstance(value, StepBase):
        return next(TAG + kind for kind, model in KINDS.items() if type(value) is model)
    if isinstance(value, str):
        return TAG + value if value == "end" else None
    if isinstance(value, dict):
        kinds = [key for key in value if key in KINDS]
        return TAG + kinds[0] if len(kinds) == 1 else None
    return None


Step = Annotated[
    Annotated[Say, Tag("step:say")]
    | Annotated[Email, Tag("step:email")]
    | Annotated[Ask, Tag("step:ask")]
    | Annotated[Choose, Tag("step:choose")]
    | Annotated[Rate, Tag("step:rate")]
    | Annotated[Nps, Tag("step:nps")]
    | Annotated[Poll, Tag("step:poll")]
    | Annotated[Do, Tag("step:do")]
    | Annotated[Offer, Tag("step:offer")]
    | Annotated[If, Tag("step:if")]
    | Annotated[Split, Tag("step:split")]
    | Annotated[Paths, Tag("step:paths")]
    | Annotated[Set, Tag("step:set")]
    | Annotated[Wait, Tag("step:wait")]
    | Annotated[WaitUntil, Tag("step:wait_until")]
    | Annotated[WaitFor, Tag("step:wait_for")]
    | Annotated[Call, Tag("step:call")]
    | Annotated[Goto, Tag("step:goto")]
    | Annotated[End, Tag("step:end")],
    Discriminator(kind_of),
]
Steps = Annotated[
    list[Step], BeforeValidator(_steps, json_schema_input_type=list[Step] | Step | Literal["end"])
]
WaitOrSteps = Annotated[
    Annotated[Literal["wait"], Tag("step:hold")] | Annotated[Steps, Tag("step:steps")],
    Discriminator(lambda value: "step:hold" if value == "wait" else "step:steps"),
]

for _model in (
    Sending,
    Say,
    Email,
    Question,
    Ask,
    Option,
    Choose,
    Rate,
    Nps,
    Poll,
    Do,
    Offer,
    If,
    Wanted,
    WaitFor,
):
    _model.model_rebuild()


Split.model_rebuild()


for _part in (OneWanted, AudiencePath, Paths):
    _part.model_rebuild()


def silence(step: Question) -> "tuple[timedelta | None, list[Step] | None, str]":
    """Return how long a question waits, the steps taken on silence, and the key they stand under."""
    if step.on_silence is not None:
        return step.within, step.on_silence, "on_silence"
    return step.within, step.otherwise, "else"
