"""What one rule granted for one source: the record that a claw-back follows, not the rules of that day."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EarnRecord:
    """Credit that `rule` granted for `source` (`order/<id>`, `event/<id>`), by the entry that issued it.

    `desired_minor` is what it would have been without caps and budgets, `because` says what took the rest.
    `by_line_minor` splits `granted_minor` over the order's lines, in their order. `policy` is `id@version`.
    """

    source: str
    rule: str
    wallet: str
    entry_id: str
    lot_id: str
    desired_minor: int
    granted_minor: int
    by_line_minor: tuple[int, ...]
    because: tuple[str, ...]
    policy: str
    at: datetime
