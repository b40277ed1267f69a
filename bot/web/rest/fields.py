"""Types of fields that bodies and queries share: bounded, and said alike in `/openapi.json`."""

import math
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

MINOR_MAX = 10**10
"""A hundred million in most currencies: sums stay far from what a database's integer holds."""
_WHOLE_MAX = 2**53  # what every JSON reader keeps exactly
_DEPTH_MAX = 5
_TEXTS_MAX = 2000
PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""What fits a line: no control characters."""


class Body(BaseModel):
    """A JSON object: unknown fields are refused, nothing is converted from what it is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """What stands behind the ? of an address: texts, read as what they mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _sane(value: JsonValue, depth: int = 0) -> None:
    """Refuse what databases and JSON readers do not agree on, or what only wears us out."""
    if depth > _DEPTH_MAX:
        raise ValueError(f"is nested more than {_DEPTH_MAX} deep; keep it flat")
    match value:
        case int() if abs(value) > _WHOLE_MAX:
            raise ValueError("holds a number that JSON readers do not keep; send it as a text")
        case float() if not math.isfinite(value):
            raise ValueError("holds a number that is none; leave it out")
        case str() if "\x00" in value or len(value) > _TEXTS_MAX:
            raise ValueError(f"holds a text with NUL, or of more than {_TEXTS_MAX} characters; shorten it")
        case list():
            for inner in value:
                _sane(inner, depth + 1)
        case dict():
            for name, inner in value.items():
                _sane(name)
                _sane(inner, depth + 1)


def _sane_facts(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    _sane(dict(value))
    return value


def _in_reach(at: datetime) -> datetime:
    if not 2000 <= at.year < 2100:  # noqa: PLR2004  # centuries
        raise ValueError("is not of this century; write an instant like 2026-11-24T17:00:00Z")
    return at


def _whole(value: object) -> object:
    """Take 2.0 for 2, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""What a whole number is read by; behind its bounds, or the document would not say them."""
Minor = Annotated[int, Field(ge=0, le=MINOR_MAX, description="in minor units, like cents"), WHOLE]
PositiveMinor = Annotated[int, Field(ge=1, le=MINOR_MAX, description="in minor units, like cents"), WHOLE]
Quantity = Annotated[int, Field(ge=1, le=10_000), WHOLE]
Count = Annotated[int, Field(ge=0, le=10**9), WHOLE]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
LongText = Annotated[str, Field(min_length=1, max_length=1000, pattern=PLAIN)]
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=PLAIN)]
Sku = Annotated[
    str, Field(min_length=1, max_length=100, pattern=PLAIN, description="the shop's own id of a product")
]
Reference = Annotated[
    str, Field(min_length=1, max_length=100, pattern=PLAIN, description="the shop's own id of an order")
]
Name = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,40}$", description="its id, or the code that is shown")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="an id of ours")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_reach),
    Field(
        description="with its offset, like 2026-11-24T17:00:00Z",
        json_schema_extra={"pattern": "^20[0-9]{2}-"},
    ),
]
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164, like +12125550100")]
Member = Annotated[
    str,
    Field(
        pattern=r"^([0-9a-f]{32}|\+[1-9][0-9]{6,14}|(external|wechat|email|console):[!-~]{1,100})$",
        description="a member's id, phone number (E.164), `email:` or `external:` and your own id of them",
    ),
]
Facts = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=60)], JsonValue],
    Field(max_length=50, description="what else there is to say, at most five deep"),
    AfterValidator(_sane_facts),
]


Limit = Annotated[int, Field(ge=1, le=200, description="how many at most")]
Cursor = Annotated[
    str, Field(max_length=200, pattern=r"^[0-9A-Za-z_=-]*$", description="`next` of the page before")
]
