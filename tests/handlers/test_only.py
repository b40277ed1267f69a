"""Only: one group stays, the others end with evidence, and nobody is opted in by it."""

import pytest

from bot.core.consent import ConsentSource
from bot.core.contact import SubscriptionState
from bot.core.errors import TellMember
from bot.core.groups import Group
from bot.core.turn import Turn
from handlers.only import only
from tests.handlers.scene import Scene

IN, OUT, PENDING = SubscriptionState.SUBSCRIBED, SubscriptionState.UNSUBSCRIBED, SubscriptionState.PENDING
GROUPS = {
    "loyalty": Group(
        "loyalty",
        {"en": "Rewards", "zh_Hans": "会员奖励"},
        keywords={"en": ("REWARDS",), "zh_Hans": ("奖励",)},
    ),
    "drops": Group("drops", {"en": "New arrivals"}, keywords={"en": ("ARRIVALS",)}),
    "big_sale": Group("big_sale"),
}


def scene(**states: SubscriptionState) -> Scene:
    return Scene(groups=GROUPS, subscriptions=states)


def changed(turn: Turn) -> list[tuple[str, str]]:
    return [(change.group, change.state.value) for change in turn.effects.consent]


@pytest.mark.parametrize(
    "words", ["rewards", "ONLY REWARDS", "the Rewards texts", "只要奖励", "only send me rewards"]
)
def test_the_others_end_with_the_words_as_evidence(words: str) -> None:
    turn = scene(loyalty=IN, drops=IN, big_sale=PENDING, gone=IN).turn(group=words)
    assert only(turn) == {"kept": "Rewards", "left": "big sale, New arrivals, gone"}
    assert changed(turn) == [
        ("big_sale", "unsubscribed"),
        ("drops", "unsubscribed"),
        ("gone", "unsubscribed"),
    ]
    change = turn.effects.consent[0]
    assert (change.words, change.source, change.channel) == ("YES", ConsentSource.KEYWORD, "sms")
    assert (change.provider_id, change.address) == ("SM1", "+12125550100")


def test_who_has_nothing_else_changes_nothing() -> None:
    turn = scene(loyalty=IN, drops=OUT).turn(group="rewards")
    assert only(turn) == {"kept": "Rewards", "left": ""}
    assert changed(turn) == []


@pytest.mark.parametrize("state", [OUT, PENDING])
def test_nobody_is_opted_in_by_it(state: SubscriptionState) -> None:
    turn = scene(loyalty=IN, drops=state).turn(group="arrivals")
    with pytest.raises(TellMember) as caught:
        only(turn)
    assert (caught.value.code, caught.value.facts) == ("not_in_it", {"group": "New arrivals"})
    assert changed(turn) == []


@pytest.mark.parametrize("words", ["", "coffee", "rewards and arrivals", "rewarding"])
def test_no_name_or_two_list_those_there_are(words: str) -> None:
    turn = scene(loyalty=IN, drops=IN).turn(group=words)
    with pytest.raises(TellMember) as caught:
        only(turn)
    assert (caught.value.code, caught.value.facts) == ("unknown_group", {"groups": "REWARDS, ARRIVALS"})
    assert changed(turn) == []


def test_who_is_in_no_group_hears_of_all() -> None:
    with pytest.raises(TellMember) as caught:
        only(scene().turn(group="coffee"))
    assert caught.value.facts == {"groups": "REWARDS, ARRIVALS, BIG SALE"}
