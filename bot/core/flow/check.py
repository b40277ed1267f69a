"""Everything that can be said about flows before they are published, each flow and all together."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from bot.core import wording
from bot.core.compliance import DEFAULT, LegalCategory, LegalWords, legal_category
from bot.core.errors import FlowError
from bot.core.flow import (
    check_answers,
    check_audiences,
    check_figures,
    check_flow,
    check_platform,
    check_wechat,
    compiled,
)
from bot.core.flow.check_flow import Complaint
from bot.core.flow.compiled import Flow
from bot.core.flow.context import Names
from bot.core.flow.costs import USUAL_TERMS, Terms, cost_complaint, costs
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.parse import suggestion
from bot.core.flow.policy_file import PolicyFile
from bot.core.flow.translations import Translations
from bot.core.flow.unread import NOTHING, Unread
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.keywords import Keyword, KeywordIndex, collisions, normalise

KEYWORDS, WECHAT = "keywords", "wechat"
"""Kinds of files on which hangs what is heard."""

__all__ = ["Complaint", "check", "handlers_gone"]


def check(  # noqa: PLR0913  # all that flows have to agree with
    flows: Sequence[Flow],
    *,
    handlers: Mapping[str, HandlerSpec],
    translations: Translations | None = None,
    legal: LegalWords = DEFAULT,
    known: Mapping[str, Names] | None = None,
    terms: Terms = USUAL_TERMS,
    policy: PolicyFile | None = None,
    categories: Sequence[Keyword] = (),
    offers: Collection[str] | None = None,
    wechat: WechatForms | None = None,
    audiences: Collection[str] | None = None,
    traits: Collection[str] | None = (),
    unread: Unread = NOTHING,
) -> list[Complaint]:
    """Return what is wrong with these flows, in the order of files and lines.

    `known` are further variables that runs may be started with, `terms` what costs are reckoned by, `policy`
    is the policy file they are published with, `categories` are the words of the shop's own categories,
    `offers` what the program they are published with calls its offers, `wechat` is wechat.yaml (None: the
    shop has none), `audiences` are the names in audiences.yaml, `traits` those in traits.yaml beside it.
    What cannot be known because of files that are broken (`unread`) is not complained of.
    """
    forms = wechat or NO_FORMS
    around = _Around(
        flows,
        by_name={flow.name: flow for flow in flows},
        handlers=handlers,
        known=known or {},
        legal=legal,
        terms=terms,
        offers=offers,
        forms=forms,
        is_on_wechat=wechat is not None,
        audiences=audiences,
        traits=traits,
        unread=unread,
    )
    found = [one for flow in flows for one in around.of_flow(flow)]
    found += _called_twice(flows)
    found += _called_alike(flows)
    found += _calls(flows, unread)
    found += _keywords(flows, legal, categories)
    found += _fallbacks(flows)
    found += check_wechat.gestures_taken(flows, forms)
    found += check_wechat.forms_that_do_not_fit(forms, terms.here)
    found += (Complaint(error) for text in forms.texts for error in text.broken)
    if not unread.flows and not unread.kinds & {KEYWORDS, WECHAT}:
        hears = _hearing(flows, legal, categories)
        found += _categories(flows, categories)
        found += check_wechat.buttons_unheard(forms, hears)
        found += check_wechat.taps_unheard(flows, hears)
    if audiences is not None and traits is not None:
        written = (text.source for text in forms.texts)
        found += check_audiences.figures_unknown(written, audiences, traits)
    found += _answers_that_are_keywords(flows)
    if policy is not None:
        found += _groups_unknown(flows, policy)
        found += [] if unread.flows else _tags_unused(flows, policy)
    if translations is not None:
        found += _untranslated(flows, forms, translations)
    return sorted(
        found, key=lambda each: (each.is_warning, each.error.file, each.error.line, each.error.column)
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What a flow is looked at with; see `check`."""

    flows: Sequence[Flow]
    by_name: Mapping[str, Flow]
    handlers: Mapping[str, HandlerSpec]
    known: Mapping[str, Names]
    legal: LegalWords
    terms: Terms
    offers: Collection[str] | None
    forms: WechatForms
    is_on_wechat: bool
    audiences: Collection[str] | None
    traits: Collection[str] | None
    unread: Unread

    def of_flow(self, flow: Flow) -> Iterator[Complaint]:
        """What is wrong with a flow, as far as the others and their files say."""
        yield from check_flow.unreachable(flow)
        yield from check_flow.endless(flow)
        yield from check_flow.handlers_unknown(flow, self.handlers)
        if self.offers is not None:
            yield from check_flow.offers_unknown(flow, self.offers)
        yield from self._audiences(flow)
        yield from self._names(flow)
        yield from check_flow.legal_words_offered(flow, self.legal)
        yield from check_flow.traps(flow)
        yield from check_answers.unanswered(flow)
        yield from check_flow.groups_missing(flow)
        yield from check_flow.marketing_that_answers(flow)
        yield from check_figures.figures_of_bundles(flow)
        yield from check_platform.platform_rules_broken(flow, self.by_name, is_on_wechat=self.is_on_wechat)
        yield from check_wechat.too_many_at_once(flow)
        yield from check_wechat.buttons_that_stop(flow, self.legal)
        yield from _costs(flow, self.terms)
        yield from _names_of_files(flow)
        yield from (Complaint(error) for text in flow.texts for error in text.broken)

    def _audiences(self, flow: Flow) -> Iterator[Complaint]:
        if self.audiences is None:
            return
        yield from check_audiences.audiences_unknown(flow, self.audiences)
        if self.traits is not None:
            texts = (source for source, _ in check_flow.sources(flow))
            yield from check_audiences.figures_unknown(texts, self.audiences, self.traits)

    def _names(self, flow: Flow) -> Iterator[Complaint]:
        knows_forms = WECHAT not in self.unread.kinds
        campaigns = frozenset(self.forms.campaigns or {"none: add `campaigns` to wechat.yaml"})
        mini = {"mini": Names(campaigns, is_open=not knows_forms)}
        names = {**self.known, **mini, **_names_around(flow, self.flows, self.handlers)}
        if not _shares_with(flow, self.by_name, self.unread):
            yield from check_flow.names_unknown(flow, names)
        if knows_forms:
            yield from check_wechat.forms_unknown(flow, self.forms, names)


def handlers_gone(waiting: Iterable[Flow], handlers: Mapping[str, HandlerSpec]) -> list[FlowError]:
    """Return what old revisions in which runs still wait need and today's handlers lack."""
    return [each.error for flow in waiting for each in check_flow.handlers_unknown(flow, handlers)]


def _costs(flow: Flow, terms: Terms) -> Iterator[Complaint]:
    for cost in costs(flow, terms):
        said = cost_complaint(cost, terms.price)
        if said is not None:
            yield Complaint(*said)


def _names_of_files(flow: Flow) -> Iterator[Complaint]:
    stem = PurePath(flow.file).stem
    if stem != flow.name:
        problem = f"the flow is called '{flow.name}' and its file '{stem}'"
        yield Complaint(FlowError(flow.file, 1, 1, problem, "call them the same"), is_warning=True)


def _called_twice(flows: Sequence[Flow]) -> Iterator[Complaint]:
    first: dict[str, Flow] = {}
    for flow in flows:
        other = first.setdefault(flow.name, flow)
        if other is not flow:
            problem = f"the flow '{flow.name}' is also in {other.file}"
            yield Complaint(FlowError(flow.file, 1, 1, problem, "give one of them another name"))


def _called_alike(flows: Sequence[Flow]) -> Iterator[Complaint]:
    """Complain of names by which somebody from outside would start another flow than the one meant."""
    owners = {flow.name: flow for flow in flows}
    for flow in flows:
        for starter in flow.starters:
            for name in starter.called if isinstance(starter, compiled.ApiStarter) else ():
                other = owners.setdefault(name, flow)
                if other is not flow:
                    problem = f"'{name}' starts the flow '{other.name}' already"
                    error = FlowError(flow.file, *starter.mark, problem, "keep the name in one of them")
                    yield Complaint(error)


# Calls


def _called(flow: Flow) -> Iterator[compiled.Call]:
    return (step for step in flow.steps if isinstance(step, compiled.Call))


def _calls(flows: Sequence[Flow], unread: Unread) -> Iterator[Complaint]:
    by_name = {flow.name: flow for flow in flows}
    for flow in flows:
        for step in _called(flow):
            if step.flow in unread.flows:
                continue
            if step.flow not in by_name:
                meant = suggestion(step.flow, by_name)
                remedy = f"did you mean '{meant}'?" if meant else "write that flow, or remove the call"
                yield check_flow.complaint(flow, step, f"there is no flow '{step.flow}'", remedy)
            elif flow.name in _reached_by_calls(by_name[step.flow], by_name):
                problem = f"calling '{step.flow}' leads back into '{flow.name}': flows would pile up"
                yield check_flow.complaint(flow, step, problem, "use `goto` inside it instead")


def _reached_by_calls(flow: Flow, by_name: Mapping[str, Flow]) -> set[str]:
    reached, ahead = {flow.name}, [flow.name]
    while ahead:
        for step in _called(by_name[ahead.pop()]):
            if step.flow in by_name and step.flow not in reached:
                reached.add(step.flow)
                ahead.append(step.flow)
    return reached


def _shares_with(flow: Flow, by_name: Mapping[str, Flow], unread: Unread) -> bool:
    """Whether a flow shares variables with one that could not be read: its names are not all known then."""
    if not unread.flows:
        return False
    near = [
        other
        for other in by_name.values()
        if other.name in _reached_by_calls(flow, by_name) or flow.name in _reached_by_calls(other, by_name)
    ]
    return any(
        other.name in unread.called or any(step.flow in unread.flows for step in _called(other))
        for other in near
    )


def _names_around(flow: Flow, flows: Sequence[Flow], handlers: Mapping[str, HandlerSpec]) -> dict[str, Names]:
    """Return the variables of a flow and of those it calls or is called by: they share them."""
    by_name = {each.name: each for each in flows} | {flow.name: flow}
    found: dict[str, Names] = {}
    reached = _reached_by_calls(flow, by_name)
    for other in by_name.values():
        if other.name in reached or flow.name in _reached_by_calls(other, by_name):
            found.update(check_flow.names_set(other, handlers))
    return found


# Words


def _keywords(flows: Sequence[Flow], legal: LegalWords, categories: Sequence[Keyword]) -> Iterator[Complaint]:
    ours: list[Keyword] = []
    for keyword in (*categories, *(keyword for flow in flows for keyword in flow.keywords)):
        category = legal_category(keyword.text, legal)
        if category is None and wording.read(keyword.text).verdict is wording.Verdict.PLAIN:
            category = LegalCategory.OPT_OUT
        if category is None:
            ours.append(keyword)
            continue
        problem = f"'{keyword.text}' means {category} and is answered before any flow"
        yield Complaint(_at(keyword, problem, "choose another word"))
    for collision in collisions(ours):
        problem = f"'{collision.second.text}' already starts '{collision.first.target}'"
        remedy = f"keep one of them; the other is at {collision.first.place}"
        yield Complaint(_at(collision.second, problem, remedy))


def _hearing(
    flows: Sequence[Flow], legal: LegalWords, categories: Sequence[Keyword]
) -> Callable[[str], bool]:
    """Whether something answers a word that is texted, or a button that says it."""
    index = KeywordIndex([*categories, *(keyword for flow in flows for keyword in flow.keywords)])
    starters = [starter for flow in flows for starter in flow.starters]
    keys = {key for one in starters if isinstance(one, compiled.MenuStarter) for key in one.keys}
    patterns = [one for one in starters if isinstance(one, compiled.MessageStarter)]

    def hears(word: str) -> bool:
        if word in keys or index.exact(word) is not None or legal_category(word, legal) is not None:
            return True
        return any(pattern.match(word) is not None for pattern in patterns)

    return hears


def _categories(flows: Sequence[Flow], categories: Sequence[Keyword]) -> Iterator[Complaint]:
    """Complain of categories that nobody gives words, or that two flows start on."""
    known = {keyword.target for keyword in categories}
    starters = [
        (flow, starter)
        for flow in flows
        for starter in flow.starters
        if isinstance(starter, compiled.KeywordStarter) and starter.category is not None
    ]
    named = known | {starter.category for _, starter in starters if starter.words}
    first: dict[str | None, Flow] = {}
    for flow, starter in starters:
        if starter.words:
            continue
        if starter.category not in known:
            problem = f"the category '{starter.category}' has no words"
            remedy = "add it to keywords.yaml under `categories:`, or write `keyword:`"
            yield Complaint(FlowError(flow.file, *starter.mark, problem, remedy))
        elif first.setdefault(starter.category, flow) is not flow:
            problem = f"'{first[starter.category].name}' starts on the category '{starter.category}' already"
            remedy = f"keep one of them; the other is in {first[starter.category].file}"
            yield Complaint(FlowError(flow.file, *starter.mark, problem, remedy))
    for flow in flows:
        for step, category in _listened_for(flow):
            if category not in {*named, "opt-in"}:
                problem = f"no keyword is of the category '{category}': this is never heard"
                remedy = "add it to keywords.yaml under `categories:`, or to a keyword starter"
                yield check_flow.complaint(flow, step, problem, remedy)


def _listened_for(flow: Flow) -> Iterator[tuple[compiled.Step, str]]:
    for step in flow.steps:
        for wanted in step.wanted if isinstance(step, compiled.WaitFor) else ():
            if wanted.category is not None:
                yield step, wanted.category


def _at(keyword: Keyword, problem: str, remedy: str) -> FlowError:
    file, _, line = keyword.place.rpartition(":")
    return FlowError(file, int(line), 1, problem, remedy)


def _groups_unknown(flows: Sequence[Flow], policy: PolicyFile) -> Iterator[Complaint]:
    """Complain about groups that the policy does not describe, where it describes any."""
    for flow in flows:
        named = [(starter.group, starter.mark) for starter in flow.starters]
        named += [
            (step.delivery.group, step.mark)
            for step in flow.steps
            if isinstance(step, compiled.Say | compiled.Email | compiled.Question)
        ]
        seen: set[str] = set()
        for group, mark in named:
            if not policy.groups or group is None or group in policy.groups or group in seen:
                continue
            seen.add(group)
            meant = suggestion(group, policy.groups)
            remedy = f"did you mean '{meant}'?" if meant else "describe it there under `groups:`"
            problem = f"policy.yaml describes no subscription group '{group}'"
            yield Complaint(FlowError(flow.file, *mark, problem, remedy))


def _tags_unused(flows: Sequence[Flow], policy: PolicyFile) -> Iterator[Complaint]:
    """Warn of caps that count nothing: no step gives their tag."""
    tags = {
        step.delivery.tag
        for flow in flows
        for step in flow.steps
        if isinstance(step, compiled.Say | compiled.Question) and step.delivery.tag is not None
    }
    for cap in policy.caps:
        if cap.tag is not None and cap.tag not in tags:
            meant = suggestion(cap.tag, tags)
            remedy = f"did you mean '{meant}'?" if meant else f"give messages `tag: {cap.tag}`"
            problem = f"a cap counts messages tagged '{cap.tag}', and no step gives that tag"
            file = PurePath(flows[0].file).with_name("policy.yaml") if flows else PurePath("policy.yaml")
            yield Complaint(FlowError(str(file), 1, 1, problem, remedy), is_warning=True)


def _fallbacks(flows: Sequence[Flow]) -> Iterator[Complaint]:
    first: Flow | None = None
    for flow in flows:
        for starter in flow.starters:
            if not isinstance(starter, compiled.MessageStarter) or not starter.is_fallback:
                continue
            if first is None:
                first = flow
                continue
            problem = f"'{first.name}' is the fallback already ({first.file})"
            yield Complaint(FlowError(flow.file, *starter.mark, problem, "keep one of them"))


def _answers_that_are_keywords(flows: Sequence[Flow]) -> Iterator[Complaint]:
    """Warn where an answer is another flow's keyword: the question wins while it is open."""
    owners = {normalise(word.text): word for flow in flows for word in flow.keywords}
    for flow in flows:
        for step in flow.steps:
            if not isinstance(step, compiled.Choose):
                continue
            for option in step.options:
                words = {normalise(option.label.source.source), *option.words}
                for word in sorted(words & owners.keys()):
                    owner = owners[word]
                    if owner.target != flow.name:
                        problem = f"'{owner.text}' also starts '{owner.target}'; here it is an answer first"
                        remedy = "choose another word if that surprises people"
                        yield check_flow.complaint(flow, step, problem, remedy, is_warning=True)


def _untranslated(
    flows: Sequence[Flow], forms: WechatForms, translations: Translations
) -> Iterator[Complaint]:
    wanted = [(flow.language, message) for flow in flows for message in flow.messages]
    wanted += [(forms.language, message) for message in forms.messages]
    gaps: dict[tuple[str, int, str], list[str]] = {}
    for locale, messages in translations.missing(message for _, message in wanted).items():
        for message in messages:
            gaps.setdefault((message.file, message.line, message.source), []).append(locale)
    languages = {(message.file, message.line, message.source): language for language, message in wanted}
    for (file, line, source), locales in gaps.items():
        missing = [locale for locale in locales if locale != languages[file, line, source]]
        if missing:
            problem = f"not translated into {', '.join(sorted(missing))}: '{_shortened(source)}'"
            remedy = "run `regulars flows messages` and translate it"
            yield Complaint(FlowError(file, line, 1, problem, remedy), is_warning=True)


def _shortened(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 40 else f"{line[:39]}…"  # noqa: PLR2004  enough to know it by
