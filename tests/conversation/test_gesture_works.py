"""A gesture is stored and restored as the message it is."""

from datetime import UTC, datetime, timedelta

from bot.conversation.inbox import inbound_from, inbound_work
from bot.core.gestures import Gesture, GestureKind
from bot.core.messages import Inbound

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_a_gesture_comes_back_from_its_trigger() -> None:
    scanned = Inbound(
        provider="wechat",
        provider_id="wx1:9",
        channel="wechat",
        address="wx1/o1",
        to="wx1",
        text="",
        received_at=AT,
        facts={"ticket": "T"},
        gesture=Gesture(GestureKind.SCAN, "table-4"),
        answer_within=timedelta(seconds=3.5),
    )
    work = inbound_work(scanned)
    assert work.name == ("wechat", "wx1/o1")
    restored = inbound_from(work.trigger.payload, AT)
    assert (restored.gesture, restored.facts, restored.text) == (scanned.gesture, scanned.facts, "")
