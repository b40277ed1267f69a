"""Writes into a marketer's file which arm of an experiment everybody goes from now on."""

from bot.core.errors import FlowError
from bot.core.flow.compiled import Flow, Split
from bot.core.flow.reader import Document, Path, read

_KEY = "decided"


def decided_in_file(source: str, file: str, experiment: str, arm: str) -> str:
    """Return experiments.yaml with the arm decided. Raises FlowError: it has to be written by hand."""
    return _written(source, file, ("experiments", experiment), "hypothesis", arm)


def decided_in_variables(source: str, file: str, experiment: str, arm: str) -> str:
    """Return variables.yaml with the arm decided. Raises FlowError: it has to be written by hand."""
    return _written(source, file, ("experiments", experiment), "variants", arm)


def decided_in_flow(source: str, flow: Flow, experiment: str, arm: str) -> str:
    """Return a flow that declares an experiment with the arm decided. Raises FlowError as above."""
    step = next(one for one in flow.steps if isinstance(one, Split) and one.experiment == experiment)
    return _written(source, flow.file, step.path, "split", arm)


def _written(source: str, file: str, path: Path, beside: str, arm: str) -> str:
    """Put the line after `beside`, or over the one that is there."""
    document, lines = read(source, file), source.splitlines(keepends=True)
    old = document.marks.keys.get((*path, _KEY))
    mark = old or document.marks.key((*path, beside))
    here = lines[mark.line - 1]
    if here[: mark.column - 1].strip(" -"):
        raise _by_hand(document, path, arm)
    line = f"{' ' * (mark.column - 1)}{_KEY}: {arm}\n"
    if old is not None:
        lines[mark.line - 1] = line
    else:
        lines.insert(_end_of(document, (*path, beside), mark.line, lines), line)
    return "".join(lines)


def _end_of(document: Document, path: Path, line: int, lines: list[str]) -> int:
    """Where a key's value is over: at the next line that stands no deeper than the key."""
    column = document.marks.key(path).column
    for number in range(line, len(lines)):
        text = lines[number]
        if text.strip() and len(text) - len(text.lstrip(" ")) < column:
            return number
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return len(lines)


def _by_hand(document: Document, path: Path, arm: str) -> FlowError:
    return document.complaint(
        path,
        "it stands on one line, where nothing can be added",
        f"write `{_KEY}: {arm}` into it and push it",
    )
