"""Which runs of a contact wait, for what, and which of them has the word."""

from bot.conversation.routing import (
    is_tapped_keyword,
)
from bot.core.flow.halts import Halt
from bot.core.flow.run import Run, WaitKind
from bot.core.messages import Inbound
from bot.core.turn import Turn


def listening(turn: Turn) -> list[Run]:
    """Return the runs that hear whatever the contact writes."""
    return [run for run in turn.runs.values() if waits(run, WaitKind.INBOUND) and not stands_still(turn, run)]


def may_answer(turn: Turn, inbound: Inbound) -> Run | None:
    """The run whose question a message may answer: none for gestures, and keywords that are tapped."""
    if inbound.gesture is not None or is_tapped_keyword(inbound):
        return None
    return _open_question(turn, inbound.channel)


def waits(run: Run, kind: WaitKind) -> bool:
    """Whether it listens to messages, or may hear an event: the engine knows which."""
    return run.listens if kind is WaitKind.INBOUND else run.is_waiting


def stands_still(turn: Turn, run: Run) -> bool:
    """Whether an operator paused the flow of a run."""
    return turn.shop.halted.get(run.flow) is Halt.PAUSED


def _open_question(turn: Turn, channel: str) -> Run | None:
    """The run whose question the contact would answer now: the newest that is open on the channel."""
    asking = [
        run
        for run in turn.runs.values()
        if run.holds_question
        and run.channel == channel
        and run.suspended_at is None
        and not stands_still(turn, run)
    ]
    return max(asking, key=lambda run: run.asked_at or run.started_at, default=None)
