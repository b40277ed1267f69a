"""Why: the rule and the consent behind the last text, in words a flow can choose by."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.consent import ConsentChange, ConsentSource
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.groups import Group
from bot.core.messages import MessageClass
from bot.core.past import LastText
from bot.core.triggers import TriggerKind
from bot.core.turn import NeedsMore
from handlers.why import why
from tests.handlers.scene import NOW, Scene

IN, OUT = SubscriptionState.SUBSCRIBED, SubscriptionState.UNSUBSCRIBED
GROUPS = {
    "loyalty": Group("loyalty", {"en": "Rewards", "es": "Premios"}, keywords={"en": ("REWARDS",)}),
    "drops": Group("drops", {"en": "New arrivals"}),
}
REMINDER = LastText(
    "m1", NOW, "sms", MessageClass.SERVICE, "loyalty", "reminder", "told", TriggerKind.CREDIT_EXPIRING
)


def line(group: str, state: SubscriptionState, words: str, days_ago: int) -> ConsentChange:
    at = NOW - timedelta(days=days_ago)
    return ConsentChange(group, "sms", state, words, ConsentSource.KEYWORD, at)


def explained(
    *texts: LastText, log: tuple[ConsentChange, ...] = (), locale: str = "en", but: str = ""
) -> dict[str, JsonValue]:
    past = {"latest_texts": texts, "consent_log": log}
    scene = Scene(past=past, groups=GROUPS, locale=locale, subscriptions={"loyalty": IN, "drops": OUT})
    result = why(scene.turn(but=but))
    assert result is not None
    assert set(result) <= why.returns
    return dict(result)


def test_the_past_is_loaded_only_where_it_is_asked_for() -> None:
    with pytest.raises(NeedsMore, match="latest_texts"):
        why(Scene().turn())


def test_a_reminder_rests_on_the_line_by_which_one_joined() -> None:
    log = (
        line("loyalty", IN, "JOIN", 90),
        line("loyalty", OUT, "STOP", 60),
        line("drops", IN, "DROPS", 50),
        line("loyalty", IN, "LOYALTY", 22),
        line("loyalty", IN, "join", 2),  # said again: it joined before
    )
    told = explained(REMINDER, log=log)
    assert (told["rule"], told["flow"], told["step"]) == ("credit_expiring", "reminder", "told")
    assert (told["group"], told["group_keyword"], told["groups"]) == ("Rewards", "REWARDS", 1)
    assert (told["joined_words"], told["joined_on"]) == ("LOYALTY", log[3].at.isoformat())
    assert explained(REMINDER, log=log, locale="es_MX")["group"] == "Premios"


def test_consent_that_came_later_is_none_of_its_reasons() -> None:
    told = explained(replace(REMINDER, at=NOW - timedelta(days=5)), log=(line("loyalty", IN, "LOYALTY", 2),))
    assert told["joined_on"] is None


def test_who_was_signed_up_by_the_shop_said_no_words() -> None:
    imported = replace(line("loyalty", IN, "list of 2025", 9), source=ConsentSource.IMPORT)
    told = explained(REMINDER, log=(imported,))
    assert (told["joined_on"], told["joined_words"]) == (imported.at.isoformat(), None)


@pytest.mark.parametrize(
    ("text", "rule", "event", "words"),
    [
        (replace(REMINDER, kind=TriggerKind.SCHEDULE), "schedule", None, None),
        (replace(REMINDER, kind=TriggerKind.START), "shop", None, None),
        (replace(REMINDER, kind=TriggerKind.TIMER), "shop", None, None),
        (replace(REMINDER, kind=TriggerKind.TIMER, variables={"keyword": "VIP"}), "begun", None, "VIP"),
        (
            replace(REMINDER, kind=TriggerKind.TIMER, variables={"event": {"name": "Cart Left"}}),
            "event",
            "Cart Left",
            None,
        ),
        (
            replace(REMINDER, kind=TriggerKind.EVENT, payload={"name": "Order Sent"}),
            "event",
            "Order Sent",
            None,
        ),
        (
            replace(REMINDER, kind=TriggerKind.INBOUND, payload={"text": " bal\n ance "}),
            "answer",
            None,
            "bal ance",
        ),
    ],
)
def test_every_cause_has_a_rule(text: LastText, rule: str, event: str | None, words: str | None) -> None:
    told = explained(text)
    assert (told["rule"], told["event"], told["words"]) == (rule, event, words)


def test_answers_of_the_flow_that_asks_are_passed_over() -> None:
    answer = replace(REMINDER, flow="why", kind=TriggerKind.INBOUND)
    assert explained(answer, REMINDER, but="why")["flow"] == "reminder"
    assert explained(answer, but="why") == {"rule": "nothing", "groups": 1, "joined_on": None, "group": None}


def test_long_words_are_cut() -> None:
    text = replace(REMINDER, kind=TriggerKind.INBOUND, payload={"text": "x" * 99})
    assert explained(text)["words"] == "x" * 37 + "..."
