"""The page on the books: its program is read, its commands are there, its words work."""

import re
from pathlib import Path

import pytest
import typer.main

from bot.cli import cli
from bot.core.flow.reader import read
from bot.core.ledger.explained import LINES_TEXTED
from bot.core.loyalty.program import Program
from tests.flows.phone import Phone
from tests.ledger.test_invariants import LAWS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "loyalty" / "books.md").read_text(encoding="utf-8")


def test_its_program_holds_and_is_lawful() -> None:
    (block,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    sections = read(block, "books.md").value
    assert isinstance(sections, dict)
    usual = {"program": "P", "currency": {"code": "USD"}, "point_value": "0.01", "earning": {"rate": "5%"}}
    program = Program.model_validate({**usual, **sections})
    assert program.at("CA-QC").notices.days_before == (45,)
    assert program.at("US").disclosure is not None
    assert program.expiry.renewal is not None


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`regulars ([a-z ]+)", PAGE))))
def test_its_commands_are_there(command: str) -> None:
    found = typer.main.get_command(cli)
    for word in command.split():
        commands = getattr(found, "commands", None)
        if commands is None:
            break
        assert word in commands, command
        found = commands[word]


async def test_its_words_are_answered() -> None:
    phone = Phone()
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    for words in ("HISTORY", "WHY BALANCE"):
        assert "welcome credit" in (await phone.say(words))[0]
    assert "Your orders earn credit" in (await phone.say("HOW"))[0]


def test_its_figures_are_those_of_the_code() -> None:
    assert f"all {len(LAWS)}" in PAGE
    assert LINES_TEXTED == 5
    assert "the five newest lines" in PAGE
