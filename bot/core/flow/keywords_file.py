"""`flows/keywords.yaml`: the program's name and frequency, more legal words, and the required replies.

Everything in it is optional: what it leaves out has a default in `bot.core.compliance`, because a reply
that the law asks for must go out whatever a file says.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails

from bot.core.compliance import DEFAULT, LegalCategory, LegalWords
from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.fields import Locale, Part, Words, wrong
from bot.core.flow.reader import Document, Path, together
from bot.core.in_app import APP
from bot.core.keywords import Keyword
from bot.core.replies import DEFAULT_REPLIES, RequiredReply, nearest, required_reply
from bot.core.replies_app import APP_REPLIES
from bot.core.replies_wechat import WECHAT_REPLIES
from bot.core.wechat_address import WECHAT

_NAME = "{{ program }}"
_FREQUENCY = "{{ frequency }}"
_GROUPS, _LEFT, _KEPT = "{{ groups }}", "{{ left }}", "{{ kept }}"
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[a-z_.]+\}|\{\{|\}\}", re.DOTALL)
_SHOP = "{shop}"  # what the replies call the name

# CTIA Messaging Principles 5.1.2 and 5.1.3: how to stop, how to get help, how often, what it costs.
# https://www.ctia.org/the-wireless-industry/industry-commitments/messaging-interoperability-sms-mms
_MUST_NAME: Mapping[RequiredReply, tuple[LegalCategory, ...]] = {
    RequiredReply.OPT_IN: (LegalCategory.HELP, LegalCategory.OPT_OUT),
    RequiredReply.CONFIRM: (LegalCategory.YES, LegalCategory.OPT_OUT),
    RequiredReply.HELP: (LegalCategory.OPT_OUT,),
    RequiredReply.OPT_OUT: (),
    RequiredReply.CLARIFY: (LegalCategory.OPT_OUT,),
    RequiredReply.WHICH: (LegalCategory.OPT_OUT,),
    RequiredReply.LEFT: (LegalCategory.OPT_OUT,),
    RequiredReply.KEPT: (LegalCategory.OPT_OUT,),
}
# What a reply is about, and what it would not make sense without.
_MUST_HOLD: Mapping[RequiredReply, tuple[str, ...]] = {
    RequiredReply.WHICH: (_GROUPS,),
    RequiredReply.LEFT: (_LEFT, _KEPT),
}

ReplyText = Annotated[str, Field(max_length=480)]
CategoryName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


class Replies(Part):
    """The required replies in one language; `{{ program }}` and `{{ frequency }}` are filled in."""

    opt_in: ReplyText | None = Field(None, alias="opt-in", description="Answers the first opt-in word.")
    opt_out: ReplyText | None = Field(None, alias="opt-out", description="Answers STOP, and HELP after it.")
    help: ReplyText | None = Field(None, description="Answers HELP.")
    confirm: ReplyText | None = Field(None, description="Asks for the YES of a double opt-in.")
    clarify: ReplyText | None = Field(
        None, description="Asks who seems to want no more texts whether that is so; silence means yes."
    )
    which: ReplyText | None = Field(
        None, description="The same where there are several groups: `{{ groups }}` are the words to answer."
    )
    left: ReplyText | None = Field(
        None, description="Out of one group (`{{ left }}`); says what stays (`{{ kept }}`)."
    )
    kept: ReplyText | None = Field(None, description="Answers who says that nothing shall change.")

    @field_validator("opt_in", "opt_out", "help", "confirm", "clarify", "which", "left", "kept")
    @classmethod
    def _says_something(cls, text: str | None, about: ValidationInfo) -> str | None:
        if text is None:
            return None
        kind = RequiredReply((about.field_name or "").replace("_", "-"))
        must = _MUST_HOLD.get(kind, ())
        written = _written(text, must)
        for found in must:
            if found not in written:
                raise wrong(f"the {kind} reply does not say {found}", f"write {found} where it goes")
        if _NAME not in written:
            raise wrong("the reply does not say who sends it", f"name the program: {_NAME}")
        return written

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
            RequiredReply.CLARIFY: self.clarify,
            RequiredReply.WHICH: self.which,
            RequiredReply.LEFT: self.left,
            RequiredReply.KEPT: self.kept,
        }[kind]


def _written(text: str, more: tuple[str, ...] = ()) -> str:
    """Return a reply's text; refuses one that is blank or names what such a reply cannot know."""
    if not text.strip():
        raise wrong("a required reply is blank", "write it, or take the line out to use the default")
    for found in _PLACEHOLDER.findall(text):
        if found not in {_NAME, _FREQUENCY, *more}:
            problem = f"'{found}' cannot be used in a required reply"
            known = " and ".join([_NAME, _FREQUENCY, *more])
            raise wrong(problem, f"use {known}: these replies are everybody's")
    return text.strip()


class OwnCategory(Part):
    """A category of your own: words that mean the same, and what they are answered with."""

    words: dict[Locale, Words] = Field(min_length=1, description="The words, by language.")
    reply: dict[Locale, ReplyText] = Field(
        {}, description="What is answered first, by language; nothing where it is left out."
    )

    @field_validator("reply")
    @classmethod
    def _says_something(cls, reply: dict[str, str]) -> dict[str, str]:
        return {language: _written(text) for language, text in reply.items()}


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
    wechat: dict[Locale, Replies] = Field(
        {}, description="The required replies on WeChat, by language: no carrier and no rates are there."
    )
    categories: dict[CategoryName, OwnCategory] = Field(
        {}, description="Categories of your own, which keyword starters and `wait_for` can name."
    )

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
        for language, replies in (*self.replies.items(), *self.wechat.items()):
            self._know_frequency(language, [replies.of(kind) or "" for kind in RequiredReply])
        for name, category in self.categories.items():
            if name in set(LegalCategory):
                problem = f"'{name}' is a category already, which works by itself"
                raise wrong(problem, "add its words under `words:`, or choose another name")
            for language, text in category.reply.items():
                self._know_frequency(language, [text])
        self.legal_words()
        return self

    def _know_frequency(self, language: str, texts: list[str]) -> None:
        if language not in self.frequency and any(_FREQUENCY in text for text in texts):
            problem = f"the replies in {language} use {_FREQUENCY}, which is not given"
            raise wrong(problem, f"add `frequency:` with a line for {language}")

    def legal_words(self) -> LegalWords:
        """Return the legal words: the usual ones and the shop's own."""
        try:
            return LegalWords(self.words) if self.words else DEFAULT
        except ValueError as error:
            raise wrong(str(error), "take it out of one of the categories") from error

    def reply(self, kind: RequiredReply, language: str, shop: str, channel: str = "sms") -> str:
        """Return a required reply as it reads on a channel, in the nearest language there is, never blank."""
        own, usual = self._of(channel)
        return required_reply(
            kind, language.replace("-", "_"), self.program or shop, self._overrides(own), usual
        )

    def _of(self, channel: str) -> tuple[Mapping[str, Replies], Mapping[str, Mapping[RequiredReply, str]]]:
        """The shop's own replies of a channel, and ours."""
        if channel == WECHAT:
            return self.wechat, WECHAT_REPLIES
        return ({}, APP_REPLIES) if channel == APP else (self.replies, DEFAULT_REPLIES)

    def category_reply(self, name: str, language: str, shop: str) -> str | None:
        """Return what one of the shop's own categories is answered with; None for nothing."""
        reply = self.categories[name].reply if name in self.categories else {}
        for spelling in nearest(language):
            if text := reply.get(spelling):
                return self._filled(text, spelling).replace(_SHOP, self.program or shop)
        return None

    def _overrides(self, own: Mapping[str, Replies]) -> dict[str, dict[RequiredReply, str]]:
        return {
            language: {
                kind: self._filled(text, language) for kind in RequiredReply if (text := replies.of(kind))
            }
            for language, replies in own.items()
        }

    def _filled(self, text: str, language: str) -> str:
        """What the replies' own way of naming things is: `{shop}` and its like."""
        for name in (_GROUPS, _LEFT, _KEPT):
            text = text.replace(name, name.replace("{{ ", "{").replace(" }}", "}"))
        return text.replace(_NAME, _SHOP).replace(_FREQUENCY, self.frequency.get(language, ""))


def read_keywords(document: Document) -> KeywordsFile:
    """Return the keywords file that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        return KeywordsFile.model_validate(document.value)
    except ValidationError as error:
        raise together([_complaint(document, found) for found in error.errors(include_url=False)]) from error


def category_keywords(document: Document) -> tuple[Keyword, ...]:
    """Return the words of the shop's own categories, each with where it is written; `target` is its category.

    Raises:
        FlowError: as `read_keywords`.
    """
    marks = document.marks
    return tuple(
        Keyword(
            word,
            target=name,
            language=language,
            place=f"{document.file}:{marks.of(('categories', name, 'words', language, number)).line}",
        )
        for name, category in read_keywords(document).categories.items()
        for language, words in category.words.items()
        for number, word in enumerate(words)
    )


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
    return document.complaint(path, found["msg"], "see docs/consent.md, Required replies")


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
    parts: dict[str, type[Part]] = {"replies": Replies, "wechat": Replies, "categories": OwnCategory}
    model = parts.get(str(path[0]), KeywordsFile) if path else KeywordsFile
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
