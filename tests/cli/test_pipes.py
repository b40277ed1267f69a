"""Commands whose reader goes away, as in `regulars doctor | head -3`."""

import os
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, Terminal

COMMAND = "from bot.cli import main; main()"


@pytest.mark.parametrize(
    ("arguments", "lines"), [(["doctor"], 1), (["doctor"], 3), (["flows", "test"], 2), (["--help"], 0)]
)
def test_a_reader_that_leaves_early_gets_no_trace(shop: Terminal, arguments: list[str], lines: int) -> None:
    assert shop("migrate").code == 0
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
