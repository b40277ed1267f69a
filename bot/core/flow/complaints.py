"""Collects what is wrong with a document while it is compiled, and compiles its texts in place."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.errors import FlowError
from bot.core.flow.parse import suggestion
from bot.core.flow.reader import Document, Path
from bot.core.flow.template import Condition, Text, compile_condition, compile_text
from bot.core.flow.translations import Copy, Message, TranslatedText, Translations, compile_translated


class Collector:
    """The document at hand, the complaints about it, and every text found in it.

    A text that is wrong leaves its complaint here and an empty text in its place, so that one look at a
    file finds all its mistakes.
    """

    def __init__(self, document: Document, language: str, translations: Translations) -> None:
        self.document = document
        self.language = language
        self.complaints: list[FlowError] = []
        self.texts: list[TranslatedText] = []
        self.messages: list[Message] = []
        self._translations = translations

    def complain(self, path: Path, problem: str, remedy: str) -> None:
        """Record a complaint about the value at `path`."""
        self.complaints.append(self.document.complaint(path, problem, remedy))

    def complain_halves(self, path: Path, error: ValueError) -> None:
        """Record what a parser said, whose sentence has a semicolon between problem and remedy."""
        problem, _, remedy = str(error).partition("; ")
        self.complain(path, problem, remedy or "look at the examples in docs/flows.md")

    def translated(
        self,
        source: str,
        path: Path,
        note: str | None = None,
        numbers: Mapping[str, int] = MappingProxyType({}),
    ) -> TranslatedText:
        """Compile a text for the contact, in every language; `numbers` it names are known already."""
        mark = self.document.marks.text(path)
        file = self.document.file
        self.messages.append(Message(source, file, mark.line, note or ""))
        try:
            text = compile_translated(
                source,
                self._translations,
                language=self.language,
                file=file,
                line=mark.line,
                column=mark.column,
                numbers=numbers,
            )
        except FlowError as error:
            self._keep(error)
            text = TranslatedText(compile_text("", file=file, line=1, column=1), self.language)
        self.texts.append(text)
        return text

    def copied(self, name: str, path: Path) -> tuple[TranslatedText, Copy | None]:
        """Compile the text of a name, in every language."""
        copy = self._translations.copies.get(name)
        if copy is None:
            meant = suggestion(name, self._translations.copies)
            remedy = f"did you mean '{meant}'?" if meant else "write it in a file of flows/copy/"
            self.complain(path, f"no text is called '{name}'", remedy)
            return self.translated("", path), None
        if not copy.others:
            self.messages.append(Message(copy.text, copy.file, copy.line, copy.note))
        try:
            text = compile_translated(
                copy.text,
                self._translations.of_copy(copy),
                language=copy.language,
                file=copy.file,
                line=copy.line,
                column=1,
            )
        except FlowError as error:
            self._keep(error)
            text = TranslatedText(compile_text("", file=copy.file, line=1, column=1), self.language)
        self.texts.append(text)
        return text, copy

    def text(self, source: str, path: Path) -> Text:
        """Compile a text that is not translated."""
        mark = self.document.marks.text(path)
        try:
            return compile_text(source, file=self.document.file, line=mark.line, column=mark.column)
        except FlowError as error:
            self._keep(error)
            return compile_text("", file=self.document.file, line=1, column=1)

    def condition(self, source: str, path: Path) -> Condition:
        """Compile a condition."""
        mark = self.document.marks.text(path)
        try:
            return compile_condition(source, file=self.document.file, line=mark.line, column=mark.column)
        except FlowError as error:
            self._keep(error)
            return compile_condition("false", file=self.document.file, line=1, column=1)

    def _keep(self, error: FlowError) -> None:
        others, error.others = error.others, ()
        self.complaints += [error, *others]
