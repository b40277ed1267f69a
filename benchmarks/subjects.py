"""How each measured server is started: the floor, the peers in their own environment, and Regulars itself."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import Database
from benchmarks.posts import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, SHOP_NUMBER
from benchmarks.processes import ROOT, Server, free_port
from benchmarks.report import say

PEERS_FOLDER = ROOT / ".bench-venv"
PEERS_REQUIREMENTS = Path(__file__).parent / "requirements-peers.txt"
TWILIO_UNREACHABLE = "http://127.0.0.1:9"  # nothing measured here may reach the real one


@dataclass(frozen=True, slots=True)
class Start:
    """Where a server finds its database and writes its log; `label` tells two of one kind apart."""

    database: Database
    folder: Path
    label: str

    @property
    def log(self) -> Path:
        return self.folder / f"{self.label}.log"


def floor(start: Start) -> Server:
    port = free_port()
    url = start.database.fresh(start.label)
    return Server(
        [
            sys.executable, "-c", "from benchmarks.floor import main; main()",
            "--database", url, "--port", str(port),
        ],
        start.database.server_settings(),
        port=port,
        ready="/readyz",
        log=start.log,
    )  # fmt: skip


def bare_json(start: Start) -> Server:
    """A handler of JSON with one durable write."""
    port = free_port()
    return Server(
        [
            sys.executable, "-c", "from benchmarks.bare_json import main; main()",
            "--database", start.database.fresh(start.label), "--port", str(port),
        ],
        start.database.server_settings(),
        port=port,
        ready="/readyz",
        log=start.log,
    )  # fmt: skip


def tutorial(start: Start, members: int) -> Server:
    """FastAPI, twilio, SQLAlchemy, with its members already there."""
    port = free_port()
    url = start.database.fresh(start.label)
    url = url.replace("+aiosqlite", "").replace("+asyncpg", "+psycopg2")
    return Server(
        [
            str(peers_python()), "-m", "uvicorn", "benchmarks.peers.tutorial:app",
            "--host", "127.0.0.1", "--port", str(port),
        ],
        {"DATABASE_URL": url, "BENCH_MEMBERS": str(members)},
        port=port,
        ready="/readyz",
        log=start.log,
    )  # fmt: skip


def aiogram(start: Start) -> Server:
    port = free_port()
    return Server(
        [str(peers_python()), "-m", "benchmarks.peers.aiogram_bot"],
        {"PORT": str(port)},
        port=port,
        ready="/readyz",
        log=start.log,
    )


def werobot(start: Start, members: int) -> Server:
    """WeRoBot with sessions in SQLite, with its members already there."""
    port, sessions = free_port(), str(start.folder / f"{start.label}.db")
    return Server(
        [str(peers_python()), "-m", "benchmarks.peers.werobot_bot"],
        {"PORT": str(port), "SESSIONS": sessions, "BENCH_MEMBERS": str(members)},
        port=port,
        ready="/readyz",
        log=start.log,
    )


def regulars_command() -> Path | None:
    """The installed `regulars`, beside this Python or on the path; None where it is not installed."""
    beside = Path(sys.executable).parent / "regulars"
    found = str(beside) if beside.exists() else shutil.which("regulars")
    return Path(found) if found else None


def regulars_settings(url: str, port: int) -> dict[str, str]:
    """The environment a shop would give it."""
    return {
        "DATABASE_URL": url,
        "REGULARS_PORT": str(port),
        "REGULARS_PUBLIC_URL": PUBLIC_URL,
        "REGULARS_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "REGULARS_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "REGULARS_TWILIO_FROM": SHOP_NUMBER,
        "REGULARS_TWILIO_BASE_URL": TWILIO_UNREACHABLE,
        "REGULARS_SECRET": "made-up-for-benchmarks-long-enough-to-sign-with",
    }


def regulars(start: Start, more: Mapping[str, str] | None = None, *, url: str | None = None) -> Server:
    """`regulars serve` as its user starts it, on a fresh database unless a URL is given.

    Raises:
        RuntimeError: it is not installed, or its release step failed.
    """
    command = regulars_command()
    if command is None:
        raise RuntimeError("regulars is not installed beside this Python")
    port = free_port()
    settings = regulars_settings(url or start.database.fresh(start.label), port) | dict(more or {})
    return Server(
        [str(command), "serve"],
        settings | dict(start.database.server_settings()),
        port=port,
        ready="/readyz",
        log=start.log,
    )


def peers_python() -> Path:
    """The Python of the peers' own environment, made and filled on first use and when its list changes."""
    python = PEERS_FOLDER / "bin" / "python"
    stamp = PEERS_FOLDER / ".requirements"
    wanted = hashlib.sha256(PEERS_REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    say(f"installing the peers into {PEERS_FOLDER.name}")
    subprocess.run([sys.executable, "-m", "venv", str(PEERS_FOLDER)], check=True)
    (PEERS_FOLDER / ".gitignore").write_text("*\n")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-r", str(PEERS_REQUIREMENTS)], check=True)
    stamp.write_text(wanted)
    return python


def has_peers() -> bool:
    """Whether the peers' environment is there, as `make test` must not install it."""
    return (PEERS_FOLDER / ".requirements").exists()
