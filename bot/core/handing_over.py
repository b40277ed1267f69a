"""What a run that stands at its message is told: that it was handed over, is held, or will never leave."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.ids import instant, microseconds
from bot.core.messages import Outgoing
from bot.core.triggers import Trigger, TriggerKind


class Became(StrEnum):
    """What became of a message for which a run stands still."""

    HANDED = "handed"  # the provider has it, or may have it
    HELD = "held"  # by the gate, when it was about to leave
    REFUSED = "refused"  # by the gate, or called off by an operator
    FAILED = "failed"  # the provider will never take it
    RECALLED = "recalled"  # its contact became another before it left, who is to have it


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a run's message, and when; `until` is when what is held may leave."""

    run: str
    message: str
    became: Became
    at: datetime
    until: datetime | None = None


def tell(message: Outgoing, became: Became, at: datetime, until: datetime | None = None) -> list[Trigger]:
    """Return the trigger that tells a message's run; none where no run stands still for it."""
    if message.origin is None or not message.origin.wakes:
        return []
    return [trigger_of(Told(message.origin.run, message.id, became, at, until))]


def trigger_of(told: Told) -> Trigger:
    """Return the trigger that tells a run what became of its message: once, and once that it is held."""
    name = Became.HELD if told.became is Became.HELD else Became.HANDED
    payload: dict[str, JsonValue] = {"run": told.run, "message": told.message, "became": told.became.value}
    if told.became is Became.HANDED:
        payload["handed_at"] = microseconds(told.at)  # the trigger may come later: its flow may be paused
    if told.until is not None:
        payload["until"] = microseconds(told.until)
    return Trigger(f"{name}:{told.message}", TriggerKind.HANDED, told.at, payload)


def told_by(trigger: Trigger) -> Told:
    """Read back what a trigger tells."""
    told = trigger.payload
    until, handed_at = told.get("until"), told.get("handed_at")
    assert until is None or isinstance(until, int), "an instant is a number"
    assert handed_at is None or isinstance(handed_at, int), "an instant is a number"
    return Told(
        run=str(told["run"]),
        message=str(told["message"]),
        became=Became(str(told["became"])),
        at=instant(handed_at) if handed_at is not None else trigger.at,
        until=instant(until) if until is not None else None,
    )
