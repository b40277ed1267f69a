"""What people answer is kept to be read out, and may be quoted where they say so."""

from dataclasses import replace

from bot.core.contact import Event, JsonValue
from bot.core.feedback import GIVEN, OTHER, TABLE, GivenAnswer, QuoteState, answer_id
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow
from bot.core.flow.run import Run
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

WORDS_MAX = 1000
QUOTED = "quoted"
"""What is needed, by name: the answers that others were or may be shown."""
GENERATION = "generation"
"""What is kept so that every process loads again what is in force."""
_MAY_BE_SHOWN = frozenset({QuoteState.ALLOWED, QuoteState.APPROVED})
_EARNING = frozenset({"rate", "nps", "poll"})


def keep_answer(
    turn: Turn, run: Run, flow: Flow, step: compiled.Question, value: JsonValue, words: str = ""
) -> None:
    """Keep a usable answer; `words` are what was written beside a score."""
    score = value if isinstance(value, int) and not isinstance(value, bool) else None
    choice = ""
    if isinstance(step, compiled.Choose) or (isinstance(step, compiled.Ask) and step.choices):
        choice = str(value)
    elif isinstance(value, bool):
        choice = "yes" if value else "no"
    elif isinstance(step, compiled.Ask) and value is not None and score is None:
        words = str(value)
    given = _given(turn, run, flow, step, step.kind, answer_id(run.id, flow.name, step.id))
    turn.keep(TABLE, given.id, replace(given, score=score, choice=choice, words=words[:WORDS_MAX]))
    if step.kind in _EARNING:
        _tell(turn, given)


def keep_other(turn: Turn, run: Run, flow: Flow, step: compiled.Question, tries: int) -> None:
    """Keep what was no usable answer, so that a better question can be asked."""
    inbound = turn.trigger.inbound
    words = inbound.text.strip() if inbound is not None else ""
    if words:
        given = _given(turn, run, flow, step, OTHER, answer_id(run.id, flow.name, step.id, tries))
        turn.keep(TABLE, given.id, replace(given, words=words[:WORDS_MAX]))


def allow_quote(turn: Turn, run: Run, flow: Flow, step_id: str) -> bool:
    """Let the run's answer to a question be quoted, once somebody approves; False where it has no words.

    Raises:
        NeedsMore: the answer is not loaded yet.
    """
    named = answer_id(run.id, flow.name, step_id)
    kept = turn.effects.kept.get((TABLE, named)) or turn.needed(TABLE, named)
    if not isinstance(kept, GivenAnswer) or not kept.words:
        return False
    turn.keep(TABLE, named, replace(kept, quote_state=QuoteState.ALLOWED))
    return True


def withdraw_quotes(turn: Turn) -> int:
    """Let nothing the contact wrote be shown to others, for good; returns how much was or might have been.

    What was written by whoever was joined to it is taken back as well: it is the same person.

    Raises:
        NeedsMore: its quotes are not loaded yet.
    """
    found = turn.needed(QUOTED)
    assert isinstance(found, tuple)
    answers = [turn.effects.kept.get((TABLE, one.id), one) for one in found if isinstance(one, GivenAnswer)]
    shown = [one for one in answers if isinstance(one, GivenAnswer) and one.quote_state in _MAY_BE_SHOWN]
    for one in shown:
        withdrawn = replace(
            one, quote_state=QuoteState.WITHDRAWN, quote=None, decided_at=turn.now, decided_by=turn.contact.id
        )
        turn.keep(TABLE, one.id, withdrawn)
    if shown:  # even what nobody had approved when it was read: somebody may have since
        turn.keep(GENERATION, "", turn.new_id())  # every process loads anew what texts may show
    return len(shown)


def _given(turn: Turn, run: Run, flow: Flow, step: compiled.Question, kind: str, answer: str) -> GivenAnswer:
    return GivenAnswer(
        id=answer,
        flow=flow.name,
        revision=flow.revision,
        step=step.id,
        variant=run.variant,
        run=run.id,
        kind=kind,
        at=turn.now,
        channel=turn.channel,
        language=turn.contact.locale,
    )


def _tell(turn: Turn, given: GivenAnswer) -> None:
    """Track that somebody answered; in a WeChat chat it earns nothing, whatever the program says.

    To answer there is to tap what was sent: the platform forbids rewards for clicking (`SUBSCRIBING`).
    """
    facts: dict[str, JsonValue] = {
        "flow": given.flow,
        "step": given.step,
        "kind": given.kind,
        "channel": given.channel,
        "answer": given.id,
    }
    event = Event(name=GIVEN, at=turn.now, properties=facts)
    turn.effects.events.append(event)
    if given.channel == WECHAT:
        turn.effects.credited.append(event)
