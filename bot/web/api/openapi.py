"""`/openapi.json`: the table of routes as OpenAPI 3.1 says it, from the very models that read and answer."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.web.api.answers import ProblemAnswer
from bot.web.api.door import BODY_MAX, HOW_TO_GET_A_KEY, PREFIX, adapter
from bot.web.api.problems import CONTENT_TYPE
from bot.web.api.routes import Route

PATH = "/openapi.json"
Json = dict[str, Any]

_ALWAYS: Mapping[int, str] = {
    400: "the request cannot be understood",
    401: f"no good key: {HOW_TO_GET_A_KEY}",
    403: "the key lacks the route's scope",
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
Everything the shop tells and asks. Amounts are whole minor units (cents), in fields that end in `_minor`.
Instants have their offset. Every write carries an `Idempotency-Key`: the same key with the same body has one
effect and gets the same answer, byte for byte, with `Idempotent-Replayed: true`; with another body it is
refused with 422. What is wrong is told as problem+json (RFC 9457), field by field, with a remedy."""
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


def document(table: Sequence[Route], public_url: str) -> Json:
    """Return the whole document."""
    models = dict.fromkeys(
        model for route in table for model in (route.body, route.answer, ProblemAnswer) if model is not None
    )
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    paths: Json = {}
    for route in table:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Regulars shop API", "version": version("regulars"), "description": _WHAT},
        "servers": [{"url": public_url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": HOW_TO_GET_A_KEY}},
        },
    }


def route_of(table: Sequence[Route], public_url: str) -> web.RouteDef:
    """Answer with the document, made once."""
    body = orjson.dumps(document(table, public_url), option=orjson.OPT_INDENT_2)

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return web.get(PATH, answer)


def _operation(route: Route) -> Json:
    said: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Scope: `{route.scope}`.",
        "tags": [route.path.split("/")[1]],
        "parameters": _parameters(route),
        "responses": {str(route.status): _good(route), **_problems(route)},
    }
    if route.body is not None:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    return said


def _parameters(route: Route) -> list[Json]:
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


def _good(route: Route) -> Json:
    said: Json = {
        "description": "done" if route.writes else "found",
        "content": {"application/json": {"schema": _reference(route.answer)}},
    }
    return {**said, "headers": _REPLAYED} if route.writes else said


def _problems(route: Route) -> Json:
    known = dict(_ALWAYS)
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
