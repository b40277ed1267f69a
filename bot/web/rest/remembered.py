"""What was looked up a moment ago, for who asks several times in a row: a page opens with five requests."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 5.0
"""How long another process may not have heard that something is over."""
_REMEMBERED_MAX = 20_000


class Remembered(Generic[T]):
    """Some things by key, each for a few seconds; the first kept are the first forgotten."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing."""
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def get(self, key: str) -> T | None:
        """Return what is kept by a key; None: nothing is, or not any more."""
        kept = self._kept.get(key)
        return kept[0] if kept is not None and self._clock() < kept[1] else None

    def keep(self, key: str, what: T) -> None:
        """Remember what was looked up just now."""
        self._kept.pop(key, None)  # from now on it is the last one
        self._kept[key] = (what, self._clock() + self._seconds)
        if len(self._kept) > _REMEMBERED_MAX:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """Look it up when somebody asks again."""
        self._kept.pop(key, None)

    def forget_all(self) -> None:
        """Look up everything anew."""
        self._kept.clear()
