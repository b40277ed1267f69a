"""The publication in force: every published file compiled and indexed once, shared by all turns.

A publication never changes. When something is published a new one is built beside the old, and turns
that begin afterwards use it; runs stay in the revision they stand in.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.conversation.conversation import NeedsRevision
from bot.conversation.gesture_routes import GestureRoutes
from bot.conversation.kinds import FLOW, KEYWORDS, POLICY, PROGRAM
from bot.conversation.published_files import (
    category_words,
    compiled,
    experiments_in,
    figures_of,
    keywords_of,
    letters_of,
    plan_of,
    policy_of,
    selling_of,
    stored_program,
    variables_of,
    wechat_of,
)
from bot.core.compliance import LegalWords
from bot.core.contact import Product
from bot.core.email.writing import Letters
from bot.core.errors import FlowError
from bot.core.feedback import ApprovedQuote
from bot.core.flow.compiled import (
    ApiStarter,
    CreditExpiringStarter,
    EventStarter,
    Flow,
    KeywordStarter,
    MessageStarter,
    ScheduleStarter,
    Starter,
)
from bot.core.flow.halts import Halts
from bot.core.flow.keywords_file import KeywordsFile
from bot.core.gate import Policy
from bot.core.groups import GroupWords, plain_groups
from bot.core.keywords import KeywordIndex
from bot.core.links import hosts_in
from bot.core.senders import SenderPool
from bot.core.tracking.plan import NO_PLAN, Plan
from bot.core.turn import Shop
from bot.core.variables import NO_VARIABLES, Variables
from bot.storage.revisions import Revision

_OPT_IN = "opt-in"
_PINNED_MAX = 1000


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """What the operator says of the shop, beside what marketers publish."""

    zone: str
    senders: Mapping[str, SenderPool]
    policy: Policy
    public_url: str = ""
    """Where short links are; empty: links go out as they are written."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """The server's, newest first."""
    quotes: tuple[ApprovedQuote, ...] = ()
    """What people wrote and texts may show: put in force as soon as somebody approves or withdraws it."""
    halted: Halts = field(default_factory=dict)
    """The flows that an operator paused, or lets nobody into."""


class Pinned:
    """Older revisions that waiting runs stand in, compiled when first met; the least used are forgotten."""

    def __init__(self) -> None:
        """Begin with none."""
        self._flows: OrderedDict[tuple[str, int], Flow | None] = OrderedDict()

    def find(self, name: str, revision: int) -> Flow | None:
        """Return a revision, None where it is gone or broken. Raises NeedsRevision where it was never met."""
        key = (name, revision)
        if key not in self._flows:
            raise NeedsRevision(name, revision)
        self._flows.move_to_end(key)
        return self._flows[key]

    def keep(self, name: str, revision: int, stored: Revision | None) -> None:
        """Compile and keep what was loaded."""
        self._flows[name, revision] = compiled(stored) if stored is not None else None
        if len(self._flows) > _PINNED_MAX:
            self._flows.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Publication:
    """All that is in force, indexed for the road of a message."""

    generation: str
    shop: Shop
    flows: Mapping[str, Flow]
    keywords: KeywordIndex
    keywords_file: KeywordsFile
    legal_words: LegalWords
    group_words: GroupWords
    pinned: Pinned
    by_category: Mapping[str, tuple[Flow, KeywordStarter]] = field(default_factory=dict)
    """The flows that start on the words of one of the shop's own categories."""
    patterns: tuple[tuple[Flow, MessageStarter], ...] = ()
    fallback: tuple[Flow, MessageStarter] | None = None
    gestures: GestureRoutes = field(default_factory=GestureRoutes)
    by_event: Mapping[str, tuple[tuple[Flow, EventStarter], ...]] = field(default_factory=dict)
    notices: tuple[tuple[Flow, CreditExpiringStarter], ...] = ()
    schedules: tuple[tuple[Flow, ScheduleStarter], ...] = ()
    by_call: Mapping[str, tuple[Flow, ApiStarter]] = field(default_factory=dict)
    """The flows that may be started from outside, by each name they are `called` by there."""
    variables: Variables = NO_VARIABLES
    """The named values of apps and pages."""
    plan: Plan = NO_PLAN
    """Which events are taken, and how long they stay."""
    broken: FlowError | None = None
    """What is wrong with the stored program: nothing but legal words is answered then."""

    def flow(self, name: str, revision: int | None) -> Flow | None:
        """Return a revision of a flow; None: the one in force."""
        flow = self.flows.get(name)
        if revision is None or (flow is not None and flow.revision == revision):
            return flow
        return self.pinned.find(name, revision)


def build(
    revisions: Sequence[Revision],
    products: Mapping[str, Product],
    settings: ShopSettings,
    *,
    generation: str,
    pinned: Pinned,
) -> Publication:
    """Compile and index what is published.

    A flow that no longer compiles is left out and logged: the others, and STOP above all, go on. Where the
    program itself is broken no flow can be told, and STOP still is heard.

    Raises:
        FlowError: no program was ever published.
    """
    stored, program, broken = stored_program(revisions)
    if broken is not None:
        revisions = [one for one in revisions if one.kind in {KEYWORDS, POLICY}]
    flows = {one.flow: flow for one in revisions if one.kind == FLOW and (flow := compiled(one)) is not None}
    keywords_file = keywords_of(revisions)
    legal_words = keywords_file.legal_words()
    policy = policy_of(revisions, legal_words)
    letters = letters_of(revisions, policy)
    starters = [(flow, starter) for flow in flows.values() for starter in flow.starters]
    groups = {starter.group for _, starter in starters if isinstance(starter, KeywordStarter)}
    shop = Shop(
        name=keywords_file.program or program.name,
        zone=settings.zone,
        program=program,
        program_policy=f"{PROGRAM}@{stored.revision}",
        policy=policy.policy(replace(settings.policy, zone=settings.zone)),
        groups={**plain_groups(group for group in groups if group), **policy.described()},
        senders=policy.pools() or settings.senders,
        products=products,
        links=policy.short_links(settings.public_url, _hosts(flows.values()) | _hosts_of(letters)),
        letters=letters,
        secrets=settings.secrets,
        public_url=settings.public_url,
        halted=settings.halted,
        wechat=wechat_of(revisions),
        quotes=settings.quotes,
        surveys={flow.name: flow.survey for flow in flows.values() if flow.survey is not None},
        selling=selling_of(revisions, program.currency.exponent),
        figures=figures_of(revisions, program.currency.exponent),
        experiments=experiments_in(revisions, flows.values(), settings.zone),
        join_words=_join_words(starters),
    )
    fallbacks = [(f, s) for f, s in starters if isinstance(s, MessageStarter) and s.is_fallback]
    by_event: dict[str, list[tuple[Flow, EventStarter]]] = {}
    for flow, starter in starters:
        if isinstance(starter, EventStarter):
            by_event.setdefault(starter.event, []).append((flow, starter))
    return Publication(
        generation=generation,
        shop=shop,
        flows=flows,
        keywords=KeywordIndex(
            (*(keyword for flow in flows.values() for keyword in flow.keywords), *category_words(revisions)),
            legal_words=(keyword.text for keyword in legal_words.keywords()),
        ),
        keywords_file=keywords_file,
        legal_words=legal_words,
        group_words=GroupWords(shop.groups, legal_words),
        pinned=pinned,
        by_category={
            starter.category: (flow, starter)
            for flow, starter in starters
            if isinstance(starter, KeywordStarter) and not starter.words and starter.category is not None
        },
        patterns=tuple((f, s) for f, s in starters if isinstance(s, MessageStarter) and not s.is_fallback),
        fallback=fallbacks[0] if fallbacks else None,
        gestures=GestureRoutes.of(starters),
        by_event={name: tuple(found) for name, found in by_event.items()},
        notices=tuple((f, s) for f, s in starters if isinstance(s, CreditExpiringStarter)),
        schedules=tuple((f, s) for f, s in starters if isinstance(s, ScheduleStarter)),
        by_call={
            name: (flow, starter)
            for flow, starter in reversed(starters)  # of two with one name the first has it
            if isinstance(starter, ApiStarter)
            for name in starter.called
        },
        variables=variables_of(revisions, settings.zone),
        plan=plan_of(revisions),
        broken=broken,
    )


def _join_words(starters: Iterable[tuple[Flow, Starter]]) -> dict[str, str]:
    """Return the first word that joins by text, by language."""
    words: dict[str, str] = {}
    for _, starter in starters:
        if isinstance(starter, KeywordStarter) and starter.category == _OPT_IN and starter.words:
            words.setdefault(starter.language, starter.words[0])
    return words


def _hosts(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the hosts that the published texts name, in every language."""
    texts = [text for flow in flows for each in flow.texts for text in (each.source, *each.others.values())]
    return hosts_in(text.source for text in texts)


def _hosts_of(letters: Letters) -> frozenset[str]:
    """Return the hosts that templates and the brand name."""
    written = (template.hosts for template in letters.templates.values())
    return hosts_in([letters.brand.website]).union(*written)
