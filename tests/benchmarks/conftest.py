"""The databases that the benchmarks' own tests run on."""

import contextlib
import os
from collections.abc import Iterator

import pytest

from benchmarks.databases import Postgres, PostgresMissingError, own_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL that a benchmark starts for itself; missing is a failure in CI, else a skip."""
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(own_postgres())
        except PostgresMissingError as missing:
            if "CI" in os.environ:
                raise
            pytest.skip(str(missing))
        yield started
