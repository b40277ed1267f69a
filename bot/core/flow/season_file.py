"""Reads `flows/seasons/<name>.yaml` and joins it to the program, each complaint with its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from pydantic import ValidationError

from bot.core.errors import FlowError
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import Document, Path, together
from bot.core.loyalty.program import Program, problems
from bot.core.loyalty.seasons import Joined, Season, joined, with_policies


def read_season(document: Document) -> Season:
    """Return the season that a document holds; what it adds is read by `read_seasoned_program`.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        season = Season.model_validate(document.value)
    except ValidationError as error:
        found = [document.complaint(one.path, one.problem, one.remedy) for one in problems(error)]
        raise together(found) from error
    stem = PurePath(document.file).stem
    if season.season != stem:
        problem = f"the season is called '{season.season}' and its file '{stem}'"
        raise document.complaint(("season",), problem, "give both the same name")
    return season


@dataclass(frozen=True, slots=True)
class Whole:
    """A program with its seasons, and where everything in it was written."""

    program: Program
    document: Document
    seasons: tuple[Document, ...] = ()
    joined: Joined | None = None

    def complaint(self, path: Path, problem: str, remedy: str) -> FlowError:
        """Complain of what stands at a path of the whole, in the file that says it."""
        origin = self.joined.origin(path) if self.joined is not None else None
        if origin is None:
            return self.document.complaint(path, problem, remedy)
        number, place = origin
        return self.seasons[number].complaint(place, problem, remedy)


def read_whole_program(
    program: Document, seasons: Sequence[Document] = (), policies: Sequence[str] = ()
) -> Whole:
    """Return the program with its seasons; `policies` are their revisions, as `id@version`.

    Raises:
        FlowError: the program by itself, a season, or all together is wrong.
    """
    alone = read_program(program)
    if not seasons:
        return Whole(alone, program)
    read = [read_season(document) for document in seasons]
    try:
        whole = joined(program.value, read)
    except ValueError as error:
        number, path, problem, remedy = error.args
        raise seasons[number].complaint(path, problem, remedy, at_key=True) from error
    try:
        found = with_policies(Program.model_validate(whole.value), whole, policies)
    except ValidationError as error:
        complaints = [
            _complaint(whole, seasons, one.path, one.problem, one.remedy) for one in problems(error)
        ]
        raise together(complaints) from error
    return Whole(found, program, tuple(seasons), whole)


def read_seasoned_program(program: Document, seasons: Sequence[Document], policies: Sequence[str]) -> Program:
    """Return the program with its seasons; see `read_whole_program`."""
    return read_whole_program(program, seasons, policies).program


def _complaint(
    whole: Joined, seasons: Sequence[Document], path: Path, problem: str, remedy: str
) -> FlowError:
    """Complain of the season that said it; what no single place said is told of the last one that came."""
    origin = whole.origin(path)
    if origin is None:
        return seasons[-1].complaint((), problem, remedy)
    number, place = origin
    return seasons[number].complaint(place, problem, remedy)
