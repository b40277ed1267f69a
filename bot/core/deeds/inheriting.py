"""What of the program a survivor takes over from the contact that turned out to be the same person.

The better tier wins, or a moment later what both bought together reaches; otherwise what the survivor has.
Offers go along, and arms of experiments that the survivor has not met; nobody is a friend of their own.
Welcome credit that waits goes along where the survivor was given none.
"""

from bot.core.contact import JsonValue
from bot.core.deeds import referring
from bot.core.deeds.left import LeftBehind
from bot.core.deeds.tier_turns import LOOK, TIER
from bot.core.enrolling import WAITS, is_welcomed
from bot.core.experiments.exposure import EXPOSURE
from bot.core.ids import microseconds
from bot.core.loyalty.referral import Refusal, State
from bot.core.loyalty.standing import Standing
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn


def take(turn: Turn, left: LeftBehind) -> None:
    """Take over standings, offers, grants, arms that were met, and who brought whom."""
    for standing in left.standings:
        if _is_better(turn, standing, left):
            turn.keep("standing", standing.kind, standing)
    for offer in left.offers:
        if offer.times_left(turn.now) > 0 and (offer.ends_at is None or offer.ends_at > turn.now):
            turn.keep("offer", offer.id, offer)
            turn.effects.renamed.append(("code", offer.code, left.contact.id))
    for (address, template), grant in left.grants.items():
        if grant.entries:
            turn.keep("subscribe_grant", f"{address} {template}", grant)
            for entry in grant.entries:
                turn.keep("subscribe_grant_entry", entry.key, entry)
    for exposure in left.exposures:
        turn.keep(EXPOSURE, exposure.experiment, exposure)  # what the survivor has met stays
    _part_friends(turn, left)
    if turn.program.tiers is not None and turn.contact.is_member:
        # What the other bought counts from now on, and the books of before this turn do not know it yet.
        payload: dict[str, JsonValue] = {"operation": LOOK, "body": {}}
        key = f"{turn.trigger.key}/tier"
        turn.effects.later.append(Trigger(key, TriggerKind.OPERATION, turn.now, payload))


def _is_better(turn: Turn, theirs: Standing, left: LeftBehind) -> bool:
    """Whether a standing of the other's takes the place of the survivor's."""
    if theirs.kind == referring.REFERRED and theirs.facts.get("advocate") == turn.contact.id:
        return False
    if theirs.kind == WAITS and is_welcomed(turn):
        return False
    mine = turn.needed("standing", theirs.kind)
    if not isinstance(mine, Standing):
        return True
    if theirs.kind == referring.REFERRED:
        return mine.facts.get("advocate") == left.contact.id
    if theirs.kind == TIER:
        return _place(turn, theirs.value) > _place(turn, mine.value)
    return False


def _place(turn: Turn, tier: str) -> int:
    tiers = turn.program.tiers
    ids = [level.id for level in tiers.levels] if tiers is not None else []
    return ids.index(tier) if tier in ids else -1


def _part_friends(turn: Turn, left: LeftBehind) -> None:
    """Undo that one of the two brought the other: what the survivor was rewarded with for it goes back."""
    brought = next((one for one in left.standings if one.kind == referring.REFERRED), None)
    if brought is not None and brought.facts.get("advocate") == turn.contact.id:
        rewarded = brought.value == State.QUALIFIED.value
        referring.told(
            turn,
            {
                "friend": left.contact.id,
                "state": (State.REVERSED if rewarded else State.REFUSED).value,
                "reason": Refusal.SELF_REFERRAL.value,
                "at": microseconds(turn.now),
            },
        )
    mine = turn.needed("standing", referring.REFERRED)
    kept = turn.effects.kept.get(("standing", referring.REFERRED))
    if kept is None and isinstance(mine, Standing) and mine.facts.get("advocate") == left.contact.id:
        referring.refuse(turn, Refusal.SELF_REFERRAL)
