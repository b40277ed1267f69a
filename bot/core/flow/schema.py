"""The JSON Schema of flow files, for editors: the same models that read them."""

from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from bot.core.flow.definition import FlowFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BARE = {"End": "end", "ApiStarter": "api"}
"""What may stand without a colon, as in `- end`."""


class _Generate(GenerateJsonSchema):
    """Leaves out titles, which repeat the names, and the null that stands for "left out"."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  pydantic names it
        return False


def json_schema() -> JsonSchemaValue:
    """Return the schema of one flow file."""
    schema = FlowFile.model_json_schema(by_alias=True, schema_generator=_Generate)
    definitions = schema["$defs"]
    for name in (*definitions, None):
        part = schema if name is None else definitions[name]
        for field in part.get("properties", {}).values():
            _leave_out_null(field)
    for name, word in _BARE.items():
        whole = definitions[name]
        definitions[name] = {"description": whole["description"], "anyOf": [{"const": word}, whole]}
    return {"$schema": DIALECT, **schema, "title": "A flow of Regulars"}


def _leave_out_null(field: JsonSchemaValue) -> None:
    if field.get("default", "") is not None or "anyOf" not in field:
        return
    del field["default"]
    kinds = [kind for kind in field.pop("anyOf") if kind.get("type") != "null"]
    if len(kinds) == 1:
        description = field.get("description")
        field.update(kinds[0])
        if description is not None:
            field["description"] = description
    else:
        field["anyOf"] = kinds


def described_as(field: FieldInfo) -> str:
    """Return a field's description; every field has one, because it is the reference page."""
    assert field.description, "a field without description"
    return field.description
