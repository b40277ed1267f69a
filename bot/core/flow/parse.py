"""Takes a document for a flow file, and says what is wrong with it the way a patient colleague would."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow import plain_steps, steps, text_parts
from bot.core.flow.definition import (
    STARTER_TAG,
    STARTERS,
    Conversation,
    Exchange,
    FlowFile,
)
from bot.core.flow.reader import Document, Path, together
from bot.core.flow.wait_parts import InboundWanted, Until
from bot.core.flow.wechat_parts import CardPart

_TAGS = (plain_steps.TAG, STARTER_TAG, "test:")
_NEAR = 0.6
Read = TypeVar("Read", bound=BaseModel)


def parse(document: Document) -> FlowFile:
    """Return the flow file that a document holds.

    Raises:
        FlowError: with one complaint for each mistake, all of them (see `others`).
    """
    try:
        return FlowFile.model_validate(document.value)
    except ValidationError as error:
        complaints: dict[tuple[object, ...], FlowError] = {}
        founds = error.errors(include_url=False)
        # A misspelt key is first of all misspelt: that the right one is missing follows from it. And of what
        # the branches of a union say, that a list is empty comes nearest to what its author meant.
        founds.sort(key=lambda found: {"too_short": 0, "missing": 2}.get(found["type"], 1))
        misspelt: set[tuple[Path, str]] = set()
        for found in founds:
            path = _path(document.value, found["loc"])
            if found["type"] == "missing" and (path, str(found["loc"][-1])) in misspelt:
                continue
            complaint = _complaint(document, found)
            if found["type"] == "extra_forbidden":
                misspelt.add((path[:-1], complaint.remedy.removeprefix("did you mean `").removesuffix("`?")))
            # The branches of a union complain each for itself: one complaint for a place is enough.
            complaints.setdefault((complaint.line, complaint.column), complaint)
        raise together(list(complaints.values())) from error


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    near = process.extractOne(
        word.lower(), list(known), scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=_NEAR
    )
    return near[0] if near else None


def validated(model: type[Read], document: Document, keys_at: Callable[[Path], Sequence[str]]) -> Read:
    """Read a document as a model. Raises FlowError, with one complaint for each mistake (see `others`)."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        complaints: dict[tuple[int, int], FlowError] = {}
        for found in error.errors(include_url=False):
            # The branches of a union complain each for itself: one complaint for a place is enough.
            one = complaint(document, found, keys_at)
            complaints.setdefault((one.line, one.column), one)
        raise together(list(complaints.values())) from error


def complaint(document: Document, found: ErrorDetails, keys_at: Callable[[Path], Sequence[str]]) -> FlowError:
    """Make a complaint of what pydantic found in a file; `keys_at` tells what may stand in a mapping."""
    path, kind = _path(document.value, found["loc"]), found["type"]
    if kind == "flow":
        return document.complaint(path, found["ctx"]["problem"], found["ctx"]["remedy"])
    if kind == "missing":
        key = found["loc"][-1]
        return document.complaint(path, f"`{key}` is missing", f"add `{key}:`")
    if kind == "extra_forbidden":
        known = keys_at(path[:-1])
        meant = suggestion(str(path[-1]), known)
        remedy = f"did you mean `{meant}`?" if meant else f"use one of {', '.join(known)}"
        return document.complaint(path, f"`{path[-1]}` is not known here", remedy, at_key=True)
    return document.complaint(path, *_plainly(kind, _at(document.value, path), found))


def _complaint(document: Document, found: ErrorDetails) -> FlowError:
    path = _path(document.value, found["loc"])
    value = _at(document.value, path)
    kind = found["type"]
    at_key = False
    match kind:
        case "flow":
            problem, remedy = found["ctx"]["problem"], found["ctx"]["remedy"]
        case "union_tag_not_found":
            path, problem, remedy = _without_kind(path, value)
            at_key = True
        case "extra_forbidden":
            problem, remedy = _unknown_key(document, path)
            at_key = True
        case "missing":
            key = found["loc"][-1]
            problem, remedy = f"`{key}` is missing", f"add `{key}:`"
        case _:
            problem, remedy = _plainly(kind, value, found)
    return document.complaint(path, problem, remedy, at_key=at_key)


def _path(value: JsonValue, location: tuple[str | int, ...]) -> Path:
    """Follow pydantic's location through what was really written, leaving its own names out."""
    path: list[str | int] = []
    for part in location:
        if isinstance(part, str) and part.startswith(_TAGS):
            continue
        match value, part:
            case dict(), str() if part in value:
                value = value[part]
            case list(), int() if part < len(value):
                value = value[part]
            case _:
                continue
        path.append(part)
    return tuple(path)


def _at(value: JsonValue, path: Path) -> JsonValue:
    for part in path:
        if isinstance(value, dict):
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


def _without_kind(path: Path, value: JsonValue) -> tuple[Path, str, str]:
    """Explain a step or starter whose kind cannot be told."""
    is_starter = "start" in path[:1]
    kinds = list(STARTERS) if is_starter else list(steps.KINDS)
    what = "starter" if is_starter else "step"
    listing = ", ".join(kinds)
    if isinstance(value, dict):
        named = [key for key in value if key in kinds]
        if len(named) > 1:
            first, second = named[:2]
            problem = f"`{first}` and `{second}` stand in one {what}"
            return (*path, second), problem, f"begin a new {what} with `- {second}:`"
        for key in value:
            meant = suggestion(key, kinds)
            if meant is not None:
                return (*path, key), f"`{key}` is no {what}", f"did you mean `{meant}`?"
        key = next(iter(value), "")
        return (*path, key), f"`{key}` is no {what}", f"use one of {listing}"
    if isinstance(value, str):
        word = value.split("：")[0].split(":")[0].strip()
        if "：" in value and word in kinds:
            return path, "a full-width colon (：) follows the name", "type an ordinary colon, `:`"
        meant = word if word in kinds else suggestion(word, kinds)
        if meant is not None and len(value) < 40:  # noqa: PLR2004  longer is prose
            return path, f"`{value}` is no whole {what}", f"write `- {meant}: …`"
        return path, f"a text stands where a {what} is expected", 'write `- say: "…"` to send it'
    return path, f"a {what} is expected here", f"use one of {listing}"


def _unknown_key(document: Document, path: Path) -> tuple[str, str]:
    key = str(path[-1])
    around = _at(document.value, path[:-1])
    known = _keys_beside(path[:-1], around)
    meant = suggestion(key, [name for name in known if not isinstance(around, dict) or name not in around])
    if meant is not None:
        return f"`{key}` is not known here", f"did you mean `{meant}`?"
    if isinstance(around, dict) and key in steps.KINDS and "steps" in path:
        return f"`{key}` does not belong into this step", f"begin a new step with `- {key}:`"
    return f"`{key}` is not known here", f"use one of {', '.join(known)}" if known else "remove it"


def _keys_beside(path: Path, around: JsonValue) -> list[str]:
    """Return the keys that may stand in the mapping at `path`."""
    model = _model_at(path, around)
    return [field.alias or name for name, field in model.model_fields.items()] if model is not None else []


def _model_at(path: Path, around: JsonValue) -> type[BaseModel] | None:
    if not path:
        return FlowFile
    if path[0] == "start" and len(path) == 2 and isinstance(around, dict):  # noqa: PLR2004  start, its number
        return next((STARTERS[key] for key in around if key in STARTERS), None)
    last = path[-1]
    if isinstance(last, int) and isinstance(around, dict) and path[0] == "steps":
        if len(path) > 1 and (part := _LISTS.get(path[-2])) is not None:
            return part
        kind = next((key for key in around if key in steps.KINDS), None)
        return steps.KINDS.get(kind or "")
    if path[0] == "tests" and isinstance(last, int):
        return Conversation if isinstance(around, dict) and "test" in around else Exchange
    inner: dict[str | int, type[BaseModel]] = {
        "say": text_parts.Wording,
        "ask": text_parts.Wording,
        "choose": text_parts.Wording,
        "email": text_parts.LetterPart,
        "button": text_parts.ButtonPart,
        "wait_for": steps.Wanted,
        "wait_until": Until,
        "inbound": InboundWanted,
        "card": CardPart,
    }
    return inner.get(last)


_LISTS: Mapping[str | int, type[BaseModel]] = {
    "options": steps.Option,
    "any": steps.OneWanted,
    "paths": steps.AudiencePath,
}
_EXPECTED = {
    "string_type": ("text", 'put quotes around it: "{value}"'),
    "int_type": ("a whole number", "write digits only, without quotes"),
    "bool_type": ("true or false", "write true or false"),
    "dict_type": ("`name: value` lines", "write the names one level deeper, each with its value"),
    "model_type": ("`name: value` lines", "write the names one level deeper, each with its value"),
    "model_attributes_type": ("`name: value` lines", "write the names one level deeper, each with its value"),
    "list_type": ("a list", "begin each line with `- `"),
}


def _plainly(kind: str, value: JsonValue, found: ErrorDetails) -> tuple[str, str]:
    said = _shown(value)
    if kind in _EXPECTED:
        what, remedy = _EXPECTED[kind]
        if kind == "string_type" and isinstance(value, (dict, list)):
            return f"{what} is expected here, not {said}", "write the text on this line, in quotes"
        if kind == "string_type" and value is None:
            return f"{what} is expected here, nothing is there", "write the text after the colon"
        return f"{what} is expected here, not {said}", remedy.format(value=value)
    if kind == "literal_error":
        expected = found["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        meant = suggestion(value, expected.split(", ")) if isinstance(value, str) else None
        return (
            f"{said} is not possible here",
            f"did you mean {meant}?" if meant else f"write one of {expected}",
        )
    if kind in {"too_short", "string_too_short"}:
        return "nothing is there", "write at least one"
    if kind in {"too_long", "string_too_long"}:
        most = found["ctx"]["max_length"]
        return f"this is too long (at most {most})", "make it shorter"
    return f"{said}: {found['msg']}", "see docs/flows.md"


def _shown(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "`name: value` lines"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return f"'{text[:40]}'"
