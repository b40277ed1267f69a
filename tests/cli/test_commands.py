"""The table of commands is what the modules have, and its help imports none of them."""

import subprocess
import sys

from typer.main import get_command

from bot.cli import cli
from bot.cli.commands import COMMANDS, Commands

_LONG = 1000


def test_the_help_of_all_is_the_commands_own() -> None:
    group = get_command(cli)
    assert isinstance(group, Commands)
    own = {name: one.get_short_help_str(_LONG) for name, one in group.commands.items()}
    assert own == {name: said for name, (_, said) in COMMANDS.items()}


def test_help_imports_no_command() -> None:
    script = (
        "import sys\nfrom bot.cli import main\ntry:\n    main(['--help'])\nfinally:\n    print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "contact" in ran.stdout
    imported = set(ran.stdout.split())
    assert not imported & {f"bot.cli.{module}" for module, _ in COMMANDS.values()}
    assert not imported & {"sqlalchemy", "pydantic", "aiohttp"}
