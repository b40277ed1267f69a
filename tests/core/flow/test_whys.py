"""Why a contact is where it is in a flow: one sentence for each thing that can be on record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.audiences.audience import Explained
from bot.core.contact import Contact, JsonValue
from bot.core.flow.evaluations import Evaluation
from bot.core.flow.records import Record, Walked, Written, as_of
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.flow.whys import started_by, why
from bot.core.messages import OutboxState
from tests.core.flow.rig import flow

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
JOURNEY = flow("""
    flow: thanks
    start:
      - {event: Order Completed, where: {total: "> 50", status: paid}}
      - keyword: THANKS
      - {schedule: daily 12:00, audience: high_value}
    steps:
      - wait: 1d
        id: rest
      - id: large
        if: event.total > 100
        then:
          - {id: gold, say: You are golden}
        else:
          - {id: silver, say: Thank you}
      - {id: last, say: Bye}
""")
CONTACT = Contact("0" * 30 + "07", 7, "en", "America/New_York", NOW)
NOBODY = Record(CONTACT)
RUN = Run(
    id="r", flow="thanks", revision=1, status=RunStatus.WAITING, started_at=NOW, channel="sms",
    frames=(Frame("thanks", 1, "rest"),), variables={"event": {"total": 60}},
    wait=Wait(WaitKind.TIME, "rest", NOW + timedelta(days=1)),
)  # fmt: skip
INSIDE = replace(NOBODY, runs=(Walked(RUN, NOW),))
DONE = replace(NOBODY, runs=(Walked(replace(RUN, status=RunStatus.DONE, wait=None), NOW),))
MESSAGE = Written(
    "m", "silver", "sms", OutboxState.HELD, "quiet_hours", "it is night there", NOW, NOW + timedelta(hours=9),
    None, NOW, "r", "",
)  # fmt: skip


def said(record: Record, step: str | None = None, audience: Explained | None = None) -> str:
    audiences = {"high_value": audience or Explained("count > 2", 3, holds=False, seen=1, wanted="> 2")}
    starters = started_by(JOURNEY, record, audiences, NOW, "UTC")
    return why(JOURNEY, record, starters, JOURNEY.by_id[step] if step else None).verdict


def test_who_never_came_learns_each_clause_that_failed() -> None:
    order: dict[str, JsonValue] = {"total": 30, "status": "paid"}
    record = replace(NOBODY, events={"Order Completed": (NOW, order)}, texts=((NOW, "hello"),))
    assert said(record) == (
        "never came to its door: total > 50.0 (line 4): 30; keyword THANKS (line 5): not among the 1 latest"
        " texts; count > 2 (line 3): 1, wanted > 2"
    )
    assert said(record, "gold").startswith("not reached: never came to its door: total > 50.0 (line 4): 30;")
    assert "event Order Completed (line 4): it never happened" in said(NOBODY)
    assert "keyword THANKS (line 5): never texted" in said(NOBODY)


def test_a_starter_that_holds_is_no_reason() -> None:
    record = replace(NOBODY, texts=((NOW, "thanks!"),))
    assert said(record) == "is not in it, and no run or message of it is on record"


def test_who_is_in_the_audience_learns_when_the_hour_comes() -> None:
    audience = Explained("count > 2", 3, holds=True, seen=3, wanted="> 2")
    at_one = replace(NOBODY, contact=replace(CONTACT, zone="America/Chicago"))
    assert said(NOBODY, audience=audience) == (
        "has not come to its door: its schedule comes next on 2026-11-25 17:00 UTC for this contact"
    )
    assert "comes next on 2026-11-24 18:00 UTC" in said(at_one, audience=audience)
    told = started_by(JOURNEY, at_one, {"high_value": audience}, NOW, "UTC")[-1]
    assert told.text == "schedule, audience high_value, next on 2026-11-24 18:00 UTC"


def test_a_schedule_by_the_shop_s_clock_and_one_that_is_over() -> None:
    once = flow("""
        flow: once
        start:
          - {schedule: once 2026-11-24 17:30, in: shop}
          - {schedule: once 2026-11-24 11:00}
        steps:
          - {say: Hello}
    """)
    by_shop, own = started_by(once, NOBODY, {}, NOW, "UTC")
    assert by_shop.text == "schedule, every member, next on 2026-11-24 17:30 UTC"
    assert own.text == "schedule, every member, over"


def test_the_door_says_why_nobody_went_in() -> None:
    door = Evaluation("flow", "", NOW, "reentry", {"last": "2026-11-20"})
    assert said(replace(NOBODY, evaluations=(door,))) == "was at its door on 2026-11-24 17:00 UTC: reentry"


def test_a_run_says_where_it_stands() -> None:
    waits = "is in it: waits at step rest for its time until 2026-11-25 17:00 UTC"
    assert said(INSIDE) == waits
    assert said(INSIDE, "rest") == f"stands there: {waits}"
    assert said(INSIDE, "last") == f"not reached yet: {waits}"
    assert said(DONE) == "went through it, last at step rest, on 2026-11-24 17:00 UTC"
    handed = replace(RUN, wait=Wait(WaitKind.HANDED, "silver"))
    stands = "is in it: waits at step silver for its message to be handed over"
    assert said(replace(NOBODY, runs=(Walked(handed, NOW),))) == stands
    failed = replace(RUN, status=RunStatus.FAILED, wait=None, failure="Traceback\nno such thing")
    assert said(replace(NOBODY, runs=(Walked(failed, NOW),))).endswith("2026-11-24 17:00 UTC: no such thing")


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("gold", "left out: if: event.total > 100 [flows/test.yaml:10]: event.total was 60"),
        (
            "silver",
            "nothing is on record of this step: went through it, last at step rest, on 2026-11-24 17:00 UTC",
        ),
    ],
)
def test_a_branch_that_was_not_taken_names_its_condition(step: str, verdict: str) -> None:
    assert said(DONE, step) == verdict


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (MESSAGE, "held (quiet_hours) until 2026-11-25 02:00 UTC: it is night there"),
        (
            replace(MESSAGE, state=OutboxState.REFUSED, reason="unsubscribed", explanation=None),
            "refused (unsubscribed) on 2026-11-24 17:00 UTC",
        ),
        (
            replace(MESSAGE, state=OutboxState.DELIVERED, reason=None, explanation=None, handed_at=NOW),
            "handed over on 2026-11-24 17:00 UTC, delivered since",
        ),
    ],
)
def test_a_message_says_what_became_of_it(message: Written, verdict: str) -> None:
    record = replace(DONE, messages=(message,))
    assert said(record, "silver") == verdict
    assert said(replace(record, runs=())).endswith(f"its last message came at step silver: {verdict}")


LARGE = Evaluation("thanks", "large", NOW, "else", {"event.total": 60}, NOW + timedelta(days=3))


def test_a_run_that_is_over_is_told_of_by_what_its_steps_recorded() -> None:
    gone = replace(NOBODY, messages=(replace(MESSAGE, step="last"),), evaluations=(LARGE,))
    assert said(gone, "gold") == "left out: if: event.total > 100 [flows/test.yaml:10]: event.total was 60"
    assert said(gone, "large") == (
        "else on 2026-11-27 17:00 UTC, so since 2026-11-24 17:00 UTC: event.total was 60"
    )
    rested = Evaluation("thanks", "rest", NOW, "waits", {"until": "2026-11-25T17:00:00+00:00"})
    assert said(replace(DONE, evaluations=(rested,)), "rest") == (
        "waited since 2026-11-24 17:00 UTC, until 2026-11-25 17:00 UTC at most"
    )


def test_other_partings_say_which_way_was_taken() -> None:
    parted = flow("""
        flow: parted
        start: [{event: Order Completed}]
        steps:
          - id: who
            paths:
              - {audience: high_value, then: [{id: gold, say: You are golden}]}
              - else: [{id: silver, say: Thank you}]
          - id: greeting
            split: greeting
            arms: {usual: [{id: plain, say: Hello}], warm: [{id: warm, say: Dear friend}]}
    """)
    ran = replace(RUN, flow="parted", status=RunStatus.DONE, wait=None, variables={})
    record = replace(
        NOBODY,
        runs=(Walked(ran, NOW),),
        evaluations=(
            Evaluation("parted", "who", NOW, "else"),
            Evaluation("parted", "greeting", NOW, "arm warm"),
        ),
    )
    told = {step: why(parted, record, (), parted.by_id[step]).verdict for step in ("gold", "plain")}
    assert told == {
        "gold": "left out: paths [flows/test.yaml:5]: else, wanted way 1",
        "plain": "left out: split: greeting [flows/test.yaml:9]: arm warm, wanted arm usual",
    }
    assert [one.holds for one in why(parted, record, (), parted.by_id["warm"]).conditions] == [True]


def test_at_an_earlier_instant_only_what_was_known_by_then_counts() -> None:
    hour = timedelta(hours=1)
    waits = Evaluation("thanks", "rest", NOW, "waits", {"until": "2026-11-25T17:00:00+00:00"})
    delivered = replace(
        MESSAGE, state=OutboxState.DELIVERED, reason=None, explanation=None,
        created_at=NOW + 24 * hour, handed_at=NOW + 25 * hour, state_at=NOW + 26 * hour,
    )  # fmt: skip
    over = Walked(replace(RUN, status=RunStatus.DONE, wait=None), NOW + 24 * hour)
    whole = replace(NOBODY, runs=(over,), messages=(delivered,), evaluations=(LARGE, waits))

    def then(hours: float, step: str | None = None) -> str:
        return said(as_of(whole, NOW + hours * hour), step)

    assert then(-1).startswith("never came to its door")
    assert then(1) == ("was in it since 2026-11-24 17:00 UTC, at step large: else on 2026-11-24 17:00 UTC")
    assert then(1, "rest") == "waited since 2026-11-24 17:00 UTC, until 2026-11-25 17:00 UTC at most"
    assert then(1, "silver").startswith("not reached yet: was in it since")
    assert then(24, "silver") == "queued until 2026-11-25 02:00 UTC"
    assert then(25, "silver") == "handed over on 2026-11-25 18:00 UTC, sent since"
    assert then(26, "silver") == "handed over on 2026-11-25 18:00 UTC, delivered since"
    assert then(99, "large").startswith("else on 2026-11-27")
