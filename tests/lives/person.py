"""What should hold for one contact, told from its own words alone: the model that the product is held to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

GROUPS = ("deals", "loyalty", "news")
PLAIN = ("deals", "loyalty")
CLARIFY_FOR = timedelta(hours=24)
CONFIRM_FOR = timedelta(days=30)

# In the contact's words, what they mean. Everything here is meant to be beyond doubt to a person.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "stop": (
        *("STOP", "stop pls", "Stop. Thank you", "pls stop txting me", "take me off your list", "🛑"),
        *("no más", "dejen de escribirme", "退订", "不要再发短信了", "Arrêt", "ne m'envoyez plus de sms"),
        *("ABMELDEN", "hört auf mir zu schreiben", "pare de me mandar mensagens", "解除", "stop 12345"),
    ),
    "start": ("START", "unstop", "iniciar", "开始"),
    "help": ("HELP", "info", "ayuda", "帮助"),
    "yes": ("YES", "sí", "oui", "是"),
    "keep": ("no", "keep them"),
    "unclear": ("too many texts", "why do you keep texting me", "demasiados mensajes", "太多短信", "enough"),
    "trap": ("can't stop shopping", "when does the sale end", "do you have oat milk", "什么时候结束"),
    "leave loyalty": ("STOP REWARDS", "退订 loyalty"),
    "leave deals": ("STOP BARGAINS", "cancel bargains, please"),
    "leave news": ("STOP STORIES",),
    "name loyalty": ("REWARDS",),
    "name deals": ("BARGAINS", "deals of the week"),
    "join loyalty": ("LOYALTY",),
    "join deals": ("DISCOUNTS",),
    "join news": ("GAZETTE",),
    "only loyalty": ("ONLY REWARDS",),
    "only deals": ("ONLY BARGAINS",),
    "ask": ("SIZE",),
    "answer": ("small", "2"),
    "snooze": ("SNOOZE 3 DAYS", "snooze 2 weeks"),
    "resume": ("RESUME",),
    "hours": ("MORNINGS", "EVENINGS", "ANYTIME"),
}
_DEMANDS = frozenset({"stop", "help", "yes", "start"})


@dataclass
class Person:
    """Where a contact must stand by what it said; `owed` are the required messages it may have got."""

    number: str
    zone: str | None = None
    stopped: bool = False
    stopped_at: datetime | None = None
    groups: dict[str, str] = field(default_factory=dict)
    clarify_by: datetime | None = None
    clarified_at: datetime | None = None
    confirm_by: datetime | None = None
    snoozed_until: datetime | None = None
    unusable: bool = False
    owed: int = 0
    is_known: bool = False
    is_asked_size: bool = False
    """Whether a question of a flow is open; told by whoever looks."""

    def says(self, meaning: str, text: str, now: datetime, provider: str | None = None) -> None:
        """Hear what the contact says; `provider` is what Twilio made of it (and answered by itself)."""
        self.is_known, self.unusable = True, False
        if provider is not None:
            self._provided(provider)
            return
        if self.stopped and meaning not in _DEMANDS:
            return
        if (
            self.clarify_by is not None
            and len(self.joined()) > 1
            and (group := _named(meaning, text)) is not None
        ):
            meaning = f"leave {group}"
        verb, _, of = meaning.partition(" ")
        _SAYS.get(verb, Person.understood)(self, of, now)

    def provider_says_stop(self) -> None:
        """Hear from the provider that the contact has opted out."""
        if not self.stopped:
            self._stop()

    def time_is(self, now: datetime) -> None:
        """Let silence have its say."""
        if self.clarify_by is not None and now >= self.clarify_by:
            self._stop()

    def joined(self) -> list[str]:
        """Groups the contact is in, or has asked to be in."""
        return [group for group, state in self.groups.items() if state != "unsubscribed"]

    # What was said, one by one

    def _provided(self, provider: str) -> None:
        if provider == "STOP" and not self.stopped:
            self._stop()
        elif provider == "START":
            self._start()

    def says_stop(self, _of: str, now: datetime) -> None:
        if not self.stopped:
            self._stop(now)

    def _stop(self, now: datetime | None = None) -> None:
        """End everything; `now`: with one confirmation."""
        self.stopped_at = now
        self.stopped, self.clarify_by, self.confirm_by = True, None, None
        self.groups = dict.fromkeys(GROUPS, "unsubscribed")
        self.owed += now is not None

    def says_start(self, _of: str, _now: datetime) -> None:
        self._start()

    def _start(self) -> None:
        self.stopped, self.clarify_by = False, None
        self.groups |= dict.fromkeys(PLAIN, "subscribed")

    def says_help(self, _of: str, _now: datetime) -> None:
        self.owed += 1

    def says_yes(self, _of: str, now: datetime) -> None:
        if self.stopped:
            if self.clarified_at is None or now >= self.clarified_at + CLARIFY_FOR:
                self._start()
        elif self.clarify_by is not None:
            self._stop(now)
        elif self.groups.get("news") == "pending" and self.confirm_by is not None:
            if now <= self.confirm_by:
                self.groups["news"], self.confirm_by = "subscribed", None
            else:
                self.confirm_by = now + CONFIRM_FOR

    def says_keep(self, _of: str, _now: datetime) -> None:
        self.clarify_by = None

    def says_unclear(self, _of: str, now: datetime) -> None:
        if self.clarified_at is not None and now < self.clarified_at + CLARIFY_FOR:
            self._stop(now)
        elif self.joined():
            self.clarify_by, self.clarified_at = now + CLARIFY_FOR, now

    def says_nothing(self, _of: str, _now: datetime) -> None:
        """Nobody waits for this."""

    def leaves(self, group: str, now: datetime) -> None:
        if set(self.joined()) <= {group}:
            self._stop(now)
            return
        self.groups[group], self.clarify_by = "unsubscribed", None
        self.owed += 1
        if group == "news":
            self.confirm_by = None

    def joins(self, group: str, now: datetime) -> None:
        self.clarify_by = None
        if group == "news" and self.groups.get(group) != "subscribed":
            self.groups[group], self.confirm_by = "pending", now + CONFIRM_FOR
        else:
            self.groups[group] = "subscribed"

    def keeps_only(self, group: str, _now: datetime) -> None:
        self.clarify_by = None
        if self.groups.get(group) == "subscribed":
            self.groups |= {one: "unsubscribed" for one in self.joined() if one != group}

    def answers(self, _of: str, _now: datetime) -> None:
        if self.is_asked_size:
            self.clarify_by = None

    def understood(self, _of: str, _now: datetime) -> None:
        self.clarify_by = None


_SAYS: Mapping[str, Callable[[Person, str, datetime], None]] = {
    "stop": Person.says_stop,
    "start": Person.says_start,
    "help": Person.says_help,
    "yes": Person.says_yes,
    "keep": Person.says_keep,
    "unclear": Person.says_unclear,
    "trap": Person.says_nothing,
    "leave": Person.leaves,
    "name": Person.says_nothing,
    "join": Person.joins,
    "only": Person.keeps_only,
    "answer": Person.answers,
}


def _named(meaning: str, text: str) -> str | None:
    """The group that a text names where we have asked which: by keyword, title or name."""
    if meaning.startswith("name "):
        return meaning.removeprefix("name ")
    return text.lower() if text.lower() in GROUPS else None
