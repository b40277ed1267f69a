"""What a flow's messages cost as SMS in every language: usually, at most, and what makes one dear."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow, Step
from bot.core.flow.filters import Here
from bot.core.flow.longest import EMPTY, ITEMS, PAGE_PREFIX, Grown, Odd, grown, surroundings
from bot.core.flow.template import Text
from bot.core.flow.translations import TranslatedText
from bot.core.links import CODE_LENGTH, spans
from bot.core.messages import MessageClass
from bot.core.money import money
from bot.core.segments import Encoding, Segmentation, as_sent, odd, segment

SEGMENTS_GOOD = 3
SEGMENTS_MAX = 10  # beyond, carriers drop parts
CHARACTERS_MAX = 1600  # https://www.twilio.com/docs/api/errors/21617
_ODD_SHARE = 0.3
_ODD_KINDS = 5
"""A text with more of them is in a language that GSM-7 cannot write, and no character is to blame."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one segment costs, in units of the currency."""

    amount: Decimal
    currency: str

    def thousand(self, segments: int) -> str:
        """Say what a thousand messages of so many segments cost, as in `$8.30`."""
        exponent = get_currency_precision(self.currency)
        minor = self.amount * segments * 1000 * 10**exponent
        return money(int(minor.quantize(Decimal(1), ROUND_HALF_UP)), self.currency, exponent, "en")


LIST_PRICE = Price(Decimal("0.0083"), "USD")
"""Twilio's list price of a segment to or from a US long code, July 2026, without the carriers' fees of 0.0025
to 0.0062 and without discounts. https://www.twilio.com/en-us/sms/pricing/us"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What costs are reckoned by: the price, the money that texts tell, and what short links begin with."""

    price: Price = LIST_PRICE
    currency: str = "USD"
    exponent: int = 2
    link_prefix: str | None = None
    """None: links are not shortened."""

    @property
    def here(self) -> Here:
        """The surroundings of texts."""
        return surroundings(self.currency, self.exponent)


USUAL_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one message costs in one language.

    `usual` has usual values in its placeholders, `most` the longest. `other_letters` are the segments of the
    longest where somebody's own words in it (a name, an answer) are written in letters that GSM-7 lacks.
    """

    flow: str
    step: str
    language: str
    place: tuple[str, int, int]
    usual: Segmentation
    most: Segmentation
    characters: int
    characters_most: int
    other_letters: int
    dear: "Dear | None" = None


@dataclass(frozen=True, slots=True)
class Dear:
    """The first character that makes a message dear, where it stands, and what the message costs without."""

    odd: Odd
    place: tuple[str, int, int]
    segments: int
    segments_without: int
    others: tuple[str, ...] = ()


def costs(flow: Flow, terms: Terms = USUAL_TERMS) -> Iterator[Cost]:
    """Work out what every message of a flow costs in every language it is said in."""
    for message in _messages(flow):
        wording = message.parts[0].text
        languages = dict.fromkeys([wording.language, *wording.others])
        for language in languages:
            yield _cost(flow, message, language, terms)


def cost_complaint(cost: Cost, price: Price) -> tuple[FlowError, bool] | None:
    """Return the one thing that is most worth saying of a message, and whether it is only a warning."""
    usual, most = cost.usual.segments, cost.most.segments
    if usual > SEGMENTS_MAX or cost.characters > CHARACTERS_MAX:
        problem = f"this takes {usual} SMS segments and {cost.characters} characters; {_LIMITS}"
        return FlowError(*cost.place, problem, "make it shorter, or two messages of it"), False
    if cost.dear is not None:
        return _dear_complaint(cost.dear, price), True
    if most > SEGMENTS_MAX or cost.characters_most > CHARACTERS_MAX:
        problem = f"with long values this takes {most} SMS segments and {cost.characters_most} characters"
        remedy = f"{_LIMITS}: shorten the values with `truncate`"
        return FlowError(*cost.place, problem, remedy), True
    if usual > SEGMENTS_GOOD:
        problem = f"this takes {usual} SMS segments, {price.thousand(usual)} a thousand"
        return FlowError(*cost.place, problem, "make it shorter"), True
    return None


_LIMITS = f"{SEGMENTS_MAX} segments and {CHARACTERS_MAX} characters are the most that is delivered"


def _dear_complaint(dear: Dear, price: Price) -> FlowError:
    character = dear.odd.character
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    of = f" in '{dear.odd.said}', which this may say," if dear.odd.said else ""
    more, less = (price.thousand(segments) for segments in (dear.segments, dear.segments_without))
    problem = (
        f"{character} ({name}){of} makes this {dear.segments} SMS segments instead of"
        f" {dear.segments_without}, {more} a thousand instead of {less}"
    )
    if dear.others:
        problem += f"; so does {' '.join(dear.others)}"
    return FlowError(*dear.place, problem, _remedy(dear))


def _remedy(dear: Dear) -> str:
    if dear.odd.said:
        return "say it another way, or accept the cost"
    base = unicodedata.normalize("NFD", dear.odd.character)[0]
    if base != dear.odd.character and not odd(base):
        return f"write {base}, or accept the cost"
    return "leave it out, or accept the cost"


# Messages: what is sent as one


@dataclass(frozen=True, slots=True)
class _Part:
    """A text of a message, with what stands before it on its line."""

    text: TranslatedText
    before: str = ""


@dataclass(frozen=True, slots=True)
class _Message:
    step: str
    parts: tuple[_Part, ...]
    has_short_links: bool


def _messages(flow: Flow) -> Iterator[_Message]:
    talks = all(isinstance(starter, compiled.TALKING) for starter in flow.starters)
    for step in flow.steps:
        if not isinstance(step, compiled.Say | compiled.Question) or step.delivery.channel not in _SMS:
            continue
        is_ours = not talks or step.delivery.message_class is MessageClass.MARKETING
        is_short = is_ours if flow.short_links is None else flow.short_links
        yield _Message(step.id, (_Part(step.wording), *_options(step)), is_short)
        if isinstance(step, compiled.Question) and not step.repeats:
            yield _Message(f"{step.id} retry", (_Part(step.retry),), is_short)
    if flow.thanks is not None:
        yield _Message("thanks", (_Part(flow.thanks),), flow.short_links or False)


_SMS = (None, "sms")


def _options(step: Step) -> Iterator[_Part]:
    if isinstance(step, compiled.Rate) and step.hint is not None:
        yield _Part(step.hint, "\n")
    if not isinstance(step, compiled.Choose) or not step.numbered:
        return
    for option in step.options:
        yield _Part(option.label, f"\n{option.key} ")
    if step.label is not None:
        for number in range(1, ITEMS[True] + 1):
            yield _Part(step.label, f"\n{number} ")


@dataclass(slots=True)
class _Whole:
    """A message put together in one language, and whose text each odd character is in."""

    grown: Grown = EMPTY
    odd: dict[str, tuple[Odd, Text]] = field(default_factory=dict)


def _whole(message: _Message, language: str, terms: Terms, *, most: bool) -> _Whole:
    whole = _Whole()
    for part in message.parts:
        text, spoken = part.text.best(language)
        said = grown(text, spoken, terms.here, most=most)
        whole.grown = whole.grown.then(Grown(part.before)).then(said)
        for one in said.odd:
            whole.odd.setdefault(one.character, (one, text))
    return whole


def _cost(flow: Flow, message: _Message, language: str, terms: Terms) -> Cost:
    usual = _whole(message, language, terms, most=False)
    most = _whole(message, language, terms, most=True)
    links = _Links(terms.link_prefix, message.has_short_links)
    usual_body, most_body = (_dearest(whole.grown, links) for whole in (usual, most))
    counted, counted_most = segment(usual_body), segment(most_body)
    first = message.parts[0].text.best(language)[0].place
    longest = links.written(most.grown.longest)
    return Cost(
        flow=flow.name,
        step=message.step,
        language=language,
        place=(first.file, first.line, first.column),
        usual=counted,
        most=counted_most,
        characters=len(usual_body),
        characters_most=len(most_body),
        other_letters=segment(f"{longest[:-1]}字" if most.grown.has_names else most_body).segments,
        dear=_dear(usual, usual_body, by_values=False) or _dear(most, most_body, by_values=True),
    )


def _dearest(whole: Grown, links: "_Links") -> str:
    """Return the body that takes the most segments, as it is sent."""
    bodies = [as_sent(links.written(body)) for body in (whole.longest, whole.dear) if body is not None]
    return max(bodies, key=_weight)


def _weight(body: str) -> tuple[int, bool]:
    counted = segment(body)
    return counted.segments, counted.encoding is Encoding.UCS_2


@dataclass(frozen=True, slots=True)
class _Links:
    """How long the links of a message are; those of our pages are short in every one."""

    prefix: str | None
    are_short: bool

    def written(self, body: str) -> str:
        """Write a body with its links as they are sent."""
        prefix = self.prefix
        if prefix is None:
            return body
        body = body.replace(PAGE_PREFIX, prefix)
        for start, end in reversed(spans(body) if self.are_short else []):
            if not body.startswith(prefix, start):
                body = f"{body[:start]}{prefix}{'x' * CODE_LENGTH}{body[end:]}"
        return body


def _dear(whole: _Whole, body: str, *, by_values: bool) -> Dear | None:
    """Return what makes a body dear, where a few characters are to blame and it were cheaper without.

    With `by_values` only those count that placeholders bring.
    """
    found = odd(body)
    blamed = {kind: (one, text) for kind, (one, text) in whole.odd.items() if bool(one.said) is by_values}
    kinds = list(dict.fromkeys(character for _, character in found if character in blamed))
    if not kinds or len(kinds) > _ODD_KINDS:
        return None
    if sum(character in blamed for _, character in found) >= whole.grown.written * _ODD_SHARE:
        return None
    segments = segment(body).segments
    cheap = "".join(character for character in body if character not in blamed)
    without = segment(as_sent(cheap)).segments
    if without >= segments:
        return None
    seen = [character for character in kinds if unicodedata.category(character)[0] not in "CM"] or kinds
    first, text = blamed[seen[0]]
    place = (text.place.file, *text.place.of(text.source, first.index))
    return Dear(first, place, segments, without, tuple(seen[1:]))
