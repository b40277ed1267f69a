"""How every text in force does since it reads as it does: its age, and what people did who got it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.conversation.kinds import COPY
from bot.conversation.publication import Publication
from bot.conversation.published_files import compiled
from bot.core.audited_text import Audited
from bot.core.email.mailbox import EMAIL
from bot.core.errors import FlowError
from bot.core.flow.compiled import Email, Flow, Question, Say, Step
from bot.core.flow.copy_file import read_copy
from bot.core.flow.reader import read
from bot.core.flow.translations import Copy, TranslatedText
from bot.storage import revisions, text_figures
from bot.storage.driver import Connection, Database
from bot.storage.text_figures import Counts

LOOKED_BACK = 50
"""How many revisions of a flow are looked at to know since when a text reads as it does."""


async def audit(database: Database, publication: Publication) -> list[Audited]:
    """Return every text in force, those that are sent most first."""

    async def look(connection: Connection) -> list[Audited]:
        counts = await text_figures.counts(connection)
        copies = await _copies(connection)
        found: dict[str, Audited] = {}
        for flow in publication.flows.values():
            history = await _history(connection, flow)
            for step, said in _texts(flow):
                since, sums = _since(history, step.id, said, counts)
                place, name = f"{flow.name}/{step.id}", step.delivery.copy
                one = found.setdefault(name or place, _fresh(step, said, copies.get(name)))
                one.add(place, since, sums)
        for name, copy in copies.items():
            if name not in found:  # nobody says it
                about = (copy.occasion, copy.channel, copy.tone)
                found[name] = Audited(name, copy.text, [], _languages(copy), None, *about)
        return sorted(found.values(), key=lambda one: (-one.sent, one.name, one.places))

    return await database.query(look)


_Said = tuple[TranslatedText, ...]
"""All that a step says: one text, and of a letter its subject first."""


def _texts(flow: Flow) -> Iterator[tuple[Say | Question | Email, _Said]]:
    for step in flow.steps:
        if isinstance(step, Say | Question | Email):
            yield step, _said(step)


def _said(step: Step | None) -> _Said:
    if isinstance(step, Say | Question):
        return (step.wording,)
    if isinstance(step, Email):
        parts = (step.subject, step.preheader, step.wording, step.button[0] if step.button else None)
        return tuple(part for part in parts if part is not None)
    return ()


def _fresh(step: Say | Question | Email, said: _Said, copy: Copy | None) -> Audited:
    languages = (said[0].language, *sorted({locale for text in said for locale in text.others}))
    if copy is None:
        text = "\n".join(one.source.source for one in said)
        channel = EMAIL if isinstance(step, Email) else ""
        return Audited(step.delivery.copy, text, [], languages, None, channel=channel)
    return Audited(step.delivery.copy, copy.text, [], languages, None, copy.occasion, copy.channel, copy.tone)


def _languages(copy: Copy) -> tuple[str, ...]:
    return (copy.language, *sorted(copy.others))


async def _copies(connection: Connection) -> dict[str, Copy]:
    found: dict[str, Copy] = {}
    for stored in await revisions.published(connection):
        if stored.kind == COPY:
            try:
                found |= read_copy(read(stored.source, stored.file))
            except FlowError:  # what cannot be read any more is told by nobody: flows keep what they say
                continue
    return found


_History = list[tuple[Flow, datetime]]


async def _history(connection: Connection, flow: Flow) -> _History:
    """The flow's revisions, newest first, as far as they compile."""
    stored = await revisions.history(connection, flow.name, LOOKED_BACK)
    found = ((compiled(one), one.published_at) for one in stored)
    return [(one, at) for one, at in found if one is not None]


def _since(
    history: _History, step_id: str, said: _Said, counts: Counts
) -> tuple[datetime | None, dict[str, int]]:
    """Since when a step says this without a break, and what came of it in these revisions."""
    since, sums = None, dict[str, int]()
    for flow, published_at in history:
        if _sources(_said(flow.by_id.get(step_id))) != _sources(said):
            break
        since = published_at
        for what, times in counts.get((flow.name, flow.revision, step_id), {}).items():
            sums[what] = sums.get(what, 0) + times
    return since, sums


def _sources(said: _Said) -> list[tuple[str, Mapping[str, str]]]:
    return [(one.source.source, {locale: text.source for locale, text in one.others.items()}) for one in said]
