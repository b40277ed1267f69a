"""What `wechat.yaml` says, compiled: cards and subscribe messages to be written for a contact, menus."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.flow.reader import Mark
from bot.core.flow.template import Text
from bot.core.flow.translations import Message, TranslatedText
from bot.core.flow.wechat_parts import EVERY
from bot.core.forms import Card, Notice
from bot.core.notices import fitted


@dataclass(frozen=True, slots=True)
class CardText:
    """A card as it is written; `account` empty: whichever mini program there is."""

    title: TranslatedText
    page: Text
    account: str = ""
    image: str = ""

    def card(self, context: Mapping[str, object], locale: str) -> Card:
        """Write it for a contact. Raises TemplateFailed."""
        title = self.title.render(context, locale)
        return Card(title, self.page.render(context, locale), self.account, self.image)


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template of subscribe messages with the texts that fill its fields."""

    name: str
    template_id: str
    fields: tuple[tuple[str, TranslatedText], ...]
    mark: Mark
    page: Text | None = None
    account: str = ""
    title: TranslatedText | None = None
    ask: tuple[str, ...] = ()
    """The occasions at which the mini program asks for it."""

    def notice(self, context: Mapping[str, object], locale: str) -> Notice:
        """Fill it in for a contact; `bot.core.notices.misfits` says whether it can be sent so.

        Raises:
            TemplateFailed: a text cannot be written with these values.
        """
        return Notice(
            template=self.name,
            template_id=self.template_id,
            fields={key: fitted(key, text.render(context, locale)) for key, text in self.fields},
            page=self.page.render(context, locale) if self.page is not None else "",
            account=self.account,
        )


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's link into a mini program; `account` empty: the only one there is."""

    name: str
    page: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class MenuButton:
    """A button of an account's menu: `key` is what it says, `url` and `page` are what it opens."""

    name: str
    mark: Mark
    key: str = ""
    url: str = ""
    page: str = ""
    account: str = ""
    buttons: tuple["MenuButton", ...] = ()


@dataclass(frozen=True, slots=True)
class WechatForms:
    """What `wechat.yaml` says, compiled; `menus` by the account's name (`EVERY`: of all that have none)."""

    file: str = "flows/wechat.yaml"
    language: str = "en"
    speaks: str | None = None
    """The language that newcomers are spoken to in; None: the program's."""
    transfer: bool = False
    """Whether who wants a person is handed over to WeChat's own customer service."""
    menus: Mapping[str, tuple[MenuButton, ...]] = field(default_factory=dict)
    templates: Mapping[str, TemplateText] = field(default_factory=dict)
    cards: Mapping[str, CardText] = field(default_factory=dict)
    shares: Mapping[str, CardText] = field(default_factory=dict)
    """Cards that shoppers send to friends, by what there is to share."""
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    texts: tuple[TranslatedText, ...] = ()
    """Everything in it that is said in the contact's language."""
    messages: tuple[Message, ...] = ()
    """What is to be translated of it."""

    def menu(self, account: str) -> tuple[MenuButton, ...]:
        """Return the menu of an official account by its name; empty where it shall have none."""
        return self.menus.get(account, self.menus.get(EVERY, ()))

    def buttons(self) -> tuple[MenuButton, ...]:
        """Return every button that does something."""
        tops = [button for menu in self.menus.values() for button in menu]
        return tuple(button for top in tops for button in (top.buttons or (top,)))


NO_FORMS = WechatForms()
"""Of a shop without `wechat.yaml`."""
