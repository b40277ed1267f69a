"""Linking: a shopper on WeChat shows that a phone number is theirs, and both become one member."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import proving
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(
    arguments=("number",),
    returns=("number", "code", "to", "minutes"),
    problems=("not_here", "not_a_number", "yours_already", "too_often"),
)
def link(turn: Turn) -> Mapping[str, JsonValue]:
    """Begin to show that a phone number is the contact's.

    Whoever is known there is texted a code, to be typed here (see `prove`). `code` is another, to be texted
    from there to our number `to` (empty where we have several), within `minutes`.

    Raises:
        TellMember: `not_here`: it is asked for on WeChat, of a shop that texts; `not_a_number`;
            `yours_already`; `too_often`: today, of this number, by this contact or about numbers like it.
    """
    asked = proving.ask(turn, str(turn.arguments.get("number") or ""))
    return {"number": asked.number, "code": asked.code, "to": asked.to, "minutes": asked.minutes}


@handler(arguments=("code",), returns=("state", "left"))
def prove(turn: Turn) -> Mapping[str, JsonValue]:
    """Try the code that was typed; `state` is proven, wrong (with the tries `left`), spent, late or none."""
    tried, left = proving.try_code(turn, str(turn.arguments.get("code") or ""))
    return {"state": tried.value, "left": left}


@handler(arguments=("proof",), returns=("code",), problems=("not_here",))
def link_code(turn: Turn) -> Mapping[str, JsonValue]:
    """Give the `code` that is texted to whoever is known at a number that somebody named on WeChat.

    Raises:
        TellMember: `not_here`: nobody asked for one.
    """
    proof = turn.arguments.get("proof")
    if not isinstance(proof, str) or not proof:
        raise TellMember("not_here")
    return {"code": proving.code_for(turn, proof)}
