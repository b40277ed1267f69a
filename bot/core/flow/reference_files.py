"""The files beside flows, as the reference page tells of them: what each is for, and what may stand in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.core.flow import brand_file, experiment_parts, experiments_file
from bot.core.flow.events_file import EventPart, EventsFile, PropertyPart
from bot.core.flow.fields import Part
from bot.core.flow.policy_file import CapPart, GroupPart, LinksPart, PolicyFile, QuietPart, SenderPart
from bot.core.flow.shop_file import DeliveryPart, PlacePart, ShopFile
from bot.core.flow.variables_file import ExperimentPart, ForPart, VariablePart, VariablesFile, VariantPart
from bot.core.flow.wechat_parts import Button, CampaignPart, CardPart, SharePart, TemplatePart, WechatFile
from bot.core.notices import FieldType


@dataclass(frozen=True, slots=True)
class FileBeside:
    """A file beside the flows; `parts` by what each is called, `below` stands after their tables."""

    title: str
    text: str
    model: type[BaseModel]
    parts: Mapping[str, type[Part]]
    below: str = ""


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

_TEMPLATE_FIELDS = "\n".join(
    (
        "### Fields of templates\n",
        "| type | takes |",
        "|---|---|",
        *(f"| `{kind}` | {kind.rule} |" for kind in FieldType),
        "",
    )
)

FILES = (
    FileBeside(
        "The policy",
        _POLICY,
        PolicyFile,
        {
            "`groups`": GroupPart,
            "`quiet_hours`": QuietPart,
            "`caps`": CapPart,
            "`senders`": SenderPart,
            "`links`": LinksPart,
        },
    ),
    FileBeside(
        "WeChat",
        _WECHAT,
        WechatFile,
        {
            "`menu`": Button,
            "`templates`": TemplatePart,
            "`cards`": CardPart,
            "`shares`": SharePart,
            "`campaigns`": CampaignPart,
        },
        _TEMPLATE_FIELDS,
    ),
    FileBeside(
        "brand.yaml",
        _BRAND,
        brand_file.BrandFile,
        {
            "`colors`": brand_file.ColorsPart,
            "`email` of brand.yaml": brand_file.EmailPart,
            "`groups` of brand.yaml": brand_file.EmailSenderPart,
        },
    ),
    FileBeside(
        "Places, delivery and payment", _SHOP, ShopFile, {"`places`": PlacePart, "`delivery`": DeliveryPart}
    ),
    FileBeside(
        "Variables of apps",
        _VARIABLES,
        VariablesFile,
        {
            "`variables`": VariablePart,
            "`for`": ForPart,
            "`experiments`": ExperimentPart,
            "`variants`": VariantPart,
        },
    ),
    FileBeside(
        "Experiments",
        _EXPERIMENTS,
        experiments_file.ExperimentsFile,
        {
            "`experiments` of experiments.yaml": experiments_file.ExperimentPart,
            "`layer`": experiments_file.LayerPart,
            "`goal`": experiment_parts.GoalPart,
            "`winner`": experiment_parts.WinnerPart,
        },
    ),
    FileBeside(
        "The tracking plan", _EVENTS, EventsFile, {"`events`": EventPart, "`properties`": PropertyPart}
    ),
)
"""In the order of the page."""
