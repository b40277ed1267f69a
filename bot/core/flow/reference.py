"""The reference page of the flow language, written from the models that read it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.core.flow import plain_steps, steps, text_parts
from bot.core.flow.conversation_parts import Conversation, EventSent, Exchange
from bot.core.flow.definition import (
    STARTERS,
    AudienceMove,
    Entry,
    Exit,
    FlowFile,
    Goal,
    MessagePattern,
    Moving,
    Reentry,
    StarterBase,
    Survey,
)
from bot.core.flow.fields import Part
from bot.core.flow.reference_files import FILES, FileBeside
from bot.core.flow.schema import described_as
from bot.core.flow.wait_parts import InboundWanted, Until
from bot.core.flow.walk import CHARACTERS_MAX, HELD_MAX, MESSAGES_MAX, STEPS_MAX
from bot.core.flow.wechat_parts import (
    ButtonBelow,
    CardPart,
)

_INTRODUCTION = f"""\
# The flow language

*This page is written by `bot/core/flow/reference.py` from the models that read flows; change those.*

A flow is one YAML file in `flows/`, called like the flow. `regulars flows check` says what is wrong with
it, with line and remedy; `regulars flows test` holds the conversations under `tests:`.

Texts are Liquid. Durations are written `30s`, `15m`, `2h`, `7d`, `2w`, `1d12h`. Text that starts with
`{{{{`, holds `: ` or begins with `@`, `%`, `*`, `&`, `!` or `#` needs quotes. `yes`, `no`, `on`, `off`,
`012`, `12:30` and `+1555` are text; `true`, `false`, `null` and numbers are what they look like.
Anchors, aliases, merge keys and tags of YAML are refused.

As SMS a text is sent in GSM-7 where it can be: typographic quotes, dashes and the like are replaced. One
other character (an emoji, `á`, `ł`) makes the whole message UCS-2, with 70 characters in a segment instead
of 160; `regulars flows check` names it with its place and price, and `regulars flows check --costs` shows
what every message costs, usually and at most. Placeholders are taken for as long as they get: a first name
60 characters, money $9,999.99, other values 30; `truncate` sets a bound of your own.

Links (`https://…`) in SMS that answer nobody are shortened for each contact; `links:` says otherwise. The
link's host has to be written out, as in `https://shop.example/{{{{ path }}}}`. Whoever opens one causes the
event `Link Clicked` (`flow`, `step`, `url`, `link`, `message`), at most once an hour: start on it, or
`wait_for` it. Put a space behind a link where Chinese or Japanese goes on; punctuation needs none.

`{{{{ page.wallet }}}}` leads the contact to a page of their own (`wallet`, `reorder`, `rewards`, `referral`,
`checkin`, `today`, `inbox`, `privacy`): in SMS by a short link, in answers too, which opens it for three
days; on WeChat by the mini program, as a word to tap. In the inbox of the pages, and without a public URL,
there is none, so ask: `{{% if page.wallet %}} Your wallet: {{{{ page.wallet }}}}{{% endif %}}`. What is
proposed to be ordered again has a `link` of its own. With such a link a text with options to tap is a plain
list on WeChat: ask for `contact.channel == 'sms'` there, and give the step a `card`.

The same flow talks by SMS and on WeChat. There the options of `choose`, the words of `expect` and YES and NO
can be tapped; a `card` opens a page of the mini program; a `notice` says a message as a subscribe message
where nothing else may go. The text is all of it for channels that show nothing else, so write it as if there
were no card. `regulars flows check --faces` shows every message both ways.

A question that has to wait (quiet hours, caps, a snooze, the operator's hold) is put when it may leave, and
its `within` counts from then; before, no text is taken for its answer. It shows the contact's credit and
fields as they are then. What the steps before it found (`as:`, `set`) is found anew: they are taken once
more, from where the flow began or a `wait` was over. They are not where one of them did something, like a
`say` or a `do` that gives, or where an answer, an event or a message had just moved the flow on, or had not
come in time: then what they found is as old as they are, and so is always what `event` says. A price that
matters is confirmed by the step that acts (`problem.code == 'price_changed'`). Held back more than
{HELD_MAX} times, not counting the operator, the question is over as if nobody had answered.

A message that answers nobody is waited for: the flow goes on when the provider has taken it, and `wait`,
`within` and goals count from that instant, not from when it was queued. `advance: now`, for the flow or a
step, goes on at once. `held`, `refused` and `failed` beside a step say what else happens; without them a held
message is waited for, and the flow goes on after one that will never leave. Nothing is waited for longer than
a day after the message was worth sending, or sixteen days: no message stalls a journey. Several messages in a
row leave together, and the flow stands at the last. An answer to the contact is never waited for. What comes
after the hand-over, and before the flow knows of it, is heard by the `wait_for` that follows.

`exits` end a flow for a contact at once, in whatever `wait`; they come before anything a `wait_for` hears.
What the flow had said and has not left yet is called off. They are those of the flow that was started,
wherever it has called.

Bounds for one turn: {STEPS_MAX} steps, {MESSAGES_MAX} messages, {CHARACTERS_MAX:,} characters written. A
run that passes one fails with a record of where, and nobody else notices.
"""

_SHARED = {"id", "note"}
_BELOW = frozenset({ButtonBelow, *(part for file in FILES for part in file.parts.values())})
_PARTS: Mapping[type[Part], str] = {
    text_parts.Wording: "A text with how it is sent",
    text_parts.LetterPart: "An email",
    text_parts.ButtonPart: "The button of an email",
    steps.Option: "An option of `choose`",
    steps.Wanted: "What `wait_for` waits for",
    steps.OneWanted: "One of `any`",
    InboundWanted: "What `inbound` hears",
    Until: "A date or a best time to wait for",
    steps.AudiencePath: "A way of `paths`",
    Exit: "An exit",
    MessagePattern: "What `message` matches",
    AudienceMove: "What `audience` hears",
    Survey: "A survey",
    Goal: "A goal",
    Reentry: "Once for each",
    Entry: "How many enter",
    Moving: "Moving waiting runs",
    Exchange: "A line of a test",
    EventSent: "An event in a test",
    Conversation: "A test of its own",
    CardPart: "A card",
}


def reference() -> str:
    """Return the page, as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield "## The heading of a flow\n"
    yield from _table(FlowFile)
    yield "## What starts a flow\n"
    yield "Every starter may have `group`.\n"
    for kind, starter in STARTERS.items():
        yield from _section(kind, starter, hidden=set(StarterBase.model_fields) - {kind})
    yield "## Steps\n"
    yield "Every step may have `id` and `note`.\n"
    for kind, step in steps.KINDS.items():
        yield from _section(kind, step, hidden=_SHARED)
    yield "## Parts\n"
    for part, title in _PARTS.items():
        yield f"### {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)
    for file in FILES:
        yield from _beside(file)


def _beside(file: FileBeside) -> Iterator[str]:
    yield f"## {file.title}\n"
    yield file.text
    yield from _table(file.model)
    for title, part in file.parts.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)
    if file.below:
        yield file.below


def _section(kind: str, model: type[BaseModel], *, hidden: set[str]) -> Iterator[str]:
    yield f"### `{kind}`\n"
    yield f"{_sentence(model)}\n"
    yield from _table(model, hidden=hidden, first=kind)


def _table(model: type[BaseModel], *, hidden: set[str] | None = None, first: str = "") -> Iterator[str]:
    fields = {
        field.alias or name: field
        for name, field in model.model_fields.items()
        if name not in (hidden or set())
    }
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    for name in sorted(fields, key=lambda name: name != first):
        field = fields[name]
        default = _default(field)
        meaning = described_as(field).replace("|", "&#124;")
        yield f"| `{name}` | {_kind(field.annotation)}{default} | {meaning} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ", needed"
    value = field.default
    if value is None or value is PydanticUndefined or value in ([], {}):
        return ""
    if isinstance(value, BaseModel):
        return ""  # what it leaves out is told where its own keys are
    written = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
    if isinstance(value, timedelta):
        written = f"{value.days}d"
    if isinstance(value, list):
        written = ", ".join(value)
    return f", otherwise `{written}`"


def _kind(annotation: Any) -> str:  # noqa: ANN401  an annotation is anything
    """Say what may be written, in a marketer's words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{'true' if word is True else word}`" for word in arguments if word is not False)
    if origin in {UnionType, Union}:
        kinds = [_kind(each) for each in arguments if each is not NoneType]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind))
    if origin is list:
        inner = _kind(arguments[0])
        return inner if inner == "steps" else f"list of {inner}"
    if origin is dict:
        return "names and values"
    if origin is Mapping:
        return "text, or texts by language"
    if isinstance(annotation, type) and issubclass(annotation, plain_steps.StepBase):
        return "steps"
    if isinstance(annotation, type) and issubclass(annotation, StarterBase):
        return "starters"
    if annotation in _PARTS:
        return f"[{_PARTS[annotation].lower()}](#{_anchor(_PARTS[annotation])})"
    if annotation in _BELOW:
        return "as below"
    return _SIMPLE.get(getattr(annotation, "__name__", ""), "value")


_SIMPLE = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "`true` or `false`",
    "timedelta": "duration",
    "time": "time of day",
    "date": "day",
}


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
