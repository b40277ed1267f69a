"""Segment's wire format, as its page of the HTTP API and its spec say it, and as clients really send it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
import pytest

from bot.core.contact import JsonValue
from bot.core.tracking.message import Kind, Tracked
from bot.core.tracking.reading import Posted, Understood, read_batch, read_call

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINTED: Iterator[int] = count(1)
POSTED = Posted(NOON, "source", lambda: f"minted-{next(MINTED)}", ip="203.0.113.7")


def one(kind: Kind, **body: JsonValue) -> Tracked:
    """Read one call that holds a message."""
    understood = read_call(kind, body, POSTED)
    assert not understood.refused
    (message,) = understood.messages
    return message


def refused(kind: Kind, **body: JsonValue) -> str:
    """Read one call that holds none; returns why."""
    understood = read_call(kind, body, POSTED)
    assert not understood.messages
    (reason,) = understood.refused
    return reason


def batch(*items: Any, posted: Posted = POSTED, **around: JsonValue) -> Understood:  # noqa: ANN401  # JSON
    """Read a batch."""
    body: dict[str, JsonValue] = {"batch": list(items), **around}
    return read_batch(body, posted, len(orjson.dumps(body)))


def test_a_track_call() -> None:
    message = one(
        Kind.TRACK,
        userId="019mr8mf4r",
        anonymousId=None,
        messageId="ajs-1",
        event=" Item Purchased ",
        properties={"name": "Leap to Conclusions Mat", "revenue": 14.99},
        context={"ip": "24.5.68.47"},
        integrations={"All": False, "Mixpanel": True},
        timestamp="2012-12-02T00:30:12.984Z",
        writeKey="k",
    )
    assert message == Tracked(
        kind=Kind.TRACK,
        message_id="ajs-1",
        user_id="019mr8mf4r",
        anonymous_id=None,
        event="Item Purchased",
        properties={"name": "Leap to Conclusions Mat", "revenue": 14.99},
        traits={},
        context={"ip": "24.5.68.47"},
        at=datetime(2012, 12, 2, 0, 30, 12, 984_000, UTC),
        received_at=NOON,
        source_id="source",
        options={"All": False, "Mixpanel": True},
    )


def test_an_identify_call() -> None:
    message = one(Kind.IDENTIFY, userId="u", anonymousId="a", traits={"email": "jake@example.com"})
    assert (message.event, message.traits, message.properties) == (None, {"email": "jake@example.com"}, {})
    assert (message.user_id, message.anonymous_id, message.at) == ("u", "a", NOON)


@pytest.mark.parametrize(("kind", "event"), [(Kind.PAGE, "Page Viewed"), (Kind.SCREEN, "Screen Viewed")])
def test_pages_and_screens_are_events(kind: Kind, event: str) -> None:
    message = one(
        kind, anonymousId="a", name="Teas", category="Shop", properties={"url": "/teas", "name": "x"}
    )
    assert (message.event, message.properties) == (
        event,
        {"url": "/teas", "name": "Teas", "category": "Shop"},
    )
    assert one(kind, anonymousId="a", name=None, category=None).properties == {}


def test_a_group_is_an_event_with_the_groups_traits() -> None:
    message = one(Kind.GROUP, userId="u", groupId=12, traits={"name": "Initech"})
    assert (message.event, message.group_id) == ("Group Joined", "12")
    assert (message.properties, message.traits) == (
        {"name": "Initech", "group_id": "12"},
        {"name": "Initech"},
    )


def test_an_alias_names_the_one_before() -> None:
    # As segment-analytics-python sends it: anonymousId is null, and said.
    message = one(Kind.ALIAS, previousId="before", userId="after", anonymousId=None)
    assert (message.previous_id, message.user_id, message.event) == ("before", "after", None)


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        (Kind.TRACK, {"event": "x"}, "no_user_anon_id"),
        (Kind.TRACK, {"event": "x", "userId": "", "anonymousId": None}, "no_user_anon_id"),
        (Kind.TRACK, {"event": "x", "userId": True}, "no_user_anon_id"),
        (Kind.TRACK, {"event": "x", "userId": {"id": 1}}, "no_user_anon_id"),
        (Kind.TRACK, {"userId": "u"}, "no_event"),
        (Kind.TRACK, {"userId": "u", "event": "  "}, "no_event"),
        (Kind.TRACK, {"userId": "u", "event": 7}, "no_event"),
        (Kind.TRACK, {"userId": "u", "event": "x" * 201}, "event_too_long"),
        (Kind.TRACK, {"userId": "u" * 201, "event": "x"}, "id_too_long"),
        (Kind.TRACK, {"userId": "u", "event": "x", "properties": ["y"]}, "bad_properties"),
        (Kind.IDENTIFY, {"userId": "u", "traits": "gold"}, "bad_traits"),
        (Kind.GROUP, {"userId": "u"}, "no_group_id"),
        (Kind.ALIAS, {"userId": "u"}, "no_previous_id"),
    ],
)
def test_what_is_missing_is_named(kind: Kind, body: dict[str, JsonValue], reason: str) -> None:
    assert refused(kind, **body) == reason


@pytest.mark.parametrize(
    "nobody",
    [
        *(0, -1, "0", "-1", "-", "00000000-0000-0000-0000-000000000000"),
        *("null", "undefined", "None", "NaN", "anonymous", "[object Object]"),
    ],
)
def test_ids_that_strangers_share_are_nobodys(nobody: JsonValue) -> None:
    assert refused(Kind.TRACK, event="x", userId=nobody) == "no_user_anon_id"
    assert one(Kind.TRACK, event="x", userId=nobody, anonymousId="a").user_id is None


def test_numbers_are_ids_too() -> None:
    assert one(Kind.TRACK, event="x", userId=4711).user_id == "4711"
    assert one(Kind.TRACK, event="x", userId=" Nan ").user_id == "Nan"


def test_a_message_without_an_id_gets_one() -> None:
    first, second = (one(Kind.TRACK, event="x", userId="u", messageId=given) for given in (None, ""))
    assert first.message_id.startswith("minted-")
    assert first.message_id != second.message_id


def test_a_long_id_of_a_message_stays_the_same_and_fits_an_index() -> None:
    long, other = "m" * 101, "m" * 102
    ids = [
        one(Kind.TRACK, event="x", userId="u", messageId=given).message_id for given in (long, long, other)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) <= 100
    assert one(Kind.TRACK, event="x", userId="u", messageId="m" * 100).message_id == "m" * 100


def test_properties_that_are_null_are_none() -> None:
    message = one(Kind.TRACK, event="x", userId="u", properties=None, context=None, integrations=None)
    assert (message.properties, message.context, message.options) == ({}, {}, {})


def test_the_address_is_taken_from_the_line_where_a_device_sends_itself() -> None:
    assert one(Kind.TRACK, event="x", userId="u", context={"direct": True}).context["ip"] == "203.0.113.7"
    kept = one(Kind.TRACK, event="x", userId="u", context={"direct": True, "ip": "24.5.68.47"})
    assert kept.context["ip"] == "24.5.68.47"
    assert "ip" not in one(Kind.TRACK, event="x", userId="u", context={}).context


def test_a_batch_says_what_its_messages_do_not() -> None:
    understood = batch(
        {"type": "track", "event": "x", "userId": "u", "context": {"locale": "fr"}},
        {"type": "identify", "userId": "u", "integrations": {"All": True}},
        context={"locale": "en", "library": {"name": "n"}},
        integrations={"All": False},
    )
    track, identify = understood.messages
    assert track.context == {"locale": "fr", "library": {"name": "n"}}
    assert identify.context == {"locale": "en", "library": {"name": "n"}}
    assert (track.options, identify.options) == ({"All": False}, {"All": True})


def test_a_batch_is_corrected_by_when_it_was_sent() -> None:
    # The client's clock is an hour ahead, in all it writes.
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    item = {"type": "track", "event": "x", "userId": "u", "timestamp": (NOON + hour - minute).isoformat()}
    sent_at = (NOON + hour).isoformat()
    (told,) = batch(item, sentAt=sent_at).messages
    assert told.at == NOON - minute
    (itself,) = batch({**item, "sentAt": (NOON + hour + minute).isoformat()}, sentAt=sent_at).messages
    assert itself.at == NOON - 2 * minute, "what a message says itself goes first"
    (uncorrected,) = batch(item).messages
    assert uncorrected.at == NOON, "nothing happens in the future"


def test_what_was_received_elsewhere_has_its_time_right() -> None:
    # As Segment's webhook passes events on, hours later.
    passed_on = one(
        Kind.TRACK,
        event="x",
        userId="u",
        originalTimestamp="2026-11-24T03:00:00Z",
        sentAt="2026-11-24T03:00:01Z",
        receivedAt="2026-11-24T02:00:01Z",
        timestamp="2026-11-24T02:00:00Z",
    )
    assert passed_on.at == NOON - timedelta(hours=10)
    original = one(Kind.TRACK, event="x", userId="u", originalTimestamp="2026-11-24T03:00:00Z")
    assert original.at == NOON - timedelta(hours=9)


def test_history_keeps_its_times() -> None:
    old = {"action": "track", "event": "x", "userId": "u", "timestamp": "2019-05-01T10:00:00Z"}
    (message,) = batch(old, posted=replace(POSTED, is_history=True), sentAt="2026-11-24T11:59:00Z").messages
    assert (message.at, message.is_history) == (datetime(2019, 5, 1, 10, tzinfo=UTC), True)


def test_one_bad_message_does_not_cost_the_others() -> None:
    good = {"type": "track", "event": "x", "userId": "u"}
    understood = batch(good, "text", None, {"type": "dance"}, {"userId": "u"}, {"type": "track"}, good)
    assert len(understood.messages) == 2
    assert understood.refused == {"no_object": 2, "no_such_type": 2, "no_user_anon_id": 1}


def test_a_message_of_a_batch_is_no_larger_than_a_call() -> None:
    fits = {"type": "track", "event": "x", "userId": "u", "properties": {"note": ""}}
    room = 32 * 1024 - len(orjson.dumps(fits))
    fits["properties"] = {"note": "n" * room}
    large = {**fits, "properties": {"note": "n" * (room + 1)}}
    understood = batch(fits, large)
    assert len(understood.messages) == 1
    assert understood.refused == {"too_large": 1}


def test_a_batch_has_2500_messages_or_none() -> None:
    item = {"type": "track", "event": "x", "userId": "u"}
    assert len(batch(*[item] * 2500).messages) == 2500
    understood = batch(*[item] * 2501)
    assert (understood.messages, understood.refused) == ([], {"over_2500_messages": 2501})


def test_a_batch_without_messages_is_said_to_be_none() -> None:
    assert read_batch({}, POSTED, 2).refused == {"no_batch": 1}
    assert read_batch({"batch": {}}, POSTED, 2).refused == {"no_batch": 1}
    assert batch().refused == {}


def test_depth_is_bounded() -> None:
    def nested(levels: int) -> JsonValue:
        value: JsonValue = 1
        for level in range(levels):
            value = [value] if level % 2 else {"a": value}
        return value

    assert one(Kind.TRACK, event="x", userId="u", properties={"deep": nested(14)}).event == "x"
    assert refused(Kind.TRACK, event="x", userId="u", properties={"deep": nested(15)}) == "too_deep"
