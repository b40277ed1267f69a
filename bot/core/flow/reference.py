"""The reference page of the flow language, written from the models that read it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.core.flow import brand_file, experiment_parts, experiments_file, plain_steps, steps, text_parts
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
from bot.core.flow.events_file import EventPart, EventsFile, PropertyPart
from bot.core.flow.fields import Part
from bot.core.flow.policy_file import CapPart, GroupPart, LinksPart, PolicyFile, QuietPart, SenderPart
from bot.core.flow.schema import described_as
from bot.core.flow.shop_file import DeliveryPart, PlacePart, ShopFile
from bot.core.flow.variables_file import ExperimentPart, ForPart, VariablePart, VariablesFile, VariantPart
from bot.core.flow.wait_parts import InboundWanted, Until
from bot.core.flow.walk import CHARACTERS_MAX, HELD_MAX, MESSAGES_MAX, STEPS_MAX
from bot.core.flow.wechat_parts import (
    Button,
    ButtonBelow,
    CampaignPart,
    CardPart,
    SharePart,
    TemplatePart,
    WechatFile,
)
from bot.core.notices import FieldType

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
    yield from _policy()
    yield from _wechat()
    yield from _brand()
    yield from _shop()
    yield from _variables()
    yield from _experiments()
    yield from _events()


_POLICY = """\
`flows/policy.yaml` says when the shop may write without being asked, how often, and from which numbers. It is
published like a flow; all of it is optional. What answers a contact leaves at any hour and is never counted.

```yaml
groups:
  loyalty: {title: {en: Rewards and offers}, keywords: {en: [REWARDS]}}
quiet_hours: # on the contact's own clock; where it is not known, in every zone its number may be in
  marketing: {from: "21:00", to: "9:00", late: skip, within: 12h, holidays: [us]}
caps: # by the contact's calendar days
  - {class: marketing, most: 1, per: 1d}
  - {tag: sale, most: 2, per: 7d}
senders:
  main: {numbers: ["+12025550100"], segments_per_second: 10, segments_per_day: 2000}
```

A message that has to wait says why, and until when (`regulars outbox list`). With `late: skip` it is
refused where it could leave only more than `within` after its time. A capped one waits for the next day
that has room, if it is still worth sending then, and is refused as `capped` otherwise. Nothing is held for
more than 15 days, counted from the end of a snooze. Hours that a contact asked for (mornings, afternoons,
evenings) are kept unless the message could then not be sent at all.
"""
_POLICY_PARTS: Mapping[str, type[Part]] = {
    "`groups`": GroupPart,
    "`quiet_hours`": QuietPart,
    "`caps`": CapPart,
    "`senders`": SenderPart,
    "`links`": LinksPart,
}


def _policy() -> Iterator[str]:
    yield "## The policy\n"
    yield _POLICY
    yield from _table(PolicyFile)
    for title, part in _POLICY_PARTS.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)


_WECHAT = """\
`flows/wechat.yaml` says what a shop shows on WeChat beside its texts. It is published like a flow; all of it
is optional.

```yaml
menu: # of the official account; a keyword is heard as if it was texted
  - {name: 我的积分, keyword: 余额}
  - {name: 再来一单, page: pages/reorder/reorder, url: "https://shop.example/reorder"}
  - name: 更多
    buttons:
      - {name: 会员规则, keyword: 规则}
      - {name: 联系我们, keyword: 人工}
templates: # chosen in the mini program's console; a step says `notice: credit_arrived`
  credit_arrived:
    id: 5tG7xQ0zJ3mN1bV8cK2pL4wR6yT9uA
    page: pages/wallet/wallet
    fields:
      amount1: "{{ event.amount | money }}"
      date2: "{{ event.ends_on | date: '%Y-%m-%d' }}"
      thing3: From your order at {{ shop.name }}
cards: # a step says `card: reorder`
  reorder: {title: Your usual, page: "pages/reorder/reorder?order={{ order.id }}", image: images/reorder.png}
```

Cards and templates are written with the variables of the flow that names them. A mini program takes a
template's fields only as their types allow: a `thing` that is too long is cut with an ellipsis, money gets
one sign and plain digits (`US$1,234.50` becomes $1234.50), line breaks become spaces. What does not fit even
so is not sent as a subscribe message, and `regulars why` says which field it was; half a date or a number
without its end would say something else. `flows check` warns of fields that may not fit.
"""
_WECHAT_PARTS: Mapping[str, type[Part]] = {
    "`menu`": Button,
    "`templates`": TemplatePart,
    "`cards`": CardPart,
    "`shares`": SharePart,
    "`campaigns`": CampaignPart,
}


def _wechat() -> Iterator[str]:
    yield "## WeChat\n"
    yield _WECHAT
    yield from _table(WechatFile)
    for title, part in _WECHAT_PARTS.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)
    yield "### Fields of templates\n"
    yield "| type | takes |"
    yield "|---|---|"
    for kind in FieldType:
        yield f"| `{kind}` | {kind.rule} |"
    yield ""


_SHOP = """\
`flows/shop.yaml` says where orders go that are made at our pages (the mini program and its twin in the
browser), what it costs to have them brought, and how they are paid. It is published like a flow; all of it is
optional. Amounts are in whole units of the program's currency.

```yaml
places:
  old_town:
    name: {en: Old Town, zh_Hans: 老城店}
    address: {en: 12 Mill Lane, zh_Hans: 磨坊巷12号}
    hours: {mon-fri: "7:00-19:00", sat: ["9:00-12:00", "13:00-17:00"], sun: closed}
delivery: {fee: 4.00, free_from: 30.00, at_least: 10.00}
pay: [wechat, pickup]
cancel_within: 2m
```

Who ordered before finds place, sizes and payment as they were the last time. An order by text goes to the
last place, too, and costs what it would at the pages. A closed place still takes orders: it is said when it
opens. Sizes are no part of this file: products whose facts name the same `family` are sizes of one another,
and `size` says which (`PUT /api/products/LAT-L` with `{"facts": {"family": "latte", "size": "16 oz"}}`).
"""
_SHOP_PARTS: Mapping[str, type[Part]] = {"`places`": PlacePart, "`delivery`": DeliveryPart}


def _shop() -> Iterator[str]:
    yield "## Places, delivery and payment\n"
    yield _SHOP
    yield from _table(ShopFile)
    for title, part in _SHOP_PARTS.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)


_VARIABLES = """\
`flows/variables.yaml` holds named values for the shop's apps and pages, and experiments on them. It is
published like a flow. Apps that were built with Leanplum's SDK hear them as its variables and variants.

```yaml
variables:
  free_delivery_from:
    value: 25
    for: {audience: high_value, value: 15}
  banner: Good coffee takes a minute.
open: high_value                    # an app may show its members 15, though anyone could ask it who they are
experiments:
  banner:
    variants:
      coffee: {percent: 50}
      wallet: {percent: 50, set: {banner: Your wallet may have something for you.}}
```

An experiment's value goes before an audience's. The same contact always sees the same variant, as long as the
percents stay as they are. Pages, where a log-in says who asks, show all of it. An app only says who uses it,
and its key is public: it hears what an audience is shown where that audience is `open`.
"""
_VARIABLES_PARTS: Mapping[str, type[Part]] = {
    "`variables`": VariablePart,
    "`for`": ForPart,
    "`experiments`": ExperimentPart,
    "`variants`": VariantPart,
}


_EXPERIMENTS = """\
`flows/experiments.yaml` says what is tried against what, on whom, and what decides. It is published like a
flow; see [experiments.md](experiments.md).

```yaml
experiments:
  delivery:
    hypothesis: Free delivery brings more second orders than money off, for the same cost.
    arms: {usual: 50%, delivery: 50%} # what everybody has now stands first
    audience: high_value
    layer: {name: offers, from: 0%, to: 40%} # nobody meets two experiments of a layer
    holdout: 5%
    goal: {event: Order Completed, within: 7d}
    minimum_effect: 2%
    ends: 2026-12-31
    winner: {when: always_valid, else: usual}
```

A flow goes its arms' ways with `split`; rules of the program and seasons take part with `experiment`.
"""
_EXPERIMENTS_PARTS: Mapping[str, type[Part]] = {
    "`experiments` of experiments.yaml": experiments_file.ExperimentPart,
    "`layer`": experiments_file.LayerPart,
    "`goal`": experiment_parts.GoalPart,
    "`winner`": experiment_parts.WinnerPart,
}


_BRAND = """\
`flows/brand.yaml` says what the shop is called, how it looks and who its letters are from: one file for
emails, pages and texts. It is published like a flow; see [email.md](email.md). Texts and templates name it as
`{{ brand.name }}`, `{{ brand.colors.accent }}` …

```yaml
name: Corner Coffee
address: 1 Main Street, Springfield, IL 62701, USA
logo: https://shop.example/logo.png
tone: warm and short, never shouting
colors: {accent: "#7a3b12", background: "#f6f1ea"}
email:
  from: Corner Coffee <hello@shop.example>
  groups:
    orders: {from: Corner Coffee Orders <orders@shop.example>, reply_to: help@shop.example}
```
"""
_BRAND_PARTS: Mapping[str, type[Part]] = {
    "`colors`": brand_file.ColorsPart,
    "`email` of brand.yaml": brand_file.EmailPart,
    "`groups` of brand.yaml": brand_file.EmailSenderPart,
}


def _brand() -> Iterator[str]:
    yield "## brand.yaml\n"
    yield _BRAND
    yield from _table(brand_file.BrandFile)
    for title, part in _BRAND_PARTS.items():
        yield f"### {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)


_EVENTS = """\
`flows/events.yaml` is the tracking plan: which events sources may tell, what is in them, and how long
they are kept. It is published like a flow; see [tracking.md](tracking.md#the-tracking-plan).

```yaml
keep: 400d
unknown: accept
events:
  Product Viewed:
    description: Somebody looked at a product in the web shop.
    keep: 90d
    properties:
      price: number
      age: {type: number, personal: true}
      debug: {block: true}
  Scroll Depth: {block: true}
```
"""
_EVENTS_PARTS: Mapping[str, type[Part]] = {"`events`": EventPart, "`properties`": PropertyPart}


_BELOW = (
    *_POLICY_PARTS.values(),
    *_WECHAT_PARTS.values(),
    *_BRAND_PARTS.values(),
    *_SHOP_PARTS.values(),
    *_VARIABLES_PARTS.values(),
    *_EXPERIMENTS_PARTS.values(),
    *_EVENTS_PARTS.values(),
)


def _variables() -> Iterator[str]:
    yield "## Variables of apps\n"
    yield _VARIABLES
    yield from _table(VariablesFile)
    for title, part in _VARIABLES_PARTS.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)


def _experiments() -> Iterator[str]:
    yield "## Experiments\n"
    yield _EXPERIMENTS
    yield from _table(experiments_file.ExperimentsFile)
    for title, part in _EXPERIMENTS_PARTS.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)


def _events() -> Iterator[str]:
    yield "## The tracking plan\n"
    yield _EVENTS
    yield from _table(EventsFile)
    for title, part in _EVENTS_PARTS.items():
        yield f"### In {title}\n"
        yield f"{_sentence(part)}\n"
        yield from _table(part)


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
    if annotation in (*_BELOW, ButtonBelow):
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
