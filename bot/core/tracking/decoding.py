"""JSON as clients of all kinds write it: what one of them writes oddly must not cost a whole batch.

A client that gets 400 throws the batch away, so what can be understood is: half an emoji (JavaScript cuts
texts between surrogates) becomes the replacement character, NaN and Infinity (Python writes them) are null,
and NUL, which PostgreSQL keeps in no text, is left out. What is no JSON is refused.
"""

import json
import math

import orjson

from bot.core.contact import JsonValue

_DIGITS_MAX = 18  # of an integer that every database keeps


def decoded(body: bytes) -> JsonValue:
    """Read a body. Raises ValueError: it is no JSON."""
    try:
        return _read(body)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _read(body: bytes) -> JsonValue:
    try:
        value: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError:
        return clean(json.loads(body.decode("utf-8-sig"), parse_constant=_nothing, parse_int=_number))
    return clean(value) if b"\\u0000" in body else value


def _nothing(_: str) -> None:
    """What NaN and Infinity are read as."""


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS_MAX else float(digits)


def clean(value: JsonValue) -> JsonValue:
    """Return the same value, of what every database and every JSON reader takes."""
    match value:
        case str():
            return _text(value)
        case dict():
            return {_text(name): clean(inner) for name, inner in value.items()}
        case list():
            return [clean(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
    return value


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # half an emoji
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", "")
