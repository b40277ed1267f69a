"""Servers under measurement: start, ready, CPU and memory of their process trees read from /proc, stop."""

import http.client
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Settings of whoever runs the benchmark must not leak into what it starts.
FOREIGN_SETTINGS = ("REGULARS_", "DATABASE_URL", "PG", "LD_PRELOAD")


def end_in_order() -> None:
    """Let SIGTERM end a benchmark like an error does, so that it stops what it has started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def machine(folder: Path) -> dict[str, object]:
    """What the figures depend on: cores, Python, and microseconds per flush where SQLite's files will be."""
    waits: list[float] = []
    with (folder / "probe").open("wb", buffering=0) as probe:
        for _ in range(50):
            probe.write(b"x" * 4096)
            began_at = time.perf_counter()
            os.fdatasync(probe)
            waits.append(time.perf_counter() - began_at)
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "fdatasync_us": round(statistics.median(waits) * 1_000_000, 1),
        "load_average": os.getloadavg(),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tree(root: int) -> list[int]:
    """The process and all its descendants that live now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of a process tree, ended children that were waited for included."""
    ticks = 0
    for pid in tree(root):
        if fields := _stat(pid):
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS_PER_SECOND


def rss_megabytes(root: int) -> float:
    """Resident memory of a process tree; pages that processes share are counted in each."""
    pages = sum(int(fields[21]) for pid in tree(root) if (fields := _stat(pid)))
    return round(pages * PAGE_BYTES / 2**20, 1)


def parent_of(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def name_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the third on (proc(5) counts from one), None if the process is gone."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return line.rpartition(")")[2].split()


class Server:
    """One server process on a loopback port, with its log in a file."""

    def __init__(
        self, command: Sequence[str], settings: Mapping[str, str], *, port: int, ready: str, log: Path
    ) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN_SETTINGS)}
        self.port = port
        self.log = log
        self.ready = ready
        self.started_at = time.perf_counter()
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                list(command),
                cwd=ROOT,
                env=inherited | dict(settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_ready(self, patience_seconds: float = 60.0) -> float:
        """Seconds from exec to the first 200 of the ready path.

        Raises:
            RuntimeError: it ended or was not ready in time; the end of its log is in the message.
        """
        while time.perf_counter() - self.started_at < patience_seconds:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log_end()}")
            if self._is_ready():
                return time.perf_counter() - self.started_at
            time.sleep(0.01)
        raise RuntimeError(f"the server was not ready after {patience_seconds:g} s:\n{self.log_end()}")

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.ready)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def settle(self, patience_seconds: float = 10.0) -> None:
        """Wait until work that the answers did not wait for is done: two quiet tenths of a second."""
        quiet = 0
        before = self.cpu_seconds()
        until = time.perf_counter() + patience_seconds
        while quiet < 2 and time.perf_counter() < until:
            time.sleep(0.1)
            after = self.cpu_seconds()
            quiet = quiet + 1 if after - before <= 1 / TICKS_PER_SECOND else 0
            before = after

    def log_end(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """End it as an operator would; kill it if it does not go."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
