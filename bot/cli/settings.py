"""What every command begins with: settings and logs."""

import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config import Settings, load_settings, with_secret
from bot.demo.clock import DATABASE, ZONE
from bot.logs import configure_logs

_SQLITE = b"SQLite format 3\0"


def read_settings(*, quiet: bool = False, makes_database: bool = False) -> Settings:
    """Read settings and set up logs; `quiet` commands log warnings only.

    A secret is made beside a database only: of a command that makes none, where there is one.

    Raises:
        SettingsError: with everything that is wrong.
    """
    settings = load_settings(os.environ, Path(".env"))
    file = settings.sqlite_file
    if file is None or _is_database(file) or (makes_database and not file.exists()):
        settings = with_secret(settings)
    settings = _of_shop(settings)
    configure_logs(sys.stderr, "warning" if quiet else settings.log_level)
    return settings


def _is_database(file: Path) -> bool:
    """Whether a file is SQLite's, https://www.sqlite.org/fileformat.html; one that is empty is, too."""
    try:
        with file.open("rb") as beginning:
            return beginning.read(len(_SQLITE)) in {_SQLITE, b""}
    except OSError:
        return False


def _of_shop(settings: Settings) -> Settings:
    """Let days be the demo's where the database is a demo's and no zone was given: they are counted by it."""
    file = settings.sqlite_file
    is_demo = file is not None and file.name == DATABASE and settings.zone.key == "UTC"
    return replace(settings, zone=ZoneInfo(ZONE)) if is_demo else settings


def settings_of_files() -> Settings:
    """Read settings for commands that look at files only: no secret is asked for, or made. As above."""
    settings = load_settings(os.environ, Path(".env"))
    silence_logs()
    return settings


def silence_logs() -> None:
    """Write no logs: for commands that say themselves what failed."""
    configure_logs(io.StringIO(), "error")
