"""Who a shopper is at our pages, and what there is at the shop."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import spinning
from bot.core.deeds.inbox_turns import unread_of
from bot.core.deeds.tier_turns import tier_of
from bot.core.pages.speech import LANGUAGES, language_of, stamp
from bot.core.turn import Turn

NAMES: Mapping[str, str] = {"en": "English", "es": "Español", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
"""What our languages call themselves."""
assert set(NAMES) == set(LANGUAGES), "each has a name"

_SMS = "sms"


def me_of(turn: Turn, channel: str) -> dict[str, JsonValue]:
    """Say who the shopper is, who came by that channel."""
    contact = turn.contact
    numbers = [value for kind, value in turn.addresses if kind == _SMS]
    return {
        "member": contact.is_member,
        "first_name": contact.first_name,
        "birthday": contact.birthday_on.isoformat() if contact.birthday_on else None,
        "language": language_of(contact.locale),
        "languages": [{"tag": tag, "name": NAMES[tag]} for tag in LANGUAGES],
        "phone": masked(numbers[0]) if numbers else None,
        "tier": _tier(turn),
        "joined_at": stamp(contact.enrolled_at) if contact.enrolled_at else None,
        "unread": unread_of(turn),
        "currency": turn.program.currency.code,
        "exponent": turn.program.currency.exponent,
        "shop": _shop(turn),
        "features": _features(turn, channel),
        "channel": channel,
    }


def masked(number: str) -> str:
    """A phone number as others may see it over one's shoulder: only its end."""
    return f"••• {number[-4:]}"


def _tier(turn: Turn) -> dict[str, JsonValue] | None:
    tiers = turn.program.tiers
    level = tiers.level(tier_of(turn)) if tiers is not None else None
    if level is None:
        return None
    return {"id": level.id, "name": turn.program.text(level.name, turn.contact.locale)}


def _shop(turn: Turn) -> dict[str, JsonValue]:
    selling, program, locale = turn.shop.selling, turn.program, turn.contact.locale
    return {
        "name": turn.shop.name,
        "places": [
            {
                "id": one.id,
                "name": program.text(one.name, locale),
                "address": program.text(one.address, locale),
            }
            for one in selling.pickups.values()
        ],
        "delivers": selling.delivery is not None,
    }


def _features(turn: Turn, channel: str) -> dict[str, JsonValue]:
    program = turn.program
    return {
        "pay": False,
        "products": bool(turn.shop.products),
        "wheel": spinning.why_not(turn, channel) in {None, "not_for_you"},
        "checkin": program.checkin is not None,
        "drops": bool(program.drops),
        "referral": program.referral is not None,
        "rewards": bool(program.rewards),
        "bundles": bool(program.bundles),
        "surveys": bool(turn.shop.surveys),
    }
