"""What people answered in a line each: for the terminal and for the page."""

from collections.abc import Iterator, Mapping, Sequence

from bot.core.feedback_figures import Interval, OfArm, Question, share

Arms = Mapping[tuple[str, str], Sequence[OfArm]]
"""What arms of an experiment answered, by flow and step."""


def arm_lines(arms: Sequence[OfArm]) -> Iterator[str]:
    """What each arm answered, a line for each; the score beside the first arm's."""
    width = max((len(one.arm) for one in arms), default=0)
    for one in arms:
        question, score = one.question, one.question.nps
        answered = f"{question.answered:,}"
        if question.asked >= question.answered and question.asked:
            answered += f" of {question.asked:,}"
        line = f"{one.arm:<{width}}  {answered} answered"
        if score is not None:
            line += f"; NPS {_signed(score.points)}"
        elif question.mean is not None:
            line += f"; mean {question.mean.value:.2f} ({question.mean.low:.2f} to {question.mean.high:.2f})"
        elif question.choices and question.answered:
            line += f"; {_chosen(question)}"
        if one.difference is not None:
            apart, digits = one.difference, 0 if score is not None else 2
            line += f"; {apart.estimate:+.{digits}f} against {arms[0].arm}"
            line += f" ({apart.low:+.{digits}f} to {apart.high:+.{digits}f})"
        yield line


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.0f} ({interval.low:+.0f} to {interval.high:+.0f})"


def _chosen(question: Question) -> str:
    parts = [(label, share(number, question.answered)) for label, number in question.bars]
    return ", ".join(f"{label} {part.value:.0%} ({part.low:.0%} to {part.high:.0%})" for label, part in parts)


def response(one: Question) -> str:
    """Say how many answered, of how many."""
    answered = f"{one.answered:,} answered"
    if one.asked >= one.answered and one.asked:
        answered += f" of {one.asked:,} times it was asked ({one.answered / one.asked:.0%})"
    return answered + (f"; {one.others:,} wrote what was no answer" if one.others else "")
