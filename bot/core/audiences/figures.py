"""What a publication says of figures and audiences, ready to be kept current, and whom something concerns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.audiences.audience import NO_AUDIENCES, Audience, Audiences, Known, Topic
from bot.core.audiences.traits import Happened, TraitRule
from bot.core.contact import Contact
from bot.core.ids import EPOCH

_NOBODY = Contact(id="", bucket=0, locale="", zone="UTC", created_at=EPOCH)


class Figures:
    """The figures and audiences of one publication.

    A figure is stored under its name and the digest of its definition: what another definition made of the
    same name is left alone, whichever process still goes by it, and is forgotten by a job.
    """

    __slots__ = (
        "_asked",
        "_by_event",
        "_concerned",
        "_looked_at",
        "audiences",
        "of_nobody",
        "rules",
        "stored",
    )

    def __init__(self, audiences: Audiences) -> None:
        """Index what was published."""
        self.audiences = audiences
        self.rules: Mapping[str, TraitRule] = audiences.traits
        self.stored = {
            key: key if rule.name is None else f"{key}@{rule.digest}" for key, rule in self.rules.items()
        }
        self.of_nobody = self._of_nobody()
        """Audiences that somebody without events is in, or may come into; they ask for nothing else."""
        self._by_event: dict[str, tuple[TraitRule, ...]] = {}
        self._concerned: dict[frozenset[str], tuple[str, ...]] = {}
        self._looked_at: dict[frozenset[str], frozenset[str]] = {}
        self._asked: dict[frozenset[str], frozenset[Topic]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.rules and not self.audiences.audiences

    def rules_of(self, event: str) -> tuple[TraitRule, ...]:
        """The figures that an event of this name may change."""
        rules = self._by_event.get(event)
        if rules is None:
            rules = self.audiences.rules_by_event(event)
            if rules:  # names come from outside: only those that mean something are remembered
                self._by_event[event] = rules
        return rules

    def concerned_by(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The audiences that may change with these figures, in the order they are judged in."""
        one = frozenset(keys)
        names = self._concerned.get(one)
        if names is None:
            names = self._concerned[one] = self.audiences.concerned_by_traits(one)
        return names

    def traits_of(self, names: Iterable[str]) -> frozenset[str]:
        """The figures that these audiences look at."""
        one = frozenset(names)
        keys = self._looked_at.get(one)
        if keys is None:
            keys = self._looked_at[one] = self.audiences.traits_of(one)
        return keys

    def topics_of(self, names: Iterable[str]) -> frozenset[Topic]:
        """What these audiences look at beside events and audiences."""
        one = frozenset(names)
        topics = self._asked.get(one)
        if topics is None:
            topics = self._asked[one] = self.audiences.topics_of(one)
        return topics

    def in_order(self, names: Collection[str]) -> tuple[str, ...]:
        """These audiences in the order they are judged in."""
        if len(names) < 2:  # noqa: PLR2004  # one needs no order
            return tuple(names)
        return tuple(name for name in self.audiences.audiences if name in names)

    def audience(self, name: str) -> Audience:
        """One of the audiences."""
        return self.audiences.audiences[name]

    def _of_nobody(self) -> tuple[str, ...]:
        plain = [name for name in self.audiences.audiences if not self.audiences.topics_of([name])]
        verdicts = self.audiences.judged(plain, Known(_NOBODY, EPOCH))
        return tuple(
            name for name, verdict in verdicts.items() if verdict.is_in or verdict.look_at is not None
        )


NO_FIGURES = Figures(NO_AUDIENCES)
"""Where nothing is published of them."""
BROKEN_FIGURES = Figures(NO_AUDIENCES)
"""Where what is published of them cannot be read: nothing is kept current, all is made anew afterwards."""


@dataclass(slots=True)
class Concern:
    """What is to be done for one contact: which figures and audiences something concerns.

    `news` are events by the figures that they are new to; `anew` figures are folded from all events.
    """

    news: dict[str, list[Happened]] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)
    audiences: set[str] = field(default_factory=set)
    keys: set[str] | None = None
    """All figures that are to be known for it, once that is worked out."""


class Concerns(dict[str, Concern]):
    """What is to be done, by contact; nobody is there whom nothing concerns."""

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self._figures = figures

    def __missing__(self, contact: str) -> Concern:
        concern = self[contact] = Concern()
        return concern

    def hear(self, happened: Mapping[str, Sequence[Happened]]) -> None:
        """Add figures that these events are new to."""
        rules_of = self._figures.rules_of
        for contact, events in happened.items():
            for event in events:
                for rule in rules_of(event.name):
                    news = self[contact].news
                    if (known := news.get(rule.key)) is None:
                        news[rule.key] = [event]
                    else:
                        known.append(event)

    def fold(self, anew: Mapping[str, Collection[str]]) -> None:
        """Add figures that are made of events of these names, by contact, to be folded anew."""
        for contact, names in anew.items():
            if keys := {rule.key for name in names for rule in self._figures.rules_of(name)}:
                self[contact].anew |= keys

    def fold_all(self, contacts: Iterable[str]) -> None:
        """Add all figures and audiences of contacts."""
        for contact in contacts:
            self[contact].anew |= self._figures.rules.keys()
            self[contact].audiences |= self._figures.audiences.audiences.keys()

    def judge_by_figures(self) -> None:
        """Add the audiences that the figures that were added so far concern."""
        for concern in self.values():
            concern.audiences.update(self._figures.concerned_by({*concern.news, *concern.anew}))

    def judge_by_topics(self, topics: Mapping[str, Collection[Topic]]) -> None:
        """Add the audiences that ask about these topics."""
        for contact, about in topics.items():
            if about and (names := self._figures.audiences.concerned_by(about)):
                self[contact].audiences.update(names)

    def judge_newcomers(self, contacts: Collection[str]) -> None:
        """Add the audiences that somebody may be in who has just been made."""
        names = {*self._figures.of_nobody, *self._figures.audiences.concerned_by(Topic)} if contacts else ()
        for contact in contacts if names else ():
            self[contact].audiences.update(names)
