"""Subscription groups: what a contact can opt into and out of by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bot.core.compliance import LegalCategory, LegalWords
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.email.mailbox import EMAIL
from bot.core.in_app import APP
from bot.core.keywords import normalise, without_courtesy
from bot.core.replies import nearest

_State = TypeVar("_State")
_Words = Mapping[str, tuple[str, ...]]

_OF_THEIR_OWN = frozenset({"wechat", EMAIL, APP})
"""Channels whose consent counts there alone; the others share that of texts."""
_TEXTS = "sms"


def subscription_key(group: str, channel: str) -> str:
    """Return what a contact's state in a group is kept under: consent on one channel is none on another.

    It is the group's name for texts (and what has no channel of its own), `wechat:<group>` on WeChat,
    `email:<group>` by email and `app:<group>` in the inbox on our pages.
    """
    return f"{channel}:{group}" if channel in _OF_THEIR_OWN else group


def share_consent(channel: str, other: str) -> bool:
    """Whether consent given on one of two channels holds on the other."""
    return subscription_key("", channel) == subscription_key("", other)


def state_in(
    subscriptions: Mapping[str, SubscriptionState], group: str, channel: str
) -> SubscriptionState | None:
    """Return where a contact stands in a group on a channel; None where nothing was said of it.

    In the inbox on our pages whoever takes part anywhere takes part, unless something else was said there.
    """
    state = subscriptions.get(subscription_key(group, channel))
    if state is None and channel == APP and SubscriptionState.SUBSCRIBED in _anywhere(subscriptions, group):
        return SubscriptionState.SUBSCRIBED
    return state


def _anywhere(subscriptions: Mapping[str, SubscriptionState], group: str) -> Iterable[SubscriptionState]:
    return [state for key, state in subscriptions.items() if split_key(key)[0] == group]


def split_key(key: str) -> tuple[str, str]:
    """Return the group and the channel of a subscription key."""
    channel, _, group = key.rpartition(":")
    return group, channel or _TEXTS


def on_channel(subscriptions: Mapping[str, _State], channel: str) -> dict[str, _State]:
    """Return what is kept of one channel, by group."""
    found = ((*split_key(key), state) for key, state in subscriptions.items())
    return {group: state for group, own, state in found if share_consent(own, channel)}


def states_of_texts(subscriptions: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return the states on SMS by group, in order, as they are told outside."""
    return {group: str(state) for group, state in sorted(on_channel(subscriptions, _TEXTS).items())}


def states_by_channel(subscriptions: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return the states by channel, then by group, as they are told outside."""
    channels = sorted({split_key(key)[1] for key in subscriptions})
    return {
        channel: {group: str(state) for group, state in sorted(on_channel(subscriptions, channel).items())}
        for channel in channels
    }


def told_states(subscriptions: Mapping[str, str]) -> str:
    """Return the states on one line, as people read them; empty where there are none."""
    keys = sorted(subscriptions, key=lambda key: (split_key(key)[1], key))
    lines = []
    for key in keys:
        group, channel = split_key(key)
        where = "" if key == group else f" on {channel}"
        lines.append(f"{group}: {subscriptions[key]}{where}")
    return ", ".join(lines)


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
            if words.endswith(word):
                before = words.removesuffix(word)
                if self._is_opt_out(before) or self._is_opt_out(_without_little_words(before)):
                    return group
            if words.startswith(word) and self._is_opt_out(words.removeprefix(word)):
                return group
        return None

    def _is_opt_out(self, text: str) -> bool:
        return self._legal.category(text) is LegalCategory.OPT_OUT

    def confirmed(self, text: str) -> frozenset[str]:
        """Return the groups whose own words of confirmation a message is."""
        return frozenset(self._confirmed.get(without_courtesy(normalise(text)), ()))


def _without_little_words(text: str) -> str:
    words = text.split()
    while words and words[-1] in _BETWEEN:
        words.pop()
    return " ".join(words)
