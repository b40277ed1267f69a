"""The engine: starts runs and moves them on, pure: it looks at a turn and records effects in it.

A run that cannot go on fails with a record an operator can read; nothing is raised out of here except
NeedsMore (the turn is decided again with more), a TellMember that no flow handles, and what handlers
raise, whose turn then leaves no trace.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bot.core.contact import Event, JsonValue
from bot.core.deeds import desk_turns
from bot.core.deeds.answering import keep_other
from bot.core.flow import compiled
from bot.core.flow.answers import Answer, understand
from bot.core.flow.compiled import Flow, Starter
from bot.core.flow.door import admitted, evaluated, run_id
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.flow.take import early, hearing, questions
from bot.core.flow.take.hearing import Heard
from bot.core.flow.take.table import TAKE
from bot.core.flow.template import TemplateFailed
from bot.core.flow.translations import TranslatedText
from bot.core.flow.walk import FlowSource, RunFails, Walk
from bot.core.handing_over import Became, Told
from bot.core.triggers import TriggerKind
from bot.core.turn import Turn

ASKED_AGAIN_MAX = 2
_NO_VARIABLES: Mapping[str, JsonValue] = MappingProxyType({})
_FAILURES = (RunFails, TemplateFailed)


class Engine:
    """Moves runs; `flows` gives the revisions they are pinned to, `handlers` what `do:` calls."""

    def __init__(self, flows: FlowSource, handlers: Mapping[str, HandlerSpec]) -> None:
        self._flows = flows
        self._handlers = handlers

    def start(
        self,
        turn: Turn,
        flow: Flow,
        starter: Starter | None = None,
        variables: Mapping[str, JsonValue] = _NO_VARIABLES,
    ) -> Run | None:
        """Start a run and walk to its first wait; None where the flow does not let this contact in again.

        Started by an inbound message it takes the floor: an open question is suspended, and an earlier
        run of the same flow that holds one ends.

        Raises:
            NeedsMore, NeedsUnits: see `admitted`.
        """
        verdict = admitted(turn, flow, starter, variables)
        evaluated(turn, flow, starter, verdict)
        if not verdict.is_in:
            return None
        if turn.trigger.kind is TriggerKind.INBOUND:
            self._take_floor(turn, flow)
        event = turn.trigger.event
        known = {**variables}
        if event is not None and isinstance(starter, compiled.EventStarter):
            known["event"] = hearing.event_values(event)
        identifier = run_id(turn.contact.id, flow.name, verdict.key) if verdict.key else turn.new_id()
        run = _new_run(turn, flow, known, identifier)
        walk = Walk(turn, run, self._flows, self._handlers)
        return self._finish(walk, _go(walk, flow.first))

    def answer(self, turn: Turn, run: Run, text: str, media: tuple[str, ...] = ()) -> Run:
        """Take a text for the answer to the run's open question."""
        assert run.wait is not None
        assert run.wait.kind is WaitKind.REPLY
        walk = self._walk(turn, run)
        if isinstance(walk, Run):
            return walk
        said, thanks = len(turn.effects.outgoing), walk.flow.thanks
        try:
            step = walk.step(run.wait.step)
            assert isinstance(step, compiled.Question), "a run waits for replies at questions only"
            answer = understand(run.wait.facts, text, turn.contact.locale, has_media=bool(media))
            if answer is None:
                return self._finish(walk, _not_understood(walk, step))
            following = _taken(walk, step, answer, media)
        except _FAILURES as error:
            return self._finish(walk, walk.fail(error))
        moved = _go(walk, following)
        if moved.status is RunStatus.DONE and len(turn.effects.outgoing) == said and thanks is not None:
            _thank(walk, step, thanks)
        return self._finish(walk, moved)

    def time_up(self, turn: Turn, run: Run, version: int) -> Run | None:
        """Move on a run whose time has come; None where the timer is void.

        It is when the run's version has moved on since the timer was set, or the time has not come.
        """
        wait = run.wait
        if not run.is_waiting or run.version != version or wait is None or wait.until is None:
            return None
        if turn.now < wait.until:
            return None
        walk = self._walk(turn, run)
        if isinstance(walk, Run):
            return walk
        try:
            step = walk.step(wait.step)
        except RunFails as error:
            return self._finish(walk, walk.fail(error))
        if wait.kind is WaitKind.TIME:
            # A run that a publication moved here enters the step; one that waited here leaves it.
            following = step.id if wait.facts.get("enter") else step.next
        elif wait.kind is WaitKind.HANDED:  # what has not left by now is as good as refused
            assert isinstance(step, compiled.Sends), "a run stands at what it says"
            walk.count("expired")
            following = step.leaving.on_refused
        else:
            assert isinstance(step, (compiled.Question, compiled.WaitFor))
            best = hearing.best(wait) if isinstance(step, compiled.WaitFor) else None
            if best is not None:
                assert isinstance(step, compiled.WaitFor), "asked just now"
                following = step.wanted[best].then
            else:
                walk.count("expired")
                following = step.on_silence
        return self._finish(walk, _go(walk, following))

    def handed(self, turn: Turn, run: Run, told: Told) -> Run | None:
        """Move on a run that stands at its message; None where it does not, or waits till that may leave."""
        wait = run.wait
        if not run.is_waiting or wait is None or wait.facts.get("message") != told.message:
            return None
        walk = self._walk(turn, run)
        if isinstance(walk, Run):
            return walk
        try:
            step = walk.step(wait.step)
        except RunFails as error:
            return self._finish(walk, walk.fail(error))
        if isinstance(step, compiled.Question):
            return self._question_handed(walk, step, wait, told)
        if not isinstance(step, compiled.Sends):
            return None
        leaving = step.leaving
        if told.became is Became.HELD and leaving.waits_held:
            return None
        moved = self._finish(walk, _go(walk, _way(step, told.became)))
        if told.became is Became.HANDED:
            for came_at, what in early.since(wait, told.at):
                moved = self.heard(turn, moved, what, came_at) or moved
        return moved

    def _question_handed(self, walk: Walk, step: compiled.Question, wait: Wait, told: Told) -> Run | None:
        """Let the time for an answer count from when the question was there; go on where it never will be."""
        if told.became in {Became.REFUSED, Became.FAILED}:
            walk.count("expired")
            return self._finish(walk, _go(walk, step.on_silence))
        if step.within is None:
            return None  # it is open for as long as nobody answers
        wait = replace(wait, until=(told.until or told.at) + step.within)
        moved = replace(walk.run, wait=wait, version=walk.run.version + 1)
        walk.turn.put_run(moved)
        return moved

    def heard(self, turn: Turn, run: Run, what: Event | Heard, came_at: datetime | None = None) -> Run | None:
        """Move on a run that waited for this event or message; None where it did not.

        What comes (`came_at`, else now) while it stands at a message is kept for the wait that follows.
        """
        is_meant = run.hears(what.name) if isinstance(what, Event) else run.listens
        if not is_meant or run.wait is None:
            return None
        walk = self._walk(turn, run)
        if isinstance(walk, Run):
            return walk
        if isinstance(what, Event) and hearing.ends(walk, what):
            return self._finish(walk, self._exit(walk))
        try:
            step = walk.step(run.wait.step)
        except RunFails as error:
            return self._finish(walk, walk.fail(error))
        if run.wait.kind is WaitKind.HANDED and isinstance(step, compiled.Sends):
            return walk.put_waiting() if early.keep(walk, step, what, came_at or turn.now) else None
        if not isinstance(step, compiled.WaitFor):
            return None
        walk.since = came_at or walk.since
        found = hearing.find(step, what)
        if found is None or not hearing.is_better(run.wait, found):
            return None
        hearing.keep(walk, step, found, what)
        if step.is_best:
            return walk.put_waiting()
        return self._finish(walk, _go(walk, step.wanted[found].then))

    def exited(self, turn: Turn, run: Run, event: Event) -> Run | None:
        """End a run by an exit of its flow; None where the event is none. Nothing else is heard."""
        if not run.hears(event.name):
            return None
        walk = self._walk(turn, run)
        if isinstance(walk, Run):
            return walk
        return self._finish(walk, self._exit(walk)) if hearing.ends(walk, event) else None

    def _exit(self, walk: Walk) -> Run:
        """End a run by one of its flow's exits; what it said and is not handed over yet never is."""
        turn = walk.turn
        turn.withdraw(walk.run.id)
        walk.count("exited")
        ended = replace(
            walk.run, status=RunStatus.ENDED, wait=None, suspended_at=None, version=walk.run.version + 1
        )
        turn.put_run(ended)
        return ended

    def ask_again(self, turn: Turn, run: Run) -> Run:
        """Open a suspended question again and put it once more (twice at most, then it just stays open)."""
        assert run.wait is not None
        assert run.wait.kind is WaitKind.REPLY
        walk = self._walk(turn, run)
        if isinstance(walk, Run):
            return walk
        again = run.wait.facts.get("again")
        times = again if isinstance(again, int) else 0
        facts: dict[str, JsonValue] = {**run.wait.facts, "again": times + 1}
        try:
            step = walk.step(run.wait.step)
            assert isinstance(step, compiled.Question), "a run waits for replies at questions only"
            if times < ASKED_AGAIN_MAX:
                facts.update(questions.put(walk, step, is_again=True))
                walk.count("asked_again")
        except _FAILURES as error:
            return walk.fail(error)
        questions.await_reply(walk, step, facts, run.wait.until)
        return walk.put_waiting()

    def stop(self, turn: Turn, run: Run) -> Run:
        """End a waiting run from outside: STOP, an operator, a publication."""
        ended = replace(run, status=RunStatus.ENDED, wait=None, suspended_at=None, version=run.version + 1)
        turn.count(run.flow, run.revision, run.frames[-1].step, "stopped", run.variant)
        turn.put_run(ended)
        return ended

    # Below: how

    def _walk(self, turn: Turn, run: Run) -> Walk | Run:
        """Return a walk, or the failed run where its revision is gone."""
        try:
            return Walk(turn, run, self._flows, self._handlers)
        except RunFails as error:
            failed = replace(
                run, status=RunStatus.FAILED, wait=None, version=run.version + 1, failure=str(error)
            )
            turn.put_run(failed)
            return failed

    def _take_floor(self, turn: Turn, flow: Flow) -> None:
        for run in list(turn.runs.values()):
            if run.holds_question and run.channel == turn.channel:
                if run.flow == flow.name:
                    self.stop(turn, run)
                else:
                    _suspend(turn, run)

    def _finish(self, walk: Walk, run: Run) -> Run:
        """Leave one open question at most on the run's channel, and the floor never to nobody."""
        turn = walk.turn
        others = [
            other
            for other in turn.runs.values()
            if other.id != run.id and other.channel == run.channel and other.holds_question
        ]
        if run.holds_question:
            for other in others:
                _suspend(turn, other)
            return run
        if others and all(other.suspended_at is not None for other in others):
            if desk_turns.is_at(turn, run.channel):
                return run  # a person of the shop has the floor
            waiting = [
                other
                for other in others
                if other.wait is not None and (other.wait.until is None or other.wait.until > turn.now)
            ]
            # What ends a flow may have been done in this turn: its question is over then, not asked again.
            still = [other for other in waiting if not self._is_over(turn, other)]
            if still:
                self.ask_again(turn, max(still, key=lambda other: other.asked_at or other.started_at))
        return run

    def _is_over(self, turn: Turn, run: Run) -> bool:
        """Whether what was done in this turn is an exit of the run's flow, which ends it."""
        events = [event for event in turn.effects.events if run.hears(event.name)]
        walk = self._walk(turn, run) if events else run
        if isinstance(walk, Run) or not any(hearing.ends(walk, event) for event in events):
            return False
        self._exit(walk)
        return True


def _go(walk: Walk, step_id: str | None) -> Run:
    try:
        return walk.go(step_id, TAKE)
    except _FAILURES as error:
        return walk.fail(error)


def _thank(walk: Walk, step: compiled.Question, thanks: TranslatedText) -> None:
    """Say thanks to whoever answered and would be met with silence; a run that is done stays done."""
    try:
        walk.say(walk.render(thanks), step.delivery)
    except _FAILURES:
        walk.count("failed")


def _new_run(turn: Turn, flow: Flow, variables: Mapping[str, JsonValue], identifier: str) -> Run:
    return Run(
        id=identifier,
        flow=flow.name,
        revision=flow.revision,
        status=RunStatus.WAITING,
        started_at=turn.now,
        channel=turn.channel,
        frames=(Frame(flow.name, flow.revision, flow.first),),
        variables=variables,
        version=-1,  # its first state is version 0
    )


def _suspend(turn: Turn, run: Run) -> None:
    if run.suspended_at is None:
        turn.put_run(replace(run, suspended_at=turn.now, version=run.version + 1))


def _way(step: compiled.Sends, became: Became) -> str | None:
    match became:
        case Became.HANDED:
            return step.next
        case Became.HELD:
            return step.leaving.on_held
        case Became.REFUSED:
            return step.leaving.on_refused
        case Became.FAILED:
            return step.leaving.on_failed
        case Became.RECALLED:
            return step.id


def _not_understood(walk: Walk, step: compiled.Question) -> Run:
    """Ask again while there are retries left, then go where the step says."""
    wait = walk.run.wait
    assert wait is not None
    walk.count("other")
    tried = wait.facts.get("tries")
    tries = tried if isinstance(tried, int) else 0
    keep_other(walk.turn, walk.run, walk.flow, step, tries)
    if tries >= step.retries:
        walk.count("gave_up")
        return _go(walk, step.on_other)
    facts: dict[str, JsonValue] = {**wait.facts, **questions.put(walk, step, step.retry), "tries": tries + 1}
    questions.await_reply(walk, step, facts, wait.until)
    return walk.put_waiting()


def _taken(walk: Walk, step: compiled.Question, answer: Answer, media: tuple[str, ...]) -> str | None:
    """Save an answer and return the step it leads to."""
    if answer.is_skip:
        walk.count("skipped")
        return step.next
    walk.count("answered")
    value, following = answer.value, step.next
    if isinstance(step, compiled.Choose):
        assert answer.key is not None
        value, following = _chosen(walk, step, answer.key)
    elif isinstance(step, compiled.Rate):
        walk.count(f"option {value}")
    elif isinstance(step, compiled.Ask) and step.choices:
        assert answer.key is not None
        value = step.choices[int(answer.key) - 1]
    value = value if value != "" or not media else media[0]
    if step.save is not None:
        walk.save(step.save, value)
    walk.answered(step, value, answer.words)
    return following


def _chosen(walk: Walk, step: compiled.Choose, key: str) -> tuple[JsonValue, str | None]:
    walk.count(f"option {key}")
    if step.label is not None:
        things = questions.things(walk, step)
        if int(key) > len(things):
            raise RunFails(f"option {key} is not among the {len(things)} there are now")
        return things[int(key) - 1], step.then
    option = next((option for option in step.options if option.key == key), None)
    if option is None:
        raise RunFails(f"option {key} is gone from the step")
    return option.value, option.then
