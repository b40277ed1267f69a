"""Colours of pages: whatever a brand chooses can be read, by day and by night."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.email.brand import Colors
from bot.core.email.page_colors import contrast, css, dark, legible, light

color = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_the_one_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#777777") == 1
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


def test_what_can_be_read_stays_as_it_is() -> None:
    assert legible("#0b6b4f", "#ffffff", "#f5f3ee") == "#0b6b4f"
    assert light(Colors(accent="#8a1c4a"))["accent"] == "#8a1c4a"
    assert css(Colors(), ":root", ":root") == ""


@given(color, color, color)
def test_text_can_be_read_on_whatever_it_stands_on(accent: str, on_accent: str, ground: str) -> None:
    # Paper and background of one letter are near each other, or no text could be read on both.
    colors = Colors(accent=accent, on_accent=on_accent, background=ground, paper=ground)
    for look in (light(colors), dark(colors)):
        pairs = [("accent", "card"), ("accent", "ground"), ("ink", "card"), ("ink", "ground")]
        pairs += [("soft", "card"), ("soft", "ground"), ("on-accent", "accent"), ("on-tint", "tint")]
        for text, behind in pairs:
            assert contrast(look[text], look[behind]) >= 4.5, (text, behind)
