"""Shoppers log in at our pages and out again."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.inbox_turns import open_inbox
from bot.core.deeds.joining import identify
from bot.core.deeds.left import ERASED_AT
from bot.core.deeds.referring import come_by_scene
from bot.core.errors import Refused
from bot.core.pages.speech import language_of, stamp
from bot.core.sessions import LASTS, Session, StartedBy
from bot.core.turn import Turn
from bot.core.wechat_address import UNIONID, WECHAT

START, END = "session.start", "session.end"

Body = Mapping[str, JsonValue]


def start(turn: Turn, body: Body) -> Body:
    """Open a session of the contact; of its token only the hash of what proves it is told here.

    That several OpenIDs are one person's is believed where the platform says so (`unionid`).

    Raises:
        Refused: the contact was erased.
    """
    contact = turn.contact
    if ERASED_AT in contact.attributes:
        raise Refused("nobody is there any more", "text us for a new link", 404)
    is_new = contact.created_at == turn.now
    if is_new and body.get("language"):
        turn.set_field("locale", language_of(str(body["language"])))
    channel, address = str(body["channel"]), str(body["address"])
    if not address:
        address = next((value for kind, value in turn.addresses if kind == channel), "")
    if body.get("unionid"):
        identify(turn, UNIONID, str(body["unionid"]), {"way": UNIONID})
    if body.get("scene"):
        come_by_scene(turn, str(body["scene"]))
    started_by = StartedBy(str(body["started_by"]))
    session = Session(
        id=turn.new_id(),
        contact_id=contact.id,
        token_hash=str(body["secret_hash"]),
        channel=channel,
        address=address,
        started_by=started_by,
        created_at=turn.now,
        expires_at=turn.now + LASTS[started_by],
    )
    turn.keep("session", session.id, session)
    open_inbox(turn)
    return {
        "session": session.id,
        "expires_at": stamp(session.expires_at),
        "member": turn.contact.is_member,
        "language": language_of(turn.contact.locale),
        "is_new": is_new and channel == WECHAT,
    }


def end(turn: Turn, body: Body) -> Body:
    """Let a session open nothing any more."""
    session = turn.needed("session", str(body["session"]))
    if isinstance(session, Session):
        turn.keep("session", session.id, session.ended(turn.now))
    return {}
