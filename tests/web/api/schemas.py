"""What a JSON Schema allows, made up: bodies and queries that the document says are right, and wrong ones."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
Strategy = st.SearchStrategy[Any]

# What JSON can carry and databases choke on: NUL, lone surrogates cannot be sent as UTF-8 at all.
_ODD_TEXTS = st.sampled_from(
    [
        *(
            "",
            "\x00",
            "a\x00b",
            "\u2028",
            "\U0001f375",
            "'; DROP TABLE contact; --",
            "{{ 7 | times: 7 }}",
            "%s",
        ),
        *("../..", "\u0663", "x" * 5000, "\x7f", "e\u0301", "\u202e", "null", "-0", "1e400"),
    ]
)
_ODD_NUMBERS = st.sampled_from(
    [0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30, 1.5, 1e308, -0.0]
)
ANYTHING: Strategy = st.recursive(
    st.none() | st.booleans() | _ODD_NUMBERS | _ODD_TEXTS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON."""


def allowed(schema: Schema, defined: Schema) -> Strategy:
    """Values that the schema allows; `defined` are the document's `components.schemas`."""
    if "$ref" in schema:
        return allowed(defined[str(schema["$ref"]).rpartition("/")[2]], defined)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*[allowed(one, defined) for one in schema["anyOf"]])
    match schema.get("type"):
        case "object":
            return _objects(schema, defined)
        case "array":
            return st.lists(
                allowed(schema.get("items", {}), defined),
                min_size=schema.get("minItems", 0),
                max_size=min(schema.get("maxItems", 3), schema.get("minItems", 0) + 2),
            )
        case "string":
            return _texts(schema)
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return ANYTHING


def wrong(schema: Schema, defined: Schema) -> Strategy:
    """An object nearly as the schema says, with one field anything at all, one more, or one less."""
    good = allowed(schema, defined)
    names = st.sampled_from([*defined_names(schema, defined), "surplus", ""])

    def spoil(drawn: tuple[Any, str, Any, bool]) -> Any:  # noqa: ANN401  # JSON
        value, name, instead, is_left_out = drawn
        if not isinstance(value, dict):
            return instead
        rest = {key: inner for key, inner in value.items() if key != name}
        return rest if is_left_out else {**rest, name: instead}

    return st.tuples(good, names, ANYTHING, st.booleans()).map(spoil) | ANYTHING


def defined_names(schema: Schema, defined: Schema) -> list[str]:
    """The names of an object's fields."""
    if "$ref" in schema:
        return defined_names(defined[str(schema["$ref"]).rpartition("/")[2]], defined)
    return list(schema.get("properties", {}))


def _objects(schema: Schema, defined: Schema) -> Strategy:
    properties = {name: allowed(one, defined) for name, one in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    if properties:
        return st.fixed_dictionaries(
            {name: one for name, one in properties.items() if name in required},
            optional={name: one for name, one in properties.items() if name not in required},
        )
    names = _texts(schema.get("propertyNames", {"maxLength": 10}))
    patterns = schema.get("patternProperties", {})
    inner = schema.get("additionalProperties", True)
    if patterns:
        pattern, inner = next(iter(patterns.items()))
        names = st.from_regex(pattern, fullmatch=True)
    values = (
        allowed(inner, defined)
        if isinstance(inner, dict) and inner
        else st.integers(-5, 5) | st.text(max_size=5)
    )
    return st.dictionaries(names, values, max_size=2)


def _texts(schema: Schema) -> Strategy:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 400)
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat())
    if schema.get("format") == "date":
        return st.dates().map(lambda day: day.isoformat())
    pattern = schema.get("pattern")
    if pattern is None:
        return st.text(min_size=least, max_size=min(most, least + 20))
    made: st.SearchStrategy[str] = st.from_regex(str(pattern), fullmatch=True)
    return made.map(lambda text: text.rstrip("\n")[:most]).filter(lambda text: len(text) >= least)
