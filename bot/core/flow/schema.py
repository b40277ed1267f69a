"""The JSON Schemas of flows, the program, policy.yaml …, for editors: the same models that read them."""

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from bot.core.audiences.parts import TAGS, AudiencesFile, Heading, TraitsFile
from bot.core.flow.brand_file import BrandFile
from bot.core.flow.copy_file import CopyFile
from bot.core.flow.definition import FlowFile
from bot.core.flow.events_file import EventsFile
from bot.core.flow.experiments_file import ExperimentsFile
from bot.core.flow.keywords_file import KeywordsFile
from bot.core.flow.policy_file import PolicyFile
from bot.core.flow.shop_file import ShopFile
from bot.core.flow.variables_file import VariablesFile
from bot.core.flow.wechat_parts import WechatFile
from bot.core.loyalty.program import Program
from bot.core.loyalty.seasons import Season

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BARE = {
    "End": ("end",),
    "ApiStarter": ("api",),
    "FollowStarter": ("follow",),
    "EnterStarter": ("enter",),
    "LocationStarter": ("location",),
    "Exchange": ("follow", "enter"),
}
"""What may stand without a colon, as in `- end`."""


class _Generate(GenerateJsonSchema):
    """Leaves out titles, which repeat the names, and the null that stands for "left out"."""

    ignored_warning_kinds = frozenset({"skipped-choice", "non-serializable-default"})  # type: ignore[assignment]  # only looked into

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  pydantic names it
        return False


def json_schema() -> JsonSchemaValue:
    """Return the schema of one flow file."""
    schema = _schema(FlowFile, "A flow of Regulars")
    definitions = schema["$defs"]
    for name, words in _BARE.items():
        whole = definitions[name]
        bare = [{"const": word} for word in words]
        definitions[name] = {"description": whole["description"], "anyOf": [*bare, whole]}
    return schema


def policy_schema() -> JsonSchemaValue:
    """Return the schema of policy.yaml."""
    schema = _schema(PolicyFile, "The policy of a shop")
    hours = schema["properties"]["quiet_hours"]["additionalProperties"]["anyOf"]
    hours[:] = [{"const": "none"} if kind == {"type": "null"} else kind for kind in hours]
    return schema


def keywords_schema() -> JsonSchemaValue:
    """Return the schema of keywords.yaml."""
    schema = _schema(KeywordsFile, "The legal words and required replies of a shop")
    _leave_out_defaults(schema)
    return schema


def wechat_schema() -> JsonSchemaValue:
    """Return the schema of wechat.yaml."""
    return _schema(WechatFile, "What a shop shows on WeChat")


def shop_schema() -> JsonSchemaValue:
    """Return the schema of shop.yaml."""
    schema = _schema(ShopFile, "Where orders of a shop go and how they are paid")
    _leave_out_defaults(schema)
    return schema


def brand_schema() -> JsonSchemaValue:
    """Return the schema of brand.yaml."""
    schema = _schema(BrandFile, "What a shop is called, how it looks and who its letters are from")
    _leave_out_defaults(schema)
    return schema


def copy_schema() -> JsonSchemaValue:
    """Return the schema of a file of named texts."""
    return _schema(CopyFile, "Named texts that flows say")


def variables_schema() -> JsonSchemaValue:
    """Return the schema of variables.yaml."""
    schema = _schema(VariablesFile, "Named values for a shop's apps and pages")
    _leave_out_defaults(schema)
    return schema


def experiments_schema() -> JsonSchemaValue:
    """Return the schema of experiments.yaml."""
    schema = _schema(ExperimentsFile, "What a shop tries against what")
    _leave_out_defaults(schema)
    return schema


def events_schema() -> JsonSchemaValue:
    """Return the schema of events.yaml."""
    schema = _schema(EventsFile, "The tracking plan of a shop")
    _leave_out_defaults(schema)
    return schema


def audiences_schema() -> JsonSchemaValue:
    """Return the schema of audiences.yaml: an audience is its heading and one condition, side by side."""
    schema = _schema(AudiencesFile, "The audiences of a shop")
    parts = schema["$defs"]
    whole = parts["AudienceDefinition"]
    heading = {name: whole["properties"][name] for name in Heading.model_fields}
    names = [model.__name__ for model in TAGS.values()]
    parts["AudienceDefinition"] = {
        "description": whole["description"],
        "anyOf": [{**parts[name], "properties": heading | parts[name]["properties"]} for name in names],
    }
    _let_names_stand_alone(parts)
    _leave_out_defaults(schema)
    return schema


def traits_schema() -> JsonSchemaValue:
    """Return the schema of traits.yaml."""
    schema = _schema(TraitsFile, "The computed traits of a shop")
    _let_names_stand_alone(schema["$defs"])
    _leave_out_defaults(schema)
    return schema


def _let_names_stand_alone(parts: dict[str, JsonSchemaValue]) -> None:
    """Where a figure is of an event alone, its name will do."""
    whole = parts["Of"]
    parts["Of"] = {"description": whole["description"], "anyOf": [{"type": "string"}, whole]}


def program_schema() -> JsonSchemaValue:
    """Return the schema of program.yaml."""
    schema = _schema(Program, "The loyalty program of a shop")
    never = schema["$defs"]["Expiry"]
    schema["$defs"]["Expiry"] = {"anyOf": [{"const": "never"}, never], "description": never["description"]}
    _leave_out_defaults(schema)
    return schema


def season_schema() -> JsonSchemaValue:
    """Return the schema of a season: what its sections hold is what the program's hold."""
    season, program = _schema(Season, "A season of the program"), program_schema()
    parts = program["$defs"]
    for name in season["properties"].keys() & program["properties"].keys() - {"earning", "tiers"}:
        season["properties"][name] = program["properties"][name]
    for mine, theirs in (("_Earning", "Earning"), ("_Tiers", "Tiers")):
        section = season["$defs"][mine]
        section["properties"] = {name: parts[theirs]["properties"][name] for name in section["properties"]}
    season["$defs"] = parts | season["$defs"]
    _leave_out_defaults(season)
    return season


def _leave_out_defaults(schema: JsonSchemaValue) -> None:
    """Leave out what stands for "left out": it is in units of ours, and not as it would be written."""
    for part in (*schema["$defs"].values(), schema):
        for field in part.get("properties", {}).values():
            field.pop("default", None)


def _schema(model: type[BaseModel], title: str) -> JsonSchemaValue:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generate)
    for part in (*schema["$defs"].values(), schema):
        for field in part.get("properties", {}).values():
            _leave_out_null(field)
    return {"$schema": DIALECT, **schema, "title": title}


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
