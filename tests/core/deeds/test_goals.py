"""Goals are reached in time, once for each entry, by what came last before; revenue is net."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.contact import Event, JsonValue
from bot.core.deeds.goals import (
    CONVERSION,
    ENTERED,
    OF_ORDER,
    Conversion,
    Entry,
    Received,
    goal_events,
    hear_goals,
    note_runs,
    with_windows,
)
from bot.core.experiments.experiment import Arm, Experiment, ExperimentGoal
from bot.core.flow.compiled import Flow
from bot.core.flow.run import Frame, Run, RunStatus
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from tests.core.flow.rig import NOON, Chat, Library, steps

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FLOW: Flow = steps(
    "- {id: hello, say: hi}\n- {id: offer, say: there}",
    more="goals: [{event: Order Completed, within: 7d}, {event: Session Started}]",
)
RUN = Run(
    id="a" * 30 + "00",
    flow="test",
    revision=1,
    status=RunStatus.DONE,
    started_at=NOON,
    channel="sms",
    frames=(Frame("test", 1, "offer"),),
    arms={"tone": "warm"},
    goals_until=NOON + 7 * DAY,
)
ORDER: dict[str, JsonValue] = {"order_id": "o1", "cash_minor": 1250, "currency": "USD"}


def happens(
    name: str,
    properties: dict[str, JsonValue] | None = None,
    *,
    at: datetime = NOON + HOUR,
    entries: tuple[Entry, ...] = (Entry(RUN),),
    before: tuple[Conversion, ...] = (),
    tracked: bool = True,
) -> Turn:
    """Let something happen: told by the shop, or (`tracked` False) by the turn itself."""
    chat = Chat.of(FLOW)
    chat.now = at
    chat.more = {ENTERED: entries, f"{OF_ORDER}/o1": before}
    event = Event(name, at, properties or {})
    turn = chat.turn(Trigger("e1", TriggerKind.EVENT, at, event=event if tracked else Event("x", at, {})))
    if not tracked:
        turn.track(name, properties or {})
    hear_goals(turn, Library(FLOW), goal_events([FLOW]))
    return turn


def converted(turn: Turn) -> dict[int, Conversion]:
    return {
        one.goal: one
        for (table, _), one in turn.effects.kept.items()
        if table == CONVERSION and isinstance(one, Conversion)
    }


def counted(turn: Turn) -> dict[tuple[str, str, str], tuple[int, int]]:
    effects = turn.effects
    return {
        (one.step, one.what, one.on_day): (times, effects.amounts.get(one, 0))
        for one, times in effects.counts.items()
    }


def test_an_order_in_time_converts_for_the_step_whose_message_came_last_before() -> None:
    received = (
        Received(NOON, "test", "hello"),
        Received(NOON + HOUR, "test", "offer"),
        Received(NOON + 3 * HOUR, "test", "hello"),
    )
    entries = (Entry(RUN, received=received),)
    turn = happens("Order Completed", ORDER, at=NOON + 2 * HOUR, entries=entries)
    (one,) = converted(turn).values()
    assert (one.run, one.goal, one.step, one.variant) == (RUN.id, 0, "offer", "tone=warm")
    assert (one.order_id, one.revenue_minor, one.currency) == ("o1", 1250, "USD")
    assert counted(turn) == {
        ("offer", "converted:0", "2026-11-24"): (1, 0),
        ("offer", "revenue:0:USD", "2026-11-24"): (1, 1250),
    }


def test_what_comes_before_the_first_message_counts_for_the_flow_and_no_step() -> None:
    entries = (Entry(RUN, received=(Received(NOON + 2 * HOUR, "test", "hello"),)),)
    assert converted(happens("Order Completed", ORDER, entries=entries))[0].step == ""


def test_the_message_of_a_called_flow_is_no_step_of_this_one() -> None:
    entries = (Entry(RUN, received=(Received(NOON, "other", "hello"),)),)
    assert converted(happens("Order Completed", ORDER, entries=entries))[0].step == ""


def test_each_goal_has_its_own_window_and_three_days_where_it_says_none() -> None:
    assert set(converted(happens("Order Completed", ORDER, at=NOON + 7 * DAY))) == {0}
    assert converted(happens("Order Completed", ORDER, at=NOON + 7 * DAY + HOUR)) == {}
    assert set(converted(happens("Session Started", at=NOON + 3 * DAY))) == {1}
    assert converted(happens("Session Started", at=NOON + 3 * DAY + HOUR)) == {}
    assert converted(happens("Order Completed", ORDER, at=NOON - HOUR)) == {}


def test_an_entry_reaches_a_goal_once_and_two_entries_reach_it_each() -> None:
    again = (Entry(RUN, reached=frozenset({0})),)
    assert converted(happens("Order Completed", ORDER, entries=again)) == {}
    other = replace(RUN, id="b" * 30 + "00")
    turn = happens("Order Completed", ORDER, entries=(Entry(RUN), Entry(other)))
    assert sum(turn.effects.counts.values()) == 4


def test_what_a_turn_itself_tracks_counts_too() -> None:
    assert set(converted(happens("Order Completed", ORDER, tracked=False))) == {0}


def test_whoever_is_let_in_by_an_event_has_not_reached_it() -> None:
    chat = Chat.of(FLOW)
    chat.more = {ENTERED: ()}
    event = Event("Order Completed", NOON, ORDER)
    turn = chat.turn(Trigger("e1", TriggerKind.EVENT, NOON, event=event))
    turn.put_run(replace(RUN, goals_until=None))
    library = Library(FLOW)
    note_runs(turn, library)
    hear_goals(turn, library, goal_events([FLOW]))
    assert converted(turn) == {}
    assert turn.effects.runs[RUN.id].goals_until == NOON + 7 * DAY
    assert {one.what for one in turn.effects.counts} == {"entries", "completed"}
    turn.track("Session Started", {})
    hear_goals(turn, library, goal_events([FLOW]))
    assert set(converted(turn)) == {1}, "what it does from then on counts"


def test_revenue_is_net_of_what_comes_back_and_stays_of_its_day() -> None:
    (bought,) = converted(happens("Order Completed", ORDER)).values()
    facts: dict[str, JsonValue] = {"order_id": "o1", "refunded": 250, "is_all": False}
    turn = happens("Order Refunded", facts, at=NOON + 5 * DAY, before=(bought,), tracked=False)
    assert converted(turn)[0].revenue_minor == 1000
    assert counted(turn) == {("", "revenue:0:USD", "2026-11-24"): (0, -250)}
    facts |= {"is_all": True}
    turn = happens("Order Refunded", facts, before=(converted(turn)[0],), tracked=False)
    assert converted(turn)[0].revenue_minor == 0
    assert happens("Order Canceled", {"order_id": "o1"}, before=(), tracked=False).effects.kept == {}


def test_revenue_may_be_told_in_whole_units() -> None:
    for revenue, minor in ((12.505, 1251), (3, 300)):
        found = converted(happens("Order Completed", {"revenue": revenue, "currency": "USD"}))
        assert found[0].revenue_minor == minor
    assert converted(happens("Order Completed", {"revenue": True}))[0].currency == ""


def test_days_are_the_shops() -> None:
    late = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # half past eleven in New York
    assert {day for _, _, day in counted(happens("Session Started", at=late))} == {"2026-11-24"}


def test_an_experiment_by_the_goals_of_its_flows_lasts_as_long_as_they_count() -> None:
    """Who met it last may yet do what counts: nothing is decided before."""
    arms = (Arm("usual", 5000), Arm("question", 5000))
    end = datetime(2026, 12, 1, tzinfo=UTC)
    tried = {
        "greeting": Experiment("greeting", arms, ends_at=end),
        "own": Experiment("own", arms, ends_at=end, goals=(ExperimentGoal("Bought", timedelta(days=1)),)),
    }
    split = "- split: {name}\n  arms:\n    question: [{say: Hello}]\n"
    both = split.replace("{name}", "greeting") + split.replace("{name}", "own")
    flow = steps(both, more="goals: [{event: A}, {event: B, within: 9d}]")
    short = steps(split.replace("{name}", "greeting"), more="goals: [{event: A}]")
    found = with_windows(tried, [flow, short])
    assert not found["greeting"].is_settled(end + timedelta(days=9) - timedelta(seconds=1))
    assert found["greeting"].is_settled(end + timedelta(days=9))
    assert found["own"] == tried["own"]
    assert with_windows(tried, [short])["greeting"].is_settled(end + timedelta(days=3)), "unless it says"
    assert with_windows(tried, []) == tried
