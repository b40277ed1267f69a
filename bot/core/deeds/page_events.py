"""What shoppers do at the pages, as events; and whoever came by a campaign's link is whom it was texted to.

Nothing is given for any of these events: WeChat forbids rewards for clicking and sharing, and programs and
flows that give something for them are refused (`bot.core.loyalty.inducement`).
"""

import hashlib
from enum import StrEnum

from bot.core.campaign_links import CAMPAIGN_OPENED, Came, CampaignTokens
from bot.core.codes import Code
from bot.core.contact import Contact, JsonValue
from bot.core.deeds.joining import join_to
from bot.core.deeds.left import ERASED_AT
from bot.core.loyalty.inducement import MINI_PROGRAM_OPENED, PAGE_OPENED, PAGE_SHARED
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

TRACK = "event.track"
"""The operation by which an event is recorded on another contact's record."""
_USED = "campaign_token"
"""The directory's kind of tokens by which somebody came."""


class Deed(StrEnum):
    """What a page tells of: it was come to, opened from another, or sent to a friend."""

    CAME = "came"
    OPENED = "opened"
    SHARED = "shared"


def happened(turn: Turn, deed: Deed, page: str, *, channel: str, is_mini: bool, campaign: str = "") -> None:
    """Record what the shopper did, in the mini program (`is_mini`) or a browser.

    `campaign` is the token with which they came, or a campaign's name.
    """
    came = CampaignTokens(turn.shop.secrets).read(campaign) if campaign and turn.shop.secrets else None
    name = came.campaign if came is not None else campaign
    properties: dict[str, JsonValue] = {"page": page, "channel": channel}
    if name in turn.shop.wechat.campaigns:
        properties["campaign"] = name
    if deed is Deed.SHARED:
        turn.track(PAGE_SHARED, properties)
        return
    turn.track(MINI_PROGRAM_OPENED if is_mini and deed is Deed.CAME else PAGE_OPENED, properties)
    if came is not None and deed is Deed.CAME:
        _came(turn, came, page, channel, is_mini=is_mini)


def _came(turn: Turn, came: Came, page: str, channel: str, *, is_mini: bool) -> None:
    """Let it be known of whom the campaign texted; whoever opened it first is believed to be them.

    Only a newcomer to the mini program is joined so: what a member has was shown to be theirs before, and
    crosses by LINK alone. A link that is passed on and opened by others tells of no more than that.
    """
    opened: dict[str, JsonValue] = {"campaign": came.campaign, "page": page, "channel": channel}
    if came.contact_id == turn.contact.id:
        turn.track(CAMPAIGN_OPENED, opened)
        return
    used = hashlib.sha256(f"{came.contact_id}/{came.campaign}/{came.until}".encode()).hexdigest()[:32]
    first = turn.needed("owner_at", f"{_USED}:{used}")
    texted = turn.needed("contact", came.contact_id)
    if not isinstance(texted, Contact) or texted.id == turn.contact.id or ERASED_AT in texted.attributes:
        turn.track(CAMPAIGN_OPENED, opened)
        return
    if first is None:
        turn.keep("directory", f"{_USED}/{used}", Code(used, _USED))
    is_known = turn.contact.is_member or any(kind == "sms" for kind, _ in turn.addresses)
    is_them = first is None and not is_known and turn.now < came.until and is_mini
    body: dict[str, JsonValue] = {
        "id": f"{_USED}/{used}/{turn.contact.id}",
        "name": CAMPAIGN_OPENED,
        "properties": {**opened, "by": "themselves" if is_them else "another"},
    }
    payload: dict[str, JsonValue] = {"operation": TRACK, "body": body}
    key = f"campaign_opened/{used}/{turn.contact.id}"
    turn.tell(came.contact_id, Trigger(key, TriggerKind.OPERATION, turn.now, payload))
    if is_them:
        join_to(turn, came.contact_id, {"way": "campaign", "campaign": came.campaign})
