"""What the fields of a subscribe message may hold: one that does not fit costs the whole message.

A field is called by its type and a number, as in `thing2`. The rules (订阅消息参数值内容限制说明) are below
https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum


class FieldType(StrEnum):
    """What a field is for, as the platform calls it."""

    THING = "thing"
    NUMBER = "number"
    LETTER = "letter"
    SYMBOL = "symbol"
    CHARACTER_STRING = "character_string"
    TIME = "time"
    DATE = "date"
    AMOUNT = "amount"
    PHONE_NUMBER = "phone_number"
    CAR_NUMBER = "car_number"
    NAME = "name"
    PHRASE = "phrase"
    ENUM = "enum"

    @property
    def rule(self) -> str:
        """What it takes, in a sentence for whoever writes it."""
        return _RULES[self][0]

    @property
    def is_cut(self) -> bool:
        """Whether what is too long is cut: only where what is left still is true."""
        return self is FieldType.THING

    @property
    def is_words(self) -> bool:
        """Whether it holds words, which are translated."""
        return self in {FieldType.THING, FieldType.NAME, FieldType.PHRASE}


THING_MAX = 20
_KEY = re.compile(r"([a-z_]+?)([0-9]{1,3})")
_DAY = (
    r"(?:\d{4}年\d{1,2}月(?:\d{1,2}日)?|\d{1,2}月\d{1,2}日"
    r"|\d{4}([-/.])\d{1,2}(?:\1\d{1,2})?|\d{1,2}[-/.]\d{1,2})"
)
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_DATE = re.compile(rf"{_DAY}(?: ?{_CLOCK})?")
_TIME = re.compile(rf"(?:{_DAY} ?)?{_CLOCK}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_AMOUNT = re.compile(r"(\D?)(\d{1,10}(?:\.\d+)?)(元?)")
_NUMBER_MAX, _TEXT_MAX, _SYMBOLS_MAX = 32, 32, 5
_PHONE = re.compile(r"[0-9+\-() *.]{1,17}")
_CHINESE = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_CAR = re.compile(rf"{_CHINESE}?[A-Za-z0-9]{{1,7}}{_CHINESE}?")
_CAR_MAX = 8
_PHRASE = re.compile(rf"{_CHINESE}{{1,5}}")
_HAS_CHINESE = re.compile(_CHINESE)
_NAME_CHINESE_MAX, _NAME_MAX = 10, 20
_MONEY = re.compile(r"(?P<before>\D*)(?P<digits>\d[\d., '\u00a0\u202f]*)(?P<after>\D*)")


def field_type(key: str) -> FieldType | None:
    """Return the type of a field by its key, None where there is no such type or it has no number."""
    found = _KEY.fullmatch(key)
    return FieldType(found[1]) if found is not None and found[1] in set(FieldType) else None


def fitted(key: str, value: str) -> str:
    """Return a value as it is sent: on one line, a `thing` cut with an ellipsis, an amount with one sign.

    Nothing else is changed: half a number or half a date would say something else.
    """
    kind = field_type(key)
    plain = " ".join("".join(" " if _is_control(one) else one for one in value).split())
    if kind is FieldType.AMOUNT:
        return _amount(plain)
    if kind is FieldType.THING and len(plain) > THING_MAX:
        return f"{plain[: THING_MAX - 1].rstrip()}…"
    return plain


def misfit(key: str, value: str) -> str | None:
    """Say why the platform would refuse a value in a field, None where it would not."""
    kind = field_type(key)
    if kind is None:
        return f"{key}: there is no such type of field"
    rule, fits = _RULES[kind]
    if not value:
        return f"{key} is empty; it takes {rule}"
    if any(_is_control(one) for one in value) or not fits(value):
        return f"{key}: '{value[:40]}' does not fit; it takes {rule}"
    return None


def misfits(fields: Mapping[str, str]) -> str | None:
    """Say why the platform would refuse a subscribe message with these fields, None where it would not."""
    if not fields:
        return "it has no fields"
    return next((why for key, value in fields.items() if (why := misfit(key, value)) is not None), None)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"}


def _amount(value: str) -> str:
    """Write money as the platform takes it: `US$1,234.00` is $1234.00, `5,00 €` is €5.00."""
    found = _MONEY.fullmatch(value)
    if found is None:
        return value
    signs = [one for one in found["before"] + found["after"] if unicodedata.category(one) == "Sc"]
    letters = {one for one in found["before"] + found["after"] if not one.isspace()} - {*signs}
    is_yuan = "元" in letters
    if len(signs) > 1 or (letters and not signs and letters != {"元"}) or "-" in letters:
        return value  # of another currency than a sign could say, or less than nothing
    digits = re.sub(r"[ '\u00a0\u202f]", "", found["digits"]).rstrip(".,")
    mark = max(digits.rfind("."), digits.rfind(","))
    has_decimals = mark >= 0 and len(digits) - mark - 1 != 3  # noqa: PLR2004  a group of thousands has three
    whole, decimals = (digits[:mark], digits[mark + 1 :]) if has_decimals else (digits, "")
    whole = re.sub(r"[.,]", "", whole)
    return f"{''.join(signs)}{whole}{'.' if decimals else ''}{decimals}{'元' if is_yuan else ''}"


def _is_range(one: re.Pattern[str]) -> Callable[[str], bool]:
    def fits(value: str) -> bool:
        ends = [end.strip() for end in value.split("~")]
        return len(ends) <= 2 and all(one.fullmatch(end) for end in ends)  # noqa: PLR2004  from and to

    return fits


def _is_amount(value: str) -> bool:
    found = _AMOUNT.fullmatch(value)
    return found is not None and (not found[1] or unicodedata.category(found[1]) == "Sc")


def _is_symbols(value: str) -> bool:
    return len(value) <= _SYMBOLS_MAX and not any(unicodedata.category(one)[0] in "LN" for one in value)


def _is_name(value: str) -> bool:
    if any(one.isdigit() for one in value):
        return False
    return len(value) <= (_NAME_CHINESE_MAX if _HAS_CHINESE.search(value) else _NAME_MAX)


_RULES: Mapping[FieldType, tuple[str, Callable[[str], bool]]] = {
    FieldType.THING: (f"up to {THING_MAX} characters", lambda value: len(value) <= THING_MAX),
    FieldType.NUMBER: (
        f"up to {_NUMBER_MAX} digits",
        lambda value: len(value) <= _NUMBER_MAX and _NUMBER.fullmatch(value) is not None,
    ),
    FieldType.LETTER: (
        f"up to {_TEXT_MAX} letters, A to Z",
        lambda value: len(value) <= _TEXT_MAX and value.isascii() and value.isalpha(),
    ),
    FieldType.SYMBOL: (f"up to {_SYMBOLS_MAX} symbols", _is_symbols),
    FieldType.CHARACTER_STRING: (
        f"up to {_TEXT_MAX} digits, letters A to Z and symbols",
        lambda value: len(value) <= _TEXT_MAX and value.isascii(),
    ),
    FieldType.TIME: ("a time like 15:01 or 2019年10月1日 15:01, or two with ~ between", _is_range(_TIME)),
    FieldType.DATE: (
        "a date like 2019-10-01 or 2019年10月1日, a time behind it if wanted, or two with ~ between",
        _is_range(_DATE),
    ),
    FieldType.AMOUNT: ("one currency sign and up to 10 digits, 元 behind them if wanted", _is_amount),
    FieldType.PHONE_NUMBER: (
        "up to 17 digits and symbols, like +86-0766-66888866",
        lambda value: _PHONE.fullmatch(value) is not None,
    ),
    FieldType.CAR_NUMBER: (
        "up to 8 digits and letters, the first and the last may be Chinese",
        lambda value: len(value) <= _CAR_MAX and _CAR.fullmatch(value) is not None,
    ),
    FieldType.NAME: (
        f"up to {_NAME_CHINESE_MAX} characters with Chinese among them, or {_NAME_MAX} letters; no digits",
        _is_name,
    ),
    FieldType.PHRASE: ("up to 5 Chinese characters", lambda value: _PHRASE.fullmatch(value) is not None),
    FieldType.ENUM: ("one of the values that the platform lists for it", bool),
}
