"""The cards a shopper may send to friends: the texts of wechat.yaml, once there is something to show.

Nothing is given for sharing: a friend's first paid order is rewarded, wherever the friend came from.
"""

from urllib.parse import quote

from bot.core.contact import JsonValue
from bot.core.deeds.referring import own_code_if_taken
from bot.core.deeds.tier_turns import standing_in
from bot.core.flow.context import context
from bot.core.flow.wechat_forms import CardText
from bot.core.loyalty.catalogue import Reward
from bot.core.turn import Turn

SETUP, MILESTONE, TIER = "setup", "milestone", "tier"
_WEB = ("http://", "https://")


def shares(turn: Turn) -> dict[str, JsonValue]:
    """Show the cards that are true of the shopper now; who joined has the code of a friend in them."""
    contact, cards = turn.contact, turn.shop.wechat.shares
    if not contact.is_member or not cards:
        return {"shares": []}
    reward = _within_reach(turn)
    standing = standing_in(turn) if turn.program.tiers is not None else None
    there = {
        SETUP: contact.has_profile,
        MILESTONE: reward is not None,
        TIER: standing is not None and standing.level is not None,
    }
    named: dict[str, JsonValue] = {}
    if reward is not None:
        named["reward"] = {
            "name": turn.program.text(reward.name, contact.locale),
            "cost": reward.cost_minor,
        }
    code = own_code_if_taken(turn)
    shown: list[JsonValue] = [
        _card(turn, name, card, named, code) for name, card in cards.items() if there[name]
    ]
    return {"shares": shown}


def _card(
    turn: Turn, name: str, card: CardText, named: dict[str, JsonValue], code: str | None
) -> dict[str, JsonValue]:
    names, locale = context(turn, named), turn.contact.locale
    page = card.page.render(names, locale)
    if code is not None:
        page = f"{page}{'&' if '?' in page else '?'}r={quote(code)}"
    image = card.image if card.image.startswith(_WEB) else None
    return {"id": name, "title": card.title.render(names, locale), "path": f"/{page}", "image": image}


def _within_reach(turn: Turn) -> Reward | None:
    """The dearest reward that the shopper has enough for."""
    credit = turn.books.spendable(turn.now)
    rewards = [one for one in turn.program.rewards if 0 < one.cost_minor <= credit]
    return max(rewards, key=lambda one: one.cost_minor, default=None)
