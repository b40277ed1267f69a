"""Surveys: flows that are shown on our pages for who likes to answer."""

from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.flow.translations import TranslatedText

COMPLETED = "Survey Completed"
"""The event of who answered to the end: `survey` is its flow, beside it every answer by where it is kept."""
SURVEY = "survey"
ANSWERS = "answers"
"""The variable of a run that keeps what was answered so far, by where it is kept."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey as the pages show it; one that `is_once` nobody answers twice."""

    name: str
    title: TranslatedText
    members_only: bool
    is_once: bool


def answered(before: JsonValue, name: str, value: JsonValue) -> dict[str, JsonValue]:
    """Return what was answered by now."""
    return {**(before if isinstance(before, dict) else {}), name: value}
