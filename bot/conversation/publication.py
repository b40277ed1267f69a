"""The publication in force: every published file compiled and indexed once, shared by all turns.

A publication never changes. When something is published a new one is built beside the old, and turns
that begin afterwards use it; runs stay in the revision they stand in.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import structlog

from bot.conversation.conversation import NeedsRevision
from bot.conversation.gesture_routes import GestureRoutes
from bot.core.audiences import folder as audience_files
from bot.core.audiences.figures import BROKEN_FIGURES, Figures
from bot.core.compliance import LegalWords
from bot.core.contact import Product
from bot.core.deeds.goals import with_windows
from bot.core.email.brand import NO_BRAND, Brand
from bot.core.email.templates import Template, compile_template
from bot.core.email.writing import Letters
from bot.core.errors import FlowError
from bot.core.experiments.experiment import Experiment
from bot.core.feedback import ApprovedQuote
from bot.core.flow.brand_file import read_brand
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import (
    ApiStarter,
    CreditExpiringStarter,
    EventStarter,
    Flow,
    KeywordStarter,
    MessageStarter,
    ScheduleStarter,
    Starter,
)
from bot.core.flow.copy_file import loaded_copy
from bot.core.flow.events_file import read_events
from bot.core.flow.experiments_file import declared_in, read_experiments
from bot.core.flow.halts import Halts
from bot.core.flow.keywords_file import KeywordsFile, category_keywords, read_keywords
from bot.core.flow.policy_file import PolicyFile, read_policy
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.flow.season_file import read_seasoned_program
from bot.core.flow.shop_file import read_shop
from bot.core.flow.translations import Translation, Translations
from bot.core.flow.variables_file import read_variables
from bot.core.flow.wechat_file import read_wechat
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.gate import Policy
from bot.core.groups import GroupWords, plain_groups
from bot.core.keywords import Keyword, KeywordIndex
from bot.core.links import hosts_in
from bot.core.loyalty.places import PLAIN, Selling
from bot.core.loyalty.program import Program
from bot.core.senders import SenderPool
from bot.core.tracking.plan import NO_PLAN, Plan
from bot.core.turn import Shop
from bot.core.variables import NO_VARIABLES, Variables
from bot.storage.revisions import Revision

FLOW, PROGRAM, KEYWORDS, POLICY, WECHAT, SHOP, SEASON, VARIABLES, AUDIENCES, TRAITS, EVENTS, EXPERIMENTS = (
    "flow",
    "program",
    "keywords",
    "policy",
    "wechat",
    "shop",
    "season",
    "variables",
    "audiences",
    "traits",
    "events",
    "experiments",
)
"""The kinds of files; there is one of each but flows and seasons, called like its kind."""
BRAND, TEMPLATE = "brand", "template"
TEMPLATES = "templates"
"""The folder of templates, inside that of flows; a template's revisions are called by it too."""
COPY, COPIES = "copy", "copy"
"""The kind of files of named texts; and their folder, by which their revisions are called too."""
COPY_KEPT = "copy:"
"""Begins what a revision keeps, beside its translations, of a text it says by its name."""
CATEGORY = "category:"
"""Before the name of one of the shop's own categories, where a keyword selects that and not a flow."""

_OPT_IN = "opt-in"
_PINNED_MAX = 1000
_logger = structlog.get_logger(__name__)
_NAMELESS = "This shop"
_NO_PROGRAM = {"currency": {"code": "XXX"}, "point_value": "0.01", "earning": {"rate": "0"}}


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """What the operator says of the shop, beside what marketers publish."""

    zone: str
    senders: Mapping[str, SenderPool]
    policy: Policy
    public_url: str = ""
    """Where short links are; empty: links go out as they are written."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """The server's, newest first."""
    quotes: tuple[ApprovedQuote, ...] = ()
    """What people wrote and texts may show: put in force as soon as somebody approves or withdraws it."""
    halted: Halts = field(default_factory=dict)
    """The flows that an operator paused, or lets nobody into."""


class Pinned:
    """Older revisions that waiting runs stand in, compiled when first met; the least used are forgotten."""

    def __init__(self) -> None:
        """Begin with none."""
        self._flows: OrderedDict[tuple[str, int], Flow | None] = OrderedDict()

    def find(self, name: str, revision: int) -> Flow | None:
        """Return a revision, None where it is gone or broken. Raises NeedsRevision where it was never met."""
        key = (name, revision)
        if key not in self._flows:
            raise NeedsRevision(name, revision)
        self._flows.move_to_end(key)
        return self._flows[key]

    def keep(self, name: str, revision: int, stored: Revision | None) -> None:
        """Compile and keep what was loaded."""
        self._flows[name, revision] = compiled(stored) if stored is not None else None
        if len(self._flows) > _PINNED_MAX:
            self._flows.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Publication:
    """All that is in force, indexed for the road of a message."""

    generation: str
    shop: Shop
    flows: Mapping[str, Flow]
    keywords: KeywordIndex
    keywords_file: KeywordsFile
    legal_words: LegalWords
    group_words: GroupWords
    pinned: Pinned
    by_category: Mapping[str, tuple[Flow, KeywordStarter]] = field(default_factory=dict)
    """The flows that start on the words of one of the shop's own categories."""
    patterns: tuple[tuple[Flow, MessageStarter], ...] = ()
    fallback: tuple[Flow, MessageStarter] | None = None
    gestures: GestureRoutes = field(default_factory=GestureRoutes)
    by_event: Mapping[str, tuple[tuple[Flow, EventStarter], ...]] = field(default_factory=dict)
    notices: tuple[tuple[Flow, CreditExpiringStarter], ...] = ()
    schedules: tuple[tuple[Flow, ScheduleStarter], ...] = ()
    by_call: Mapping[str, tuple[Flow, ApiStarter]] = field(default_factory=dict)
    """The flows that may be started from outside, by each name they are `called` by there."""
    variables: Variables = NO_VARIABLES
    """The named values of apps and pages."""
    plan: Plan = NO_PLAN
    """Which events are taken, and how long they stay."""
    broken: FlowError | None = None
    """What is wrong with the stored program: nothing but legal words is answered then."""

    def flow(self, name: str, revision: int | None) -> Flow | None:
        """Return a revision of a flow; None: the one in force."""
        flow = self.flows.get(name)
        if revision is None or (flow is not None and flow.revision == revision):
            return flow
        return self.pinned.find(name, revision)


def build(
    revisions: Sequence[Revision],
    products: Mapping[str, Product],
    settings: ShopSettings,
    *,
    generation: str,
    pinned: Pinned,
) -> Publication:
    """Compile and index what is published.

    A flow that no longer compiles is left out and logged: the others, and STOP above all, go on. Where the
    program itself is broken no flow can be told, and STOP still is heard.

    Raises:
        FlowError: no program was ever published.
    """
    stored_program, program, broken = _program(revisions)
    if broken is not None:
        revisions = [one for one in revisions if one.kind in {KEYWORDS, POLICY}]
    flows = {one.flow: flow for one in revisions if one.kind == FLOW and (flow := compiled(one)) is not None}
    keywords_file = _keywords(revisions)
    legal_words = keywords_file.legal_words()
    policy = _policy(revisions, legal_words)
    letters = _letters(revisions, policy)
    starters = [(flow, starter) for flow in flows.values() for starter in flow.starters]
    groups = {starter.group for _, starter in starters if isinstance(starter, KeywordStarter)}
    shop = Shop(
        name=keywords_file.program or program.name,
        zone=settings.zone,
        program=program,
        program_policy=f"{PROGRAM}@{stored_program.revision}",
        policy=policy.policy(replace(settings.policy, zone=settings.zone)),
        groups={**plain_groups(group for group in groups if group), **policy.described()},
        senders=policy.pools() or settings.senders,
        products=products,
        links=policy.short_links(settings.public_url, _hosts(flows.values()) | _hosts_of(letters)),
        letters=letters,
        secrets=settings.secrets,
        public_url=settings.public_url,
        halted=settings.halted,
        wechat=_wechat(revisions),
        quotes=settings.quotes,
        surveys={flow.name: flow.survey for flow in flows.values() if flow.survey is not None},
        selling=_selling(revisions, program.currency.exponent),
        figures=_figures(revisions, program.currency.exponent),
        experiments=experiments_in(revisions, flows.values(), settings.zone),
        join_words=_join_words(starters),
    )
    fallbacks = [(f, s) for f, s in starters if isinstance(s, MessageStarter) and s.is_fallback]
    by_event: dict[str, list[tuple[Flow, EventStarter]]] = {}
    for flow, starter in starters:
        if isinstance(starter, EventStarter):
            by_event.setdefault(starter.event, []).append((flow, starter))
    return Publication(
        generation=generation,
        shop=shop,
        flows=flows,
        keywords=KeywordIndex(
            (*(keyword for flow in flows.values() for keyword in flow.keywords), *_of_categories(revisions)),
            legal_words=(keyword.text for keyword in legal_words.keywords()),
        ),
        keywords_file=keywords_file,
        legal_words=legal_words,
        group_words=GroupWords(shop.groups, legal_words),
        pinned=pinned,
        by_category={
            starter.category: (flow, starter)
            for flow, starter in starters
            if isinstance(starter, KeywordStarter) and not starter.words and starter.category is not None
        },
        patterns=tuple((f, s) for f, s in starters if isinstance(s, MessageStarter) and not s.is_fallback),
        fallback=fallbacks[0] if fallbacks else None,
        gestures=GestureRoutes.of(starters),
        by_event={name: tuple(found) for name, found in by_event.items()},
        notices=tuple((f, s) for f, s in starters if isinstance(s, CreditExpiringStarter)),
        schedules=tuple((f, s) for f, s in starters if isinstance(s, ScheduleStarter)),
        by_call={
            name: (flow, starter)
            for flow, starter in reversed(starters)  # of two with one name the first has it
            if isinstance(starter, ApiStarter)
            for name in starter.called
        },
        variables=_variables(revisions, settings.zone),
        plan=_plan(revisions),
        broken=broken,
    )


def _join_words(starters: Iterable[tuple[Flow, Starter]]) -> dict[str, str]:
    """Return the first word that joins by text, by language."""
    words: dict[str, str] = {}
    for _, starter in starters:
        if isinstance(starter, KeywordStarter) and starter.category == _OPT_IN and starter.words:
            words.setdefault(starter.language, starter.words[0])
    return words


def _hosts(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the hosts that the published texts name, in every language."""
    texts = [text for flow in flows for each in flow.texts for text in (each.source, *each.others.values())]
    return hosts_in(text.source for text in texts)


def _hosts_of(letters: Letters) -> frozenset[str]:
    """Return the hosts that templates and the brand name."""
    written = (template.hosts for template in letters.templates.values())
    return hosts_in([letters.brand.website]).union(*written)


def _letters(revisions: Sequence[Revision], policy: PolicyFile) -> Letters:
    """What letters are made with; a template that is broken is left out and logged."""
    templates = {}
    for stored in revisions:
        if stored.kind == TEMPLATE:
            try:
                template = _template_of(_stored(stored))
            except FlowError as error:
                _logger.exception("template_broken", template=stored.flow, problem=str(error))
            else:
                templates[template.name] = template
    return Letters(_brand(revisions), templates, policy.email.opens, policy.email.clicks)


def _brand(revisions: Sequence[Revision]) -> Brand:
    """The brand; where the file is broken, as if there was none."""
    stored = next((one for one in revisions if one.kind == BRAND), None)
    if stored is None:
        return NO_BRAND
    try:
        return read_brand(read(stored.source, stored.file)).compiled()
    except FlowError as error:
        _logger.exception("brand_broken", revision=stored.revision, problem=str(error))
        return NO_BRAND


def compiled(stored: Revision) -> Flow | None:
    """Compile a stored flow with the translations it was published with; None where it no longer compiles."""
    try:
        return _flow_of(_stored(stored))
    except FlowError as error:
        _logger.exception("flow_broken", flow=stored.flow, revision=stored.revision, problem=str(error))
        return None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A revision by what tells it from all others; `checksum` is of its text and its translations."""

    checksum: str
    file: str
    number: int
    revision: Revision = field(compare=False)


def _stored(revision: Revision) -> _Stored:
    return _Stored(revision.checksum, revision.file, revision.revision, revision)


@lru_cache(maxsize=256)
def _flow_of(stored: _Stored) -> Flow:
    """Compile a flow once for this process: most of what is in force stays when something is published."""
    revision = stored.revision
    return compile_flow(
        read(revision.source, revision.file), revision=stored.number, translations=_translations(revision)
    )


@lru_cache(maxsize=256)
def _template_of(stored: _Stored) -> Template:
    """Compile a template once for this process."""
    name = stored.revision.flow.removeprefix(f"{TEMPLATES}/")
    return compile_template(stored.revision.source, name=name, file=stored.file, revision=stored.number)


@lru_cache(maxsize=16)
def _forms_of(stored: _Stored) -> WechatForms:
    """Compile what the shop shows on WeChat once for this process."""
    return read_wechat(read(stored.revision.source, stored.file), _translations(stored.revision))


@lru_cache(maxsize=64)
def _program_of(program: _Stored, seasons: tuple[_Stored, ...]) -> Program:
    """Read a program with some seasons once for this process."""
    document = read(program.revision.source, program.file)
    if not seasons:
        return read_program(document)
    return read_seasoned_program(
        document,
        [read(season.revision.source, season.file) for season in seasons],
        [f"{season.revision.flow}@{season.number}" for season in seasons],
    )


def _translations(stored: Revision) -> Translations:
    return Translations(
        {
            locale: {message: Translation(text, f"locales/{locale}", 1) for message, text in texts.items()}
            for locale, texts in stored.translations.items()
            if not locale.startswith(COPY_KEPT)
        },
        {
            name.removeprefix(COPY_KEPT): loaded_copy(name.removeprefix(COPY_KEPT), kept)
            for name, kept in stored.translations.items()
            if name.startswith(COPY_KEPT)
        },
    )


def _wechat(revisions: Sequence[Revision]) -> WechatForms:
    """What the shop shows on WeChat; where the file is broken texts go alone."""
    stored = next((one for one in revisions if one.kind == WECHAT), None)
    if stored is None:
        return NO_FORMS
    try:
        return _forms_of(_stored(stored))
    except FlowError as error:
        _logger.exception("wechat_broken", revision=stored.revision, problem=str(error))
        return NO_FORMS


def _selling(revisions: Sequence[Revision], exponent: int) -> Selling:
    """Where orders go and how they are paid; where the file is broken, as if there was none."""
    stored = next((one for one in revisions if one.kind == SHOP), None)
    if stored is None:
        return PLAIN
    try:
        return read_shop(read(stored.source, stored.file), exponent).selling()
    except FlowError as error:
        _logger.exception("shop_broken", revision=stored.revision, problem=str(error))
        return PLAIN


def _variables(revisions: Sequence[Revision], zone: str) -> Variables:
    """The variables of apps; where the file is broken they keep to what they were built with."""
    stored = next((one for one in revisions if one.kind == VARIABLES), None)
    if stored is None:
        return NO_VARIABLES
    try:
        return read_variables(read(stored.source, stored.file)).compiled(zone)
    except FlowError as error:
        _logger.exception("variables_broken", revision=stored.revision, problem=str(error))
        return NO_VARIABLES


def experiments_in(
    revisions: Iterable[Revision], flows: Iterable[Flow], zone: str
) -> Mapping[str, Experiment]:
    """What is tried, by name; where the file is broken, nobody takes part in what it says."""
    revisions, flows = list(revisions), list(flows)
    beside = (one.tried for one in _variables(revisions, zone).experiments)
    found = {one.name: one for one in beside if one is not None} | dict(declared_in(flows))
    stored = next((one for one in revisions if one.kind == EXPERIMENTS), None)
    if stored is not None:
        try:
            found |= read_experiments(read(stored.source, stored.file)).compiled(zone)
        except FlowError as error:
            _logger.exception("experiments_broken", revision=stored.revision, problem=str(error))
    return with_windows(found, flows)


def _plan(revisions: Sequence[Revision]) -> Plan:
    """The tracking plan; where the file is broken, everything is taken and nothing removed."""
    stored = next((one for one in revisions if one.kind == EVENTS), None)
    if stored is None:
        return NO_PLAN
    try:
        return read_events(read(stored.source, stored.file)).compiled()
    except FlowError as error:
        _logger.exception("events_broken", revision=stored.revision, problem=str(error))
        return NO_PLAN


def _figures(revisions: Sequence[Revision], exponent: int) -> Figures:
    """Audiences and computed traits; where a file is broken, as if there was neither."""
    found = {one.kind: one for one in revisions if one.kind in {AUDIENCES, TRAITS}}
    try:
        documents = {kind: read(one.source, one.file) for kind, one in found.items()}
        return Figures(audience_files.published(documents.get(AUDIENCES), documents.get(TRAITS), exponent))
    except FlowError as error:
        _logger.exception("audiences_broken", problem=str(error))
        return BROKEN_FIGURES


def _keywords(revisions: Sequence[Revision]) -> KeywordsFile:
    stored = next((one for one in revisions if one.kind == KEYWORDS), None)
    if stored is None:
        return KeywordsFile.model_validate({})
    try:
        return read_keywords(read(stored.source, stored.file))
    except FlowError as error:
        _logger.exception("keywords_broken", revision=stored.revision, problem=str(error))
        return KeywordsFile.model_validate({})


def _of_categories(revisions: Sequence[Revision]) -> Iterator[Keyword]:
    """The words of the shop's own categories; where keywords.yaml is broken, `_keywords` has said so."""
    stored = next((one for one in revisions if one.kind == KEYWORDS), None)
    with contextlib.suppress(FlowError):
        if stored is not None:
            for keyword in category_keywords(read(stored.source, stored.file)):
                yield replace(keyword, target=CATEGORY + keyword.target)


def _policy(revisions: Sequence[Revision], legal_words: LegalWords) -> PolicyFile:
    stored = next((one for one in revisions if one.kind == POLICY), None)
    if stored is None:
        return PolicyFile()
    try:
        return read_policy(read(stored.source, stored.file), legal_words)
    except FlowError as error:
        _logger.exception("policy_broken", revision=stored.revision, problem=str(error))
        return PolicyFile()


def _program(revisions: Sequence[Revision]) -> tuple[Revision, Program, FlowError | None]:
    """The stored program, and what is wrong with it: an empty one stands in then, and nothing is told."""
    stored = next((one for one in revisions if one.kind == PROGRAM), None)
    if stored is None:
        raise FlowError("program.yaml", 1, 1, "no program is published", "publish one: `regulars flows push`")
    try:
        return stored, _with_seasons(stored, revisions), None
    except FlowError as error:
        _logger.exception("program_broken", revision=stored.revision, problem=str(error))
        return stored, Program.model_validate({"program": _name_in(stored), **_NO_PROGRAM}), error


def program_in(revisions: Iterable[Revision]) -> Program | None:
    """The program that is published, with its seasons; None where there is none, or it is broken."""
    stored = list(revisions)
    with contextlib.suppress(FlowError):
        _, program, broken = _program(stored)
        return program if broken is None else None
    return None


def figures_in(revisions: Iterable[Revision]) -> Figures:
    """The audiences and computed traits that are published; none where they are broken."""
    stored = list(revisions)
    with contextlib.suppress(FlowError):
        _, program, _ = _program(stored)
        return _figures(stored, program.currency.exponent)
    return BROKEN_FIGURES


def _with_seasons(program: Revision, revisions: Sequence[Revision]) -> Program:
    """The program with the published seasons; one that no longer joins it is left out and logged."""
    alone, joining = _stored(program), tuple[_Stored, ...]()
    found = _program_of(alone, joining)
    for one in sorted((one for one in revisions if one.kind == SEASON), key=lambda one: one.flow):
        try:
            found = _program_of(alone, (*joining, _stored(one)))
        except FlowError as error:
            _logger.exception("season_broken", season=one.flow, revision=one.revision, problem=str(error))
        else:
            joining = (*joining, _stored(one))
    return found


def _name_in(stored: Revision) -> str:
    """The shop's name, for the replies that the law asks for, from whatever of its file can be read."""
    with contextlib.suppress(FlowError):
        name = read(stored.source, stored.file).value.get("program")
        if isinstance(name, str) and name:
            return name
    return _NAMELESS
