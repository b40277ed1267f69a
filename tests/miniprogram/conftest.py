"""node and what it needs, once for all tests of the mini program."""

import os

import pytest

from tests.miniprogram.toolbox import NpmMissingError, Toolbox, installed


@pytest.fixture(scope="session")
async def toolbox() -> Toolbox:
    """Install it; skip loudly where the registry is out of reach, fail where everything must be there."""
    try:
        return await installed()
    except NpmMissingError as error:
        if os.environ.get("CI") == "true" or os.environ.get("REGULARS_REQUIRE_ALL"):
            pytest.fail(f"npm packages are missing: {error}", pytrace=False)
        pytest.skip(f"npm packages are missing: {error}")
