"""Compiles steps: flattens branches, gives each step its id and the step that follows it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import TypedDict

from bot.core.banners import Banner
from bot.core.contact import JsonValue
from bot.core.email.mailbox import EMAIL
from bot.core.experiments.experiment import Arm, Experiment
from bot.core.flow import compile_waits, compiled, plain_steps, steps, text_parts, wording
from bot.core.flow.compiled import Delivery, Target, Value
from bot.core.flow.complaints import Collector
from bot.core.flow.parse import suggestion
from bot.core.flow.reader import Mark, Path
from bot.core.flow.translations import TranslatedText
from bot.core.flow.wechat_file import compile_card
from bot.core.flow.wechat_parts import CardPart
from bot.core.keywords import normalise
from bot.core.local_time import parse_duration
from bot.core.messages import MessageClass

FEEDBACK = frozenset({"rate", "nps", "poll"})
"""Kinds of questions that are asked to read out their answers."""

NPS_MAX = 10
_A_TAP = "A keyword to tap: one that is heard in this language."


class _Question(TypedDict):
    """What every compiled question is made of."""

    id: str
    path: Path
    mark: Mark
    next: str | None
    wording: TranslatedText
    delivery: Delivery
    save: Target | None
    within: timedelta | None
    on_silence: str | None
    on_other: str | None
    retries: int
    retry: TranslatedText
    repeats: bool
    again: TranslatedText
    only_answers: bool
    kind: str
    feedback: bool


class StepCompiler:
    """Compiles the steps of one flow; `by_id` holds them in the order they are written."""

    def __init__(
        self,
        collector: Collector,
        *,
        group: str | None,
        message_class: MessageClass,
        is_survey: bool = False,
    ) -> None:
        self.by_id: dict[str, compiled.Step] = {}
        self._collector = collector
        self._group = group
        self._class = message_class
        self._is_survey = is_survey
        self._gotos: list[tuple[str, Path]] = []
        self.flow = ""
        """The flow's name."""
        self.awaits_sending = True
        """Whether the flow goes on when a message was handed over, where a step does not say."""

    def compile(self, models: Sequence[plain_steps.StepBase]) -> str:
        """Compile a flow's steps and return the first one's id."""
        first = self._sequence(models, ("steps",), "", None)
        assert first is not None
        for target, path in self._gotos:
            if target not in self.by_id:
                meant = suggestion(target, self.by_id)
                remedy = f"did you mean '{meant}'?" if meant else "give the step you mean an `id`"
                self._collector.complain(path, f"no step is called '{target}'", remedy)
        return first

    def _sequence(
        self, models: Sequence[plain_steps.StepBase], path: Path, prefix: str, after: str | None
    ) -> str | None:
        """Compile steps that follow each other; return the first's id (`after` where there is none)."""
        ids = [_own_id(model) or f"{prefix}{number}" for number, model in enumerate(models, 1)]
        for number, (model, step_id) in enumerate(zip(models, ids, strict=True)):
            here = (*path, number)
            mark = self._collector.document.marks.of(here)
            if step_id in self.by_id:
                line = self.by_id[step_id].mark.line
                problem = f"two steps are called '{step_id}' (the first on line {line})"
                self._collector.complain(here, problem, "give each its own id")
                continue
            following = ids[number + 1] if number + 1 < len(ids) else after
            # The place is taken before what is inside is compiled, so that steps stay in reading order.
            base = self.by_id[step_id] = compiled.Step(step_id, here, mark, following)
            self.by_id[step_id] = self._step(model, base)
        return ids[0] if ids else after

    def _branch(
        self, models: Sequence[plain_steps.StepBase] | None, base: compiled.Step, path: Path, prefix: str
    ) -> str | None:
        if models is None:
            return base.next
        return self._sequence(models, (*base.path, *path), f"{base.id}.{prefix}.", base.next)

    def _step(self, model: plain_steps.StepBase, base: compiled.Step) -> compiled.Step:
        match model:
            case steps.Say():
                return self._say(model, base)
            case steps.Email():
                return self._email(model, base)
            case steps.Ask():
                return self._ask(model, base)
            case steps.Choose():
                return self._choose(model, base)
            case steps.Rate() | steps.Nps():
                return self._rate(model, base)
            case steps.Poll():
                return self._poll(model, base)
            case steps.Do():
                return self._do(model, base)
            case steps.Offer():
                return self._offer(model, base)
            case steps.If():
                return self._if(model, base)
            case steps.Split():
                return self._split(model, base)
            case steps.WaitFor():
                return self._wait_for(model, base)
            case _:
                return self._plain_step(model, base)

    def _plain_step(self, model: plain_steps.StepBase, base: compiled.Step) -> compiled.Step:
        common = (base.id, base.path, base.mark, base.next)
        match model:
            case steps.Paths():
                return self._paths(model, base)
            case plain_steps.Set():
                values = tuple(
                    (_target(name), self._value(value, (*base.path, "set", name)))
                    for name, value in model.set.items()
                )
                return compiled.Set(*common, values)
            case plain_steps.Wait():
                return compiled.Wait(*common, model.wait)
            case plain_steps.WaitUntil():
                return compile_waits.wait_until(model, base, self._collector)
            case plain_steps.Call():
                return compiled.Call(*common, model.call, self._values(model.arguments, (*base.path, "with")))
            case plain_steps.Goto():
                self._gotos.append((model.goto, (*base.path, "goto")))
                return compiled.Goto(base.id, base.path, base.mark, model.goto)
            case plain_steps.End():
                return compiled.End(base.id, base.path, base.mark, None)
        raise AssertionError(model)

    def _say(self, model: steps.Say, base: compiled.Step) -> compiled.Say:
        text, delivery = self._wording(model.say, (*base.path, "say"), model.note)
        return compiled.Say(
            base.id, base.path, base.mark, base.next, self._leaving(model, base), text, delivery
        )

    def _email(self, model: steps.Email, base: compiled.Step) -> compiled.Email:
        letter, path, collector = model.email, (*base.path, "email"), self._collector
        button = letter.button
        return compiled.Email(
            base.id,
            base.path,
            base.mark,
            base.next,
            self._leaving(model, base),
            wording=collector.translated(letter.text, (*path, "text"), model.note) if letter.text else None,
            delivery=Delivery(
                channel=EMAIL,
                group=letter.group or self._group,
                message_class=MessageClass(letter.message_class) if letter.message_class else self._class,
                tag=letter.tag,
                valid=letter.valid,
            ),
            subject=collector.translated(letter.subject, (*path, "subject"), model.note),
            template=letter.template or "",
            preheader=collector.translated(letter.preheader, (*path, "preheader"), model.note)
            if letter.preheader
            else None,
            button=(
                collector.translated(button.text, (*path, "button", "text"), model.note),
                collector.text(button.url, (*path, "button", "url")),
            )
            if button is not None
            else None,
            picture=collector.text(letter.picture, (*path, "picture")) if letter.picture else None,
        )

    def _leaving(self, model: steps.Sending, base: compiled.Step) -> compiled.Leaving:
        """Say when the run goes on after what a step sends, and where to."""
        held = None if model.held == "wait" else model.held
        assert not isinstance(held, str), "wait is the only word"
        return compiled.Leaving(
            is_awaited=self.awaits_sending if model.advance is None else model.advance == "sent",
            waits_held=held is None,
            on_held=self._branch(held, base, ("held",), "held"),
            on_refused=self._branch(model.refused, base, ("refused",), "refused"),
            on_failed=self._branch(model.failed, base, ("failed",), "failed"),
            is_declared=not (held is model.refused is model.failed is None),
        )

    def _do(self, model: steps.Do, base: compiled.Step) -> compiled.Do:
        return compiled.Do(
            base.id,
            base.path,
            base.mark,
            base.next,
            handler=model.do,
            arguments=self._values(model.arguments, (*base.path, "with")),
            save_as=model.save_as,
            handles_problem=model.otherwise is not None,
            on_problem=self._branch(model.otherwise, base, ("else",), "else"),
        )

    def _offer(self, model: steps.Offer, base: compiled.Step) -> compiled.Offer:
        return compiled.Offer(
            base.id,
            base.path,
            base.mark,
            base.next,
            offer=model.offer,
            save_as=model.save_as,
            handles_problem=model.otherwise is not None,
            on_problem=self._branch(model.otherwise, base, ("else",), "else"),
        )

    def _wait_for(self, model: steps.WaitFor, base: compiled.Step) -> compiled.WaitFor:
        wanted = model.wait_for
        for thing in (wanted, *(wanted.several or ())):
            named = [one for one in (thing.click, thing.answer) if isinstance(one, str)]
            self._gotos += [(one, (*base.path, "wait_for")) for one in named]
        return compile_waits.wait_for(model, base, self._collector, self.flow, self._branch)

    def _paths(self, model: steps.Paths, base: compiled.Step) -> compiled.Paths:
        ways, otherwise = [], base.next
        for number, path in enumerate(model.paths):
            if path.audience is not None:
                inner, prefix = ("paths", number, "then"), f"paths.{number + 1}.then"
                ways.append((path.audience, self._branch(path.then, base, inner, prefix)))
            else:
                otherwise = self._branch(path.otherwise, base, ("paths", number, "else"), "else")
        return compiled.Paths(base.id, base.path, base.mark, base.next, tuple(ways), otherwise)

    def _if(self, model: steps.If, base: compiled.Step) -> compiled.If:
        return compiled.If(
            base.id,
            base.path,
            base.mark,
            base.next,
            condition=self._collector.condition(model.condition, (*base.path, "if")),
            then=self._branch(model.then, base, ("then",), "then"),
            otherwise=self._branch(model.otherwise, base, ("else",), "else"),
        )

    def _split(self, model: steps.Split, base: compiled.Step) -> compiled.Split:
        arms = tuple(Arm(arm, share) for arm, share in (model.shares or {}).items())
        # The baseline's way stands first: who takes no part goes it.
        names = [arm.name for arm in arms] or list(model.arms)
        return compiled.Split(
            base.id,
            base.path,
            base.mark,
            base.next,
            experiment=model.split,
            ways=tuple(
                (name, self._branch(model.arms.get(name), base, ("arms", name), f"arms.{name}"))
                for name in names
            ),
            inline=Experiment(model.split, arms, decided=model.decided) if arms else None,
        )

    # Questions

    def _ask(self, model: steps.Ask, base: compiled.Step) -> compiled.Ask:
        choices = tuple(model.expect) if isinstance(model.expect, list) else ()
        expect = "choice" if choices else str(model.expect)
        skip = model.skip if isinstance(model.skip, list) else []
        return compiled.Ask(
            **self._question(model, model.ask, base, "ask", expect),
            expect=expect,
            choices=choices,
            skip=(*map(normalise, skip),) if skip else wording.SKIP if model.skip else (),
            labels=self._labels(base.path) if expect == "yes_no" else (),
            quotes=self._quoted(model, base.path),
        )

    def _choose(self, model: steps.Choose, base: compiled.Step) -> compiled.Choose:
        label = None
        if model.source is not None:
            label = self._collector.translated(
                model.label or wording.LABEL, (*base.path, "label"), model.note
            )
        return compiled.Choose(
            **self._question(model, model.choose, base, "choose", "choice"),
            options=self._options(model.options or (), base),
            source=tuple(model.source.split(".")) if model.source else (),
            label=label,
            then=self._branch(model.then, base, ("then",), "then") if model.source else None,
            numbered=model.numbered,
        )

    def _poll(self, model: steps.Poll, base: compiled.Step) -> compiled.Choose:
        return compiled.Choose(
            **self._question(model, model.poll, base, "poll", "choice"),
            options=self._options(model.options, base),
            source=(),
            label=None,
            then=None,
            numbered=model.numbered,
        )

    def _rate(self, model: steps.Rate | steps.Nps, base: compiled.Step) -> compiled.Rate:
        if isinstance(model, steps.Nps):
            kind, asked, low, high = "nps", model.nps, 0, NPS_MAX
        else:
            kind, asked, low, high = "rate", model.rate, 1, model.stars
        scale, hint = {"low": low, "high": high}, None
        if model.hint is None:
            hint = self._collector.translated(wording.HINTS[kind], base.path, wording.NOTE, scale)
        elif model.hint:
            hint = self._collector.translated(model.hint, (*base.path, "hint"), model.note, scale)
        common = self._question(model, asked, base, kind, "score", scale)
        return compiled.Rate(**common, low=low, high=high, hint=hint)

    def _question(
        self,
        model: steps.Question,
        asked: text_parts.Wording,
        base: compiled.Step,
        kind: str,
        expect: str,
        numbers: Mapping[str, int] = MappingProxyType({}),
    ) -> _Question:
        """Compile what every question has."""
        text, delivery = self._wording(asked, (*base.path, kind), model.note)
        on_other, on_silence = self._ways_out(model, base)
        is_feedback = self._is_survey or kind in FEEDBACK
        return {
            "id": base.id,
            "path": base.path,
            "mark": base.mark,
            "next": base.next,
            "wording": text,
            "delivery": delivery,
            "save": _target(model.save) if model.save else None,
            "within": model.within,
            "on_silence": on_silence,
            "on_other": on_other,
            "retries": model.retries,
            "retry": self._retry(model, expect, base.path, numbers),
            "repeats": model.retry is None,
            "again": self._collector.translated(wording.STILL_OPEN, base.path, wording.NOTE),
            "only_answers": model.only_answers,
            "kind": kind,
            "feedback": is_feedback if model.feedback is None else model.feedback,
        }

    def _quoted(self, model: steps.Ask, path: Path) -> str | None:
        if model.quotes is not None:
            self._gotos.append((model.quotes, (*path, "quotes")))
        return model.quotes

    def _labels(self, path: Path) -> tuple[TranslatedText, ...]:
        return tuple(self._collector.translated(word, path, wording.NOTE) for word in wording.YES_OR_NO)

    def _options(self, options: Sequence[steps.Option], base: compiled.Step) -> tuple[compiled.Option, ...]:
        return tuple(self._option(option, base, number) for number, option in enumerate(options))

    def _option(self, option: steps.Option, base: compiled.Step, number: int) -> compiled.Option:
        inner: Path = ("options", number)
        path = (*base.path, *inner)
        label_path = (*path, "label") if (*path, "label") in self._collector.document.marks.values else path
        return compiled.Option(
            key=str(number + 1),
            label=self._collector.translated(option.label, label_path),
            words=tuple(word for word in map(normalise, option.words or ()) if word),
            value=option.label if option.value is None else option.value,
            then=self._branch(option.then, base, (*inner, "then"), f"options.{number + 1}.then"),
        )

    def _ways_out(self, model: steps.Question, base: compiled.Step) -> tuple[str | None, str | None]:
        """Return where an unusable answer and where silence lead."""
        on_other = self._branch(model.otherwise, base, ("else",), "else")
        if model.on_silence is None:
            return on_other, on_other
        return on_other, self._branch(model.on_silence, base, ("on_silence",), "on_silence")

    def _retry(
        self, model: steps.Question, expect: str, path: Path, numbers: Mapping[str, int]
    ) -> TranslatedText:
        if model.retry is not None:
            return self._collector.translated(model.retry, (*path, "retry"), model.note, numbers)
        return self._collector.translated(wording.RETRIES[expect], path, wording.NOTE, numbers)

    # Values and texts

    def _wording(
        self, model: text_parts.Wording, path: Path, note: str | None
    ) -> tuple[TranslatedText, Delivery]:
        text, copy = self._text(model, path, note)
        media = tuple(
            self._collector.text(link, (*path, "media", number)) for number, link in enumerate(model.media)
        )
        message_class = MessageClass(model.message_class) if model.message_class else self._class
        return text, Delivery(
            channel=model.channel,
            group=model.group or self._group,
            message_class=message_class,
            media=media,
            tag=model.tag,
            valid=model.valid,
            card=compile_card(self._collector, model.card, (*path, "card"))
            if isinstance(model.card, CardPart)
            else model.card,
            notice=model.notice,
            inbox=model.inbox,
            copy=copy,
            banner=self._banner(model, path),
            taps=tuple(
                self._collector.translated(tap, (*path, "taps", number), _A_TAP)
                for number, tap in enumerate(model.taps)
            ),
        )

    def _banner(self, model: text_parts.Wording, path: Path) -> Banner | None:
        if not model.banner:
            return None
        if model.until is None:
            return Banner()
        try:
            return Banner(within=parse_duration(model.until))
        except ValueError:
            pass
        try:
            clock, on_weekday, day = compile_waits.read_until(model.until)
        except ValueError as error:
            self._collector.complain_halves((*path, "until"), error)
            return None
        return Banner(clock=clock, weekday=on_weekday, day=day)

    def _text(self, model: text_parts.Wording, path: Path, note: str | None) -> tuple[TranslatedText, str]:
        """Compile what is said; returns the name of the text, too, where it has one."""
        if model.text is not None:
            is_long = (*path, "text") in self._collector.document.marks.values
            return self._collector.translated(model.text, (*path, "text") if is_long else path, note), ""
        assert model.copy_name is not None, "one of them is there"
        at = (*path, "copy")
        text, copy = self._collector.copied(model.copy_name, at)
        if copy is not None and copy.channel and model.channel not in {None, copy.channel}:
            problem = f"'{copy.name}' is written for {copy.channel}"
            self._collector.complain(
                at, problem, f"take a text for {model.channel}, or leave its channel out"
            )
        return text, model.copy_name

    def _values(self, values: Mapping[str, JsonValue], path: Path) -> tuple[tuple[str, Value], ...]:
        return tuple((name, self._value(value, (*path, name))) for name, value in values.items())

    def _value(self, value: JsonValue, path: Path) -> Value:
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            return Value(None, self._collector.text(value, path))
        if isinstance(value, (list, dict)) and "{{" in str(value):
            problem = "variables inside a list or mapping are not filled in"
            self._collector.complain(path, problem, "give each its own name")
        return Value(value)


def _own_id(model: plain_steps.StepBase) -> str | None:
    if model.id is not None:
        return model.id
    for kind in ("say", "email", "ask", "choose", "rate", "nps", "poll"):
        inner = getattr(model, kind, None)
        if isinstance(inner, text_parts.Wording | text_parts.LetterPart):
            return inner.id
    return None


def _target(name: str) -> Target:
    prefix, dot, rest = name.partition(".")
    return Target(rest, of_member=True) if dot and prefix == "member" else Target(name, of_member=False)
