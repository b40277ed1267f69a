"""`flows/copy/*.yaml`: named texts by occasion, channel, tone and language, for flows to say."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, RootModel, model_validator

from bot.core.flow.fields import Locale, Name, Part, Source, wrong
from bot.core.flow.parse import validated
from bot.core.flow.reader import Document, Path
from bot.core.flow.translations import Copy

_Word = Annotated[str, Field(min_length=1, max_length=60)]


class CopyPart(Part):
    """A named text."""

    text: Source | Annotated[dict[Locale, Source], Field(min_length=1)] = Field(
        description="What is said, as Liquid; or `{en: …, es: …}`, where it is not translated in `locales/`."
    )
    occasion: _Word = Field(description="What it is said for, like birthday or win_back.")
    channel: Literal["sms", "wechat", "app", "email", "console"] | None = Field(
        None, description="The channel it is written for; any unless given."
    )
    tone: _Word | None = Field(None, description="How it sounds, like warm or brief.")
    language: Locale = Field("en", description="The language of the text, where it is one text.")
    note: str | None = Field(None, description="A note for colleagues and translators; never sent.")

    @model_validator(mode="after")
    def _in_its_language(self) -> "CopyPart":
        if isinstance(self.text, dict) and self.language not in self.text:
            raise wrong(
                f"there is no text in {self.language}, which the others are translations of",
                "add it, or say with `language:` which of them the original is",
            )
        return self


class CopyFile(RootModel[dict[Name, CopyPart]]):
    """The texts of one file, by name."""


def read_copy(document: Document) -> dict[str, Copy]:
    """Return the texts of a file by name.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = validated(CopyFile, document, _keys_at)
    return {name: _copy(document, name, part) for name, part in file.root.items()}


def _copy(document: Document, name: str, part: CopyPart) -> Copy:
    texts: Mapping[str, str] = part.text if isinstance(part.text, dict) else {part.language: part.text}
    path: Path = (name, "text", part.language) if isinstance(part.text, dict) else (name, "text")
    return Copy(
        name=name,
        text=texts[part.language],
        language=part.language,
        others={locale: text for locale, text in texts.items() if locale != part.language},
        file=document.file,
        line=document.marks.text(path).line,
        occasion=part.occasion,
        channel=part.channel or "",
        tone=part.tone or "",
        note=part.note or "",
    )


def _keys_at(path: Path) -> list[str]:
    return [field.alias or name for name, field in CopyPart.model_fields.items()] if path else []


_IN = "in:"


def stored_copy(copy: Copy) -> dict[str, str]:
    """Return what a revision keeps of a text it says: all that it needs to say the same for ever."""
    own = {"text": copy.text, "language": copy.language, "channel": copy.channel}
    return {**own, **{f"{_IN}{locale}": text for locale, text in sorted(copy.others.items())}}


def loaded_copy(name: str, kept: Mapping[str, str]) -> Copy:
    """Read back what `stored_copy` returned."""
    return Copy(
        name=name,
        text=kept["text"],
        language=kept["language"],
        others={key.removeprefix(_IN): text for key, text in kept.items() if key.startswith(_IN)},
        file=f"flows/copy ({name})",
        line=1,
        channel=kept["channel"],
    )
