"""What turns are likely to ask for beyond their snapshots: what the one before asked for on the same cause.

A turn says what it needs when it comes to it, is given it, and is decided again. Where the database is far
away each time is a wait; whoever writes REWARDS is about to ask for what the last one asked who wrote it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.triggers import Trigger, TriggerKind
from bot.storage.past import WRITING

_CAUSES_MAX = 1024
_TEXT_MAX = 24  # keywords are shorter
_NOT_BY_NAME = frozenset({"counts", "notices"})  # which kinds of turns want these is known


class Noted(dict[str, object]):
    """What is known beyond a snapshot, and which of it was asked for."""

    __slots__ = ("asked",)

    def __init__(self, known: Mapping[str, object]) -> None:
        """Begin with nothing asked."""
        super().__init__(known)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> object:
        """Return what is known by a name, and note it."""
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        """Whether it is known; noted too, because turns ask so for what they are about to need."""
        self.asked.add(str(name))
        return super().__contains__(name)


@dataclass(slots=True)
class Foresight:
    """Remembers by cause what was asked for; what was of one contact alone is not asked for twice."""

    _asked: OrderedDict[str, frozenset[str]] = field(default_factory=OrderedDict)
    _foreseen: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, trigger: Trigger) -> frozenset[str]:
        """Names that a turn will probably ask for."""
        return self._foreseen.get(_cause(trigger), frozenset())

    def learn(self, trigger: Trigger, asked: set[str]) -> None:
        """Remember what a turn asked for that was decided."""
        cause, before = _cause(trigger), frozenset[str]()
        if cause in self._asked:
            before = self._asked[cause]
            self._asked.move_to_end(cause)
            if asked == before and self._foreseen[cause] is before:
                return  # nearly always: it is as the last two
        now = frozenset(name for name in asked - _NOT_BY_NAME if name.partition("/")[0] not in WRITING)
        if cause not in self._asked:
            if not now:
                return
            if len(self._asked) >= _CAUSES_MAX:
                forgotten, _ = self._asked.popitem(last=False)
                del self._foreseen[forgotten]
        self._asked[cause] = now
        # What has an argument may be an id that no other turn will ask for.
        as_before = now == before
        self._foreseen[cause] = (
            now if as_before else frozenset(name for name in now if "/" not in name or name in before)
        )


def _cause(trigger: Trigger) -> str:
    """What turns have in common that ask for the same."""
    inbound = trigger.inbound
    if inbound is None:
        name = trigger.payload.get("operation") if trigger.kind is TriggerKind.OPERATION else None
        return f"{trigger.kind} {name or (trigger.event.name if trigger.event is not None else '')}"
    if inbound.gesture is not None:
        return f"{inbound.gesture.kind} {inbound.gesture.value[:_TEXT_MAX]}"
    return f"text {inbound.text.strip()[:_TEXT_MAX].casefold()}"
