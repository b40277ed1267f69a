"""Undoing a redemption: the same lots, the same end, the shop told; and a kind no for everything else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.errors import TellMember
from bot.core.ledger.entries import Entry, Reason
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.past import Redemption
from bot.core.turn import Turn
from handlers.redeem import redeem
from handlers.undo import UNDO_WITHIN, undo
from tests.handlers.scene import CONTACT, NOW, PROGRAM, Scene, a_lot, an_order


def redeemed(ago: timedelta = timedelta(minutes=1)) -> tuple[Entry, str]:
    """A latte's entry out of seven dollars, and its code."""
    turn = Scene(credit_minor=700).turn(reward="latte")
    result = redeem(turn)
    assert result is not None
    (entry,) = turn.books.entries
    return replace(entry, effective_at=NOW - ago), str(result["code"])


def afterwards(redemption: Redemption | None, scene: Scene | None = None) -> Turn:
    scene = scene or Scene(credit_minor=100)
    turn = replace(scene, past={"last_redemption": redemption}).turn("SM2")
    for lot in tuple(turn.books.lots.values()):
        turn.books.lots[lot.id] = replace(lot, granted_minor=700)  # most of it went for the latte
    return turn


def refused(turn: Turn) -> TellMember:
    with pytest.raises(TellMember) as caught:
        undo(turn)
    assert caught.value.code in undo.problems
    assert not turn.books.entries
    assert not turn.effects.calls
    assert not turn.effects.looked_at
    return caught.value


def test_the_credit_returns_into_its_lot_and_the_shop_hears_of_it() -> None:
    entry, code = redeemed()
    turn = afterwards(Redemption(entry))
    assert undo(turn) == {"name": "Any latte", "credit": 600, "code": code, "available": 700}
    (reversal,) = turn.books.entries
    assert (reversal.reason, reversal.reverses, reversal.key) == (
        Reason.REVERSE,
        entry.id,
        f"undo/{entry.id}",
    )
    lot = turn.books.lots[a_lot(1).id]
    assert (lot.available_minor, lot.expires_at) == (700, a_lot(1).expires_at)
    assert lot.id in turn.effects.looked_at
    (call,) = turn.effects.calls
    assert (call.key, call.kind) == (f"undo/{entry.id}", "reward.undone")
    assert call.payload == {
        "reward": "latte",
        "cost": 600,
        "code": code,
        "entry": entry.id,
        "contact": CONTACT,
    }
    assert [event.name for event in turn.effects.events] == ["Redemption Undone"]


def test_a_lot_that_was_emptied_is_asked_for() -> None:
    entry, _ = redeemed()
    with pytest.raises(NeedsMoreLots) as caught:
        undo(afterwards(Redemption(entry), Scene()))
    assert caught.value.lot_ids == (a_lot(1).id,)


def test_nothing_was_redeemed() -> None:
    assert refused(afterwards(None)).code == "nothing_to_undo"


def test_its_time_ends_after_a_quarter_of_an_hour() -> None:
    on_time, _ = redeemed(UNDO_WITHIN)
    assert undo(afterwards(Redemption(on_time)))
    late, _ = redeemed(UNDO_WITHIN + timedelta(seconds=1))
    no = refused(afterwards(Redemption(late)))
    assert (no.code, no.facts) == ("too_late", {"at": late.effective_at.isoformat(), "name": "Any latte"})


def test_once_is_enough() -> None:
    entry, _ = redeemed()
    first = afterwards(Redemption(entry))
    undo(first)
    no = refused(afterwards(Redemption(entry, undone_by=tuple(first.books.entries))))
    assert (no.code, no.facts) == ("undone_before", {"at": NOW.isoformat()})


def test_what_was_handed_out_stays() -> None:
    entry, code = redeemed()
    assert refused(afterwards(Redemption(entry, used=frozenset({code})))).code == "used"
    assert undo(afterwards(Redemption(entry, used=frozenset({"OTHERS"}))))


def _placed(minutes_ago: int, source: str) -> Callable[[], Scene]:
    order = replace(an_order("LATTE"), placed_at=NOW - timedelta(minutes=minutes_ago), source=source)
    return lambda: Scene(credit_minor=100, orders=(order,))


def test_an_order_by_text_that_came_last_is_what_is_meant() -> None:
    entry, _ = redeemed(timedelta(minutes=5))
    assert refused(afterwards(Redemption(entry), _placed(4, "sms")())).code == "order"
    assert refused(afterwards(None, _placed(4, "sms")())).code == "order"
    for minutes_ago, source in ((6, "sms"), (4, "pos")):  # before the reward; at the counter, with the reward
        assert undo(afterwards(Redemption(entry), _placed(minutes_ago, source)()))
    assert refused(afterwards(None, _placed(16, "sms")())).code == "nothing_to_undo"


def test_credit_that_has_ended_is_not_thrown_away() -> None:
    entry, _ = redeemed()
    turn = afterwards(Redemption(entry))
    lot = turn.books.lots[a_lot(1).id]
    turn.books.lots[lot.id] = replace(lot, expires_at=NOW, grace_until=NOW)
    assert refused(turn).code == "credit_ended"


# What was claimed goes back with it


def claimed(entry: Entry, code: str, state: FulfilmentState = FulfilmentState.CLAIMED) -> Fulfilment:
    at = entry.effective_at
    return Fulfilment(entry.id, "latte", "product", code, 600, state, at, at, None, "America/New_York")


def test_the_claim_is_canceled_and_its_unit_goes_back() -> None:
    entry, code = redeemed()
    few = tuple(reward.model_copy(update={"stock": 5}) for reward in PROGRAM.rewards)
    scene = Scene(credit_minor=100, program=PROGRAM.model_copy(update={"rewards": few}))
    turn = afterwards(Redemption(entry), scene)
    turn.snapshot = replace(
        turn.snapshot, more={**turn.snapshot.more, "fulfilments": (claimed(entry, code),)}
    )
    undo(turn)
    kept = turn.effects.kept["fulfilment", entry.id]
    assert isinstance(kept, Fulfilment)
    assert kept.state is FulfilmentState.CANCELED
    assert turn.effects.given_back == {"stock/reward/latte": 1}


@pytest.mark.parametrize(
    "state", [FulfilmentState.PREPARING, FulfilmentState.SENT, FulfilmentState.DELIVERED]
)
def test_what_the_shop_has_begun_with_stays(state: FulfilmentState) -> None:
    entry, code = redeemed()
    turn = afterwards(Redemption(entry))
    turn.snapshot = replace(
        turn.snapshot, more={**turn.snapshot.more, "fulfilments": (claimed(entry, code, state),)}
    )
    assert refused(turn).code == "used"
    assert not turn.effects.kept
