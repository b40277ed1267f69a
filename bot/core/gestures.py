"""Gestures: what a contact did in a channel instead of writing. They take the road of messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.core.quickly import quickly_made

DONE = "done"
"""The fact that says when a contact wrote or did something: the provider's own seconds since 1970.

A push that is posted again comes later than what was done after it, and only that tells.
"""


class GestureKind(StrEnum):
    """What was done; in brackets what the gesture's value is."""

    FOLLOW = "follow"  # began to follow the official account (the QR scene that led there, or nothing)
    UNFOLLOW = "unfollow"  # stopped following it: the provider's opt-out
    SCAN = "scan"  # scanned a QR code of ours (its scene)
    MENU = "menu"  # tapped the account's menu (the button's key)
    ENTER = "enter"  # opened the mini program's customer-service chat (where from, if it was told)
    LOCATION = "location"  # told where it is ("latitude,longitude")
    VIEW = "view"  # opened a link of the account's menu (its URL)
    SURVEY = "survey"  # chose a survey on our pages (the flow's name)


@quickly_made
@dataclass(frozen=True, slots=True)
class Gesture:
    """One gesture; `value` as its kind says."""

    kind: GestureKind
    value: str = ""


def done_at(facts: Mapping[str, str], received_at: datetime) -> datetime:
    """Return when a text was written or a gesture made, by the provider's clock if it was told."""
    done = facts.get(DONE)
    return datetime.fromtimestamp(int(done), UTC) if done is not None else received_at
