"""Log lines: one JSON object each, and nothing in them that names a person."""

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator

import aiohttp
import pytest
import structlog
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import AccessLogger, configure_logs, hide_personal


class Lines(io.StringIO):
    """What was logged."""

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = Lines()
    configure_logs(stream, "debug")
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def hidden(**fields: object) -> dict[str, object]:
    return dict(hide_personal(None, "info", dict(fields)))


def test_a_line_is_a_json_object_with_a_constant_event_and_its_facts(lines: Lines) -> None:
    structlog.get_logger().info("turn_done", contact="0193b2f0c0de7abc8def0123456789ab", seconds=0.25)
    [event] = lines.events
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", str(event.pop("at")))
    assert event == {
        "event": "turn_done",
        "level": "info",
        "contact": "0193b2f0c0de7abc8def0123456789ab",
        "seconds": 0.25,
    }


@pytest.mark.parametrize(
    "name",
    [
        "body",
        "text",
        "address",
        "token",
        "authorization",
        "query",
        "first_name",
        "media_url",
        "auth_tokens",
        "Cookie",
    ],
)
def test_a_field_named_for_something_personal_is_hidden_whatever_it_holds(name: str) -> None:
    assert hidden(**{name: "x"}) == {name: "[hidden]"}
    assert hidden(more={name: ["x"]}) == {"more": {name: "[hidden]"}}


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("+15550100123", "[hidden]"),
        ("from +86 138 0013 8000!", "from [hidden]!"),
        ("15550100123", "[hidden]"),
        ("(555) 010-0123", "[hidden]"),
        ("to 555-010-0123", "to [hidden]"),
        ("ana@example.com", "[hidden]"),
        ("postgresql+asyncpg://me:hunter2@db:5432/shop", "postgresql+asyncpg://[hidden]:5432/shop"),
        (
            "https://bot.example.com/twilio/status?From=%2B15550100123",
            "https://bot.example.com/twilio/status?[hidden]",
        ),
        ("/l/abc?x=1&y=2 went", "/l/abc?[hidden] went"),
        ("Basic QUM6dG9rZW4=", "Basic [hidden]"),
        ("Authorization: bearer abc.def", "Authorization: bearer [hidden]"),
        ("oABCD-1234_abcdefghijklmnopq", "[hidden]"),
        ("oABCD1234abcdefghijklmnopqrs", "[hidden]"),
        (["+15550100123"], ["[hidden]"]),
        ({"to": ("+15550100123",)}, {"to": ["[hidden]"]}),
        (ValueError("no +15550100123"), "no [hidden]"),
    ],
)
def test_a_value_that_looks_personal_is_hidden(value: object, left: object) -> None:
    assert hidden(fact=value) == {"fact": left}


@pytest.mark.parametrize(
    "value",
    [
        "0193b2f0c0de7abc8def0123456789ab",
        "01234567890123456789012345678901",
        "0193b2f0-c0de-7abc-8def-0123456789ab",
        "2026-11-22T19:24:05.123456+00:00",
        "2026-11-22 19:24:05",
        "2026-11-22 21610 again",
        "127.0.0.1:8080",
        "flows/loyalty.yaml:12:3: what? a step (say)",
        "21610",
        1_732_303_445_000,
        0.25,
        True,
        None,
    ],
)
def test_ids_times_places_and_counts_stay(value: object) -> None:
    assert hidden(fact=value) == {"fact": value}


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"), st.text(alphabet=" ,;:'\"", max_size=3))
def test_no_number_in_international_form_passes(number: str, beside: str) -> None:
    assert number not in str(hidden(fact=f"sent{beside or ' '}{number}{beside}"))


class ViolationError(Exception):
    """An error as a database raises it: it quotes the row."""

    sqlstate = "23505"


def test_of_an_exception_types_codes_and_places_are_told_and_never_its_text(lines: Lines) -> None:
    words = "Failing row contains (my secret words)"

    def fail() -> None:
        raise ViolationError(words)

    def pass_on() -> None:
        try:
            fail()
        except ViolationError as error:
            raise RuntimeError(str(error)) from error

    try:
        pass_on()
    except RuntimeError:
        structlog.get_logger().exception("batch_failed")
    logging.getLogger("library").error("went wrong", exc_info=ViolationError(words))
    ours, theirs = lines.events
    told = str(ours["exception"])
    assert re.fullmatch(
        r"RuntimeError at test_logs\.py:\d+ < test_logs\.py:\d+; "
        r"after ViolationError 23505 at test_logs\.py:\d+ < test_logs\.py:\d+",
        told,
    )
    assert theirs["exception"] == "ViolationError 23505"
    assert "secret" not in str(lines.events)


def test_of_a_group_every_exception_is_told(lines: Lines) -> None:
    group = ExceptionGroup("my secret words", [ViolationError("more words"), OSError(28, "No space left")])
    structlog.get_logger().error("went_wrong", exc_info=group)
    [event] = lines.events
    assert event["exception"] == "ExceptionGroup; after ViolationError 23505; after OSError 28"


def test_what_libraries_say_joins_the_same_lines(lines: Lines) -> None:
    logging.getLogger("aiohttp.server").error("cannot answer %s", "+15550100123")
    logging.getLogger("aiohttp.server").info("chatter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=1)
    said, warned = lines.events
    assert (said["event"], said["library"], said["message"]) == (
        "library_said",
        "aiohttp.server",
        "cannot answer [hidden]",
    )
    assert warned["library"] == "py.warnings"


def test_lines_below_the_level_are_left_out(lines: Lines) -> None:
    configure_logs(lines, "warning")
    structlog.get_logger().info("turn_done")
    structlog.get_logger().warning("turn_failed")
    assert [event["event"] for event in lines.events] == ["turn_failed"]


def test_configuring_twice_says_everything_once(lines: Lines) -> None:
    configure_logs(lines, "debug")
    logging.getLogger("some.library").error("oh")
    assert len(lines.events) == 1


async def test_a_request_is_told_by_its_route_not_by_its_path(lines: Lines) -> None:
    async def contact(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/contacts/{address}", contact)
    runner = web.AppRunner(app, access_log_class=AccessLogger)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession() as session:
            for path in ("/contacts/+15550100123?name=Ana", "/nowhere/+15550100123?name=Ana"):
                async with session.get(f"http://{host}:{port}{path}") as answer:
                    await answer.read()
    finally:
        await runner.cleanup()
    requests = [event for event in lines.events if event["event"] == "http_request"]
    assert [(event["route"], event["status"]) for event in requests] == [
        ("/contacts/{address}", 200),
        ("unknown", 404),
    ]
    assert "5550100123" not in lines.getvalue()
    assert "Ana" not in lines.getvalue()
