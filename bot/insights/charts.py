"""Charts as SVG inside a page: curves with their bands, and figures with their intervals. No script."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b")
"""Okabe and Ito's, which the colour-blind tell apart; the fifth darkened to be seen on white."""
_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 120, 14, 38
_ROW, _LABEL = 30, 230


@dataclass(frozen=True, slots=True)
class Line:
    """A curve of (x, y, low, high), y from 0 to 1, that goes on at the same height to the next x."""

    name: str
    points: Sequence[tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure and its interval; `text` is how it is written. No interval: only the figure is known."""

    name: str
    value: float
    low: float | None
    high: float | None
    text: str


def curves(lines: Sequence[Line], end: float, *, title: str, across: str) -> str:
    """Draw lines that rise or fall in steps, each with its band; what happens after `end` is not drawn."""
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(at: float) -> float:
        return round(_LEFT + wide * min(at, end) / end, 1)

    def y(share: float) -> float:
        return round(_TOP + high * (1 - share), 1)

    parts = list(_shares(y))
    parts += [_text(x(at), _HEIGHT - 20, f"{at:g}", "middle") for at in ticks(0, end)]
    parts.append(_text(_LEFT + wide / 2, _HEIGHT - 4, across, "middle"))
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        upper = [(x(a), y(b)) for a, b in _stairs([(p[0], p[3]) for p in line.points], end)]
        lower = [(x(a), y(b)) for a, b in _stairs([(p[0], p[2]) for p in line.points], end)]
        middle = [(x(a), y(b)) for a, b in _stairs([(p[0], p[1]) for p in line.points], end)]
        band = " ".join(f"{a},{b}" for a, b in [*upper, *reversed(lower)])
        path = " ".join(f"{a},{b}" for a, b in middle)
        parts.append(f'<polygon points="{band}" fill="{colour}" opacity=".13"/>')
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts += _names([(line.name, y(line.points[-1][1] if line.points else 0.0)) for line in lines])
    return _svg(_HEIGHT, title, parts)


def intervals(marks: Sequence[Mark], *, title: str, zero: float | None = None) -> str:
    """Draw a dot for each figure with its interval as a line; `zero` is where nothing differs."""
    known = [at for mark in marks for at in (mark.low, mark.value, mark.high) if at is not None]
    least, most = min([*known, *([zero] if zero is not None else [])]), max([*known, zero or 0.0])
    room = (most - least or abs(most) or 1.0) * 0.06
    least, most = (0.0 if least >= 0 else least - room), most + room
    wide, bottom = _WIDTH - _LABEL - _RIGHT, _TOP + _ROW * len(marks)

    def x(at: float) -> float:
        return round(_LABEL + wide * (at - least) / (most - least), 1)

    parts = []
    if zero is not None:
        ends = f'x1="{x(zero)}" x2="{x(zero)}" y1="{_TOP}" y2="{bottom}"'
        parts.append(f'<line {ends} class="grid" stroke-dasharray="4 3"/>')
    for number, mark in enumerate(marks):
        at = _TOP + _ROW * number + _ROW / 2
        colour = COLOURS[number % len(COLOURS)]
        parts.append(_text(_LABEL - 12, at + 4, _short(mark.name), "end"))
        if mark.low is not None and mark.high is not None:
            ends = f'x1="{x(mark.low)}" x2="{x(mark.high)}" y1="{at}" y2="{at}"'
            parts.append(f'<line {ends} stroke="{colour}" stroke-width="3" opacity=".5"/>')
        parts.append(f'<circle cx="{x(mark.value)}" cy="{at}" r="5" fill="{colour}"/>')
        parts.append(_text(_WIDTH - _RIGHT + 10, at + 4, mark.text, "start"))
    return _svg(bottom + 10, title, parts)


def ticks(start: float, end: float, most: int = 6) -> list[float]:
    """Round numbers from one to the other."""
    size = 1.0
    while (end - start) / size > most:
        size *= 2.5 if str(size)[0] == "2" else 2
    found, at = [], start
    while at <= end:
        found.append(at)
        at += size
    return found


def _stairs(points: Sequence[tuple[float, float]], end: float) -> Iterator[tuple[float, float]]:
    """From the first height on, across and up, as far as the end."""
    height = 0.0
    yield 0.0, height
    for at, value in points:
        if at > end:
            break
        yield at, height
        yield at, value
        height = value
    yield end, height


def _shares(y: Callable[[float], float]) -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = y(share)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}" class="grid"/>'
        yield _text(_LEFT - 8, at + 4, f"{share:.0%}", "end")


def _names(ends: Sequence[tuple[str, float]]) -> Iterator[str]:
    """The lines' names beside their ends, none over another."""
    order = sorted(range(len(ends)), key=lambda number: ends[number][1])
    free = float(_TOP)
    for number in order:
        name, at = ends[number]
        place = max(at, free)
        free = place + 15
        colour = COLOURS[number % len(COLOURS)]
        text = escape(_short(name, 16))
        yield f'<text x="{_WIDTH - _RIGHT + 8}" y="{place + 4:.1f}" fill="{colour}">{text}</text>'


def _svg(height: float, title: str, parts: Iterable[str]) -> str:
    inside = "".join(parts)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="ink">{escape(text)}</text>'


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
