"""The global control group: contacts who enter no marketing journey, so that its effect can be told."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

PARTS = 10_000
"""Shares are counted in hundredths of a percent."""


class Side(StrEnum):
    """Where a contact stands: held back, of as many who are not and are compared with them, or neither."""

    CONTROL = "control"
    TREATMENT = "treatment"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """A share of all contacts, in `PARTS`, by a hash of who they are: the same as long as the salt is.

    A larger share keeps those who are in. Another salt draws all anew.
    """

    share: int
    salt: str = ""

    def side(self, contact_id: str) -> Side:
        """Return where a contact stands."""
        digest = hashlib.sha256(f"control/{self.salt}/{contact_id}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") % PARTS
        if place < self.share:
            return Side.CONTROL
        # From the other end, so that a larger share takes nobody from one side to the other.
        return Side.TREATMENT if place >= PARTS - self.share else Side.NEITHER
