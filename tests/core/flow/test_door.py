"""The door of a flow: who may start it, and why somebody may not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Event, JsonValue
from bot.core.control_group import PARTS, ControlGroup, Side
from bot.core.counting import Take
from bot.core.flow.compiled import Flow, ScheduleStarter
from bot.core.flow.door import admitted, run_id
from bot.core.flow.evaluations import Evaluation
from bot.core.flow.halts import Halt
from bot.core.gate import Policy
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, NeedsUnits, Snapshot, Turn
from tests.core.flow.rig import NOON, SHOP, Chat, flow, steps

MARKETING = "{flow: news, class: marketing, start: [api], steps: [{say: Look!}]}"
NOTHING: Mapping[str, JsonValue] = {}


def turn(chat: Chat, *, event: Event | None = None, inbound: Inbound | None = None) -> Turn:
    """Begin a turn of something that happens."""
    kind = TriggerKind.INBOUND if inbound else TriggerKind.EVENT if event else TriggerKind.START
    return chat.turn(Trigger("t", kind, chat.now, event=event, inbound=inbound))


def verdict(chat: Chat, about: Flow, **variables: JsonValue) -> str:
    """What is decided of a start by the shop."""
    return admitted(turn(chat), about, None, variables).reason.value


def test_nobody_enters_what_is_halted_and_it_is_on_record() -> None:
    one = flow("{flow: news, start: [api], steps: [{say: Look!}]}")
    for halt in Halt:
        chat = Chat.of(one)
        chat.shop = replace(SHOP, halted={"news": halt})
        assert chat.start("news") == []
        assert chat.runs == {}
        recorded = chat.effects.kept["evaluation", "news/"]
        assert recorded == Evaluation("news", "", NOON, halt.value)
        chat.shop = replace(SHOP, halted={"other": halt})
        assert chat.start("news") == ["Look!"]
        assert chat.effects.kept == {}  # there was nothing to decide


def test_the_control_group_enters_no_marketing_journey_unasked() -> None:
    chat = Chat.of(flow(MARKETING))
    sides = dict[Side, str]()
    for number in range(400):
        identifier = f"{number:032x}"
        sides.setdefault(ControlGroup(PARTS // 10, "s").side(identifier), identifier)
    chat.shop = replace(SHOP, policy=Policy(control=ControlGroup(PARTS // 10, "s")))
    for side, identifier in sides.items():
        chat.contact = replace(chat.contact, id=identifier)
        assert verdict(chat, flow(MARKETING)) == ("control" if side is Side.CONTROL else "entered")
    chat.contact = replace(chat.contact, id=sides[Side.CONTROL])
    asked = Inbound("twilio", "SM1", "sms", "+12125550101", "+12125550100", "NEWS", NOON)
    assert admitted(turn(chat, inbound=asked), flow(MARKETING), None, {}).is_in
    assert verdict(chat, steps("- say: Your order is here.")) == "entered"
    chat.start("news")
    recorded = chat.effects.kept["evaluation", "news/"]
    assert isinstance(recorded, Evaluation)
    assert recorded.verdict == "control"


@given(st.integers(1, 1500), st.integers(0, 1500), st.text(max_size=5))
def test_a_larger_control_group_keeps_who_is_in_and_moves_nobody_over(
    share: int, more: int, salt: str
) -> None:
    small, large = ControlGroup(share, salt), ControlGroup(share + more, salt)
    for number in range(30):
        before, after = small.side(f"{number:032x}"), large.side(f"{number:032x}")
        assert before in {after, Side.NEITHER}


def test_both_sides_are_as_large_as_they_should_be() -> None:
    group = ControlGroup(PARTS // 20, "2026")
    sides = [group.side(f"{number:032x}") for number in range(20_000)]
    for side in (Side.CONTROL, Side.TREATMENT):
        assert 900 < sides.count(side) < 1100


def test_a_schedule_is_for_members_and_for_an_audience_as_it_is_now() -> None:
    daily = flow("{flow: daily, start: [{schedule: daily 12:00}], steps: [{say: Noon.}]}")
    vips = flow("{flow: vips, start: [{schedule: daily 12:00, audience: vips}], steps: [{say: Noon.}]}")
    chat = Chat.of(daily, vips)
    (each,), (of_vips,) = daily.starters, vips.starters
    assert isinstance(each, ScheduleStarter)
    assert admitted(turn(chat), daily, each, NOTHING).reason == "no_member"
    chat.contact = replace(chat.contact, enrolled_at=NOON)
    assert admitted(turn(chat), daily, each, NOTHING).is_in
    out = admitted(turn(chat), vips, of_vips, NOTHING)
    assert (out.reason, out.facts) == ("not_in_audience", {"audience": "vips"})  # there is none of that name


def test_once_in_a_day_week_month_or_year_of_ones_own() -> None:
    """The trap of a number of hours: who came late yesterday comes today all the same."""
    late = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 23:00 on Monday, in New York
    for per, entered_at, outcome in (
        ("day", late, "entered"),
        ("day", late + timedelta(hours=2), "reentry"),
        ("week", late, "reentry"),
        ("week", late - timedelta(days=1), "entered"),
        ("month", datetime(2026, 11, 1, 5, tzinfo=UTC), "reentry"),
        ("month", datetime(2026, 11, 1, 3, tzinfo=UTC), "entered"),  # still October there
        ("year", datetime(2026, 1, 1, 6, tzinfo=UTC), "reentry"),
        ("year", datetime(2025, 12, 31, 6, tzinfo=UTC), "entered"),
    ):
        chat = Chat.of()
        chat.more = {"entered": {"test": entered_at}}
        assert verdict(chat, steps("- say: Hello", more=f"reentry: {{per: {per}}}")) == outcome, per
        chat.more = {"entered": {}}
        assert verdict(chat, steps("- say: Hello", more=f"reentry: {{per: {per}}}")) == "entered"


def test_once_for_each_order() -> None:
    review = flow(
        "{flow: review, reentry: {per: order}, start: [{event: Order Completed}], steps: [{say: How is it?}]}"
    )
    chat = Chat.of(review)
    first = run_id(chat.contact.id, "review", "order/1")
    chat.more = {"run_there/review/order/1": False, "run_there/review/order/2": False}
    assert chat.event("Order Completed", {"order_id": "1"}) == ["How is it?"]
    assert chat.run.id == first
    chat.more["run_there/review/order/1"] = True
    assert chat.event("Order Completed", {"order_id": "1"}) == []
    recorded = chat.effects.kept["evaluation", "review/"]
    assert isinstance(recorded, Evaluation)
    assert (recorded.verdict, recorded.facts) == ("reentry", {"per": "order", "key": "order/1"})
    assert chat.event("Order Completed", {"order_id": "2"}) == ["How is it?"]
    assert chat.event("Order Completed", {}) == ["How is it?"]  # of none that can be told from another


def test_a_key_may_be_a_variable_of_a_call() -> None:
    chat, keyed = Chat.of(), steps("- say: Hello", more="reentry: {per: parcel}")
    with pytest.raises(NeedsMore) as needs:
        verdict(chat, keyed, parcel=7)
    assert needs.value.name == "run_there/test/parcel/7"


def placed(chat: Chat, about: Flow, taken: dict[str, int]) -> tuple[str, dict[str, int]]:
    """What is decided where so many places are left, and what goes back."""
    takes: dict[Take, int] = {}
    while True:
        begun = chat.turn(Trigger("t", TriggerKind.START, chat.now))
        snapshot = Snapshot(begun.contact, (), {}, (), begun.snapshot.wallet, more=chat.more, taken=takes)
        begun = Turn(trigger=begun.trigger, snapshot=snapshot, shop=SHOP, now=chat.now, mint=lambda: "")
        try:
            reason = admitted(begun, about, None, NOTHING).reason
        except NeedsUnits as needs:
            takes[needs.take] = needs.take.granted(taken.get(needs.take.counter, needs.take.of or 0))
        else:
            return reason.value, begun.effects.given_back


def test_no_more_enter_than_there_are_places() -> None:
    chat, capped = Chat.of(), steps("- say: Hello", more="entry: {per_day: 2, total: 5}")
    day = "entry:test:2026-11-24"
    assert placed(chat, capped, {}) == ("entered", {})
    assert placed(chat, capped, {day: 0}) == ("cap_day", {})
    assert placed(chat, capped, {day: 1, "entry:test": 0}) == ("cap_total", {day: 1})


def test_who_is_kept_out_by_reentry_takes_no_place() -> None:
    chat = Chat.of()
    chat.more = {"entered": {"test": NOON - timedelta(days=3)}}
    kept_out = admitted(
        turn(chat), steps("- say: Hello", more="entry: {total: 1}\nreentry: 30d"), None, NOTHING
    )
    assert kept_out.reason == "reentry"
    assert kept_out.facts == {
        "last": (NOON - timedelta(days=3)).isoformat(),
        "again_at": (NOON + timedelta(days=27)).isoformat(),
    }
