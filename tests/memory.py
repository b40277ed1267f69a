"""Where the files of tests are: in memory where there is room, so that nothing waits for a disk."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- pytest and mkdtemp make folders of their own there
# More than a run of everything ever has there: two servers with their logs, a few big databases.
FREE_BYTES_MIN: Final = 4 << 30


def live_in_memory() -> None:
    """Put temporary files of this process and of those it starts in memory, unless TMPDIR says where.

    SQLite waits for the disk at every commit, and PostgreSQL makes a thousand files for each database.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        if shutil.disk_usage(MEMORY).free < FREE_BYTES_MIN:
            return
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
