"""What other systems' clients say, put into Segment's words, so that one reader understands all of them."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from bot.core.contact import JsonValue
from bot.core.tracking.message import Json, Kind


@dataclass(frozen=True, slots=True)
class Saying:
    """One message as one of Segment's clients would have sent it: its kind, and the body of the call."""

    kind: Kind
    body: Json


@dataclass(slots=True)
class MessageIds:
    """Makes ids of messages that bring none, from what they say: sent again, a message has the same one.

    Of messages that are alike in one request each gets its own, and in the same order the same again. What
    they say must name when it happened: what happens twice at different times is two things.
    """

    system: str
    _seen: Counter[str] = field(default_factory=Counter)

    def of(self, said: Mapping[str, JsonValue]) -> str:
        """Return the id of a message."""
        digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:40]
        self._seen[digest] += 1
        number = self._seen[digest]
        return f"{self.system}-{digest}" if number == 1 else f"{self.system}-{digest}-{number}"


def without_nothing(said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Leave out what is not said."""
    return {name: value for name, value in said.items() if value is not None}
