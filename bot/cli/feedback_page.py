"""What people answered as one page: charts drawn in place, no script, readable in the dark too."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from types import MappingProxyType

from bot.cli.feedback_lines import Arms, arm_lines, response
from bot.core.feedback_figures import Nps, OfArm, Question, Said, share, total

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2420; --soft: #66736c; --line: #dfe5e1; --bar: #2f7d5b;
  --mid: #c9a227; --low: #b4472f; --paper: #fbfcfb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ece8; --soft: #97a49d; --line: #2c3530;
  --bar: #58b389; --mid: #d9b84a; --low: #e07a5f; --paper: #141816; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 46rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); font-size: .9rem; }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.5rem; }
.score { font-size: 2.5rem; font-weight: 600; line-height: 1.2; }
svg { width: 100%; max-width: 30rem; height: auto; margin: .75rem 0; display: block; }
svg text { fill: var(--ink); font: 15px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
blockquote { margin: .5rem 0; padding: .25rem 0 .25rem .75rem; border-left: 3px solid var(--line); }
blockquote footer { color: var(--soft); font-size: .8rem; }
"""
_ROW, _LEFT, _RIGHT, _WIDTH = 28, 140, 90, 480
_GAP = 4
_COLUMNS = 15
_DEFINITIONS = (
    "Each person's latest answer in the period counts. Of a net promoter score 9 and 10 are promoters, "
    "0 to 6 detractors; it is the share of the first less that of the second. Intervals: the truth is "
    "between these two values in 95 of 100 such cases (adjusted Wald, Wilson, and the usual one of a mean)."
)


def page(
    shop: str,
    questions: Sequence[Question],
    since: datetime,
    until: datetime,
    arms: Arms = MappingProxyType({}),
) -> str:
    """Write the page; `arms`: what those of an experiment answered."""
    period = f"{since:%Y-%m-%d} to {until:%Y-%m-%d}"
    body = "".join(_section(one, arms.get((one.flow, one.step), ())) for one in questions)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Feedback: {escape(shop)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>What people answered</h1><p class=soft>{escape(shop)}, {period}: "
        f"{total(questions):,} answers to {len(questions)} questions</p>{body}"
        f"<section><p class=soft>{_DEFINITIONS}</p></section></body></html>\n"
    )


def _section(one: Question, arms: Sequence[OfArm]) -> str:
    return "".join(("<section>", *_parts(one, arms), "</section>"))


def _parts(one: Question, arms: Sequence[OfArm]) -> Iterator[str]:
    yield f"<h2>{escape(' '.join(one.text.split()) or one.step)}</h2>"
    yield f"<p class=soft>{escape(one.flow)}/{escape(one.step)} · {escape(response(one))}</p>"
    if (score := one.nps) is not None:
        low, high = score.points.low, score.points.high
        yield f"<p class=score>{score.points.value:+.0f}</p>"
        yield f"<p class=soft>net promoter score, from {low:+.0f} to {high:+.0f} with 95 % confidence</p>"
        yield _ends(score)
    if (mean := one.mean) is not None:
        yield f"<p class=score>{mean.value:.2f}</p>"
        yield f"<p class=soft>mean, from {mean.low:.2f} to {mean.high:.2f} with 95 % confidence</p>"
    if one.bars and sum(number for _, number in one.bars):
        yield _chart(one)
    if arms:
        yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in arm_lines(arms))}</ul>"
    yield from map(_quoted, one.words)


def _ends(score: Nps) -> str:
    """Promoters, passives and detractors as one bar."""
    parts = (
        ("detractors", score.detractors, "--low"),
        ("passives", score.passives, "--mid"),
        ("promoters", score.promoters, "--bar"),
    )
    whole, at, drawn = sum(number for _, number, _ in parts), 0.0, ""
    for name, number, color in parts:
        width = _WIDTH * number / whole
        drawn += (
            f'<rect x="{at:.1f}" y="0" width="{width:.1f}" height="18" fill="var({color})">'
            f"<title>{number} {name}</title></rect>"
        )
        at += width
    said = ", ".join(f"{number} {name}" for name, number, _ in parts)
    return (
        f'<svg viewBox="0 0 {_WIDTH} 40" role="img" aria-label="{said}">{drawn}'
        f'<text x="0" y="36" class="soft">{said}</text></svg>'
    )


def _chart(one: Question) -> str:
    bars = one.bars
    sum_of = sum(number for _, number in bars)
    parts = [share(number, sum_of) for _, number in bars]
    scale = (_WIDTH - _LEFT - _RIGHT) / max(part.high for part in parts)
    drawn = ""
    for row, ((label, number), part) in enumerate(zip(bars, parts, strict=True)):
        y, width = row * _ROW, scale * part.value
        middle = y + _ROW / 2
        shown = _fitted(label)
        low, high = (_LEFT + scale * end for end in (part.low, part.high))
        drawn += (
            f'<text x="{_LEFT - 8}" y="{middle + 5:.0f}" text-anchor="end">{escape(shown)}</text>'
            f'<rect x="{_LEFT}" y="{y + _GAP}" width="{width:.1f}" height="{_ROW - 2 * _GAP}" rx="2" '
            f'fill="var(--bar)"/>'
            f'<path d="M{low:.1f} {middle:.0f}H{high:.1f}" stroke="var(--soft)" stroke-width="2"/>'
            f'<text x="{_WIDTH - _RIGHT + 10}" y="{middle + 5:.0f}" class="soft">{number:,} '
            f"({part.value:.0%})</text>"
        )
    said = "; ".join(f"{label}: {number}" for label, number in bars)
    height = len(bars) * _ROW
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(said)}">{drawn}</svg>'


def _fitted(label: str) -> str:
    """Cut a label to its room; Chinese characters take twice as much of it."""
    left = _COLUMNS
    for place, character in enumerate(label):
        left -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if left <= 0 and place < len(label) - 1:
            return f"{label[:place].rstrip()}…"
    return label


def _quoted(said: Said) -> str:
    score = f"{said.score} · " if said.score is not None else "no answer · " if said.is_other else ""
    return (
        f'<blockquote lang="{escape(said.language.replace("_", "-"))}">{escape(said.words)}'
        f"<footer>{score}{said.at:%Y-%m-%d}</footer></blockquote>"
    )
