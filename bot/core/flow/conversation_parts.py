"""The conversations under `tests:` of a flow, as marketers write them."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from bot.core.flow.fields import Anything, Duration, Name, Part, Target, listed, wrong


class EventSent(Part):
    """An event in a test."""

    name: str = Field(min_length=1, description="The event's name.")
    properties: dict[str, Anything] = Field({}, description="Its properties.")


TestChannel = Literal["sms", "wechat", "app"]
ConsentChannel = Literal["sms", "wechat", "email"]
TestChannels = Annotated[
    list[TestChannel], BeforeValidator(listed, json_schema_input_type=TestChannel | list[TestChannel])
]
_MOVES = (
    *("say", "tap", "menu", "scan", "follow", "enter", "location", "allow", "survey", "advance", "event"),
    *("set", "arm", "agree"),
)


def _move(value: object) -> object:
    """Take `- follow` for the gesture, without a scene."""
    return {value: ""} if isinstance(value, str) and value in {"follow", "enter"} else value


def _nothing(value: object) -> object:
    return "" if value is None or value is True else value


Scene = Annotated[
    str | None,
    BeforeValidator(_nothing, json_schema_input_type=str | Literal[True] | None),
    Field(max_length=64),
]


class Exchange(Part):
    """One move of a test conversation, and what must come back."""

    say: str | None = Field(None, description="What the contact texts.")
    tap: str | None = Field(
        None,
        description="On WeChat and in the inbox of our pages: the option that is tapped in the last message, "
        "by number or label.",
    )
    menu: str | None = Field(None, description="On WeChat: the menu's button that is tapped, by its keyword.")
    scan: str | None = Field(None, description="On WeChat: the scene of the QR code that is scanned.")
    follow: Scene = Field(
        None, description="On WeChat: the contact follows the account; the QR code's scene, if one led there."
    )
    enter: Scene = Field(
        None, description="On WeChat: the contact opens the mini program's chat; from where, if that is told."
    )
    location: str | None = Field(
        None, pattern=r"^-?[0-9.]+,-?[0-9.]+$", description="On WeChat: where it is, as `31.23,121.47`."
    )
    survey: Name | None = Field(
        None, description="On `app`: the survey that is chosen on our pages, by its flow's name."
    )
    allow: Name | None = Field(
        None,
        description="On WeChat: the contact allows one subscribe message of this template, by its name in "
        "`wechat.yaml`.",
    )
    advance: Duration | None = Field(None, description="How far the clock moves on.")
    event: Annotated[
        EventSent | None,
        BeforeValidator(
            lambda value: {"name": value} if isinstance(value, str) else value,
            json_schema_input_type=str | EventSent | None,
        ),
    ] = Field(None, description="An event that happens: its name, or `{name, properties}`.")
    set: dict[Target, Anything] | None = Field(None, description="What is known of the member from here on.")
    arm: dict[Name, Name] | None = Field(
        None,
        min_length=1,
        description="The arms of experiments that the contact has met before: `{greeting: question}`.",
    )
    agree: (
        Annotated[
            list[ConsentChannel],
            BeforeValidator(listed, json_schema_input_type=ConsentChannel | list[ConsentChannel]),
        ]
        | None
    ) = Field(
        None,
        min_length=1,
        description="Where the contact agrees to what your groups send; nobody has before a test begins. "
        "With `email` it has a mailbox too, so that letters come.",
    )
    channel: TestChannels | None = Field(
        None,
        description="Before lines that stand alone: where they are held, `sms` unless given, or several.",
    )
    expect: Annotated[list[str], BeforeValidator(listed, json_schema_input_type=str | list[str])] | None = (
        Field(
            None,
            description="A piece of each message that must come, in order; [] for none; without it any may.",
        )
    )
    _bare = model_validator(mode="before")(_move)

    @model_validator(mode="after")
    def _one_move(self) -> "Exchange":
        moves = [move for move in _MOVES if getattr(self, move) is not None]
        if self.channel is not None and (moves or self.expect is not None):
            raise wrong("`channel` stands on a line of its own", "begin a new line with `- channel:`")
        if self.channel is None and len(moves) != 1:
            raise wrong(
                f"a test line needs exactly one of {', '.join(_MOVES)}", "split it into several lines"
            )
        return self


class Conversation(Part):
    """A test of its own, beginning with a new contact."""

    test: str = Field(min_length=1, description="What the test shows.")
    channel: TestChannels = Field(
        ["sms"],
        min_length=1,
        description="Where it is held: `sms`, `wechat` or `app`, the inbox on our pages of somebody who also "
        "has a phone; once on each that is named.",
    )
    conversation: list[Exchange] = Field(min_length=1, description="The moves, in order.")

    @model_validator(mode="after")
    def _on_one_channel(self) -> "Conversation":
        if any(line.channel is not None for line in self.conversation):
            raise wrong("a conversation has one channel", "write `channel:` beside `test:`")
        return self


def _test_tag(value: object) -> str:
    is_whole = isinstance(value, Conversation) or (isinstance(value, dict) and "test" in value)
    return "test:conversation" if is_whole else "test:exchange"


TestLine = Annotated[
    Annotated[Exchange, Tag("test:exchange")] | Annotated[Conversation, Tag("test:conversation")],
    Discriminator(_test_tag),
]
