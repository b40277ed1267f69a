"""What every API answers where something is wrong."""

from pydantic import Field, JsonValue

from bot.web.rest.fields import Answer


class FieldProblemAnswer(Answer):
    """What is wrong with one field."""

    pointer: str = Field(
        description="a JSON pointer into the body (#/lines/0/sku), or header/…, query/…, path/…"
    )
    problem: str
    remedy: str


class ProblemAnswer(Answer):
    """What is wrong, as RFC 9457 says it."""

    type: str = Field(description="urn:regulars:problem: and its kind")
    title: str
    status: int
    detail: str
    remedy: str
    errors: list[FieldProblemAnswer]
    facts: dict[str, JsonValue] = Field(default_factory=dict, description="figures that belong to it")
