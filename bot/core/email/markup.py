"""HTML of letters: texts as paragraphs, and where links lead."""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape

from markupsafe import Markup

from bot.core.links import spans

_LINK = re.compile(r"(?<=[\s\"])href=\"(https?://[^\"]+)\"")


def as_html(text: str) -> Markup:
    """Return a plain text as paragraphs; its links can be tapped."""
    parts, at = [], 0
    for start, end in spans(text):
        url = escape(text[start:end])
        parts += [escape(text[at:start]), f'<a href="{url}">{url}</a>']
        at = end
    html = "".join([*parts, escape(text[at:])])
    paragraphs = re.split(r"\n\s*\n", html.strip())
    return Markup("".join(f"<p>{one.strip().replace(chr(10), '<br>')}</p>" for one in paragraphs))  # noqa: S704  # escaped above


def hrefs(html: str) -> Iterator[str]:
    """Return the addresses that a letter's links lead to, as they are."""
    return (unescape(found[1]) for found in _LINK.finditer(html))


def with_hrefs(html: str, links: Mapping[str, str]) -> str:
    """Let the links of a letter lead elsewhere, by the address they lead to now."""
    if not links:
        return html
    return _LINK.sub(
        lambda found: f'href="{escape(links.get(unescape(found[1]), unescape(found[1])))}"', html
    )
