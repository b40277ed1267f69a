"""The inbox of our pages: what was kept there for the shopper, and what they write there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.conversation.pages import inbox
from bot.conversation.work import Result, Work
from bot.core.banners import SHOWN_MAX
from bot.core.contact import JsonValue
from bot.core.deeds.inbox_turns import unread_of
from bot.core.flow.answers import is_keyword_tap, is_tap
from bot.core.forms import Form
from bot.core.gestures import Gesture
from bot.core.in_app import Kept, Place, ReadUntil
from bot.core.pages.speech import stamp
from bot.core.turn import Turn
from bot.storage.inbox import PAGE
from bot.storage.inbox import answers as answers_to
from bot.web.mp.asked import Asked, Shopper, house_of, look, operate
from bot.web.mp.looked_at import look_at_answer
from bot.web.mp.parts import Page
from bot.web.rest import cursors
from bot.web.rest.asked import Told, key_used
from bot.web.rest.fields import Answer, Body, Instant
from bot.web.rest.problems import one_field
from bot.web.rest.routes import Route

_WEB = ("http://", "https://")


class OptionAnswer(Answer):
    """Something to tap instead of typing it: post `key` as the text."""

    key: str
    label: str


class CardAnswer(Answer):
    """A page to open."""

    title: str
    page: str
    image: str | None


class MessageAnswer(Answer):
    """A message in the inbox: ours, or (`mine`) what the shopper wrote there."""

    id: str
    at: str
    mine: bool
    text: str
    options: list[OptionAnswer] = Field(description="what can be tapped now: of the latest question alone")
    card: CardAnswer | None
    read: bool


class MessagesAnswer(Answer):
    """What was written, and what was answered to it."""

    messages: list[MessageAnswer]


class BannerAnswer(Answer):
    """A message that stands on top of the pages until it ends; it is in the inbox as well."""

    id: str
    text: str
    until: str
    card: CardAnswer | None


class BannersAnswer(Answer):
    """What stands there now."""

    banners: list[BannerAnswer]


class InboxAnswer(MessagesAnswer):
    """A page of the inbox, newest first."""

    unread: int
    next: str | None = Field(description="`cursor` of the page behind it")


class ReadBody(Body):
    """Until when all was read."""

    until: Instant


class UnreadAnswer(Answer):
    """How much is left to read."""

    unread: int


class ShopperSaysBody(Body):
    """What the shopper writes, or the key of what they tapped."""

    text: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]


async def show(asked: Asked) -> Told:
    """Show a page of the inbox; what was shown is delivered."""
    (before,) = cursors.placed(asked.query_as(Page).cursor, ("",))
    _check(before)
    shown: list[str] = []

    def found(turn: Turn) -> dict[str, JsonValue]:
        turn.need("inbox", "unread", f"inbox_page/{before}" if before else "inbox_page")
        page = turn.needed("inbox_page", before)
        assert isinstance(page, tuple), "a page is a tuple"
        some = page[:PAGE]
        shown.extend(one.id for one in some if one.is_new)
        return {
            "messages": list(_told(some, turn.needed("inbox"), is_newest=not before)),
            "unread": unread_of(turn),
            "next": cursors.written((str(some[-1].place),)) if len(page) > PAGE else None,
        }

    told = await look(asked, found)
    house_of(asked).shown(asked.who.contact.id, shown)
    return told


async def banners(asked: Asked) -> Told:
    """Show what stands on top of the pages now, newest first; what was shown is delivered."""
    shown: list[str] = []

    def found(turn: Turn) -> dict[str, JsonValue]:
        kept = turn.needed("banners")
        assert isinstance(kept, tuple), "they are listed"
        standing = [one for one in kept if (ends_at := _ends_at(one)) is not None and ends_at > turn.now]
        shown.extend(one.id for one in standing[:SHOWN_MAX] if one.is_new)
        return {"banners": [_banner(one) for one in standing[:SHOWN_MAX]]}

    told = await look(asked, found)
    house_of(asked).shown(asked.who.contact.id, shown)
    return told


def _ends_at(one: Kept) -> datetime | None:
    return one.form.banner_until if one.form is not None else None


def _banner(one: Kept) -> JsonValue:
    ends_at = _ends_at(one)
    assert ends_at is not None, "it stands until then"
    return {"id": one.id, "text": one.text, "until": stamp(ends_at), "card": _card(one.form or Form())}


async def read(asked: Asked) -> Told:
    """Know until when all was read."""
    told = await operate(asked, inbox.READ, {"until": stamp(asked.body_as(ReadBody).until)})
    left = await look(asked, lambda turn: {"unread": unread_of(turn)})
    return Told(left.body, is_replay=told.is_replay)


async def say(asked: Asked) -> Told:
    """Take what the shopper writes for a message like any other, and answer what is answered to it."""
    text, tapped = asked.body_as(ShopperSaysBody).text, ""
    if is_tap(text) or is_keyword_tap(text):
        label = await _label(asked, text)
        if label is not None:
            text, tapped = label, text
    await look_at_answer(asked, text)
    return await answered(asked, text=text, tapped=tapped)


async def answered(asked: Asked, *, text: str = "", tapped: str = "", gesture: Gesture | None = None) -> Told:
    """Submit what the shopper wrote, tapped or did, once for its key; tells what came of it."""
    door, who = asked.door, asked.who
    work = inbox.written(who.contact.id, asked.once, door.clock(), text=text, tapped=tapped, gesture=gesture)
    result = await _submitted(asked, work)
    kept = await door.database.query(lambda c: answers_to(c, result.contact_id, inbox.key_of(asked.once)))
    mine = next((one for one in kept if one.is_mine), None)
    if result.is_duplicate and mine is not None and mine.wrote != _wrote(text, gesture):
        raise key_used()
    return Told({"messages": list(_told(kept[::-1], None))[::-1]}, is_replay=result.is_duplicate)


def _wrote(text: str, gesture: Gesture | None) -> str:
    return gesture.value if gesture is not None else text


async def _submitted(asked: Asked, work: Work) -> Result:
    """Have it handled; what it answers is in the inbox at once, whether or not this response arrives."""
    dispatcher = asked.door.dispatcher
    result = await dispatcher.submit(work)
    if result.replies:
        dispatcher.written(result)
    return result


async def _label(asked: Asked, tap: str) -> str | None:
    """What an option is called that can be tapped in the latest messages; None where there is none such."""

    def found(turn: Turn) -> dict[str, JsonValue]:
        page = turn.needed("inbox_page")
        assert isinstance(page, tuple), "a page is a tuple"
        forms = [one.form for one in page if one.form is not None]
        labels = (option.label for form in forms for option in form.options if option.key == tap)
        return {"label": next(labels, None)}

    label = (await look(asked, found)).body["label"]
    return str(label) if label is not None else None


def _told(messages: Sequence[Kept], read_until: object, *, is_newest: bool = True) -> Iterable[JsonValue]:
    """Tell messages, newest first; only the latest question can be answered by tapping."""
    can_tap = is_newest
    until = read_until.at if isinstance(read_until, ReadUntil) else None
    for one in messages:
        form = one.form or Form()
        can_tap = can_tap and not one.is_mine
        options: list[JsonValue] = [{"key": each.key, "label": each.label} for each in form.options]
        if one.text:
            yield {
                "id": one.id,
                "at": stamp(one.at),
                "mine": one.is_mine,
                "text": form.head if form.options and form.head and can_tap else one.text,
                "options": options if can_tap else [],
                "card": _card(form),
                "read": one.is_mine or (until is not None and one.at <= until),
            }
        if options:
            can_tap = False


def _card(form: Form) -> dict[str, JsonValue] | None:
    card = form.card
    if card is None:
        return None
    return {
        "title": card.title,
        "page": card.page,
        "image": card.image if card.image.startswith(_WEB) else None,
    }


def _check(before: str) -> None:
    """Refuse a cursor that leads nowhere."""
    try:
        if before:
            Place.read(before)
    except (ValueError, OverflowError) as error:
        raise one_field(
            400, "wrong-parameter", "query/cursor", "is none of ours", "take it from `next` of a page"
        ) from error


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/inbox",
        name="showInbox",
        summary="What was kept for the shopper here, and what they wrote; newest first",
        does=show,
        query=Page,
        answer=InboxAnswer,
    ),
    Route(
        method="GET",
        path="/banners",
        name="showBanners",
        summary="What stands on top of the pages now, newest first; it is in the inbox as well",
        does=banners,
        answer=BannersAnswer,
    ),
    Route(
        method="POST",
        path="/inbox/read",
        name="readInbox",
        summary="Say until when all was read; it never goes back",
        does=read,
        body=ReadBody,
        answer=UnreadAnswer,
    ),
    Route(
        method="POST",
        path="/say",
        name="say",
        summary="Write to us, as by text: what is answered comes back at once",
        does=say,
        body=ShopperSaysBody,
        answer=MessagesAnswer,
    ),
)
