"""Everything that can be done to credit, one deed each: what must be so before, and the turn that does it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType

from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause, Entry, Reason
from bot.core.ledger.explained import Page
from bot.core.ledger.lots import Grant, Terms, days_good
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.expiry import Activity
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from tests.storage.scripted import NOW

DAY = timedelta(days=1)
LATER = NOW + 10 * DAY
"""When the deeds are done: some of what was granted before has ended by then."""

Deed = Callable[[Turn], None]


def lot_of(turn: Turn, fund: str) -> str:
    """The open lot of that fund."""
    return next(lot.id for lot in turn.books.lots.values() if lot.fund == fund)


def before(turn: Turn) -> None:
    """Something of everything: credit of several ends, spent, held, owed to nobody."""
    books, now = turn.books, turn.now
    for fund, amount, days in (("ends", 50, 3), ("stays", 80, 60)):
        terms = days_good(now, now.date() + days * DAY, "UTC", timedelta(0), renewal="0mo90d/day:purchase")
        books.earn(Grant(amount, terms, "promotional", fund, "p@1"), now, Cause(f"before/{fund}", "shop"))
    later = Terms(now + 20 * DAY, "UTC")
    books.earn(Grant(30, later, "promotional", "waits", "p@1"), now, Cause("before/waits", "shop"))
    books.redeem(20, now, Cause("before/spent", "shop"))
    books.hold("order 1", 10, 30 * DAY, now, Cause("before/held", "shop"))


def undoing(turn: Turn, reason: Reason) -> Undoing:
    """The last entry for that reason, read as a turn reads it."""
    page = turn.needed("history", "main 1")
    assert isinstance(page, Page)
    return undoing_of(turn, [entry for entry in page.entries if entry.reason is reason][-1])


def granted(turn: Turn, fund: str) -> Undoing:
    """The entry that granted the credit of that fund."""
    page = turn.needed("history", "main 1")
    assert isinstance(page, Page)
    return undoing_of(turn, next(entry for entry in page.entries if entry.key == f"before/{fund}"))


def undoing_of(turn: Turn, entry: Entry) -> Undoing:
    found = turn.needed("undoing", entry.id)
    assert isinstance(found, Undoing)
    missing = tuple(draw.of_lot for draw in entry.draws if draw.of_lot not in turn.books.lots)
    if missing:
        raise NeedsMoreLots(missing)
    return found


def cause(turn: Turn) -> Cause:
    return Cause(turn.trigger.key, "shop", reason_text="because of a test")


def earn(turn: Turn) -> None:
    turn.books.earn(Grant(7, Terms(turn.now, "UTC"), "promotional", "new", "p@1"), turn.now, cause(turn))
    turn.track("Credit Granted", {"amount": 7})


def redeem(turn: Turn) -> None:
    turn.books.redeem(33, turn.now, cause(turn))


def adjust(turn: Turn) -> None:
    turn.books.adjust_down(5, turn.now, cause(turn))


def set_aside(turn: Turn) -> None:
    turn.books.hold("order 2", 9, DAY, turn.now, cause(turn))


def open_hold(turn: Turn) -> str:
    return next(iter(turn.books.holds))


def capture(turn: Turn) -> None:
    turn.books.capture(open_hold(turn), 6, turn.now, cause(turn))


def release(turn: Turn) -> None:
    turn.books.release(open_hold(turn), turn.now, cause(turn))


def restore(turn: Turn) -> None:
    """Half of what was spent, out of a lot that has ended: it gets a child."""
    half = replace(undoing(turn, Reason.REDEEM), share=Fraction(1, 2))
    turn.books.restore(half, turn.now, cause(turn), 5 * DAY)


def claw_back(turn: Turn) -> None:
    """Of a lot that is spent in part: from it, from others."""
    turn.books.claw_back(granted(turn, "stays"), turn.now, cause(turn))


def owe(turn: Turn) -> None:
    """More is taken back than there is, and the next credit pays it."""
    undone = granted(turn, "stays")
    turn.books.redeem(turn.books.spendable(turn.now), turn.now, cause(turn))
    turn.books.claw_back(undone, turn.now, Cause(f"{turn.trigger.key}/back", "shop"))
    grant = Grant(25, Terms(turn.now, "UTC"), "promotional", "new", "p@1")
    turn.books.earn(grant, turn.now, Cause(f"{turn.trigger.key}/pays", "shop"))


def expire(turn: Turn) -> None:
    turn.books.expire(lot_of(turn, "ends"), turn.now, "nobody came")


def expire_and_reinstate(turn: Turn) -> None:
    entry = turn.books.expire(lot_of(turn, "ends"), turn.now)
    assert entry is not None
    broken = {draw.of_lot: draw.amount_minor for draw in entry.draws}
    turn.books.reinstate(Undoing(entry), turn.now, cause(turn), 9 * DAY, broken)


def renew(turn: Turn) -> None:
    turn.books.renew([Activity.PURCHASE], turn.now.date(), turn.now, cause(turn))


def notice(turn: Turn) -> None:
    lot_id = lot_of(turn, "stays")
    turn.books.mark_noticed([lot_id], turn.now)
    turn.effects.notices.append((lot_id, 7))
    turn.effects.looked_at[lot_id] = None


def out_of_a_budget(turn: Turn) -> None:
    got = turn.take("budget/tests", 4, of=1_000_000, partial=True)
    grant = Grant(got, Terms(turn.now, "UTC"), "promotional", "tests", "p@1")
    turn.books.earn(grant, turn.now, cause(turn))


def stamp(turn: Turn) -> None:
    """A wallet beside the main one, and something for somebody else."""
    grant = Grant(1, Terms(turn.now, "UTC"), "card", "card/tea", "p@1")
    turn.wallet("card/tea").earn(grant, turn.now, cause(turn))
    turn.tell("0" * 30 + "07", Trigger(turn.trigger.key, TriggerKind.START, turn.now))


DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        deed.__name__: deed
        for deed in (
            *(earn, redeem, adjust, set_aside, capture, release, restore, claw_back, owe, expire),
            *(expire_and_reinstate, renew, notice, out_of_a_budget, stamp),
        )
    }
)
"""By name; each leaves at least one row."""


def everything(turn: Turn) -> None:
    """Most of them in one turn."""
    for number, deed in enumerate((capture, redeem, set_aside, earn, out_of_a_budget, stamp)):
        turn.trigger = replace(turn.trigger, key=f"{turn.trigger.key.partition('#')[0]}#{number}")
        deed(turn)
    turn.trigger = replace(turn.trigger, key=turn.trigger.key.partition("#")[0])
