"""The schemas of the program and its seasons: they take what we ship and read, and underline mistakes."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.flow.schema import keywords_schema, program_schema, season_schema

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "flows" / "program.yaml"
SEASONS = sorted((ROOT / "flows" / "seasons").glob("*.yaml"))
PAGES = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "loyalty").glob("*.md"))]
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [block for page in PAGES for block in BLOCK.findall(page)]
KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


class _AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2 has no dates: a day is a text."""


_AsEditorsRead.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:  # noqa: ANN401  # YAML
    return yaml.load(text, _AsEditorsRead)  # noqa: S506  # a safe loader


Schema = dict[str, Any]


def faults(schema: Schema, value: Any, whole: Schema, path: str = "") -> Iterator[str]:  # noqa: ANN401  # JSON
    """What of a value a schema underlines: as much of JSON Schema as ours say."""
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema and all([*faults(one, value, whole)] for one in schema["anyOf"]):
        yield f"{path} fits nothing"
    if value not in schema.get("enum", [schema.get("const", value)]):
        yield f"{path} is another word"
    if "type" in schema and not is_of(schema["type"], value):
        yield f"{path} is no {schema['type']}"
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from faults(schema.get("items", {}), one, whole, f"{path}/{number}")
    elif isinstance(value, dict) and schema.get("type") == "object":
        yield from [f"{path}/{name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, one in value.items():
            yield from below(field(schema, name), one, whole, f"{path}/{name}")


def below(schema: Schema | None, value: Any, whole: Schema, path: str) -> Iterator[str]:  # noqa: ANN401  # JSON
    """What of an object's field a schema underlines; None: it knows no such field."""
    if schema is None:
        yield f"{path} is not known"
    else:
        yield from faults(schema, value, whole, path)


def is_of(kind: str | list[str], value: Any) -> bool:  # noqa: ANN401  # JSON
    """Whether a value is of a type of JSON, or of one of several."""
    kinds = [kind] if isinstance(kind, str) else kind
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, KINDS[one]) for one in kinds)


def field(schema: Schema, name: str) -> Schema | None:
    """What an object's field must be; None where there is none of the name."""
    named = [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
    found = [*named, schema.get("properties", {}).get(name), schema.get("additionalProperties", {})]
    first: Schema | bool = next(one for one in found if one is not None)
    return first if isinstance(first, dict) else None


def in_program(value: Any) -> list[str]:  # noqa: ANN401  # YAML
    schema = program_schema()
    return [*faults(schema, value, schema)]


def test_the_program_we_ship_is_right() -> None:
    assert in_program(read(PROGRAM.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("season", SEASONS, ids=lambda file: file.stem)
def test_the_seasons_we_ship_are_right(season: Path) -> None:
    schema = season_schema()
    assert [*faults(schema, read(season.read_text(encoding="utf-8")), schema)] == []


def in_keywords(value: Any) -> list[str]:  # noqa: ANN401  # YAML
    schema = keywords_schema()
    return [*faults(schema, value, schema)]


def test_the_keywords_we_ship_are_right_and_a_mistake_in_them_is_underlined() -> None:
    shipped = read((ROOT / "flows" / "keywords.yaml").read_text(encoding="utf-8"))
    assert in_keywords(shipped) == []
    assert in_keywords({**shipped, "reply": {}}) == ["/reply is not known"]
    assert in_keywords({**shipped, "replies": {"en": {"help": 7}}}) != []
    assert in_keywords({"categories": {"hours": {"reply": {}}}}) != []


def test_the_examples_of_our_pages_are_right() -> None:
    known = program_schema()["properties"].keys()
    read_here = [one for one in map(read, EXAMPLES) if isinstance(one, dict) and one.keys() <= known]
    assert len(read_here) >= 5
    missing = {f"/{name} is missing" for name in program_schema()["required"]}
    assert [fault for one in read_here for fault in in_program(one) if fault not in missing] == []


@pytest.mark.parametrize(
    ("path", "wrong", "fault"),
    [
        (("earnings",), {}, "/earnings is not known"),
        (("earning", "rules", 0, "policy"), "program@1", "/earning/rules/0/policy is not known"),
        (("gifts", "caps", 0, "per"), "week", "/gifts/caps/0/per is another word"),
        (("gifts", "least"), [1], "/gifts/least is no ['number', 'string']"),
        (("referral", "within"), 90, "/referral/within is no string"),
        (("expiry",), "nevr", "/expiry fits nothing"),
    ],
)
def test_a_mistake_is_underlined_where_it_stands(
    path: tuple[str | int, ...],
    wrong: Any,  # noqa: ANN401  # YAML
    fault: str,
) -> None:
    program = deepcopy(read(PROGRAM.read_text(encoding="utf-8")))
    *way, last = path
    place = program
    for part in way:
        place = place[part]
    place[last] = wrong
    assert in_program(program) == [fault]


def test_a_season_holds_what_the_program_holds_and_no_more() -> None:
    schema = season_schema()
    rule = {"id": "tea", "category": "tea", "multiplier": 2, "polcy": 1}
    season = {
        "season": "x",
        "from": "2026-12-01",
        "until": "2026-12-31",
        "earning": {"rules": [rule], "rate": "5%"},
    }
    assert sorted(faults(schema, season, schema)) == [
        "/earning/rate is not known",
        "/earning/rules/0/polcy is not known",
    ]
