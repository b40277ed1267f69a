"""Turns a flow file into a compiled flow: ids, places to go on, texts, filters, all resolved once."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.audiences.moves import AUDIENCE, ENTERED, EXITED
from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow import compiled, definition, wording
from bot.core.flow.compile_steps import StepCompiler
from bot.core.flow.compiled import Flow
from bot.core.flow.complaints import Collector
from bot.core.flow.parse import parse
from bot.core.flow.patterns import is_runaway
from bot.core.flow.reader import Document, Mark, Path, together
from bot.core.flow.schedule import Schedule, parse_schedule_or_once
from bot.core.flow.testing import AGREED, ARM
from bot.core.flow.translations import TranslatedText, Translations
from bot.core.flow.where import Where, where
from bot.core.gestures import GestureKind
from bot.core.keywords import KeywordKind, normalise
from bot.core.local_time import parse_clock
from bot.core.messages import MessageClass


def compile_flow(document: Document, *, revision: int = 0, translations: Translations | None = None) -> Flow:
    """Compile a document into a flow.

    Handlers are looked up when a run meets them; that they exist is for `check` to say.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    flow, complaints = draft_of(document, revision=revision, translations=translations)
    if complaints:
        raise together(complaints)
    return flow


def draft_of(
    document: Document, *, revision: int = 0, translations: Translations | None = None
) -> tuple[Flow, list[FlowError]]:
    """Compile a document as far as it goes: the flow with holes in place of what is complained of.

    Raises:
        FlowError: it is no flow's file, see `others`.
    """
    file = parse(document)
    collector = Collector(document, file.language, translations or Translations())
    group = file.group or next((starter.group for starter in file.start if starter.group), None)
    steps = StepCompiler(
        collector,
        group=group,
        message_class=MessageClass(file.message_class),
        is_survey=any(isinstance(starter, definition.SurveyStarter) for starter in file.start),
    )
    steps.flow, steps.awaits_sending = file.flow, file.advance == "sent"
    first = steps.compile(file.steps)
    starters = _Starters(collector, file)
    flow = Flow(
        name=file.flow,
        revision=revision,
        file=document.file,
        title=file.title or file.flow,
        language=file.language,
        starters=tuple(starters.compile(each, ("start", number)) for number, each in enumerate(file.start)),
        steps=tuple(steps.by_id.values()),
        by_id=steps.by_id,
        first=first,
        goals=tuple(
            compiled.Goal(goal.event, goal.within, document.marks.of(("goals", number)))
            for number, goal in enumerate(file.goals)
        ),
        reentry=_reentry(file.reentry),
        reentry_per=file.reentry.per if isinstance(file.reentry, definition.Reentry) else None,
        entries_per_day=file.entry.per_day if file.entry is not None else None,
        entries_total=file.entry.total if file.entry is not None else None,
        message_class=MessageClass(file.message_class),
        group=group,
        thanks=_thanks(file, steps, collector),
        short_links=None if file.links is None else file.links == "short",
        on_publish=_on_publish(file.on_publish, document.marks.of(("on_publish",))),
        tests=_tests(file.tests, collector),
        texts=tuple(collector.texts),
        messages=tuple(collector.messages),
        exits=starters.exits(),
    )
    return flow, collector.complaints


def _thanks(file: definition.FlowFile, steps: StepCompiler, collector: Collector) -> TranslatedText | None:
    asks = any(isinstance(step, compiled.Question) for step in steps.by_id.values())
    if file.thanks is False or not asks:
        return None
    return collector.translated(file.thanks or wording.THANKS, ("thanks",), wording.NOTE)


def _reentry(reentry: str | timedelta | definition.Reentry) -> timedelta:
    if isinstance(reentry, timedelta):
        return reentry
    return compiled.NEVER if reentry == "never" else timedelta()


def _on_publish(declared: str | definition.Moving, mark: Mark) -> compiled.OnPublish:
    if isinstance(declared, definition.Moving):
        return compiled.OnPublish(moves=declared.move, mark=mark)
    return compiled.OnPublish(ends=declared == "end", mark=mark)


_GESTURES: Mapping[type[definition.StarterBase], GestureKind] = {
    definition.FollowStarter: GestureKind.FOLLOW,
    definition.EnterStarter: GestureKind.ENTER,
    definition.LocationStarter: GestureKind.LOCATION,
}


class _Starters:
    """Compiles what starts a flow."""

    def __init__(self, collector: Collector, file: definition.FlowFile) -> None:
        self._collector = collector
        self._file = file

    def compile(self, starter: definition.StarterBase, path: Path) -> compiled.Starter:
        mark = self._collector.document.marks.of(path)
        group = starter.group or self._file.group
        match starter:
            case definition.KeywordStarter():
                self._check_words(starter.keyword or [], (*path, "keyword"))
                return compiled.KeywordStarter(
                    group,
                    mark,
                    words=tuple(starter.keyword or ()),
                    category=starter.category,
                    language=starter.language or self._file.language,
                    kind=KeywordKind(starter.match),
                )
            case definition.MessageStarter():
                pattern = self._pattern(starter.message.pattern, (*path, "message"))
                return compiled.MessageStarter(group, mark, pattern)
            case definition.EventStarter():
                condition = self._where(starter.where, (*path, "where"))
                return compiled.EventStarter(group, mark, starter.event, condition)
            case definition.AudienceStarter():
                return self._move(starter.audience, group, mark)
            case definition.ScheduleStarter():
                schedule = self._schedule(starter.schedule, (*path, "schedule"))
                return compiled.ScheduleStarter(
                    group, mark, schedule, starter.audience, by_shop_clock=starter.zone is not None
                )
            case definition.CreditExpiringStarter():
                before = starter.credit_expiring
                return compiled.CreditExpiringStarter(group, mark, None if before is None else tuple(before))
            case definition.MenuStarter():
                return compiled.MenuStarter(group, mark, tuple(starter.menu))
            case definition.ScanStarter():
                return compiled.ScanStarter(group, mark, tuple(starter.scan))
            case definition.FollowStarter() | definition.EnterStarter() | definition.LocationStarter():
                return compiled.GestureStarter(group, mark, _GESTURES[type(starter)])
            case definition.SurveyStarter():
                at = (*path, "survey", "title")
                is_long = at in self._collector.document.marks.values
                title = self._collector.translated(starter.survey.title, at if is_long else at[:-1])
                return compiled.SurveyStarter(
                    group, mark, title, members_only=starter.survey.whom == "members"
                )
            case definition.ApiStarter():
                return compiled.ApiStarter(group, mark, frozenset(starter.api or ()), tuple(starter.called))
        raise AssertionError(starter)

    def exits(self) -> tuple[compiled.Exit, ...]:
        """Compile what ends a run at once."""
        found = []
        for number, model in enumerate(self._file.exits):
            path = ("exits", number)
            mark = self._collector.document.marks.of(path)
            if model.audience is not None:
                moved = self._move(model.audience, None, mark)
                found.append(compiled.Exit(moved.event, moved.where, mark))
            else:
                fits = self._where(model.where, (*path, "where"))
                found.append(compiled.Exit(model.event or "", fits, mark))
        return tuple(found)

    def _move(self, move: definition.AudienceMove, group: str | None, mark: Mark) -> compiled.EventStarter:
        """Entering and leaving are events, and what starts on them starts on any."""
        event = ENTERED if move.entered is not None else EXITED
        return compiled.EventStarter(group, mark, event, where({AUDIENCE: move.entered or move.left}))

    def _check_words(self, words: Sequence[str], path: Path) -> None:
        for number, word in enumerate(words):
            if not normalise(word):
                problem = f"'{word}' has no letters to tell it by"
                self._collector.complain((*path, number), problem, "use a word or an emoji")

    def _pattern(self, pattern: str | None, path: Path) -> re.Pattern[str] | None:
        if pattern is None:
            return None
        try:
            expression = re.compile(pattern, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as error:
            problem = f"this is no regular expression: {error}"
            self._collector.complain(path, problem, "test it in a regex tester, or use keywords instead")
            return None
        if is_runaway(pattern):
            problem = "the pattern repeats a group that itself repeats or offers alternatives"
            remedy = "some messages would take it for ever: repeat single characters only, like \\w+"
            self._collector.complain(path, problem, remedy)
        return expression

    def _schedule(self, text: str, path: Path) -> Schedule:
        try:
            return parse_schedule_or_once(text)
        except ValueError as error:
            self._collector.complain_halves(path, error)
            return Schedule(parse_clock("00:00"))

    def _where(self, properties: Mapping[str, JsonValue], path: Path) -> Where:
        try:
            return where(properties)
        except ValueError as error:
            self._collector.complain(path, str(error), "write a value, a list of values, or a comparison")
            return Where()


def _tests(
    lines: Sequence[definition.Exchange | definition.Conversation], collector: Collector
) -> tuple[compiled.Conversation, ...]:
    """Lines that stand alone make one conversation together; each named one is its own."""
    conversations: list[compiled.Conversation] = []
    alone: list[compiled.Exchange] = []
    channels: Sequence[str] = ("sms",)
    for number, line in enumerate(lines):
        path: Path = ("tests", number)
        if isinstance(line, definition.Conversation):
            exchanges = tuple(
                _exchange(each, (*path, "conversation", place), line.channel, collector)
                for place, each in enumerate(line.conversation)
            )
            conversations += _on_each(line.test, exchanges, line.channel)
        elif line.channel is None:
            alone.append(_exchange(line, path, channels, collector))
        elif alone:
            collector.complain(
                path, "`channel` stands behind lines it does not hold for", "put it before them"
            )
        else:
            channels = line.channel
    return (*(_on_each("conversation", tuple(alone), channels) if alone else ()), *conversations)


def _on_each(
    name: str, exchanges: tuple[compiled.Exchange, ...], channels: Sequence[str]
) -> list[compiled.Conversation]:
    """Hold a conversation on each of its channels."""
    return [
        compiled.Conversation(name if channel == "sms" else f"{name} ({channel})", exchanges, channel)
        for channel in dict.fromkeys(channels)
    ]


_ONLY_ON: Mapping[str, tuple[str, ...]] = {
    "tap": ("wechat", "app"),
    "survey": ("app",),
    **{kind: ("wechat",) for kind in ("allow", *GestureKind) if kind != GestureKind.SURVEY},
}
"""Moves that not every channel has."""


def _exchange(
    line: definition.Exchange, path: Path, channels: Sequence[str], collector: Collector
) -> compiled.Exchange:
    expect = None if line.expect is None else tuple(line.expect)
    mark = collector.document.marks.of(path)
    if line.advance is not None:
        return compiled.Exchange("advance", mark, duration=line.advance, expect=expect)
    if line.event is not None:
        name, properties = line.event.name, line.event.properties
        return compiled.Exchange("event", mark, event=name, values=properties, expect=expect)
    if line.set is not None or line.arm is not None or line.agree is not None:
        arms = {f"{ARM}{experiment}": arm for experiment, arm in (line.arm or {}).items()}
        agreed = {f"{AGREED}{channel}": True for channel in line.agree or ()}
        return compiled.Exchange("set", mark, values={**(line.set or {}), **arms, **agreed}, expect=expect)
    for kind, only_on in _ONLY_ON.items():
        value = getattr(line, kind, None)
        if value is not None:
            if wrong := [channel for channel in channels if channel not in only_on]:
                on = "by SMS" if wrong == ["sms"] else f"on {wrong[0]}"
                remedy = f"write `channel: {only_on[0]}` beside `test:`, or before lines that stand alone"
                collector.complain(path, f"nobody can {kind} {on}", remedy)
            return compiled.Exchange(str(kind), mark, text=value, expect=expect)
    return compiled.Exchange("say", mark, text=line.say or "", expect=expect)
