"""The pieces of `wechat.yaml` as marketers write them: menus, templates of subscribe messages, cards."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.core.flow.fields import Locale, Name, Part, Source, Word, listed, wrong
from bot.core.notices import FieldType, field_type
from bot.core.platform_rules import SHARING

BUTTONS_MAX, BUTTONS_BELOW_MAX = 3, 5
"""How many buttons a menu has, and how many stand under one of them.
https://developers.weixin.qq.com/doc/subscription/api/custommenu/api_createcustommenu.html"""
NAME_BYTES, NAME_BELOW_BYTES = 16, 60
KEY_BYTES, URL_BYTES = 128, 1024
_PAGE_BYTES = 1024


def _size(text: str) -> int:
    return len(text.encode())


def _page(value: object) -> object:
    if not isinstance(value, str):
        return value
    if "://" in value or value.startswith("/"):
        raise wrong(f"'{value}' is no page of a mini program", "write it like pages/reorder/reorder?order=1")
    if _size(value) > _PAGE_BYTES:
        raise wrong(f"a page of {_size(value)} bytes is too long", f"{_PAGE_BYTES} are the most")
    return value


def _url(value: object) -> object:
    if isinstance(value, str) and not value.startswith(("https://", "http://")):
        raise wrong(f"'{value}' is no address of a web page", "begin it with https://")
    if isinstance(value, str) and _size(value) > URL_BYTES:
        raise wrong(f"an address of {_size(value)} bytes is too long", f"{URL_BYTES} are the most")
    return value


Page = Annotated[Source, BeforeValidator(_page), Field(examples=["pages/wallet/wallet"])]
Url = Annotated[str, BeforeValidator(_url), Field(examples=["https://shop.example/"])]


class CardPart(Part):
    """A page of a mini program, shown as a card: a picture with a title that opens it."""

    title: Source = Field(description="What stands on the card, as Liquid; translated like other texts.")
    page: Page = Field(description="The page it opens, like `pages/reorder/reorder?order={{ order.id }}`.")
    image: str | None = Field(
        None, min_length=1, max_length=500, description="Its picture: a file or an address (URL)."
    )
    account: Name | None = Field(
        None,
        description="The mini program, by the name of its account in the settings; the only one, or the one "
        "the contact is in, unless given.",
    )


class TemplatePart(Part):
    """A template of subscribe messages, as it was chosen in the mini program's console."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Its template ID, copied from the console.")
    account: Name | None = Field(
        None, description="The account it belongs to, by its name in the settings; the only one unless given."
    )
    page: Page | None = Field(None, description="The page that opens when it is tapped.")
    title: Source | None = Field(
        None,
        description="What the mini program calls it where it asks for it, translated; its name unless given.",
    )
    ask: Annotated[list[Name], BeforeValidator(listed, json_schema_input_type=Name | list[Name])] = Field(
        [],
        description="Where the mini program asks for it: `order` after one was paid, `ending` beside credit "
        "that ends, `drop` beside the next drop. At most five templates are asked for at once.",
    )
    fields: dict[str, Source] = Field(
        min_length=1,
        max_length=10,
        description="What stands in each field (`thing1`, `amount2` …), as Liquid. `thing`, `name` and "
        "`phrase` are translated.",
    )

    @field_validator("fields")
    @classmethod
    def _are_known(cls, fields: dict[str, str]) -> dict[str, str]:
        for key in fields:
            if field_type(key) is None:
                known = ", ".join(FieldType)
                raise wrong(
                    f"'{key}' is no field of a template", f"a type and a number, like thing1: {known}"
                )
        return fields


class SharePart(Part):
    """A card that shoppers may send to friends: its text is prefilled, and nothing is given for it."""

    title: Source = Field(description="What stands on the card, as Liquid; translated like other texts.")
    page: Page = Field(description="The page it opens; the code of who shares it is added.")
    image: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="Its picture: an address (URL); a cut of the page unless given.",
    )
    credit: object = Field(None, exclude=True, description="Refused: nothing is given for sharing.")
    reward: object = Field(None, exclude=True, description="Refused: nothing is given for sharing.")

    @field_validator("credit", "reward")
    @classmethod
    def _gives_nothing(cls, given: object) -> object:
        if given is not None:
            raise wrong(
                f"something is given for sharing: {SHARING}",
                "take it out; a friend's first paid order is rewarded by `referral:` of program.yaml",
            )
        return given


class CampaignPart(Part):
    """A link that opens a page of the mini program from text messages, the same for all who get it."""

    page: Page = Field("pages/wallet", description="The page it opens; no {{ }} in it.")
    account: Name | None = Field(
        None,
        description="The mini program, by its account's name in the settings; the only one unless given.",
    )

    @field_validator("page")
    @classmethod
    def _is_of_all(cls, page: str) -> str:
        if "{" in page or "?" in page:
            raise wrong("a campaign's link is the same for all", "write the page alone, like pages/wallet")
        return page


SHARES = ("setup", "milestone", "tier")
"""What there is to share: one is set up, has enough for a reward, has reached a tier."""


class ButtonBelow(Part):
    """A button of a menu that does something: exactly one of `keyword`, `url` and `page`."""

    name: str = Field(min_length=1, max_length=60, description="What stands on it.")
    keyword: Word | None = Field(
        None,
        description="What tapping it says: heard as if it was texted, unless a flow starts on it by `menu`.",
    )
    url: Url | None = Field(
        None, description="The web page it opens; beside `page`, what opens where mini programs cannot."
    )
    page: Page | None = Field(
        None, description="The page of the mini program it opens; needs `url` beside it."
    )
    account: Name | None = Field(None, description="With `page`: the mini program's account.")

    @model_validator(mode="after")
    def _does_one_thing(self) -> "ButtonBelow":
        does = [self.keyword is not None, self.page is not None, self.url is not None and self.page is None]
        if sum(does) + self._has_buttons() != 1:
            raise wrong(f"the button '{self.name}' does not do one thing", f"give it one of {self._deeds()}")
        if self.page is not None and self.url is None:
            raise wrong(
                f"the button '{self.name}' opens a mini program, and old versions of WeChat cannot",
                "add `url:` with the web page they open instead",
            )
        if self.page is None and self.account is not None:
            raise wrong("`account` is whose page a button opens", "remove it, or add `page:`")
        if self.page is not None and "{" in self.page:
            raise wrong("a menu is the same for everybody: no {{ }} in it", "write the page out")
        if self.keyword is not None and _size(self.keyword) > KEY_BYTES:
            raise wrong(f"'{self.keyword}' is too long for a button", f"{KEY_BYTES} bytes are the most")
        if _size(self.name) > self._name_bytes():
            chinese = self._name_bytes() // 3
            problem = f"the button's name '{self.name}' has {_size(self.name)} bytes"
            raise wrong(problem, f"{self._name_bytes()} are the most: {chinese} Chinese characters")
        return self

    def _has_buttons(self) -> bool:
        return False

    def _deeds(self) -> str:
        return "`keyword`, `url`, `page` (with `url`)"

    def _name_bytes(self) -> int:
        return NAME_BELOW_BYTES


class Button(ButtonBelow):
    """A button of a menu: it does something, or opens the `buttons` below it."""

    buttons: list[ButtonBelow] = Field(
        [], max_length=BUTTONS_BELOW_MAX, description=f"Up to {BUTTONS_BELOW_MAX} buttons that it opens."
    )

    def _has_buttons(self) -> bool:
        return bool(self.buttons)

    def _deeds(self) -> str:
        return f"{super()._deeds()}, `buttons`"

    def _name_bytes(self) -> int:
        return NAME_BYTES


Menu = Annotated[list[Button], Field(min_length=1, max_length=BUTTONS_MAX)]
EVERY = ""
"""The menu of every official account that has none of its own."""


def _menus(value: object) -> object:
    return {EVERY: value} if isinstance(value, list) else value


class WechatFile(Part):
    """The whole file."""

    language: Locale = Field("en", description="The language its texts are written in.")
    speaks: Locale | None = Field(
        None,
        description="The language that newcomers on WeChat are spoken to in until they say a keyword of "
        "another; the program's unless given.",
    )
    transfer: bool = Field(
        default=False,
        description="Whether people of the shop answer in WeChat's own customer service: then who asks for "
        "a person is handed over there. Without it they answer through the API or `regulars desk`.",
    )
    menu: Annotated[
        dict[str, Menu], BeforeValidator(_menus, json_schema_input_type=Menu | dict[Name, Menu])
    ] = Field(
        {},
        description=f"The official account's menu: up to {BUTTONS_MAX} buttons; or, with several accounts, "
        "menus by the account's name.",
    )
    templates: dict[Name, TemplatePart] = Field(
        {}, description="Templates of subscribe messages, by the name that `notice` calls them."
    )
    cards: dict[Name, CardPart] = Field({}, description="Cards, by the name that `card` calls them.")
    shares: dict[Literal["setup", "milestone", "tier"], SharePart] = Field(
        {},
        description="Cards that shoppers may send to friends: once they are set up, have enough for a reward "
        "(`milestone`), have reached a tier. Nothing is ever given for sharing.",
    )
    campaigns: dict[Name, CampaignPart] = Field(
        {},
        description="Links into the mini program for text messages, by the name behind `mini.` in texts: "
        "`{{ mini.spring }}`.",
    )
