"""The menu of an official account: what the platform takes, and which button a tap means.

https://developers.weixin.qq.com/doc/service/guide/product/menu/Creating_Custom-Defined_Menu.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.demo.wechat.errors import PlatformError
from bot.demo.wechat.shapes import Fields

_TOP_MAX, _BELOW_MAX = 3, 5
_NAME_BYTES, _NAME_BELOW_BYTES, _KEY_BYTES, _URL_BYTES = 16, 60, 128, 1024
_BY_KEY = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}
_TYPES = _BY_KEY | {"view", "miniprogram"}


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `key` is its key, its URL or the page it opens."""

    name: str
    kind: str
    key: str
    appid: str = ""


def checked_menu(body: Fields) -> Fields:
    """Return a menu that the platform takes. Raises PlatformError."""
    buttons = body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _TOP_MAX:
        raise PlatformError(40016)
    for button in buttons:
        below = button.get("sub_button") if isinstance(button, dict) else None
        if not below:
            _check(button, _NAME_BYTES, is_below=False)
            continue
        _check_name(button, _NAME_BYTES, 40018)
        if not isinstance(below, list) or len(below) > _BELOW_MAX:
            raise PlatformError(40023)
        for one in below:
            _check(one, _NAME_BELOW_BYTES, is_below=True)
    return {"button": buttons}


def button_of(menu: Fields, wanted: str) -> Button | None:
    """Return the button with this name or key."""
    return next((one for one in buttons_of(menu) if wanted in (one.key, one.name)), None)


def buttons_of(menu: Fields) -> Iterator[Button]:
    """Yield every button that does something."""
    top = menu.get("button")
    for button in top if isinstance(top, list) else []:
        for one in button.get("sub_button") or [button]:
            key = one.get("pagepath") or one.get("url") or one.get("key") or ""
            yield Button(one["name"], one.get("type", ""), key, one.get("appid", ""))


def _check(button: object, name_bytes: int, *, is_below: bool) -> None:
    if not isinstance(button, dict):
        raise PlatformError(40016)
    _check_name(button, name_bytes, 40025 if is_below else 40018)
    kind = button.get("type")
    if kind not in _TYPES:
        raise PlatformError(40024 if is_below else 40017)
    if kind in _BY_KEY and not _is_text(button.get("key"), _KEY_BYTES):
        raise PlatformError(40019)
    if kind in ("view", "miniprogram") and not _is_text(button.get("url"), _URL_BYTES):
        raise PlatformError(40020)
    if kind == "miniprogram" and not (
        _is_text(button.get("appid"), _KEY_BYTES) and _is_text(button.get("pagepath"), _URL_BYTES)
    ):
        raise PlatformError(40035)


def _check_name(button: Fields, most: int, code: int) -> None:
    if not _is_text(button.get("name"), most):
        raise PlatformError(code)


def _is_text(value: object, bytes_max: int) -> bool:
    return isinstance(value, str) and 0 < len(value.encode()) <= bytes_max
