"""What could not be read of a program, so that nothing is complained of that only follows from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.reader import read


@dataclass(frozen=True, slots=True)
class Unread:
    """Files that are there and broken: flows by name with those that they call, others by kind."""

    flows: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.flows or self.kinds)

    def with_flow(self, name: str, source: str, file: str) -> "Unread":
        """The same with a flow, whose file may not even be YAML."""
        try:
            document = read(source, file)
        except FlowError:
            return Unread(self.flows | {name}, self.called, self.kinds)
        named, called = _named(document.value, name), frozenset(_called(document.value))
        return Unread(self.flows | {name, named}, self.called | called, self.kinds)

    def with_kind(self, kind: str) -> "Unread":
        """The same with the file of a kind."""
        return Unread(self.flows, self.called, self.kinds | {kind})


NOTHING = Unread()


def _named(value: JsonValue, name: str) -> str:
    return str(value.get("flow", name)) if isinstance(value, dict) else name


def _called(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        call = value.get("call")
        if isinstance(call, str):
            yield call
        for each in value.values():
            yield from _called(each)
    elif isinstance(value, list):
        for each in value:
            yield from _called(each)
