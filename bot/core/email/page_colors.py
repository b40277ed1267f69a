"""The brand's colours on our pages: light and dark, and always so that text can be read.

Whatever the brand says, text has a contrast of 4.5 to 1 with what it stands on
(https://www.w3.org/TR/WCAG22/#contrast-minimum): a colour that has less is darkened or lightened
until it has.
"""

from collections.abc import Mapping

from bot.core.email.brand import Colors

CONTRAST = 4.5
_BLACK, _WHITE = "#000000", "#ffffff"
_DARK_GROUND, _DARK_CARD = "#161714", "#21231f"
_DARK_INK, _DARK_SOFT, _DARK_LINE = "#f0eee8", "#b3aea3", "#6b6f64"
_STEPS = 50
_LINEAR_TO, _SLOPE = 0.04045, 12.92

Look = Mapping[str, str]
"""Colours by the name of their CSS variable."""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(color: str, *grounds: str) -> str:
    """Return the colour, darker or lighter as far as is needed to read it on all of the grounds."""
    towards = max((_BLACK, _WHITE), key=lambda end: min(contrast(end, ground) for ground in grounds))
    for step in range(_STEPS + 1):
        found = mixed(towards, color, step / _STEPS)
        if min(contrast(found, ground) for ground in grounds) >= CONTRAST:
            return found
    return towards


def mixed(color: str, other: str, share: float) -> str:
    """Return two colours mixed, with this share of the first."""
    parts = zip(_parts(color), _parts(other), strict=True)
    return "#" + "".join(f"{round(mine * share + theirs * (1 - share)):02x}" for mine, theirs in parts)


def light(colors: Colors) -> Look:
    """Return the brand's own colours."""
    ground, card = colors.background, colors.paper
    accent = legible(colors.accent, ground, card)
    ink = legible(colors.text, ground, card)
    soft = legible(colors.soft, ground, card)
    line = mixed(ink, card, 0.18)
    return _look(accent, colors.on_accent, ground, card, 0.12) | {"ink": ink, "soft": soft, "line": line}


def dark(colors: Colors) -> Look:
    """Return the brand's accent on dark grounds."""
    # What is behind the accent where it is a tint is a little lighter than the card.
    accent = legible(colors.accent, _DARK_CARD, mixed(colors.accent, _DARK_CARD, 0.2))
    look = _look(accent, legible(_DARK_GROUND, accent), _DARK_GROUND, _DARK_CARD, 0.2)
    return look | {"ink": _DARK_INK, "soft": _DARK_SOFT, "line": _DARK_LINE}


def css(colors: Colors, light_at: str, dark_at: str) -> str:
    """Return the style sheet that sets the variables; empty for who chose no colours: ours stay."""
    if colors == Colors():
        return ""
    bright, night = _rule(light_at, light(colors)), _rule(dark_at, dark(colors))
    return f"\n{bright}\n@media (prefers-color-scheme: dark) {{ {night} }}\n"


def _look(accent: str, on_accent: str, ground: str, card: str, share: float) -> dict[str, str]:
    tint = mixed(accent, card, share)
    return {
        "accent": accent,
        "on-accent": legible(on_accent, accent),
        "ground": ground,
        "card": card,
        "tint": tint,
        "on-tint": legible(accent, tint),
    }


def _rule(selector: str, look: Look) -> str:
    return f"{selector} {{ {' '.join(f'--{name}: {color};' for name, color in look.items())} }}"


def _luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    linear = [_linear(part / 255) for part in _parts(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(part: float) -> float:
    return part / _SLOPE if part <= _LINEAR_TO else float(((part + 0.055) / 1.055) ** 2.4)


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
