"""What each published file says. One that is broken is logged, and the plainest thing stands in for it."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

import structlog

from bot.conversation.kinds import (
    AUDIENCES,
    BRAND,
    CATEGORY,
    COPY_KEPT,
    EVENTS,
    EXPERIMENTS,
    KEYWORDS,
    POLICY,
    PROGRAM,
    SEASON,
    SHOP,
    TEMPLATE,
    TEMPLATES,
    TRAITS,
    VARIABLES,
    WECHAT,
)
from bot.core.audiences import folder as audience_files
from bot.core.audiences.figures import BROKEN_FIGURES, Figures
from bot.core.compliance import LegalWords
from bot.core.deeds.goals import with_windows
from bot.core.email.brand import NO_BRAND
from bot.core.email.templates import Template, compile_template
from bot.core.email.writing import Letters
from bot.core.errors import FlowError
from bot.core.experiments.experiment import Experiment
from bot.core.flow.brand_file import read_brand
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Flow
from bot.core.flow.copy_file import loaded_copy
from bot.core.flow.events_file import read_events
from bot.core.flow.experiments_file import declared_in, read_experiments
from bot.core.flow.keywords_file import KeywordsFile, category_keywords, read_keywords
from bot.core.flow.policy_file import PolicyFile, read_policy
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import Document, read
from bot.core.flow.season_file import read_seasoned_program
from bot.core.flow.shop_file import read_shop
from bot.core.flow.translations import Translation, Translations
from bot.core.flow.variables_file import read_variables
from bot.core.flow.wechat_file import read_wechat
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.keywords import Keyword
from bot.core.loyalty.places import PLAIN, Selling
from bot.core.loyalty.program import Program
from bot.core.tracking.plan import NO_PLAN, Plan
from bot.core.variables import NO_VARIABLES, Variables
from bot.storage.revisions import Revision

Said = TypeVar("Said")
_logger = structlog.get_logger(__name__)
_NAMELESS = "This shop"
_NO_PROGRAM = {"currency": {"code": "XXX"}, "point_value": "0.01", "earning": {"rate": "0"}}


def compiled(stored: Revision) -> Flow | None:
    """Compile a stored flow with the translations it was published with; None where it no longer compiles."""
    try:
        return _flow_of(_stored(stored))
    except FlowError as error:
        _logger.exception("flow_broken", flow=stored.flow, revision=stored.revision, problem=str(error))
        return None


def stored_program(revisions: Sequence[Revision]) -> tuple[Revision, Program, FlowError | None]:
    """The stored program, and what is wrong with it: an empty one stands in then, and nothing is told."""
    stored = _the(revisions, PROGRAM)
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
        _, program, broken = stored_program(stored)
        return program if broken is None else None
    return None


def figures_in(revisions: Iterable[Revision]) -> Figures:
    """The audiences and computed traits that are published; none where they are broken."""
    stored = list(revisions)
    with contextlib.suppress(FlowError):
        _, program, _ = stored_program(stored)
        return figures_of(stored, program.currency.exponent)
    return BROKEN_FIGURES


def letters_of(revisions: Sequence[Revision], policy: PolicyFile) -> Letters:
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
    brand = _said(revisions, BRAND, lambda stored: read_brand(_document(stored)).compiled(), NO_BRAND)
    return Letters(brand, templates, policy.email.opens, policy.email.clicks)


def wechat_of(revisions: Iterable[Revision]) -> WechatForms:
    """What the shop shows on WeChat; where the file is broken texts go alone."""
    return _said(revisions, WECHAT, lambda stored: _forms_of(_stored(stored)), NO_FORMS)


def selling_of(revisions: Iterable[Revision], exponent: int) -> Selling:
    """Where orders go and how they are paid; where the file is broken, as if there was none."""
    return _said(revisions, SHOP, lambda stored: read_shop(_document(stored), exponent).selling(), PLAIN)


def variables_of(revisions: Iterable[Revision], zone: str) -> Variables:
    """The variables of apps; where the file is broken they keep to what they were built with."""
    return _said(
        revisions,
        VARIABLES,
        lambda stored: read_variables(_document(stored)).compiled(zone),
        NO_VARIABLES,
    )


def experiments_in(
    revisions: Iterable[Revision], flows: Iterable[Flow], zone: str
) -> Mapping[str, Experiment]:
    """What is tried, by name; where the file is broken, nobody takes part in what it says."""
    revisions, flows = list(revisions), list(flows)
    beside = (one.tried for one in variables_of(revisions, zone).experiments)
    found = {one.name: one for one in beside if one is not None} | dict(declared_in(flows))
    found |= _said(
        revisions,
        EXPERIMENTS,
        lambda stored: read_experiments(_document(stored)).compiled(zone),
        dict[str, Experiment](),
    )
    return with_windows(found, flows)


def plan_of(revisions: Iterable[Revision]) -> Plan:
    """The tracking plan; where the file is broken, everything is taken and nothing removed."""
    return _said(revisions, EVENTS, lambda stored: read_events(_document(stored)).compiled(), NO_PLAN)


def figures_of(revisions: Iterable[Revision], exponent: int) -> Figures:
    """Audiences and computed traits; where a file is broken, as if there was neither."""
    found = {one.kind: one for one in revisions if one.kind in {AUDIENCES, TRAITS}}
    try:
        documents = {kind: _document(one) for kind, one in found.items()}
        return Figures(audience_files.published(documents.get(AUDIENCES), documents.get(TRAITS), exponent))
    except FlowError as error:
        _logger.exception("audiences_broken", problem=str(error))
        return BROKEN_FIGURES


def keywords_of(revisions: Iterable[Revision]) -> KeywordsFile:
    """The words of the law and of the shop; where the file is broken, those everybody has."""
    otherwise = KeywordsFile.model_validate({})
    return _said(revisions, KEYWORDS, lambda stored: read_keywords(_document(stored)), otherwise)


def category_words(revisions: Iterable[Revision]) -> Iterator[Keyword]:
    """The words of the shop's own categories; where keywords.yaml is broken, `keywords_of` has said so."""
    stored = _the(revisions, KEYWORDS)
    with contextlib.suppress(FlowError):
        if stored is not None:
            for keyword in category_keywords(_document(stored)):
                yield replace(keyword, target=CATEGORY + keyword.target)


def policy_of(revisions: Iterable[Revision], legal_words: LegalWords) -> PolicyFile:
    """The rules of the gate; where the file is broken, those that hold without one."""
    return _said(revisions, POLICY, lambda stored: read_policy(_document(stored), legal_words), PolicyFile())


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


def _the(revisions: Iterable[Revision], kind: str) -> Revision | None:
    """The one file of its kind; None where none was ever published."""
    return next((one for one in revisions if one.kind == kind), None)


def _said(
    revisions: Iterable[Revision], kind: str, reading: Callable[[Revision], Said], otherwise: Said
) -> Said:
    """What the one file of its kind says; where there is none, or it is broken, something else."""
    stored = _the(revisions, kind)
    if stored is None:
        return otherwise
    try:
        return reading(stored)
    except FlowError as error:
        _logger.exception("file_broken", kind=kind, revision=stored.revision, problem=str(error))
        return otherwise


def _document(stored: Revision) -> Document:
    return read(stored.source, stored.file)


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
