"""What a flow file is compiled to, and what becomes of runs when a new revision is."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.compile_waits import read_until
from bot.core.flow.migration import Fate, StepFate, end, migrate, plan_migration
from bot.core.flow.patterns import is_runaway
from bot.core.flow.run import RunStatus, WaitKind
from bot.core.flow.schedule import Strike, parse_schedule, parse_schedule_or_once
from bot.core.flow.wechat_forms import CardText
from bot.core.flow.where import where
from bot.core.forms import Card
from bot.core.gestures import GestureKind
from bot.core.messages import MessageClass
from tests.core.flow.rig import Chat, flow, steps


def complaints(source: str) -> list[str]:
    with pytest.raises(FlowError) as caught:
        flow(source)
    return [str(each).removeprefix("flows/test.yaml:") for each in (caught.value, *caught.value.others)]


def test_steps_are_flat_and_know_what_follows() -> None:
    compiled_flow = steps("""
        - if: a
          then:
            - say: yes
            - choose: Which?
              options: [Tea, {label: Coffee, then: [{say: Hot}]}]
              else: end
          else:
            - goto: last
        - id: last
          say: Bye
    """)
    assert {step.id: step.next for step in compiled_flow.steps} == {
        "1": "last",
        "1.then.1": "1.then.2",
        "1.then.2": "last",
        "1.then.2.else.1": None,
        "1.then.2.options.2.then.1": "last",
        "1.else.1": "last",
        "last": None,
    }
    assert [step.mark.line for step in compiled_flow.steps] == [5, 7, 8, 10, 9, 12, 13]


def test_a_flow_knows_its_words_and_who_starts_it() -> None:
    made = flow("""
        flow: test
        start:
          - {keyword: [Points, 积分], category: balance, match: contains, group: loyalty}
          - {message: {fallback: true}}
        steps: [{say: Hi}]
    """)
    assert [(word.text, word.target, word.kind, word.place) for word in made.keywords] == [
        ("Points", "test", "contains", "flows/test.yaml:4"),
        ("积分", "test", "contains", "flows/test.yaml:4"),
    ]
    assert made.starter_of("积分") is made.starters[0]
    assert made.starter_of("other") is None
    (say,) = made.steps
    assert isinstance(say, compiled.Say)
    assert say.delivery == compiled.Delivery(None, "loyalty", MessageClass.SERVICE)


def test_what_is_to_be_translated_carries_line_and_note() -> None:
    made = steps("- say: Hello\n  note: A greeting\n- say: |\n    Two lines\n    of it")
    assert [(each.source.strip(), each.line, each.note) for each in made.messages] == [
        ("Hello", 5, "A greeting"),
        ("Two lines\nof it", 8, ""),
    ]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (
            "- goto: nowere\n- id: nowhere\n  end:",
            "5:11: no step is called 'nowere' (did you mean 'nowhere'?)",
        ),
        (
            "- id: a\n  end:\n- id: a\n  end:",
            "7:5: two steps are called 'a' (the first on line 5) (give each its own id)",
        ),
        ("- say: '{{ x | foo }}'", "5:18: there is no filter 'foo' (did you mean 'floor'?)"),
        ("- say: |\n    fine\n    {{ x | nope }}", "7:14: there is no filter 'nope'"),
        ("- wait_until: 25:00", "5:17: '25:00' is not a time of day"),
        ("- wait_until: someday 10:00", "5:17: 'someday' is no weekday (write one of mon, tue, wed"),
        ("- wait_until: 2026-13-01 10:00", "5:17: '2026-13-01' is no date (write 10:00, fri 10:00"),
        ("- wait_for: {event: X, where: {total: '> much'}}", "5:33: total: > needs a number, not 'much'"),
        ("- do: x\n  with: {a: ['{{ b }}']}", "6:15: variables inside a list or mapping are not filled in"),
    ],
)
def test_a_mistake_is_said_where_it_stands(source: str, complaint: str) -> None:
    with pytest.raises(FlowError) as caught:
        steps(source)
    assert not caught.value.others
    assert str(caught.value).removeprefix("flows/test.yaml:").startswith(complaint)


def test_mistakes_of_starters_and_steps_are_said_together() -> None:
    said = complaints("""
        flow: test
        start:
          - message: '(\\w+)*x'
          - message: '(x'
          - schedule: dayly 10:00
          - keyword: ['!!']
        steps: [{say: '{{ x | foo }}'}]
    """)
    assert [each.split(":")[0] for each in said] == ["4", "5", "6", "7", "8"]


@pytest.mark.parametrize(
    "pattern", [r"(a+)+b", r"(\w+\s?)*$", r"(a|aa)+$", r"((ab)*c)*", r"((a+))*", r"(x+x+)+y", r"([^)]*)*"]
)
def test_patterns_that_may_run_for_ever_are_refused(pattern: str) -> None:
    assert is_runaway(pattern)


@pytest.mark.parametrize(
    "pattern", [r"order (?P<number>\d+)", r"^(yes|no)$", r"[(]+x*", r"\(+a", r"(abc)+", r"(?:re)?order"]
)
def test_ordinary_patterns_are_not(pattern: str) -> None:
    assert not is_runaway(pattern)
    assert re.compile(pattern).pattern == pattern


def test_a_pattern_gives_its_groups() -> None:
    starter = flow("{flow: test, start: [{message: 'order (?P<number>[0-9]+)'}], steps: [end]}").starters[0]
    assert isinstance(starter, compiled.MessageStarter)
    assert starter.match("My ORDER 17, please") == {"number": "17"}
    assert starter.match("hello") is None


# Times

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("schedule", "strikes"),
    [
        ("daily 12:00", ["2026-01-30 12:00", "2026-01-31 12:00", "2026-02-01 12:00"]),
        ("weekly mon,thu 09:00", ["2026-02-02 09:00", "2026-02-05 09:00", "2026-02-09 09:00"]),
        ("monthly 31 09:00", ["2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00"]),
        ("monthly 1,15 00:30", ["2026-02-01 00:30", "2026-02-15 00:30", "2026-03-01 00:30"]),
    ],
)
def test_a_schedule_strikes_at_civil_times(schedule: str, strikes: list[str]) -> None:
    now, seen = datetime(2026, 1, 30, 16, 0, tzinfo=UTC), []
    for _ in strikes:
        now = parse_schedule(schedule).next_after(now, NEW_YORK)
        seen.append(now.astimezone(ZoneInfo(NEW_YORK)).strftime("%Y-%m-%d %H:%M"))
    assert seen == strikes


def test_a_schedule_may_strike_once() -> None:
    schedule, noon = (
        parse_schedule_or_once("once 2026-12-24 10:00"),
        datetime(2026, 12, 24, 15, 0, tzinfo=UTC),
    )
    assert str(schedule) == "once 2026-12-24 10:00"
    assert schedule.strike_after(noon - timedelta(days=9), NEW_YORK) == Strike(noon, date(2026, 12, 24))
    assert schedule.strike_after(noon, NEW_YORK) is None
    assert schedule.latest(noon - timedelta(days=9), noon, NEW_YORK) == Strike(noon, date(2026, 12, 24))
    assert schedule.latest(noon, noon + timedelta(days=9), NEW_YORK) is None
    for text in ("once 24.12.2026 10:00", "once tomorrow", "once"):
        with pytest.raises(ValueError, match="write"):
            parse_schedule_or_once(text)
    with pytest.raises(ValueError, match="is no schedule"):
        parse_schedule("once 2026-12-24 10:00")  # what opens every week


@given(
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(0), timedelta(hours=2)),
    st.times(),
)
def test_where_it_may_not_strike_it_does_not(zone: str, since: datetime, span: timedelta, at: time) -> None:
    schedule = parse_schedule(f"daily {at:%H:%M}")
    if schedule.latest(since, since + span, zone) is not None:
        assert schedule.may_strike(since, since + span)
    assert not schedule.may_strike(since, since)
    assert schedule.may_strike(since, since + timedelta(minutes=15))


def test_a_schedule_is_written_as_it_is_read() -> None:
    for text in ("daily 09:05", "weekly mon,thu 09:00", "monthly 1,15 00:30"):
        assert str(parse_schedule_or_once(text)) == text


def test_a_date_that_a_zone_leaves_out_has_no_strike() -> None:
    """Samoa had no 30 December 2011: nobody there is started twice on the 31st."""
    eve, daily = datetime(2011, 12, 30, 5, 0, tzinfo=UTC), parse_schedule("daily 12:00")
    days = [daily.strike_after(eve, "Pacific/Apia")]
    assert days == [Strike(datetime(2011, 12, 30, 22, 0, tzinfo=UTC), date(2011, 12, 31))]


def test_what_wait_until_reads() -> None:
    assert read_until("10:00") == (time(10), None, None)
    assert read_until("Friday 18:30") == (time(18, 30), 4, None)
    assert read_until("2026-12-24 9:05") == (time(9, 5), None, date(2026, 12, 24))


def test_what_properties_may_be_asked() -> None:
    properties = {"total": "60.5", "status": "Paid", "gift": True, "ship": {"city": "Berlin"}, "tags": None}
    properties["products"] = [{"category": "coffee", "price": 4}, {"category": "tea", "price": 9}]
    for asked, holds in [
        ({"total": "> 60"}, True),
        ({"total": "<= 60"}, False),
        ({"total": 60.5}, True),
        ({"status": "paid"}, True),
        ({"status": ["open", "paid"]}, True),
        ({"status": "!= paid"}, False),
        ({"gift": True}, True),
        ({"gift": 1}, False),
        ({"ship.city": "berlin"}, True),
        ({"ship.street": "x"}, False),
        ({"missing": "!= x"}, True),
        ({"missing": "> 1"}, False),
        ({"total": "> 60", "gift": False}, False),
        ({"products.category": "tea"}, True),
        ({"products.category": ["tea", "beans"]}, True),
        ({"products.category": "beans"}, False),
        ({"products.category": "!= tea"}, False),
        ({"products.category": "!= beans"}, True),
        ({"products.price": "> 5"}, True),
        ({"tags.name": "x"}, False),
    ]:
        assert where(asked).holds(properties) is holds, asked  # type: ignore[arg-type]  # dicts of every kind


# New revisions

OLD = """
    flow: test
    start: [{keyword: GO}]
    steps:
      - {id: name, ask: Your name?, within: 1d, save: name}
      - {id: pause, wait: 7d}
      - {id: order, wait_for: {event: Order Completed}}
      - {id: size, choose: Size?, options: [S, L]}
"""
WAITING = {"name": 3, "pause": 20, "order": 1, "size": 2}


def new(on_publish: str) -> compiled.Flow:
    source = f"""
        flow: test
        on_publish: {on_publish}
        steps:
          - {{id: hello, ask: Who are you?, save: name}}
          - {{id: rest, wait: 2d}}
          - {{id: bye, say: "Bye {{{{ name }}}}"}}
    """
    return flow(source, revision=2)


def test_waiting_runs_stay_unless_the_author_says_otherwise() -> None:
    plan = plan_migration(flow(OLD), new("stay"), WAITING)
    assert plan.count(Fate.STAY) == 26
    assert plan_migration(flow(OLD), new("end"), WAITING).count(Fate.END) == 26
    assert plan.complaints == ()


def test_waiting_runs_are_counted_by_where_they_go() -> None:
    plan = plan_migration(flow(OLD), new("{move: {name: hello, pause: rest, order: end}}"), WAITING)
    assert plan.of("name") == StepFate("name", 3, Fate.MOVE, "hello")
    assert [plan.count(fate) for fate in (Fate.STAY, Fate.MOVE, Fate.END)] == [2, 23, 1]


def test_a_move_from_or_to_a_step_that_is_not_there_is_said() -> None:
    plan = plan_migration(flow(OLD), new("{move: {nam: hello, pause: rst}}"), WAITING)
    assert [str(error).removeprefix("flows/test.yaml:") for error in plan.complaints] == [
        "3:13: runs would move from 'nam', which revision 1 does not have (did you mean 'name'?)",
        "3:13: runs would move to 'rst', which is no step of this revision (did you mean 'rest'?)",
    ]


def test_a_question_that_moves_to_a_question_stays_asked() -> None:
    chat, newer = Chat.of(flow(OLD)), new("{move: {name: hello}}")
    chat.say("go")
    before = chat.run
    chat.library.flows["test", 2] = newer
    moved = migrate(before, newer, "hello", chat.now)
    assert (moved.revision, moved.version) == (2, before.version + 1)
    assert moved.wait is not None
    assert before.wait is not None
    assert (moved.wait.step, moved.wait.until) == ("hello", before.wait.until)
    chat.runs[moved.id] = moved
    assert chat.say("Ana") == []
    assert chat.advance(days=2)
    assert chat.run.status is RunStatus.DONE


def test_a_wait_that_moves_to_something_else_wakes_and_enters_it() -> None:
    chat, newer = Chat.of(flow(OLD)), new("{move: {name: bye}}")
    chat.say("go")
    chat.library.flows["test", 2] = newer
    chat.runs[chat.run.id] = migrate(chat.run, newer, "bye", chat.now)
    assert chat.run.wait is not None
    assert chat.run.wait.kind is WaitKind.TIME
    assert chat.advance(seconds=0) == ["Bye"]


def test_a_wait_that_moves_to_a_wait_keeps_its_time() -> None:
    chat, newer = Chat.of(flow(OLD)), new("{move: {pause: rest}}")
    chat.say("go")
    chat.say("Ana")
    chat.library.flows["test", 2] = newer
    chat.runs[chat.run.id] = migrate(chat.run, newer, "rest", chat.now)
    assert chat.advance(days=6) == []
    assert chat.advance(days=1) == ["Bye Ana"]


def test_inside_a_called_flow_only_the_place_in_it_moves() -> None:
    outer = flow("{flow: outer, start: [{keyword: OUT}], steps: [{call: test}, {say: Back}]}")
    chat, newer = Chat.of(flow(OLD), outer), new("{move: {name: bye}}")
    chat.say("out")
    chat.library.flows["test", 2] = newer
    chat.runs[chat.run.id] = migrate(chat.run, newer, "bye", chat.now)
    assert chat.run.revision == 1
    assert chat.advance(seconds=0) == ["Bye", "Back"]


def test_a_run_that_the_new_revision_ends_is_over() -> None:
    chat = Chat.of(flow(OLD))
    chat.say("go")
    over = end(chat.run)
    assert (over.status, over.wait, over.version) == (RunStatus.ENDED, None, chat.run.version + 1)


def test_durations_are_exact() -> None:
    (wait,) = steps("- wait: 1d12h").steps
    assert isinstance(wait, compiled.Wait)
    assert wait.duration == timedelta(days=1, hours=12)


def test_what_starts_on_gestures() -> None:
    found = flow("""
        flow: x
        start:
          - menu: [余额, 积分]
          - scan: [poster, table-*]
          - follow
          - {enter: , group: loyalty}
          - location
        steps: [end]
    """)
    menu, scan, *others = found.starters
    assert isinstance(menu, compiled.MenuStarter)
    assert menu.keys == ("余额", "积分")
    assert isinstance(scan, compiled.ScanStarter)
    assert scan.scenes == ("poster", "table-*")
    kinds = [one.kind for one in others if isinstance(one, compiled.GestureStarter)]
    assert kinds == [GestureKind.FOLLOW, GestureKind.ENTER, GestureKind.LOCATION]
    assert others[1].group == "loyalty"


def test_what_a_message_shows_on_wechat() -> None:
    found = flow("""
        flow: x
        steps:
          - say: {text: Hi, card: reorder, notice: shipped}
          - say: {text: Hi, card: {title: "Your {{ what }}", page: "pages/a?w={{ what }}", account: mini}}
    """)
    named, written = (step for step in found.steps if isinstance(step, compiled.Say))
    assert (named.delivery.card, named.delivery.notice) == ("reorder", "shipped")
    card = written.delivery.card
    assert isinstance(card, CardText)
    assert card.card({"what": "tea"}, "en") == Card("Your tea", "pages/a?w=tea", "mini")
    assert "Your {{ what }}" in [message.source for message in found.messages]


def test_conversations_are_held_on_their_channels() -> None:
    found = flow("""
        flow: x
        steps: [end]
        tests:
          - channel: wechat
          - follow
          - menu: 余额
          - test: Both
            channel: [sms, wechat]
            conversation: [say: a]
          - test: By text
            conversation: [say: a]
    """)
    assert [(one.name, one.channel) for one in found.tests] == [
        ("conversation (wechat)", "wechat"),
        ("Both", "sms"),
        ("Both (wechat)", "wechat"),
        ("By text", "sms"),
    ]
    assert [(move.kind, move.text) for move in found.tests[0].exchanges] == [("follow", ""), ("menu", "余额")]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("[menu: a]", "3:9 nobody can menu by SMS (write `channel: wechat` beside `test:`, or before"),
        ("[say: a, channel: wechat]", "3:17 `channel` stands behind lines it does not hold for"),
        ("[{test: a, channel: [sms, wechat], conversation: [tap: '1']}]", "3:58 nobody can tap by SMS"),
    ],
)
def test_what_a_test_cannot_do(lines: str, complaint: str) -> None:
    with pytest.raises(FlowError) as caught:
        flow(f"flow: x\nsteps: [end]\ntests: {lines}\n")
    error = caught.value
    assert f"{error.line}:{error.column} {error.problem} ({error.remedy})".startswith(complaint)
