"""What a message adds to the figures of its step: worked out from how it stands, so that a recount agrees.

Whoever changes how a message stands adds the difference in the same transaction. All of it counts for the
day on which the message was written, so that the rates of a day are of the same messages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.effects import StepFigure, figure_of
from bot.core.messages import OutboxState
from bot.core.quickly import quickly_made

SENT, HANDED, DELIVERED, CANCELED, SEGMENTS = "sent", "handed", "delivered", "canceled", "segments"
REPLIED, CLICKED, LEFT = "replied", "clicked", "left"
REFUSED, FAILED, UNDELIVERED = "refused:", "failed:", "undelivered:"
"""What these begin with: the reason follows, or the provider's code."""
OTHER_REASON = "other"

Figures = dict[StepFigure, tuple[int, int]]
"""Times and amounts by what they are of; the amount of `segments` is how many the messages had together."""

_NOTHING = (0, 0)
_WHOLE = frozenset({SENT, HANDED, DELIVERED, CANCELED, SEGMENTS, REPLIED, CLICKED, LEFT})
_TAKEN = frozenset({OutboxState.SENT, OutboxState.DELIVERED, OutboxState.UNDELIVERED})


@quickly_made
@dataclass(frozen=True, slots=True)
class Standing:
    """How a message stands, as far as figures are concerned; `on_day` is empty where none are kept."""

    flow: str
    revision: int
    step: str
    variant: str
    on_day: str
    state: OutboxState
    reason: str | None = None
    error_code: str | None = None
    segments: int = 0
    is_replied: bool = False
    is_clicked: bool = False
    is_left: bool = False

    def figure(self, what: str) -> StepFigure:
        """Name one of its figures."""
        return figure_of((self.flow, self.revision, self.step, self.variant, what, self.on_day))


def is_of_messages(what: str) -> bool:
    """Whether a figure is one of those that follow from how messages stand."""
    return what in _WHOLE or what.startswith((REFUSED, FAILED, UNDELIVERED))


def figures_of(message: Standing) -> Figures:
    """Return what a message adds; nothing where no flow wrote it."""
    if not message.flow or not message.on_day:
        return {}
    found = {message.figure(what): (1, 0) for what in _words(message)}
    if message.state in _TAKEN and message.segments:
        found[message.figure(SEGMENTS)] = (1, message.segments)
    return found


def _words(message: Standing) -> Iterable[str]:
    state, code = message.state, message.error_code or OTHER_REASON
    if state is OutboxState.REFUSED:
        yield f"{REFUSED}{message.reason or OTHER_REASON}"
    elif state is OutboxState.CANCELED:
        yield CANCELED
    else:
        yield SENT
    if state in _TAKEN:
        yield HANDED
    if state is OutboxState.DELIVERED:
        yield DELIVERED
    elif state is OutboxState.UNDELIVERED:
        yield f"{UNDELIVERED}{code}"
    elif state is OutboxState.FAILED:
        yield f"{FAILED}{code}"
    if message.is_replied:
        yield REPLIED
    if message.is_clicked:
        yield CLICKED
    if message.is_left:
        yield LEFT


def add(to: Figures, what: Mapping[StepFigure, tuple[int, int]], *, factor: int = 1) -> None:
    """Add figures so often to others (-1: take them away); what comes to nothing is dropped."""
    for figure, (times, amount) in what.items():
        times_before, amount_before = to.get(figure, _NOTHING)
        times_after, amount_after = times_before + factor * times, amount_before + factor * amount
        if times_after or amount_after:
            to[figure] = times_after, amount_after
        else:
            to.pop(figure, None)


def changed(before: Mapping[str, Standing], after: Mapping[str, Standing]) -> Figures:
    """Return what the figures change by, from how messages (by id) stood to how they stand."""
    difference: Figures = {}
    for message in after.values():
        add(difference, figures_of(message))
    for message in before.values():
        add(difference, figures_of(message), factor=-1)
    return difference
