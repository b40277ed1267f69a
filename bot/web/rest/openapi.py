"""`/openapi.json`: tables of routes as OpenAPI 3.1 says them, from the very models that read and answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.web.rest.answers import ProblemAnswer
from bot.web.rest.problems import CONTENT_TYPE
from bot.web.rest.reading import BODY_MAX, adapter
from bot.web.rest.routes import AnyRoute

PATH = "/openapi.json"
Json = dict[str, Any]

_ALWAYS: Mapping[int, str] = {
    400: "the request cannot be understood",
    429: "too many requests: Retry-After says when to try again",
    503: "it cannot be done now, and nothing of it was: send it again with the same Idempotency-Key",
}
_OF_BODIES: Mapping[int, str] = {
    408: "the body did not come in time",
    413: f"the body is larger than {BODY_MAX} bytes",
    415: "the body is not said to be JSON",
}
_UNPROCESSABLE = "a field is not what it must be, or the Idempotency-Key was used for another request"
_WHAT = """\
Amounts are whole minor units (cents), in fields that end in `_minor`. Instants have their offset. Every
write carries an `Idempotency-Key`: the same key with the same body has one effect and gets the same answer,
byte for byte, with `Idempotent-Replayed: true`; with another body it is refused with 422. What is wrong is
told as problem+json (RFC 9457), field by field, with a remedy."""
_ONCE: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "a text of your own for this request, new for every new one; in quotes or without",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_REPLAYED: Json = {
    "Idempotent-Replayed": {
        "description": "true: this was answered before to the same request",
        "schema": {"type": "string", "const": "true"},
    }
}
_RETRY: Json = {
    "Retry-After": {"description": "seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """An API as the document says it: where it is, what it is for, and what one shows to be let in.

    `credential` is the name of what is shown, `remedy` how to get it; what `refused` says by status may be
    answered by every route but those that are `open_to_all`.
    """

    prefix: str
    what: str
    table: Sequence[AnyRoute]
    credential: str
    remedy: str
    refused: Mapping[int, str]
    open_to_all: Sequence[AnyRoute] = ()
    tag: str | None = None
    """None: routes are told apart by the first part of their path."""


def document(faces: Sequence[Face], public_url: str) -> Json:
    """Return the whole document."""
    table = [route for face in faces for route in (*face.open_to_all, *face.table)]
    models = dict.fromkeys(
        model for route in table for model in (route.body, route.answer, ProblemAnswer) if model is not None
    )
    names = [model.__name__ for model in models]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"two models of one name: {sorted(twice)}"
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    paths: Json = {}
    for face in faces:
        for route in (*face.open_to_all, *face.table):
            paths.setdefault(face.prefix + route.path, {})[route.method.lower()] = _operation(route, face)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Regulars",
            "version": version("regulars"),
            "description": "\n".join([*(f"{face.what}\n" for face in faces), _WHAT]),
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                face.credential: {"type": "http", "scheme": "bearer", "description": face.remedy}
                for face in faces
            },
        },
    }


def route_of(faces: Sequence[Face], public_url: str) -> web.RouteDef:
    """Answer with the document, made when it is first asked for."""
    made: list[bytes] = []

    async def answer(_request: web.Request) -> web.Response:
        if not made:
            made.append(orjson.dumps(document(faces, public_url), option=orjson.OPT_INDENT_2))
        return web.Response(body=made[0], content_type="application/json")

    return web.get(PATH, answer)


def _operation(route: AnyRoute, face: Face) -> Json:
    is_open = route in face.open_to_all
    said: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [face.tag or route.path.split("/")[1]],
        "security": [] if is_open else [{face.credential: []}],
        "parameters": _parameters(route),
        "responses": {str(route.status): _good(route), **_problems(route, {} if is_open else face.refused)},
    }
    if route.scope is not None:
        said["description"] = f"Scope: `{route.scope}`."
    if route.body is not None:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    return said


def _parameters(route: AnyRoute) -> list[Json]:
    found: list[Json] = [
        _parameter(name, "path", adapter(kind).json_schema(), is_required=True)
        for name, kind in route.fields.items()
    ]
    if route.query is not None:
        query = route.query.model_json_schema()
        required = query.get("required", [])
        found += [
            _parameter(name, "query", schema, is_required=name in required)
            for name, schema in query["properties"].items()
        ]
    if route.wants_key:
        found.append(_ONCE)
    return found


def _parameter(name: str, where: str, schema: Json, *, is_required: bool) -> Json:
    # A parameter that is not there is left out and never null.
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if kinds:
        schema = {**kinds[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    schema = {key: value for key, value in schema.items() if (key, value) != ("default", None)}
    description = schema.pop("description", "")
    said: Json = {"name": name, "in": where, "required": is_required, "schema": schema}
    return {**said, "description": description} if description else said


def _good(route: AnyRoute) -> Json:
    said: Json = {
        "description": "done" if route.writes else "found",
        "content": {"application/json": {"schema": _reference(route.answer)}},
    }
    return {**said, "headers": _REPLAYED} if route.writes else said


def _problems(route: AnyRoute, refused: Mapping[int, str]) -> Json:
    known = {**_ALWAYS, **refused}
    if route.body is not None:
        known |= _OF_BODIES
    if route.body is not None or route.writes:
        known[422] = _UNPROCESSABLE
    known |= route.says_no
    return {str(status): _problem(status, what) for status, what in sorted(known.items())}


def _problem(status: int, what: str) -> Json:
    said: Json = {"description": what, "content": {CONTENT_TYPE: {"schema": _reference(ProblemAnswer)}}}
    return {**said, "headers": _RETRY} if status in {429, 503} else said


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
