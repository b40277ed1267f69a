"""Publishing: from the files marketers write to immutable revisions in force."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import orjson

from bot.conversation.changed_money import refuse_changed_money
from bot.conversation.kinds import (
    AUDIENCES,
    BRAND,
    COPIES,
    COPY,
    COPY_KEPT,
    EVENTS,
    EXPERIMENTS,
    FLOW,
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
from bot.core.audiences.audience import Audience, Audiences
from bot.core.audiences.figures import Figures
from bot.core.audiences.folder import check_audiences
from bot.core.audiences.traits_file import Trait, read_traits
from bot.core.email.templates import Template, compile_template
from bot.core.errors import FlowError
from bot.core.flow.brand_file import read_brand
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Flow
from bot.core.flow.copy_file import read_copy, stored_copy
from bot.core.flow.events_file import read_events
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.keywords_file import read_keywords
from bot.core.flow.policy_file import read_policy
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import Document, read, together
from bot.core.flow.season_file import read_seasoned_program
from bot.core.flow.shop_file import read_shop
from bot.core.flow.translations import Copy, Message, Translations, message_id, read_translations
from bot.core.flow.variables_file import read_variables
from bot.core.flow.wechat_file import read_wechat
from bot.core.loyalty.fields import exponent_of
from bot.core.tracking.plan import NO_PLAN, Plan
from bot.storage import revisions
from bot.storage.driver import Connection
from bot.storage.revisions import Revision

SEASONS = "seasons"
"""The folder of seasons, inside that of flows; a season's revisions are called by it too."""
ONE_OF_EACH = frozenset(
    {PROGRAM, KEYWORDS, POLICY, WECHAT, SHOP, VARIABLES, BRAND, AUDIENCES, TRAITS, EVENTS, EXPERIMENTS}
)
"""The kinds of files of which there is one, called like its kind."""
BY_FILES = "files"
"""Who published what came from the folder."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was found; `file` is how complaints name it."""

    name: str
    kind: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a program and their translations."""

    files: tuple[SourceFile, ...]
    translations: Translations
    words: str = ""
    """What tells its translations from others."""

    @property
    def seasons(self) -> tuple[SourceFile, ...]:
        """The seasons, by name."""
        return tuple(file for file in self.files if file.kind == SEASON)

    def program(self) -> Document | None:
        """Return the program's file, read; None where there is none. Raises FlowError: it cannot be read."""
        return self.document(PROGRAM)

    def document(self, kind: str) -> Document | None:
        """Return the file of a kind of which there is one, read; None where there is none.

        Raises:
            FlowError: it cannot be read.
        """
        file = next((file for file in self.files if file.kind == kind), None)
        return None if file is None else read(file.text, file.file)

    def plan(self) -> Plan:
        """Return its tracking plan; what is wrong with it is told where it stands, and nothing here."""
        try:
            document = self.document(EVENTS)
            return read_events(document).compiled() if document is not None else NO_PLAN
        except FlowError:
            return NO_PLAN

    def audiences(self) -> tuple[Audience, ...]:
        """Return its audiences.

        Raises:
            FlowError: something is wrong with them.
        """
        document = self.document(AUDIENCES)
        return () if document is None else check_audiences(document, self.document, self.plan().kept)

    def traits(self) -> tuple[Trait, ...]:
        """Return its computed traits.

        Raises:
            FlowError: something is wrong with them.
        """
        document = self.document(TRAITS)
        return () if document is None else read_traits(document, self.plan().kept)

    def figures(self) -> Figures:
        """Return its computed traits and audiences as they would be kept, were they published.

        Raises:
            FlowError: something is wrong with them.
        """
        return Figures(Audiences(self.audiences(), [one.rule for one in self.traits()]))


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing changed."""

    published: tuple[Revision, ...]
    withdrawn: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything is different now."""
        return bool(self.published or self.withdrawn)


def read_folder(flows: Path, locales: Path) -> Folder:
    """Read the folder's YAML files and the PO files of all languages.

    Raises:
        FlowError: a folder or file cannot be read, or a PO file is broken.
    """
    if not flows.is_dir():
        raise FlowError(str(flows), 1, 1, "there is no such folder", "set REGULARS_FLOWS to yours")
    files = tuple(
        SourceFile(
            name=path.stem,
            kind=path.stem if path.stem in ONE_OF_EACH else FLOW,
            file=f"{flows.name}/{path.name}",
            text=_text(path),
        )
        for path in sorted(flows.glob("*.yaml"))
    ) + tuple(
        SourceFile(
            name=f"{SEASONS}/{path.stem}",
            kind=SEASON,
            file=f"{flows.name}/{SEASONS}/{path.name}",
            text=_text(path),
        )
        for path in sorted(flows.glob(f"{SEASONS}/*.yaml"))
    )
    files += tuple(
        SourceFile(
            name=f"{TEMPLATES}/{path.stem}",
            kind=TEMPLATE,
            file=f"{flows.name}/{TEMPLATES}/{path.name}",
            text=_text(path),
        )
        for path in sorted(flows.glob(f"{TEMPLATES}/*.mjml"))
    )
    copies = _copy_files(flows)
    files += copies
    by_locale, words = {}, hashlib.sha256("".join(file.text for file in copies).encode())
    for path in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        locale, text = path.parents[1].name, _text(path)
        by_locale[locale] = read_translations(text, locale, f"locales/{locale}/{path.name}")
        words.update(f"{locale}/{path.name}\n{text}\n".encode())
    return Folder(files, Translations(by_locale, _copies(copies)), words.hexdigest())


def _copy_files(flows: Path) -> tuple[SourceFile, ...]:
    return tuple(
        SourceFile(
            name=f"{COPIES}/{path.stem}",
            kind=COPY,
            file=f"{flows.name}/{COPIES}/{path.name}",
            text=_text(path),
        )
        for path in sorted(flows.glob(f"{COPIES}/*.yaml"))
    )


def _copies(files: Iterable[SourceFile]) -> dict[str, Copy]:
    """The named texts of these files; what is wrong with a file is told where it stands, and nothing here."""
    found: dict[str, Copy] = {}
    for file in files:
        with contextlib.suppress(FlowError):
            found = {**read_copy(read(file.text, file.file)), **found}
    return found


def check_copy(file: SourceFile, folder: Folder) -> dict[str, Copy]:
    """Return the named texts of a file.

    Raises:
        FlowError: something is wrong with them, or another file has the same name.
    """
    document = read(file.text, file.file)
    own = read_copy(document)
    twice = [
        document.complaint(
            (name,),
            f"'{name}' is a text of {folder.translations.copies[name].file} already",
            "give each its own name",
            at_key=True,
        )
        for name in own
        if folder.translations.copies[name].file != file.file
    ]
    if twice:
        raise together(twice)
    return own


def compile_folder(folder: Folder, now: datetime) -> list[Revision]:
    """Check every file by itself and make revisions of them (numbered when they are published).

    Raises:
        FlowError: with every complaint about every file (see `others`).
    """
    complaints: list[FlowError] = []
    compiled = []
    for file in folder.files:
        try:
            translations = _compile(file, folder)
        except FlowError as error:
            complaints += [error, *error.others]
        else:
            compiled.append(_revision(file, translations, now))
    if complaints:
        raise together(complaints)
    return compiled


async def publish(
    connection: Connection, files: Sequence[Revision], generation: str, *, force: bool = False
) -> Published:
    """Put what has changed in force, and take flows out of force whose file is gone.

    Raises:
        FlowError: somebody published a file by other means, and this would undo it (unless `force`), or
            members have credit in a currency that the program does not have any more.
    """
    await revisions.lock(connection)
    in_force = {one.flow: one for one in await revisions.published(connection)}
    await refuse_changed_money(connection, files, in_force.values())
    changed = [one for one in files if _is_new(one, in_force)]
    gone = [name for name in in_force if name not in {one.flow for one in files}]
    if not force:
        _refuse_newer((one for one in changed if one.flow in in_force), in_force)
    published = []
    if changed:
        published = await revisions.publish(connection, changed, generation)
    if gone:
        await revisions.withdraw(connection, gone, generation)
    return Published(tuple(published), tuple(gone))


def check_season(file: SourceFile, folder: Folder) -> None:
    """Look at a season together with the program and the seasons before it.

    Raises:
        FlowError: it is wrong. What is wrong with the others is told where it stands, and nothing here.
    """
    document = read(file.text, file.file)
    try:
        program = folder.program()
        before = [read(one.text, one.file) for one in folder.seasons if one.name < file.name]
        if program is not None:
            read_seasoned_program(program, before, [""] * len(before))
    except FlowError:
        return
    if program is not None:
        read_seasoned_program(program, [*before, document], [""] * (len(before) + 1))


_READ_ALONE: Mapping[str, Callable[[Document], object]] = {
    EVENTS: read_events,
    VARIABLES: read_variables,
    EXPERIMENTS: read_experiments,
}
"""How the files are read that need no other to be."""


_IN_FOLDER: Mapping[str, Callable[[SourceFile, Folder], object]] = {SEASON: check_season, COPY: check_copy}
"""How those are that are looked at beside others of their kind."""


def _compile(file: SourceFile, folder: Folder) -> dict[str, dict[str, str]]:
    translations = folder.translations
    if file.kind in _IN_FOLDER:
        _IN_FOLDER[file.kind](file, folder)
        return {}
    if file.kind == FLOW:
        flow = flow_of(file, folder)
        kept = {f"{COPY_KEPT}{name}": stored_copy(translations.copies[name]) for name in sorted(flow.copies)}
        return {**_used(translations, flow.messages), **kept}
    if file.kind == TEMPLATE:
        template_of(file)
        return {}
    document = read(file.text, file.file)
    if file.kind == BRAND:
        read_brand(document)
        return {}
    if file.kind == PROGRAM:
        read_program(document)
        return {}
    if file.kind == KEYWORDS:
        read_keywords(document)
        return {}
    if file.kind == POLICY:
        read_policy(document)
        return {}
    if file.kind == SHOP:
        read_shop(document, exponent_in(folder))
        return {}
    if file.kind == AUDIENCES:
        check_audiences(document, folder.document, folder.plan().kept)
        return {}
    if file.kind == TRAITS:
        read_traits(document, folder.plan().kept)
        return {}
    if file.kind in _READ_ALONE:
        _READ_ALONE[file.kind](document)
        return {}
    assert file.kind == WECHAT, "there are no other kinds"
    return _used(translations, read_wechat(document, translations).messages)


@dataclass(frozen=True, slots=True)
class _InFolder:
    """A flow's file by what tells how it compiles."""

    file: SourceFile
    words: str
    translations: Translations = field(compare=False)


def flow_of(file: SourceFile, folder: Folder) -> Flow:
    """Compile a flow of a folder, once for this process. Raises FlowError."""
    return _flow_of(_InFolder(file, folder.words, folder.translations))


@lru_cache(maxsize=128)
def _flow_of(one: _InFolder) -> Flow:
    return compile_flow(read(one.file.text, one.file.file), translations=one.translations)


def template_of(file: SourceFile) -> Template:
    """Compile a template of a folder. Raises FlowError."""
    return compile_template(file.text, name=file.name.removeprefix(f"{TEMPLATES}/"), file=file.file)


def exponent_in(folder: Folder) -> int:
    """How many decimals the folder's currency has; what is wrong with its program is told where it stands."""
    try:
        program = folder.program()
    except FlowError:
        program = None
    return exponent_of(program.value if program is not None else None)


def _used(translations: Translations, messages: Iterable[Message]) -> dict[str, dict[str, str]]:
    """What a file uses of the translations."""
    used = {message_id(message.source) for message in messages}
    return {
        locale: {message: known[message].text for message in sorted(used) if message in known}
        for locale, known in translations.by_locale.items()
    }


def _revision(file: SourceFile, translations: dict[str, dict[str, str]], now: datetime) -> Revision:
    return Revision(
        flow=file.name,
        revision=0,
        kind=file.kind,
        file=file.file,
        source=file.text,
        translations=translations,
        checksum=checksum_of(file.text, translations),
        published_at=now,
        published_by=BY_FILES,
    )


def checksum_of(text: str, translations: Mapping[str, Mapping[str, str]]) -> str:
    """Tell a file with what it uses of the translations from others."""
    content = orjson.dumps([text, translations], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


def _is_new(file: Revision, in_force: Mapping[str, Revision]) -> bool:
    return file.flow not in in_force or in_force[file.flow].checksum != file.checksum


def _refuse_newer(changed: Iterable[Revision], in_force: Mapping[str, Revision]) -> None:
    for file in changed:
        newer = in_force[file.flow]
        if newer.published_by != BY_FILES:
            raise FlowError(
                file.file,
                1,
                1,
                f"{newer.published_by} published revision {newer.revision} since",
                "fetch it with `regulars flows pull`, or push with --force to replace it",
            )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FlowError(path.name, 1, 1, f"the file cannot be read: {error}", "save it as UTF-8") from error
