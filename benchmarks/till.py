"""Turns that do one thing to credit and nothing else: the ledger's own part of what an operation costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.work import Work
from bot.core.contact import Event
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop, Turn


@dataclass(slots=True)
class Till:
    """Turns that do one thing to credit and nothing else: what the ledger itself costs."""

    dispatcher: Dispatcher
    members: Sequence[str]
    clock: Callable[[], datetime]

    async def do(self, name: str, order: int) -> None:
        trigger = Trigger(
            f"till:{name}:{order}", TriggerKind.START, self.clock(), {"deed": name, "order": order}
        )
        member = self.members[order % len(self.members)]
        result = await self.dispatcher.submit(Work(trigger, contact_id=member))
        assert result.outcome == name, result


@dataclass(frozen=True, slots=True)
class Deeds:
    """Decides turns of the till."""

    shop: Shop

    def decide(self, turn: Turn) -> None:
        name, order = str(turn.trigger.payload["deed"]), turn.trigger.payload["order"]
        cause = Cause(turn.trigger.key, "shop", source_type="order", source_id=f"{order}")
        books, now = turn.books, turn.now
        held = f"{order}"
        if name == "earn":
            terms = Terms(now, turn.contact.zone)
            books.earn(Grant(50, terms, "promotional", "earning", "program@1"), now, cause)
        elif name == "quote":
            assert books.balance(now).available_minor > 0
        elif name == "hold":
            books.hold(held, 50, timedelta(hours=1), now, cause)
        elif name == "capture":
            hold = next(hold for hold in books.holds.values() if hold.order_id == held)
            books.capture(hold.id, 40, now, cause)
        else:
            undoing = turn.needed("undoing_keyed", f"till:capture:{order}")
            assert isinstance(undoing, Undoing)
            missing = tuple(d.of_lot for d in undoing.entry.draws if d.of_lot not in books.lots)
            if missing:
                raise NeedsMoreLots(missing)
            books.restore(undoing, now, cause)
        turn.effects.outcome = name

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:  # noqa: ARG002  # a Decider is asked so
        return False

    def starts_on(self, event: Event) -> bool:  # noqa: ARG002  # as above
        return False

    def hears(self, turn: Turn, event_name: str) -> bool:  # noqa: ARG002  # as above
        return False
