"""Translations: the whole message is the msgid, and its translation is Liquid itself.

No printf, so a stray % breaks nothing; a translation that is no valid Liquid is reported with its place
in the PO file and the source text is sent instead. Plurals need no msgid_plural: the `plural` filter
takes the forms that the translation's own language has.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from bot.core.errors import FlowError
from bot.core.flow import wording
from bot.core.flow.template import Text, compile_text
from bot.core.languages import fallbacks


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated message and where it stands."""

    text: str
    file: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be translated; `note` is the author's word to the translator."""

    source: str
    file: str
    line: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A named text that flows say by its name; `others` are its translations, by locale."""

    name: str
    text: str
    language: str
    others: Mapping[str, str]
    file: str
    line: int
    occasion: str = ""
    channel: str = ""
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Translations:
    """Every locale's translations, by message; and the texts that have names of their own."""

    by_locale: Mapping[str, Mapping[str, Translation]] = field(default_factory=dict)
    copies: Mapping[str, Copy] = field(default_factory=dict)

    def of_copy(self, copy: Copy) -> "Translations":
        """Return the translations of a named text: its own go before those of `locales/`."""
        own = {
            locale: {message_id(copy.text): Translation(text, copy.file, copy.line)}
            for locale, text in copy.others.items()
        }
        known = {*self.by_locale, *own}
        return Translations({one: {**self.by_locale.get(one, {}), **own.get(one, {})} for one in known})

    def find(self, source: str, locale: str) -> Translation | None:
        """Return the translation for exactly this locale, None if there is none."""
        return self.by_locale.get(locale, {}).get(message_id(source))

    def missing(self, messages: Iterable[Message]) -> dict[str, list[Message]]:
        """Return what each locale does not translate."""
        wanted = list(messages)
        gaps = {
            locale: [message for message in wanted if message_id(message.source) not in known]
            for locale, known in self.by_locale.items()
        }
        return {locale: gap for locale, gap in gaps.items() if gap}


@dataclass(frozen=True, slots=True)
class TranslatedText:
    """A text in every language it has; rendered like a `Text`, in the best language for a locale."""

    source: Text
    language: str
    others: Mapping[str, Text] = field(default_factory=dict)
    broken: tuple[FlowError, ...] = ()
    """Translations that are no valid Liquid; the source text is sent in their place."""

    def render(self, context: Mapping[str, object], locale: str) -> str:
        """Write the text in the contact's language, or in the one it was written in."""
        text, spoken = self.best(locale)
        return text.render(context, spoken)

    def best(self, locale: str) -> tuple[Text, str]:
        """Return the text for a locale (`es_MX`, then `es`, then the source) and the locale it speaks.

        A locale of the source's own language keeps its region, for money and dates.
        """
        for tag in fallbacks(locale):
            if tag in self.others:
                return self.others[tag], locale
        # The last to try is the language alone.
        is_own = fallbacks(locale)[-1] == fallbacks(self.language)[-1]
        return self.source, locale if is_own else self.language


def compile_translated(  # noqa: PLR0913  # where it stands is three numbers
    source: str,
    translations: Translations,
    *,
    language: str,
    file: str,
    line: int,
    column: int,
    numbers: Mapping[str, int] = MappingProxyType({}),
) -> TranslatedText:
    """Compile a text and its translations; `numbers` are known already, and stand in them by name.

    Raises:
        FlowError: The source itself is wrong; a wrong translation is kept in `broken` instead.
    """
    text = compile_text(_with(numbers, source), file=file, line=line, column=column)
    others: dict[str, Text] = {}
    broken = []
    for locale in translations.by_locale:
        translation = translations.find(source, locale)
        if translation is None or locale == language:
            continue
        try:
            others[locale] = compile_text(
                _with(numbers, translation.text),
                file=translation.file,
                line=translation.line,
                column=translation.column,
            )
        except FlowError as error:
            broken.append(error)
            continue
        broken += _strange_names(text, others[locale], translation)
    return TranslatedText(text, language, others, tuple(broken))


def _with(numbers: Mapping[str, int], text: str) -> str:
    """Write numbers that are known in place of their names."""
    for name, number in numbers.items():
        text = re.sub(rf"{{{{-?\s*{name}\s*-?}}}}", str(number), text)
    return text


def message_id(source: str) -> str:
    """Return what a text is found under: itself, without space around it."""
    return source.strip()


def read_translations(text: str, locale: str, file: str) -> dict[str, Translation]:
    """Read a PO file; fuzzy and empty translations do not count.

    Raises:
        FlowError: The file is no PO file.
    """
    try:
        catalog = read_po(io.StringIO(text), locale=locale, abort_invalid=True)
    except PoFileError as error:
        remedy = "open it in a PO editor, or write it anew with `regulars flows messages`"
        # Babel counts the lines of its complaints from 0.
        raise FlowError(file, error.lineno + 1, 1, f"this is not a PO file: {error}", remedy) from error
    lines = text.splitlines()
    return {
        str(message.id): Translation(str(message.string), file, *_place(lines, message.lineno or 1))
        for message in catalog
        if message.id and message.string and not message.fuzzy and isinstance(message.id, str)
    }


def _place(lines: list[str], line: int) -> tuple[int, int]:
    """Return line and column of a translation's first character; `line` is where its message stands."""
    for number, written in enumerate(lines[line - 1 :], line):
        if written.startswith('msgstr "'):
            return (number + 1, 2) if written.rstrip() == 'msgstr ""' else (number, len('msgstr "') + 1)
    return line, 1


def standard_messages() -> list[Message]:
    """Return the sentences that flows say when their author wrote none, so that they are translated too."""
    sentences = dict.fromkeys(
        [
            *(wording.THANKS, wording.STILL_OPEN),
            *(*wording.RETRIES.values(), *wording.HINTS.values(), *wording.YES_OR_NO),
        ]
    )
    return [Message(sentence, "bot/core/flow/wording.py", 1, wording.NOTE) for sentence in sentences]


def extract(messages: Iterable[Message], *, project: str = "Regulars") -> str:
    """Write the PO template of these messages, with their places and notes."""
    return _write(_catalog(messages, Catalog(project=project, charset="utf-8", fuzzy=False)))


def update(text: str, messages: Iterable[Message], locale: str) -> str:
    """Bring a locale's PO file up to date: new messages added, gone ones kept as obsolete.

    A message whose wording changed a little keeps its translation, marked fuzzy for the translator.
    """
    catalog = read_po(io.StringIO(text), locale=locale) if text else Catalog(locale=locale, fuzzy=False)
    catalog.update(_catalog(messages, Catalog(fuzzy=False)))
    return _write(catalog)


def _catalog(messages: Iterable[Message], catalog: Catalog) -> Catalog:
    for message in messages:
        notes = [message.note] if message.note else []
        catalog.add(message_id(message.source), locations=[(message.file, message.line)], auto_comments=notes)
    return catalog


def _write(catalog: Catalog) -> str:
    for message in catalog:
        # Babel takes Liquid's braces and a % for Python's, and PO editors would then check them as such.
        message.flags -= {"python-format", "python-brace-format"}
    # Without Babel's header: its creation date would make every extraction a change.
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=True, sort_by_file=True)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    language = f'"Language: {catalog.locale_identifier}\\n"\n' if catalog.locale_identifier else ""
    return f"{header}{language}\n{out.getvalue().decode()}"


def _strange_names(source: Text, translated: Text, translation: Translation) -> list[FlowError]:
    """Complain about variables a translation takes that its source does not: a translator's slip."""
    names = {variable.path for variable in source.variables}
    return [
        FlowError(
            translation.file,
            variable.line,
            variable.column,
            f"the translation names '{variable}', the text does not",
            "use the text's own variables: "
            + (", ".join(sorted(map(str, source.variables))) or "there are none"),
        )
        for variable in translated.variables
        if variable.path not in names
    ]
