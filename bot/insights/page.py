"""The insights as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from bot.insights.sections import Section

_STYLE = """
:root{color-scheme:light dark;--ink:#1d1d1f;--soft:#66666e;--line:#dcdce0;--paper:#fff;--wash:#f6f6f8}
@media (prefers-color-scheme:dark){
:root{--ink:#ececf0;--soft:#a0a0a8;--line:#3a3a40;--paper:#17171a;--wash:#202024}}
*{box-sizing:border-box}
body{margin:0;background:var(--wash);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:56rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;margin:.5rem 0 0}h2{font-size:1.2rem;margin:0 0 .4rem}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;
padding:1.2rem;margin-top:1.2rem}
p{margin:.4rem 0}.soft{color:var(--soft);font-size:.9rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.8rem 0;
font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.35rem .6rem;border-bottom:1px solid var(--line);font-weight:400}
th:first-child,td:first-child{text-align:left;padding-left:0}thead th{color:var(--soft);font-size:.85rem}
td,th{white-space:nowrap}
svg{width:100%;min-width:34rem;height:auto;display:block;margin:.6rem 0}
svg text{font:12px system-ui,sans-serif}
svg .ink{fill:var(--ink)}svg .grid{stroke:var(--line)}
"""


def page(shop: str, sections: Sequence[Section], at: datetime) -> str:
    """Write the page."""
    title = escape(f"{shop}: insights")
    body = "".join(part for section in sections for part in _section(section))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{title}</h1><p class="soft">Made {at:%Y-%m-%d %H:%M} UTC from the shop\'s own records.'
        f" No persons are named.</p>{body}</main></body></html>\n"
    )


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2><p>{escape(section.definition)}</p>"
    if section.period:
        yield f'<p class="soft">Period: {escape(section.period)}</p>'
    if section.chart:
        yield f'<div class="wide">{section.chart}</div>'
    if section.rows:
        head = "".join(f'<th scope="col">{escape(one)}</th>' for one in section.headings)
        yield f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>'
        for row in section.rows:
            first, *others = row
            cells = "".join(f"<td>{escape(one)}</td>" for one in others)
            yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
        yield "</tbody></table></div>"
    else:
        yield "<p>Nothing can be said yet.</p>"
    for note in section.notes:
        yield f'<p class="soft">{escape(note)}</p>'
    yield "</section>"
