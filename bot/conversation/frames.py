"""Frames of templates: what letters that wait were filled in for, by revision."""

from collections import OrderedDict

import structlog

from bot.conversation.kinds import TEMPLATES
from bot.core.email.holes import Frame
from bot.core.email.templates import compile_template, usual_template
from bot.core.errors import FlowError
from bot.core.forms import Letter
from bot.storage import revisions
from bot.storage.driver import Database

_KEPT_MAX = 100
_logger = structlog.get_logger(__name__)


class Frames:
    """Finds the frame of a letter; the least used are forgotten."""

    def __init__(self, database: Database) -> None:
        """Look for revisions there."""
        self._database = database
        self._known: OrderedDict[tuple[str, int], Frame | None] = OrderedDict()

    async def find(self, letter: Letter) -> Frame | None:
        """Return the frame of the template that a letter names; None where it has none, or it is gone."""
        if not letter.filled:
            return None
        if not letter.template:
            return usual_template().frame
        key = (letter.template, letter.revision)
        if key not in self._known:
            self._known[key] = await self._load(*key)
        self._known.move_to_end(key)
        if len(self._known) > _KEPT_MAX:
            self._known.popitem(last=False)
        return self._known.get(key)

    async def _load(self, name: str, number: int) -> Frame | None:
        stored = await self._database.query(
            lambda connection: revisions.revision(connection, f"{TEMPLATES}/{name}", number)
        )
        if stored is None:
            return None
        try:
            return compile_template(stored.source, name=name, file=stored.file, revision=number).frame
        except FlowError as error:
            _logger.exception("template_broken", template=name, revision=number, problem=str(error))
            return None
