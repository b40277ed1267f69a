"""Leanplum's requests, as its clients send them, in Segment's words."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.core.tracking.leanplum import (
    ACTIONS_MAX,
    Meaning,
    NotUnderstood,
    TooMany,
    Wants,
    meanings,
    read_request,
)
from bot.core.tracking.message import Kind

KEY = {"appId": "app_1", "clientKey": "prod_1"}
QUERY = {**KEY, "action": "multi", "time": "1700000010.5", "sdkVersion": "1.9.0"}
DEVICE = {"deviceId": "dev1", "userId": "dev1", "time": "1700000000.25"}


def asked(*actions: Mapping[str, Any], **query: str) -> list[Meaning]:
    body = json.dumps({"data": [{**KEY, **DEVICE, **action} for action in actions]}).encode()
    request = read_request({**QUERY, **query}, body)
    assert request.key == "prod_1"
    return meanings(request)


def test_an_app_is_opened_by_nobody_known() -> None:
    (started,) = asked(
        {
            "action": "start",
            "userAttributes": "{}",
            "city": "(detect)",
            "systemName": "iOS",
            "locale": "es_MX",
        }
    )
    assert started.wants is Wants.START
    (saying,) = started.sayings
    assert saying.kind is Kind.TRACK
    assert saying.body["event"] == "App Started"
    assert saying.body["properties"] == {"system": "iOS"}
    assert saying.body["anonymousId"] == "dev1"
    assert "userId" not in saying.body
    assert saying.body["timestamp"] == 1700000000.25
    assert saying.body["sentAt"] == 1700000010.5
    assert saying.body["context"] == {
        "library": {"name": "leanplum", "version": "1.9.0"},
        "locale": "es_MX",
    }


def test_an_app_is_opened_by_who_is_logged_in() -> None:
    (started,) = asked({"action": "start", "userId": "u1", "userAttributes": '{"plan": "pro"}'})
    known, opened = started.sayings
    assert known.kind is Kind.IDENTIFY
    assert (known.body["userId"], known.body["anonymousId"]) == ("u1", "dev1")
    assert known.body["traits"] == {"plan": "pro"}
    assert opened.body["userId"] == "u1"
    assert known.body["messageId"] != opened.body["messageId"]


def test_events_have_their_parameters_value_and_currency() -> None:
    bought, plain, shown, opened, nameless = asked(
        {
            "action": "track",
            "event": "Purchase",
            "value": "9.99",
            "currencyCode": "USD",
            "params": '{"sku": "TEA"}',
        },
        {"action": "track", "event": "Looked", "value": 0.0, "info": "twice"},
        {"action": "track", "messageId": "5"},
        {"action": "track", "messageId": "5", "event": "Open"},
        {"action": "track"},
    )
    assert bought.sayings[0].body["properties"] == {"sku": "TEA", "value": 9.99, "currency": "USD"}
    assert plain.sayings[0].body["properties"] == {"info": "twice"}
    assert shown.sayings[0].body["event"] == "Message Shown"
    assert opened.sayings[0].body["event"] == "Message Open"
    assert opened.sayings[0].body["properties"] == {"message_id": "5"}
    assert nameless == Meaning(warning="an event without a name is skipped")


def test_a_state_is_a_screen() -> None:
    (moved,) = asked({"action": "advance", "state": "Checkout", "params": '{"step": 2}'})
    assert moved.sayings[0].kind is Kind.SCREEN
    assert moved.sayings[0].body["name"] == "Checkout"
    assert moved.sayings[0].body["properties"] == {"step": 2}


def test_who_logs_in_is_known_on_the_device_from_then_on() -> None:
    (told,) = asked({"action": "setUserAttributes", "newUserId": "u2", "userAttributes": {"vip": True}})
    (saying,) = told.sayings
    assert (saying.body["userId"], saying.body["anonymousId"]) == ("u2", "dev1")
    assert saying.body["traits"] == {"vip": True}


def test_sent_again_it_is_the_same_and_twice_is_two() -> None:
    twice = {"action": "track", "event": "Tapped"}
    first, second = (one.sayings[0].body["messageId"] for one in asked(twice, twice))
    assert first != second
    # Leanplum's clients try again with another time of sending.
    again = [one.sayings[0].body["messageId"] for one in asked(twice, twice, time="1700000099")]
    assert again == [first, second]
    (later,) = asked({**twice, "time": "1700000001"})
    assert later.sayings[0].body["messageId"] not in {first, second}
    (timeless,) = asked({**twice, "time": None})
    assert "messageId" not in timeless.sayings[0].body


def test_what_is_answered_with_more() -> None:
    variables, inbox = asked({"action": "getVars"}, {"action": "getNewsfeedMessages"})
    assert variables.wants is Wants.VARIABLES
    assert inbox.wants is Wants.INBOX
    assert "log-in" in inbox.warning


def test_what_is_heard_warned_of_and_refused() -> None:
    heard, warned, refused, unknown, nobody = asked(
        {"action": "heartbeat"},
        {"action": "setDeviceAttributes", "webPushSubscription": "{}"},
        {"action": "deleteUser"},
        {"action": "danceTango"},
        {"action": "track", "event": "x", "deviceId": "", "userId": ""},
    )
    assert heard == Meaning()
    assert "nothing is pushed" in warned.warning
    assert "/erase" in refused.error
    assert "moving-from-leanplum" in unknown.error
    assert "skipped" in nobody.warning


def test_a_lone_action_stands_in_the_query_or_in_a_form() -> None:
    query = {**KEY, "action": "track", "event": "Tapped", "userId": "u1", "params": '{"a": 1}'}
    as_query = meanings(read_request(query, b""))
    as_form = meanings(read_request({}, urlencode(query).encode()))
    as_json = meanings(read_request({}, json.dumps({**query, "params": {"a": 1}}).encode()))
    assert as_query == as_form
    for (one,) in (as_query, as_json):
        assert one.sayings[0].body["userId"] == "u1"
        assert one.sayings[0].body["properties"] == {"a": 1}
    listed = json.dumps([{"action": "track", "event": "x", "deviceId": "d"}])
    assert len(meanings(read_request({**QUERY, "data": listed}, b""))) == 1


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({}, b""),
        (QUERY, b""),
        (QUERY, b'{"data": {}}'),
        (QUERY, b'{"data": ['),
        ({**QUERY, "data": "["}, b""),
        (QUERY, b'{"data": [1]}'),
    ],
)
def test_what_is_no_request(query: dict[str, str], body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_request(query, body)


def test_no_more_than_leanplum_takes() -> None:
    one = {"action": "track", "event": "x", "deviceId": "d"}
    assert len(asked(*[one] * ACTIONS_MAX)) == ACTIONS_MAX
    with pytest.raises(TooMany):
        asked(*[one] * (ACTIONS_MAX + 1))
    with pytest.raises(TooMany):
        asked(*({**one, "userId": f"u{number}"} for number in range(51)))


@pytest.mark.parametrize(
    "odd", [{"value": "nan"}, {"value": []}, {"params": "["}, {"time": "inf"}, {"time": {}}]
)
def test_odd_arguments_cost_nothing_but_themselves(odd: dict[str, Any]) -> None:
    (one,) = asked({"action": "track", "event": "x", **odd})
    assert one.sayings[0].body["event"] == "x"


def test_what_is_nested_too_deep_costs_itself_alone() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"in": deep}
    track = {"action": "track", "event": "Tapped"}
    one, other = asked({**track, "params": deep}, track)
    assert (one.sayings, one.warning) == ((), "too_deep; request skipped")
    assert len(other.sayings) == 1
