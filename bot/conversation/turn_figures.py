"""What turns concern of figures and audiences: their events, and what they changed of their contacts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.conversation.audiences import Deciding, Keeping
from bot.core.audiences.audience import Topic
from bot.core.audiences.figures import BROKEN_FIGURES
from bot.core.audiences.rule import Happened
from bot.core.deeds.tier_turns import TIER
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage.driver import Connection


async def keep_after_turns(  # noqa: PLR0913  # what concerns figures, each under its name
    connection: Connection,
    keeping: Keeping,
    decisions: Deciding,
    turns: Sequence[Turn],
    now: datetime,
    *,
    happened: Mapping[str, Sequence[Happened]],
    anew: Mapping[str, Collection[str]],
    newcomers: Collection[str],
) -> list[tuple[str, Trigger]]:
    """Keep figures and audiences current with turns that are written, in their transaction."""
    figures = decisions.shop.figures
    if figures.is_empty and figures is not BROKEN_FIGURES:
        return []
    depths = {turn.contact.id: turn.trigger.payload.get("depth", 0) for turn in turns}
    parted = [
        one for turn in turns if turn.effects.revived for one in (turn.contact.id, turn.effects.revived)
    ]
    return await keeping.keep_current(
        connection,
        decisions,
        happened,
        {turn.contact.id: topics for turn in turns if (topics := _topics(turn))},
        now,
        anew=anew,
        newcomers=newcomers,
        joined={
            turn.contact.id: str(turn.trigger.payload["loser"])
            for turn in turns
            if turn.trigger.kind is TriggerKind.JOINED
        },
        parted=parted,
        # Who left their last address for good is erased by now.
        contacts={turn.contact.id: turn.contact for turn in turns if not turn.effects.forgotten},
        depths={contact: depth for contact, depth in depths.items() if isinstance(depth, int)},
    )


def _topics(turn: Turn) -> list[Topic]:
    """What a turn changed that audiences may ask about."""
    effects, topics = turn.effects, list[Topic]()
    if effects.contact_changed:
        topics.append(Topic.CONTACT)
    if effects.consent:
        topics.append(Topic.CONSENT)
    if ("standing", TIER) in effects.kept:
        topics.append(Topic.TIER)
    if any(books.is_changed for books in turn.opened_books):
        topics.append(Topic.WALLET)
    return topics
