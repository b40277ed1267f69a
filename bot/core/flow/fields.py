"""The kinds of value a flow file holds: durations, names, texts; each explains what is wrong with it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import JsonValue as Anything
from pydantic_core import PydanticCustomError

from bot.core.local_time import parse_duration

TEXT_MAX = 4000
RESERVED = frozenset({"end"})
"""Words that mean something where a step's id may stand."""


class Part(BaseModel):
    """A piece of a flow file: unknown keys are refused, values are taken as they are written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def wrong(problem: str, remedy: str) -> PydanticCustomError:
    """Make the error of a validator: what is wrong and what to do, both for a marketer's eyes."""
    # The two sentences travel as context: a template would trip over braces in the author's own words.
    return PydanticCustomError("flow", "{problem}", {"problem": problem, "remedy": remedy})


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, str):
        said = "nothing" if value is None else str(value)
        raise wrong(f"{said} is not a duration", "write a number and a unit, like 30s, 15m, 2h, 7d or 2w")
    try:
        found = parse_duration(value)
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise wrong(problem, remedy or "write a number and a unit, like 30s, 15m, 2h, 7d or 2w") from error
    if found <= timedelta():
        raise wrong(f"'{value}' is no time at all", "write a duration longer than zero")
    if found > timedelta(days=730):
        raise wrong(f"'{value}' is longer than two years", "write a shorter duration")
    return found


def matching(pattern: str, what: str, example: str) -> Callable[[object], object]:
    """Make the validator of texts of a pattern; another is not `what`, which looks like the example."""
    expression = re.compile(pattern)

    def check(value: object) -> object:
        if isinstance(value, str) and not expression.fullmatch(value):
            raise wrong(f"'{value}' is not {what}", f"write something like {example}")
        return value

    return check


def _step_id(value: object) -> object:
    if isinstance(value, str) and value in RESERVED:
        raise wrong(f"'{value}' means something of its own and cannot be a step's id", "choose another id")
    return value


def listed(value: object) -> object:
    """Take a single thing for a list of one."""
    return value if isinstance(value, list) else [value]


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration, json_schema_input_type=str),
    Field(examples=["30s", "15m", "2h", "7d"]),
]
Name = Annotated[
    str,
    BeforeValidator(
        matching(r"[a-z][a-z0-9_]{0,63}", "a name", "win_back: small letters, digits and _, a letter first"),
        json_schema_input_type=str,
    ),
]
StepId = Annotated[Name, BeforeValidator(_step_id, json_schema_input_type=str)]
StepRef = Annotated[
    str,
    BeforeValidator(
        matching(r"[a-z0-9][a-z0-9_.]{0,127}", "a step's id", "offer"), json_schema_input_type=str
    ),
]
Target = Annotated[
    str,
    BeforeValidator(
        matching(
            r"(?:member\.)?[a-z][a-z0-9_]{0,63}",
            "something that can be saved to",
            "member.first_name (kept with the member) or size (kept while the flow runs)",
        ),
        json_schema_input_type=str,
    ),
]
VariablePath = Annotated[
    str,
    BeforeValidator(
        matching(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*", "a variable", "catalogue.rewards"),
        json_schema_input_type=str,
    ),
]
Locale = Annotated[
    str,
    BeforeValidator(
        matching(r"[a-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_][A-Z]{2})?", "a language", "en, es or zh_Hans"),
        json_schema_input_type=str,
    ),
]
Source = Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
"""A text for the contact, as Liquid."""
Word = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[
    list[Word], BeforeValidator(listed, json_schema_input_type=Word | list[Word]), Field(min_length=1)
]
__all__ = [
    "RESERVED",
    "Anything",
    "Duration",
    "Locale",
    "Name",
    "Part",
    "Source",
    "StepId",
    "StepRef",
    "Target",
    "VariablePath",
    "Word",
    "Words",
    "listed",
    "wrong",
]
