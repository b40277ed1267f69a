"""Faults that a loopback server was asked for: kept until they have happened as often as they shall."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class AnyFault(BaseModel):
    """Something that shall go wrong; `times` is how often, None: until it is cleared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int | None = Field(default=1, ge=1)


Fault = TypeVar("Fault", bound=AnyFault)


class FaultsAhead(Generic[Fault]):
    """The faults that were asked for and have not happened yet, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        """Yield each with the times it has left."""
        return iter(tuple(self._waiting))

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        self._waiting.clear()

    def first(self, hits: Callable[[Fault], bool]) -> Fault | None:
        """Return the oldest that hits here and now, and count it down."""
        for place, fault in enumerate(self._waiting):
            if hits(fault):
                if fault.times == 1:
                    del self._waiting[place]
                elif fault.times is not None:
                    self._waiting[place] = fault.model_copy(update={"times": fault.times - 1})
                return fault
        return None
