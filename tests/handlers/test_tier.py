"""The level a member has, brought up to date before it is told."""

from datetime import date

from bot.core.deeds.tier_turns import tier_values
from bot.core.ids import microseconds
from bot.core.loyalty.program import Program
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Tiers, TierStanding, windows
from handlers.tier import tier
from tests.handlers.scene import NOW, PROGRAM, Scene

TIERS = Tiers.model_validate(
    {"per": "year", "levels": [{"id": "gold", "name": {"en": "Gold", "es": "Oro"}, "spend": "100.00"}]}
)
WITH_TIERS = Program.model_copy(PROGRAM, update={"tiers": TIERS})


def bought(minor: int) -> dict[str, object]:
    """What was bought this year."""
    (window,) = windows(TIERS, TierStanding(), "America/New_York", NOW)[:1]
    asked = f"{microseconds(window.since_at)}-{microseconds(window.until_at)}"
    end = microseconds(window.until_at)
    return {
        f"bought/spend/USD:{asked}": (minor,),
        f"bought/spend/USD:{asked},{end}-{end}": (minor, 0),
        "standing/tier": None,
    }


def test_what_was_earned_since_nobody_looked_is_reached_now() -> None:
    turn = Scene(program=WITH_TIERS, past=bought(10_000), locale="es").turn()
    assert tier(turn) == {"exists": True}
    kept = turn.effects.kept["standing", "tier"]
    assert isinstance(kept, Standing)
    assert (kept.value, kept.facts["until"]) == ("gold", "2026-12-31")
    (event,) = turn.effects.events
    assert (event.name, event.properties["tier_name"]) == ("Tier Reached", "Oro")


def test_nothing_is_kept_where_nothing_changed() -> None:
    turn = Scene(program=WITH_TIERS, past=bought(9_900)).turn()
    tier(turn)
    assert not turn.effects.kept
    assert not turn.effects.events
    told = tier_values(turn)
    assert (told["name"], told["next"], told["to_next"], told["counts"]) == (None, "Gold", 100, "spend")


def test_a_stranger_has_none_and_sees_how_far_it_is() -> None:
    turn = Scene(program=WITH_TIERS, is_member=False, past={"standing/tier": None}).turn()
    assert tier(turn) == {"exists": True}
    assert (tier_values(turn)["name"], tier_values(turn)["to_next"]) == (None, 10_000)


def test_a_program_without_tiers_says_so_and_lets_no_job_look_again() -> None:
    old = Standing("tier", "gold", NOW, look_at=NOW, facts={"until": date(2026, 1, 1).isoformat()})
    turn = Scene(past={"standing/tier": old}).turn()
    assert tier(turn) == {"exists": False}
    kept = turn.effects.kept["standing", "tier"]
    assert isinstance(kept, Standing)
    assert kept.look_at is None
    assert tier_values(turn)["name"] is None
