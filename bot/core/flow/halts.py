"""What operators do to a whole flow: pause it, or let nobody in while those inside go on."""

from collections.abc import Mapping
from enum import StrEnum


class Halt(StrEnum):
    """How a flow is halted."""

    PAUSED = "paused"  # nobody enters, and runs that wait stand still
    DRAINING = "draining"  # nobody enters, the rest goes on


Halts = Mapping[str, Halt]
"""The flows that are halted, by name."""


def paused(halts: Halts) -> frozenset[str]:
    """Return the flows whose runs stand still."""
    return frozenset(flow for flow, halt in halts.items() if halt is Halt.PAUSED)
