"""docs/import.md says what each field is, as the code has it, and its mapping is one that can be read."""

import re
from pathlib import Path

import pytest

from bot.core.flow.reader import read
from bot.core.importing.kinds import KINDS, WHO, Field, Kind
from bot.core.importing.mapping import mapping_of

PAGE = Path(__file__).parents[2] / "docs" / "import.md"
TEXT = PAGE.read_text(encoding="utf-8")


def told(name: str, one: Field) -> str:
    """A field's row of a table."""
    choices = f" ({', '.join(f'`{choice}`' for choice in one.one_of)})" if one.one_of else ""
    means = one.means if all(f"`{choice}`" in one.means for choice in one.one_of) else one.means + choices
    return f"| `{name}`{' *' if one.needed else ''} | {means} | {', '.join(one.also)} |"


def table_of(title: str, fields: dict[str, Field]) -> str:
    head = f"**{title}**\n\n| field | what it is | also known by |\n|---|---|---|\n"
    return head + "\n".join(told(name, one) for name, one in fields.items()) + "\n"


def own_fields(kind: Kind) -> dict[str, Field]:
    return {name: one for name, one in kind.fields.items() if name not in WHO}


def tables() -> str:
    parts = [table_of("Who", dict(WHO))]
    parts += [table_of(f"`{kind.name}`: {kind.title}", own_fields(kind)) for kind in KINDS.values()]
    return (
        "\n".join(parts)
        + "\n`*` must be there. Other columns go to `attributes.NAME`, `facts.NAME` or `properties.NAME`.\n"
    )


def test_every_field_is_told_as_the_code_has_it() -> None:
    assert tables() in TEXT, f"the tables of fields should be:\n{tables()}"


def test_the_mapping_shown_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(import: .*?)```", TEXT, re.DOTALL)
    headers = ("Kunde", "Bestellnummer", "Datum", "Artikel", "Netto", "Rabatt", "Gutschein", "Filiale")
    mapping = mapping_of(read(text, "page"), KINDS["orders"], headers)
    assert mapping.columns["discount"] == ("Rabatt", "Gutschein")
    assert mapping.layout.region == "DE"


@pytest.mark.parametrize(
    "option", ["dry-run", "map", "write-map", "again", "earn", "yes", "rejects", "encoding"]
)
def test_the_options_are_told(option: str) -> None:
    assert f"--{option}" in TEXT
