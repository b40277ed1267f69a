"""A flow drawn with its numbers as SVG: boxes in the order of the file, arrows where they lead. No script."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from bot.core.flow_drawing import heading, told_of, way_said
from bot.core.flow_outline import END, Place, outline
from bot.core.flow_stats import FlowStats

_WIDTH, _BOX, _INDENT, _MARGIN = 940, 640, 28, 24
_LINE, _PAD, _GAP, _BAR = 18, 12, 26, 6
_LANE, _LANES, _SMALL = 12, 9, 11
_LANES_AT = _MARGIN + _BOX + 150
_INK, _FAINT, _EDGE, _ACCENT, _FILL = "#1b1f24", "#57606a", "#8c959f", "#0072b2", "#f6f8fa"

_TIP = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"'


@dataclass(frozen=True, slots=True)
class _Box:
    """A step as it is drawn."""

    place: Place
    told: tuple[str, ...]
    x: int
    y: int
    width: int
    share: float
    """Of whoever came to the step that most came to."""
    labels: tuple[str, ...]
    """What its ways are called, with how often they were taken."""

    @property
    def height(self) -> int:
        """How tall it is."""
        ways = 18 * len(self.place.ways) + 24
        return max(2 * _PAD + _LINE * (1 + len(self.told)) + _BAR, ways)

    @property
    def bottom(self) -> int:
        """Where it ends."""
        return self.y + self.height


def svg(stats: FlowStats) -> str:
    """Draw the flow; whole as a file, and readable by a screen reader."""
    head = list(heading(stats))
    top = _MARGIN + _LINE * (len(head) + 1)
    boxes = _boxes(stats, top)
    end = (boxes[-1].bottom if boxes else top) + _GAP
    height = end + 2 * _LINE
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    font = 'font-family="system-ui, sans-serif" font-size="13"'
    tip = f'<path d="M0 0L8 4L0 8z" fill="{_EDGE}"/>'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title" {font}>',
        f'<title id="title">{escape(head[0])}</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<defs><marker id="tip" {_TIP}>{tip}</marker></defs>',
        *_heading(head),
        *_arrows(boxes, end),
    ]
    for box in boxes:
        parts += _drawn(box)
    parts.append(_text(_MARGIN, end + _LINE, END, bold=True))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _boxes(stats: FlowStats, top: int) -> list[_Box]:
    places = outline(stats.flow)
    most = max((stats.step(one.step.id).times("entered") for one in places), default=0)
    boxes: list[_Box] = []
    for place in places:
        step = stats.step(place.step.id)
        x = _MARGIN + place.depth * _INDENT
        y = boxes[-1].bottom + _GAP if boxes else top
        told = tuple(told_of(step, stats.flow)) or ("nobody came here",)
        share = step.times("entered") / most if most else 0.0
        labels = tuple(way_said(way, step).partition(" → ")[0] for way in place.ways)
        boxes.append(_Box(place, told, x, y, _BOX - place.depth * _INDENT, share, labels))
    return boxes


def _heading(head: list[str]) -> Iterator[str]:
    for number, line in enumerate(head):
        y = _MARGIN + _LINE * number + 4
        yield _text(_MARGIN, y, line, bold=number == 0, colour=_INK if number == 0 else _FAINT)


def _drawn(box: _Box) -> Iterator[str]:
    step = box.place.step
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="{_FILL}"'
        f' stroke="{_EDGE}"/>'
    )
    left, y = box.x + _PAD, box.y + _PAD + 12
    yield (
        f'<text x="{left}" y="{y}" fill="{_INK}"><tspan font-weight="600">{escape(box.place.shape)}'
        f' {escape(step.id)}</tspan><tspan dx="10" fill="{_FAINT}">{escape(box.place.words)}</tspan></text>'
    )
    for line in box.told:
        y += _LINE
        yield _text(left, y, line)
    wide = round((box.width - 2 * _PAD) * box.share, 1)
    if wide:
        at = f'x="{left}" y="{box.bottom - _PAD}" width="{wide}" height="{_BAR}"'
        yield f'<rect {at} rx="3" fill="{_ACCENT}"/>'


def _arrows(boxes: list[_Box], end: int) -> Iterator[str]:
    """Down to what follows; around on the right to what does not, each in a lane of its own."""
    tops = {box.place.step.id: box.y for box in boxes}
    lane = 0
    for number, box in enumerate(boxes):
        below = boxes[number + 1] if number + 1 < len(boxes) else None
        following, top = (below.place.step.id, below.y) if below is not None else (END, end)
        x = (below.x if below is not None else _MARGIN) + 2 * _PAD
        if box.place.goes_on:
            yield _line(max(x, box.x + 2 * _PAD), box.bottom, x, top)
        for row, (way, label) in enumerate(zip(box.place.ways, box.labels, strict=True)):
            if way.to == following:
                yield _text(x + 8, box.bottom + 17, label, size=_SMALL)
                continue
            right, y = box.x + box.width, box.y + 32 + row * 18
            to = (tops[way.to] + 10, _MARGIN + _BOX + 1) if way.to in tops else (end + 14, _MARGIN + 36)
            yield _around(right, y, _LANES_AT + lane % _LANES * _LANE, *to)
            lane += 1
            yield _text(right + 6, y - 4, label, size=_SMALL)


def _line(x: int, top: int, to_x: int, bottom: int) -> str:
    """Down, and aside where what follows stands further left."""
    path = f"M{x} {top}v{_GAP // 3}H{to_x}V{bottom - 1}"
    return f'<path d="{path}" stroke="{_EDGE}" fill="none" marker-end="url(#tip)"/>'


def _around(right: int, y: int, lane: int, to: int, back: int) -> str:
    """Out to the right, along a lane, and back."""
    path = f"M{right} {y}H{lane}V{to}H{back}"
    return f'<path d="{path}" stroke="{_EDGE}" fill="none" stroke-linejoin="round" marker-end="url(#tip)"/>'


def _text(x: int, y: int, words: str, *, bold: bool = False, colour: str = _INK, size: int = 13) -> str:
    weight = ' font-weight="600"' if bold else ""
    halo = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"' if size == _SMALL else ""
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}"{weight}{halo}>{escape(words)}</text>'
