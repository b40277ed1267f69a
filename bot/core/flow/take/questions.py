"""Questions: how they are put, and taken as steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.effects import Queued
from bot.core.flow import compiled
from bot.core.flow.forming import called, can_show, to_tap
from bot.core.flow.run import Wait, WaitKind
from bot.core.flow.translations import TranslatedText
from bot.core.flow.walk import HELD_MAX, RunFails, Walk
from bot.core.flow.wording import SKIP
from bot.core.keywords import normalise
from bot.core.messages import OutboxState, UnsendableReason

CHOICES_MAX = 20
_YES_NO = ("yes", "no")


def take_question(walk: Walk, step: compiled.Question) -> str | None:
    """Ask and stand there; go on as if nothing was said where nobody could be asked."""
    outgoing = walk.turn.effects.outgoing
    before = len(outgoing)
    # Who is asked unasked has the time for an answer from when the question was handed over; where it never
    # is, nobody was asked.
    facts = put(walk, step, wakes=walk.turn.answers is None)
    # What was refused where it should go may be kept in the inbox on our pages, and is asked there then.
    if any(queued.state is OutboxState.REFUSED for queued in outgoing[before:][-1:]):
        return step.on_silence  # nobody was asked: a YES to something else must not answer it
    held = next((queued for queued in outgoing[before:] if queued.state is OutboxState.HELD), None)
    if held is not None:
        walk.take_back(held)
        return _ask_later(walk, step, held)
    await_reply(walk, step, facts, walk.turn.now + step.within if step.within else None)
    return None


def _ask_later(walk: Walk, step: compiled.Question, held: Queued) -> str | None:
    """Ask when the gate opens; until then nobody was asked, and the floor is whoever's it was.

    The steps before it are taken anew then if they have only looked: prices and balances are of that moment.
    """
    last = walk.run.wait
    known = last.facts.get("held") if last is not None else None
    times = known if isinstance(known, int) else 0
    if held.reason != UnsendableReason.HELD_BY_OPERATOR:  # who lets go when it suits them
        times += 1
    if times > HELD_MAX:
        walk.count("expired")
        return step.on_silence
    walk.wait = Wait(WaitKind.TIME, walk.back() or step.id, held.hold_until, {"enter": True, "held": times})
    return None


def put(
    walk: Walk,
    step: compiled.Question,
    retry: TranslatedText | None = None,
    *,
    is_again: bool = False,
    wakes: bool = False,
) -> dict[str, JsonValue]:
    """Put a question and return its wait's facts.

    After `retry`, if it was not understood; as still open (`is_again`), if something came between. `wakes`:
    the run wants to know when it is handed over.
    """
    facts: dict[str, JsonValue] = {}
    if can_show(walk.turn, step.delivery):
        facts["asked"] = called(walk.run.id, walk.flow.name, step.id)
    lines = [walk.render(retry)] if retry is not None else []
    if retry is None or step.repeats:
        asked = walk.render(step.wording)
        lines.append(walk.render(step.again, {"question": asked}) if is_again and asked else asked)
    options, hint = _answers(walk, step, facts)
    if step.only_answers:
        facts["only_answers"] = True
    head = "\n".join(line for line in lines if line)
    if isinstance(step, compiled.Choose) and step.numbered:
        lines += (f"{key} {label}" for key, label in options)
    if retry is None:
        lines.append(hint)
    body = "\n".join(line for line in lines if line)
    taps = to_tap(facts, options) if "asked" in facts else ()
    said = walk.say(body, step.delivery, head=head, options=taps, wakes=wakes)
    if said is not None and wakes:
        facts["message"] = said.message.id
    if body:  # it is answered where it was asked
        walk.channel = walk.turn.effects.outgoing[-1].message.channel
    return facts


def _answers(
    walk: Walk, step: compiled.Question, facts: dict[str, JsonValue]
) -> tuple[list[tuple[str, str]], str]:
    """Fill in what answers the question; return key and label of what can be tapped, and what hints at it."""
    match step:
        case compiled.Choose():
            facts["expect"] = "choice"
            return _offer(walk, step, facts), ""
        case compiled.Rate():
            facts["expect"] = "score"
            facts["offers"] = {key: [key] for key, _ in step.labels}
            return [*step.labels], walk.render(step.hint) if step.hint is not None else ""
        case compiled.Ask():
            return _asked(walk, step, facts), ""
    raise AssertionError(step)


def _asked(walk: Walk, step: compiled.Ask, facts: dict[str, JsonValue]) -> list[tuple[str, str]]:
    facts["expect"] = step.expect
    if step.skip:
        facts["skip"] = True if step.skip is SKIP else list(step.skip)
    if step.choices:
        words = enumerate(map(normalise, step.choices), 1)
        offers: dict[str, JsonValue] = {str(number): [word] for number, word in words}
        facts["offers"] = offers
        return [(str(number), word) for number, word in enumerate(step.choices, 1)]
    if step.labels and "asked" in facts:
        return [(key, walk.render(label)) for key, label in zip(_YES_NO, step.labels, strict=True)]
    return []


def _offer(walk: Walk, step: compiled.Choose, facts: dict[str, JsonValue]) -> list[tuple[str, str]]:
    """Fill in the words that choose each option; return key and label of each."""
    offers: dict[str, JsonValue] = {}
    options = []
    for key, label, words in _choices(walk, step):
        offers[key] = [word for word in (key, normalise(label), *words) if word]
        options.append((key, label))
    facts["offers"] = offers
    return options


def _choices(walk: Walk, step: compiled.Choose) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    for option in step.options:
        yield option.key, walk.render(option.label), option.words
    if step.label is not None:
        for number, thing in enumerate(things(walk, step), 1):
            yield str(number), walk.render(step.label, {"option": thing}), ()


def things(walk: Walk, step: compiled.Choose) -> list[JsonValue]:
    """Return what a `choose … from` chooses among."""
    value: object = walk.context().get(step.source[0])
    for name in step.source[1:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, list) or not value:
        raise RunFails(f"there is nothing to choose from in {'.'.join(step.source)}")
    return value[:CHOICES_MAX]


def await_reply(
    walk: Walk, step: compiled.Question, facts: dict[str, JsonValue], until: datetime | None
) -> None:
    """Stand at a question."""
    walk.wait = Wait(WaitKind.REPLY, step.id, until, facts)
    walk.asked_at = walk.turn.now
