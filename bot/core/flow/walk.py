"""A run walking through its steps within one turn, until it waits, ends or fails."""

from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.core.contact import JsonValue
from bot.core.deeds.offering import give_offer, told_offer
from bot.core.effects import Queued, StepFigure
from bot.core.errors import RegularsError, TellMember
from bot.core.flow import compiled
from bot.core.flow.compiled import Delivery, Flow, Step, Target, Value
from bot.core.flow.context import Context, context
from bot.core.flow.forming import called, can_show, form_of, may_be_kept, to_tap
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.flow.schedule import Schedule
from bot.core.flow.template import TemplateFailed
from bot.core.flow.translations import TranslatedText
from bot.core.flow.wording import SKIP
from bot.core.forms import MenuOption
from bot.core.gestures import Gesture, GestureKind
from bot.core.in_app import APP
from bot.core.keywords import normalise
from bot.core.local_time import instant_of, next_at, zone_of
from bot.core.messages import Origin, OutboxState, UnsendableReason
from bot.core.platform_rules import GIVING, SUBSCRIBING, sells_unasked
from bot.core.surveys import ANSWERS, COMPLETED, SURVEY, answered
from bot.core.triggers import TriggerKind
from bot.core.turn import Turn

STEPS_MAX = 250
MESSAGES_MAX = 10
CHARACTERS_MAX = 10_000
DEPTH_MAX = 10
CHOICES_MAX = 20
HELD_MAX = 3
_YES_NO = ("yes", "no")


class FlowSource(Protocol):
    """Where flows come from: the published ones, and the revisions that runs are pinned to."""

    def flow(self, name: str, revision: int | None) -> Flow | None:
        """Return a revision of a flow (None: the published one), or None where there is none."""


class RunFails(RegularsError):
    """The run cannot go on; said in words an operator understands."""


class Walk:
    """One run being moved on in one turn; `finish` records what became of it."""

    __slots__ = (
        "_began",
        "_context",
        "_flows",
        "_handlers",
        "_step",
        "asked_at",
        "channel",
        "characters",
        "flow",
        "outer",
        "run",
        "turn",
        "variables",
        "wait",
    )

    def __init__(self, turn: Turn, run: Run, flows: FlowSource, handlers: Mapping[str, HandlerSpec]) -> None:
        frame = run.frames[-1]
        flow = flows.flow(frame.flow, frame.revision)
        self.turn = turn
        self.run = run
        self.outer = list(run.frames[:-1])
        self.variables: dict[str, JsonValue] = dict(run.variables)
        self.wait: Wait | None = None
        self.asked_at = run.asked_at
        self.channel = run.channel
        self.characters = 0
        self._flows = flows
        self._handlers = handlers
        self._context: Context | None = None
        self._began: _Began | None = None
        self._step: str = frame.step
        if flow is None:
            raise RunFails(f"revision {frame.revision} of the flow {frame.flow} is gone")
        self.flow = flow

    # Moving

    def step(self, step_id: str) -> Step:
        """Return a step of the flow the run is in."""
        self._step = step_id
        step = self.flow.by_id.get(step_id)
        if step is None:
            raise RunFails(f"the flow {self.flow.name} has no step '{step_id}' any more")
        return step

    def go(self, step_id: str | None) -> Run:
        """Walk from a step (None: the flow's end) to the next wait or the run's end, and record it."""
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
            step_id = _TAKE[type(step)](self, step)
            if self.wait is not None:
                return self._put(RunStatus.WAITING)
        raise RunFails(f"more than {STEPS_MAX} steps in one turn: the flow goes round in circles")

    def back(self) -> str | None:
        """Go back to where this turn began to walk, and return the step; None where something was done."""
        run, began = self.run, self._began
        assert began is not None, "it walks"
        # Before it walks, a run that an answer or an event moves on keeps what that said.
        is_new_or_woken = run.wait is None or run.wait.kind is WaitKind.TIME
        if not is_new_or_woken or began.step is None or began.done != _done_in(self.turn):
            return None
        self.flow, self.outer, self.variables = began.flow, list(run.frames[:-1]), dict(run.variables)
        self._context = None
        return began.step

    def fail(self, error: RegularsError) -> Run:
        """Record that the run failed, where and why."""
        self.count("failed")
        step = self.flow.by_id.get(self._step)
        place = f"{self.flow.file}:{step.mark.line}" if step else self.flow.file
        if isinstance(error, TemplateFailed):
            place, error = f"{error.file}:{error.line}", RunFails(error.problem)
        return self._put(RunStatus.FAILED, failure=f"{place}: step '{self._step}': {error}"[:500])

    def put_waiting(self) -> Run:
        """Record that the run stands at the wait it was given."""
        return self._put(RunStatus.WAITING)

    def _leave(self) -> str | None:
        frame = self.outer.pop()
        flow = self._flows.flow(frame.flow, frame.revision)
        if flow is None:
            raise RunFails(f"revision {frame.revision} of the flow {frame.flow} is gone")
        self.flow = flow
        return frame.step or None

    def _put(self, status: RunStatus, failure: str | None = None) -> Run:
        here = Frame(self.flow.name, self.flow.revision, self.wait.step if self.wait else self._step)
        is_waiting = status is RunStatus.WAITING
        run = self.run
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
            wait=self.wait if is_waiting else None,
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

    def count(self, what: str) -> None:
        """Count something for the statistics of the step at hand."""
        self.turn.count(self.flow.name, self.flow.revision, self._step, what, self.run.variant)

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

    def answered(self, step: compiled.Question, value: JsonValue) -> None:
        """Keep an answer to a survey beside where its step keeps it."""
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
        self, body: str, delivery: Delivery, *, head: str = "", options: tuple[MenuOption, ...] = ()
    ) -> None:
        """Send a message as the step says; an empty one is not sent.

        `options` can be tapped where the channel shows them; `head` is the text without them.
        """
        turn = self.turn
        media = self._links(delivery) if delivery.media else ()
        if not body and not media:
            self.count("empty")
            return
        if len(turn.effects.outgoing) >= MESSAGES_MAX:
            raise RunFails(f"more than {MESSAGES_MAX} messages in one turn")
        queued = self._say(body, delivery, media, head, options)
        if queued.state is OutboxState.REFUSED and may_be_kept(turn, queued.message, delivery):
            queued = self._say(body, replace(delivery, channel=APP), media, head, options)
        self.count("refused" if queued.state is OutboxState.REFUSED else "sent")

    def _say(
        self,
        body: str,
        delivery: Delivery,
        media: tuple[str, ...],
        head: str,
        options: tuple[MenuOption, ...],
    ) -> Queued:
        turn = self.turn
        answers = turn.answers is not None and not sells_unasked(self._gesture, delivery.message_class)
        return turn.say(
            body,
            flow=self.flow.name,
            step=self._step,
            message_class=None if answers else delivery.message_class,
            group=delivery.group,
            media=media,
            channel=delivery.channel,
            short_links=self.flow.short_links,
            origin=Origin(self.run.id, self.flow.revision, self.run.variant),
            tag=delivery.tag,
            valid_for=delivery.valid,
            form=form_of(turn, self.context(), delivery, head or (body if delivery.taps else ""), options)
            if can_show(turn, delivery)
            else None,
        )

    def take_back(self, held: Queued) -> None:
        """Unsay what this step has just said and the gate holds: it is neither kept nor counted as sent."""
        effects = self.turn.effects
        effects.outgoing.remove(held)
        effects.links[:] = [link for link in effects.links if link.message_id != held.message.id]
        key = StepFigure(self.flow.name, self.flow.revision, self._step, self.run.variant, "sent")
        effects.counts[key] -= 1
        if not effects.counts[key]:
            del effects.counts[key]
        self.count("held")

    def _links(self, delivery: Delivery) -> tuple[str, ...]:
        names, locale = self.context(), self.turn.contact.locale
        return tuple(link for text in delivery.media if (link := text.render(names, locale)))

    def _bound(self, text: str) -> str:
        self.characters += len(text)
        if self.characters > CHARACTERS_MAX:
            raise RunFails(f"more than {CHARACTERS_MAX} characters written in one turn")
        return text

    # Questions

    def question(
        self, step: compiled.Question, retry: TranslatedText | None = None, *, is_again: bool = False
    ) -> dict[str, JsonValue]:
        """Put a question and return its wait's facts.

        After `retry`, if it was not understood; as still open (`is_again`), if something came between.
        """
        facts: dict[str, JsonValue] = {}
        if can_show(self.turn, step.delivery):
            facts["asked"] = called(self.run.id, self.flow.name, step.id)
        options: list[tuple[str, str]] = []
        listed = False
        lines = [self.render(retry)] if retry is not None else []
        if retry is None or step.repeats:
            asked = self.render(step.wording)
            lines.append(self.render(step.again, {"question": asked}) if is_again and asked else asked)
        if isinstance(step, compiled.Choose):
            facts["expect"] = "choice"
            options, listed = self._offer(step, facts), step.numbered
        elif isinstance(step, compiled.Ask):
            facts["expect"] = step.expect
            if step.choices:
                words = enumerate(map(normalise, step.choices), 1)
                offers: dict[str, JsonValue] = {str(number): [word] for number, word in words}
                facts["offers"] = offers
                options = [(str(number), word) for number, word in enumerate(step.choices, 1)]
            elif step.labels and "asked" in facts:
                options = [(key, self.render(label)) for key, label in zip(_YES_NO, step.labels, strict=True)]
            if step.skip:
                facts["skip"] = True if step.skip is SKIP else list(step.skip)
        if step.only_answers:
            facts["only_answers"] = True
        head = "\n".join(line for line in lines if line)
        if listed:
            lines += (f"{key} {label}" for key, label in options)
        body = "\n".join(line for line in lines if line)
        self.say(body, step.delivery, head=head, options=to_tap(facts, options) if "asked" in facts else ())
        if body:  # it is answered where it was asked
            self.channel = self.turn.effects.outgoing[-1].message.channel
        return facts

    def _offer(self, step: compiled.Choose, facts: dict[str, JsonValue]) -> list[tuple[str, str]]:
        """Fill in the words that choose each option; return key and label of each."""
        offers: dict[str, JsonValue] = {}
        options = []
        for key, label, words in self._choices(step):
            offers[key] = [word for word in (key, normalise(label), *words) if word]
            options.append((key, label))
        facts["offers"] = offers
        return options

    def _choices(self, step: compiled.Choose) -> Iterable[tuple[str, str, tuple[str, ...]]]:
        for option in step.options:
            yield option.key, self.render(option.label), option.words
        if step.label is not None:
            for number, thing in enumerate(self.things(step), 1):
                yield str(number), self.render(step.label, {"option": thing}), ()

    def things(self, step: compiled.Choose) -> list[JsonValue]:
        """Return what a `choose … from` chooses among."""
        value: object = self.context().get(step.source[0])
        for name in step.source[1:]:
            value = value.get(name) if isinstance(value, Mapping) else None
        if not isinstance(value, list) or not value:
            raise RunFails(f"there is nothing to choose from in {'.'.join(step.source)}")
        return value[:CHOICES_MAX]

    def await_reply(
        self, step: compiled.Question, facts: dict[str, JsonValue], until: datetime | None
    ) -> None:
        """Stand at a question."""
        self.wait = Wait(WaitKind.REPLY, step.id, until, facts)
        self.asked_at = self.turn.now

    # Calls

    def call_handler(self, step: compiled.Do) -> str | None:
        """Call a handler and go on; a TellMember goes where the step says, or out of the turn."""
        spec = self._handlers.get(step.handler)
        if spec is None:
            raise RunFails(f"there is no handler '{step.handler}'")
        turn = self.turn
        if step.handler in GIVING:
            self._refuse_reward_for_following()
        turn.arguments = {name: self.value(value) for name, value in step.arguments}
        return self._done(step, lambda: spec.function(turn))

    def give(self, step: compiled.Offer) -> str | None:
        """Give an offer and go on, as after a handler."""
        turn = self.turn
        self._refuse_reward_for_following()
        # The same step of the same turn gives the same code, however often the turn is decided.
        cause = f"{turn.trigger.key}/{self.run.flow}/{self.flow.name}/{step.id}"
        return self._done(step, lambda: told_offer(turn, give_offer(turn, step.offer, cause)))

    def _refuse_reward_for_following(self) -> None:
        gesture = self._gesture
        if gesture is not None and gesture.kind is GestureKind.FOLLOW:
            raise RunFails(str(SUBSCRIBING))

    @property
    def _gesture(self) -> Gesture | None:
        inbound = self.turn.trigger.inbound
        return inbound.gesture if inbound is not None else None

    def _done(
        self, step: compiled.Do | compiled.Offer, deed: Callable[[], Mapping[str, JsonValue] | None]
    ) -> str | None:
        try:
            result = deed()
        except TellMember as problem:
            if not step.handles_problem:
                raise
            self.count("problem")
            self.keep(
                "problem",
                {"code": problem.code, **{name: _plain(fact) for name, fact in problem.facts.items()}},
            )
            return step.on_problem
        self._context = None
        if step.save_as is not None:
            self.variables[step.save_as] = dict(result or {})
        return step.next

    def enter(self, step: compiled.Call) -> str:
        """Go into another flow; its end leads back to the step after the call."""
        if len(self.outer) + 1 >= DEPTH_MAX:
            raise RunFails(f"more than {DEPTH_MAX} flows call each other")
        flow = self._flows.flow(step.flow, None)
        if flow is None:
            raise RunFails(f"there is no flow '{step.flow}' to call")
        for name, value in step.arguments:
            self.keep(name, self.value(value))
        self.outer.append(Frame(self.flow.name, self.flow.revision, step.next or ""))
        self.flow = flow
        return flow.first


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
    return (turn.contact, effects.asks_gate_again, sum(map(len, lists)), *effects.kept.values())


# How each kind of step is taken: returns the step to go on with, or sets the walk's wait.


def _say(walk: Walk, step: compiled.Say) -> str | None:
    walk.say(walk.render(step.wording), step.delivery)
    return step.next


def _question(walk: Walk, step: compiled.Question) -> str | None:
    outgoing = walk.turn.effects.outgoing
    before = len(outgoing)
    facts = walk.question(step)
    if any(queued.state is OutboxState.REFUSED for queued in outgoing[before:]):
        return step.on_silence  # nobody was asked: a YES to something else must not answer it
    held = next((queued for queued in outgoing[before:] if queued.state is OutboxState.HELD), None)
    if held is not None:
        walk.take_back(held)
        return _ask_later(walk, step, held)
    walk.await_reply(step, facts, walk.turn.now + step.within if step.within else None)
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


def _if(walk: Walk, step: compiled.If) -> str | None:
    if step.condition.holds(walk.context()):
        walk.count("then")
        return step.then
    walk.count("else")
    return step.otherwise


def _set(walk: Walk, step: compiled.Set) -> str | None:
    for target, value in step.values:
        walk.save(target, walk.value(value))
    return step.next


def _wait(walk: Walk, step: compiled.Wait) -> None:
    walk.wait = Wait(WaitKind.TIME, step.id, walk.turn.now + step.duration)


def _wait_until(walk: Walk, step: compiled.WaitUntil) -> str | None:
    until = _instant(walk, step)
    if until <= walk.turn.now:
        return step.next
    walk.wait = Wait(WaitKind.TIME, step.id, until)
    return None


def _instant(walk: Walk, step: compiled.WaitUntil) -> datetime:
    zone, now = walk.turn.contact.zone, walk.turn.now
    if step.text is not None:
        said = step.text.render(walk.context(), walk.turn.contact.locale)
        try:
            instant = datetime.fromisoformat(said)
        except ValueError as error:
            raise RunFails(f"'{said}' is no instant to wait for") from error
        return instant if instant.tzinfo else instant.replace(tzinfo=zone_of(zone))
    assert step.clock is not None
    if step.day is not None:
        return instant_of(step.day, step.clock, zone)
    if step.weekday is not None:
        return Schedule(step.clock, frozenset({step.weekday})).next_after(now, zone)
    return next_at(step.clock, zone, now)


def _wait_for(walk: Walk, step: compiled.WaitFor) -> None:
    until = walk.turn.now + step.within if step.within else None
    if step.event is not None:
        walk.wait = Wait(WaitKind.EVENT, step.id, until, {"event": step.event})
        return
    facts: dict[str, JsonValue] = {"group": step.group, "category": step.category}
    if step.keywords:
        facts["keywords"] = [*sorted(step.keywords)]
    walk.wait = Wait(WaitKind.INBOUND, step.id, until, facts)


def _go_on(_walk: Walk, step: Step) -> str | None:
    return step.next


_TAKE: Mapping[type[Step], Callable[..., str | None]] = {
    compiled.Say: _say,
    compiled.Ask: _question,
    compiled.Choose: _question,
    compiled.Do: Walk.call_handler,
    compiled.Offer: Walk.give,
    compiled.If: _if,
    compiled.Set: _set,
    compiled.Wait: _wait,
    compiled.WaitUntil: _wait_until,
    compiled.WaitFor: _wait_for,
    compiled.Call: Walk.enter,
    compiled.Goto: _go_on,
    compiled.End: _go_on,
}


def _plain(fact: object) -> JsonValue:
    if isinstance(fact, dict):
        return {str(name): _plain(one) for name, one in fact.items()}
    if isinstance(fact, (list, tuple)):
        return [_plain(one) for one in fact]
    return fact if fact is None or isinstance(fact, (bool, int, float, str)) else str(fact)
