"""What play is given for: never for sharing or following, whatever a flow calls it."""

from collections.abc import Iterator

from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint, complaint
from bot.core.flow.compiled import Flow
from bot.core.loyalty.inducement import speaks_of_sharing

_PLAY = frozenset({"checkin", "spin"})
_REMEDY = "start it with another word or event; for friends there is `referral:`, paid for their first order"


def play_for_sharing(flow: Flow) -> Iterator[Complaint]:
    """Complain about a check-in or a spin that begins with a word or an event of sharing or following."""
    plays = [step for step in flow.steps if isinstance(step, compiled.Do) and step.handler in _PLAY]
    named = next(
        (one for starter in flow.starters for one in _names(starter) if speaks_of_sharing(one)), None
    )
    if plays and named is not None:
        problem = (
            f"'{named}' gives a {plays[0].handler} for sharing or following: WeChat forbids induced sharing"
        )
        yield complaint(flow, plays[0], problem, _REMEDY)


def _names(starter: compiled.Starter) -> tuple[str, ...]:
    match starter:
        case compiled.EventStarter():
            return (starter.event,)
        case compiled.KeywordStarter():
            return starter.words
        case _:
            return ()
