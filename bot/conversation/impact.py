"""What a change of the program would do, reckoned on the shop's own members and orders."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.ids import BUCKETS
from bot.core.local_time import local_date
from bot.core.loyalty.costing import Cost, MemberOrders, Reckoning, moved, tiers_of, undated
from bot.core.loyalty.program import Program
from bot.core.loyalty.rules import WITHIN_MAX
from bot.storage.costing import members_with_orders
from bot.storage.driver import Database

DAYS = 90
"""The orders of how many days are reckoned."""
_KNOWN = WITHIN_MAX + timedelta(days=DAYS)
"""How far back orders are known, for rules of repeated purchases."""


@dataclass(slots=True)
class Impact:
    """What the rules would have granted in the last days, before and after the change, and who would move.

    Rules that are to come, or last some days, are reckoned as if they had held all the time.
    """

    members: int = 0
    before: Cost = field(default_factory=Cost)
    after: Cost = field(default_factory=Cost)
    gaining: int = 0
    """How many members would have earned more."""
    losing: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """From which tier to which, and how many; empty stands for none."""

    @property
    def more_minor(self) -> int:
        """How much more would have been granted; negative: less."""
        return self.after.credit_minor - self.before.credit_minor

    def changes(self) -> Mapping[str, tuple[int, int]]:
        """What each rule would have granted before and after, where that differs."""
        names = sorted(self.before.by_rule.keys() | self.after.by_rule.keys())
        both = {name: (self.before.by_rule[name], self.after.by_rule[name]) for name in names}
        return {name: amounts for name, amounts in both.items() if amounts[0] != amounts[1]}


async def impact_of(database: Database, before: Program, after: Program, zone: str, now: datetime) -> Impact:
    """Reckon a change, bucket by bucket; nothing is written."""
    today = local_date(now, zone)
    since = now - timedelta(days=DAYS)
    old = Reckoning(undated(before, today), zone, since)
    new = Reckoning(undated(after, today), zone, since)
    impact = Impact(before=old.cost, after=new.cost)
    for bucket in range(BUCKETS):
        members = await database.query(
            lambda c, bucket=bucket: members_with_orders(c, bucket, now - _KNOWN, zone)  # type: ignore[misc]  # bound now
        )
        impact.members += len(members)
        for member in members.values():
            earned_before, earned_after = old.add(member), new.add(member)
            impact.gaining += earned_after > earned_before
            impact.losing += earned_after < earned_before
        if before.tiers != after.tiers:
            impact.moves += _moves(members, before, after, zone, now)
    return impact


def _moves(
    members: Mapping[str, MemberOrders], before: Program, after: Program, zone: str, now: datetime
) -> Counter[tuple[str, str]]:
    today = local_date(now, zone)

    def standing(program: Program) -> dict[str, str | None]:
        tiers, code = program.tiers, program.currency.code
        return {name: tiers_of(tiers, member, zone, today, currency=code) for name, member in members.items()}

    return moved(standing(before), standing(after))
