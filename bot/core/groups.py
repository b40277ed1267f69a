"""Subscription groups: what a contact can opt into and out of by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.compliance import LegalCategory, LegalWords
from bot.core.keywords import normalise, without_courtesy
from bot.core.replies import nearest

_Words = Mapping[str, tuple[str, ...]]
# What may stand between STOP and what is to stop, in the languages that have such words.
_BETWEEN = frozenset(
    [
        *("from", "of", "the", "me", "my", "your", "sending", "texting", "texts", "messages", "about", "for"),
        *("de", "del", "la", "el", "los", "las", "mis", "sus", "les", "des", "du", "le", "mes", "vos"),
        *("von", "vom", "den", "die", "das", "der", "mir", "meine", "eure", "da", "do", "dos", "os", "as"),
    ]
)


@dataclass(frozen=True, slots=True)
class Group:
    """A subscription group: a purpose, what contacts call it, and how one gets in.

    `title` and `keywords` are by language: what we call it in a text, and how a contact names it ("STOP
    REWARDS"). With `double_opt_in` an opt-in counts only once it is confirmed: by YES in any language, or by
    one of `confirmations`. `sender` names the pool of senders its messages leave from.
    """

    name: str
    title: Mapping[str, str] = field(default_factory=dict)
    double_opt_in: bool = False
    keywords: _Words = field(default_factory=dict)
    sender: str | None = None
    confirmations: _Words = field(default_factory=dict)

    def called(self, locale: str) -> str:
        """Return what to call it in a text: the nearest title there is, else its name as words."""
        for spelling in nearest(locale):
            if title := self.title.get(spelling):
                return title
        return next(iter(self.title.values()), self.name.replace("_", " "))

    def keyword(self, locale: str) -> str:
        """Return the word a contact names it with: the nearest keyword there is, else what it is called."""
        for spelling in nearest(locale):
            if words := self.keywords.get(spelling):
                return words[0]
        return self.called(locale).upper()


def plain_groups(names: Iterable[str]) -> dict[str, Group]:
    """Return groups that nobody described, by name, in the order of the names."""
    return {name: Group(name) for name in sorted(names)}


class GroupWords:
    """How contacts name groups: by a keyword, a title or the name itself, in any language."""

    def __init__(self, groups: Mapping[str, Group], legal: LegalWords) -> None:
        """Index the groups; where two claim a word the first has it."""
        self._legal = legal
        self._named: dict[str, str] = {}
        self._confirmed: dict[str, set[str]] = {}
        for group in groups.values():
            spellings = [word for words in group.keywords.values() for word in words]
            for spelling in (*spellings, *group.title.values(), group.name.replace("_", " ")):
                if word := normalise(spelling):
                    self._named.setdefault(word, group.name)
            for words in group.confirmations.values():
                for word in words:
                    self._confirmed.setdefault(normalise(word), set()).add(group.name)

    def named(self, text: str) -> str | None:
        """Return the group a message names and nothing else."""
        return self._named.get(without_courtesy(normalise(text)))

    def left(self, text: str) -> str | None:
        """Return the group a message opts out of: STOP in any language and the group ("STOP REWARDS").

        Little words may stand between: "unsubscribe me from the sale alerts".
        """
        words = without_courtesy(normalise(text))
        for word, group in self._named.items():
            before = words.removesuffix(word)
            for rest in (before, _without_little_words(before), words.removeprefix(word)):
                if rest != words and self._legal.category(rest) is LegalCategory.OPT_OUT:
                    return group
        return None

    def confirmed(self, text: str) -> frozenset[str]:
        """Return the groups whose own words of confirmation a message is."""
        return frozenset(self._confirmed.get(without_courtesy(normalise(text)), ()))


def _without_little_words(text: str) -> str:
    words = text.split()
    while words and words[-1] in _BETWEEN:
        words.pop()
    return " ".join(words)
