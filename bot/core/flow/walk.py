"""A run walking through its steps within one turn, until it waits, ends or fails."""

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from bot.core.contact import JsonValue
from bot.core.deeds.answering import allow_quote, keep_answer
from bot.core.effects import Queued
from bot.core.email.mailbox import EMAIL
from bot.core.errors import RegularsError
from bot.core.experiments.exposure import EXPOSURE
from bot.core.flow import compiled
from bot.core.flow.compiled import Delivery, Flow, Step, Target, Value
from bot.core.flow.context import Context, context
from bot.core.flow.evaluations import EVALUATION, WAITS, Evaluation, key_of
from bot.core.flow.forming import can_show, form_of, may_be_kept
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind, hearing
from bot.core.flow.template import TemplateFailed
from bot.core.flow.translations import TranslatedText
from bot.core.forms import Form, Letter, MenuOption
from bot.core.gestures import Gesture
from bot.core.handing_over import told_by
from bot.core.in_app import APP
from bot.core.messages import Origin, OutboxState
from bot.core.platform_rules import sells_unasked
from bot.core.surveys import ANSWERS, COMPLETED, SURVEY, answered
from bot.core.triggers import TriggerKind
from bot.core.turn import Turn

STEPS_MAX = 250
MESSAGES_MAX = 10
CHARACTERS_MAX = 10_000
DEPTH_MAX = 10
NO_FACTS: Mapping[str, JsonValue] = MappingProxyType({})
HELD_MAX = 3
"""How often a question that the gate holds is put again before it counts as unanswered."""


class FlowSource(Protocol):
    """Where flows come from: the published ones, and the revisions that runs are pinned to."""

    def flow(self, name: str, revision: int | None) -> Flow | None:
        """Return a revision of a flow (None: the published one), or None where there is none."""


Taker = Callable[..., str | None]
"""Takes a step of one kind for a walk: returns the step to go on with, or sets the walk's wait."""


class RunFails(RegularsError):
    """The run cannot go on; said in words an operator understands."""


class Walk:
    """One run being moved on in one turn; `finish` records what became of it."""

    __slots__ = (
        "_began",
        "_context",
        "asked_at",
        "at",
        "channel",
        "characters",
        "flow",
        "flows",
        "handlers",
        "is_journey",
        "outer",
        "run",
        "since",
        "turn",
        "variables",
        "wait",
    )

    def __init__(self, turn: Turn, run: Run, flows: FlowSource, handlers: Mapping[str, HandlerSpec]) -> None:
        frame = run.frames[-1]
        flow = flows.flow(frame.flow, frame.revision)
        self.turn = turn
        self.run = run
        # What follows a message counts from when it was handed over.
        is_told = turn.trigger.kind is TriggerKind.HANDED
        self.since = min(told_by(turn.trigger).at, turn.now) if is_told else turn.now
        self.outer = list(run.frames[:-1])
        self.variables: dict[str, JsonValue] = dict(run.variables)
        self.wait: Wait | None = None
        self.asked_at = run.asked_at
        self.channel = run.channel
        self.characters = 0
        self.is_journey = turn.answers is None or _was_unasked(run.wait)
        self.flows = flows
        self.handlers = handlers
        self._context: Context | None = None
        self._began: _Began | None = None
        self.at: str = frame.step
        if flow is None:
            raise RunFails(f"revision {frame.revision} of the flow {frame.flow} is gone")
        self.flow = flow

    # Moving

    def step(self, step_id: str) -> Step:
        """Return a step of the flow the run is in."""
        self.at = step_id
        step = self.flow.by_id.get(step_id)
        if step is None:
            raise RunFails(f"the flow {self.flow.name} has no step '{step_id}' any more")
        return step

    def go(self, step_id: str | None, take: Mapping[type[Step], Taker]) -> Run:
        """Walk from a step (None: the flow's end) to the next wait or the run's end, and record it.

        `take` says how each kind of step is taken (`bot.core.flow.take.table`).
        """
        turn = self.turn
        self._began = _Began(step_id, self.flow, _done_in(turn))
        for _ in range(STEPS_MAX):
            if step_id is None:
                if not self.outer:
                    self._complete()
                    return self._put(RunStatus.DONE)
                step_id = self._leave()
                continue
            step = self.step(step_id)
            turn.count(self.flow.name, self.flow.revision, step_id, "entered", self.run.variant)
            step_id = take[type(step)](self, step)
            if self.wait is not None:
                return self._put(RunStatus.WAITING)
        raise RunFails(f"more than {STEPS_MAX} steps in one turn: the flow goes round in circles")

    def back(self) -> str | None:
        """Go back to where this turn began to walk, and return the step; None where something was done."""
        run, began = self.run, self._began
        assert began is not None, "it walks"
        # Before it walks, a run that an answer or an event moves on keeps what that said.
        is_new_or_woken = run.wait is None or run.wait.kind in {WaitKind.TIME, WaitKind.HANDED}
        if not is_new_or_woken or began.step is None or began.done != _done_in(self.turn):
            return None
        self.flow, self.outer, self.variables = began.flow, list(run.frames[:-1]), dict(run.variables)
        self._context = None
        return began.step

    def fail(self, error: RegularsError) -> Run:
        """Record that the run failed, where and why."""
        self.count("failed")
        step = self.flow.by_id.get(self.at)
        place = f"{self.flow.file}:{step.mark.line}" if step else self.flow.file
        if isinstance(error, TemplateFailed):
            place, error = f"{error.file}:{error.line}", RunFails(error.problem)
        return self._put(RunStatus.FAILED, failure=f"{place}: step '{self.at}': {error}"[:500])

    def put_waiting(self) -> Run:
        """Record that the run stands at the wait it was given."""
        return self._put(RunStatus.WAITING)

    def _leave(self) -> str | None:
        frame = self.outer.pop()
        flow = self.flows.flow(frame.flow, frame.revision)
        if flow is None:
            raise RunFails(f"revision {frame.revision} of the flow {frame.flow} is gone")
        self.flow = flow
        return frame.step or None

    @property
    def exits(self) -> tuple[compiled.Exit, ...]:
        """What ends the run at once: as the flow says that it began in, whichever it has called."""
        if not self.outer:
            return self.flow.exits
        flow = self.flows.flow(self.outer[0].flow, self.outer[0].revision)
        return flow.exits if flow is not None else ()

    def _put(self, status: RunStatus, failure: str | None = None) -> Run:
        here = Frame(self.flow.name, self.flow.revision, self.wait.step if self.wait else self.at)
        is_waiting = status is RunStatus.WAITING
        run, wait = self.run, self.wait
        if is_waiting and wait is not None:
            if exits := self.exits:
                wait = hearing(wait, {one.event for one in exits})
            if self.is_journey and wait.kind is not WaitKind.HANDED:  # there the message itself tells
                self.at = wait.step
                self.note(WAITS, {"until": wait.until.isoformat()} if wait.until is not None else NO_FACTS)
        # Built in full: `replace` costs three times as much, and this is every turn's.
        self.run = Run(
            id=run.id,
            flow=run.flow,
            revision=run.revision,
            status=status,
            started_at=run.started_at,
            channel=self.channel,
            frames=(*self.outer, here),
            variables=self.variables,
            wait=wait if is_waiting else None,
            version=run.version + 1,
            asked_at=self.asked_at,
            suspended_at=None,
            failure=failure,
            arms=run.arms,
            goals_until=run.goals_until,
        )
        self.turn.put_run(self.run)
        return self.run

    # What steps use

    def count(self, what: str, facts: Mapping[str, JsonValue] = NO_FACTS) -> None:
        """Count something for the statistics of the step at hand, and note it of the contact."""
        self.turn.count(self.flow.name, self.flow.revision, self.at, what, self.run.variant)
        if self.is_journey:
            self.note(what, facts)

    def note(self, verdict: str, facts: Mapping[str, JsonValue] = NO_FACTS) -> None:
        """Keep on record what was decided about the contact at the step at hand, and by which values.

        Of journeys alone: what answers somebody is read where it was said, and nobody asks why.
        """
        if self.is_journey:
            one = Evaluation(self.flow.name, self.at, self.turn.now, verdict, facts)
            self.turn.keep(EVALUATION, key_of(self.flow.name, self.at), one)

    def meet(self, experiment: str, arm: str) -> None:
        """Let the run be in an arm of an experiment: what is counted from here on is counted as its."""
        self.run = replace(self.run, arms={**self.run.arms, experiment: arm})

    def forget(self) -> None:
        """Forget what texts may name: something changed."""
        self._context = None

    def context(self) -> Context:
        """Return what texts may name now; made anew after something changed."""
        if self._context is None:
            self._context = context(self.turn, self.variables)
        return self._context

    def keep(self, name: str, value: JsonValue) -> None:
        """Keep a variable."""
        self.variables[name] = value
        self._context = None

    def save(self, target: Target, value: JsonValue) -> None:
        """Keep a value with the member or among the variables."""
        if not target.of_member:
            self.keep(target.name, value)
            return
        try:
            self.turn.set_field(target.name, value)
        except ValueError as error:
            raise RunFails(f"'{value}' cannot be kept as member.{target.name}: {error}") from error
        self._context = None

    def value(self, value: Value) -> JsonValue:
        """Work out a value, within the turn's bound."""
        made = value.of(self.context(), self.turn.contact.locale)
        if isinstance(made, str):
            self._bound(made)
        return made

    def answered(self, step: compiled.Question, value: JsonValue, words: str = "") -> None:
        """Keep an answer to a survey beside where its step keeps it, and what is to be read out."""
        if step.feedback:
            keep_answer(self.turn, self.run, self.flow, step, value, words)
        if isinstance(step, compiled.Ask) and step.quotes is not None and value is True:
            allow_quote(self.turn, self.run, self.flow, step.quotes)
        if self.flow.survey is not None:
            name = step.save.name if step.save is not None else step.id
            self.keep(ANSWERS, answered(self.variables.get(ANSWERS), name, value))

    def _complete(self) -> None:
        """Let a survey be known as completed: by who answered it to its end, not by who fell silent."""
        answers = self.variables.get(ANSWERS)
        is_answered = self.turn.trigger.kind is TriggerKind.INBOUND and isinstance(answers, dict)
        if self.flow.survey is not None and is_answered:
            assert isinstance(answers, dict), "asked just now"
            self.turn.track(COMPLETED, {**answers, SURVEY: self.flow.name})

    def render(self, text: TranslatedText, more: Mapping[str, JsonValue] | None = None) -> str:
        """Write a text in the contact's language, within the turn's bound; `more` are names for it alone."""
        names = self.context()
        if more is not None:
            names = context(self.turn, {**self.variables, **more})
        return self._bound(text.render(names, self.turn.contact.locale))

    def say(
        self,
        body: str,
        delivery: Delivery,
        *,
        head: str = "",
        options: tuple[MenuOption, ...] = (),
        letter: Letter | None = None,
        wakes: bool = False,
    ) -> Queued | None:
        """Send a message as the step says; None: it is empty and not sent.

        `options` can be tapped where the channel shows them; `head` is the text without them. `letter` is
        what it is by email. `wakes`: the run wants to know when it is handed over.
        """
        turn = self.turn
        media = self._links(delivery) if delivery.media else ()
        if not body and not media:
            self.count("empty")
            return None
        if len(turn.effects.outgoing) >= MESSAGES_MAX:
            raise RunFails(f"more than {MESSAGES_MAX} messages in one turn")
        origin = Origin(self.run.id, self.flow.revision, self.run.variant, wakes)
        form = self._form(body, delivery, head, options) if letter is None else Form(letter=letter)
        queued = self._say(body, delivery, media, form, origin)
        if queued.state is OutboxState.REFUSED and may_be_kept(turn, queued.message, delivery):
            delivery = replace(delivery, channel=APP)
            form = self._form(body, delivery, head, options)
            queued = self._say(body, delivery, media, form, origin)
        return queued

    @property
    def gesture(self) -> Gesture | None:
        """What the contact did instead of writing, in this turn."""
        inbound = self.turn.trigger.inbound
        return inbound.gesture if inbound is not None else None

    def _say(
        self,
        body: str,
        delivery: Delivery,
        media: tuple[str, ...],
        form: Form | None,
        origin: Origin,
    ) -> Queued:
        turn = self.turn
        answers = turn.answers is not None and not sells_unasked(self.gesture, delivery.message_class)
        answers = answers and delivery.channel != EMAIL  # nobody asks by text for an email
        return turn.say(
            body,
            flow=self.flow.name,
            step=self.at,
            message_class=None if answers else delivery.message_class,
            group=delivery.group,
            media=media,
            channel=delivery.channel,
            short_links=self.flow.short_links,
            origin=origin,
            tag=delivery.tag,
            valid_for=delivery.valid,
            form=form,
        )

    def _form(self, body: str, delivery: Delivery, head: str, options: tuple[MenuOption, ...]) -> Form | None:
        """What a message is beyond its text, where its channel shows it."""
        if not can_show(self.turn, delivery):
            return None
        head = head or (body if delivery.taps else "")
        return form_of(self.turn, self.context(), delivery, head, options)

    def take_back(self, held: Queued) -> None:
        """Unsay what this step has just said and the gate holds: it is neither kept nor counted as sent."""
        effects = self.turn.effects
        effects.outgoing.remove(held)
        effects.links[:] = [link for link in effects.links if link.message_id != held.message.id]
        self.count("held")

    def _links(self, delivery: Delivery) -> tuple[str, ...]:
        names, locale = self.context(), self.turn.contact.locale
        return tuple(link for text in delivery.media if (link := text.render(names, locale)))

    def _bound(self, text: str) -> str:
        self.characters += len(text)
        if self.characters > CHARACTERS_MAX:
            raise RunFails(f"more than {CHARACTERS_MAX} characters written in one turn")
        return text


def _was_unasked(wait: Wait | None) -> bool:
    """Whether a run that goes on in an answer is a journey: it listened, or asked what nobody expected."""
    if wait is None:
        return False
    return wait.kind is not WaitKind.REPLY or "message" in wait.facts


@dataclass(frozen=True, slots=True)
class _Began:
    """Where a turn began to walk, and what had been done in it by then."""

    step: str | None
    flow: Flow
    done: tuple[object, ...]


def _done_in(turn: Turn) -> tuple[object, ...]:
    """What a turn has done, but for what it counted: the same twice means that nothing was done between."""
    effects = turn.effects
    lists: tuple[Sized, ...] = (
        *(effects.outgoing, effects.consent, effects.events, effects.orders, effects.calls, effects.links),
        *(effects.notices, effects.looked_at, effects.later, effects.told, effects.used, effects.given_back),
        *(books.entries for books in turn.opened_books),
    )
    # Addresses change with consent, or note the sender of what is said: that may be what was taken back.
    # An exposure is met again when the walk comes by again, and what was decided is decided anew.
    kept = [what for (table, _), what in effects.kept.items() if table not in {EXPOSURE, EVALUATION}]
    return (turn.contact, effects.asks_gate_again, sum(map(len, lists)), *kept)
