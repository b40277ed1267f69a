"""What docs/wechat.md says of WeChat's codes is what we do, and its commands are there."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.channels.channel import (
    AccountSpent,
    AddressUnusable,
    Filtered,
    NotFollowing,
    NoticeWrong,
    OperatorNeeded,
    SendError,
    SenderSlowed,
    SendLater,
    SendNever,
    WayShut,
)
from bot.channels.wechat.errors import error_for_code
from bot.cli import cli
from bot.core.wechat_text import TEXT_BYTES_MAX

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "wechat.md").read_text(encoding="utf-8")
REMEDIES: dict[str, type[SendError]] = {
    "later": SendLater,
    "the account is too fast": SenderSlowed,
    "the account's day is spent": AccountSpent,
    "this way is shut": WayShut,
    "operator": OperatorNeeded,
    "not following": NotFollowing,
    "unusable": AddressUnusable,
    "the notice is wrong": NoticeWrong,
    "content": Filtered,
    "never": SendNever,
}
ROWS = re.findall(r"^\| ([a-z' ]+) \| ([-0-9, a-z]+) \|", PAGE, re.MULTILINE)
CODES = [
    (remedy, int(code))
    for remedy, codes in ROWS
    if remedy in REMEDIES
    for code in re.findall(r"-?\d+", codes)
]


def test_the_table_is_read() -> None:
    assert {remedy for remedy, _ in CODES} == set(REMEDIES)
    assert len(CODES) > 25


@pytest.mark.parametrize(("remedy", "code"), CODES)
def test_each_code_has_the_remedy_the_page_says(remedy: str, code: int) -> None:
    error = error_for_code(code)
    assert isinstance(error, REMEDIES[remedy])
    if remedy in {"later", "never"}:
        assert type(error) is REMEDIES[remedy]


@pytest.mark.parametrize(
    "command", re.findall(r"^\| `regulars ([a-z ]+?)(?: counter)?` \|", PAGE, re.MULTILINE)
)
def test_each_command_is_there(command: str) -> None:
    found = CliRunner().invoke(cli, [*command.split(), "--help"])
    assert found.exit_code == 0, found.output


def test_the_length_of_a_text() -> None:
    assert f"{TEXT_BYTES_MAX:,} bytes ({TEXT_BYTES_MAX // 3} Chinese characters)" in PAGE
