"""The documents say what is so: commands, settings, files and the reference of the flow language."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from bot.cli import cli
from bot.config import SETTINGS
from bot.config.email import is_email_setting
from bot.config.pay import is_pay_setting
from bot.config.wechat import is_account_setting

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((PROJECT / "README.md", PROJECT / "CHANGELOG.md", *(PROJECT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\bregulars ([a-z][^`|&;#\n]*)")
SETTING = re.compile(r"\bREGULARS_[A-Z_]*[A-Z]\b")
NOT_SETTINGS = {"REGULARS_TEST_POSTGRES", "REGULARS_PAY_LIVES"}  # of the tests alone


def name(document: Path) -> str:
    return str(document.relative_to(PROJECT))


every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name)


def code_of(text: str) -> Iterator[str]:
    """Every line of code: in fences, and between backticks outside them."""
    for _, block in FENCE.findall(text):
        yield from block.splitlines()
    yield from CODE.findall(FENCE.sub("", text))


def complaint(words: list[str], command: object) -> str | None:
    """Say what of a command line the command line does not know."""
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        word = words.pop(0)
        below = command.commands.get(word)
        if below is None:
            return f"there is no command {word}"
        command = below
    assert isinstance(command, TyperCommand | TyperGroup)
    options = {option for parameter in command.params for option in parameter.opts}
    unknown = {word.split("=")[0] for word in words if word.startswith("-")} - options - {"--help"}
    return f"{command.name} has no {', '.join(sorted(unknown))}" if unknown else None


def anchors_of(text: str) -> set[str]:
    """What GitHub makes of the headings outside fences."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@every_document
def test_every_command_that_is_named_exists(document: Path) -> None:
    wrong = [
        f"{line}: {problem}"
        for line in code_of(document.read_text(encoding="utf-8"))
        for command in COMMAND.findall(line)
        if (problem := complaint(command.split(), get_command(cli)))
    ]
    assert not wrong


def test_the_readme_lists_every_command() -> None:
    def commands(command: object, path: str) -> Iterator[str]:
        if isinstance(command, TyperGroup):
            for word, below in command.commands.items():
                yield from commands(below, f"{path} {word}")
        else:
            yield path

    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    listed = set(CODE.findall(readme.split("## Commands")[1].split("\n## ")[0]))
    assert set(commands(get_command(cli), "regulars")) <= listed


@every_document
def test_every_setting_that_is_named_exists(document: Path) -> None:
    named = {
        name
        for name in SETTING.findall(document.read_text(encoding="utf-8"))
        if not any(known(name) for known in (is_account_setting, is_pay_setting, is_email_setting))
    }
    # Twilio's names are shortened to the part they share: REGULARS_TWILIO.
    assert named - NOT_SETTINGS <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("setting", [setting.name for setting in SETTINGS])
def test_every_setting_is_explained(setting: str) -> None:
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"\n| `{setting}` | " in page


@every_document
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in LINK.findall(FENCE.sub("", text)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.is_file(), target
        assert not anchor or anchor in anchors_of(file.read_text(encoding="utf-8")), target


def test_the_reference_of_the_flow_language_is_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PROJECT / "scripts" / "reference", tmp_path], check=True, cwd=PROJECT)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"flows.md", *(file.name for file in (PROJECT / "docs").glob("*.schema.json"))}
    for file in sorted(files):
        written = (tmp_path / file).read_text(encoding="utf-8")
        assert (PROJECT / "docs" / file).read_text(encoding="utf-8") == written, "run `make docs`"


def test_the_schema_knows_every_key_of_the_flows_we_ship() -> None:
    schema = json.loads((PROJECT / "docs" / "flow.schema.json").read_text(encoding="utf-8"))
    for file in (PROJECT / "flows").glob("*.yaml"):
        flow = yaml.safe_load(file.read_text(encoding="utf-8"))
        if "flow" in flow:
            assert flow.keys() <= schema["properties"].keys()


def test_the_flow_in_the_readme_is_answered_as_it_says(tmp_path: Path) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    flow = next(block for kind, block in FENCE.findall(readme) if kind == "yaml")
    said = next(block for kind, block in FENCE.findall(readme) if not kind)
    shutil.copytree(PROJECT / "flows", tmp_path / "flows")
    name = yaml.safe_load(flow)["flow"]
    own = tmp_path / "flows" / f"{name}.yaml"
    assert not own.exists(), "a flow that we ship has that name"
    own.write_text(flow, encoding="utf-8")
    tested = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "flows", "test", name, "--verbose"],
        env={"REGULARS_FLOWS": str(tmp_path / "flows"), "PYTHONPATH": str(PROJECT)},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert tested.stdout == said, tested.stderr
    assert tested.returncode == 0


@every_document
def test_no_document_names_a_place_of_one_machine(document: Path) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|home|root|tmp|Users)/", document.read_text(encoding="utf-8"))
