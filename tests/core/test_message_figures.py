"""What a message adds to figures follows from how it stands."""

import itertools
from dataclasses import replace

import pytest

from bot.core.effects import StepFigure
from bot.core.message_figures import Figures, Standing, add, changed, figures_of
from bot.core.messages import OutboxState

MESSAGE = Standing("loyalty", 3, "offer", "tone=warm", "2026-11-24", OutboxState.QUEUED, segments=2)


def counted(message: Standing) -> dict[str, tuple[int, int]]:
    return {one.what: numbers for one, numbers in figures_of(message).items()}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (OutboxState.QUEUED, {"sent"}),
        (OutboxState.HELD, {"sent"}),
        (OutboxState.SENDING, {"sent"}),
        (OutboxState.UNKNOWN, {"sent"}),
        (OutboxState.SENT, {"sent", "handed", "segments"}),
        (OutboxState.DELIVERED, {"sent", "handed", "delivered", "segments"}),
        (OutboxState.UNDELIVERED, {"sent", "handed", "undelivered:30005", "segments"}),
        (OutboxState.FAILED, {"sent", "failed:30005"}),
        (OutboxState.CANCELED, {"canceled"}),
        (OutboxState.REFUSED, {"refused:stopped"}),
    ],
)
def test_what_a_message_counts_as_follows_from_how_it_stands(state: OutboxState, words: set[str]) -> None:
    stood = replace(MESSAGE, state=state, reason="stopped", error_code="30005")
    assert set(counted(stood)) == words


def test_segments_are_an_amount_and_what_the_contact_did_is_counted_once() -> None:
    found = counted(
        replace(MESSAGE, state=OutboxState.DELIVERED, is_replied=True, is_clicked=True, is_left=True)
    )
    assert found["segments"] == (1, 2)
    assert {word: found[word] for word in ("replied", "clicked", "left")} == {
        "replied": (1, 0),
        "clicked": (1, 0),
        "left": (1, 0),
    }


def test_what_no_flow_wrote_or_was_written_before_there_were_figures_counts_for_nothing() -> None:
    assert figures_of(replace(MESSAGE, flow="")) == {}
    assert figures_of(replace(MESSAGE, on_day="")) == {}


def test_the_difference_brings_the_figures_from_one_standing_to_the_next() -> None:
    stages = [
        {"a": replace(MESSAGE, state=state), "b": MESSAGE}
        for state in (
            OutboxState.QUEUED,
            OutboxState.SENT,
            OutboxState.QUEUED,
            OutboxState.UNKNOWN,
            OutboxState.DELIVERED,
        )
    ]
    figures: Figures = {}
    for one in stages[0].values():
        add(figures, figures_of(one))
    for before, after in itertools.pairwise(stages):
        add(figures, changed(before, after))
    assert figures == {
        StepFigure("loyalty", 3, "offer", "tone=warm", what, "2026-11-24"): numbers
        for what, numbers in {
            "sent": (2, 0),
            "handed": (1, 0),
            "delivered": (1, 0),
            "segments": (1, 2),
        }.items()
    }
