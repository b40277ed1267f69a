"""What steps are made of: values as a flow gives them, and how a message is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.core.banners import Banner
from bot.core.contact import JsonValue
from bot.core.flow.template import Text
from bot.core.flow.translations import TranslatedText
from bot.core.flow.wechat_forms import CardText
from bot.core.messages import MessageClass


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a step's messages are sent; None leaves it to the turn."""

    channel: str | None
    group: str | None
    message_class: MessageClass
    media: tuple[Text, ...] = ()
    tag: str | None = None
    valid: timedelta | None = None
    card: CardText | str | None = None
    """The card to show on WeChat, or the name `wechat.yaml` gives it."""
    notice: str | None = None
    """The template of `wechat.yaml` that says it as a subscribe message."""
    taps: tuple[TranslatedText, ...] = ()
    """Keywords to tap on WeChat."""
    inbox: bool = False
    """Whether it is kept in the inbox on our pages where it may go nowhere else."""
    copy: str = ""
    """The name of its text, where it has one."""
    banner: Banner | None = None
    """How long it stands on top of our pages, where it does."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value is kept: with the member, or among the run's variables."""

    name: str
    of_member: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the flow gives it: a constant, or Liquid that makes it."""

    constant: JsonValue
    text: Text | None = None

    def of(self, context: Mapping[str, object], locale: str) -> JsonValue:
        """Return the value for a context."""
        return self.constant if self.text is None else self.text.value(context, locale)
