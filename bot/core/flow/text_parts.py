"""What steps say, as marketers write it: texts with how they are sent, and letters."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from bot.core.flow.fields import Duration, Name, Part, Source, StepId, listed, wrong
from bot.core.flow.wechat_parts import CardPart

CardOrName = Annotated[
    Annotated[Name, Tag("step:named")] | Annotated[CardPart, Tag("step:written")],
    Discriminator(lambda value: "step:written" if isinstance(value, dict | CardPart) else "step:named"),
]


TAPS_MAX = 5


class Wording(Part):
    """A text with how it is sent; a plain text is short for `{text: …}`."""

    text: Source | None = Field(None, description="What is said, as Liquid.")
    copy_name: Name | None = Field(
        None, alias="copy", description="Instead of `text`: the name of a text in `flows/copy/`."
    )
    channel: Literal["sms", "wechat", "app", "console"] | None = Field(
        None,
        description="The channel to use; the contact's own unless given. `app` is the inbox on our pages.",
    )
    group: Name | None = Field(None, description="The subscription group the message belongs to.")
    message_class: Literal["service", "marketing"] | None = Field(
        None, alias="class", description="What kind of message it is, where it does not answer the contact."
    )
    tag: Name | None = Field(
        None, description="A word that frequency caps in `policy.yaml` can name, like sale."
    )
    valid: Duration | None = Field(
        None, description="How long it is worth sending: what could not leave within that time never does."
    )
    media: Annotated[list[Source], BeforeValidator(listed, json_schema_input_type=Source | list[Source])] = (
        Field([], max_length=10, description="Addresses (URLs) of pictures to send along.")
    )
    card: CardOrName | None = Field(
        None,
        description="On WeChat: a page of the mini program to show as a card, by its name in `wechat.yaml` "
        "or `{title, page, image, account}`. The text has to say enough without it.",
    )
    notice: Name | None = Field(
        None,
        description="On WeChat, where the contact has not written lately: the template of `wechat.yaml` that "
        "says this as a subscribe message, if it was allowed one.",
    )
    inbox: bool = Field(
        default=False,
        description="Whether the inbox on our pages keeps it, of who has one, where it may go nowhere else.",
    )
    banner: bool = Field(
        default=False,
        description="With `channel: app`: whether it stands on top of our pages, too, until it ends.",
    )
    until: Source | None = Field(
        None,
        description="With `banner`: how long it stands there, like `3d`, or until when on the contact's own "
        "clock, like `22:00`, `sun 22:00` or `2026-12-24 22:00`; a week unless given.",
    )
    taps: list[Source] = Field(
        [],
        max_length=TAPS_MAX,
        description="On WeChat, with `say`: keywords to tap below the text, heard as if they were texted. "
        "The text has to name them all the same.",
    )
    id: StepId | None = Field(None, description="The step's name; the same as `id` beside the step's kind.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Wording":
        if self.text is None and self.copy_name is None:
            raise wrong("nothing is said here", "add `text:`, or `copy:` with the name of a text")
        if self.text is not None and self.copy_name is not None:
            raise wrong("`text` and `copy` say two things", "keep one of them")
        return self

    @model_validator(mode="after")
    def _banner_on_our_pages(self) -> "Wording":
        if self.banner and self.channel != "app":
            raise wrong("only our own pages show banners", "add `channel: app`")
        if self.until is not None and not self.banner:
            raise wrong("`until` is for banners", "add `banner: true`, or say with `valid` how long to try")
        return self


def _wording(value: object) -> object:
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, (dict, Wording)):
        return value
    if value is None:
        raise wrong("nothing is said here", "write the text after the colon")
    if isinstance(value, list):
        raise wrong("a list stands where one text is expected", "write one text, in quotes")
    if isinstance(value, bool):
        raise wrong("true and false are no text", "put quotes around the word")
    if isinstance(value, float):  # 5.10 has become 5.1: the remedy must not change what is said
        raise wrong(
            "a number stands where a text is expected", 'put quotes around what you wrote, like "5.10"'
        )
    raise wrong(f"{value} is a number, not a text", f'put quotes around it: "{value}"')


Message = Annotated[Wording, BeforeValidator(_wording, json_schema_input_type=Source | Wording)]


class ButtonPart(Part):
    """Something to tap in a letter."""

    text: Source = Field(description="What it says.")
    url: Source = Field(description="Where it leads, like `https://…` or `{{ page.wallet }}`.")


class LetterPart(Part):
    """An email; its text is written as for SMS, the template says what it looks like."""

    subject: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="The subject, as Liquid."
    )
    text: Source | None = Field(
        None,
        description="What it says, as Liquid: for who reads no HTML, and where the template names `text`. "
        "Left out, it is what the template says.",
    )
    template: Name | None = Field(
        None, description="Its file in `flows/templates/`, without `.mjml`; the usual letter unless given."
    )
    preheader: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="The line that stands beside the subject in the list of letters."
    )
    button: ButtonPart | None = Field(None, description="A button below the text, `{text, url}`.")
    picture: Source | None = Field(None, description="The address (URL) of a picture above the text.")
    group: Name | None = Field(
        None, description="The subscription group it belongs to; consent by email counts, and no other."
    )
    message_class: Literal["service", "marketing"] | None = Field(
        None, alias="class", description="What kind of message it is."
    )
    tag: Name | None = Field(
        None, description="A word that frequency caps in `policy.yaml` can name, like sale."
    )
    valid: Duration | None = Field(
        None, description="How long it is worth sending: what could not leave within that time never does."
    )
    id: StepId | None = Field(None, description="The step's name; the same as `id` beside the step's kind.")

    @model_validator(mode="after")
    def _says_something(self) -> "LetterPart":
        if self.text is None and self.template is None:
            raise wrong("this letter says nothing", "write its `text`, or name a `template`")
        return self
