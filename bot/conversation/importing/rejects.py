"""The file of rejected rows: each with its place and the reason, ready to be put right and imported again."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from bot.conversation.importing.chunks import Refusal
from bot.conversation.importing.files import Format, SourceFile, is_private
from bot.core.importing.mapping import LINE, ROW, WHY, WRITTEN


def rejects_of(source: SourceFile) -> Path:
    """Return where the rejected rows of a file go, beside it."""
    end = source.path.suffix if source.format is Format.CSV else ".ndjson"
    return source.path.with_name(f"{source.path.stem}.rejected{end}")


class Rejects:
    """Rejected rows, written before the chunk that they are of is committed.

    What stands behind what was committed is cut off when the import goes on: nothing is lost, nothing twice.
    """

    def __init__(self, path: Path, source: SourceFile, committed: int) -> None:
        """Go on after so many bytes; the file is made when the first row is written."""
        self.path = path
        self._source = source
        if path.exists() and not committed:
            path.unlink()
        elif path.exists() and path.stat().st_size > committed:
            os.truncate(path, committed)
        self._size = committed

    def write(self, refusals: Iterable[Refusal]) -> int:
        """Write rows durably; returns how many bytes it took."""
        refusals = sorted(refusals, key=lambda one: one[0].number)
        if not refusals:
            return 0
        if not self._size:
            is_private(self.path)
        if self._source.format is Format.CSV:
            text = self._as_csv(refusals)
        else:
            text = b"".join(self._as_json(one) for one in refusals)
        with self.path.open("r+b") as file:
            file.truncate(self._size)
            file.seek(self._size)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return len(text)

    def keep(self, written: int) -> None:
        """Keep what was written: its chunk is committed."""
        self._size += written

    def _as_csv(self, refusals: Sequence[Refusal]) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self._source.layout.delimiter)
        if not self._size:
            writer.writerow([*self._source.headers, ROW, LINE, WHY])
        width = len(self._source.headers)
        for place, why in refusals:
            values = [*place.values, *[""] * (width - len(place.values))]
            writer.writerow([*values, place.number, place.line, str(why)])
        return text.getvalue().encode(self._source.layout.encoding or "utf-8", errors="replace")

    def _as_json(self, refusal: Refusal) -> bytes:
        place, why = refusal
        values = dict(zip([WRITTEN] if place.unread else self._source.columns, place.values, strict=True))
        row = {**values, ROW: place.number, LINE: place.line, WHY: str(why)}
        return orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE)
