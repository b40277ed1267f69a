"""The menu of an official account as the platform takes it, and how it stands beside the one that is shown.

https://developers.weixin.qq.com/doc/subscription/api/custommenu/api_createcustommenu.html
"""

from collections.abc import Mapping, Sequence

from bot.channels.wechat.transport import Json
from bot.core.errors import NeverRetry
from bot.core.flow.wechat_forms import MenuButton


def menu_of(buttons: Sequence[MenuButton], minis: Mapping[str, str]) -> Json:
    """Return the menu with these buttons; `minis` are appids of mini programs by our name of the account.

    Raises:
        NeverRetry: a button opens a page of a mini program that is not set up.
    """
    return {"button": [_button(button, minis) for button in buttons]}


def is_shown(menu: Json, shown: Json) -> bool:
    """Whether the account shows just that menu; `shown` as `WechatClient.menu` returns it."""
    return _plain(menu.get("button")) == _plain(_inner(shown).get("button"))


def lines_of(menu: Json) -> list[str]:
    """Return a menu for an operator, a line for each button."""
    return _lines(_inner(menu).get("button"), "")


def _button(button: MenuButton, minis: Mapping[str, str]) -> Json:
    if button.buttons:
        return {"name": button.name, "sub_button": [_button(below, minis) for below in button.buttons]}
    if button.page:
        appid = minis.get(button.account) if button.account else _only(minis)
        if appid is None:
            which = f"no mini program {button.account}" if button.account else "not just one mini program"
            raise NeverRetry(f"the button {button.name} opens a page, and {which} is set up")
        page = {"appid": appid, "pagepath": button.page, "url": button.url}
        return {"type": "miniprogram", "name": button.name, **page}
    if button.url:
        return {"type": "view", "name": button.name, "url": button.url}
    return {"type": "click", "name": button.name, "key": button.key}


def _only(minis: Mapping[str, str]) -> str | None:
    return next(iter(minis.values())) if len(minis) == 1 else None


def _inner(menu: Json) -> Json:
    inner = menu.get("menu", menu)
    return inner if isinstance(inner, dict) else {}


def _plain(buttons: object) -> object:
    """Return buttons without what the platform adds: empty lists below each, and empty texts."""
    if not isinstance(buttons, list):
        return []
    found = []
    for button in buttons:
        if isinstance(button, dict):
            below = _plain(button.get("sub_button"))
            found.append({k: v for k, v in button.items() if v and k != "sub_button"} | {"below": below})
    return found


def _lines(buttons: object, indent: str) -> list[str]:
    lines: list[str] = []
    for button in buttons if isinstance(buttons, list) else []:
        if not isinstance(button, dict):
            continue
        opens = button.get("pagepath") or button.get("url") or button.get("key") or ""
        lines.append(f"{indent}{button.get('name', '')}  {button.get('type', '')} {opens}".rstrip())
        lines += _lines(button.get("sub_button"), f"{indent}  ")
    return lines
