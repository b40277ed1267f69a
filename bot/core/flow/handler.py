"""A handler: a plain function that a flow calls with `do:`, and what the checker knows of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.turn import Turn

HandlerFunction = Callable[[Turn], Mapping[str, JsonValue] | None]


@dataclass(frozen=True, slots=True)
class HandlerSpec:
    """A handler by name: the arguments `with:` may give it, the names in what it gives back.

    `problems` are the codes of the TellMember it may raise.
    """

    name: str
    function: HandlerFunction
    arguments: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    problems: frozenset[str] = frozenset()

    def __call__(self, turn: Turn) -> Mapping[str, JsonValue] | None:
        """Call the function: a declared handler is still one."""
        return self.function(turn)


def handler(
    *, arguments: Iterable[str] = (), returns: Iterable[str] = (), problems: Iterable[str] = ()
) -> Callable[[HandlerFunction], HandlerSpec]:
    """Declare a function a handler; its name is what flows call it by.

    @handler(arguments=("reward",), returns=("cost", "left"), problems=("not_enough_credit",))
    def redeem(turn: Turn) -> Mapping[str, JsonValue]: ...
    """

    def declare(function: HandlerFunction) -> HandlerSpec:
        name = getattr(function, "__name__", "")
        assert name, "a handler needs a name"
        return HandlerSpec(name, function, frozenset(arguments), frozenset(returns), frozenset(problems))

    return declare


def by_name(specs: Iterable[HandlerSpec]) -> dict[str, HandlerSpec]:
    """Return handlers by name; two of one name are a bug."""
    found: dict[str, HandlerSpec] = {}
    for spec in specs:
        assert spec.name not in found, f"two handlers are called {spec.name}"
        found[spec.name] = spec
    return found
