"""Who gets an inbound message: one documented function, asked after the legal words.

In this order:
1. the answers that the open question offers ("1", "YES", a word of a choice), exactly;
2. keywords of published flows that the whole message states, courtesy aside;
3. patterns of `message` starters;
4. the open question, where it takes the text for an answer;
5. keywords that the message begins with or contains;
6. a keyword that is only a typo away, where exactly one is;
7. the open question again: it says that it did not understand;
8. the fallback.
With no open question, 5 comes right after 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.conversation.kinds import CATEGORY
from bot.conversation.publication import Publication
from bot.core.contact import JsonValue
from bot.core.flow.answers import is_keyword_tap, is_tap, offered, takes_only_answers, tapped, understand
from bot.core.flow.compiled import Flow, Starter
from bot.core.flow.run import Run
from bot.core.keywords import How, Match
from bot.core.messages import Inbound
from bot.core.windows import MENU_MESSAGE_CLICK

_FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Answers:
    """The message is for the open question: exactly what it offers, something it understands, or neither."""

    run: Run
    is_offered: bool = False
    is_understood: bool = True


@dataclass(frozen=True, slots=True)
class Starts:
    """The message starts a flow; `how` says why, for the statistics."""

    flow: Flow
    starter: Starter | None
    how: str
    variables: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Categorised:
    """The message is a word of one of the shop's own categories, and no flow starts on it."""

    category: str
    how: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nothing fits and there is no fallback."""


Route = Answers | Starts | Categorised | Nobody

_FOUND = frozenset({How.EXACT.value, How.PREFIX.value, "pattern"})


def is_sure(found: Route) -> bool:
    """Whether a message is exactly what somebody waits for: then it is no revocation that is only unclear."""
    if isinstance(found, Answers):
        return found.is_offered
    return not isinstance(found, Nobody) and found.how in _FOUND


def is_offered(question: Run, text: str) -> bool:
    """Whether an open question offers a text as an answer, exactly."""
    return question.wait is not None and offered(question.wait.facts, text) is not None


def is_understood(found: Route) -> bool:
    """Whether the conversation goes on with this message."""
    if isinstance(found, Answers):
        return found.is_understood
    return not isinstance(found, Nobody) and found.how != _FALLBACK


def as_meant(inbound: Inbound, question: Run | None) -> Inbound:
    """Return a message with the key of the open question's option for its text, if one was tapped."""
    said = _tapped(inbound, question)
    return inbound if said is None else replace(inbound, text=said)


def is_tapped_keyword(inbound: Inbound) -> bool:
    """Whether a keyword was tapped below a text: heard as if it was texted, but it answers no question."""
    return is_keyword_tap(inbound.facts.get(MENU_MESSAGE_CLICK, ""))


def is_tapped_option(inbound: Inbound) -> bool:
    """Whether an option of a question of ours was tapped, open or not; its label is the message's text."""
    return is_tap(inbound.facts.get(MENU_MESSAGE_CLICK, ""))


def is_of_older_question(inbound: Inbound, question: Run | None) -> bool:
    """Whether an option was tapped of another question than the open one: YES to that is no YES to this."""
    return is_tapped_option(inbound) and _tapped(inbound, question) is None


def _tapped(inbound: Inbound, question: Run | None) -> str | None:
    tap, wait = inbound.facts.get(MENU_MESSAGE_CLICK), question.wait if question is not None else None
    return tapped(wait.facts, tap) if tap is not None and wait is not None else None


def route(inbound: Inbound, question: Run | None, locale: str, publication: Publication) -> Route:
    """Say who gets the message; `question` is the run whose question is open on this channel."""
    facts = question.wait.facts if question is not None and question.wait is not None else None
    if question is not None and facts is not None:
        is_offered = offered(facts, inbound.text) is not None
        if is_offered or takes_only_answers(facts):
            return Answers(question, is_offered=is_offered)
    match = publication.keywords.exact(inbound.text)
    if match is not None and (question is None or match.how is How.EXACT):
        return _keyword(match, publication)
    for flow, starter in publication.patterns:
        groups = starter.match(inbound.text)
        if groups is not None:
            return Starts(flow, starter, "pattern", dict(groups))
    if question is not None and facts is not None:
        if understand(facts, inbound.text, locale, has_media=bool(inbound.media)) is not None:
            return Answers(question)
        if match is not None:
            return _keyword(match, publication)
    near = publication.keywords.near(inbound.text)
    if near.match is not None:
        return _keyword(near.match, publication)
    if question is not None:
        return Answers(question, is_understood=False)
    if publication.fallback is None:
        return Nobody()
    flow, fallback = publication.fallback
    candidates: list[JsonValue] = [keyword.text for keyword in near.candidates]
    return Starts(flow, fallback, _FALLBACK, {"text": inbound.text, "candidates": candidates})


def _keyword(match: Match, publication: Publication) -> Starts | Categorised:
    target = match.keyword.target
    starter: Starter | None
    if target.startswith(CATEGORY):
        category = target.removeprefix(CATEGORY)
        found = publication.by_category.get(category)
        if found is None:
            return Categorised(category, match.how.value)
        flow, starter = found
    else:
        flow = publication.flows[target]
        starter = flow.starter_of(match.keyword.text)
    return Starts(flow, starter, match.how.value, {"keyword": match.keyword.text, "rest": match.rest})
