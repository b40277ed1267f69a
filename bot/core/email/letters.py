"""A letter as it is handed over: its frame, what fills it in, and the links made for its reader."""

from dataclasses import dataclass
from html import escape

from bot.core.email.holes import CONFIRM, PREFERENCES, UNSUBSCRIBE, Frame, with_links
from bot.core.email.links import LetterLinks, Reader
from bot.core.email.markup import with_hrefs
from bot.core.forms import Letter
from bot.core.links import PATH
from bot.core.messages import Outgoing

_BODY_ENDS = "</body>"


@dataclass(frozen=True, slots=True)
class Whole:
    """All of a letter: `html` None where it has none, `unsubscribe` None where there is nothing to leave."""

    subject: str
    text: str
    html: str | None
    reply_to: str
    unsubscribe: str | None


def letter_of(message: Outgoing) -> Letter:
    """Return what a message is as a letter; the first line of what is but text is its subject."""
    if message.form is not None and message.form.letter is not None:
        return message.form.letter
    return Letter(subject=message.body.strip().partition("\n")[0][:100])


def whole(message: Outgoing, frame: Frame | None, links: LetterLinks) -> Whole:
    """Put a letter together; without its frame (it was of another version) it is text alone."""
    letter = letter_of(message)
    reader = Reader(message.contact_id, message.id, message.group or "")
    made = {UNSUBSCRIBE: links.unsubscribe(reader), PREFERENCES: links.preferences(reader)}
    body = message.body
    if letter.confirms:
        made[CONFIRM] = links.confirm(reader)
        body = f"{body}\n\n{letter.confirms}: {made[CONFIRM]}"
    html = None
    if frame is not None and letter.filled and frame.digest == letter.frame:
        short = {url: f"{links.public_url}{PATH}{code}" for url, code in letter.links.items()}
        html = with_hrefs(frame.whole(letter.filled), short)
        html = with_links(html, {hole: escape(link) for hole, link in made.items()})
        if letter.counts_opens:
            html = _with_picture(html, links.look(reader))
    foot = with_links(letter.foot, made)
    return Whole(
        subject=letter.subject,
        text=f"{body}\n\n-- \n{foot}" if foot else body,
        html=html,
        reply_to=letter.reply_to,
        unsubscribe=made[UNSUBSCRIBE] if message.group is not None else None,
    )


def _with_picture(html: str, address: str) -> str:
    picture = f'<img src="{escape(address)}" width="1" height="1" alt="">'
    before, ends, after = html.rpartition(_BODY_ENDS)
    return f"{before}{picture}{ends}{after}" if ends else f"{html}{picture}"
