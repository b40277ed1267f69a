"""What several APIs answer alike: problems, and all that is stored of a person."""

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


class NameAnswer(Answer):
    """A name that leads to somebody: an address, an order's own id, a code."""

    kind: str
    value: str


class StoredAnswer(Answer):
    """Everything that is stored on the record of one contact, table by table."""

    contact: str
    known_as: list[NameAnswer]
    tables: dict[str, list[dict[str, JsonValue]]]


class ExportAnswer(StoredAnswer):
    """Everything that is stored of a person."""

    exported_at: str
    joined: list[StoredAnswer] = Field(
        default_factory=list, description="the same of contacts that turned out to be this one"
    )
