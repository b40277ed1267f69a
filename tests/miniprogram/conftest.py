"""node and what it needs, once for all tests of the mini program."""

import platform
import sys
from pathlib import Path

import pytest

from tests.toolbox import Toolbox, needed


@pytest.fixture(scope="session")
async def toolbox() -> Toolbox:
    """Tencent's compiler and component framework."""
    if sys.platform == "linux" and platform.machine() != "x86_64":
        pytest.skip("Tencent's compiler is there for x86-64 alone")
    return await needed(Path(__file__).parent)
