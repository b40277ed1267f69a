"""What the fields of a subscribe message may hold: the type is the field's name without its number.

https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"([a-z_]+)[0-9]{1,3}")
_DAY = r"[0-9]{4}(?:年[0-9]{1,2}月[0-9]{1,2}日|-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2})"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
_INSTANT = rf"(?:{_DAY}(?: {_CLOCK})?|{_CLOCK})"
_DATE = rf"{_DAY}(?: {_CLOCK})?"
_SYMBOL = r"[^\w\s]"


@dataclass(frozen=True, slots=True)
class _Type:
    """What a field of this type may hold, and how to say it."""

    shape: re.Pattern[str]
    says: str


def _shaped(pattern: str, says: str) -> _Type:
    return _Type(re.compile(pattern), says)


TYPES: Mapping[str, _Type] = {
    "thing": _shaped(r".{1,20}", "at most 20 characters"),
    "number": _shaped(r"(?=.{1,32}$)-?[0-9]+(?:\.[0-9]+)?", "a number of at most 32 digits"),
    "letter": _shaped(r"[A-Za-z]{1,32}", "at most 32 letters"),
    "symbol": _shaped(rf"(?:{_SYMBOL}|_){{1,5}}", "at most 5 symbols"),
    "character_string": _shaped(r"[\x20-\x7e]{1,32}", "at most 32 digits, letters or symbols"),
    "time": _shaped(rf"{_INSTANT}(?:~{_INSTANT})?", "a time as 15:01 or 2019年10月1日 15:01, or two with ~"),
    "date": _shaped(
        rf"{_DATE}(?:~{_DATE})?", "a date as 2019年10月1日, with or without a time, or two with ~"
    ),
    "amount": _shaped(
        r"[^\w\s.+-]?[0-9]{1,10}(?:\.[0-9]+)?元?",
        "a sum: one currency sign and at most 10 digits, or 元 last",
    ),
    "phone_number": _shaped(r"[0-9+()\- #*]{1,17}", "at most 17 digits and symbols"),
    "car_number": _shaped(
        r"(?=.{1,8}$)[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9]*[A-Za-z0-9\u4e00-\u9fff]?",
        "a plate of at most 8 characters",
    ),
    "name": _shaped(
        r"[\u4e00-\u9fff·]{1,10}|(?=.*[A-Za-z])[^\u4e00-\u9fff0-9]{1,20}",
        "at most 10 Chinese characters or 20 letters",
    ),
    "phrase": _shaped(r"[\u4e00-\u9fff]{1,5}", "at most 5 Chinese characters"),
    "enum": _shaped(r".{1,20}", "one of the values that the template was given"),
}
"""By type; what `enum` may hold only the template knows."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def type_of(name: str) -> str | None:
    """Return the type of a field by its name (`thing01` → `thing`); None where there is no such type."""
    found = _NAME.fullmatch(name)
    return found[1] if found is not None and found[1] in TYPES else None


def misfit(name: str, value: str) -> str | None:
    """Say why a field cannot hold a value; None where it can."""
    type_name = type_of(name)
    if type_name is None:
        return f"{name}: no field type is called so"
    if not value.strip():
        return f"{name}: it is empty"
    if _CONTROL.search(value):
        return f"{name}: no line breaks or control characters"
    field = TYPES[type_name]
    return None if field.shape.fullmatch(value) else f"{name}: {field.says}"


def misfits(fields: Mapping[str, str]) -> list[str]:
    """Say of each field that cannot hold its value why, in their order."""
    return [why for name, value in fields.items() if (why := misfit(name, value)) is not None]
