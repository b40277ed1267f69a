"""What the loopback WeChat takes in the fields of a subscribe message, by the type in the field's name.

https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/
api_sendmessage, under 订阅消息参数值内容限制说明. Written apart from the bot's own rules, to prove them.
"""

import re
from collections.abc import Callable, Mapping

from bot.demo.wechat.account import Template
from bot.demo.wechat.errors import BAD_FIELD, PlatformError

_HAN = "[一-鿿㐀-䶿]"
_CLOCK = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_DAY = r"([0-9]{4}(年|-|/|\.))?[0-9]{1,2}(月|-|/|\.)([0-9]{1,2}日?)?|[0-9]{4}年[0-9]{1,2}月"


def _whole(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_TAKES: Mapping[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20,  # noqa: PLR2004  # the page's own number
    "number": _whole(r"[0-9.]{1,32}"),
    "letter": _whole(r"[A-Za-z]{1,32}"),
    "symbol": lambda value: len(value) <= 5 and not any(one.isalnum() for one in value),  # noqa: PLR2004  # same
    "character_string": _whole(r"[ -~]{1,32}"),
    "time": _whole(rf"(({_DAY}) ?)?{_CLOCK}( ?~ ?(({_DAY}) ?)?{_CLOCK})?"),
    "date": _whole(rf"({_DAY})( ?{_CLOCK})?( ?~ ?({_DAY})( ?{_CLOCK})?)?"),
    "amount": _whole(r"[^\w\s.,-]?[0-9]{1,10}(\.[0-9]+)?元?"),
    "phone_number": _whole(r"[-+0-9() *.]{1,17}"),
    "car_number": _whole(rf"{_HAN}?[A-Za-z0-9]{{1,7}}{_HAN}?"),
    "name": _whole(rf"[A-Za-z ·.]{{1,20}}|(?=.*{_HAN})[^0-9]{{1,10}}"),
    "phrase": _whole(rf"{_HAN}{{1,5}}"),
    "enum": bool,
}
_KEY = re.compile(r"([a-z_]+)[0-9]{1,3}")
_CONTROLS = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029]")


def checked(template: Template, data: object) -> dict[str, str]:
    """Return the fields of a message by their keys.

    Raises:
        PlatformError: 47003, which names the field, of the first that is missing, unknown or does not fit.
    """
    given = data if isinstance(data, dict) else {}
    for key in given:
        if key not in template.fields:
            raise PlatformError(BAD_FIELD, field=f"data.{key}")
    found = {}
    for key in template.fields:
        part = given.get(key)
        value = part.get("value") if isinstance(part, dict) else None
        if isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str) or not value.strip() or not _fits(key, value):
            raise PlatformError(BAD_FIELD, field=f"data.{key}.value")
        found[key] = value
    return found


def _fits(key: str, value: str) -> bool:
    kind = _KEY.fullmatch(key)
    takes = _TAKES.get(kind[1]) if kind else None
    return takes is not None and not _CONTROLS.search(value) and takes(value)
