"""What is kept of a contact that met an experiment."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.quickly import quickly_made

EXPOSURE = "exposure"
"""The table it is kept in."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Exposure:
    """The first time that a contact met an arm; the arm stays."""

    experiment: str
    arm: str
    at: datetime
    shares: str
    """The arms and shares of then: who met it under others is not compared."""
    run: str = ""
