"""Looks over the files of a program, each and all together: what `flows check` says and publishing asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.conversation.kinds import (
    AUDIENCES,
    BRAND,
    COPY,
    EVENTS,
    EXPERIMENTS,
    FLOW,
    KEYWORDS,
    POLICY,
    PROGRAM,
    SEASON,
    SHOP,
    TEMPLATE,
    TRAITS,
    VARIABLES,
    WECHAT,
)
from bot.conversation.publishing import (
    Folder,
    SourceFile,
    check_copy,
    check_season,
    exponent_in,
    flow_of,
    read_folder,
    template_of,
)
from bot.core.audiences.folder import check_audiences
from bot.core.audiences.traits_file import read_traits
from bot.core.compliance import DEFAULT, LegalWords
from bot.core.email.brand import Brand
from bot.core.email.templates import Template
from bot.core.errors import FlowError
from bot.core.flow.brand_file import read_brand
from bot.core.flow.check import Complaint, check
from bot.core.flow.check_audiences import benefits_unknown, unknown
from bot.core.flow.check_email import letters_wrong
from bot.core.flow.check_events import events_unknown
from bot.core.flow.check_experiments import arms_wrong, experiments_wrong, shares_short, variants_wrong
from bot.core.flow.check_flow import successors
from bot.core.flow.check_leaving import never_leaving, strikes_together
from bot.core.flow.compile import draft_of
from bot.core.flow.compiled import EventStarter, Flow
from bot.core.flow.costs import USUAL_TERMS, Terms
from bot.core.flow.events_file import read_events
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.keywords_file import category_keywords, read_keywords
from bot.core.flow.policy_file import PolicyFile, read_policy
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.flow.season_file import Whole, read_season, read_whole_program
from bot.core.flow.shop_file import read_shop
from bot.core.flow.translations import Message, Translations
from bot.core.flow.unread import NOTHING, Unread
from bot.core.flow.variables_file import read_variables
from bot.core.flow.wechat_file import read_wechat
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.gate import USUAL_POLICY
from bot.core.keywords import Keyword


@dataclass(frozen=True, slots=True)
class Look:
    """A folder as it was found; `flows` are those that compile, by name of file."""

    path: Path
    folder: Folder
    flows: Mapping[str, Flow]
    complaints: tuple[Complaint, ...]
    terms: Terms = USUAL_TERMS
    """What costs are reckoned by."""
    wechat: WechatForms | None = None
    """What `wechat.yaml` says; None where there is none, or it cannot be read."""

    @property
    def messages(self) -> list[Message]:
        """Everything that is to be translated."""
        of_flows = [message for flow in self.flows.values() for message in flow.messages]
        return [*of_flows, *(self.wechat or NO_FORMS).messages]

    @property
    def errors(self) -> tuple[Complaint, ...]:
        """What stops publication."""
        return tuple(complaint for complaint in self.complaints if not complaint.is_warning)


def look_over(
    path: Path, locales: Path, handlers: Mapping[str, HandlerSpec], terms: Terms = USUAL_TERMS
) -> Look:
    """Read, compile and check a folder, each file and all together.

    What files say of each other is looked at as far as they can be read: of what hangs on a broken one
    nothing is said, so that a typo gives one complaint. The money of texts, for what they cost under
    `terms`, is the program's.
    """
    try:
        folder = read_folder(path, locales)
    except FlowError as error:
        return _placed(Look(path, Folder((), Translations()), {}, _as_complaints([error])))
    files = _Files(folder, terms)
    for file in folder.files:
        files.look_at(file)
    if not any(file.kind == PROGRAM for file in folder.files):
        remedy = "write one: no credit can be told without it"
        files.errors.append(FlowError(f"{path.name}/program.yaml", 1, 1, "there is no such file", remedy))
    alone = _as_complaints({str(error): error for error in files.errors}.values())
    complaints = tuple(sorted((*alone, *_beside(alone, files.together(handlers))), key=_order))
    return _placed(Look(path, folder, files.flows, complaints, files.terms, files.wechat))


def _beside(alone: Sequence[Complaint], rest: Iterable[Complaint]) -> Iterator[Complaint]:
    """What is told beside what is wrong with files alone: nothing twice, and no warning of a broken file."""
    files = {one.error.file for one in alone}
    lines = {(one.error.file, one.error.line) for one in alone}
    for one in rest:
        is_told = (one.error.file, one.error.line) in lines
        if not is_told and not (one.is_warning and one.error.file in files):
            yield one


def _order(one: Complaint) -> tuple[bool, str, int, int]:
    return one.is_warning, one.error.file, one.error.line, one.error.column


@dataclass(slots=True)
class _Files:
    """What the files of a folder say: each by itself (`look_at`), then `together`."""

    folder: Folder
    terms: Terms
    errors: list[FlowError] = field(default_factory=list)
    flows: dict[str, Flow] = field(default_factory=dict)
    drafts: dict[str, Flow] = field(default_factory=dict)
    """Flows with holes where something is wrong: what they say of other files is looked at all the same."""
    unread: Unread = NOTHING
    wechat: WechatForms | None = None
    _legal: LegalWords = DEFAULT
    _policy: PolicyFile | None = None
    _categories: tuple[Keyword, ...] = ()
    _offers: set[str] = field(default_factory=set)
    _brand: Brand | None = None
    _templates: dict[str, Template] = field(default_factory=dict)

    def look_at(self, file: SourceFile) -> None:
        """Read a file, and keep what is wrong with it."""
        try:
            _READERS.get(file.kind, _Files.beside)(self, file)
        except FlowError as error:
            self.errors += [error, *error.others]
            if file.kind == FLOW:
                self._draft(file)
            else:
                self.unread = self.unread.with_kind(file.kind)

    def _draft(self, file: SourceFile) -> None:
        """Take a broken flow as far as it can be followed."""
        with suppress(FlowError):
            document = read(file.text, file.file)
            flow, _ = draft_of(document, translations=self.folder.translations)
            if all(way is None or way in flow.by_id for step in flow.steps for way in successors(step)):
                self.drafts[file.name] = flow
                return
        self.unread = self.unread.with_flow(file.name, file.text, file.file)

    def together(self, handlers: Mapping[str, HandlerSpec]) -> tuple[Complaint, ...]:
        """Say what is wrong with what files say of each other, as far as they can be read."""
        folder, flows, broken = self.folder, {**self.flows, **self.drafts}, self.unread.kinds
        knows_program = not broken & {PROGRAM, SEASON}
        found = check(
            tuple(flows.values()),
            handlers=handlers,
            translations=folder.translations,
            legal=self._legal,
            terms=self.terms,
            policy=self._policy,
            categories=self._categories,
            offers=self._offers if knows_program else None,
            wechat=self.wechat,
            audiences=_audiences_named(folder),
            traits={trait.rule.key for trait in folder.traits()} if TRAITS not in broken else None,
            unread=self.unread,
        )
        of_letters = letters_wrong(flows.values(), self._templates, self._brand, handlers, self.unread)
        return (*_as_complaints(self._beside(flows)), *of_letters, *found, *self._unheard(flows))

    def _beside(self, flows: Mapping[str, Flow]) -> Iterator[FlowError]:
        """What audiences, experiments, variables, events and the program say of each other and of flows."""
        folder, broken = self.folder, self.unread.kinds
        audiences = _audiences_named(folder)
        if audiences is not None and VARIABLES not in broken:
            yield from _audiences_of_variables(folder, audiences)
        if audiences is not None and EXPERIMENTS not in broken:
            yield from _audiences_of_experiments(folder, audiences)
        if audiences is not None and not broken & {PROGRAM, SEASON}:
            yield from _audiences_of_program(folder, audiences)
        if not broken & {VARIABLES, EXPERIMENTS}:
            yield from _experiments_of_variables(folder)
        if not broken & {PROGRAM, SEASON, EXPERIMENTS} and not self.unread.flows:
            yield from _experiments_of_program(folder, flows)
        if not broken & {PROGRAM, EVENTS}:
            yield from _not_taken(folder, flows)
        if EXPERIMENTS not in broken:
            yield from experiments_wrong(folder.document(EXPERIMENTS), flows.values())

    def _unheard(self, flows: Mapping[str, Flow]) -> Iterator[Complaint]:
        """Warn of events that nobody tells, arms that leave people over, and texts that never leave."""
        folder, broken = self.folder, self.unread.kinds
        if not broken & {PROGRAM, EVENTS}:
            named, is_planned = _events_named(folder), folder.document(EVENTS) is not None
            for flow in flows.values():
                yield from events_unknown(flow, named, is_planned=is_planned)
        if EXPERIMENTS not in broken:
            yield from shares_short(folder.document(EXPERIMENTS), flows.values())
        if not broken & {POLICY, KEYWORDS, WECHAT} and not self.unread.flows:
            policy = self._policy.policy(USUAL_POLICY) if self._policy is not None else USUAL_POLICY
            absent = set() if self.wechat is not None else {"wechat"}
            groups = self._policy.groups if self._policy is not None else ()
            yield from never_leaving(tuple(flows.values()), policy, groups=groups, absent=absent)
            yield from strikes_together(tuple(flows.values()), policy)

    def beside(self, file: SourceFile) -> None:
        self._offers.update(_offers_beside(file, self.folder))

    def program(self, file: SourceFile) -> None:
        program = read_program(read(file.text, file.file))
        money = program.currency
        self.terms = replace(self.terms, currency=money.code, exponent=money.exponent)
        self._offers.update(program.offers)

    def keywords(self, file: SourceFile) -> None:
        document = read(file.text, file.file)
        self._legal, self._categories = read_keywords(document).legal_words(), category_keywords(document)

    def policy(self, file: SourceFile) -> None:  # read after keywords.yaml, whose words it must not take
        self._policy = read_policy(read(file.text, file.file), self._legal)

    def brand(self, file: SourceFile) -> None:
        self._brand = read_brand(read(file.text, file.file)).compiled()

    def template(self, file: SourceFile) -> None:
        template = template_of(file)
        self._templates[template.name] = template

    def copied(self, file: SourceFile) -> None:
        check_copy(file, self.folder)

    def wechat_forms(self, file: SourceFile) -> None:
        self.wechat = read_wechat(read(file.text, file.file), self.folder.translations)

    def flow(self, file: SourceFile) -> None:
        self.flows[file.name] = flow_of(file, self.folder)


_READERS: Mapping[str, Callable[[_Files, SourceFile], None]] = {
    PROGRAM: _Files.program,
    KEYWORDS: _Files.keywords,
    POLICY: _Files.policy,
    BRAND: _Files.brand,
    TEMPLATE: _Files.template,
    COPY: _Files.copied,
    WECHAT: _Files.wechat_forms,
    FLOW: _Files.flow,
}


def _offers_beside(file: SourceFile, folder: Folder) -> Iterable[str]:
    """Look at a file that is read with the program; returns the offers that it adds. Raises FlowError."""
    document = read(file.text, file.file)
    if file.kind == SHOP:
        read_shop(document, exponent_in(folder))
        return ()
    if file.kind == VARIABLES:
        read_variables(document)
        return ()
    if file.kind == EXPERIMENTS:
        read_experiments(document)
        return ()
    if file.kind == AUDIENCES:
        check_audiences(document, folder.document, folder.plan().kept)
        return ()
    if file.kind == TRAITS:
        read_traits(document, folder.plan().kept)
        return ()
    if file.kind == EVENTS:
        read_events(document)
        return ()
    check_season(file, folder)
    return read_season(document).offers


def _audiences_named(folder: Folder) -> set[str] | None:
    """The names of audiences, whatever is wrong with what they say; None where the file cannot be read."""
    try:
        document = folder.document(AUDIENCES)
    except FlowError:
        return None
    return set(document.value) if document is not None else set()


def _audiences_of_variables(folder: Folder, known: set[str]) -> Iterable[FlowError]:
    """Complain of audiences that variables.yaml names and audiences.yaml does not have."""
    document = folder.document(VARIABLES)
    if document is not None:
        for path, name in read_variables(document).audiences():
            if name not in known:
                yield document.complaint(path, *unknown(name, known))


def _whole_program(folder: Folder) -> Whole | None:
    """The program with its seasons; None where there is none."""
    program = folder.program()
    if program is None:
        return None
    seasons = [read(one.text, one.file) for one in folder.seasons]
    return read_whole_program(program, seasons, [""] * len(seasons))


def _audiences_of_program(folder: Folder, known: set[str]) -> Iterable[FlowError]:
    """Complain of rules and seasons for audiences that audiences.yaml does not have."""
    whole = _whole_program(folder)
    if whole is not None:
        yield from benefits_unknown(whole, known)


def _experiments_of_program(folder: Folder, flows: Mapping[str, Flow]) -> Iterable[FlowError]:
    """Complain of rules and seasons for arms that no experiment has."""
    whole, beside = _whole_program(folder), folder.document(EXPERIMENTS)
    if whole is not None:
        tried = read_experiments(beside).experiments if beside is not None else {}
        yield from arms_wrong(whole, tried, flows.values())


def _experiments_of_variables(folder: Folder) -> Iterable[FlowError]:
    """Complain of variants of variables.yaml that experiments.yaml says nothing of, or says all of."""
    document, beside = folder.document(VARIABLES), folder.document(EXPERIMENTS)
    if document is not None:
        tried = read_experiments(beside).experiments if beside is not None else {}
        yield from variants_wrong(document, tried)


def _audiences_of_experiments(folder: Folder, known: set[str]) -> Iterable[FlowError]:
    """Complain of audiences that experiments.yaml names and audiences.yaml does not have."""
    document = folder.document(EXPERIMENTS)
    if document is not None:
        for path, name in read_experiments(document).audiences():
            if name not in known:
                yield document.complaint(path, *unknown(name, known))


def _events_named(folder: Folder) -> set[str]:
    """The events that events.yaml names, and those that the program earns for."""
    program = folder.program()
    rules = read_program(program).earning.rules if program is not None else ()
    return {*folder.plan().events, *(rule.event for rule in rules if rule.event)}


def _not_taken(folder: Folder, flows: Mapping[str, Flow]) -> Iterable[FlowError]:
    """Complain of events that events.yaml does not let in, though something waits for them."""
    document, plan = folder.document(EVENTS), folder.plan()
    if document is None:
        return
    waiting: dict[str, str] = {}
    for file, flow in flows.items():
        starting = (one.event for one in flow.starters if isinstance(one, EventStarter))
        waiting |= dict.fromkeys(starting, f"the flow `{file}` starts on it")
    program = folder.program()
    rules = read_program(program).earning.rules if program is not None else ()
    waiting |= {rule.event: f"the rule `{rule.id}` earns for it" for rule in rules if rule.event}
    for event, why in sorted(waiting.items()):
        planned = plan.events.get(event)
        if planned is not None and planned.is_blocked:
            remedy = "let it in, or let nothing wait for it"
            yield document.complaint(("events", event, "block"), f"`{event}` is blocked: {why}", remedy)


def _as_complaints(errors: Iterable[FlowError]) -> tuple[Complaint, ...]:
    ordered = sorted(errors, key=lambda error: (error.file, error.line, error.column))
    return tuple(Complaint(error) for error in ordered)


def _placed(look: Look) -> Look:
    """Name files as they are reached from here."""
    complaints = tuple(
        Complaint(placed(complaint.error, look.path), complaint.is_warning) for complaint in look.complaints
    )
    return replace(look, complaints=complaints)


def placed(error: FlowError, flows: Path) -> FlowError:
    """The error with its file named as it is reached from the working folder."""
    kind, _, rest = error.file.partition("/")
    if kind == flows.name and rest:
        file = flows / rest
    elif kind == "locales" and rest:
        file = flows.parent / "locales" / rest.replace("/", "/LC_MESSAGES/", 1)
    else:
        return error
    return FlowError(name_from_here(file), error.line, error.column, error.problem, error.remedy)


def name_from_here(file: Path) -> str:
    """A file as it is reached from the working folder, if it is below it."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
