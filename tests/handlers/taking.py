"""Turns that ask for more and take from counters, decided again until they have it, as a batch does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.core.contact import JsonValue
from bot.core.counting import Take
from bot.core.flow.handler import HandlerSpec
from bot.core.turn import NeedsMore, NeedsUnits, Turn
from tests.flows.remembered import remembered
from tests.handlers.scene import Scene

Result = Mapping[str, JsonValue]


@dataclass
class Member:
    """A member whose turns follow one another; `kept` and `units` are what the shop remembers."""

    scene: Scene
    units: dict[str, int] = field(default_factory=dict)
    kept: dict[tuple[str, str], object] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    prepare: Callable[[Turn], None] = lambda _: None

    def does(self, handler: HandlerSpec | Callable[[Turn], Result | None], **arguments: JsonValue) -> Result:
        """Let the member do something; what the turn kept and took stays so, unless it raises."""
        turn, taken, result = self._decided(handler, arguments)
        for unused in taken.keys() - turn.effects.used:
            self.units[unused.counter] += taken[unused]
        for counter, units in turn.effects.given_back.items():
            self.units[counter] += units
        self.kept |= turn.effects.kept
        self.turns.append(turn)
        return result

    @property
    def last(self) -> Turn:
        """The turn that was decided last."""
        return self.turns[-1]

    def _decided(
        self, handler: HandlerSpec | Callable[[Turn], Result | None], arguments: dict[str, JsonValue]
    ) -> tuple[Turn, dict[Take, int], Result]:
        more: dict[str, object] = {}
        taken: dict[Take, int] = {}
        before = dict(self.units)
        while True:
            turn = self.scene.turn(f"SM{len(self.turns)}", **arguments)
            known = {name: one for name, one in turn.snapshot.more.items() if name != "fulfilments"}
            turn.snapshot = replace(turn.snapshot, more={**known, **more}, taken=taken)
            self.prepare(turn)
            try:
                return turn, taken, handler(turn) or {}
            except NeedsMore as needs:
                more[needs.name] = remembered(self.kept, self.units, needs.name)
            except NeedsUnits as needs:
                left = self.units.setdefault(needs.take.counter, needs.take.of or 0)
                taken[needs.take] = needs.take.granted(left)
                self.units[needs.take.counter] -= taken[needs.take]
            except Exception:
                self.units.clear()
                self.units.update(before)
                raise
