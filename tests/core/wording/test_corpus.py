"""The labelled corpora, those tuned on and those held out: what is heard, and what wrongly."""

import pytest

from benchmarks.wording import HELD_OUT, TUNED_ON, corpora, tallied

LANGUAGES = {"en", "es", "fr", "de", "pt", "zh_Hans", "zh_Hant", "ja"}


@pytest.mark.parametrize("kind", [*TUNED_ON, *HELD_OUT])
def test_there_is_a_corpus_of_each_kind_for_each_language_and_half_of_it_are_traps(kind: str) -> None:
    assert set(corpora(kind)) - {"mixed"} == LANGUAGES
    together, _ = tallied(kind)
    assert 0.4 < 1 - together.should / together.lines < 0.6


def test_the_corpora_are_large() -> None:
    assert sum(tallied(kind)[0].lines for kind in TUNED_ON) >= 3000


# In `attack` there are probes that are still misread: they stay in, with the share that is heard.
@pytest.mark.parametrize(
    ("kind", "recall", "traps_read_as_plain"), [("tuned", 0.99, 0), ("attack", 0.975, 2)]
)
def test_what_was_tuned_on_is_read_as_labelled(kind: str, recall: float, traps_read_as_plain: int) -> None:
    together, _ = tallied(kind)
    misses = "\n".join(together.misses)
    assert (together.recall or 0) >= recall, misses
    assert (together.precision or 0) >= 0.99, misses
    assert (together.plain_precision or 0) >= 0.99, misses
    assert together.traps_read_as_plain <= traps_read_as_plain, misses


# As measured, and below the goal of 0.98: the outsider's recall is what strangers' words may expect.
@pytest.mark.parametrize(
    ("kind", "recall", "precision", "plain_precision"),
    [("heldout", 0.97, 0.98, 0.98), ("attack2", 0.83, 0.95, 0.98), ("attack3", 0.78, 0.96, 0.88)],
)
def test_what_was_held_out_is_read_as_well_as_when_it_was_last_measured(
    kind: str, recall: float, precision: float, plain_precision: float
) -> None:
    together, _ = tallied(kind)  # the misses are not printed: who tunes should not read them
    assert (together.recall or 0) >= recall
    assert (together.precision or 0) >= precision
    assert (together.plain_precision or 0) >= plain_precision
