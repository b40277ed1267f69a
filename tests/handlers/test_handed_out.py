"""What the shop handed out is not waited for any more; what is unknown or closed stays as it is."""

from dataclasses import replace

from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from handlers.handed_out import handed_out
from tests.handlers.scene import NOW, Scene
from tests.handlers.taking import Member

CLAIM = Fulfilment("c1", "beans", "product", "K7Q2MD", 1500, FulfilmentState.CLAIMED, NOW, NOW, None, "UTC")


def test_the_reward_of_that_code_is_delivered() -> None:
    someone = Member(Scene(), kept={("fulfilment", "c1"): CLAIM})
    someone.does(handed_out, code="K7Q2MD")
    kept = someone.kept["fulfilment", "c1"]
    assert isinstance(kept, Fulfilment)
    assert kept.state is FulfilmentState.DELIVERED
    assert [event.name for event in someone.last.effects.events] == ["Reward Delivered"]


def test_what_is_not_waited_for_stays_as_it_is() -> None:
    canceled = replace(CLAIM, state=FulfilmentState.CANCELED)
    someone = Member(Scene(), kept={("fulfilment", "c1"): canceled})
    for code in ("K7Q2MD", "OTHERS", None):
        someone.does(handed_out, code=code)
        assert not someone.last.effects.kept
        assert not someone.last.effects.events
