"""What shoppers do at the pages: it is told by the pages themselves, and never rewarded."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.page_events import Deed, happened
from bot.core.turn import Turn

HAPPENED = "page.happened"

Body = Mapping[str, JsonValue]


def happen(turn: Turn, body: Body) -> Body:
    """Record what was done at a page."""
    happened(
        turn,
        Deed(str(body["name"])),
        str(body["page"]),
        channel=str(body["channel"]),
        is_mini=body["is_mini"] is True,
        campaign=str(body.get("campaign") or ""),
    )
    return {}
