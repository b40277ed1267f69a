"""Which flow a gesture starts: the menu's button, the QR code, or the kind of gesture it was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.contact import JsonValue
from bot.core.flow.compiled import (
    Flow,
    GestureStarter,
    MenuStarter,
    ScanStarter,
    Starter,
    SurveyStarter,
)
from bot.core.gestures import Gesture, GestureKind

_STAR = "*"


@dataclass(frozen=True, slots=True)
class Started:
    """The flow a gesture starts, and the variables that it brings."""

    flow: Flow
    starter: Starter
    variables: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GestureRoutes:
    """The starters of published flows that hear gestures, indexed once."""

    buttons: Mapping[str, tuple[Flow, Starter]] = field(default_factory=dict)
    scenes: tuple[tuple[str, Flow, Starter], ...] = ()
    """Longest first, and exact ones before those that end with a star."""
    kinds: Mapping[GestureKind, tuple[Flow, Starter]] = field(default_factory=dict)
    surveys: Mapping[str, tuple[Flow, Starter]] = field(default_factory=dict)

    @classmethod
    def of(cls, starters: Iterable[tuple[Flow, Starter]]) -> "GestureRoutes":
        """Index starters; of two that hear the same the first counts (`flows check` refuses the second)."""
        buttons: dict[str, tuple[Flow, Starter]] = {}
        scenes: list[tuple[str, Flow, Starter]] = []
        kinds: dict[GestureKind, tuple[Flow, Starter]] = {}
        surveys: dict[str, tuple[Flow, Starter]] = {}
        for flow, starter in starters:
            match starter:
                case MenuStarter():
                    for key in starter.keys:
                        buttons.setdefault(key, (flow, starter))
                case ScanStarter():
                    scenes += [(scene, flow, starter) for scene in starter.scenes]
                case GestureStarter():
                    kinds.setdefault(starter.kind, (flow, starter))
                case SurveyStarter():
                    surveys.setdefault(flow.name, (flow, starter))
                case _:
                    pass
        scenes.sort(key=lambda one: (one[0].endswith(_STAR), -len(one[0])))
        return cls(buttons, tuple(scenes), kinds, surveys)

    def find(self, gesture: Gesture) -> Started | None:
        """Return what a gesture starts; None where no flow hears it.

        A QR code that makes a follower is a scan first: what it stands for is more than a welcome.
        """
        value = gesture.value
        if gesture.kind is GestureKind.MENU:
            found = self.buttons.get(value)
            return Started(*found, {"keyword": value}) if found is not None else None
        if gesture.kind is GestureKind.SURVEY:
            chosen = self.surveys.get(value)
            return Started(*chosen) if chosen is not None else None
        if gesture.kind in {GestureKind.SCAN, GestureKind.FOLLOW} and value:
            scanned = self._scanned(value)
            if scanned is not None:
                return scanned
        found = self.kinds.get(gesture.kind)
        return Started(*found, _variables(gesture)) if found is not None else None

    def _scanned(self, scene: str) -> Started | None:
        for written, flow, starter in self.scenes:
            if written == scene:
                return Started(flow, starter, {"scene": scene, "rest": ""})
            prefix = written.removesuffix(_STAR)
            if prefix != written and scene.startswith(prefix):
                return Started(flow, starter, {"scene": scene, "rest": scene[len(prefix) :]})
        return None


def _variables(gesture: Gesture) -> dict[str, JsonValue]:
    if gesture.kind is GestureKind.LOCATION:
        latitude, _, longitude = gesture.value.partition(",")
        return {"latitude": latitude, "longitude": longitude}
    return {"scene": gesture.value or None}
