"""What a survivor takes over of the program: the better tier, offers, and no friend of its own."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.core.contact import Contact, JsonValue
from bot.core.deeds import inheriting
from bot.core.deeds.joining import survivor_of
from bot.core.deeds.left import LeftBehind
from bot.core.deeds.referring import REFERRED
from bot.core.deeds.tier_turns import TIER
from bot.core.enrolling import WAITS
from bot.core.ids import microseconds
from bot.core.loyalty.offers import Offer, OfferKind, Terms, Use
from bot.core.loyalty.program import Program
from bot.core.loyalty.referral import Brought, Refusal, State
from bot.core.loyalty.standing import Standing
from bot.core.turn import Turn
from tests.handlers.scene import CONTACT, NOW, PROGRAM, Scene

DAY = timedelta(days=1)
OTHER = "f" * 30 + "07"
LEVELS = {
    "levels": [
        {"id": "silver", "name": "Silver", "spend": "100"},
        {"id": "gold", "name": "Gold", "spend": "500"},
    ],
    "within": "12 months",
}
TIERED = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "tiers": LEVELS,
    }
)


def a_contact(contact_id: str, *, enrolled: int | None = None, created: int = 0) -> Contact:
    at = NOW + enrolled * DAY if enrolled is not None else None
    return Contact(contact_id, 7, "en", "UTC", NOW + created * DAY, enrolled_at=at)


def left(**what: object) -> LeftBehind:
    return LeftBehind(contact=a_contact(OTHER), **what)  # type: ignore[arg-type]  # by name


def a_turn(past: Mapping[str, object] | None = None, program: Program = PROGRAM) -> Turn:
    known: dict[str, object] = {f"standing/{REFERRED}": None, f"standing/{TIER}": None}
    return Scene(program=program, past={**known, **(past or {})}).turn()


@pytest.mark.parametrize(
    ("one", "other", "first"),
    [
        (a_contact("a", enrolled=1), a_contact("b", enrolled=0), "b"),
        (a_contact("a", enrolled=5, created=2), a_contact("b", created=0), "a"),
        (a_contact("a", created=1), a_contact("b", created=0), "b"),
        (a_contact("b"), a_contact("a"), "a"),
    ],
)
def test_the_survivor_was_enrolled_first_or_is_older(one: Contact, other: Contact, first: str) -> None:
    assert survivor_of(one, other).id == survivor_of(other, one).id == first


@pytest.mark.parametrize(
    ("mine", "theirs", "kept"),
    [
        (None, "silver", "silver"),
        ("silver", "gold", "gold"),
        ("gold", "silver", None),
        ("gold", "gold", None),
    ],
)
def test_the_better_tier_wins(mine: str | None, theirs: str, kept: str | None) -> None:
    own = Standing(TIER, mine, NOW) if mine else None
    turn = a_turn({"standing/tier": own}, TIERED)
    inheriting.take(turn, left(standings=(Standing(TIER, theirs, NOW),)))
    found = turn.effects.kept.get(("standing", TIER))
    assert (found.value if isinstance(found, Standing) else None) == kept


def test_what_the_survivor_stands_on_stays_and_what_it_does_not_is_taken() -> None:
    turn = a_turn({"standing/checkin": Standing("checkin", "mine", NOW), "standing/hours": None})
    theirs = (Standing("checkin", "theirs", NOW), Standing("hours", "theirs", NOW))
    inheriting.take(turn, left(standings=theirs))
    assert {key for _, key in turn.effects.kept} == {"hours"}


def an_offer(name: str, *, ends: int | None = 3, spent: bool = False) -> Offer:
    terms = Terms(OfferKind.AMOUNT, {}, amount_minor=500)
    uses = (Use("o1", None),) if spent else ()
    end = NOW + ends * DAY if ends is not None else None
    return Offer(name, "welcome_back", name.upper(), terms, NOW - DAY, NOW - DAY, end, uses)


def test_offers_that_are_good_go_along_with_their_codes() -> None:
    turn = a_turn()
    offers = (
        an_offer("good"),
        an_offer("ever", ends=None),
        an_offer("over", ends=-1),
        an_offer("used", spent=True),
    )
    inheriting.take(turn, left(offers=offers))
    assert {key for table, key in turn.effects.kept if table == "offer"} == {"good", "ever"}
    assert turn.effects.renamed == [("code", "GOOD", OTHER), ("code", "EVER", OTHER)]


def referred_by(advocate: str, state: State) -> Standing:
    facts: dict[str, JsonValue] = {"advocate": advocate, "code": "ABC", "joined_at": microseconds(NOW - DAY)}
    return Standing(REFERRED, state.value, NOW - DAY, facts=facts)


def test_nobody_is_a_friend_of_their_own() -> None:
    brought = Brought(OTHER, State.JOINED, at=NOW - DAY, changed_at=NOW - DAY)
    turn = a_turn({f"brought/{OTHER}": brought})
    inheriting.take(turn, left(standings=(referred_by(CONTACT, State.JOINED),)))
    kept = turn.effects.kept["referral", OTHER]
    assert isinstance(kept, Brought)
    assert (kept.state, kept.reason) == (State.REFUSED, Refusal.SELF_REFERRAL)
    assert ("standing", REFERRED) not in turn.effects.kept


def test_who_was_brought_by_the_other_was_brought_by_nobody() -> None:
    turn = a_turn({f"standing/{REFERRED}": referred_by(OTHER, State.JOINED)})
    inheriting.take(turn, left())
    kept = turn.effects.kept["standing", REFERRED]
    assert isinstance(kept, Standing)
    assert kept.value == State.REFUSED.value


def test_who_brought_the_other_brought_the_survivor() -> None:
    turn = a_turn()
    inheriting.take(turn, left(standings=(referred_by("d" * 32, State.JOINED),)))
    kept = turn.effects.kept["standing", REFERRED]
    assert isinstance(kept, Standing)
    assert kept.facts["advocate"] == "d" * 32


@pytest.mark.parametrize("is_welcomed", [True, False])
def test_welcome_credit_that_waits_is_for_who_had_none(*, is_welcomed: bool) -> None:
    turn = a_turn({f"standing/{WAITS}": None, "is_welcomed": is_welcomed})
    inheriting.take(turn, left(standings=(Standing(WAITS, "waits", NOW),)))
    assert (("standing", WAITS) in turn.effects.kept) is not is_welcomed
