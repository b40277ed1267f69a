"""Where bundles are spoken of no figure is written out, in no language; elsewhere write what you like."""

import pytest

from bot.core.flow.check_figures import figures_of_bundles
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read
from bot.core.flow.translations import Translation, Translations

FLOW = """\
flow: test
language: en
steps:
  - do: bundles
    as: found
  - say: >-
      {text}
"""


def said(text: str, spanish: str | None = None, *, flow: str = FLOW) -> list[str]:
    translations = None
    if spanish is not None:
        translations = Translations({"es": {text: Translation(spanish, "locales/es", 7)}})
    compiled = compile_flow(read(flow.replace("{text}", text), "flows/test.yaml"), translations=translations)
    return [str(each) for each in figures_of_bundles(compiled)]


@pytest.mark.parametrize(
    "figure",
    ["$3", "$ 3.50", "3,50 €", "15%", "15 percent", "2 dollars", "50 cents", "US$5", "5元", "8.5折", "15 ％"],
)
def test_a_figure_beside_a_bundle_is_refused_with_the_remedy(figure: str) -> None:
    (complaint,) = said(f"Take both and save {figure} today!")
    assert complaint.startswith("flows/test.yaml:7:")
    assert "is written out where bundles are spoken of, and prices change" in complaint
    assert "{{ bundle.saving | money }}" in complaint


def test_a_figure_is_none_the_truer_for_standing_in_liquid() -> None:
    assert said("Save {{ 300 | money }} today!")


def test_a_translation_states_none_either_and_is_pointed_at() -> None:
    (complaint,) = said("You save {{ bundle.saving | money }}.", "Ahorras 3 dólares.")
    assert complaint.startswith("locales/es")
    assert not said("You save {{ bundle.saving | money }}.", "Ahorras {{ bundle.saving | money }}.")


@pytest.mark.parametrize(
    "text",
    [
        "You save {{ bundle.saving | money }}, {{ bundle.price | money }} for 2 things.",
        "{% if bundle.saving > 100 %}Save {{ bundle.saving | money }}{% endif %} until 10:00, order 3 or 4.",
        "Bundle no. 5 of 2026 is here.",
    ],
)
def test_what_is_worked_out_is_welcome_and_so_are_other_numbers(text: str) -> None:
    assert said(text) == []


def test_who_names_a_bundle_speaks_of_bundles() -> None:
    other = "flow: test\nsteps:\n  - say: '{text}'\n"
    assert said("{{ bundle.name }}: save $3!", flow=other)
    assert said("Croissants, $3 today only!", flow=other) == []
