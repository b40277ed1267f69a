"""What is wrong with a request, as RFC 9457 says it: problem+json, with field, fault and remedy."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.web.rest.fields import PLAIN

CONTENT_TYPE = "application/problem+json"
NAMESPACE = "urn:regulars:problem:"
"""Problem types are names and no pages: they stay what they are wherever the documents move."""

_SEE = "see /openapi.json"
_ERRORS_MAX = 20
_POINTER_MAX = 100
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("is too small", "write at least {ge}"),
    "greater_than": ("is too small", "write more than {gt}"),
    "less_than_equal": ("is too large", "write at most {le}"),
    "less_than": ("is too large", "write less than {lt}"),
    "string_too_short": ("has too few characters", "write at least {min_length}"),
    "string_too_long": ("has too many characters", "write at most {max_length}"),
    "too_short": ("has too few entries", "give at least {min_length}"),
    "too_long": ("has too many entries", "give at most {max_length}"),
    "literal_error": ("is none of those there are", "write {expected}"),
    "enum": ("is none of those there are", "write {expected}"),
}
"""Bounds by what pydantic calls them: the problem and its remedy, which says the bound."""
_SUBJECT = re.compile(r"^(Input|String|Value|List|Tuple|Dictionary|Datetimes?|Dates?) ")
_REMEDIES: Mapping[str, str] = {
    "missing": "add it",
    "int_type": "write a whole number without quotes; amounts are in minor units (cents)",
    "int_from_float": "write a whole number; amounts are in minor units (cents)",
    "int_parsing": "write a whole number",
    "string_type": "write a text in quotes",
    "bool_type": "write true or false",
    "list_type": "write a list in [ ]",
    "tuple_type": "write a list in [ ]",
    "dict_type": "write an object in { }",
    "model_type": "write an object in { }",
    "model_attributes_type": "write an object in { }",
    "datetime_type": "write an instant with its offset, like 2026-11-24T17:00:00Z",
    "datetime_parsing": "write an instant with its offset, like 2026-11-24T17:00:00Z",
    "datetime_from_date_parsing": "write an instant with its offset, like 2026-11-24T17:00:00Z",
    "timezone_aware": "add the offset, like 2026-11-24T17:00:00Z",
    "date_type": "write a day like 2026-11-24",
    "date_parsing": "write a day like 2026-11-24",
    "date_from_datetime_parsing": "write a day like 2026-11-24",
    "none_required": "leave it out",
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: a JSON pointer (RFC 6901), or `header/…`, `query/…`, `path/…`."""

    pointer: str
    problem: str
    remedy: str


class ApiProblem(Refused):
    """A refused request of the shop's; `kind` is the last part of the problem's type."""

    def __init__(  # noqa: PLR0913  # a problem is what it is made of
        self,
        status: int,
        kind: str,
        what: str,
        remedy: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, JsonValue] | None = None,
    ) -> None:
        super().__init__(what, remedy, status)
        self.kind = kind
        self.errors = errors
        self.headers = headers or {}
        self.facts = facts or {}

    def body(self) -> bytes:
        """The problem as JSON."""
        told: dict[str, object] = {
            "type": NAMESPACE + self.kind,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.what,
            "remedy": self.remedy,
            "errors": [
                {"pointer": one.pointer, "problem": one.problem, "remedy": one.remedy} for one in self.errors
            ],
        }
        if self.facts:
            told["facts"] = dict(self.facts)
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)

    def response(self) -> web.Response:
        """The problem as an answer."""
        headers = {"Cache-Control": "no-store", **self.headers}
        return web.Response(status=self.status, body=self.body(), content_type=CONTENT_TYPE, headers=headers)


def no_such_route(status: int = 404) -> ApiProblem:
    """Refuse what there is not."""
    return ApiProblem(status, "no-such-route", "there is nothing here", _SEE)


def no_such_method(allowed: Collection[str]) -> ApiProblem:
    """Refuse a method of what there is."""
    named = ", ".join(sorted(allowed))
    what = "this is not done with this method"
    return ApiProblem(405, "no-such-method", what, f"use {named}", headers={"Allow": named})


def one_field(status: int, kind: str, pointer: str, problem: str, remedy: str) -> ApiProblem:
    """Refuse a request for one field."""
    error = FieldProblem(pointer, problem, remedy)
    return ApiProblem(status, kind, f"{pointer}: {problem}", remedy, errors=[error])


def not_understood(error: ValidationError, model: type[BaseModel], root: str) -> ApiProblem:
    """Say everything that is wrong with a body (`root` is `#`) or a query (`query`), field by field."""
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        what = details[0]["msg"].removeprefix("Invalid JSON: ")
        return ApiProblem(400, "no-json", f"the body is no JSON: {what}", "send one JSON object")
    names, meanings = _fields_of(model)
    errors = [_field_problem(each, root, names, meanings) for each in details[:_ERRORS_MAX]]
    kind = "wrong-field" if root == "#" else "wrong-parameter"
    status = 422 if root == "#" else 400
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    what = f"{errors[0].pointer}: {errors[0].problem}{more}"
    return ApiProblem(status, kind, what, errors[0].remedy, errors=errors)


def wrong_part(error: ValidationError, name: str, meaning: str) -> ApiProblem:
    """Say what is wrong with a part of the path."""
    each = error.errors(include_url=False, include_input=False)[0]
    said = _field_problem(each, f"path/{name}", (), {str(each.get("ctx", {}).get("pattern")): meaning})
    return one_field(400, "wrong-parameter", said.pointer, said.problem, said.remedy)


def _field_problem(
    each: ErrorDetails, root: str, names: Collection[str], meanings: Mapping[str, str]
) -> FieldProblem:
    pointer = "/".join([root, *(_escaped(str(part)) for part in each["loc"])])
    kind, message = each["type"], each["msg"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(each["loc"][-1])[:_POINTER_MAX], names, n=1)
        remedy = f"did you mean {near[0]}?" if near else "take it out"
        return FieldProblem(pointer, "is not known here", remedy)
    if kind == "value_error":
        problem, _, remedy = message.removeprefix("Value error, ").partition("; ")
        return FieldProblem(pointer, problem, remedy or _SEE)
    if kind == "missing":
        return FieldProblem(pointer, "is missing", _REMEDIES["missing"])
    if kind == "string_pattern_mismatch":
        pattern = str(each.get("ctx", {}).get("pattern"))
        if pattern == PLAIN:
            return FieldProblem(pointer, "has control characters", "write it on one line, without them")
        meaning = meanings.get(pattern, "")
        return FieldProblem(pointer, "is not written as it must be", f"write {meaning}" if meaning else _SEE)
    if kind in _BOUNDS:
        problem, remedy = (said.format_map(each.get("ctx", {})) for said in _BOUNDS[kind])
        return FieldProblem(pointer, problem, remedy)
    problem = _SUBJECT.sub("", message)
    return FieldProblem(pointer, problem[:1].lower() + problem[1:], _REMEDIES.get(kind, _SEE))


def _escaped(part: str) -> str:
    """A part of a JSON pointer, RFC 6901; what a sender made up is cut short."""
    return part[:_POINTER_MAX].replace("~", "~0").replace("/", "~1")


@cache
def _fields_of(model: type[BaseModel]) -> tuple[set[str], dict[str, str]]:
    """All names of fields that a model and those inside it know, and what patterns mean."""
    names: set[str] = set()
    meanings: dict[str, str] = {}

    def look(schema: Any) -> None:  # noqa: ANN401  # a JSON Schema
        if isinstance(schema, dict):
            names.update(schema.get("properties", {}))
            if isinstance(schema.get("pattern"), str):
                meanings[schema["pattern"]] = schema.get("description", "")
            for inner in schema.values():
                look(inner)
        elif isinstance(schema, list):
            for inner in schema:
                look(inner)

    look(model.model_json_schema())
    return names, meanings
