"""A past and funds kept in memory: for reckoning what rules would have cost, without a database."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.loyalty.gains import Bought, Earnings, Sale, Tally


@dataclass(slots=True)
class ReckonedPast:
    """One member's past, filled as sales and gains are reckoned; see `bot.core.loyalty.gains.Past`."""

    gains: list[tuple[datetime, str, str, int]] = field(default_factory=list)
    orders: list[Bought] = field(default_factory=list)
    proofs: set[tuple[str, str]] = field(default_factory=set)

    def granted(self, wallet: str, rule: str | None, since: datetime | None) -> Tally:
        """Tally what was kept."""
        found = [
            granted
            for at, into, by, granted in self.gains
            if into == wallet and rule in {None, by} and (since is None or at >= since)
        ]
        return Tally(len(found), sum(found))

    def bought(self, since: date) -> Sequence[Bought]:
        """Return the orders kept, from the day on."""
        return [each for each in self.orders if each.at.date() >= since]

    def is_proven(self, rule: str, proof: str) -> bool:
        """Whether what was kept has the proof."""
        return (rule, proof) in self.proofs

    def keep(self, earnings: Earnings, at: datetime, sale: Sale | None = None) -> None:
        """Let what was earned now be the past of what comes."""
        self.gains += [(at, gain.wallet, gain.rule, gain.granted) for gain in earnings.gains if gain.granted]
        self.proofs |= {(gain.rule, gain.proof) for gain in earnings.gains if gain.proof}
        if sale is not None:
            skus = frozenset(line.sku for line in sale.lines)
            categories = frozenset(line.category for line in sale.lines)
            self.orders.append(Bought(sale.id, sale.placed_at, skus, categories))


@dataclass(slots=True)
class ReckonedFunds:
    """Counters of funds in memory."""

    taken: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, counter: str, units: int, limit: int) -> int:
        """Take what there is, at most `units`."""
        got = min(units, max(limit - self.taken[counter], 0))
        self.taken[counter] += got
        return got
