"""A letter's frame and what is filled in: the frame is kept once, with each message only what is its own.

Filling a template in leaves, for each stretch of it that is always the same, the stretch's number between two
characters that no text holds. So a row of the outbox keeps some hundred characters instead of 30,000, with
every value as it was when the message was decided, and the letter is put together when it is handed over.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

_BEGINS, _ENDS = "\x02", "\x03"
_HOLE = re.compile(f"{_BEGINS}([0-9a-z]+){_ENDS}")
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)

UNSUBSCRIBE, PREFERENCES, CONFIRM = (f"{_BEGINS}{name}{_ENDS}" for name in "upc")
"""What stands for the links that are made when the letter is handed over."""
_LATE = {"u": UNSUBSCRIBE, "p": PREFERENCES, "c": CONFIRM}


@dataclass(frozen=True, slots=True)
class Frame:
    """What of a template is always the same, stretch by stretch; `digest` tells it from others."""

    stretches: tuple[str, ...]
    digest: str

    def whole(self, filled: str) -> str:
        """Put a letter together; the links that are made later still stand for themselves."""
        stretches = self.stretches

        def stretch(hole: re.Match[str]) -> str:
            name = hole[1]
            if name in _LATE:
                return _LATE[name]
            number = int(name) if name.isdecimal() else len(stretches)
            return stretches[number] if number < len(stretches) else ""

        return _HOLE.sub(stretch, filled)


def parted(source: str) -> tuple[Frame, str]:
    """Part a template into its frame and the Liquid that fills it in."""
    stretches: list[str] = []
    liquid: list[str] = []

    def keep(stretch: str) -> None:
        if stretch:
            liquid.append(f"{_BEGINS}{len(stretches)}{_ENDS}")
            stretches.append(stretch)

    at = 0
    for found in _LIQUID.finditer(source):
        keep(source[at : found.start()])
        liquid.append(found.group())
        at = found.end()
    keep(source[at:])
    digest = hashlib.sha256("\0".join(stretches).encode()).hexdigest()[:16]
    return Frame(tuple(stretches), digest), "".join(liquid)


def with_links(text: str, links: Mapping[str, str]) -> str:
    """Put the links in place of what stands for them."""
    for hole, link in links.items():
        text = text.replace(hole, link)
    return text
