"""Shoppers read their inbox at our pages, and write there: what they write goes the road of all messages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.conversation.inbox import inbound_work
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.deeds.inbox_turns import read_inbox
from bot.core.gestures import Gesture
from bot.core.in_app import APP
from bot.core.messages import Inbound
from bot.core.pages.speech import stamp
from bot.core.turn import Turn
from bot.core.windows import MENU_MESSAGE_CLICK

READ = "inbox.read"

Body = Mapping[str, JsonValue]


def read(turn: Turn, body: Body) -> Body:
    """All was read that had come until then."""
    return {"until": stamp(read_inbox(turn, datetime.fromisoformat(str(body["until"]))))}


def key_of(once: str) -> str:
    """Return the trigger's key of what was written under a key of the page's."""
    return f"{APP}:{once}"


def written(
    contact_id: str,
    once: str,
    at: datetime,
    *,
    text: str = "",
    tapped: str = "",
    gesture: Gesture | None = None,
) -> Work:
    """Return the work for what a contact wrote at the pages, tapped there (`text` is its label), or did.

    `once` is the page's own key of it.
    """
    inbound = Inbound(
        provider=APP,
        provider_id=once,
        channel=APP,
        address=contact_id,
        to="",
        text=text,
        received_at=at,
        facts={MENU_MESSAGE_CLICK: tapped} if tapped else {},
        gesture=gesture,
    )
    return replace(inbound_work(inbound), contact_id=contact_id)
