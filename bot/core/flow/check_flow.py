"""What can be said of one compiled flow before it is published: ways, names, words."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.core import wording
from bot.core.compliance import DEFAULT, LegalCategory, LegalWords, legal_category
from bot.core.deeds.offering import GIVEN
from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow, Step
from bot.core.flow.context import KNOWN, Names, unknown_variables
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.parse import suggestion
from bot.core.flow.template import Condition, Text
from bot.core.messages import MessageClass


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something to say about a flow; a warning does not stop publication."""

    error: FlowError
    is_warning: bool = False

    def __str__(self) -> str:
        """As the error is said, warnings marked."""
        return f"{self.error}{' [warning]' if self.is_warning else ''}"


def successors(step: Step) -> tuple[str | None, ...]:
    """Return where a step may lead (None: the end of the flow)."""
    match step:
        case compiled.Choose():
            chosen = (option.then for option in step.options) if step.options else (step.then,)
            return (*chosen, step.on_silence, step.on_other, step.next)
        case compiled.Ask() | compiled.Rate():
            return (step.next, step.on_silence, step.on_other)
        case compiled.Do() | compiled.Offer():
            return (step.next, step.on_problem)
        case compiled.Sends():
            return (step.next, *step.leaving.ways)
        case compiled.If():
            return (step.then, step.otherwise)
        case compiled.Split():
            return (*(way for _, way in step.ways), *([] if step.inline else [step.next]))
        case compiled.WaitFor():
            return (*(one.then for one in step.wanted), step.on_silence)
        case compiled.Paths():
            return (*(then for _, then in step.ways), step.otherwise)
        case compiled.WaitUntilDate() if step.past == "skip":
            return (step.next, None)  # what is left out is led to by what waits
        case _:
            return (step.next,)


def ahead(
    flow: Flow, ways: Iterable[str | None], past: Callable[[Step], Iterable[str | None]] = successors
) -> Iterator[Step]:
    """Give each step of a flow that is come to on these ways, the nearest first.

    `past` says where a step leads on; it is asked once whoever looks has seen the step, and may turn back.
    """
    seen: set[str] = set()
    coming = deque(ways)
    while coming:
        step_id = coming.popleft()
        if step_id is None or step_id in seen:
            continue
        seen.add(step_id)
        step = flow.by_id[step_id]
        yield step
        coming += past(step)


def complaint(flow: Flow, step: Step, problem: str, remedy: str, *, is_warning: bool = False) -> Complaint:
    """Make a complaint about a step."""
    return Complaint(FlowError(flow.file, *step.mark, problem, remedy), is_warning)


def unreachable(flow: Flow) -> Iterator[Complaint]:
    """Complain about the first of each stretch of steps that nothing leads to."""
    seen = {step.id for step in ahead(flow, [flow.first])}
    lost = [step for step in flow.steps if step.id not in seen]
    led_to = {following for step in lost for following in successors(step)}
    for step in lost:
        if step.id not in led_to or step is lost[0]:
            yield complaint(flow, step, f"nothing leads to step '{step.id}'", "remove it, or `goto` it")


def endless(flow: Flow) -> Iterator[Complaint]:
    """Complain about a circle of steps none of which waits; warn where it has a way out."""
    circle = {
        step.id: {way for way in successors(step) if way is not None}
        for step in flow.steps
        if not isinstance(step, compiled.WAITING)
    }
    while True:  # take away what leads nowhere in it and what nothing in it leads to: circles are left
        led_to = {way for ways in circle.values() for way in ways}
        outside = [step for step, ways in circle.items() if step not in led_to or not ways & circle.keys()]
        if not outside:
            break
        for step_id in outside:
            del circle[step_id]
    if not circle:
        return
    steps = [step for step in flow.steps if step.id in circle]
    has_exit = any(way not in circle for step in steps for way in successors(step))
    problem = f"the steps {', '.join(circle)} lead in a circle without ever waiting"
    remedy = "put a `wait`, an `ask` or an `end` into the circle"
    yield complaint(flow, steps[-1], problem, remedy, is_warning=has_exit)


def handlers_unknown(flow: Flow, handlers: Mapping[str, HandlerSpec]) -> Iterator[Complaint]:
    """Complain about handlers that do not exist and arguments they do not take.

    Also what a release asks of old revisions in which runs still wait.
    """
    for step in flow.steps:
        if not isinstance(step, compiled.Do):
            continue
        spec = handlers.get(step.handler)
        if spec is None:
            meant = suggestion(step.handler, handlers)
            remedy = f"did you mean '{meant}'?" if meant else f"there are {', '.join(sorted(handlers))}"
            yield complaint(flow, step, f"there is no handler '{step.handler}'", remedy)
            continue
        for name, _ in step.arguments:
            if name not in spec.arguments:
                known = ", ".join(sorted(spec.arguments)) or "nothing"
                meant = suggestion(name, spec.arguments)
                remedy = f"did you mean '{meant}'?" if meant else f"it takes {known}"
                yield complaint(flow, step, f"the handler '{step.handler}' takes no '{name}'", remedy)


def offers_unknown(flow: Flow, offers: Collection[str]) -> Iterator[Complaint]:
    """Complain about offers that the program does not have."""
    for step in flow.steps:
        if isinstance(step, compiled.Offer) and step.offer not in offers:
            meant = suggestion(step.offer, offers)
            remedy = f"did you mean '{meant}'?" if meant else "describe it there under `offers:`"
            yield complaint(flow, step, f"program.yaml has no offer '{step.offer}'", remedy)


# Names


_ANYTHING = Names(is_open=True)


def names_set(flow: Flow, handlers: Mapping[str, HandlerSpec]) -> dict[str, Names]:
    """Return the variables a flow sets anywhere, with what is known to be in them."""
    found: dict[str, Names] = {}
    for starter in flow.starters:
        if isinstance(starter, compiled.ApiStarter):
            found.update(dict.fromkeys(starter.variables, _ANYTHING))
        if isinstance(starter, compiled.MessageStarter) and starter.pattern is not None:
            found.update(dict.fromkeys(starter.pattern.groupindex, _ANYTHING))
    for step in flow.steps:
        if isinstance(step, compiled.Do):
            found.update(_names_given(step, handlers))
        elif isinstance(step, compiled.Offer):
            found.update({"problem": _ANYTHING} if step.handles_problem else {})
            found.update({step.save_as: Names(GIVEN)} if step.save_as else {})
        else:
            found.update(dict.fromkeys(_names_kept(step), _ANYTHING))
    return found


def _names_given(step: compiled.Do, handlers: Mapping[str, HandlerSpec]) -> dict[str, Names]:
    found = {"problem": _ANYTHING} if step.handles_problem else {}
    if step.save_as is not None:
        spec = handlers.get(step.handler)
        given = spec.returns if spec else frozenset()
        found[step.save_as] = Names(given, is_open=not given)
    return found


def _names_kept(step: Step) -> Iterable[str]:
    match step:
        case compiled.Question() if step.save is not None and not step.save.of_member:
            return (step.save.name,)
        case compiled.Set():
            return (target.name for target, _ in step.values if not target.of_member)
        case compiled.WaitFor():
            return (one.save_as for one in step.wanted if one.save_as is not None)
        case compiled.Call():
            return (name for name, _ in step.arguments)
        case _:
            return ()


def names_unknown(flow: Flow, known: Mapping[str, Names]) -> Iterator[Complaint]:
    """Complain about names in texts and conditions that nothing gives."""
    for source, more in sources(flow):
        for error in unknown_variables(source.variables, flow.file, {**KNOWN, **known, **more}):
            yield Complaint(error)
    for step in flow.steps:
        if isinstance(step, compiled.Choose) and step.source and step.source[0] not in {**KNOWN, **known}:
            meant = suggestion(step.source[0], {**KNOWN, **known})
            remedy = f"did you mean '{meant}'?" if meant else "let a handler give it with `as:`"
            yield complaint(flow, step, f"nothing here is called '{step.source[0]}'", remedy)
        if isinstance(step, compiled.WaitUntilDate) and step.source[0] not in {**KNOWN, **known}:
            problem = f"nothing here is called '{step.source[0]}'"
            yield complaint(flow, step, problem, "write a date of the contact, like member.birthday")


def sources(flow: Flow) -> Iterator[tuple[Text | Condition, Mapping[str, Names]]]:
    """Return the texts and conditions of a flow, each with the names that it alone may take."""
    more: dict[int, Mapping[str, Names]] = {}
    for step in flow.steps:
        if isinstance(step, compiled.Question):
            more[id(step.again)] = {"question": _ANYTHING}
        if isinstance(step, compiled.Choose):
            more[id(step.label)] = {"option": _ANYTHING}
    for text in flow.texts:
        yield text.source, more.get(id(text), {})
    for step in flow.steps:
        for other in _plain_texts(step):
            yield other, {}
        if isinstance(step, compiled.If):
            yield step.condition, {}


def _plain_texts(step: Step) -> Iterable[Text]:
    match step:
        case compiled.Say() | compiled.Question():
            return step.delivery.media
        case compiled.Email():
            return [text for text in (step.button[1] if step.button else None, step.picture) if text]
        case compiled.Do() | compiled.Call():
            return [value.text for _, value in step.arguments if value.text is not None]
        case compiled.Set():
            return [value.text for _, value in step.values if value.text is not None]
        case compiled.WaitUntil():
            return [step.text] if step.text is not None else []
        case _:
            return []


# Words


def legal_words_offered(flow: Flow, legal: LegalWords = DEFAULT) -> Iterator[Complaint]:
    """Complain about answers that a contact cannot give, because the word is heard before any flow."""
    for step in flow.steps:
        for word in _words_offered(step):
            category = legal_category(word, legal)
            if category is None and wording.read(word).verdict is wording.Verdict.PLAIN:
                problem = f"'{word}' says that we shall stop texting and would never reach this question"
                yield complaint(flow, step, problem, "say it another way, like PAUSE REMINDERS")
            if category in {None, LegalCategory.YES}:
                continue
            problem = f"'{word}' means {category} on SMS and would never reach this question"
            yield complaint(flow, step, problem, "offer another word, like BACK or NO THANKS")


def _words_offered(step: Step) -> Iterator[str]:
    if isinstance(step, compiled.Choose):
        for option in step.options:
            if not option.label.source.variables:
                yield option.label.source.source
            yield from option.words
    elif isinstance(step, compiled.Ask):
        yield from step.choices
        yield from step.skip


def traps(flow: Flow) -> Iterator[Complaint]:
    """Warn of questions a contact cannot get out of."""
    for step in flow.steps:
        if isinstance(step, compiled.Question) and step.only_answers and step.within is None:
            problem = "other keywords do not work while this question is open, and it is open for ever"
            yield complaint(flow, step, problem, "add `within:`, for example 15m", is_warning=True)


def marketing_that_answers(flow: Flow) -> Iterator[Complaint]:
    """Warn of a `class` without effect: what answers the contact is a reply, whatever a file says."""
    for step in flow.steps:
        if not isinstance(step, compiled.Say | compiled.Question) or not _talks(flow):
            continue
        if step.delivery.message_class is MessageClass.MARKETING and not _after_time(flow, step):
            problem = "this always answers the contact and leaves as a reply: `class: marketing` says nothing"
            remedy = "remove the class, or put a `wait` before it"
            yield complaint(flow, step, problem, remedy, is_warning=True)
            return


def _talks(flow: Flow) -> bool:
    return bool(flow.starters) and all(isinstance(starter, compiled.TALKING) for starter in flow.starters)


def groups_missing(flow: Flow) -> Iterator[Complaint]:
    """Complain about messages that no group allows: outside a conversation consent is asked by group."""
    talks = all(isinstance(starter, compiled.TALKING) for starter in flow.starters)
    for step in flow.steps:
        if not isinstance(step, compiled.Say | compiled.Question) or step.delivery.group is not None:
            continue
        if not talks:
            problem = "the flow does not answer a message here, and names no subscription group to ask"
            remedy = "add `group:` at the top of the flow, for example loyalty"
            yield complaint(flow, step, problem, remedy)
            return
        if _after_time(flow, step):
            problem = "this may be said after a wait, when it is no answer any more, and names no group"
            remedy = "add `group:` at the top of the flow, or it may not leave"
            yield complaint(flow, step, problem, remedy, is_warning=True)
            return


def _after_time(flow: Flow, wanted: Step) -> bool:
    ways: list[str | None] = []
    for step in flow.steps:
        if isinstance(step, compiled.WAITS):
            ways += successors(step)
        elif isinstance(step, compiled.Question) and step.within is not None:
            ways.append(step.on_silence)
    return any(step is wanted for step in ahead(flow, ways, _unanswered))


def _unanswered(step: Step) -> Iterable[str | None]:
    """Where a step leads by itself: what follows an answer is an answer again."""
    return () if isinstance(step, compiled.Question) else successors(step)
