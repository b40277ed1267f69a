"""`flows/keywords.yaml`: the program's name and frequency, more legal words, and the required replies.

Everything in it is optional: what it leaves out has a default in `bot.core.compliance`, because a reply
that the law asks for must go out whatever a file says.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from bot.core.compliance import DEFAULT, LegalCategory, LegalWords, RequiredReply, required_reply
from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.fields import Locale, Part, Words, wrong
from bot.core.flow.reader import Document, Path, together

_NAME = "{{ program }}"
_FREQUENCY = "{{ frequency }}"
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[a-z_.]+\}|\{\{|\}\}", re.DOTALL)
_SHOP = "{shop}"  # what compliance calls the name

# CTIA Messaging Principles 5.1.2 and 5.1.3: how to stop, how to get help, how often, what it costs.
# https://www.ctia.org/the-wireless-industry/industry-commitments/messaging-interoperability-sms-mms
_MUST_NAME: Mapping[RequiredReply, tuple[LegalCategory, ...]] = {
    RequiredReply.OPT_IN: (LegalCategory.HELP, LegalCategory.OPT_OUT),
    RequiredReply.CONFIRM: (LegalCategory.YES, LegalCategory.OPT_OUT),
    RequiredReply.HELP: (LegalCategory.OPT_OUT,),
    RequiredReply.OPT_OUT: (),
}

ReplyText = Annotated[str, Field(max_length=480)]


class Replies(Part):
    """The required replies in one language; `{{ program }}` and `{{ frequency }}` are filled in."""

    opt_in: ReplyText | None = Field(None, alias="opt-in", description="Answers the first opt-in word.")
    opt_out: ReplyText | None = Field(None, alias="opt-out", description="Answers STOP: the last message.")
    help: ReplyText | None = Field(None, description="Answers HELP.")
    confirm: ReplyText | None = Field(None, description="Asks for the YES of a double opt-in.")

    @field_validator("opt_in", "opt_out", "help", "confirm")
    @classmethod
    def _says_something(cls, text: str | None) -> str | None:
        if text is None:
            return None
        if not text.strip():
            raise wrong("a required reply is blank", "write it, or take the line out to use the default")
        for found in _PLACEHOLDER.findall(text):
            if found not in {_NAME, _FREQUENCY}:
                problem = f"'{found}' cannot be used in a required reply"
                raise wrong(problem, f"use {_NAME} and {_FREQUENCY}: these replies are everybody's")
        if _NAME not in text:
            raise wrong("the reply does not say who sends it", f"name the program: {_NAME}")
        return text.strip()

    @model_validator(mode="after")
    def _tells_how(self) -> "Replies":
        for kind, categories in _MUST_NAME.items():
            text = self.of(kind)
            for category in categories if text else ():
                if not _names_a_word(text or "", category):
                    word = {"opt-out": "STOP", "help": "HELP", "yes": "YES"}[category.value]
                    raise wrong(f"the {kind} reply does not name {word}", f"say how: Reply {word} …")
        return self

    def of(self, kind: RequiredReply) -> str | None:
        """Return the text of a reply, None for the default."""
        return {
            RequiredReply.OPT_IN: self.opt_in,
            RequiredReply.OPT_OUT: self.opt_out,
            RequiredReply.HELP: self.help,
            RequiredReply.CONFIRM: self.confirm,
        }[kind]


class KeywordsFile(Part):
    """The whole file."""

    program: str | None = Field(
        None, min_length=1, max_length=60, description="The name in required replies; the shop's without it."
    )
    frequency: dict[Locale, Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        {}, description="How often you write, by language, like `Up to 4 msgs/month`."
    )
    words: dict[LegalCategory, dict[Locale, Words]] = Field(
        {}, description="Words of your own for opt-out, opt-in and help, by language; the usual ones stay."
    )
    replies: dict[Locale, Replies] = Field({}, description="The required replies, by language.")

    @field_validator("words", mode="before")
    @classmethod
    def _categories(cls, value: object) -> object:
        # Strict models take no text for an enumeration; in a file there is nothing else.
        if not isinstance(value, dict):
            return value
        known = {str(category): category for category in LegalCategory if category is not LegalCategory.YES}
        for key in value:
            if key not in known:
                raise wrong(f"'{key}' is no legal category", f"use {', '.join(known)}")
        return {known[key]: words for key, words in value.items()}

    @model_validator(mode="after")
    def _consistent(self) -> "KeywordsFile":
        for language, replies in self.replies.items():
            said = [replies.of(kind) or "" for kind in RequiredReply]
            if language not in self.frequency and any(_FREQUENCY in text for text in said):
                problem = f"the replies in {language} use {_FREQUENCY}, which is not given"
                raise wrong(problem, f"add `frequency:` with a line for {language}")
        self.legal_words()
        return self

    def legal_words(self) -> LegalWords:
        """Return the legal words: the usual ones and the shop's own."""
        try:
            return LegalWords(self.words) if self.words else DEFAULT
        except ValueError as error:
            raise wrong(str(error), "take it out of one of the categories") from error

    def reply(self, kind: RequiredReply, language: str, shop: str) -> str:
        """Return a required reply in the nearest language there is, never blank."""
        return required_reply(kind, language.replace("-", "_"), self.program or shop, self._overrides())

    def _overrides(self) -> dict[str, dict[RequiredReply, str]]:
        return {
            language: {
                kind: text.replace(_NAME, _SHOP).replace(_FREQUENCY, self.frequency.get(language, ""))
                for kind in RequiredReply
                if (text := replies.of(kind))
            }
            for language, replies in self.replies.items()
        }


def read_keywords(document: Document) -> KeywordsFile:
    """Return the keywords file that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        return KeywordsFile.model_validate(document.value)
    except ValidationError as error:
        raise together([_complaint(document, found) for found in error.errors(include_url=False)]) from error


def _complaint(document: Document, found: ErrorDetails) -> FlowError:
    path, kind = _path(document.value, found["loc"]), found["type"]
    if kind == "flow":
        context = found["ctx"]
        return document.complaint(path, context["problem"], context["remedy"])
    if kind == "extra_forbidden":
        known = _keys_at(path[:-1])
        near = get_close_matches(str(path[-1]), known, n=1)
        remedy = f"did you mean `{near[0]}`?" if near else f"use one of {', '.join(known)}"
        return document.complaint(path, f"`{path[-1]}` is not known here", remedy, at_key=True)
    return document.complaint(path, found["msg"], "see docs/flows.md, keywords.yaml")


def _path(value: JsonValue, location: tuple[int | str, ...]) -> Path:
    """Follow pydantic's location through what was really written."""
    path: list[str | int] = []
    for part in location:
        if isinstance(value, dict) and str(part) in value:
            value = value[str(part)]
            path.append(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
            path.append(part)
    return tuple(path)


def _keys_at(path: Path) -> list[str]:
    model = Replies if path[:1] == ("replies",) else KeywordsFile
    return [field.alias or name for name, field in model.model_fields.items()]


def _names_a_word(text: str, category: LegalCategory) -> bool:
    spoken = re.findall(r"\w+", text.upper())
    if any((word := DEFAULT.find(each)) is not None and word.category is category for each in spoken):
        return True
    # Chinese and Japanese put no spaces around the word.
    return any(
        keyword.text in text
        for keyword in DEFAULT.keywords()
        if keyword.target == category and not keyword.text.isascii()
    )
