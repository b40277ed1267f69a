"""What every command begins with: settings and logs."""

import io
import os
import sys
from pathlib import Path

from bot.config import Settings, load_settings, with_secret
from bot.logs import configure_logs


def read_settings(*, quiet: bool = False) -> Settings:
    """Read settings and set up logs; `quiet` commands log warnings only. Raises SettingsError."""
    settings = with_secret(load_settings(os.environ, Path(".env")))
    configure_logs(sys.stderr, "warning" if quiet else settings.log_level)
    return settings


def settings_of_files() -> Settings:
    """Read settings for commands that look at files only: no secret is asked for, or made. As above."""
    settings = load_settings(os.environ, Path(".env"))
    silence_logs()
    return settings


def silence_logs() -> None:
    """Write no logs: for commands that say themselves what failed."""
    configure_logs(io.StringIO(), "error")
