"""Subscription groups: what a contact can opt into and out of by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_Words = Mapping[str, tuple[str, ...]]


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
        for spelling in (locale, locale.partition("_")[0], "en"):
            if title := self.title.get(spelling):
                return title
        return next(iter(self.title.values()), self.name.replace("_", " "))


def plain_groups(names: Iterable[str]) -> dict[str, Group]:
    """Return groups that nobody described, by name, in the order of the names."""
    return {name: Group(name) for name in sorted(names)}
