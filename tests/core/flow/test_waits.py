"""Waiting: for several things at once, for dates and best times; ways by audience; and leaving at once."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.audiences.audience import Audiences
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.figures import Figures
from bot.core.best_time import ENOUGH, best_clock
from bot.core.contact import SubscriptionState
from bot.core.errors import FlowError
from bot.core.flow.check import check
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.reader import read
from bot.core.flow.run import RunStatus, WaitKind, events_of
from bot.core.turn import Turn
from tests.core.flow.rig import NOON, SHOP, Chat, flow

HEAD = "flow: test\ngroup: loyalty\nstart: [api]\n"
NEW_YORK = ZoneInfo("America/New_York")
RANKED = """
steps:
  - {id: offer, set: {a: 1}}
  - wait_for:
      any:
        - {event: Order Completed, where: {total: "> 50"}, save: it, then: [{say: "Bought {{ it.total }}."}]}
        - {click: offer, then: [{say: Clicked.}]}
        - {inbound: {keyword: [TEA]}, save: said, then: [{say: "Said {{ said.text }}."}]}
        - {answer: true, then: [{say: Answered.}]}
      take: %s
      within: 2d
      else: [{say: Nothing., id: none}]
  - say: Bye.
"""


def chat_of(text: str) -> Chat:
    chat = Chat.of(flow(HEAD + text))
    chat.subscriptions = {"loyalty": SubscriptionState.SUBSCRIBED}
    return chat


def clicked(step: str = "offer", name: str = "test") -> tuple[str, dict[str, str]]:
    return "Link Clicked", {"flow": name, "step": step}


def test_the_first_of_several_things_moves_it_on() -> None:
    chat = chat_of(RANKED % "first")
    chat.start("test")
    assert chat.run.wait is not None
    assert chat.run.wait.kind is WaitKind.ANY
    names = events_of(chat.run.wait.kind, chat.run.wait.facts)
    assert names == frozenset({"Answer Given", "Link Clicked", "Order Completed"})
    assert chat.event("Order Completed", {"total": 20}) == [], "it is not what is waited for"
    assert chat.event(*clicked("other")) == []
    assert chat.event(*clicked(name="others")) == []
    assert chat.event(*clicked()) == ["Clicked.", "Bye."]
    assert chat.counts["2 way 2"] == 1
    chat = chat_of(RANKED % "first")
    chat.start("test")
    assert chat.say("tea") == ["Said tea.", "Bye."]
    chat.start("test")
    assert chat.advance(days=2) == ["Nothing.", "Bye."]


def test_the_best_of_what_came_is_taken_at_the_end() -> None:
    chat = chat_of(RANKED % "best")
    chat.start("test")
    chat.say("tea")
    assert chat.event(*clicked()) == []
    assert chat.event("Answer Given", {"flow": "test"}) == [], "it stands lower"
    assert chat.advance(days=1, hours=23) == []
    assert chat.advance(hours=1) == ["Clicked.", "Bye."]
    chat.start("test")
    assert chat.advance(days=2) == ["Nothing.", "Bye."]


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("wait_for: {any: [{event: A}], event: B}", "`wait_for` needs one of"),
        ("wait_for: {any: [{event: A, click: true}]}", "this needs one of"),
        ("wait_for: {any: [{event: A}, {event: B}], take: best}", "`take: best` waits to the end"),
        ("wait_for: {inbound: {}, where: {a: 1}}", "`where` speaks of an event"),
        ("wait_until: {date: member.birthday, before: 1d, after: 1d}", "it cannot be before and after"),
        ("wait_until: {best_time: true}", "`best_time` and `fallback` go together"),
        ("wait_until: {date: member.birthday, at: noonish}", "'noonish' is not a time of day"),
        ("wait_for: {any: [{click: ofer}, {event: A}]}", "no step is called 'ofer'"),
        ("wait_for: {answer: stars}", "no step is called 'stars'"),
        ("paths: [{else: [end]}, {audience: vip}]", "paths after `else` are never reached"),
        ("paths: [{then: [end]}]", "a path needs `audience` or `else`"),
    ],
)
def test_what_makes_no_sense_is_said(step: str, complaint: str) -> None:
    with pytest.raises(FlowError) as raised:
        flow(f"{HEAD}steps:\n  - {step}")
    assert raised.value.problem.startswith(complaint), raised.value.problem


def test_what_no_file_has_is_complained_of() -> None:
    steps = (
        "steps:\n  - wait_until: {date: membr.birthday}\n  - paths: [{audience: vips, then: [end]}]\n  - end"
    )
    wrong = flow(f"{HEAD}exits: [{{audience: {{left: gone}}}}]\n{steps}")
    problems = [each.error.problem for each in check([wrong], handlers={}, audiences={"vip"})]
    assert "nothing here is called 'membr'" in problems
    assert [one for one in problems if "no audience" in one] == [
        "audiences.yaml has no audience 'gone'",
        "audiences.yaml has no audience 'vips'",
    ]


# Leaving


EXITS = """
exits:
  - {event: Order Completed, where: {total: "> 50"}}
  - audience: {left: vip}
steps:
  - id: first
    say: Come in!
  - %s
  - say: Never.
"""


@pytest.mark.parametrize(
    "wait",
    [
        "wait: 7d",
        "wait_until: fri 10:00",
        "wait_for: {event: Session Started, within: 7d}",
        "wait_for: {inbound: {}, within: 7d}",
        "{ask: Well?, within: 7d}",
        "call: inner",
    ],
)
@pytest.mark.parametrize(
    ("name", "properties"),
    [("Order Completed", {"total": 60}), ("Audience Exited", {"audience": "vip"})],
)
def test_an_exit_ends_it_at_once_in_whatever_wait(
    wait: str, name: str, properties: dict[str, object]
) -> None:
    inner = flow("flow: inner\nsteps: [{wait: 7d}]")
    chat = Chat.of(flow(HEAD + EXITS % wait), inner)
    chat.subscriptions = {"loyalty": SubscriptionState.SUBSCRIBED}
    chat.start("test")
    chat.event("Order Completed", {"total": 20})
    chat.event("Audience Exited", {"audience": "others"})
    assert chat.run.is_waiting
    assert chat.event(name, properties) == []  # type: ignore[arg-type]  # plain values
    assert chat.run.status is RunStatus.ENDED
    assert chat.advance(days=30) == []


def test_what_was_said_and_has_not_left_never_does_after_an_exit() -> None:
    """Who has bought in the night is not told in the morning what is left in the basket."""
    chat = chat_of(EXITS % "wait: 1d")
    chat.hands_over = False
    chat.start("test")
    assert chat.run.wait is not None
    assert chat.run.wait.kind is WaitKind.HANDED
    chat.event("Order Completed", {"total": 60})
    assert chat.run.status is RunStatus.ENDED
    assert chat.effects.withdrawn == [chat.run.id]


def test_an_exit_lets_the_question_before_it_be_asked_again() -> None:
    asks = flow("flow: asks\ngroup: loyalty\nstart: [{keyword: GO}]\nsteps: [{ask: First?}, {say: Thanks.}]")
    chat = Chat.of(flow(HEAD + EXITS % "{ask: Well?, within: 7d}"), asks)
    chat.subscriptions = {"loyalty": SubscriptionState.SUBSCRIBED}
    chat.say("GO")
    chat.start("test")
    assert chat.event("Order Completed", {"total": 60}) != []
    assert chat.say("tea") == ["Thanks."]


@pytest.mark.parametrize(("done", "said"), [("Order Completed", []), ("Other", ["Still open: First?"])])
def test_a_question_is_over_by_an_exit_that_was_done_in_another_flow(done: str, said: list[str]) -> None:
    def deed(turn: Turn) -> None:
        turn.track(done, {})

    asks = "flow: asks\nstart: [{keyword: ASK}]\nexits: [{event: Order Completed}]\nsteps: [{ask: First?}]"
    does = "flow: does\nstart: [{keyword: DO}]\nsteps: [{do: deed}, {say: Done.}]"
    chat = Chat.of(flow(asks), flow(does), handlers={"deed": HandlerSpec("deed", deed)})
    assert chat.say("ASK") == ["First?"]
    assert chat.say("DO") == ["Done.", *said]
    assert (chat.asking is None) == (not said)


# Ways


PATHS = """
steps:
  - paths:
      - {audience: spanish, then: [{say: Hola.}]}
      - {audience: known, then: [{say: Hello you.}]}
      - {else: [{say: Hello.}]}
  - say: Bye.
"""


def test_the_first_audience_somebody_is_in_says_the_way() -> None:
    rules = "spanish: {trait: {locale: es}}\nknown: {trait: {first_name: Ana}}"
    known = read_audiences(read(rules, "flows/audiences.yaml"), Around({}, tiers=[], groups=[]))
    chat = chat_of(PATHS)
    chat.shop = replace(SHOP, figures=Figures(Audiences(known, [])))
    assert chat.start("test") == ["Hello.", "Bye."]
    chat.contact = replace(chat.contact, first_name="Ana")
    assert chat.start("test") == ["Hello you.", "Bye."]
    chat.contact = replace(chat.contact, locale="es")
    assert chat.start("test") == ["Hola.", "Bye."]
    assert chat.counts["1 else"] == chat.counts["1 way 1"] == chat.counts["1 way 2"] == 1


# Dates


def until(chat: Chat) -> datetime | None:
    return chat.run.wait.until.astimezone(NEW_YORK) if chat.run.wait and chat.run.wait.until else None


def test_it_waits_for_the_next_birthday_in_the_contacts_zone() -> None:
    chat = chat_of("steps:\n  - wait_until: {date: member.birthday, at: '9:00', before: 3d}\n  - say: Soon!")
    chat.contact = replace(chat.contact, birthday_on=date(1990, 12, 25))
    chat.start("test")
    assert until(chat) == datetime(2026, 12, 22, 9, tzinfo=NEW_YORK)
    chat.contact = replace(chat.contact, birthday_on=date(1990, 11, 25))
    chat.start("test")  # tomorrow: three days before it has passed, the next is in a year
    assert sorted(run.wait.until for run in chat.runs.values() if run.wait and run.wait.until)[1] == datetime(
        2027, 11, 22, 9, tzinfo=NEW_YORK
    )


@pytest.mark.parametrize(("past", "said"), [("now", ["Now.", "Bye."]), ("skip", ["Bye."]), ("end", [])])
@pytest.mark.parametrize("renewal", ["2026-11-01", None, "soon"])
def test_a_date_that_has_passed_or_is_not_there_goes_as_the_step_says(
    past: str, said: list[str], renewal: str | None
) -> None:
    step = f"wait_until: {{date: member.renewal_on, after: 1d, past: {past}}}"
    chat = chat_of(f"steps:\n  - {step}\n  - say: Now.\n  - say: Bye.")
    chat.contact = replace(chat.contact, attributes={"renewal_on": renewal})
    assert chat.start("test") == said
    assert chat.run.status is RunStatus.DONE
    chat.contact = replace(chat.contact, attributes={"renewal_on": "2026-12-01"})
    chat.start("test")
    waiting = next(run for run in chat.runs.values() if run.is_waiting)
    assert waiting.wait is not None
    assert waiting.wait.until == datetime(2026, 12, 2, 10, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("told", "zone", "day"),
    [
        ("2026-12-02T03:00:00Z", "America/New_York", 1),  # 22:00 there, the day before
        ("2026-12-02T03:00:00Z", "Asia/Shanghai", 2),
        ("2026-12-01T22:00:00-05:00", "Asia/Shanghai", 2),
        ("2026-12-01T23:30:00", "Asia/Shanghai", 1),  # no zone: as it stands there
        ("2026-12-01", "Asia/Shanghai", 1),
        ("2026-12-01, at night", "Asia/Shanghai", 1),
    ],
)
def test_an_instant_is_on_the_day_that_it_is_where_the_contact_lives(told: str, zone: str, day: int) -> None:
    chat = chat_of("steps:\n  - wait_until: {date: member.renewal_on, at: '9:00'}\n  - say: Hi.")
    chat.contact = replace(chat.contact, attributes={"renewal_on": told}, zone=zone)
    chat.start("test")
    assert until(chat) == datetime(2026, 12, day, 9, tzinfo=ZoneInfo(zone))


def test_who_is_born_on_29_february_has_a_birthday_every_year() -> None:
    chat = chat_of("steps:\n  - wait_until: {date: member.birthday}\n  - say: Happy birthday!")
    chat.contact = replace(chat.contact, birthday_on=date(2000, 2, 29))
    chat.start("test")
    assert until(chat) == datetime(2027, 3, 1, 10, tzinfo=NEW_YORK)


@given(
    st.dates(date(1930, 1, 1), date(2020, 12, 31)),
    st.integers(-30, 30),
    st.sampled_from(["America/New_York", "Asia/Shanghai", "Pacific/Apia", "Europe/London"]),
)
def test_a_birthday_is_within_the_year_to_come_and_on_the_hour(born: date, days: int, zone: str) -> None:
    word = f"{'before' if days < 0 else 'after'}: {abs(days)}d" if days else "past: end"
    chat = chat_of(f"steps:\n  - wait_until: {{date: member.birthday, {word}}}\n  - say: Hi.")
    chat.contact = replace(chat.contact, birthday_on=born, zone=zone)
    chat.start("test")
    assert chat.run.wait is not None
    assert chat.run.wait.until is not None
    assert NOON < chat.run.wait.until <= NOON + timedelta(days=368)
    assert chat.run.wait.until.astimezone(ZoneInfo(zone)).hour == 10


def test_it_waits_for_the_hour_at_which_somebody_is_usually_there() -> None:
    chat = chat_of("steps:\n  - wait_until: {best_time: true, fallback: '18:00'}\n  - say: Hi.")
    evening = datetime(2026, 11, 1, 1, 20, tzinfo=UTC)  # 20:20 in New York, still summer: 21:20
    chat.more["active_at"] = tuple(evening - timedelta(days=day) for day in range(ENOUGH))
    chat.start("test")
    assert until(chat) == datetime(2026, 11, 24, 21, tzinfo=NEW_YORK)
    chat.runs.clear()
    chat.more["active_at"] = (evening,) * (ENOUGH - 1)
    chat.start("test")
    assert until(chat) == datetime(2026, 11, 24, 18, tzinfo=NEW_YORK)
    assert best_clock([NOON] * ENOUGH + [evening] * ENOUGH, "America/New_York") == time(12)
