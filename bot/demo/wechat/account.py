"""The official accounts and mini programs of the loopback WeChat, as their console knows them."""

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["official", "mini"]
Mode = Literal["safe", "compatible", "plain"]
Format = Literal["xml", "json"]


def made_aes_key() -> str:
    """Make an EncodingAESKey: letters and digits only, as the console makes them."""
    while True:
        key = b64encode(secrets.token_bytes(32)).decode().removesuffix("=")
        if key.isalnum():
            return key


@dataclass(frozen=True, slots=True)
class Template:
    """A template of subscribe messages that an account has; `fields` are keys like `thing1`, with labels."""

    template_id: str
    title: str
    fields: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Account:
    """One account, and what its console has set; all of it may be changed while it runs.

    `aes_key` is the EncodingAESKey of 43 characters. `can_menu` says whether it may send menu messages (test
    accounts and subscription accounts may not), `addresses` which machines may ask its API (None: all).
    `pages` are those of the released mini program (None: any), `is_bound` says whether an open platform joins
    its people with those of other accounts.
    """

    name: str
    appid: str
    kind: Kind
    push_url: str
    secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))
    token: str = field(repr=False, default_factory=lambda: secrets.token_hex(12))
    aes_key: str = field(repr=False, default_factory=made_aes_key)
    mode: Mode = "safe"
    format: Format = "xml"
    original_id: str = ""
    title: str = ""
    templates: tuple[Template, ...] = ()
    can_menu: bool = True
    is_frozen: bool = False
    is_released: bool = True
    is_bound: bool = True
    pages: frozenset[str] | None = None
    addresses: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.kind == "official" and self.format == "json":
            raise ValueError("official accounts push XML only")
        self.original_id = self.original_id or f"gh_{hashlib.sha256(self.appid.encode()).hexdigest()[:12]}"
        self.title = self.title or self.name

    @property
    def is_official(self) -> bool:
        """Whether it is an official account: it can be followed, and has a menu."""
        return self.kind == "official"

    def template(self, template_id: str) -> Template | None:
        """Return a template by its id."""
        return next((one for one in self.templates if one.template_id == template_id), None)

    def openid(self, person: str) -> str:
        """Return the id under which this account, and no other, knows a person."""
        return _id_of(f"{self.appid}/{person}", "o")

    def settings(self) -> dict[str, str]:
        """Return it as the bot's own settings name it."""
        prefix = f"REGULARS_WECHAT_{self.name.upper()}_"
        return {
            f"{prefix}APPID": self.appid,
            f"{prefix}SECRET": self.secret,
            f"{prefix}KIND": self.kind,
            f"{prefix}MODE": self.mode,
            f"{prefix}FORMAT": self.format,
            f"{prefix}TOKEN": self.token,
            f"{prefix}AES_KEY": self.aes_key,
            f"{prefix}ORIGINAL_ID": self.original_id,
            **({f"{prefix}BOUND": "yes"} if self.is_official and self.is_bound else {}),
        }


def unionid(person: str) -> str:
    """Return the id under which all accounts of one shop know a person."""
    return _id_of(f"union/{person}", "oU")


def _id_of(what: str, prefix: str) -> str:
    return f"{prefix}{urlsafe_b64encode(hashlib.sha256(what.encode()).digest()).decode()[: 28 - len(prefix)]}"
