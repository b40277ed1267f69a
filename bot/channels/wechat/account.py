"""The shop's accounts on WeChat, as their console shows them and our settings name them."""

from dataclasses import dataclass, field
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account is: only an official one may answer in the response to a push."""

    OFFICIAL = "official"
    MINI = "mini"


class Mode(StrEnum):
    """How the platform sends its pushes, as the console calls it."""

    SAFE = "safe"  # encrypted
    COMPATIBLE = "compatible"  # in plain text and encrypted beside it
    PLAIN = "plain"  # in plain text: the signature says nothing of the body


class Format(StrEnum):
    """What pushes and answers are written in; official accounts know XML only.

    https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
    """

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatAccount:
    """One official account or mini program of the shop.

    `name` is ours and the `{account}` of `/wechat/{account}`. Of `tokens` and `aes_keys` (32 bytes each, the
    decoded EncodingAESKey) the newest comes first, two while rotating; without keys only plain pushes can be
    read. `original_id` is the account's own name in pushes (`gh_…`), None where nobody said it. `plays_wheel`
    says that WeChat's review lets this mini program show a prize wheel, against its rule 3.2.8.9. `is_bound`
    says that an open platform joins a service account with the shop's others: WeChat then tells of a follower
    who it is in all of them.
    """

    name: str
    appid: str
    secret: str = field(repr=False)
    kind: AccountKind
    mode: Mode = Mode.SAFE
    format: Format = Format.XML
    tokens: tuple[str, ...] = field(repr=False)
    aes_keys: tuple[bytes, ...] = field(default=(), repr=False)
    original_id: str | None = None
    plays_wheel: bool = False
    is_bound: bool = False

    @property
    def is_official(self) -> bool:
        """Whether it is an official account."""
        return self.kind is AccountKind.OFFICIAL
