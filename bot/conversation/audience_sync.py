"""Tells the shop who comes into an audience and leaves it, in the shapes of Segment's webhooks.

https://segment.com/docs/engage/using-engage-data/: identify with `traits: {AUDIENCE: true}`, or track of
`Audience Entered`. There is one call for each id by which the shop knows the contact; the job that makes all
calls to the shop makes these, signs them and tries again.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.audiences.audience import Sync
from bot.core.audiences.figures import Figures
from bot.core.audiences.moves import ENTERED, EXITED
from bot.core.contact import Address, JsonValue
from bot.core.effects import OutsideCall
from bot.core.ids import microseconds
from bot.storage import known, rows
from bot.storage.driver import Connection

KINDS: Mapping[Sync, str] = {Sync.IDENTIFY: "audience.identify", Sync.TRACK: "audience.track"}
"""What calls are called."""
_SPACE = "regulars"


@dataclass(frozen=True, slots=True)
class Move:
    """A contact that came into an audience or left it; `is_told` is False where no flow is to hear of it."""

    contact: str
    audience: str
    is_in: bool
    since_at: datetime
    is_told: bool = True


async def sync_calls(
    connection: Connection, figures: Figures, moves: Sequence[Move], now: datetime
) -> list[rows.RowValues]:
    """The calls, as rows, of those moves that the shop wants to be told of.

    Also of who is in from the beginning: the first time the shop gets all of them, later only changes.
    """
    synced = [move for move in moves if figures.audience(move.audience).syncs]
    if not synced:
        return []
    addresses = await known.addresses(connection, {move.contact for move in synced})
    return [
        rows.call_row(move.contact, call, now)
        for move in synced
        for call in _calls(figures, move, addresses.get(move.contact, ()), now)
    ]


def _calls(
    figures: Figures, move: Move, addresses: Sequence[Address], now: datetime
) -> Iterator[OutsideCall]:
    email = next((one.value for one in addresses if one.channel == "email"), None)
    for number, known_as in enumerate(_identities(move.contact, addresses)):
        for sync in figures.audience(move.audience).syncs:
            key = f"audience:{move.audience}:{sync}:{microseconds(move.since_at)}:{number}"
            shape = _identify if sync is Sync.IDENTIFY else _track
            yield OutsideCall(key, KINDS[sync], _message(move, known_as, key, now) | shape(move, email))


def _identities(contact: str, addresses: Sequence[Address]) -> list[dict[str, JsonValue]]:
    """Every id by which the shop knows somebody; ours where it has none of its own."""
    own = [one.value for one in addresses if one.channel == "external"]
    if own:
        return [{"userId": value} for value in own]
    unknown = [one.value for one in addresses if one.channel == "anonymous"]
    return [{"anonymousId": value} for value in unknown] or [{"userId": contact}]


def _message(move: Move, known_as: Mapping[str, JsonValue], key: str, now: datetime) -> dict[str, JsonValue]:
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message_id = hashlib.sha256(f"{move.contact}/{key}".encode()).hexdigest()[:32]
    return {
        **known_as,
        "messageId": f"regulars-{message_id}",
        "channel": "server",
        "timestamp": at,
        "originalTimestamp": at,
        "sentAt": at,
        "integrations": {"All": True},
        "version": 2,
    }


def _identify(move: Move, email: str | None) -> dict[str, JsonValue]:
    traits: dict[str, JsonValue] = {move.audience: move.is_in}
    if email is not None:
        traits["email"] = email
    return {"type": "identify", "traits": traits, "context": {"personas": _personas(move)}}


def _track(move: Move, email: str | None) -> dict[str, JsonValue]:
    context: dict[str, JsonValue] = {"personas": _personas(move)}
    if email is not None:
        context["traits"] = {"email": email}
    return {
        "type": "track",
        "event": ENTERED if move.is_in else EXITED,
        "properties": {"audience_key": move.audience, move.audience: move.is_in},
        "context": context,
    }


def _personas(move: Move) -> dict[str, JsonValue]:
    digest = hashlib.sha256(move.audience.encode()).hexdigest()[:27]
    return {
        "computation_class": "audience",
        "computation_id": f"aud_{digest}",
        "computation_key": move.audience,
        "namespace": _SPACE,
        "space_id": _SPACE,
    }
