"""Who gives a command and whether it is meant: for what the audit log keeps."""

import getpass
import os
import sys

import typer


def actor() -> str:
    """The name to write into the audit log: who asked sudo, or whoever runs the command."""
    asked = os.environ.get("SUDO_USER", "").strip()
    if asked:
        return asked
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"uid {os.getuid()}"


def is_meant(question: str, *, yes: bool) -> bool:
    """Ask; where nobody can answer, that means no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        typer.echo("Nothing was done: give --yes where nobody can answer.", err=True)
        return False
    return typer.confirm(question)
