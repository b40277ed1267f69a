"""The settings of WeChat accounts, `REGULARS_WECHAT_<NAME>_APPID` and so on: any number of NAMEs."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from bot.channels.wechat.account import AccountKind, Format, Mode, WechatAccount
from bot.config.texts import Fault, newest_first

V = TypeVar("V")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

WECHAT_PREFIX: Final = "REGULARS_WECHAT_"
RESERVED: Final = frozenset({"pay"})  # WeChat Pay is told of at /wechat/pay/notify
FIELDS: Final = (
    *("APPID", "SECRET", "KIND", "MODE", "FORMAT", "TOKEN", "AES_KEY"),
    *("ORIGINAL_ID", "WHEEL", "BOUND"),
)

_NAMED = re.compile(rf"{WECHAT_PREFIX}([A-Z0-9]+(?:_[A-Z0-9]+)*)_({'|'.join(FIELDS)})")
_CONSOLE = "the account's console shows it, under development settings"


def is_account_setting(name: str) -> bool:
    """Whether a variable of this name says something of a WeChat account."""
    return _NAMED.fullmatch(name) is not None


def read_accounts(
    given: Mapping[str, str], tell: Callable[[str, str, str], None]
) -> tuple[WechatAccount, ...]:
    """Read every account that `given` names, by name; what is wrong is told: variable, fault, remedy."""
    by_name: dict[str, dict[str, str]] = {}
    for variable in sorted(given):
        text, found = given[variable].strip(), _NAMED.fullmatch(variable)
        if text and found is not None:
            by_name.setdefault(found[1], {})[found[2]] = text
    for variable in sorted(given):
        if given[variable] and _is_misspelt(variable, by_name):
            tell(variable, "is no setting", f"an account has {', '.join(FIELDS)}")
    accounts = tuple(_Account(name, texts, tell).read() for name, texts in sorted(by_name.items()))
    appids: dict[str, str] = {}
    for account in accounts:
        other = appids.setdefault(account.appid, account.name)
        if account.appid and other != account.name:
            where = f"{WECHAT_PREFIX}{account.name.upper()}_APPID"
            tell(where, f"is the appid of {other} too", "give each account a name once")
    return accounts


def _is_misspelt(variable: str, names: Iterable[str]) -> bool:
    """Whether it would say something of an account of ours that accounts do not have."""
    if _NAMED.fullmatch(variable) is not None:
        return False
    return any(variable.startswith(f"{WECHAT_PREFIX}{name}_") for name in names)


class _Account:
    """One account's texts on their way to values."""

    def __init__(self, name: str, texts: Mapping[str, str], tell: Callable[[str, str, str], None]) -> None:
        self._name = name
        self._texts = texts
        self._tell = tell

    def read(self) -> WechatAccount:
        name = self._name.lower()
        if name in RESERVED:
            self._complain("APPID", f"{name} is no name for an account", "call it otherwise, like SHOP")
        kind = self._of("KIND", _one_of(AccountKind), AccountKind.OFFICIAL)
        self._require("KIND", "say official or mini")
        mode = self._of("MODE", _one_of(Mode), Mode.SAFE)
        form = self._of("FORMAT", _one_of(Format), Format.XML)
        if kind is AccountKind.OFFICIAL and form is Format.JSON:
            self._complain("FORMAT", "official accounts push XML only", "leave it out")
        account = WechatAccount(
            name=name,
            appid=self._of("APPID", _appid, ""),
            secret=self._of("SECRET", _secret, ""),
            kind=kind,
            mode=mode,
            format=form,
            tokens=self._of("TOKEN", _tokens, ()),
            aes_keys=self._of("AES_KEY", _aes_keys, ()),
            original_id=self._of("ORIGINAL_ID", _original_id, None),
            plays_wheel=self._of("WHEEL", _yes_or_no, False),  # noqa: FBT003  # a default
            is_bound=self._of("BOUND", _yes_or_no, False),  # noqa: FBT003  # same
        )
        if account.plays_wheel and account.is_official:
            self._complain("WHEEL", "is for mini programs", "leave it out: an account's chat needs no review")
        if account.is_bound and not account.is_official:
            self._complain(
                "BOUND", "is for official accounts", "leave it out: the login of a mini program tells"
            )
        for needed in ("APPID", "SECRET", "TOKEN"):
            self._require(needed, _CONSOLE)
        if mode is not Mode.PLAIN:
            self._require("AES_KEY", f"{_CONSOLE} as EncodingAESKey")
        return account

    def _of(self, field: str, read: Callable[[str], V], default: D) -> V | D:
        text = self._texts.get(field)
        if text is None:
            return default
        try:
            return read(text)
        except Fault as fault:
            self._complain(field, fault.fault, fault.remedy)
            return default

    def _require(self, field: str, remedy: str) -> None:
        if field not in self._texts:
            self._complain(field, "missing", remedy)

    def _complain(self, field: str, fault: str, remedy: str) -> None:
        self._tell(f"{WECHAT_PREFIX}{self._name}_{field}", fault, remedy)


def _one_of(kind: type[E]) -> Callable[[str], E]:
    def read(text: str) -> E:
        try:
            return kind(text.lower())
        except ValueError as error:
            raise Fault(f"{text!r} is none of its values", f"use one of {', '.join(kind)}") from error

    return read


def _appid(text: str) -> str:
    # wx and 16 hexadecimal digits; a stand-in may have its own.
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise Fault("is no appid: wx and 16 hexadecimal digits", _CONSOLE)
    return text


def _secret(text: str) -> str:
    if not re.fullmatch(r"[!-~]{8,}", text):
        raise Fault("is no AppSecret: 32 hexadecimal digits", _CONSOLE)
    return text


def _tokens(text: str) -> tuple[str, ...]:
    # https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
    tokens = newest_first(text)
    if not all(re.fullmatch(r"[A-Za-z0-9]{3,32}", token) for token in tokens):
        raise Fault("is no token: 3 to 32 letters and digits", "make it up, and give it to the console too")
    return tokens


def _aes_keys(text: str) -> tuple[bytes, ...]:
    keys = newest_first(text)
    if not all(re.fullmatch(r"[A-Za-z0-9]{43}", key) for key in keys):
        raise Fault("is no EncodingAESKey: 43 letters and digits", _CONSOLE)
    return tuple(base64.b64decode(f"{key}=") for key in keys)


def _yes_or_no(text: str) -> bool:
    if text.lower() not in {"yes", "no"}:
        raise Fault(f"{text!r} is none of its values", "use yes or no")
    return text.lower() == "yes"


def _original_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise Fault("is no original id: gh_ and 12 characters", _CONSOLE)
    return text
