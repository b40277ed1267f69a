"""Looks over the files of a program, each and all together: what `flows check` says and publishing asks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.conversation.publication import (
    AUDIENCES,
    BRAND,
    COPY,
    EVENTS,
    EXPERIMENTS,
    FLOW,
    KEYWORDS,
    POLICY,
    PROGRAM,
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
from bot.core.flow.check_audiences import unknown
from bot.core.flow.check_email import letters_wrong
from bot.core.flow.check_events import events_unknown
from bot.core.flow.check_experiments import arms_wrong, experiments_wrong, variants_wrong
from bot.core.flow.compiled import EventStarter, Flow
from bot.core.flow.costs import USUAL_TERMS, Terms
from bot.core.flow.events_file import read_events
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.keywords_file import category_keywords, read_keywords
from bot.core.flow.policy_file import PolicyFile, read_policy
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.flow.season_file import read_season, read_whole_program
from bot.core.flow.shop_file import read_shop
from bot.core.flow.translations import Message, Translations
from bot.core.flow.variables_file import read_variables
from bot.core.flow.wechat_file import read_wechat
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
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

    What files say of each other is looked at once every file can be read: a typo gives one complaint. The
    money of texts, for what they cost under `terms`, is the program's.
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
    complaints = _as_complaints(files.errors) if files.errors else files.together(handlers)
    return _placed(Look(path, folder, files.flows, complaints, files.terms, files.wechat))


@dataclass(slots=True)
class _Files:
    """What the files of a folder say: each by itself (`look_at`), then `together`."""

    folder: Folder
    terms: Terms
    errors: list[FlowError] = field(default_factory=list)
    flows: dict[str, Flow] = field(default_factory=dict)
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

    def together(self, handlers: Mapping[str, HandlerSpec]) -> tuple[Complaint, ...]:
        """Say what is wrong with what files say of each other, once each can be read."""
        folder, flows = self.folder, self.flows
        found = check(
            tuple(flows.values()),
            handlers=handlers,
            translations=folder.translations,
            legal=self._legal,
            terms=self.terms,
            policy=self._policy,
            categories=self._categories,
            offers=self._offers,
            wechat=self.wechat,
            audiences={audience.name for audience in folder.audiences()},
            traits={trait.rule.key for trait in folder.traits()},
        )
        beside = (
            *_audiences_of_variables(folder),
            *_audiences_of_experiments(folder),
            *_experiments_of_variables(folder),
            *_experiments_of_program(folder, flows),
            *_not_taken(folder, flows),
            *experiments_wrong(folder.document(EXPERIMENTS), flows.values()),
        )
        of_letters = letters_wrong(flows.values(), self._templates, self._brand, handlers)
        named, is_planned = _events_named(folder), folder.document(EVENTS) is not None
        unheard = (
            one for flow in flows.values() for one in events_unknown(flow, named, is_planned=is_planned)
        )
        return (*_as_complaints(beside), *of_letters, *found, *unheard)

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


def _audiences_of_variables(folder: Folder) -> Iterable[FlowError]:
    """Complain of audiences that variables.yaml names and audiences.yaml does not have."""
    document, known = folder.document(VARIABLES), {audience.name for audience in folder.audiences()}
    if document is not None:
        for path, name in read_variables(document).audiences():
            if name not in known:
                yield document.complaint(path, *unknown(name, known))


def _experiments_of_program(folder: Folder, flows: Mapping[str, Flow]) -> Iterable[FlowError]:
    """Complain of rules and seasons for arms that no experiment has."""
    program, beside = folder.program(), folder.document(EXPERIMENTS)
    if program is not None:
        seasons = [read(one.text, one.file) for one in folder.seasons]
        whole = read_whole_program(program, seasons, [""] * len(seasons))
        tried = read_experiments(beside).experiments if beside is not None else {}
        yield from arms_wrong(whole, tried, flows.values())


def _experiments_of_variables(folder: Folder) -> Iterable[FlowError]:
    """Complain of variants of variables.yaml that experiments.yaml says nothing of, or says all of."""
    document, beside = folder.document(VARIABLES), folder.document(EXPERIMENTS)
    if document is not None:
        tried = read_experiments(beside).experiments if beside is not None else {}
        yield from variants_wrong(document, tried)


def _audiences_of_experiments(folder: Folder) -> Iterable[FlowError]:
    """Complain of audiences that experiments.yaml names and audiences.yaml does not have."""
    document, known = folder.document(EXPERIMENTS), {audience.name for audience in folder.audiences()}
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
