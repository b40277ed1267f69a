"""The movable clock: real time and how far ahead of it the demo runs. Only the demo has it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

DATABASE, CLOCK = "demo.sqlite", "clock"
"""The demo's database and its clock, in its folder."""
ZONE = "America/New_York"
"""The zone of the demo's shop: its days are counted by it."""


class DemoClock:
    """Tells the demo's time; how far ahead it runs is kept in a file, so that no restart turns it back."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta(seconds=float(file.read_text())) if file.exists() else timedelta()

    def __call__(self) -> datetime:
        """Return the demo's now; it goes on with real time."""
        return datetime.now(UTC) + self._ahead

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of real time."""
        return self._ahead

    def forward_to(self, at: datetime) -> None:
        """Move on to an instant; one that lies behind changes nothing, for time never runs back."""
        self._ahead += max(timedelta(), at - self())

    def keep(self) -> None:
        """Write down how far ahead it is."""
        self._file.write_text(str(self._ahead.total_seconds()))


def clock_beside(database: Path) -> DemoClock | None:
    """Return the clock of the demo whose database this is; None where it is no demo's."""
    file = database.with_name(CLOCK)
    return DemoClock(file) if database.name == DATABASE and file.is_file() else None
