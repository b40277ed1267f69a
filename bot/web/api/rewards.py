"""Rewards that members claim, and where they are; units of drops that are kept for them."""

from bot.web.api.asked import Asked, member_id, operate
from bot.web.api.bodies import AdvanceBody, ClaimBody
from bot.web.rest.asked import Json, Told


async def claim(asked: Asked) -> Told:
    """Trade credit for a reward."""
    return await _operate(asked, "reward.claim", {"reward": asked.body_as(ClaimBody).reward})


async def advance(asked: Asked) -> Told:
    """Say where a claimed reward is."""
    body = asked.body_as(AdvanceBody).model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return await _operate(asked, "fulfilment.advance", {**body, "claim": asked.path["claim"]})


async def pay(asked: Asked) -> Told:
    """What was to be paid for reserved units is paid."""
    return await _operate(asked, "reservation.pay", {"reservation": asked.path["reservation"]})


async def give_up(asked: Asked) -> Told:
    """Nobody wants the reserved units any more."""
    return await _operate(asked, "reservation.give_up", {"reservation": asked.path["reservation"]})


async def _operate(asked: Asked, name: str, fields: Json) -> Told:
    contact_id = await member_id(asked, asked.path["member"], "path/member")
    return await operate(asked, name, fields, contact_id=contact_id)
