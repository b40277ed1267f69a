"""What is made quickly is what a frozen dataclass is."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from bot.core.quickly import quickly_made


@dataclass(frozen=True, slots=True)
class Slow:
    name: str
    size: int = 3
    facts: Mapping[str, int] = field(default_factory=dict)


@quickly_made
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    size: int = 3
    facts: Mapping[str, int] = field(default_factory=dict)


def test_it_holds_what_it_was_given_and_its_defaults() -> None:
    assert repr(Quick("a")) == repr(Slow("a")).replace("Slow", "Quick")
    assert repr(Quick("a", facts={"b": 1})) == repr(Slow("a", facts={"b": 1})).replace("Slow", "Quick")
    assert Quick("a").facts is not Quick("a").facts, "made anew for each"
    with pytest.raises(TypeError, match=r"Quick.__init__\(\) missing 1 required .* 'name'"):
        Quick()  # type: ignore[call-arg]  # that is the point


def test_it_is_frozen_and_of_its_class() -> None:
    made = Quick("a")
    assert type(made) is Quick
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]  # that is the point
    assert not hasattr(made, "__dict__")


def test_it_can_be_compared_replaced_and_copied() -> None:
    made = Quick("a", 4)
    assert made == Quick("a", 4) != Quick("a", 5)
    assert replace(made, size=5) == Quick("a", 5)
    assert copy.copy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # our own
