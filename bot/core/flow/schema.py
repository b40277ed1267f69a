"""The JSON Schema of flow files, for editors: the same models that read them."""

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from bot.core.flow.definition import FlowFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generate(GenerateJsonSchema):
    """Names stay as the models are called; titles, which repeat the names, are left out."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  pydantic calls it so
        return False


def json_schema() -> JsonSchemaValue:
    """Return the schema of one flow file."""
    mode: JsonSchemaMode = "validation"
    schema = FlowFile.model_json_schema(by_alias=True, schema_generator=_Generate, mode=mode)
    return {"$schema": DIALECT, "$id": "flow.schema.json", **schema, "title": "A flow of Regulars"}
