"""Braze's `/users/track`, read: attributes, events and purchases in Segment's words.

https://www.braze.com/docs/api/endpoints/user_data/post_user_track/. What cannot be taken is a complaint in
`errors`, in Braze's own form, and keeps nothing else from being taken.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.core.contact import JsonValue
from bot.core.tracking.braze_commerce import in_segments_words
from bot.core.tracking.clock_skew import instant_in
from bot.core.tracking.commerce import OF_ORDERS, ORDER_COMPLETED
from bot.core.tracking.message import Json, Kind
from bot.core.tracking.reading import DEPTH_MAX, is_deeper, is_nobodys
from bot.core.tracking.translated import MessageIds, Saying, without_nothing

EACH_MAX: Final = 75
"""How many attributes, events and purchases one request may hold of each."""
IDENTIFY_MAX: Final = 50
"""How many aliases, of `/users/identify`."""
ATTRIBUTES, EVENTS, PURCHASES = "attributes", "events", "purchases"
ALIASES: Final = "aliases_to_identify"
_ARRAYS: Final = (ATTRIBUTES, EVENTS, PURCHASES)
_NOBODY = "'external_id' or 'user_alias' is required"
_NO_TIME = "'time' must be ISO 8601, like 2026-11-23T10:00:00Z"
_COLON_MILLISECONDS = re.compile(
    r"(T\d{2}:\d{2}:\d{2}):(\d{3})"
)  # 2013-07-16T19:20:30:450+01:00, as allowed there

_TRAITS: Mapping[str, str] = MappingProxyType(
    {"first_name": "firstName", "last_name": "lastName", "dob": "birthday", "home_city": "city"}
)
"""Fields of a profile that Segment calls otherwise."""
_NOT_TRAITS = frozenset(
    {
        "external_id",
        "user_alias",
        "braze_id",
        "_update_existing_only",
        "push_token_import",
        "push_tokens",
        "date_of_first_session",
        "date_of_last_session",
        "email_open_tracking_disabled",
        "email_click_tracking_disabled",
        "marked_email_as_spam_at",
    }
)
_CONSENT = frozenset(
    {"email_subscribe", "push_subscribe", "subscription_groups", "sms_subscribe", "whatsapp_subscribe"}
)
_CHANGES = frozenset({"add", "remove", "inc", "update", "$add", "$remove", "$update", "$identifier_key"})


class NotUnderstood(ValueError):
    """A request that is none; the text is for whoever wrote the client."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a request names: the name the directory knows, `external` or `anonymous`, and its value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """What of a request is not done, and why; `array` and `index` say where it stood.

    `in_part` says that the rest of that object is taken.
    """

    array: str
    index: int
    says: str
    in_part: bool = False

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as Braze writes it."""
        return {"type": self.says, "input_array": self.array, "index": self.index}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is told; `only_known` says that it must make nobody known.

    It stood at `indexes` of its array: purchases of one order are one thing.
    """

    array: str
    indexes: tuple[int, ...]
    who: Who
    saying: Saying
    only_known: bool = False

    def complaints(self, says: str) -> list[Complaint]:
        """Say why nothing of it is taken, wherever it stood."""
        return [Complaint(self.array, index, says) for index in self.indexes]


@dataclass(frozen=True, slots=True)
class Track:
    """What `/users/track` was sent; `counts` says how many of each array were."""

    items: tuple[Item, ...]
    complaints: tuple[Complaint, ...]
    counts: Mapping[str, int]

    def processed(self, complaints: Iterable[Complaint]) -> dict[str, int]:
        """How many of each array were taken: all but those of which nothing was."""
        left = Counter(array for array, _ in {(c.array, c.index) for c in complaints if not c.in_part})
        return {array: count - left[array] for array, count in self.counts.items() if count}


def who_in(said: Json) -> Who | None:
    """Whom an object names, by `external_id` (in sends: `external_user_id`) or an alias; None: nobody."""
    for external in (said.get("external_id"), said.get("external_user_id")):
        if not is_nobodys(name := _text(external)):
            return Who("external", name)
    alias = said.get("user_alias")
    if isinstance(alias, dict) and alias.get("alias_name") and alias.get("alias_label"):
        return Who("anonymous", f"{alias['alias_label']}:{alias['alias_name']}")
    return None


def read_track(body: Json) -> Track:
    """Read a body of `/users/track`. Raises NotUnderstood."""
    arrays: dict[str, list[JsonValue]] = {}
    for array in _ARRAYS:
        listed = body.get(array, [])
        if not isinstance(listed, list):
            raise NotUnderstood(f"'{array}' must be an array of objects")
        if len(listed) > EACH_MAX:
            raise NotUnderstood(f"'{array}' has {len(listed)} objects; {EACH_MAX} are the most")
        arrays[array] = listed
    if not any(arrays.values()):
        raise NotUnderstood("one of 'attributes', 'events' and 'purchases' is required")
    reading = _Reading()
    for array, listed in arrays.items():
        for index, one in enumerate(listed):
            reading.take(array, index, one)
    items = (*reading.items, *reading.orders())
    return Track(items, tuple(reading.complaints), {name: len(listed) for name, listed in arrays.items()})


def read_identify(body: Json) -> Track:
    """Read a body of `/users/identify`: whoever had an alias is a user from then on. Raises NotUnderstood."""
    listed = body.get(ALIASES)
    if not isinstance(listed, list) or not listed:
        raise NotUnderstood(f"'{ALIASES}' is required: other names of a user are told as attributes")
    if len(listed) > IDENTIFY_MAX:
        raise NotUnderstood(f"'{ALIASES}' has {len(listed)} objects; {IDENTIFY_MAX} are the most")
    items, complaints = [], []
    for index, one in enumerate(listed):
        said = one if isinstance(one, dict) else {}
        user, alias = (
            who_in({"external_id": said.get("external_id")}),
            who_in({"user_alias": said.get("user_alias")}),
        )
        if user is None or alias is None:
            complaints.append(Complaint(ALIASES, index, "'external_id' and 'user_alias' are required"))
            continue
        named: Json = {"traits": {}, "anonymousId": alias.value}
        items.append(_item(ALIASES, (index,), user, said, Saying(Kind.IDENTIFY, named)))
    return Track(tuple(items), tuple(complaints), {ALIASES: len(listed)})


class _Reading:
    """Reads items one by one, and collects what is wrong with some."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.complaints: list[Complaint] = []
        self._ids = MessageIds("braze")
        self._by_order: dict[tuple[Who, str], list[tuple[int, Json]]] = {}

    def take(self, array: str, index: int, one: JsonValue) -> None:
        """Read one thing."""
        who = who_in(one) if isinstance(one, dict) else None
        if not isinstance(one, dict) or who is None:
            self.complaints.append(Complaint(array, index, _NOBODY))
            return
        if is_deeper(one.values(), DEPTH_MAX):
            self.complaints.append(Complaint(array, index, "too_deep"))
            return
        if _is_unreadable(one.get("time")) and array != ATTRIBUTES:
            self.complaints.append(Complaint(array, index, _NO_TIME))
        elif array == ATTRIBUTES:
            traits = dict(self._traits(index, one))
            self._add(array, index, who, one, Kind.IDENTIFY, {"traits": traits})
        elif array == EVENTS:
            self._event(index, who, one)
        elif not _text(one.get("product_id")):
            self.complaints.append(Complaint(array, index, "'product_id' is required"))
        else:
            # Purchases of one order are one order; whoever names none has one of its own for each.
            order = _text(_object(one, "properties").get("order_id")) or self._ids.of(one)
            self._by_order.setdefault((who, order), []).append((index, one))

    def orders(self) -> Iterator[Item]:
        """The purchases, as orders that are paid."""
        for (who, order), purchases in self._by_order.items():
            _, first = purchases[0]
            products: list[JsonValue] = [
                without_nothing(
                    {
                        "product_id": _text(one.get("product_id")),
                        "name": _object(one, "properties").get("name"),
                        "category": _object(one, "properties").get("category"),
                        "price": one.get("price"),
                        "quantity": one.get("quantity", 1),
                    }
                )
                for _, one in purchases
            ]
            properties = {
                **_object(first, "properties"),
                "order_id": order,
                "currency": first.get("currency"),
                "products": products,
            }
            said: dict[str, JsonValue] = {
                "event": ORDER_COMPLETED,
                "properties": without_nothing(properties),
                "messageId": self._ids.of({"order": order, "who": who.value, "products": products}),
                "timestamp": _time(first.get("time")),
            }
            indexes = tuple(index for index, _ in purchases)
            yield _item(PURCHASES, indexes, who, first, Saying(Kind.TRACK, said))

    def _event(self, index: int, who: Who, one: Json) -> None:
        name = one.get("name")
        if not isinstance(name, str) or not name.strip():
            self.complaints.append(Complaint(EVENTS, index, "'name' is required"))
            return
        event, properties = in_segments_words(name, _object(one, "properties"))
        said: dict[str, JsonValue] = {
            "event": event,
            "properties": dict(properties),
            "timestamp": _time(one.get("time")),
        }
        if one.get("time") or event in OF_ORDERS:
            said["messageId"] = self._ids.of(one)
        self._add(EVENTS, index, who, one, Kind.TRACK, said)

    def _add(self, array: str, index: int, who: Who, one: Json, kind: Kind, said: Json) -> None:
        self.items.append(_item(array, (index,), who, one, Saying(kind, said)))

    def _traits(self, index: int, one: Json) -> Iterator[tuple[str, JsonValue]]:
        for name, value in one.items():
            if name in _NOT_TRAITS:
                continue
            if name in _CONSENT:
                says = f"'{name}' is not an attribute: tell consent to /subscription/status/set"
                self.complaints.append(Complaint(ATTRIBUTES, index, says, in_part=True))
            elif isinstance(value, dict) and _CHANGES & value.keys():
                says = f"'{name}': send the whole value; changes of a value are not taken"
                self.complaints.append(Complaint(ATTRIBUTES, index, says, in_part=True))
            else:
                yield _TRAITS.get(name, name), value


def _item(array: str, indexes: tuple[int, ...], who: Who, one: Json, saying: Saying) -> Item:
    named = {"userId" if who.kind == "external" else "anonymousId": who.value}
    context: dict[str, JsonValue] = {"library": {"name": "braze"}}
    only_known = one.get("_update_existing_only") is True
    return Item(
        array, indexes, who, Saying(saying.kind, {**saying.body, **named, "context": context}), only_known
    )


def _time(told: JsonValue) -> JsonValue:
    return _COLON_MILLISECONDS.sub(r"\1.\2", told) if isinstance(told, str) else told


def _is_unreadable(told: JsonValue) -> bool:
    """Whether a time is told that none can be made of; where none is told, it happens now."""
    return told not in (None, "") and instant_in(_time(told)) is None


def _object(one: Json, name: str) -> dict[str, JsonValue]:
    value = one.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: JsonValue) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
