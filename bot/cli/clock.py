"""What time it is for a command: the real one, or the demo's where the database is a demo's."""

from datetime import datetime

from bot import app
from bot.config import Settings
from bot.demo.clock import clock_beside


def now_of(settings: Settings) -> datetime:
    """Return the instant at which a command reads or writes the settings' database.

    Whoever moved the demo's clock reads out what happened until then, and not until today.
    """
    file = settings.sqlite_file
    clock = clock_beside(file) if file is not None else None
    return clock() if clock is not None else app.utc_now()
